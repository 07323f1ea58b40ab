"""The object graph of `benchmarks.object_graph`."""

from __future__ import annotations

from benchmarks.contestants import Contestant
from benchmarks.object_graph import Value, exp, log, relu, sin
from benchmarks.program import Answer, Differentiated, Operations, Program

__all__ = ["CONTESTANT"]

OPERATIONS = Operations[Value](sin=sin, exp=exp, log=log, relu=relu)


def differentiate(program: Program) -> Differentiated:
    """New leaves, forward, backward."""

    def value_and_gradient(*point: float) -> Answer:
        leaves = [Value(x) for x in point]
        out = program(OPERATIONS, *leaves)
        out.backward()
        return out.data, [leaf.grad for leaf in leaves]

    return value_and_gradient


CONTESTANT = Contestant("object graph", "here", "Value, backward()", differentiate)
