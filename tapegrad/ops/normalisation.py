"""Elements brought to mean zero and variance one, as the layers of networks that normalise do."""

from __future__ import annotations

import math
import operator
import string
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from tapegrad.arrays import Floats
from tapegrad.elementwise import times
from tapegrad.maps import WholeArrays, shape_of, zeros_like
from tapegrad.ops.arithmetic import divide
from tapegrad.ops.exponential import sqrt
from tapegrad.ops.reductions import Axes, keep
from tapegrad.ops.shape import sum_axes
from tapegrad.ops.structural import items
from tapegrad.primitive import Params
from tapegrad.spares import computed
from tapegrad.typing import Traced

__all__ = ["standardise"]


def _standardised(x: Floats, axes: Axes, epsilon: float) -> tuple[Floats, Floats, Floats]:
    """What `x` is shifted by first makes no difference: so nothing is lost where it is far from zero."""
    first = x[tuple(slice(1) if axis - x.ndim in axes else slice(None) for axis in range(x.ndim))]
    count = float(_count(x, axes))
    with np.errstate(all="ignore"):
        out = cast(Floats, computed(np.subtract, (x, first)))
        shift = np.add.reduce(out, axis=axes, keepdims=True) / count
        out -= shift
        variance = _products(out, out, axes) / count
        out /= np.sqrt(variance + epsilon).reshape(shift.shape)
    return out, np.squeeze(first + shift, axes), variance


def _count(x: object, axes: Axes) -> int:
    shape = shape_of(x)
    return math.prod(shape[axis] for axis in axes)


def _products(x: Floats, y: Floats, axes: Axes) -> Floats:
    """The sum of x y along `axes`, which are dropped, without an array of the products."""
    every = string.ascii_letters[: x.ndim]
    left = "".join(letter for at, letter in enumerate(every) if at - x.ndim not in axes)
    sums: Floats = np.asarray(np.einsum(f"{every},{every}->{left}", x, y))
    return sums


def _sum_of_products(g: object, x: object, axes: Axes) -> object:
    """The sum of g x along `axes`. Where g is exactly zero so is the product, whatever x is."""
    if isinstance(g, np.ndarray) and isinstance(x, np.ndarray):
        sums = _products(g, x, axes)
        if np.isfinite(sums).all():
            return sums
    return sum_axes(times(g, x), axes=axes)


def _plus(total: object, term: object) -> object:
    """The sum, in the memory of `total` if it is an array, which must be nobody else's."""
    if isinstance(total, np.ndarray) and isinstance(term, np.ndarray):
        return np.add(total, term, out=total)
    return operator.add(total, term)


class _Standardise(WholeArrays):
    """The rule is that of Ioffe and Szegedy, "Batch normalization", 2015, section 3.

    With s = sqrt(variance + epsilon), out = (x - mean) / s moves by (t - mean(t) - out mean(out t)) / s, the variance
    by 2 s mean(out t). The first of these maps is its own transpose.
    """

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        (x,), axes = operands, _axes_of(params)
        t = cast(Traced, tangents[0])
        standard, _, variance = items(out, 3)
        scale, count = _scale(variance, params), float(_count(x, axes))
        mean = sum_axes(t, axes=axes) / count
        along = cast(Traced, _sum_of_products(t, standard, axes)) / count
        moved = t - cast(Traced, keep(mean, x, axes)) - cast(Traced, times(keep(along, x, axes), standard))
        return divide(moved, cast(Traced, keep(scale, x, axes))), mean, times(along, 2.0 * scale)

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del wanted  # the one there is
        (x,), axes = operands, _axes_of(params)
        to_standard, to_mean, to_variance = cast(tuple[Traced | None, ...], g)
        standard, _, variance = items(out, 3)
        scale, count = _scale(variance, params), float(_count(x, axes))
        level = zeros_like(variance) if to_mean is None else to_mean / count
        slope = zeros_like(variance) if to_variance is None else times(to_variance, 2.0 / count * scale)
        if to_standard is None:
            moved = zeros_like(x)
        else:
            rate = divide(1.0 / count, scale)
            level = operator.sub(level, times(sum_axes(to_standard, axes=axes), rate))
            slope = operator.sub(slope, times(_sum_of_products(to_standard, standard, axes), rate))
            moved = times(to_standard, keep(count * rate, x, axes))
        return {0: _plus(_plus(moved, keep(level, x, axes)), times(keep(slope, x, axes), standard))}


def _axes_of(params: Params) -> Axes:
    return cast(Axes, dict(params)["axes"])


def _scale(variance: Traced, params: Params) -> Traced:
    return sqrt(variance + cast(float, dict(params)["epsilon"]))


# (x - mean) / sqrt(variance + epsilon), the mean and the variance along `axes`, which are counted from the end and
# dropped from the last two.
standardise = _Standardise("standardise", 1, _standardised, {"axes": tuple, "epsilon": float})
