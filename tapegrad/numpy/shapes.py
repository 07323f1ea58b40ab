"""Other shapes of the same elements: axes added, dropped, exchanged, repeated."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, cast, overload

import numpy as np
import numpy.typing as npt

from tapegrad.maps import shape_of
from tapegrad.methods import Axis
from tapegrad.numpy.signatures import ArrayLike, answers, operand, shaping
from tapegrad.ops import shape as moves
from tapegrad.ops.gather import as_integers
from tapegrad.ops.shape import from_the_end
from tapegrad.primitive import Operand
from tapegrad.variables import Array, Var

__all__ = [
    "astype", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "broadcast_to", "expand_dims",
    "matrix_transpose", "moveaxis", "ndim", "permute_dims", "ravel", "reshape", "rollaxis", "shape", "size", "squeeze",
    "swapaxes", "transpose",
]  # fmt: skip

Order: TypeAlias = Literal["C", "F"]


@answers(np.shape)
def shape(x: ArrayLike) -> tuple[int, ...]:
    """The length of each axis; ``()`` for a number."""
    return shape_of(operand(x))


@answers(np.ndim)
def ndim(x: ArrayLike) -> int:
    """The number of axes."""
    return len(shape(x))


@answers(np.size)
def size(x: ArrayLike, axis: int | None = None) -> int:
    """The number of elements, or of those along `axis`."""
    return math.prod(shape(x)) if axis is None else shape(x)[axis]


def lengths(shape: int | Sequence[int]) -> tuple[int, ...]:
    """A shape as a user states it: an int or a sequence of ints."""
    return tuple(map(operator.index, shape if isinstance(shape, Sequence) else (shape,)))


def _by_columns(order: Order) -> bool:
    if order not in {"C", "F"}:
        msg = f"the order of elements is 'C', the last axis running fastest, or 'F', the first, not {order!r}"
        raise ValueError(msg)
    return order == "F"


@shaping(np.reshape)
def reshape(x: Var, shape: int | Sequence[int], order: Order = "C") -> Var:
    """The same elements in `shape`, of whose lengths one may be -1. Raises ValueError if the numbers differ.

    In the order "F" the first axis runs fastest, in both shapes.
    """
    wanted = lengths(shape)
    if _by_columns(order):
        return cast(Var, transpose(reshape(cast(Var, transpose(x)), wanted[::-1])))
    size = math.prod(shape_of(x))
    known = math.prod(length for length in wanted if length != -1)
    if wanted.count(-1) == 1 and known and size % known == 0:
        wanted = tuple(size // known if length == -1 else length for length in wanted)
    if -1 in wanted or math.prod(wanted) != size:
        msg = f"an array of shape {shape_of(x)} has {size} elements, which do not fill the shape {lengths(shape)}"
        raise ValueError(msg)
    return moves.reshape(x, shape=wanted)


@shaping(np.ravel)
def ravel(x: Var, order: Order = "C") -> Var:
    """In one axis; in the order "F" the first runs fastest."""
    x = cast(Var, transpose(x)) if _by_columns(order) else x
    return moves.reshape(x, shape=(math.prod(shape_of(x)),))


@shaping(np.transpose)
def transpose(x: Var, axes: Sequence[int] | None = None) -> Var:
    """With its axes in another order, reversed if none is given."""
    ndim = len(shape_of(x))
    order = tuple(reversed(range(ndim))) if axes is None else tuple(operator.index(axis) % ndim for axis in axes)
    if sorted(order) != list(range(ndim)):
        msg = f"axes {axes} is no order of the axes of an array of shape {shape_of(x)}"
        raise ValueError(msg)
    return x if ndim < 2 else moves.transpose(x, axes=order)


permute_dims = transpose


@shaping(np.matrix_transpose)
def matrix_transpose(x: Var) -> Var:
    """Matrices transposed, ``(..., n, m) -> (..., m, n)``. Raises ValueError for less than two axes."""
    if len(shape_of(x)) < 2:
        msg = f"an array of shape {shape_of(x)} holds no matrices; it takes two axes at least"
        raise ValueError(msg)
    return cast(Var, swapaxes(x, -1, -2))


@shaping(np.moveaxis)
def moveaxis(x: Var, source: int | Sequence[int], destination: int | Sequence[int]) -> Var:
    """With some axes at other places, the others in their order."""
    ndim = len(shape_of(x))
    taken, placed = _places(source, ndim), _places(destination, ndim)
    if len(taken) != len(placed):
        msg = f"moveaxis: source {source} and destination {destination} name different numbers of axes"
        raise ValueError(msg)
    order = [axis for axis in range(ndim) if axis not in taken]
    for place, axis in sorted(zip(placed, taken, strict=True)):
        order.insert(place, axis)
    return cast(Var, transpose(x, order))


def _places(axes: int | Sequence[int], ndim: int) -> list[int]:
    """Axes counted from the start, in the order in which they are named."""
    named = axes if isinstance(axes, Sequence) else (axes,)
    from_the_end(tuple(named), ndim)  # raises for what is no axis, or named twice
    return [operator.index(axis) % ndim for axis in named]


@shaping(np.swapaxes)
def swapaxes(x: Var, axis1: int, axis2: int) -> Var:
    """With two axes exchanged."""
    ndim = len(shape_of(x))
    (first,), (second,) = _places(axis1, ndim), _places(axis2, ndim)
    order = list(range(ndim))
    order[first], order[second] = second, first
    return cast(Var, transpose(x, order))


@shaping(np.rollaxis)
def rollaxis(x: Var, axis: int, start: int = 0) -> Var:
    """With `axis` moved to before the place `start`. Newer programs say `moveaxis`."""
    ndim = len(shape_of(x))
    (place,) = _places(axis, ndim)
    before = start + ndim if start < 0 else start
    if not 0 <= before <= ndim:
        raise np.exceptions.AxisError(start, ndim)
    return cast(Var, moveaxis(x, place, before - 1 if place < before else before))


@shaping(np.squeeze)
def squeeze(x: Var, axis: Axis = None) -> Var:
    """Without axes of length one. Raises ValueError for an axis that is longer."""
    shape = shape_of(x)
    if axis is None:
        return moves.reshape(x, shape=tuple(length for length in shape if length != 1))
    axes = from_the_end(axis, len(shape))
    if any(shape[i] != 1 for i in axes):
        msg = f"axis {axis} of an array of shape {shape} is not of length one"
        raise ValueError(msg)
    return moves.reshape(x, shape=tuple(n for i, n in enumerate(shape) if i - len(shape) not in axes))


@overload
def atleast_1d(x: ArrayLike, /) -> Array: ...
@overload
def atleast_1d(*xs: ArrayLike) -> tuple[Array, ...]: ...
@answers(np.atleast_1d)
def atleast_1d(*xs: ArrayLike) -> Array | tuple[Array, ...]:
    """With one axis at least; of several arrays a tuple."""
    return _each(lambda shape: shape or (1,), xs)


@overload
def atleast_2d(x: ArrayLike, /) -> Array: ...
@overload
def atleast_2d(*xs: ArrayLike) -> tuple[Array, ...]: ...
@answers(np.atleast_2d)
def atleast_2d(*xs: ArrayLike) -> Array | tuple[Array, ...]:
    """With two axes at least: a vector becomes a row."""
    return _each(lambda shape: (1,) * (2 - len(shape)) + shape, xs)


@overload
def atleast_3d(x: ArrayLike, /) -> Array: ...
@overload
def atleast_3d(*xs: ArrayLike) -> tuple[Array, ...]: ...
@answers(np.atleast_3d)
def atleast_3d(*xs: ArrayLike) -> Array | tuple[Array, ...]:
    """With three axes at least: ``(n,) -> (1, n, 1)`` and ``(n, m) -> (n, m, 1)``."""
    return _each(lambda shape: ((1,) * (2 - len(shape)) + shape + (1,))[:3] if len(shape) < 3 else shape, xs)


def _each(shape: Callable[[tuple[int, ...]], tuple[int, ...]], xs: Sequence[ArrayLike]) -> Array | tuple[Array, ...]:
    """Every array in the shape that its own shape asks for."""
    operands = [operand(x) for x in xs]
    shaped = [cast(Array, moves.reshape(x, shape=shape(shape_of(x)))) for x in operands]
    return shaped[0] if len(shaped) == 1 else tuple(shaped)


@shaping(np.expand_dims)
def expand_dims(x: Var, axis: int | tuple[int, ...]) -> Var:
    """With new axes of length one at `axis` of the result."""
    shape = list(shape_of(x))
    places = axis if isinstance(axis, tuple) else (axis,)
    axes = from_the_end(places, len(shape) + len(places))
    for place in axes:
        shape.insert(place + len(shape_of(x)) + len(places), 1)
    return moves.reshape(x, shape=tuple(shape))


@shaping(np.broadcast_to)
def broadcast_to(x: Var, shape: int | Sequence[int]) -> Var:
    """Repeated along new axes in front, and along axes of length one."""
    wanted = lengths(shape)
    return x if shape_of(x) == wanted else moves.broadcast_to(x, shape=wanted)


@answers(np.broadcast_arrays)
def broadcast_arrays(*xs: ArrayLike) -> tuple[Array, ...]:
    """All in the shape that they have together. Raises ValueError if they do not fit."""
    operands = [operand(x) for x in xs]
    together = np.broadcast_shapes(*map(shape_of, operands))
    return tuple([cast(Array, broadcast_to(x, together)) for x in operands])


@shaping(np.astype)
def astype(x: Var, dtype: npt.DTypeLike) -> Var:
    """With another kind of number. That of integers is truncated, and its derivative is zero."""
    kind = np.dtype(dtype)
    if kind.kind in "iub" and isinstance(x, Operand):
        return as_integers(x, dtype=kind.str)
    return moves.astype(x, dtype=kind.str)
