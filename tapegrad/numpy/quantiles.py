"""Medians, quantiles, percentiles: elements by their rank."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from tapegrad.arrays import AnyArray
from tapegrad.elementwise import times
from tapegrad.maps import shape_of
from tapegrad.masks import observe
from tapegrad.methods import Axis
from tapegrad.numpy.differences import part
from tapegrad.numpy.reductions import mean, reshaped
from tapegrad.numpy.signatures import ArrayLike, operand, reducing, weighing
from tapegrad.numpy.sorting import Indices
from tapegrad.ops import sorting
from tapegrad.ops.arithmetic import floor
from tapegrad.ops.gather import take_along
from tapegrad.ops.reductions import behind
from tapegrad.ops.shape import from_the_end, kept, reshape, transpose
from tapegrad.primitive import concrete
from tapegrad.variables import Var

__all__ = ["median", "nanmedian", "percentile", "quantile"]


def _rows(x: Var, axis: Axis) -> Var:
    """The elements along `axis` behind the others, in one axis."""
    return cast(Var, behind(x, from_the_end(axis, len(shape_of(x))))[0])


def _reshaped(out: Var, x: Var, axis: Axis, keepdims: bool, front: tuple[int, ...] = ()) -> Var:
    """What became of rows, with the axes that were asked for."""
    shape = shape_of(x)
    return reshaped(out, (*front, *kept(shape, from_the_end(axis, len(shape))))) if keepdims else out


@reducing(np.median)
def median(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The middle element, or the mean of the two; nan where any is. Of none it is nan."""
    x = operand(x)
    rows = _rows(x, axis)
    number = shape_of(rows)[-1]
    if number == 0:
        return mean(x, axis, keepdims)
    where = sorting.ranked(rows, ranks=tuple(sorted({(number - 1) // 2, number // 2})))
    return _reshaped(mean(take_along(rows, where, axis=-1), axis=-1), x, axis, keepdims)


@reducing(np.nanmedian)
def nanmedian(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The median of the elements that are not nan; nan where all are."""
    x = operand(x)
    rows = _rows(x, axis)
    if shape_of(rows)[-1] == 0:
        return mean(x, axis, keepdims)
    return _reshaped(mean(take_along(rows, sorting.nan_middle(rows), axis=-1), axis=-1), x, axis, keepdims)


# Which place stands for one between two elements.
_ROUNDED: dict[str, Callable[[AnyArray], AnyArray]] = {
    "lower": np.floor,
    "higher": np.ceil,
    "midpoint": lambda place: (np.floor(place) + np.ceil(place)) / 2.0,
    "nearest": np.rint,
}


@weighing(np.quantile)
def quantile(x: Var, q: ArrayLike, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Var:
    """The elements at the parts `q` of the way from the smallest to the largest, between two by a straight line.

    The axes of `q` come first. With `method` 'lower', 'higher', 'midpoint' or 'nearest' the place between is
    rounded. nan where any element is. Raises ValueError for a `q` outside of 0 to 1, or no elements.
    """
    x, q = operand(x), operand(q)
    rows = _rows(x, axis)
    number = shape_of(rows)[-1]
    plain = np.asarray(concrete(q))
    if method != "linear" and method not in _ROUNDED:
        msg = f"quantile takes method='linear', {', '.join(map(repr, _ROUNDED))}, not {method!r}"
        raise ValueError(msg)
    if not ((plain >= 0.0) & (plain <= 1.0)).all() or number == 0:
        msg = f"a quantile is between 0 and 1, of at least one element; q is {plain}, the shape {shape_of(x)}"
        raise ValueError(msg)
    place = q * float(number - 1)
    if method != "linear":
        place = operand(_ROUNDED[method](cast(AnyArray, observe(place))))
    low = np.asarray(observe(floor(place))).astype(int)
    way = place - (low.astype(float) if low.ndim else float(low))
    between = _between(rows, low.ravel(), way)
    front = shape_of(q)
    out = reshape(_last_first(between), shape=(*front, *shape_of(rows)[:-1]))
    return _reshaped(out, x, axis, keepdims, front)


def _between(rows: Var, low: Indices, way: Var) -> Var:
    """From the elements of ranks `low`, that part of the way to the next: ``(..., n) -> (..., m)``."""
    high = np.minimum(low + 1, shape_of(rows)[-1] - 1)
    where = sorting.ranked(rows, ranks=(*low.tolist(), *high.tolist()))
    found = take_along(rows, where, axis=-1)
    below, above = part(found, -1, 0, low.size), part(found, -1, low.size)
    share = reshape(way, shape=low.shape) if shape_of(way) else way
    with np.errstate(all="ignore"):
        return below + cast(Var, times(share, above - below))  # nothing of an infinite neighbour that is not asked for


def _last_first(x: Var) -> Var:
    ndim = len(shape_of(x))
    return x if ndim == 1 else transpose(x, axes=(ndim - 1, *range(ndim - 1)))


@weighing(np.percentile)
def percentile(x: Var, q: ArrayLike, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Var:
    """The `quantile` at `q` hundredths."""
    return quantile(operand(x), operand(q) / 100.0, axis, method, keepdims)
