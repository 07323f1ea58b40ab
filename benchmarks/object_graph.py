"""The other way to remember a computation: every number is a node of a graph that holds on to its parents.

This is the object-graph engine of countless tutorials, made as good as its idea allows: slots, closures that
receive the cotangent (so that no node refers to itself, and reference counts free the graph), and no
recursion. It is here to be compared with, and is no part of the library.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

__all__ = ["Value", "exp", "log", "relu", "sin"]


def _nothing(g: float) -> None:
    """What a leaf does with its cotangent: it has nobody to pass it on to."""


class Value:
    """A number, the numbers it was computed from, and how to pass its cotangent on to them."""

    __slots__ = ("data", "grad", "parents", "pull")

    def __init__(self, data: float, parents: tuple[Value, ...] = ()) -> None:
        self.data = data
        self.grad = 0.0
        self.parents = parents
        self.pull: Callable[[float], None] = _nothing

    def __add__(self, other: Value | float) -> Value:
        y = _node(other)
        out = Value(self.data + y.data, (self, y))

        def pull(g: float) -> None:
            self.grad += g
            y.grad += g

        out.pull = pull
        return out

    def __mul__(self, other: Value | float) -> Value:
        y = _node(other)
        out = Value(self.data * y.data, (self, y))

        def pull(g: float) -> None:
            self.grad += g * y.data
            y.grad += g * self.data

        out.pull = pull
        return out

    def __sub__(self, other: Value | float) -> Value:
        y = _node(other)
        out = Value(self.data - y.data, (self, y))

        def pull(g: float) -> None:
            self.grad += g
            y.grad -= g

        out.pull = pull
        return out

    def __truediv__(self, other: Value | float) -> Value:
        y = _node(other)
        out = Value(self.data / y.data, (self, y))

        def pull(g: float) -> None:
            self.grad += g / y.data
            y.grad -= g * out_data / y.data

        out_data = out.data
        out.pull = pull
        return out

    def __radd__(self, other: float) -> Value:
        return self + other

    def __rmul__(self, other: float) -> Value:
        return self * other

    def backward(self) -> None:
        """Give every node that this one was computed from its derivative, in `grad`."""
        self.grad = 1.0
        for node in reversed(list(self._in_order())):
            node.pull(node.grad)

    def _in_order(self) -> Iterator[Value]:
        """Every node behind this one, after its parents.

        The usual recursive visit would end at Python's recursion limit after a few hundred iterations
        of a loop, so the nodes whose parents are still being visited wait on a stack of our own.
        """
        seen = {self}
        waiting = [(self, iter(self.parents))]
        while waiting:
            node, parents = waiting[-1]
            for parent in parents:
                if parent not in seen:
                    seen.add(parent)
                    waiting.append((parent, iter(parent.parents)))
                    break
            else:
                waiting.pop()
                yield node


def _node(x: Value | float) -> Value:
    return x if isinstance(x, Value) else Value(x)


def _function(out: float, x: Value, slope: float) -> Value:
    """The node of a function of one number with this value and this derivative."""
    node = Value(out, (x,))

    def pull(g: float) -> None:
        x.grad += g * slope

    node.pull = pull
    return node


def sin(x: Value) -> Value:
    """The sine."""
    return _function(math.sin(x.data), x, math.cos(x.data))


def exp(x: Value) -> Value:
    """The exponential function."""
    out = math.exp(x.data)
    return _function(out, x, out)


def log(x: Value) -> Value:
    """The natural logarithm."""
    return _function(math.log(x.data), x, 1.0 / x.data)


def relu(x: Value) -> Value:
    """The positive part."""
    return _function(max(x.data, 0.0), x, 1.0 if x.data > 0.0 else 0.0)
