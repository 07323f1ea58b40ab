"""The object graph of `benchmarks.object_graph`."""

from __future__ import annotations

from benchmarks.contestants import Contestant, by_backward, forward
from benchmarks.object_graph import Value, exp, log, relu, sin
from benchmarks.program import Operations

__all__ = ["CONTESTANT"]

OPERATIONS = Operations[Value](sin=sin, exp=exp, log=log, relu=relu)


CONTESTANT = Contestant(
    "object graph",
    "here",
    "Value, backward()",
    by_backward(Value, OPERATIONS),
    forward(Value, OPERATIONS, lambda node: node.parents),
)
