"""Elements along axes to one: the largest, the product, the logarithm of a sum of exponentials, the length.

Sums, which are linear, are in `tapegrad.ops.shape`. Axes are counted from the end, and dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np

from tapegrad.arrays import AnyArray, Floats, FrozenIndex
from tapegrad.elementwise import times
from tapegrad.errors import OperandError
from tapegrad.maps import Linear, PiecewiseConstant, WholeArrays, shape_of, zeros_like
from tapegrad.ops.arithmetic import divide, is_zero
from tapegrad.ops.exponential import exp
from tapegrad.ops.shape import concatenate, kept, reshape, sum_axes, take_index, transpose
from tapegrad.primitive import Params
from tapegrad.typing import Traced

__all__ = [
    "Reduction", "all_along", "any_along", "behind", "centred", "count_nonzero",
    "cumulate", "keep", "log_softmax",
    "logsumexp", "maximum_along", "minimum_along", "nanmax", "nanmin", "norm", "numbers_left", "prod", "shares",
]  # fmt: skip

Axes = tuple[int, ...]


def keep(out: object, x: object, axes: Axes) -> object:
    """`out`, in which `axes` of `x` were dropped, in a shape that broadcasts with that of `x`."""
    shape = shape_of(x)
    return out if len(axes) == len(shape) else reshape(out, shape=kept(shape, axes))


class Reduction(WholeArrays):
    """Elements along `axes` to one: ``weights(out, x, axes)``, in the shape of `x`, are the derivatives of it.

    In a rule `out` broadcasts with `x`.
    """

    def __init__(self, name: str, compute: Callable[..., object], weights: Callable[..., object]) -> None:
        super().__init__(name, 1, compute, {"axes": tuple})
        self.weights = weights

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        (x,), axes = operands, _axes_of(params)
        return sum_axes(times(tangents[0], self.weights(keep(out, x, axes), x, axes)), axes=axes)

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del wanted  # the one there is
        (x,), axes = operands, _axes_of(params)
        return {0: times(keep(g, x, axes), self.weights(keep(out, x, axes), x, axes))}


def _axes_of(params: Params) -> Axes:
    return cast(Axes, dict(params)["axes"])


def _along(ufunc: np.ufunc) -> Callable[..., object]:
    """The reduction by a universal function, which does not warn."""

    def reduced(x: Floats, axes: Axes) -> object:
        with np.errstate(all="ignore"):
            return ufunc.reduce(x, axis=axes)

    return reduced


def _dropped(x: Floats, axes: Axes) -> Floats:
    """Without `axes`, which have length one; a number is no array."""
    dropped: Floats = np.squeeze(x, axes)[()]
    return dropped


# ---- the largest and the smallest ---------------------------------------------------------------


def _shares(x: Floats, out: Floats, axes: Axes) -> Floats:
    """How the derivative of an extreme is shared: equally, among the elements that have its value."""
    chosen = np.equal(x, out)
    counts = np.add.reduce(chosen, axis=axes, keepdims=True)
    if not counts.all():  # nan: it equals nothing, and belongs to those that are nan
        chosen |= np.not_equal(x, x) & np.not_equal(out, out)
        counts = np.add.reduce(chosen, axis=axes, keepdims=True)
    return np.divide(chosen, counts).astype(x.dtype, copy=False)


shares = PiecewiseConstant("shares", 2, _shares, {"axes": tuple})


def _extreme(name: str, ufunc: np.ufunc) -> Reduction:
    return Reduction(name, _along(ufunc), lambda out, x, axes: shares(x, out, axes=axes))


maximum_along = _extreme("max", np.maximum)
minimum_along = _extreme("min", np.minimum)
nanmax = _extreme("nanmax", np.fmax)  # nan only where all are
nanmin = _extreme("nanmin", np.fmin)

# ---- products -----------------------------------------------------------------------------------


def behind(x: Traced, axes: Axes) -> tuple[Traced, Callable[[Traced], Traced]]:
    """`x` with `axes` behind the others and flattened to one, and the way back."""
    shape = shape_of(x)
    chosen = [axis % len(shape) for axis in axes]
    order = (*[axis for axis in range(len(shape)) if axis not in chosen], *chosen)
    straight = order == tuple(range(len(shape)))
    moved = x if straight else transpose(x, axes=order)
    lengths = tuple(shape[axis] for axis in order)
    others = lengths[: len(shape) - len(chosen)]
    flattened = (*others, math.prod(lengths[len(others) :]))
    flat = moved if flattened == lengths else reshape(moved, shape=flattened)

    def back(y: Traced) -> Traced:
        unflat = y if flattened == lengths else reshape(y, shape=lengths)
        return unflat if straight else transpose(unflat, axes=tuple(np.argsort(order).tolist()))

    return flat, back


def _others(x: Traced) -> Traced:
    """For each element the product of all others along the last axis, without a division: ``(..., n) -> (..., n)``.

    Of halves that are multiplied pair by pair, it is the product of the other pairs, times the partner.
    """
    length = shape_of(x)[-1]
    if length < 2:
        return cast(Traced, zeros_like(x)) + 1.0  # also of inf
    half = length // 2
    left, right, rest = _part(x, 0, half), _part(x, half, 2 * half), _part(x, 2 * half, length)
    found = _others(concatenate(left * right, rest, axis=-1))
    around, unpaired = _part(found, 0, half), _part(found, half, half + 1)
    return concatenate(around * right, around * left, unpaired, axis=-1)


def _part(x: Traced, start: int, stop: int) -> Traced:
    return take_index(x, index=FrozenIndex((Ellipsis, slice(start, stop))))


def _products_of_others(x: Traced, axes: Axes) -> Traced:
    flat, back = behind(x, axes)
    return back(_others(flat))


prod = Reduction("prod", _along(np.multiply), lambda out, x, axes: _products_of_others(x, axes))


def _real(x: Floats) -> Floats:
    """`x` as real floating-point numbers. Raises OperandError for complex ones."""
    x = np.asarray(x)
    if x.dtype.kind == "c":
        msg = "norms, sums of exponentials and softmax are of real numbers; take tnp.real(z) or tnp.abs(z) first"
        raise OperandError(msg)
    return x if x.dtype.kind == "f" else x.astype(np.float64)


# ---- sums of exponentials -----------------------------------------------------------------------


def _logarithms(x: Floats, axes: Axes) -> tuple[Floats, Floats, Floats]:
    """The largest element, how far each is below it, and the logarithm of the sum of the exponentials of that.

    Those that are the same infinity are level. Where the largest is all there is to the sum, the logarithm is that of
    one plus the others, which does not lose them.
    """
    with np.errstate(all="ignore"):
        x = _real(x)
        top = np.maximum.reduce(x, axis=axes, keepdims=True, initial=-np.inf)
        below = np.subtract(x, top)
        if not np.isfinite(top).all():
            below = np.where(np.equal(x, top), x.dtype.type(0.0), below)
        terms = np.exp(below)
        total = np.add.reduce(terms, axis=axes, keepdims=True)
        logarithm = np.log(total)
        alone = np.less(total, 2.0) & np.greater(total, 0.0)
        if alone.any():
            others = np.add.reduce(terms, axis=axes, keepdims=True, where=np.less(below, 0.0))
            logarithm = np.where(alone, np.log1p(others), logarithm)
        return top, below, logarithm


def _logsumexp(x: Floats, axes: Axes) -> Floats:
    top, _, logarithm = _logarithms(x, axes)
    return _dropped(top + logarithm, axes)


def _log_softmax(x: Floats, axes: Axes) -> Floats:
    _, below, logarithm = _logarithms(x, axes)
    return below - logarithm


class _LogSoftmax(WholeArrays):
    """``x - logsumexp(x)``, whose derivative is that of x less softmax's mean of it."""

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        del operands
        t, axes = cast(Traced, tangents[0]), _axes_of(params)
        mean = sum_axes(times(t, exp(cast(Traced, out))), axes=axes)
        return t - cast(Traced, keep(mean, out, axes))

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del operands, wanted  # the one there is
        axes = _axes_of(params)
        total = keep(sum_axes(g, axes=axes), out, axes)
        return {0: cast(Traced, g) - cast(Traced, times(total, exp(cast(Traced, out))))}


log_softmax = _LogSoftmax("log_softmax", 1, _log_softmax, {"axes": tuple})
logsumexp = Reduction("logsumexp", _logsumexp, lambda out, x, axes: exp(log_softmax(x, axes=axes)))

# ---- distances ----------------------------------------------------------------------------------


def _norm(x: Floats, axes: Axes) -> Floats:
    """The root of the sum of squares; scaled where those would overflow or vanish."""
    x = _real(x)
    with np.errstate(all="ignore"):
        squares = np.add.reduce(np.square(x), axis=axes)
        limits = np.finfo(np.asarray(squares).dtype)
        if np.greater(squares, limits.tiny / limits.eps).all() and np.less(squares, np.inf).all():
            plain: Floats = np.sqrt(squares)
            return plain
        scale = np.maximum.reduce(np.abs(x), axis=axes, keepdims=True, initial=0.0)
        scale = np.where((scale > 0.0) & (scale < np.inf), scale, scale.dtype.type(1.0))
        root = np.sqrt(np.add.reduce(np.square(x / scale), axis=axes, keepdims=True))
        return _dropped(scale * root, axes)


# The derivative at zero is zero.
norm = Reduction("norm", _norm, lambda out, x, axes: divide(x, out + is_zero(out)))


def _centred(x: Floats, axes: Axes) -> Floats:
    """x less its mean, and exactly zero where all are alike: how it is shifted before makes no difference."""
    x = np.asarray(x)
    count = math.prod(x.shape[axis] for axis in axes)
    if count == 0:
        return x
    first = tuple(slice(1) if axis - x.ndim in axes else slice(None) for axis in range(x.ndim))
    with np.errstate(all="ignore"):
        shifted: Floats = np.subtract(x, x[first])
        mean: Floats = np.add.reduce(shifted, axis=axes, keepdims=True) / float(count)
        return shifted - mean


# A projection onto the arrays whose mean is zero, which is its own transpose.
centred: Linear = Linear("centred", _centred, lambda g, x, axes: centred(g, axes=axes), {"axes": tuple})

# ---- sums on the way ----------------------------------------------------------------------------


def _cumulated(x: AnyArray, axis: int, reverse: bool) -> AnyArray:
    return np.flip(np.cumsum(np.flip(x, axis), axis), axis) if reverse else np.cumsum(x, axis)


# Of the elements up to each along `axis`, or from each on.
cumulate: Linear = Linear(
    "cumsum",
    _cumulated,
    lambda g, x, axis, reverse: cumulate(g, axis=axis, reverse=not reverse),
    {"axis": int, "reverse": bool},
)

# ---- questions ----------------------------------------------------------------------------------

all_along = PiecewiseConstant("all", 1, _along(np.logical_and), {"axes": tuple})
any_along = PiecewiseConstant("any", 1, _along(np.logical_or), {"axes": tuple})
count_nonzero = PiecewiseConstant(
    "count_nonzero", 1, lambda x, axes: np.add.reduce(np.not_equal(x, 0), axis=axes), {"axes": tuple}
)


def _numbers_left(x: Floats, axes: Axes, ddof: float) -> Floats:
    count = np.add.reduce(np.equal(x, x), axis=axes) - ddof
    left: Floats = np.where(count > 0.0, count, np.nan).astype(np.asarray(x).dtype)[()]
    return left


# How many are not nan, less `ddof`, as the same kind of number to divide by; nan where none are left.
numbers_left = PiecewiseConstant("numbers_left", 1, _numbers_left, {"axes": tuple, "ddof": float})
