"""The words every floor shares: what a number is, and what a traced value promises.

A rule, a network or a user's function is written once and runs on plain floats and on traced values
alike. `Traced` is the arithmetic they may rely on; the class that keeps the promise, and the public
name to test with ``isinstance``, is `tapegrad.Var`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias, TypeVar

from mypy_extensions import mypyc_attr

from tapegrad.arrays import AnyArray, FrozenArray, FrozenIndex

__all__ = ["ArrayT_co", "HasArrays", "Number", "Partials", "Static", "Traced", "TracedArray", "TracedArrayT", "TracedT"]


@mypyc_attr(allow_interpreted_subclasses=True, acyclic=True)
class Traced:
    """A value whose operations are being recorded: arithmetic gives traced values, comparisons bool.

    Abstract for the type checker only: the metaclass of ABC would make every ``isinstance`` five times as
    slow, and recording asks at each operation.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def _array(self) -> Traced:
        """Itself: to the type checker, what arithmetic with an array gives. See `HasArrays`."""

    @abstractmethod
    def __add__(self, other: Number | AnyArray | complex) -> Traced: ...
    @abstractmethod
    def __radd__(self, other: Number | AnyArray | complex) -> Traced: ...
    @abstractmethod
    def __sub__(self, other: Number | AnyArray | complex) -> Traced: ...
    @abstractmethod
    def __rsub__(self, other: Number | AnyArray | complex) -> Traced: ...
    @abstractmethod
    def __mul__(self, other: Number | AnyArray | complex) -> Traced: ...
    @abstractmethod
    def __rmul__(self, other: Number | AnyArray | complex) -> Traced: ...
    @abstractmethod
    def __truediv__(self, other: Number | AnyArray | complex) -> Traced: ...
    @abstractmethod
    def __rtruediv__(self, other: Number | AnyArray | complex) -> Traced: ...
    @abstractmethod
    def __neg__(self) -> Traced: ...
    @abstractmethod
    def __lt__(self, other: Number) -> bool: ...
    @abstractmethod
    def __le__(self, other: Number) -> bool: ...
    @abstractmethod
    def __ge__(self, other: Number) -> bool: ...
    @abstractmethod
    def __gt__(self, other: Number) -> bool: ...


ArrayT_co = TypeVar("ArrayT_co", bound=Traced, covariant=True)


class HasArrays(Protocol[ArrayT_co]):
    """A traced value that knows of which kind the arrays of its trace are: with an array it gives one of those."""

    @property
    def _array(self) -> ArrayT_co: ...


class TracedArray(Protocol):
    """A traced array: of what is traced, that alone has a length."""

    @property
    def _array(self) -> Traced: ...

    def __len__(self) -> int: ...


TracedArrayT = TypeVar("TracedArrayT", bound=TracedArray)


Number: TypeAlias = float | Traced
"""What a rule computes with: a float, or a traced value of some enclosing transform."""

TracedT = TypeVar("TracedT", bound=Traced)

Partials: TypeAlias = Mapping[int, Number | Callable[[], Number]]
"""A derivative dictionary: argument position -> partial derivative (never keyed by tape index).

A partial that takes work may be a function that computes it.
"""

Static: TypeAlias = (
    bool | int | float | str | tuple["Static", ...] | Callable[..., object] | FrozenArray | FrozenIndex | None
)
"""A fact about a record that no derivative flows through."""
