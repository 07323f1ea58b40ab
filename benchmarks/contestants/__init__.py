"""By whom: one small module for each contestant, which alone imports the library it is named after.

Each has a ``CONTESTANT``: the library used as its own documentation uses it, floats in and floats out.
What a person does once (importing, compiling, making a tape object) happens outside the clock; recording,
sweeping backwards and reading the results happen inside, for all alike.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Protocol, TypeVar, cast

import attrs

from benchmarks.program import Answer, Differentiated, Number, Operations, Program

__all__ = ["BASELINE", "PEERS", "Contestant", "HasGradient", "by_backward", "load"]

V = TypeVar("V", bound="HasGradient")


@attrs.frozen
class Contestant:
    """A way to obtain value and gradient of any `Program`."""

    name: str
    version: str
    use: str
    differentiate: Callable[[Program], Differentiated]
    most: int = 100_000
    """Operations of the largest program it is given: where it needs minutes for more, it gets less."""


class HasGradient(Number, Protocol):
    """A number of an object graph."""

    data: float
    grad: float

    def backward(self) -> None:
        """Accumulate the gradient of this number in all that it was computed from."""


def by_backward(leaf: Callable[[float], V], operations: Operations[V]) -> Callable[[Program], Differentiated]:
    """How an object graph differentiates: new leaves, forward, backward."""

    def differentiate(program: Program) -> Differentiated:
        def value_and_gradient(*point: float) -> Answer:
            leaves = [leaf(x) for x in point]
            out = program(operations, *leaves)
            out.backward()
            return out.data, [x.grad for x in leaves]

        return value_and_gradient

    return differentiate


BASELINE = "tapegrad"
PEERS = ("object_graph", "micrograd", "xad", "autograd", "torch", "jax", "jax_jit")


def load(name: str) -> Contestant:
    """The contestant of that name. Raises ImportError if its library is not installed."""
    module = importlib.import_module(f"benchmarks.contestants.{name}")
    return cast(Contestant, module.CONTESTANT)
