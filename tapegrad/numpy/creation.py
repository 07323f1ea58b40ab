"""New arrays, and lists of traced values as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, TypeVar, cast, overload

import numpy as np
import numpy.typing as npt
from numpy import arange, diag_indices, eye, identity, indices, ix_, ones, tri, tril_indices, triu_indices, zeros

from tapegrad.arrays import AnyArray
from tapegrad.maps import shape_of
from tapegrad.numpy.signatures import ArrayLike, Numbers, answers, holds_traced, operand, shaping
from tapegrad.ops import shape as moves
from tapegrad.ops.arithmetic import add
from tapegrad.ops.exponential import power
from tapegrad.primitive import Operand, concrete
from tapegrad.variables import Array, ArrayVar, Var

__all__ = [
    "arange", "array", "asarray", "copy", "diag_indices", "eye", "full", "full_like", "geomspace", "identity",
    "indices", "ix_", "linspace", "logspace", "meshgrid", "ones", "ones_like", "tri", "tril_indices", "triu_indices",
    "zeros", "zeros_like",
]  # fmt: skip

Kind = TypeVar("Kind", bound=np.generic)

Nested: TypeAlias = Sequence["float | AnyArray | Var | Nested"]
"""Numbers and arrays, plain and traced, in lists in lists."""


# ---- lists as arrays ----------------------------------------------------------------------------


@overload
def array(values: Var, dtype: npt.DTypeLike | None = None) -> ArrayVar: ...
@overload
def array(values: npt.NDArray[Kind], dtype: None = None) -> npt.NDArray[Kind]: ...
@overload
def array(values: float | Numbers, dtype: None = None) -> npt.NDArray[np.float64]: ...
@overload
def array(values: AnyArray | float, dtype: npt.DTypeLike) -> AnyArray: ...
@overload
def array(values: Nested, dtype: npt.DTypeLike | None = None) -> Array: ...
@answers(np.array)
def array(values: object, dtype: npt.DTypeLike | None = None) -> object:
    """Numbers and arrays in lists as one array, traced if any of them is: ``array([x, [1.0, y]])``.

    Raises ValueError if the shapes within a list differ.
    """
    if not holds_traced(values):
        return np.array(values, dtype)
    gathered = operand(values)
    kind = np.dtype(dtype).str
    if dtype is None or np.asarray(concrete(gathered)).dtype.str == kind:
        return gathered
    return moves.astype(gathered, dtype=kind)


asarray = array


@shaping(np.copy)
def copy(x: Var) -> Var:
    """A copy of an array; a traced one is immutable, and stays itself."""
    plain: object = x
    return x if isinstance(plain, Operand) else cast(Var, np.array(plain))


# ---- one value everywhere -----------------------------------------------------------------------


def _lengths(shape: int | Sequence[int]) -> tuple[int, ...]:
    return np.empty(shape, np.bool_).shape


@answers(np.full)
def full(shape: int | Sequence[int], fill_value: ArrayLike, dtype: npt.DTypeLike | None = None) -> Array:
    """`fill_value` everywhere, which may be traced, or an array that is repeated."""
    if not holds_traced(fill_value):
        return cast(Array, np.full(shape, cast(float, fill_value), dtype))
    filled = moves.broadcast_to(operand(fill_value), shape=_lengths(shape))
    return array(filled, dtype)


@answers(np.full_like)
def full_like(
    x: ArrayLike,
    fill_value: ArrayLike,
    dtype: npt.DTypeLike | None = None,
    shape: int | Sequence[int] | None = None,
) -> Array:
    """`fill_value` everywhere, in the shape and dtype of `x`."""
    value = np.asarray(concrete(operand(x)))
    return full(value.shape if shape is None else shape, fill_value, value.dtype if dtype is None else dtype)


@answers(np.zeros_like)
def zeros_like(
    x: ArrayLike, dtype: npt.DTypeLike | None = None, shape: int | Sequence[int] | None = None
) -> npt.NDArray[np.float64]:
    """Zeros in the shape and dtype of `x`; a plain array."""
    return cast("npt.NDArray[np.float64]", full_like(x, 0, dtype, shape))


@answers(np.ones_like)
def ones_like(
    x: ArrayLike, dtype: npt.DTypeLike | None = None, shape: int | Sequence[int] | None = None
) -> npt.NDArray[np.float64]:
    """Ones in the shape and dtype of `x`; a plain array."""
    return cast("npt.NDArray[np.float64]", full_like(x, 1, dtype, shape))


# ---- from one end to the other ------------------------------------------------------------------


def _fractions(num: int, endpoint: bool, like: object) -> npt.NDArray[np.float64]:
    """From 0 to 1 in `num` steps, along the first axis of an array that broadcasts with `like`, and in its dtype."""
    value = concrete(like)
    steps = max(num - 1 if endpoint else num, 1)
    dtype = value.dtype if isinstance(value, np.ndarray) and value.dtype.kind in "fc" else np.dtype(np.float64)
    return (np.arange(num) / steps).astype(dtype).reshape(num, *[1] * len(shape_of(like)))


def _with_steps_at(steps: object, axis: int) -> Array:
    """`steps`, whose first axis they are along, with that at `axis`."""
    ndim = len(shape_of(steps))
    order = [*range(1, ndim)]
    order.insert(axis % ndim, 0)
    return cast(Array, steps if order[0] == 0 else moves.transpose(steps, axes=tuple(order)))


@overload
def linspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: Literal[False] = False,
    axis: int = 0,
) -> Array: ...
@overload
def linspace(
    start: ArrayLike, stop: ArrayLike, num: int, endpoint: bool, retstep: Literal[True], axis: int = 0
) -> tuple[Array, Array]: ...
@overload
def linspace(
    start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, *, retstep: Literal[True], axis: int = 0
) -> tuple[Array, Array]: ...
@answers(np.linspace)
def linspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    axis: int = 0,
) -> Array | tuple[Array, Array]:
    """`num` numbers at equal distances from `start` to `stop`, along `axis`; both ends have a derivative.

    With `retstep` also the distance. Raises ValueError for a negative `num`.
    """
    if num < 0:
        msg = f"linspace: the number of samples must not be negative, but is {num}"
        raise ValueError(msg)
    first, last = operand(start), operand(stop)
    t = _fractions(num, endpoint, first + last)
    spaced = _with_steps_at(add((1.0 - t) * first, t * last), axis)  # exact at both ends
    steps = num - 1 if endpoint else num
    return (spaced, cast(Array, (last - first) / (steps or np.nan))) if retstep else spaced


@answers(np.logspace)
def logspace(
    start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, base: ArrayLike = 10.0, axis: int = 0
) -> Array:
    """``base ** linspace(start, stop, num)``."""
    return cast(Array, power(operand(base), linspace(start, stop, num, endpoint, axis=axis)))


@answers(np.geomspace)
def geomspace(start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, axis: int = 0) -> Array:
    """`num` numbers at equal ratios from `start` to `stop`. Raises ValueError if these differ in sign, or are zero."""
    first, last = operand(start), operand(stop)
    if not np.all(np.multiply(np.sign(cast(AnyArray, concrete(first))), np.sign(cast(AnyArray, concrete(last)))) > 0):
        msg = f"geomspace: the ends must be of one sign and not zero, but are {start} and {stop}"
        raise ValueError(msg)
    t = _fractions(num, endpoint, first + last)
    return _with_steps_at(first * power(last / first, cast(Var, t)), axis)


# ---- grids --------------------------------------------------------------------------------------


@answers(np.meshgrid)
def meshgrid(*xs: ArrayLike, indexing: Literal["xy", "ij"] = "xy", sparse: bool = False) -> tuple[Array, ...]:
    """The coordinates of all points of a grid, one array for each axis; with "xy" the first two axes are exchanged.

    Sparse ones have length one along the other axes.
    """
    if indexing not in {"xy", "ij"}:
        msg = f'meshgrid: indexing is "xy" or "ij", not {indexing!r}'
        raise ValueError(msg)
    flat = [moves.reshape(x, shape=(-1,)) for x in map(operand, xs)]
    places = list(range(len(flat)))
    if indexing == "xy" and len(flat) > 1:
        places[:2] = 1, 0
    shape = [0] * len(flat)
    for x, place in zip(flat, places, strict=True):
        (shape[place],) = shape_of(x)
    grid = []
    for x, place in zip(flat, places, strict=True):
        own = tuple(length if at == place else 1 for at, length in enumerate(shape))
        along = moves.reshape(x, shape=own)
        grid.append(along if sparse else moves.broadcast_to(along, shape=tuple(shape)))
    return tuple(cast(list[Array], grid))
