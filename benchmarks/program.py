"""The words of the benchmarks: what a number can do, what a program is, what a contestant answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, Self, TypeAlias, TypeVar

import attrs

__all__ = ["Answer", "Differentiated", "N", "Number", "Operations", "Program"]


class Number(Protocol):
    """A number of some contestant: it calculates with its own kind and with floats."""

    def __add__(self, other: Self | float, /) -> Self: ...
    def __radd__(self, other: float, /) -> Self: ...
    def __sub__(self, other: Self | float, /) -> Self: ...
    def __mul__(self, other: Self | float, /) -> Self: ...
    def __rmul__(self, other: float, /) -> Self: ...
    def __truediv__(self, other: Self | float, /) -> Self: ...


N = TypeVar("N", bound=Number)


@attrs.frozen
class Operations(Generic[N]):
    """The functions a contestant has for its own numbers."""

    sin: Callable[[N], N]
    exp: Callable[[N], N]
    log: Callable[[N], N]
    relu: Callable[[N], N]


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


Answer: TypeAlias = tuple[float, Sequence[float]]
"""Value and gradient."""

Differentiated: TypeAlias = Callable[..., Answer]
"""A program's value and gradient: plain floats in, plain floats out, traced anew at every call."""
