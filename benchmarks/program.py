"""The words of the benchmarks: what a number and an array can do, what a program is, what a contestant answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, Self, TypeAlias, TypeVar

import attrs
import numpy as np
import numpy.typing as npt

__all__ = [
    "A", "Answer", "Array", "ArrayOperations", "ArrayProgram", "Differentiated", "Floats", "N", "Number", "Operations",
    "Program", "Reduction",
]  # fmt: skip

Floats: TypeAlias = npt.NDArray[np.float64]


class Number(Protocol):
    """A number of some contestant: it calculates with its own kind and with floats."""

    def __add__(self, other: Self | float, /) -> Self: ...
    def __radd__(self, other: float, /) -> Self: ...
    def __sub__(self, other: Self | float, /) -> Self: ...
    def __mul__(self, other: Self | float, /) -> Self: ...
    def __rmul__(self, other: float, /) -> Self: ...
    def __truediv__(self, other: Self | float, /) -> Self: ...


class Array(Number, Protocol):
    """An array of some contestant: it calculates element by element, as NumPy's do."""

    def __neg__(self) -> Self: ...


N = TypeVar("N", bound=Number)
A = TypeVar("A", bound=Array)


@attrs.frozen
class Operations(Generic[N]):
    """The functions a contestant has for its own numbers."""

    sin: Callable[[N], N]
    exp: Callable[[N], N]
    log: Callable[[N], N]
    relu: Callable[[N], N]


class Reduction(Protocol[A]):
    """The elements along an axis, or all of them, to one."""

    def __call__(self, x: A, /, axis: int | None = None, keepdims: bool = False) -> A: ...


@attrs.frozen
class ArrayOperations(Operations[A]):
    """The functions a contestant has for its own arrays."""

    tanh: Callable[[A], A]
    matmul: Callable[[A, A], A]
    sum: Reduction[A]
    max: Reduction[A]
    convolve: Callable[[A, A], A]
    """Images with kernels of 3 x 3, zeros around: ``(batch, in, h, w), (out, in, 3, 3) -> (batch, out, h, w)``."""
    pool: Callable[[A], A]
    """The largest of every square of 2 x 2: ``(batch, channels, h, w) -> (batch, channels, h / 2, w / 2)``."""
    flatten: Callable[[A], A]
    """``(batch, ...) -> (batch, n)``."""


class Program(Protocol):
    """A pure function of ``count`` numbers to one, the same for every contestant."""

    @property
    def count(self) -> int:
        """How many numbers it takes; the gradient is with respect to all of them."""

    @property
    def operations(self) -> int:
        """How many operations of numbers one call performs."""

    def __call__(self, using: Operations[N], *numbers: N) -> N:
        """The result, computed with `using`."""

    def by_hand(self, *numbers: float) -> Answer:
        """Value and gradient, as one would write them out: what every contestant's answer is compared with."""


class ArrayProgram(Protocol):
    """A pure function of arrays to one number, the same for every contestant that knows arrays."""

    @property
    def count(self) -> int:
        """How many arrays the gradient is with respect to: they come first, and data behind them."""

    @property
    def operations(self) -> int:
        """How many operations of arrays one call performs."""

    def __call__(self, using: ArrayOperations[A], *arrays: A) -> A:
        """The result, computed with `using`."""

    def by_hand(self, *arrays: Floats) -> Answer:
        """Value and gradient, as one would write them out with NumPy."""


Answer: TypeAlias = tuple[float, Sequence[float | Floats]]
"""Value and gradient."""

Differentiated: TypeAlias = Callable[..., Answer]
"""A program's value and gradient, traced anew at every call: floats in and floats out, or arrays in and arrays out."""
