"""Circular and hyperbolic functions, their inverses, and the length and angle of a pair."""

from __future__ import annotations

from typing import cast

import numpy as np

from tapegrad import arrays, floats
from tapegrad.elementwise import Binary, Unary, binary, unary
from tapegrad.ops.arithmetic import divide, is_zero
from tapegrad.ops.exponential import reciprocal, sigmoid_slope, sqrt, square
from tapegrad.primitive import is_complex
from tapegrad.typing import Number, Partials

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cos", "cosh", "hypot", "sin",
    "sinh", "tan", "tanh",
]  # fmt: skip

sin = unary("sin", floats.sin, np.sin, lambda out, x: {0: cos(x)}, holomorphic=True)
cos: Unary = unary("cos", floats.cos, np.cos, lambda out, x: {0: -sin(x)}, holomorphic=True)
tan = unary("tan", floats.tan, arrays.tan, lambda out, x: {0: 1.0 + out * out}, holomorphic=True)

# (1 - x) (1 + x) rather than 1 - x**2, which loses half the digits near 1
arcsin = unary(
    "arcsin",
    floats.arcsin,
    arrays.arcsin,
    lambda out, x: {0: reciprocal(sqrt((1.0 - x) * (1.0 + x)))},
    holomorphic=True,
)
arccos = unary(
    "arccos",
    floats.arccos,
    arrays.arccos,
    lambda out, x: {0: -reciprocal(sqrt((1.0 - x) * (1.0 + x)))},
    holomorphic=True,
)


def _secant(x: Number) -> Number:
    """The root of 1 + x**2: of real numbers by the length, for x**2 would overflow at half the exponent range."""
    return sqrt(1.0 + x * x) if is_complex(x) else hypot(x, 1.0)


arctan = unary("arctan", floats.arctan, np.arctan, lambda out, x: {0: square(reciprocal(_secant(x)))}, holomorphic=True)

sinh = unary("sinh", floats.sinh, arrays.sinh, lambda out, x: {0: cosh(x)}, holomorphic=True)
cosh: Unary = unary("cosh", floats.cosh, arrays.cosh, lambda out, x: {0: sinh(x)}, holomorphic=True)


def _slope_of_tanh(out: Number, x: Number) -> Number:
    """1 - tanh(x)**2, which is 4 s'(2x), s being the sigmoid: accurate in the tails, and so are further derivatives."""
    if is_complex(out):
        return 1.0 - out * out
    return cast(Number, arrays.slope_of_tanh(out, x)) if arrays.is_array(out) else 4.0 * sigmoid_slope(2.0 * x)


tanh = unary("tanh", floats.tanh, np.tanh, lambda out, x: {0: _slope_of_tanh(out, x)}, holomorphic=True)

arcsinh = unary("arcsinh", floats.arcsinh, np.arcsinh, lambda out, x: {0: reciprocal(_secant(x))}, holomorphic=True)
# two square roots, because (x - 1) (x + 1) overflows at half the exponent range
arccosh = unary(
    "arccosh",
    floats.arccosh,
    arrays.arccosh,
    lambda out, x: {0: reciprocal(sqrt(x - 1.0) * sqrt(x + 1.0))},
    holomorphic=True,
)


arctanh = unary(
    "arctanh", floats.arctanh, arrays.arctanh, lambda out, x: {0: reciprocal((1.0 - x) * (1.0 + x))}, holomorphic=True
)

# Both divide by the length twice rather than by its square, and by 1 at the origin, where the
# derivatives are 0 by convention.
hypot: Binary = binary(
    "hypot",
    floats.hypot,
    arrays.hypot,
    lambda out, x, y: {0: divide(x, out + is_zero(out)), 1: divide(y, out + is_zero(out))},
)


def _arctan2_partials(out: Number, y: Number, x: Number) -> Partials:
    """x / r**2 and -y / r**2. Formula: polar coordinates, with r = hypot(x, y)."""
    del out  # every rule is given it
    r = hypot(x, y)
    r = r + is_zero(r)
    return {0: divide(divide(x, r), r), 1: divide(divide(-y, r), r)}


arctan2 = binary("arctan2", floats.arctan2, np.arctan2, _arctan2_partials)
