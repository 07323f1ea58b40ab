"""The same elements in other places: repeated, flipped, rolled, padded, along diagonals."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt

from tapegrad.arrays import AnyArray, FrozenIndex
from tapegrad.dispatch import nearest
from tapegrad.maps import shape_of
from tapegrad.numpy import reductions
from tapegrad.numpy.joining import concatenate
from tapegrad.numpy.shapes import broadcast_to, lengths, moveaxis, ravel, reshape, transpose
from tapegrad.numpy.signatures import ArrayLike, answers, operand, shaping
from tapegrad.numpy.sorting import flattened
from tapegrad.ops import shape as moves
from tapegrad.ops.shape import from_the_end
from tapegrad.primitive import concrete
from tapegrad.variables import Array, Var

__all__ = [
    "delete", "diag", "diagflat", "diagonal", "flip", "fliplr", "flipud", "insert", "pad", "repeat", "resize", "roll",
    "rot90", "tile", "trace", "tril", "triu",
]  # fmt: skip

Axes: TypeAlias = int | tuple[int, ...] | None


def _along(x: Var, axis: int, entry: object) -> Var:
    """``x[..., entry, ...]`` at one axis, counted from the end."""
    return moves.take_index(x, index=FrozenIndex((Ellipsis, entry, *(slice(None),) * (-axis - 1))))


def _matrix(x: Var, name: str) -> tuple[int, ...]:
    """The shape of `x`, of two axes at least. Raises ValueError if it has less."""
    shape = shape_of(x)
    if len(shape) < 2:
        msg = f"{name} needs an array of two axes at least, not of shape {shape}"
        raise ValueError(msg)
    return shape


# ---- repeated -----------------------------------------------------------------------------------


@shaping(np.repeat)
def repeat(x: Var, repeats: int | Sequence[int] | npt.NDArray[np.integer], axis: int | None = None) -> Var:
    """Every element along `axis` `repeats` times, or as often as its own count says; flattened without an axis."""
    x, place = flattened(x, axis)
    length = shape_of(x)[place]
    counts = np.asarray(repeats)
    if counts.size > 1:
        return _along(x, place, np.repeat(np.arange(length), counts))
    count = operator.index(counts.item())
    shape = shape_of(x)
    end = len(shape) + place + 1
    copies = broadcast_to(moves.reshape(x, shape=(*shape[:end], 1, *shape[end:])), (*shape[:end], count, *shape[end:]))
    return cast(Var, reshape(copies, (*shape[: end - 1], length * count, *shape[end:])))


@shaping(np.tile)
def tile(x: Var, reps: int | Sequence[int]) -> Var:
    """Copies of the whole array beside each other, ``reps[i]`` of them along axis i."""
    shape, counts = shape_of(x), lengths(reps)
    most = max(len(shape), len(counts))
    shape = (1,) * (most - len(shape)) + shape
    counts = (1,) * (most - len(counts)) + counts
    apart = [n for length in shape for n in (1, length)]
    together = [n for count, length in zip(counts, shape, strict=True) for n in (count, length)]
    copies = broadcast_to(moves.reshape(x, shape=tuple(apart)), together)
    return cast(Var, reshape(copies, [c * n for c, n in zip(counts, shape, strict=True)]))


@shaping(np.resize)
def resize(x: Var, new_shape: int | Sequence[int]) -> Var:
    """The elements in another shape, from the first again where they do not suffice."""
    shape = lengths(new_shape)
    size, found = math.prod(shape), math.prod(shape_of(x))
    if not found:
        return cast(Var, broadcast_to(cast(Var, np.zeros((), np.asarray(concrete(x)).dtype)), shape))
    return moves.reshape(_along(cast(Var, ravel(x)), -1, np.arange(size) % found), shape=shape)


# ---- flipped and rolled -------------------------------------------------------------------------


@shaping(np.flip)
def flip(x: Var, axis: Axes = None) -> Var:
    """In reverse order along `axis`, or along all."""
    axes = from_the_end(axis, len(shape_of(x)))
    entries = [slice(None, None, -1 if i in axes else None) for i in range(-len(shape_of(x)), 0)]
    return moves.take_index(x, index=FrozenIndex(tuple(entries))) if axes else x


@shaping(np.fliplr)
def fliplr(x: Var) -> Var:
    """In reverse order along the second axis."""
    _matrix(x, "fliplr")
    return cast(Var, flip(x, 1))


@shaping(np.flipud)
def flipud(x: Var) -> Var:
    """In reverse order along the first axis."""
    return cast(Var, flip(x, 0))


@shaping(np.rot90)
def rot90(x: Var, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Var:
    """Turned `k` times by a right angle, from the first of `axes` to the second."""
    ndim = len(_matrix(x, "rot90"))
    if len(from_the_end(tuple(axes), ndim)) != 2:
        msg = f"rot90 turns in the plane of two axes, not of {axes}"
        raise ValueError(msg)
    first, second = (axis % ndim for axis in axes)
    order = list(range(ndim))
    order[first], order[second] = second, first
    match k % 4:
        case 0:
            return x
        case 1:
            return cast(Var, transpose(flip(x, second), order))
        case 2:
            return cast(Var, flip(x, (first, second)))
        case _:
            return cast(Var, flip(transpose(x, order), second))


@shaping(np.roll)
def roll(x: Var, shift: int | Sequence[int], axis: Axes = None) -> Var:
    """Moved on by `shift` places along `axis`, what leaves the end coming in at the start; else flattened first."""
    if axis is None:
        return moves.reshape(cast(Var, roll(ravel(x), shift, 0)), shape=shape_of(x))
    axes = axis if isinstance(axis, tuple) else (axis,)
    shifts, places = np.broadcast_arrays(lengths(shift), axes)
    for by, place in zip(shifts.tolist(), places.tolist(), strict=True):
        (at,) = from_the_end(place, len(shape_of(x)))
        length = shape_of(x)[at]
        start = -by % length if length else 0
        if start:
            parts = [_along(x, at, slice(start, None)), _along(x, at, slice(None, start))]
            x = moves.concatenate(*parts, axis=at)
    return x


# ---- padded -------------------------------------------------------------------------------------

Widths: TypeAlias = int | Sequence[int] | Sequence[Sequence[int]]

_CONTINUING = ("edge", "reflect", "symmetric", "wrap")


@shaping(np.pad)
def pad(x: Var, pad_width: Widths, mode: str = "constant", constant_values: ArrayLike = 0.0) -> Var:
    """With further elements before and behind: a constant, or what the array itself goes on with.

    ``pad_width`` is a number, ``(before, after)``, or one such pair for each axis; the modes are "constant", "edge",
    "reflect", "symmetric" and "wrap". ``constant_values`` may be traced, if it is one number. Raises ValueError for
    another mode.
    """
    shape = shape_of(x)
    widths: list[list[int]] = np.broadcast_to(np.asarray(pad_width), (len(shape), 2)).tolist()
    if min([0, *map(min, widths)]) < 0:
        msg = f"pad: widths must not be negative, but are {pad_width}"
        raise ValueError(msg)
    if mode in _CONTINUING:
        for axis, (before, after) in enumerate(widths):
            if before or after:
                order = np.pad(np.arange(shape[axis]), (before, after), mode)  # type: ignore[call-overload]
                x = _along(x, axis - len(shape), order)
        return x
    if mode != "constant":
        supported = ["constant", *_CONTINUING]
        msg = f"pad: there is no mode {mode!r}; it is one of {', '.join(supported)}{nearest(mode, supported)}"
        raise ValueError(msg)
    return _framed(x, widths, operand(constant_values))


def _framed(x: Var, widths: Sequence[Sequence[int]], constant: object) -> Var:
    """`x` in a frame of constants."""
    shape = shape_of(x)
    larger = tuple(before + length + after for length, (before, after) in zip(shape, widths, strict=True))
    inner = FrozenIndex(
        tuple(slice(before, before + length) for length, (before, _) in zip(shape, widths, strict=True))
    )
    padded = moves.scatter(x, index=inner, shape=larger)
    if shape_of(constant):
        plain = cast(AnyArray, constant)
        dtype = np.asarray(concrete(x)).dtype
        constant = np.pad(np.zeros(shape, dtype), widths, constant_values=plain.tolist())
    elif constant == 0.0:
        return padded
    inside = np.zeros(larger, np.bool_)
    inside[inner.index] = True  # type: ignore[index]
    return cast(Var, moves.select(inside, padded, constant))


# ---- diagonals and triangles --------------------------------------------------------------------


@shaping(np.diagonal)
def diagonal(x: Var, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Var:
    """The elements ``x[i, i + offset]`` of two axes, along a new last one."""
    _matrix(x, "diagonal")
    moved = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = shape_of(moved)[-2:]
    count = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    i = np.arange(count)
    return moves.take_index(cast(Var, moved), index=FrozenIndex((Ellipsis, i - min(offset, 0), i + max(offset, 0))))


@shaping(np.diag)
def diag(x: Var, k: int = 0) -> Var:
    """The `k`-th diagonal of a matrix, or a matrix with a vector there. Raises ValueError for other shapes."""
    shape = shape_of(x)
    if len(shape) == 2:
        return cast(Var, diagonal(x, k))
    if len(shape) != 1:
        msg = f"diag is of a vector or a matrix, not of an array of shape {shape}; see diagonal"
        raise ValueError(msg)
    i = np.arange(shape[0])
    size = shape[0] + abs(k)
    return moves.scatter(x, index=FrozenIndex((i - min(k, 0), i + max(k, 0))), shape=(size, size))


@shaping(np.diagflat)
def diagflat(x: Var, k: int = 0) -> Var:
    """A matrix with all elements along its `k`-th diagonal."""
    return cast(Var, diag(ravel(x), k))


@answers(np.trace)
def trace(x: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array | Var | float:
    """The sum of a diagonal."""
    return reductions.sum(diagonal(operand(x), offset, axis1, axis2), axis=-1)


@shaping(np.tril)
def tril(x: Var, k: int = 0) -> Var:
    """Zero above the `k`-th diagonal of the last two axes."""
    return _masked(x, _lower(_matrix(x, "tril"), k))


@shaping(np.triu)
def triu(x: Var, k: int = 0) -> Var:
    """Zero below the `k`-th diagonal of the last two axes."""
    return _masked(x, ~_lower(_matrix(x, "triu"), k - 1))


def _lower(shape: tuple[int, ...], k: int) -> npt.NDArray[np.bool_]:
    return np.tri(shape[-2], shape[-1], k, np.bool_)


def _masked(x: Var, kept: npt.NDArray[np.bool_]) -> Var:
    zero: AnyArray = np.zeros((), np.asarray(concrete(x)).dtype)
    return cast(Var, moves.select(kept, x, zero))


# ---- longer and shorter -------------------------------------------------------------------------

Places: TypeAlias = int | slice | Sequence[int] | npt.NDArray[np.integer] | npt.NDArray[np.bool_]


@shaping(np.delete)
def delete(x: Var, obj: Places, axis: int | None = None) -> Var:
    """Without some places along `axis`; flattened, if that is None."""
    x, place = flattened(x, axis)
    return _along(x, place, np.delete(np.arange(shape_of(x)[place]), obj))


@answers(np.insert)
def insert(x: ArrayLike, obj: Places, values: ArrayLike, axis: int | None = None) -> Array:
    """With `values` before some places along `axis`; flattened, if that is None. Places are those of `x`."""
    array, place = flattened(operand(x), axis)
    shape = shape_of(array)
    added = operand(values)
    extent = shape_of(added)
    added = moves.reshape(added, shape=(1,) * (len(shape) - len(extent)) + extent)
    if isinstance(obj, (int, np.integer)):  # the first axis of the values is along `axis`, as NumPy has it
        added = cast(Var, moveaxis(added, 0, place))
        count = shape_of(added)[place]
        at = np.full(count, obj)
    else:
        at = np.arange(shape[place])[obj] if isinstance(obj, slice) else np.asarray(obj)
        count = int(at.sum()) if at.dtype == bool else at.size
    wanted = [count if axis == place else length for axis, length in enumerate(shape, -len(shape))]
    joined = concatenate([array, cast(Var, broadcast_to(added, wanted))], place)
    new = np.arange(shape[place], shape[place] + count)
    return cast(Array, _along(cast(Var, joined), place, np.insert(np.arange(shape[place]), at, new)))
