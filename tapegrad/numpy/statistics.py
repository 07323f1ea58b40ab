"""Averages, deviations, correlations, and counts in bins."""

from __future__ import annotations

import math
from typing import Literal, cast

import numpy as np

from tapegrad.arrays import AnyArray, FrozenIndex
from tapegrad.maps import shape_of
from tapegrad.masks import observe
from tapegrad.methods import Axis
from tapegrad.numpy.differences import diff
from tapegrad.numpy.reductions import count, max, mean, min, nanmean, nanmin, ratio, reduced, sum, without_nan
from tapegrad.numpy.signatures import ArrayLike, answers, deviating, operand, weighing
from tapegrad.numpy.sorting import Indices, searchsorted
from tapegrad.ops import shape as moves
from tapegrad.ops.exponential import sqrt, square
from tapegrad.ops.products import flipped, product
from tapegrad.ops.reductions import centred, norm, numbers_left
from tapegrad.ops.shape import from_the_end, kept, reshape
from tapegrad.ops.structural import stop_gradient
from tapegrad.ops.trigonometric import hypot
from tapegrad.primitive import concrete
from tapegrad.variables import ArrayVar, Var

__all__ = [
    "average", "bincount", "corrcoef", "cov", "digitize", "histogram", "nanstd", "nanvar", "std", "var",
]  # fmt: skip

# ---- averages -----------------------------------------------------------------------------------


@answers(np.average)
def average(
    x: ArrayLike,
    axis: Axis = None,
    weights: ArrayLike | None = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Var | AnyArray | float | tuple[Var | AnyArray | float, Var | AnyArray | float]:
    """The mean, or the sum of ``weights * x`` over that of the weights; with `returned` this sum as well.

    Weights have the shape of `x`, or that of `axis` of it. Raises ValueError if they do not fit, ZeroDivisionError if
    they sum to zero.
    """
    x = operand(x)
    if weights is None:
        total: Var = operand(float(count(x, axis)))
        found = mean(x, axis, keepdims)
    else:
        weighing = _fitting(operand(weights), shape_of(x), axis)
        total = sum(weighing, axis, keepdims)
        if np.any(np.equal(cast(AnyArray, concrete(total)), 0.0)):
            msg = f"average: the weights sum to zero, along axis {axis} of an array of shape {shape_of(x)}"
            raise ZeroDivisionError(msg)
        found = sum(x * weighing, axis, keepdims) / total
    if not returned:
        return found
    return found, total if shape_of(total) == shape_of(found) else moves.broadcast_to(total, shape=shape_of(found))


def _fitting(weights: Var, shape: tuple[int, ...], axis: Axis) -> Var:
    """Weights in the shape of the array: those along `axis` are repeated along the others."""
    if shape_of(weights) == shape:
        return weights
    stated = [at % len(shape) for at in (axis if isinstance(axis, tuple) else () if axis is None else (axis,))]
    if shape_of(weights) != tuple(shape[at] for at in stated):
        msg = f"average: weights of shape {shape_of(weights)} fit neither {shape} nor axis {axis} of it"
        raise ValueError(msg)
    ordered = moves.transpose(weights, axes=tuple(np.argsort(stated).tolist())) if len(stated) > 1 else weights
    others = [at for at in range(len(shape)) if at not in stated]
    return moves.broadcast_to(reshape(ordered, shape=kept(shape, others)), shape=shape)


# ---- deviations ---------------------------------------------------------------------------------


def _degrees(number: int, ddof: float, correction: float | None) -> float:
    """The degrees of freedom that are left."""
    return float(np.maximum(number - (ddof if correction is None else correction), 0.0))


def _is_complex(x: object) -> bool:
    return np.iscomplexobj(cast(AnyArray, concrete(x)))


@deviating(np.var)
def var(
    x: Var, axis: Axis = None, ddof: float = 0.0, keepdims: bool = False, *, correction: float | None = None
) -> Var:
    """The mean square of the distance to the mean, over ``n - ddof``; `correction` is a second name for `ddof`."""
    x = operand(x)
    if _is_complex(x):
        first, second = (
            var(part, axis, ddof, keepdims, correction=correction) for part in (moves.real(x), moves.imaginary(x))
        )
        return first + second
    around = centred(x, axes=from_the_end(axis, len(shape_of(x))))
    return ratio(sum(square(around), axis, keepdims), _degrees(count(x, axis), ddof, correction))


@deviating(np.std)
def std(
    x: Var, axis: Axis = None, ddof: float = 0.0, keepdims: bool = False, *, correction: float | None = None
) -> Var:
    """The root of `var`. Where all elements are alike its derivative is zero."""
    x = operand(x)
    if _is_complex(x):
        first, second = (
            std(part, axis, ddof, keepdims, correction=correction) for part in (moves.real(x), moves.imaginary(x))
        )
        return hypot(first, second)
    around = centred(x, axes=from_the_end(axis, len(shape_of(x))))
    return ratio(reduced(norm, around, axis, keepdims), math.sqrt(_degrees(count(x, axis), ddof, correction)))


def _numbers_centred(x: Var, axis: Axis) -> Var:
    """The elements less the mean of those that are not nan; 0 instead of nan, unless all are."""
    start = stop_gradient(nanmin(x, axis, keepdims=True))  # so that elements that are alike are exactly their mean
    filled = without_nan(x, start + nanmean(x - start, axis, keepdims=True))
    return centred(filled, axes=from_the_end(axis, len(shape_of(x))))


@deviating(np.nanvar)
def nanvar(
    x: Var, axis: Axis = None, ddof: float = 0.0, keepdims: bool = False, *, correction: float | None = None
) -> Var:
    """The variance of the elements that are not nan; nan where too few are left."""
    x = operand(x)
    left = reduced(numbers_left, x, axis, keepdims, ddof=float(ddof if correction is None else correction))
    return ratio(sum(square(_numbers_centred(x, axis)), axis, keepdims), left)


@deviating(np.nanstd)
def nanstd(
    x: Var, axis: Axis = None, ddof: float = 0.0, keepdims: bool = False, *, correction: float | None = None
) -> Var:
    """The root of `nanvar`. Where all elements are alike its derivative is zero."""
    x = operand(x)
    left = reduced(numbers_left, x, axis, keepdims, ddof=float(ddof if correction is None else correction))
    return ratio(reduced(norm, _numbers_centred(x, axis), axis, keepdims), sqrt(left))


# ---- correlations -------------------------------------------------------------------------------


def _variables(x: ArrayLike, y: ArrayLike | None, rowvar: bool) -> Var:
    """Observations of variables, ``(variables, observations)``, less their means."""
    rows = [_as_rows(operand(one), rowvar) for one in (x, y) if one is not None]
    return centred(rows[0] if len(rows) == 1 else moves.concatenate(*rows, axis=-2), axes=(-1,))


def _as_rows(x: Var, rowvar: bool) -> Var:
    shape = shape_of(x)
    if len(shape) > 2 or _is_complex(x):
        msg = f"observations are a real vector or matrix, not an array of shape {shape}"
        raise ValueError(msg)
    if len(shape) < 2:
        return reshape(x, shape=(1, math.prod(shape)))
    return x if rowvar else flipped(x)


def _squeezed(matrix: Var) -> Var:
    return reshape(matrix, shape=()) if shape_of(matrix) == (1, 1) else matrix


@weighing(np.cov)
def cov(
    x: Var,
    y: ArrayLike | None = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: float | None = None,
    fweights: ArrayLike | None = None,
    aweights: ArrayLike | None = None,
) -> Var:
    """The covariances of variables: ``(variables, observations) -> (variables, variables)``.

    A vector is one variable, whose variance is a number. `y` has further variables; without `rowvar` they stand in
    columns. Sums are over ``n - ddof``, where `ddof` is 0 with `bias`, else 1. Of each observation `fweights` says how
    often it was made, `aweights` how much it counts.
    """
    around = _variables(x, y, rowvar)
    taken = 0.0 if bias else 1.0
    if fweights is None and aweights is None:
        return _squeezed(ratio(product(around, flipped(around)), _degrees(shape_of(around)[-1], taken, ddof)))
    often, much = (operand(1.0 if weights is None else weights) for weights in (fweights, aweights))
    weights = often * much
    total = sum(weights)
    around = around - sum(around * weights, axis=-1, keepdims=True) / total
    left = total - (taken if ddof is None else ddof) * sum(weights * much) / total
    return _squeezed(ratio(product(around * weights, flipped(around)), left))


@weighing(np.corrcoef)
def corrcoef(x: Var, y: ArrayLike | None = None, rowvar: bool = True) -> Var:
    """The correlations of variables, which stand as for `cov`; nan with one that does not vary."""
    around = _variables(x, y, rowvar)
    lengths = norm(around, axes=(-1,))
    scaled = ratio(around, reshape(lengths, shape=(*shape_of(lengths), 1)))
    return _squeezed(product(scaled, flipped(scaled)))


# ---- counts in bins -----------------------------------------------------------------------------


@answers(np.digitize)
def digitize(x: ArrayLike, bins: ArrayLike, right: bool = False) -> Indices:
    """In which of the bins each element is, whose edges rise or fall; 0 is before the first. See `searchsorted`."""
    edges = operand(bins)
    plain = np.asarray(concrete(edges))
    side: Literal["left", "right"] = "left" if right else "right"
    if (np.diff(plain) >= 0.0).all():
        return searchsorted(edges, x, side=side)
    if not (np.diff(plain) <= 0.0).all():
        msg = "digitize: the edges of bins neither rise nor fall"
        raise ValueError(msg)
    return plain.size - searchsorted(moves.take_index(edges, index=FrozenIndex(slice(None, None, -1))), x, side=side)


@answers(np.bincount)
def bincount(x: ArrayLike, weights: ArrayLike | None = None, minlength: int = 0) -> ArrayVar | AnyArray:
    """How often each integer from 0 on occurs in `x`; or the sum of the weights of its occurrences."""
    places = np.asarray(observe(operand(x)))
    counts: AnyArray = np.bincount(places, minlength=minlength)  # raises for what is no vector of such integers
    if weights is None:
        return counts
    return cast(ArrayVar, moves.scatter(operand(weights), index=FrozenIndex(places), shape=counts.shape))


@answers(np.histogram)
def histogram(
    x: ArrayLike, bins: int | ArrayLike = 10, range: tuple[float, float] | None = None, density: bool = False
) -> tuple[ArrayVar | AnyArray, ArrayVar | AnyArray]:
    """How many elements are in each bin, and the edges of the bins, which lie evenly in the range of `x` if not given.

    The counts are plain; the edges, and so the densities, follow the smallest and the largest element.
    """
    values = operand(x)
    edges = bins if isinstance(bins, int) else operand(bins)
    seen = cast(AnyArray, observe(values))
    counts, found = np.histogram(seen, bins if isinstance(bins, int) else cast(AnyArray, observe(edges)), range)
    if isinstance(bins, int):
        edges = operand(found)
        if range is None and seen.size and seen.min() < seen.max():
            low, high = min(values), max(values)
            edges = low + (high - low) * np.linspace(0.0, 1.0, bins + 1)
    if not density:
        return counts, cast(ArrayVar, edges)
    return cast(ArrayVar, counts / (diff(edges) * float(counts.sum()))), cast(ArrayVar, edges)
