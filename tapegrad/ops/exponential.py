"""Exponentials, logarithms, powers and roots."""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from tapegrad import arrays, floats
from tapegrad.elementwise import Binary, Unary, binary, chain, unary
from tapegrad.ops.arithmetic import divide, is_zero
from tapegrad.typing import Number, Partials

__all__ = [
    "cbrt", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "logaddexp", "power", "reciprocal", "sigmoid",
    "sigmoid_slope", "sqrt", "square",
]  # fmt: skip

exp = unary("exp", floats.exp, arrays.exp, lambda out, x: {0: out}, holomorphic=True)
exp2 = unary("exp2", floats.exp2, arrays.exp2, lambda out, x: {0: out * math.log(2.0)}, holomorphic=True)
expm1 = unary(
    "expm1", floats.expm1, arrays.expm1, lambda out, x: {0: exp(x)}, holomorphic=True
)  # out + 1 would be 0 in the left tail

reciprocal = unary(
    "reciprocal", floats.reciprocal, arrays.reciprocal, lambda out, x: {0: -(out * out)}, holomorphic=True
)

# inf at 0
log = unary("log", floats.log, arrays.log, lambda out, x: {0: reciprocal(x)}, holomorphic=True)
log1p = unary("log1p", floats.log1p, arrays.log1p, lambda out, x: {0: reciprocal(1.0 + x)}, holomorphic=True)
log2 = unary("log2", floats.log2, arrays.log2, lambda out, x: {0: divide(1.0 / math.log(2.0), x)}, holomorphic=True)
log10 = unary(
    "log10", floats.log10, arrays.log10, lambda out, x: {0: divide(1.0 / math.log(10.0), x)}, holomorphic=True
)

square = unary("square", floats.square, arrays.square, lambda out, x: {0: 2.0 * x}, holomorphic=True)
sqrt = unary("sqrt", floats.sqrt, arrays.sqrt, lambda out, x: {0: divide(0.5, out)}, holomorphic=True)  # inf at 0
cbrt = unary("cbrt", floats.cbrt, np.cbrt, lambda out, x: {0: divide(1.0 / 3.0, out * out)})  # inf at 0


def _power_partials(out: Number, x: Number, y: Number) -> Partials:
    """y x**(y - 1) and out log(x).

    `chain` lets a zero factor win over an infinite one. A power that is constantly 0 ends the chain of
    derivatives of x**2, x**3, ...; the next link would be infinite at 0. Adding 1 to a zero x makes its
    logarithm 0: 0**y does not change with a positive y.
    """
    by_x = 0.0 if type(y) is float and y == 0.0 else chain(y, power(x, y - 1.0))
    return {0: by_x, 1: lambda: chain(out, log(x + is_zero(x)))}


power: Binary = binary("power", floats.power, arrays.power, _power_partials, holomorphic=True)

# An operation of its own, since s (1 - s) of a sigmoid s cancels in the right tail.
sigmoid_slope: Unary = unary(
    "sigmoid_slope",
    floats.sigmoid_slope,
    arrays.sigmoid_slope,
    lambda out, x: {0: out * (sigmoid(-x) - sigmoid(x))},
)


def _slope_of_sigmoid(out: Number, x: Number) -> Number:
    """`sigmoid_slope`; of plain arrays by `out`, which saves the exponential."""
    return cast(Number, arrays.slope_of_sigmoid(out, x)) if arrays.is_array(out) else sigmoid_slope(x)


sigmoid: Unary = unary(
    "sigmoid",
    floats.sigmoid,
    arrays.sigmoid,
    lambda out, x: {0: _slope_of_sigmoid(out, x)},
)
logaddexp = binary(
    "logaddexp",
    floats.logaddexp,
    arrays.quiet(np.logaddexp),
    lambda out, x, y: {0: sigmoid(x - y), 1: lambda: sigmoid(y - x)},
)
