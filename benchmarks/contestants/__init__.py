"""By whom: one small module for each contestant, which alone imports the library it is named after.

Each has a ``CONTESTANT``: the library used as its own documentation uses it, floats in and floats out; where it knows
arrays, arrays of its own kind in and out.
What a person does once (importing, compiling, making a tape object) happens outside the clock; recording,
sweeping backwards and reading the results happen inside, for all alike.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar, cast

import attrs
import numpy as np

from benchmarks.program import Answer, ArrayProgram, Differentiated, Floats, Number, Operations, Program

__all__ = [
    "BASELINE", "BY_HAND", "ENVIRONMENT", "INTERPRETED", "ONE_THREAD", "PEERS", "Contestant", "HasGradient", "Kept",
    "OverArrays", "by_backward", "forward", "load", "nodes",
]  # fmt: skip

T = TypeVar("T")
V = TypeVar("V", bound="HasGradient")


@attrs.frozen
class Kept:
    """What stays between the forward and the backward pass: a tape or a graph, with the values that it needs."""

    held: object
    count: Callable[[], int]  # its records, or nodes


@attrs.frozen
class OverArrays:
    """A way to obtain value and gradient of any `ArrayProgram`."""

    differentiate: Callable[[ArrayProgram], Differentiated]
    own: Callable[[Floats], object] = np.asarray
    """NumPy's array as one of its own, which is done outside the clock."""
    step: Callable[[ArrayProgram, float], Differentiated] | None = None
    """The value and the arrays after a gradient step of this rate, where that is more than ``w - rate * g``."""


@attrs.frozen
class Contestant:
    """A way to obtain value and gradient of any `Program`."""

    name: str  # the library, and after a comma how it is used if there are two ways
    version: str
    use: str
    differentiate: Callable[[Program], Differentiated]
    keep: Callable[[Program, Sequence[float]], Kept] | None = None
    """The forward pass alone, where it can be told from the backward pass."""
    most: int = 100_000
    """Operations of the largest program it is given: where it needs minutes for more, it gets less."""
    over_arrays: OverArrays | None = None
    """None if it knows numbers only, and takes no part in the works over arrays."""


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


def forward(
    leaf: Callable[[float], V], operations: Operations[V], parents: Callable[[V], Iterable[V]]
) -> Callable[[Program, Sequence[float]], Kept]:
    """How an object graph is kept: by its last node."""

    def keep(program: Program, point: Sequence[float]) -> Kept:
        out = program(operations, *map(leaf, point))
        return Kept(out, lambda: nodes(out, parents))

    return keep


def nodes(last: T, parents: Callable[[T], Iterable[T]]) -> int:
    """How many nodes a graph has."""
    seen, waiting = {last}, [last]
    while waiting:
        new = set(parents(waiting.pop())) - seen
        seen |= new
        waiting.extend(new)
    return len(seen)


BASELINE = "tapegrad"
BY_HAND = "by_hand"
INTERPRETED = "tapegrad_interpreted"
PEERS = (
    INTERPRETED, "object_graph", "micrograd", "xad", "autograd", "torch", "casadi", "casadi_built", "jax", "jax_jit",
)  # fmt: skip

ENVIRONMENT: Mapping[str, Mapping[str, str]] = {INTERPRETED: {"TAPEGRAD_PURE": "1"}}
"""What must be set before a contestant's library is first imported."""

ONE_THREAD: Mapping[str, str] = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
"""The same for all: a product of matrices on several threads waits for the one whose core has something else to do."""


def load(name: str) -> Contestant:
    """The contestant of that name. Raises ImportError if its library is not installed."""
    module = importlib.import_module(f"benchmarks.contestants.{name}")
    return cast(Contestant, module.CONTESTANT)
