"""Elements in order, and where they are. Positions are plain integers; the tape notes what was seen."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from tapegrad.arrays import AnyArray, FrozenIndex
from tapegrad.maps import PiecewiseConstant, shape_of
from tapegrad.masks import observe
from tapegrad.numpy.signatures import ArrayLike, answers, operand, shaping
from tapegrad.ops import sorting
from tapegrad.ops.gather import take_along
from tapegrad.ops.shape import from_the_end, kept, reshape, take_index
from tapegrad.variables import ArrayVar, Var

__all__ = [
    "argmax", "argmin", "argpartition", "argsort", "nanargmax", "nanargmin", "partition", "searchsorted", "sort",
    "unique",
]  # fmt: skip

Indices = npt.NDArray[np.intp]
Kind = Literal["quicksort", "mergesort", "heapsort", "stable"] | None


def flattened(x: object, axis: int | None) -> tuple[Var, int]:
    """`x` and an axis of it, counted from the end; None is the one axis of the flattened array."""
    x = operand(x)
    shape = shape_of(x)
    if axis is None:
        return (x if len(shape) == 1 else reshape(x, shape=(int(np.prod(shape, dtype=int)),))), -1
    (at,) = from_the_end(axis, len(shape))
    return x, at


def _seen(x: object) -> Indices:
    """Integers to look at: the tape notes that they were seen."""
    return cast(Indices, np.asarray(cast(AnyArray, observe(x)))[()])


# ---- order --------------------------------------------------------------------------------------


@shaping(np.sort)
def sort(x: Var, axis: int | None = -1, kind: Kind = None, *, stable: bool | None = None) -> Var:
    """The elements along `axis` from the smallest on, nan last; without an axis those of the flattened array.

    It is stable, whatever `kind` asks for: the derivatives of elements that are equal keep their order.
    """
    del kind, stable
    x, at = flattened(x, axis)
    return take_along(x, sorting.argsort(x, axis=at), axis=at)


@answers(np.argsort)
def argsort(x: ArrayLike, axis: int | None = -1, kind: Kind = None, *, stable: bool | None = None) -> Indices:
    """Where the elements of the sorted array are in `x`."""
    del kind, stable
    x, at = flattened(x, axis)
    return _seen(sorting.argsort(x, axis=at))


def _kth(kth: int | Sequence[int]) -> tuple[int, ...]:
    return tuple(map(operator.index, kth if isinstance(kth, Sequence) else (kth,)))


@shaping(np.partition)
def partition(x: Var, kth: int | Sequence[int], axis: int | None = -1) -> Var:
    """The elements along `axis` so that those that sorting would put at `kth` are there, between smaller and larger."""
    x, at = flattened(x, axis)
    return take_along(x, sorting.argpartition(x, kth=_kth(kth), axis=at), axis=at)


@answers(np.argpartition)
def argpartition(x: ArrayLike, kth: int | Sequence[int], axis: int | None = -1) -> Indices:
    """Where the elements of the partitioned array are in `x`."""
    x, at = flattened(x, axis)
    return _seen(sorting.argpartition(x, kth=_kth(kth), axis=at))


# ---- positions ----------------------------------------------------------------------------------


def _position(operation: PiecewiseConstant, x: object, axis: int | None, keepdims: bool) -> Indices:
    shape = shape_of(operand(x))
    x, at = flattened(x, axis)
    if shape_of(x)[at] == 0:
        msg = f"{operation.name}: there is no position among no elements, in an array of shape {shape}"
        raise ValueError(msg)
    found = _seen(operation(x, axis=at))
    return np.reshape(found, kept(shape, from_the_end(axis, len(shape)))) if keepdims else found


@answers(np.argmax)
def argmax(x: ArrayLike, axis: int | None = None, keepdims: bool = False) -> Indices:
    """Where the largest element is: the first, if several are; in the flattened array, without an axis."""
    return _position(sorting.argmax, x, axis, keepdims)


@answers(np.argmin)
def argmin(x: ArrayLike, axis: int | None = None, keepdims: bool = False) -> Indices:
    """Where the smallest element is."""
    return _position(sorting.argmin, x, axis, keepdims)


@answers(np.nanargmax)
def nanargmax(x: ArrayLike, axis: int | None = None, keepdims: bool = False) -> Indices:
    """Where the largest element is that is not nan. Raises ValueError where all are."""
    return _position(sorting.nanargmax, x, axis, keepdims)


@answers(np.nanargmin)
def nanargmin(x: ArrayLike, axis: int | None = None, keepdims: bool = False) -> Indices:
    """Where the smallest element is that is not nan. Raises ValueError where all are."""
    return _position(sorting.nanargmin, x, axis, keepdims)


@answers(np.searchsorted)
def searchsorted(x: ArrayLike, v: ArrayLike, side: Literal["left", "right"] = "left") -> Indices:
    """Before which element of `x`, which is sorted, each of `v` belongs: ``(n,), (...) -> (...)``."""
    if side not in {"left", "right"}:
        msg = f"searchsorted takes side='left' or 'right', not {side!r}"
        raise ValueError(msg)
    values = operand(v)
    shape = shape_of(values)
    found = sorting.searchsorted(operand(x), reshape(values, shape=(int(np.prod(shape, dtype=int)),)), side=side)
    return _seen(found).reshape(shape)[()]


# ---- different elements -------------------------------------------------------------------------


@answers(np.unique)
def unique(
    x: ArrayLike, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False
) -> ArrayVar | AnyArray | tuple[ArrayVar | AnyArray, ...]:
    """The different elements in order: the first of each has its derivative.

    With them, where that is in the flattened array, which of them each element of `x` is, and how often they occur.
    """
    shape = shape_of(operand(x))
    flat, _ = flattened(x, None)
    inverse = _seen(sorting.dense_ranks(flat))
    _, index, counts = np.unique(inverse, return_index=True, return_counts=True)
    values = cast(ArrayVar, take_index(flat, index=FrozenIndex(index)))
    asked = ((return_index, index), (return_inverse, inverse.reshape(shape)), (return_counts, counts))
    more = [found for wanted, found in asked if wanted]
    return (values, *more) if more else values
