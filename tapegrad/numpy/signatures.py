"""The forms of NumPy's functions, for the type checker; and which function of NumPy each of ours answers for.

A float gives a float, an array an array of its kind, a traced value a traced value. Each form is stated once, as a
protocol, and a decorator gives it to the functions that have it:

    @reducing(np.sum)
    def sum(x: Var, axis: Axis = None, keepdims: bool = False) -> Var: ...

Inside, an operand is a `Var` to the checker; plain numbers and arrays pass through the same lines. What the caller
gave in lists has become an array by then.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Concatenate, Literal, ParamSpec, Protocol, TypeAlias, TypeVar, cast, overload

import numpy as np
import numpy.typing as npt

from tapegrad import dispatch
from tapegrad.maps import shape_of
from tapegrad.masks import Mask, symbolic
from tapegrad.methods import Axis
from tapegrad.ops.shape import stack
from tapegrad.primitive import Operand, as_value
from tapegrad.variables import Array, ArrayVar, Scalar, Var

__all__ = [
    "Applying", "ArrayLike", "Asking", "AskingOfTwo", "Combining", "Deciding", "Deviating", "Joining", "Kind",
    "Numbers", "Pairing", "Reducing", "Shaping", "Splitting", "Weighing", "answers", "applying", "asking",
    "asking_of_two", "combining", "deciding", "deviating", "holds_traced", "joining", "operand", "pairing",
    "reducing", "shaping", "splitting", "weighing",
]  # fmt: skip

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., object])
Kind = TypeVar("Kind", bound=np.generic)
V = TypeVar("V", bound=Var)

Numbers: TypeAlias = Sequence[float] | Sequence[Sequence[float]]
"""Plain numbers in lists, which NumPy takes for an array."""

ArrayLike: TypeAlias = float | npt.NDArray[np.generic] | Var | Numbers
"""What stands for an array."""


def answers(original: object) -> Callable[[F], F]:
    """Let a function answer for `original` of NumPy, if there is one, and keep the form that it states itself."""

    def registered(function: F) -> F:
        dispatch.register(function.__name__, function, original)
        return function

    return registered


def operand(x: object) -> Var:
    """`x` as the functions of arrays take it: traced, or a float, or an array.

    Lists become arrays, also those with traced values in them; a mask becomes the variable it comes from. Raises
    ValueError for a list of unequal shapes, OperandError for what is no number.
    """
    if isinstance(x, Var):
        return x
    if isinstance(x, (list, tuple)) and holds_traced(x):
        parts = [operand(item) for item in x]
        shapes = sorted({shape_of(part) for part in parts})
        if len(shapes) > 1:
            msg = f"a list of items of the shapes {', '.join(map(str, shapes))} is no array"
            raise ValueError(msg)
        return stack(*parts, axis=-1 - len(shapes[0]))
    x = symbolic(x)
    return cast(Var, x if isinstance(x, Operand) else as_value(x))


def holds_traced(x: object) -> bool:
    """Whether there is a traced value in `x`, or in a list in it."""
    if isinstance(x, (list, tuple)):
        return any(map(holds_traced, x))
    return isinstance(symbolic(x), Operand)


def _of_operand(function: Callable[..., object]) -> Callable[..., object]:
    """`function`, called with its first argument as an operand; of a mask it gives a mask."""

    @functools.wraps(function)
    def called(x: object, *args: object, **keywords: object) -> object:
        out = function(operand(x), *args, **keywords)
        return Mask(out) if type(x) is Mask and isinstance(out, ArrayVar) and out.dtype == bool else out

    return called


def _of_operands(function: Callable[..., object]) -> Callable[..., object]:
    """`function`, called with its first two arguments as operands."""

    @functools.wraps(function)
    def called(x: object, y: object, *args: object, **keywords: object) -> object:
        return function(operand(x), operand(y), *args, **keywords)

    return called


class Shaping(Protocol[P]):
    """An array gives an array of its kind."""

    @overload
    def __call__(self, x: Var, /, *args: P.args, **keywords: P.kwargs) -> ArrayVar: ...
    @overload
    def __call__(self, x: npt.NDArray[Kind], /, *args: P.args, **keywords: P.kwargs) -> npt.NDArray[Kind]: ...
    @overload
    def __call__(self, x: float | Numbers, /, *args: P.args, **keywords: P.kwargs) -> npt.NDArray[np.float64]: ...


def shaping(original: object) -> Callable[[Callable[Concatenate[Var, P], object]], Shaping[P]]:
    """Give a function the form `Shaping`, and let it answer for `original` of NumPy, if that is not None."""

    def registered(function: Callable[Concatenate[Var, P], object]) -> Shaping[P]:
        shaped = _of_operand(function)
        return cast(Shaping[P], shaped if original is None else answers(original)(shaped))

    return registered


class Reducing(Protocol):
    """The elements along some axes give one; without `axis` the whole array gives a number."""

    @overload
    def __call__(self, x: Var, axis: None = None, keepdims: Literal[False] = False) -> Var: ...
    @overload
    def __call__(self, x: Var, axis: int | tuple[int, ...], keepdims: bool = False) -> ArrayVar: ...
    @overload
    def __call__(self, x: Var, axis: Axis = None, *, keepdims: Literal[True]) -> ArrayVar: ...
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
    return lambda function: cast(Reducing, answers(original)(_of_operand(function)))


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
    return lambda function: cast(Deviating, answers(original)(_of_operand(function)))


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
        return cast(Weighing[P], answers(original)(_of_operand(function)))

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
    """Give a function the form `Combining`, and let it answer for `original` of NumPy, if that is not None."""

    def registered(function: Callable[Concatenate[Var, Var, P], object]) -> Combining[P]:
        combined = _of_operands(function)
        return cast(Combining[P], combined if original is None else answers(original)(combined))

    return registered


class Deciding(Protocol):
    """A question about the elements along some axes; without `axis` the answer is a bool."""

    @overload
    def __call__(self, x: ArrayLike, axis: None = None, keepdims: Literal[False] = False) -> bool: ...
    @overload
    def __call__(self, x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> npt.NDArray[np.bool_]: ...


def deciding(original: object) -> Callable[[Callable[..., object]], Deciding]:
    """Give a function the form `Deciding`, and let it answer for `original` of NumPy."""
    return lambda function: cast(Deciding, answers(original)(function))


class Joining(Protocol[P]):
    """A sequence of arrays gives one, traced if any is."""

    @overload
    def __call__(self, xs: Sequence[Var], /, *args: P.args, **keywords: P.kwargs) -> ArrayVar: ...
    @overload
    def __call__(  # type: ignore[overload-overlap]  # an array is like one
        self, xs: Sequence[npt.NDArray[Kind]], /, *args: P.args, **keywords: P.kwargs
    ) -> npt.NDArray[Kind]: ...
    @overload
    def __call__(self, xs: Sequence[ArrayLike], /, *args: P.args, **keywords: P.kwargs) -> Array: ...


def joining(original: object) -> Callable[[Callable[Concatenate[Sequence[Var], P], object]], Joining[P]]:
    """Give a function the form `Joining`, and let it answer for `original` of NumPy."""

    def registered(function: Callable[Concatenate[Sequence[Var], P], object]) -> Joining[P]:
        @functools.wraps(function)
        def called(xs: Sequence[object], *args: P.args, **keywords: P.kwargs) -> object:
            return function([operand(x) for x in xs], *args, **keywords)

        return cast(Joining[P], answers(original)(called))

    return registered


class Splitting(Protocol[P]):
    """An array gives several."""

    @overload
    def __call__(self, x: Var, /, *args: P.args, **keywords: P.kwargs) -> list[ArrayVar]: ...
    @overload
    def __call__(self, x: npt.NDArray[Kind], /, *args: P.args, **keywords: P.kwargs) -> list[npt.NDArray[Kind]]: ...
    @overload
    def __call__(self, x: Numbers, /, *args: P.args, **keywords: P.kwargs) -> list[npt.NDArray[np.float64]]: ...


def splitting(original: object) -> Callable[[Callable[Concatenate[Var, P], object]], Splitting[P]]:
    """Give a function the form `Splitting`, and let it answer for `original` of NumPy."""

    def registered(function: Callable[Concatenate[Var, P], object]) -> Splitting[P]:
        return cast(Splitting[P], answers(original)(_of_operand(function)))

    return registered


class Applying(Protocol[P]):
    """Each element gives one: a number a number, an array one of its kind and shape."""

    @overload
    def __call__(self, x: float, /, *args: P.args, **keywords: P.kwargs) -> float: ...
    @overload
    def __call__(self, x: V, /, *args: P.args, **keywords: P.kwargs) -> V: ...
    @overload
    def __call__(self, x: float | V, /, *args: P.args, **keywords: P.kwargs) -> float | V: ...
    @overload
    def __call__(self, x: npt.NDArray[Kind], /, *args: P.args, **keywords: P.kwargs) -> npt.NDArray[Kind]: ...
    @overload
    def __call__(self, x: Numbers, /, *args: P.args, **keywords: P.kwargs) -> npt.NDArray[np.float64]: ...


def applying(original: object) -> Callable[[Callable[Concatenate[Var, P], object]], Applying[P]]:
    """Give a function the form `Applying`, and let it answer for `original` of NumPy, if that is not None."""

    def registered(function: Callable[Concatenate[Var, P], object]) -> Applying[P]:
        applied = _of_operand(function)
        return cast(Applying[P], applied if original is None else answers(original)(applied))

    return registered


class Pairing(Protocol):
    """Each element of one with each of the other, as they broadcast: a number only of two numbers."""

    @overload
    def __call__(self, x: float, y: float, /) -> float: ...
    @overload
    def __call__(self, x: Var, y: ArrayLike, /) -> Var: ...
    @overload
    def __call__(self, x: ArrayLike, y: Var, /) -> Var: ...
    @overload
    def __call__(self, x: npt.NDArray[Kind], y: npt.NDArray[Kind] | float | Numbers, /) -> npt.NDArray[Kind]: ...
    @overload
    def __call__(self, x: float | Numbers, y: npt.NDArray[Kind], /) -> npt.NDArray[Kind]: ...


def pairing(original: object) -> Callable[[Callable[[Var, Var], object]], Pairing]:
    """Give a function the form `Pairing`, and let it answer for `original` of NumPy, if that is not None."""

    def registered(function: Callable[[Var, Var], object]) -> Pairing:
        paired = _of_operands(function)
        return cast(Pairing, paired if original is None else answers(original)(paired))

    return registered


class Asking(Protocol):
    """A question about each element: of a number the answer is a bool, of an array one of booleans."""

    @overload
    def __call__(self, x: ArrayVar | npt.NDArray[np.generic] | Numbers, /) -> npt.NDArray[np.bool_]: ...  # type: ignore[overload-overlap]  # an ArrayVar is a Var
    @overload
    def __call__(self, x: Scalar, /) -> bool: ...


def asking(original: object) -> Callable[[Callable[[Var], object]], Asking]:
    """Give a function the form `Asking`, and let it answer for `original` of NumPy."""
    return lambda function: cast(Asking, answers(original)(_of_operand(function)))


class AskingOfTwo(Protocol[P]):
    """A question about each pair of elements: of two numbers the answer is a bool, else an array of booleans."""

    @overload
    def __call__(  # type: ignore[overload-overlap]  # an ArrayVar is a Var
        self,
        x: ArrayVar | npt.NDArray[np.generic] | Numbers,
        y: ArrayLike,
        /,
        *args: P.args,
        **keywords: P.kwargs,
    ) -> npt.NDArray[np.bool_]: ...
    @overload
    def __call__(  # type: ignore[overload-overlap]
        self,
        x: ArrayLike,
        y: ArrayVar | npt.NDArray[np.generic] | Numbers,
        /,
        *args: P.args,
        **keywords: P.kwargs,
    ) -> npt.NDArray[np.bool_]: ...
    @overload
    def __call__(self, x: Scalar, y: Scalar, /, *args: P.args, **keywords: P.kwargs) -> bool: ...


def asking_of_two(original: object) -> Callable[[Callable[Concatenate[Var, Var, P], object]], AskingOfTwo[P]]:
    """Give a function the form `AskingOfTwo`, and let it answer for `original` of NumPy."""

    def registered(function: Callable[Concatenate[Var, Var, P], object]) -> AskingOfTwo[P]:
        return cast(AskingOfTwo[P], answers(original)(_of_operands(function)))

    return registered
