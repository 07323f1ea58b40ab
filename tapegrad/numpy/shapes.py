"""Other shapes of the same elements: axes added, dropped, exchanged, repeated."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tapegrad.maps import shape_of
from tapegrad.methods import Axis
from tapegrad.numpy.signatures import answers, shaping
from tapegrad.ops import shape as moves
from tapegrad.ops.shape import from_the_end
from tapegrad.recorder import Var

__all__ = ["astype", "broadcast_to", "expand_dims", "ravel", "reshape", "squeeze", "transpose"]


def lengths(shape: int | Sequence[int]) -> tuple[int, ...]:
    """A shape as a user states it: an int or a sequence of ints."""
    return tuple(map(operator.index, shape if isinstance(shape, Sequence) else (shape,)))


@shaping(np.reshape)
def reshape(x: Var, shape: int | Sequence[int]) -> Var:
    """The same elements in `shape`, of whose lengths one may be -1. Raises ValueError if the numbers differ."""
    wanted = lengths(shape)
    size = math.prod(shape_of(x))
    known = math.prod(length for length in wanted if length != -1)
    if wanted.count(-1) == 1 and known and size % known == 0:
        wanted = tuple(size // known if length == -1 else length for length in wanted)
    if -1 in wanted or math.prod(wanted) != size:
        msg = f"an array of shape {shape_of(x)} has {size} elements, which do not fill the shape {lengths(shape)}"
        raise ValueError(msg)
    return moves.reshape(x, shape=wanted)


@shaping(np.ravel)
def ravel(x: Var) -> Var:
    """In one axis."""
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


@answers(np.astype)
def astype(x: Var, dtype: npt.DTypeLike) -> Var:
    """With another kind of number. Raises OperandError for a traced array that would lose its derivative."""
    return moves.astype(x, dtype=np.dtype(dtype).str)
