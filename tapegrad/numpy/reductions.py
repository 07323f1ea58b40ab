"""Elements along axes to one: sums, means, products, extremes, and the softmax family."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from tapegrad import dispatch
from tapegrad.arrays import AnyArray
from tapegrad.maps import WholeArrays, shape_of
from tapegrad.masks import Mask, observe
from tapegrad.methods import Axis
from tapegrad.numpy.signatures import ArrayLike, answers, deciding, operand, reducing, shaping
from tapegrad.ops import reductions
from tapegrad.ops.exponential import exp
from tapegrad.ops.selection import is_not_equal
from tapegrad.ops.shape import from_the_end, kept, reshape, select, sum_axes
from tapegrad.primitive import Operand
from tapegrad.typing import Static
from tapegrad.variables import Var

__all__ = [
    "all", "amax", "amin", "any", "count_nonzero", "log_softmax", "logsumexp", "max", "mean", "min", "nanmax",
    "nanmean", "nanmin", "nanprod", "nansum", "prod", "ptp", "softmax", "sum",
]  # fmt: skip


def reduced(operation: WholeArrays, x: Var, axis: Axis, keepdims: bool, **facts: Static) -> Var:
    """An operation along axes as NumPy states them."""
    shape = shape_of(x)
    return _reduced(operation, x, shape, from_the_end(axis, len(shape)), keepdims, **facts)


def _reduced(
    operation: WholeArrays, x: Var, shape: Sequence[int], axes: tuple[int, ...], keepdims: bool, **facts: Static
) -> Var:
    out = operation(x, axes=axes, **facts)
    return reshaped(out, kept(shape, axes)) if keepdims else out


def reshaped(out: object, shape: tuple[int, ...]) -> Var:
    """In another shape. A scalar of NumPy is made an array, which keeps its dtype as an operand."""
    return cast(Var, reshape(np.asarray(out) if isinstance(out, np.generic) else out, shape=shape))


def along(operation: WholeArrays, x: object, axis: Axis, keepdims: bool) -> Var:
    """As `reduced`, where nothing is to be done along no axes."""
    x = operand(x)
    shape = shape_of(x)
    axes = from_the_end(axis, len(shape))
    return _reduced(operation, x, shape, axes, keepdims) if axes else x


def count(x: object, axis: Axis) -> int:
    """How many elements become one."""
    shape = shape_of(x)
    return math.prod(shape[i] for i in from_the_end(axis, len(shape)))


def ratio(x: Var, y: Var | float) -> Var:
    """x / y, of which NumPy warns where y is 0."""
    with np.errstate(all="ignore"):
        return x / y


# ---- sums, means, products ----------------------------------------------------------------------


@reducing(np.sum)
def sum(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The sum of the elements; of none it is 0."""
    return along(sum_axes, x, axis, keepdims)


@reducing(np.mean)
def mean(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The mean of the elements; of none it is nan."""
    x = operand(x)
    return ratio(along(sum_axes, x, axis, keepdims), float(count(x, axis)))


@reducing(np.prod)
def prod(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The product of the elements, right to every order where some are zero; of none it is 1."""
    return along(reductions.prod, x, axis, keepdims)


# ---- extremes -----------------------------------------------------------------------------------


def _extreme(operation: WholeArrays, x: object, axis: Axis, keepdims: bool) -> Var:
    x = operand(x)
    if count(x, axis) == 0:
        msg = f"{operation.name}: there is no largest or smallest of no elements, in an array of shape {shape_of(x)}"
        raise ValueError(msg)
    return along(operation, x, axis, keepdims)


@reducing(np.max)
def max(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The largest element; those that have its value share the derivative equally. Raises ValueError if there is none.

    nan is larger than anything.
    """
    return _extreme(reductions.maximum_along, x, axis, keepdims)


@reducing(np.min)
def min(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The smallest element, as `max`."""
    return _extreme(reductions.minimum_along, x, axis, keepdims)


amax, amin = max, min
dispatch.register("amax", max, np.amax)
dispatch.register("amin", min, np.amin)


@reducing(np.ptp)
def ptp(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The largest element less the smallest."""
    x = operand(x)
    return max(x, axis, keepdims) - min(x, axis, keepdims)


# ---- without nan --------------------------------------------------------------------------------


def without_nan(x: Var, instead: object) -> Var:
    """`x`, with something instead of nan; those elements have derivative zero."""
    return cast(Var, select(is_not_equal(x, x), instead, x))


@reducing(np.nansum)
def nansum(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The sum of the elements that are not nan."""
    return sum(without_nan(operand(x), 0.0), axis, keepdims)


@reducing(np.nanprod)
def nanprod(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The product of the elements that are not nan."""
    return prod(without_nan(operand(x), 1.0), axis, keepdims)


@reducing(np.nanmax)
def nanmax(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The largest element that is not nan; nan where all are."""
    return _extreme(reductions.nanmax, x, axis, keepdims)


@reducing(np.nanmin)
def nanmin(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The smallest element that is not nan; nan where all are."""
    return _extreme(reductions.nanmin, x, axis, keepdims)


@reducing(np.nanmean)
def nanmean(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The mean of the elements that are not nan; nan where all are."""
    x = operand(x)
    total = nansum(x, axis, keepdims)
    return ratio(total, reduced(reductions.numbers_left, x, axis, keepdims, ddof=0.0))


# ---- sums of exponentials -----------------------------------------------------------------------


@reducing(None)
def logsumexp(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """log(sum(exp(x))), which neither overflows nor loses small terms; of none it is -inf. SciPy's name."""
    return along(reductions.logsumexp, x, axis, keepdims)


@shaping(None)
def log_softmax(x: Var, axis: Axis = -1) -> Var:
    """The logarithms of `softmax`, accurate where those are next to 0 or 1: ``(..., n) -> (..., n)``."""
    x = operand(x)
    return reductions.log_softmax(x, axes=from_the_end(axis, len(shape_of(x))))


@shaping(None)
def softmax(x: Var, axis: Axis = -1) -> Var:
    """Exponentials that are scaled to sum to one along `axis`: ``(..., n) -> (..., n)``."""
    return exp(log_softmax(x, axis))


# ---- questions ----------------------------------------------------------------------------------


def _answered(out: object) -> bool | npt.NDArray[np.bool_]:
    """An answer to look at: an array of answers remembers where it comes from, one answer is a guard of the tape."""
    if not isinstance(out, Operand):
        return cast("npt.NDArray[np.bool_]", out)
    return cast("npt.NDArray[np.bool_]", Mask(out)) if shape_of(out) else bool(observe(out))


@deciding(np.all)
def all(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> bool | npt.NDArray[np.bool_]:
    """Whether no element is zero or False."""
    return _answered(reduced(reductions.all_along, operand(x), axis, keepdims))


@deciding(np.any)
def any(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> bool | npt.NDArray[np.bool_]:
    """Whether some element is not zero."""
    return _answered(reduced(reductions.any_along, operand(x), axis, keepdims))


@answers(np.count_nonzero)
def count_nonzero(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> int | npt.NDArray[np.intp]:
    """How many elements are not zero, as plain integers; the tape notes what was seen."""
    counts = observe(reduced(reductions.count_nonzero, operand(x), axis, keepdims))
    return cast("npt.NDArray[np.intp]", counts) if np.ndim(cast(AnyArray, counts)) else int(cast(int, counts))
