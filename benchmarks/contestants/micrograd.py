"""micrograd: an object graph with closures. It has relu; the other functions are added in its own manner."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from micrograd.engine import Value

from benchmarks.contestants import Contestant, by_backward, forward
from benchmarks.program import Answer, Differentiated, Operations, Program

__all__ = ["CONTESTANT"]

Node = Any  # micrograd ships no types


def _added(function: Callable[[float], float], slope: Callable[[float], float]) -> Callable[[Node], Node]:
    """A function of one number, written as micrograd writes its relu."""

    def apply(x: Node) -> Node:
        out = Value(function(x.data), (x,), function.__name__)

        def backward() -> None:
            x.grad += slope(x.data) * out.grad

        out._backward = backward
        return out

    return apply


OPERATIONS = Operations[Node](
    sin=_added(math.sin, math.cos),
    exp=_added(math.exp, math.exp),
    log=_added(math.log, lambda x: 1.0 / x),
    relu=Value.relu,
)


@contextmanager
def recursion_limit(depth: int) -> Iterator[None]:
    """Allow Python functions to nest `depth` deep, for a while.

    They nest on the heap (since Python 3.11), so a large limit endangers no stack.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, depth))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def differentiate(program: Program) -> Differentiated:
    """As `by_backward`; the backward pass recurses once for every operation of a chain."""
    value_and_gradient = by_backward(Value, OPERATIONS)(program)

    def value_and_gradient_of_a_long_program(*point: float) -> Answer:
        with recursion_limit(3 * program.operations):
            return value_and_gradient(*point)

    return value_and_gradient if program.operations < 100 else value_and_gradient_of_a_long_program


CONTESTANT = Contestant(
    "micrograd",
    version("micrograd"),
    "Value, backward(); sin, exp, log added",
    differentiate,
    forward(Value, OPERATIONS, lambda node: node._prev),
)
