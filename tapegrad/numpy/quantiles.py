"""Medians, quantiles, percentiles: elements by their rank."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import numpy as np

from tapegrad.elementwise import times
from tapegrad.maps import shape_of
from tapegrad.masks import observe
from tapegrad.methods import Axis
from tapegrad.numpy.differences import part
from tapegrad.numpy.reductions import mean, reshaped, without_nan
from tapegrad.numpy.signatures import ArrayLike, operand, reducing, weighing
from tapegrad.numpy.sorting import Indices, sort
from tapegrad.ops import sorting
from tapegrad.ops.arithmetic import ceil, floor
from tapegrad.ops.gather import as_integers, take_along
from tapegrad.ops.reductions import behind, numbers_left
from tapegrad.ops.rounding import rint
from tapegrad.ops.selection import minimum
from tapegrad.ops.shape import from_the_end, kept, reshape, transpose
from tapegrad.primitive import concrete
from tapegrad.variables import Var

__all__ = ["median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"]


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
_ROUNDED: dict[str, Callable[[Var], object]] = {
    "linear": lambda place: place,
    "lower": floor,
    "higher": ceil,
    "midpoint": lambda place: (floor(place) + ceil(place)) * 0.5,
    "nearest": rint,
}


def _check(q: Var, method: str, rows: Var) -> None:
    """Raises ValueError for what is no quantile, or no method, or if there are no elements."""
    if method not in _ROUNDED:
        msg = f"a quantile takes method={', '.join(map(repr, _ROUNDED))}, not {method!r}"
        raise ValueError(msg)
    plain = np.asarray(concrete(q))
    if not ((plain >= 0.0) & (plain <= 1.0)).all() or shape_of(rows)[-1] == 0:
        msg = (
            f"a quantile is between 0 and 1, of at least one element; q is {plain}, the rows have {shape_of(rows)[-1]}"
        )
        raise ValueError(msg)


@weighing(np.quantile)
def quantile(x: Var, q: ArrayLike, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Var:
    """The elements at the parts `q` of the way from the smallest to the largest, between two by a straight line.

    The axes of `q` come first. With `method` 'lower', 'higher', 'midpoint' or 'nearest' the place between is
    rounded. nan where any element is. Raises ValueError for a `q` outside of 0 to 1, or no elements.
    """
    x, q = operand(x), operand(q)
    rows = _rows(x, axis)
    _check(q, method, rows)
    place = operand(_ROUNDED[method](q * float(shape_of(rows)[-1] - 1)))
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


@weighing(np.nanquantile)
def nanquantile(x: Var, q: ArrayLike, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Var:
    """The `quantile` of the elements that are not nan; nan where all are."""
    x, q = operand(x), operand(q)
    rows = _rows(x, axis)
    _check(q, method, rows)
    front, others = shape_of(q), shape_of(rows)[:-1]
    last = reshape(without_nan(numbers_left(rows, axes=(-1,), ddof=0.0), 1.0), shape=(*others, 1)) - 1.0
    place = operand(_ROUNDED[method](last * (reshape(q, shape=(math.prod(front),)) if front else q)))
    low = floor(place)
    below, above = (
        take_along(sort(rows), as_integers(rank, dtype="<i8"), axis=-1) for rank in (low, minimum(low + 1.0, last))
    )
    between = below + cast(Var, times(place - low, above - below))
    out = reshape(_last_first(between), shape=(*front, *others))
    return _reshaped(out, x, axis, keepdims, front)


@weighing(np.nanpercentile)
def nanpercentile(x: Var, q: ArrayLike, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Var:
    """The `nanquantile` at `q` hundredths."""
    return nanquantile(operand(x), operand(q) / 100.0, axis, method, keepdims)
