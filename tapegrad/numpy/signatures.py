"""The forms of NumPy's functions, for the type checker; and which function of NumPy each of ours answers for.

A float gives a float, an array an array of its kind, a traced value a traced value. Each form is stated once, as a
protocol, and a decorator gives it to the functions that have it:

    @reducing(np.sum)
    def sum(x: Var, axis: Axis = None, keepdims: bool = False) -> Var: ...

Inside, an operand is a `Var` to the checker; plain numbers and arrays pass through the same lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Concatenate, Literal, ParamSpec, Protocol, TypeAlias, TypeVar, cast, overload

import numpy as np
import numpy.typing as npt

from tapegrad import dispatch
from tapegrad.masks import symbolic
from tapegrad.methods import Axis
from tapegrad.primitive import Operand, as_value
from tapegrad.recorder import ArrayVar, Var

__all__ = [
    "ArrayLike", "Combining", "Deviating", "Joining", "Numbers", "Reducing", "Shaping", "Weighing", "answers",
    "combining", "deviating", "joining", "operand", "reducing", "shaping", "weighing",
]  # fmt: skip

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., object])
Kind = TypeVar("Kind", bound=np.generic)

Numbers: TypeAlias = Sequence[float] | Sequence[Sequence[float]]
"""Plain numbers in lists, which NumPy takes for an array."""

ArrayLike: TypeAlias = float | npt.NDArray[np.generic] | Var | Numbers
"""What stands for an array."""


def operand(x: object) -> Var:
    """Whatever stands for an array, as the operand of an operation; to the checker it is a `Var`.

    A mask is the comparison that it comes from; a list of numbers is an array, traced if any of them is.
    """
    value = symbolic(x)
    if isinstance(value, (list, tuple)) and _any_traced(value):
        value = dispatch.named("array")(value)
    return cast(Var, value if isinstance(value, (Operand, np.ndarray, np.generic)) else as_value(value))


def _any_traced(items: Sequence[object]) -> bool:
    return any(_any_traced(x) if isinstance(x, (list, tuple)) else isinstance(x, Operand) for x in items)


def answers(original: object) -> Callable[[F], F]:
    """Let a function answer for `original` of NumPy, and keep the form that it states itself."""

    def registered(function: F) -> F:
        dispatch.register(function.__name__, function, original)
        return function

    return registered


class Shaping(Protocol[P]):
    """An array gives an array of its kind."""

    @overload
    def __call__(self, x: Var, /, *args: P.args, **keywords: P.kwargs) -> ArrayVar: ...
    @overload
    def __call__(self, x: npt.NDArray[Kind], /, *args: P.args, **keywords: P.kwargs) -> npt.NDArray[Kind]: ...
    @overload
    def __call__(self, x: float | Numbers, /, *args: P.args, **keywords: P.kwargs) -> npt.NDArray[np.float64]: ...


def shaping(original: object) -> Callable[[Callable[Concatenate[Var, P], object]], Shaping[P]]:
    """Give a function the form `Shaping`, and let it answer for `original` of NumPy."""

    def registered(function: Callable[Concatenate[Var, P], object]) -> Shaping[P]:
        return cast(Shaping[P], answers(original)(function))

    return registered


class Reducing(Protocol):
    """The elements along some axes give one; without `axis` the whole array gives a number."""

    @overload
    def __call__(self, x: Var, axis: Axis = None, keepdims: bool = False) -> Var: ...
    @overload
    def __call__(
        self, x: npt.NDArray[np.generic] | float | Numbers, axis: None = None, keepdims: Literal[False] = False
    ) -> float: ...
    @overload
    def __call__(
        self, x: npt.NDArray[Kind], axis: int | tuple[int, ...], keepdims: bool = False
    ) -> npt.NDArray[Kind]: ...
    @overload
    def __call__(self, x: npt.NDArray[Kind], axis: Axis = None, *, keepdims: Literal[True]) -> npt.NDArray[Kind]: ...


def reducing(original: object) -> Callable[[Callable[..., object]], Reducing]:
    """Give a function the form `Reducing`, and let it answer for `original` of NumPy."""
    return lambda function: cast(Reducing, answers(original)(function))


class Deviating(Protocol):
    """As `Reducing`, with the degrees of freedom that the mean has taken."""

    @overload
    def __call__(
        self, x: Var, axis: Axis = None, ddof: float = 0.0, keepdims: bool = False, *, correction: float | None = None
    ) -> Var: ...
    @overload
    def __call__(
        self,
        x: npt.NDArray[np.generic] | float | Numbers,
        axis: None = None,
        ddof: float = 0.0,
        keepdims: Literal[False] = False,
        *,
        correction: float | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self,
        x: npt.NDArray[Kind],
        axis: int | tuple[int, ...],
        ddof: float = 0.0,
        keepdims: bool = False,
        *,
        correction: float | None = None,
    ) -> npt.NDArray[Kind]: ...
    @overload
    def __call__(
        self,
        x: npt.NDArray[Kind],
        axis: Axis = None,
        ddof: float = 0.0,
        *,
        keepdims: Literal[True],
        correction: float | None = None,
    ) -> npt.NDArray[Kind]: ...


def deviating(original: object) -> Callable[[Callable[..., object]], Deviating]:
    """Give a function the form `Deviating`, and let it answer for `original` of NumPy."""
    return lambda function: cast(Deviating, answers(original)(function))


class Weighing(Protocol[P]):
    """An array gives an array of its kind, or a number; traced if anything is."""

    @overload
    def __call__(self, x: Var, /, *args: P.args, **keywords: P.kwargs) -> Var: ...
    @overload
    def __call__(
        self, x: npt.NDArray[Kind] | float | Numbers, /, *args: P.args, **keywords: P.kwargs
    ) -> npt.NDArray[Kind] | float | Var: ...


def weighing(original: object) -> Callable[[Callable[Concatenate[Var, P], object]], Weighing[P]]:
    """Give a function the form `Weighing`, and let it answer for `original` of NumPy."""

    def registered(function: Callable[Concatenate[Var, P], object]) -> Weighing[P]:
        return cast(Weighing[P], answers(original)(function))

    return registered


class Combining(Protocol[P]):
    """Two arrays give one, traced if either is."""

    @overload
    def __call__(self, x: Var, y: ArrayLike, /, *args: P.args, **keywords: P.kwargs) -> ArrayVar: ...
    @overload
    def __call__(self, x: ArrayLike, y: Var, /, *args: P.args, **keywords: P.kwargs) -> ArrayVar: ...
    @overload
    def __call__(
        self, x: npt.NDArray[Kind], y: npt.NDArray[Kind], /, *args: P.args, **keywords: P.kwargs
    ) -> npt.NDArray[Kind]: ...


def combining(original: object) -> Callable[[Callable[Concatenate[Var, Var, P], object]], Combining[P]]:
    """Give a function the form `Combining`, and let it answer for `original` of NumPy."""

    def registered(function: Callable[Concatenate[Var, Var, P], object]) -> Combining[P]:
        return cast(Combining[P], answers(original)(function))

    return registered


class Joining(Protocol[P]):
    """A sequence of arrays gives one, traced if any is."""

    @overload
    def __call__(self, xs: Sequence[Var], /, *args: P.args, **keywords: P.kwargs) -> ArrayVar: ...
    @overload
    def __call__(
        self, xs: Sequence[npt.NDArray[Kind]], /, *args: P.args, **keywords: P.kwargs
    ) -> npt.NDArray[Kind]: ...
    @overload
    def __call__(
        self, xs: Sequence[npt.NDArray[Kind] | Var], /, *args: P.args, **keywords: P.kwargs
    ) -> npt.NDArray[Kind] | ArrayVar: ...


def joining(original: object) -> Callable[[Callable[Concatenate[Sequence[Var], P], object]], Joining[P]]:
    """Give a function the form `Joining`, and let it answer for `original` of NumPy."""

    def registered(function: Callable[Concatenate[Sequence[Var], P], object]) -> Joining[P]:
        return cast(Joining[P], answers(original)(function))

    return registered
