"""Moving elements without computing: shapes, axes, parts of arrays. Mutual transposes stand together."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence

import numpy as np

from tapegrad.arrays import Floats, FrozenIndex
from tapegrad.maps import Joint, Linear, WholeArrays, shape_of, zeros_like
from tapegrad.primitive import Params

__all__ = [
    "add_at", "astype", "broadcast_to", "concatenate", "conjugate", "from_the_end", "imaginary", "kept", "put", "real",
    "reshape", "scatter", "select", "spread", "stack", "sum_axes", "sum_to", "take_index", "transpose",
]  # fmt: skip

_MOST_PLACES = 4  # for each number added: so far it pays to number all elements, since add.at is fast along one axis
_SMALL = 4096  # elements; up to here filling a new array is faster than numpy.broadcast_to


def from_the_end(axis: object, ndim: int) -> tuple[int, ...]:
    """Axes of an array as negative numbers, in order: an int, a tuple, or None for all of them.

    Raises numpy.exceptions.AxisError for an axis that does not exist, ValueError for one named twice.

    >>> from_the_end((0, -1), 3)
    (-3, -1)
    """
    if axis is None:
        return tuple(range(-ndim, 0))
    axes = []
    for item in axis if isinstance(axis, (tuple, list)) else (axis,):
        at = operator.index(item)
        if not -ndim <= at < ndim:
            raise np.exceptions.AxisError(at, ndim)
        axes.append(at - ndim if at >= 0 else at)
    if len(set(axes)) < len(axes):
        msg = f"axis {axis} names an axis twice"
        raise ValueError(msg)
    return tuple(sorted(axes))


def kept(shape: Sequence[int], axes: Sequence[int]) -> tuple[int, ...]:
    """`shape` with length one in place of `axes`."""
    lengths = list(shape)
    for axis in axes:
        lengths[axis] = 1
    return tuple(lengths)


# ---- sums, and copies along axes ----------------------------------------------------------------


def _broadcast(x: Floats | float, shape: tuple[int, ...]) -> Floats:
    if math.prod(shape) > _SMALL:
        return np.broadcast_to(x, shape)
    filled: Floats = np.empty(shape, np.asarray(x).dtype)
    filled[...] = x  # raises ValueError where it does not fit
    return filled


def _broadcast_lanes(size: int, x: object, shape: tuple[int, ...]) -> object:
    lane = shape_of(x)[1:]
    padded = reshape(x, shape=(size, *[1] * (len(shape) - len(lane)), *lane))
    return broadcast_to(padded, shape=(size, *shape))


def sum_to(g: object, shape: tuple[int, ...]) -> object:
    """`g` summed over the axes along which `shape` was broadcast to it: the transpose of `broadcast_to`."""
    found = shape_of(g)
    if found == shape:
        return g
    more = len(found) - len(shape)
    axes = [axis - len(found) for axis in range(more)]
    axes += [axis - len(shape) for axis, length in enumerate(shape) if length == 1 and found[more + axis] != 1]
    if isinstance(g, np.ndarray):  # as below, with nobody to record it
        return np.add.reduce(g, axis=tuple(axes)).reshape(shape)
    summed = sum_axes(g, axes=tuple(axes))
    return summed if shape_of(summed) == shape else reshape(summed, shape=shape)


broadcast_to: Linear = Linear(
    "broadcast_to", _broadcast, lambda g, x, shape: sum_to(g, shape_of(x)), {"shape": tuple}, _broadcast_lanes
)


def spread(g: object, x: object, axes: Sequence[int]) -> object:
    """`g`, in which `axes` of `x` were dropped, along those again: the shape of `x`."""
    shape = shape_of(x)
    if isinstance(g, np.ndarray):  # as below, with nobody to record it
        return _broadcast(g.reshape(kept(shape, axes)), shape)
    if len(axes) == len(shape):  # a number
        return broadcast_to(g, shape=shape)
    return broadcast_to(reshape(g, shape=kept(shape, axes)), shape=shape)


# Drops `axes`.
sum_axes: Linear = Linear(
    "sum",
    lambda x, axes: np.add.reduce(x, axis=axes),
    spread,
    {"axes": tuple},
)

# ---- shapes -------------------------------------------------------------------------------------

reshape: Linear = Linear(
    "reshape",
    np.reshape,
    lambda g, x, shape: reshape(g, shape=shape_of(x)),
    {"shape": tuple},
    lambda size, x, shape: reshape(x, shape=(size, *shape)),
)


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    places = {axis: place for place, axis in enumerate(axes)}
    return tuple(places[axis] for axis in range(len(axes)))


# `axes` is a permutation of 0 .. ndim - 1
transpose: Linear = Linear(
    "transpose",
    np.transpose,
    lambda g, x, axes: transpose(g, axes=_inverse(axes)),
    {"axes": tuple},
    lambda size, x, axes: transpose(x, axes=(0, *(axis + 1 for axis in axes))),
)

# ---- parts --------------------------------------------------------------------------------------


def _scattered(g: Floats | float, index: FrozenIndex, shape: tuple[int, ...]) -> Floats:
    zeros: Floats = np.zeros(shape, np.asarray(g).dtype)
    add_at(zeros, index, g)
    return zeros


def add_at(total: Floats, index: FrozenIndex, g: Floats | float) -> None:
    """Add `g` to a part of `total`, in place; an element that is named twice gets both."""
    if not any(isinstance(entry, np.ndarray) and entry.dtype != bool for entry in index.index):
        total[index.index] += g  # type: ignore[index]  # NumPy's stubs know no None and Ellipsis here
    elif total.flags.c_contiguous and total.size <= _MOST_PLACES * np.size(g):
        places = np.arange(total.size).reshape(total.shape)[index.index]  # type: ignore[index]  # as above
        np.add.at(total.reshape(-1), places.reshape(-1), np.broadcast_to(g, places.shape).reshape(-1))
    else:
        np.add.at(total, index.index, g)  # type: ignore[arg-type]  # nor a tuple


def _separated(index: FrozenIndex) -> bool:
    """Whether arrays in an index stand apart, so that NumPy puts their axes first."""
    places = [i for i, entry in enumerate(index.index) if isinstance(entry, (np.ndarray, int))]
    has_array = any(isinstance(entry, np.ndarray) for entry in index.index)
    return has_array and places[-1] - places[0] >= len(places)


def _advanced_axes(entries: FrozenIndex) -> int:
    """How many axes the arrays of an index have together."""
    counts = [len(entry.nonzero()) and 1 if entry.dtype == bool else entry.ndim for entry in _arrays_of(entries)]
    return max(counts)


def _arrays_of(entries: FrozenIndex) -> list[Floats]:
    return [entry for entry in entries.index if isinstance(entry, np.ndarray)]


def _index_lanes(size: int, x: object, index: FrozenIndex) -> object:
    del size
    part = take_index(x, index=index.behind(1))
    if not _separated(index):
        return part
    axes = _advanced_axes(index)  # now in front of the lanes
    order = (axes, *range(axes), *range(axes + 1, len(shape_of(part))))
    return transpose(part, axes=order)


def _as_part(g: object, index: FrozenIndex) -> object:
    """A part of an array with lanes in front, with its axes as NumPy has them in that part of the array with lanes."""
    if not _separated(index):
        return g
    axes = _advanced_axes(index)
    return transpose(g, axes=(*range(1, axes + 1), 0, *range(axes + 1, len(shape_of(g)))))


def _scatter_lanes(size: int, g: object, index: FrozenIndex, shape: tuple[int, ...]) -> object:
    return scatter(_as_part(g, index), index=index.behind(1), shape=(size, *shape))


# x[index], and zeros but for a part
take_index: Linear = Linear(
    "index",
    lambda x, index: x[index.index],
    lambda g, x, index: scatter(g, index=index, shape=shape_of(x)),
    {"index": FrozenIndex},
    _index_lanes,
)
scatter: Linear = Linear(
    "scatter",
    _scattered,
    lambda g, x, index, shape: take_index(g, index=index),
    {"index": FrozenIndex, "shape": tuple},
    _scatter_lanes,
)


def _replaced(x: Floats | float, values: Floats | float, index: FrozenIndex) -> Floats:
    changed: Floats = np.array(x)
    changed[index.index] = values  # type: ignore[index]  # nor None and Ellipsis
    return changed


def _kept_values(index: FrozenIndex, shape: tuple[int, ...]) -> object:
    """Which of the values that are put into a part remain there: the last, where an element is named twice."""
    last: Floats = np.zeros(shape)
    part = last[index.index]  # type: ignore[index]  # as above
    order = np.arange(float(part.size)).reshape(part.shape)
    return _replaced(last, order, index)[index.index] == order  # type: ignore[index]  # as above


def _put_back(g: object, operands: Sequence[object], index: FrozenIndex) -> list[object]:
    """The transpose of `put`: what came from the array, and what came from the values."""
    part = take_index(g, index=index)
    if _arrays_of(index):
        part = select(_kept_values(index, shape_of(operands[0])), part, 0.0)
    return [put(g, zeros_like(part), index=index), part]


# A copy of x in which x[index] is replaced by values of that very shape.
put: Joint = Joint(
    "put",
    _replaced,
    _put_back,
    {"index": FrozenIndex},
    lambda size, x, values, index: put(x, _as_part(values, index), index=index.behind(1)),
)


def _parted(g: object, operands: Sequence[object], axis: int) -> list[object]:
    """The transpose of `concatenate`: the part of `g` that came from each operand."""
    parts: list[object] = []
    start = 0
    behind = (slice(None),) * (-axis - 1)
    for x in operands:
        stop = start + shape_of(x)[axis]
        parts.append(take_index(g, index=FrozenIndex((Ellipsis, slice(start, stop), *behind))))
        start = stop
    return parts


# Along an existing axis, counted from the end.
concatenate: Joint = Joint(
    "concatenate",
    lambda *xs, axis: np.concatenate(xs, axis),
    _parted,
    {"axis": int},
    lambda size, *xs, axis: concatenate(*xs, axis=axis),
)


def _stacked(*xs: Floats | float, axis: int) -> Floats:
    return np.array(xs) if all(type(x) is float for x in xs) else np.stack(xs, axis)


def _unstacked(g: object, operands: Sequence[object], axis: int) -> list[object]:
    behind = (slice(None),) * (-axis - 1)
    return [take_index(g, index=FrozenIndex((Ellipsis, i, *behind))) for i in range(len(operands))]


# Along a new axis, counted from the end of the result.
stack: Joint = Joint("stack", _stacked, _unstacked, {"axis": int}, lambda size, *xs, axis: stack(*xs, axis=axis))

# ---- kinds of number ----------------------------------------------------------------------------

astype: Linear = Linear(
    "astype",
    lambda x, dtype: np.asarray(x).astype(dtype),
    lambda g, x, dtype: g,  # the sweep brings every cotangent to the dtype of its operand
    {"dtype": str},
)

# Complex numbers stand between real arguments and real results only. The tangent of z = x + iy is dx + i dy, and its
# cotangent is dL/dx - i dL/dy: the change of L is then the real part of their product, as it is for real numbers. So
# the rule of a holomorphic function holds as it is, in both modes, and a Linear or Multilinear operation has the same
# transpose, without conjugates. Whatever becomes real on the way (a cotangent of a real operand, a tangent of a real
# value) is the real part of what the rule says: `cotangents.fitted` and `forward` take it. For the real value of a
# complex operand, as of abs, the partial is therefore d/dx - i d/dy; other operations that are not holomorphic refuse.
real: Linear = Linear("real", lambda z: np.real(z).copy(), lambda g, z: g)
imaginary: Linear = Linear("imag", lambda z: np.imag(z).copy(), lambda g, z: g * -1j)
conjugate: Linear = Linear("conj", np.conj, lambda g, z: conjugate(g))


# ---- one or the other ---------------------------------------------------------------------------


class _Select(WholeArrays):
    """Where a condition holds the one, elsewhere the other. What is not taken gets a cotangent of exactly zero."""

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        del out
        return self.evaluate((operands[0], tangents.get(1, 0.0), tangents.get(2, 0.0)), params)

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del out
        branches = {1: (operands[0], g, 0.0), 2: (operands[0], 0.0, g)}
        return {position: self.evaluate(branches[position], params) for position in wanted if position}


select = _Select("select", 3, np.where)
