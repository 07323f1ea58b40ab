"""Rounding towards zero and to the nearest, remainders, signs, and questions about each number.

These are not in `tapegrad.kernels`: no program spends its time here.
"""

from __future__ import annotations

from math import inf, pi

import numpy as np

from tapegrad import arrays
from tapegrad.arrays import Floats, quiet
from tapegrad.elementwise import Nary, elementwise, times
from tapegrad.maps import General
from tapegrad.ops.arithmetic import divide, is_zero, sign
from tapegrad.typing import Partials

__all__ = [
    "copysign", "fmax", "fmin", "fmod", "fractional", "heaviside", "isfinite", "isinf", "isnan", "logical_and",
    "logical_not", "logical_or", "logical_xor", "rint", "signbit", "sinc_of", "trunc", "turns",
]  # fmt: skip


def _of_numpy(function: np.ufunc, partials: object, holomorphic: bool = False) -> Nary:
    """The operation whose values, of numbers too, are those of a universal function of one or two operands."""
    over = quiet(function)
    one = function.nin == 1
    value = (lambda x: float(over(x))) if one else (lambda x, y: float(over(x, y)))
    return elementwise(function.__name__, value, partials, over, holomorphic)  # type: ignore[arg-type]  # of that form


# ---- piecewise constant -------------------------------------------------------------------------

trunc = _of_numpy(np.trunc, None)
rint = _of_numpy(np.rint, None)

# Questions: of an array the answer is one of booleans, of a number 1 or 0.
isnan = _of_numpy(np.isnan, None, holomorphic=True)
isinf = _of_numpy(np.isinf, None, holomorphic=True)
isfinite = _of_numpy(np.isfinite, None, holomorphic=True)
signbit = _of_numpy(np.signbit, None)
logical_and = _of_numpy(np.logical_and, None, holomorphic=True)
logical_or = _of_numpy(np.logical_or, None, holomorphic=True)
logical_xor = _of_numpy(np.logical_xor, None, holomorphic=True)
logical_not = _of_numpy(np.logical_not, None, holomorphic=True)

# ---- linear between jumps -----------------------------------------------------------------------

# At 0 the slope is 0, as that of abs.
copysign: Nary = _of_numpy(np.copysign, lambda out, x, y: {0: sign(x) * copysign(1.0, y), 1: 0.0})
heaviside = _of_numpy(np.heaviside, lambda out, x, y: {0: 0.0, 1: is_zero(x)})
fractional = elementwise(
    "fractional", lambda x: float(np.modf(x)[0]), lambda out, x: {0: 1.0}, lambda x: quiet(np.modf)(x)[0]
)
# x less y times a whole number, which rounding finds again
fmod = _of_numpy(np.fmod, lambda out, x, y: {0: 1.0, 1: -rint(divide(x - out, y))})


def _share_of_numbers(x: Floats | float, y: Floats | float) -> Floats:
    return arrays.share(np.where(np.isnan(x), -inf, x), np.where(np.isnan(y), -inf, y))


# As `selection.share`, where a number is larger than nan.
share_of_numbers = elementwise("share_of_numbers", lambda x, y: float(_share_of_numbers(x, y)), None, _share_of_numbers)


def _fmin_partials(out: float, x: float, y: float) -> Partials:
    del out
    return {0: share_of_numbers(-x, -y), 1: share_of_numbers(-y, -x)}


fmax = _of_numpy(np.fmax, lambda out, x, y: {0: share_of_numbers(x, y), 1: share_of_numbers(y, x)})
fmin = _of_numpy(np.fmin, _fmin_partials)

# The jumps of angles, by whole periods, that `unwrap` takes away. Between them it changes nothing.
turns = General(
    "turns",
    1,
    lambda x, axis, discont, period: np.unwrap(x, discont, axis, period=period) - x,
    lambda tangents, out, x, axis, discont, period: None,
    {"axis": int, "discont": float, "period": float},
)

# ---- sin(u) / u ---------------------------------------------------------------------------------


def _sinc_of(u: Floats | float, order: int) -> Floats | float:
    """The derivative of sin(u) / u of that order: the integral of t**n cos(u t + n pi / 2) over t from 0 to 1.

    Near 0 by the power series under that integral; further out u f[n] + n f[n - 1] = sin(u + n pi / 2), which is the
    derivative of u f[0] = sin(u), gives one order after the other, and there without loss.
    """
    near = np.abs(u) < order + 1.0
    inner, outer = np.where(near, u, 0.0).astype(float), np.where(near, 1.0, u).astype(float)
    first = order % 2  # the lowest power of u
    factor = (-1.0) ** ((order + first) // 2) * inner**first
    series = np.zeros_like(inner)
    for power in range(first, 4 * order + 25, 2):
        series += factor / (power + order + 1)
        factor = -factor * inner * inner / ((power + 1) * (power + 2))
    further = np.sin(outer) / outer
    for n in range(1, order + 1):
        further = (np.sin(outer + n * pi / 2.0) - n * further) / outer
    out = np.where(near, series, further)
    return float(out) if type(u) is float else out.astype(np.asarray(u).dtype)


sinc_of: General = General(
    "sinc_of",
    1,
    quiet(_sinc_of),
    lambda tangents, out, u, order: times(tangents[0], sinc_of(u, order=order + 1)),
    {"order": int},
)
