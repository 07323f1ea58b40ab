"""Total functions of floats: an answer for every float, as IEEE 754 and NumPy give it, and no exception.

Python's own ``/``, ``**`` and ``math`` raise where IEEE arithmetic has an answer (``1.0 / 0.0``,
``math.exp(1000.0)``, ``math.log(0.0)``). A gradient must not stop there, so every operation of
tapegrad computes its value with a function of this module or with ``+``, ``-``, ``*``, which are
already total. Everything here is plain arithmetic: nothing knows of derivatives.

This module is compiled where it can be: ``x / y``, ``math.exp`` and their like are then machine instructions.
"""

from __future__ import annotations

import math
from math import copysign, inf, isnan, nan
from typing import Final

__all__ = [
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "cbrt",
    "ceil",
    "chain",
    "cos",
    "cosh",
    "divide",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "floor_divide",
    "gelu",
    "hypot",
    "identity",
    "is_zero",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "maximum",
    "minimum",
    "normal_cdf",
    "normal_pdf",
    "power",
    "reciprocal",
    "relu",
    "remainder",
    "share",
    "sigmoid",
    "sigmoid_slope",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "square",
    "step",
    "tan",
    "tanh",
    "zeros_win",
]  # fmt: skip

_SQRT_2: Final = math.sqrt(2.0)
_SQRT_2_PI: Final = math.sqrt(2.0 * math.pi)


# ---- arithmetic ------------------------------------------------------------------------------


def identity(x: float) -> float:
    """x."""
    return x


def divide(x: float, y: float) -> float:
    """x / y, with the sign of zero respected: ``divide(1.0, -0.0)`` is ``-inf``, 0/0 is nan."""
    if y != 0.0:
        return x / y
    return nan if x == 0.0 or isnan(x) else copysign(inf, x) * copysign(1.0, y)


def reciprocal(x: float) -> float:
    """1 / x."""
    return divide(1.0, x)


def floor_divide(x: float, y: float) -> float:
    """The floor of x / y, as NumPy has it: by zero it is x / y, of an infinity it is nan."""
    return x // y if y != 0.0 else divide(x, y)


def remainder(x: float, y: float) -> float:
    """x - y * floor(x / y), with the sign of y; by zero it is nan."""
    return x % y if y != 0.0 else nan


def floor(x: float) -> float:
    """The largest integral float that is not above x; -0.0, infinities and nan stay themselves."""
    return copysign(math.floor(x), x) if x - x == 0.0 else x


def ceil(x: float) -> float:
    """The smallest integral float that is not below x, -0.0 just below 0; infinities and nan stay themselves."""
    return copysign(math.ceil(x), x) if x - x == 0.0 else x


def square(x: float) -> float:
    """x * x."""
    return x * x


def sign(x: float) -> float:
    """-1, 0 or 1; nan of nan."""
    if x > 0.0:
        return 1.0
    if x < 0.0:
        return -1.0
    return 0.0 if x == 0.0 else nan


def is_zero(x: float) -> float:
    """1 at zero, else 0."""
    return 1.0 if x == 0.0 else 0.0


def chain(g: float, partial: float) -> float:
    """The product of the chain rule: g * partial, and exactly 0 if g is, also where the partial is inf or nan."""
    return 0.0 if g == 0.0 else g * partial


def zeros_win(x: float, y: float) -> float:
    """x * y, and exactly 0 if either is, also where the other is inf or nan."""
    return 0.0 if x == 0.0 or y == 0.0 else x * y


# ---- choosing --------------------------------------------------------------------------------


def maximum(x: float, y: float) -> float:
    """The larger of the two; nan if either is nan."""
    return x if x >= y or isnan(x) else y


def minimum(x: float, y: float) -> float:
    """The smaller of the two; nan if either is nan."""
    return x if x <= y or isnan(x) else y


def share(x: float, y: float) -> float:
    """How much of a maximum is x's: 1 if it is the larger, 1/2 at a tie, else 0."""
    if x > y:
        return 1.0
    return 0.0 if x < y else 0.5


# ---- exponentials, logarithms, powers ---------------------------------------------------------


def exp(x: float) -> float:
    """e to the x."""
    try:
        return math.exp(x)
    except OverflowError:
        return inf


def exp2(x: float) -> float:
    """2 to the x."""
    try:
        return math.exp2(x)
    except OverflowError:
        return inf


def expm1(x: float) -> float:
    """exp(x) - 1, accurate near 0."""
    try:
        return math.expm1(x)
    except OverflowError:
        return inf


def log(x: float) -> float:
    """The natural logarithm: -inf at 0, nan to the left of it."""
    if x > 0.0:
        return math.log(x)
    return -inf if x == 0.0 else nan


def log1p(x: float) -> float:
    """log(1 + x), accurate near 0."""
    if x > -1.0:
        return math.log1p(x)
    return -inf if x == -1.0 else nan


def log2(x: float) -> float:
    """The logarithm to base 2."""
    if x > 0.0:
        return math.log2(x)
    return -inf if x == 0.0 else nan


def log10(x: float) -> float:
    """The logarithm to base 10."""
    if x > 0.0:
        return math.log10(x)
    return -inf if x == 0.0 else nan


def sqrt(x: float) -> float:
    """The square root; nan of what is negative."""
    return math.sqrt(x) if x >= 0.0 else nan


def cbrt(x: float) -> float:
    """The cube root."""
    return math.cbrt(x)


def power(x: float, y: float) -> float:
    """x to the y as C's pow: exact signs for integral y, nan for a negative base otherwise."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0.0 and y % 2.0 == 1.0 else inf
    except ValueError:
        if x != 0.0:
            return nan
        return copysign(inf, x) if y % 2.0 == 1.0 else inf


def logaddexp(x: float, y: float) -> float:
    """log(e^x + e^y), without overflow."""
    if x == y:  # also two equal infinities, whose difference is nan
        return x + math.log(2.0)
    return maximum(x, y) + math.log1p(math.exp(-abs(x - y)))


# ---- circular and hyperbolic functions --------------------------------------------------------


def sin(x: float) -> float:
    """The sine; nan of an infinity."""
    return math.sin(x) if x - x == 0.0 else nan


def cos(x: float) -> float:
    """The cosine; nan of an infinity."""
    return math.cos(x) if x - x == 0.0 else nan


def tan(x: float) -> float:
    """The tangent; nan of an infinity."""
    return math.tan(x) if x - x == 0.0 else nan


def arcsin(x: float) -> float:
    """The inverse sine; nan outside -1 .. 1."""
    return math.asin(x) if -1.0 <= x <= 1.0 else nan


def arccos(x: float) -> float:
    """The inverse cosine; nan outside -1 .. 1."""
    return math.acos(x) if -1.0 <= x <= 1.0 else nan


def arctan(x: float) -> float:
    """The inverse tangent."""
    return math.atan(x)


def arctan2(y: float, x: float) -> float:
    """The angle of the point (x, y)."""
    return math.atan2(y, x)


def hypot(x: float, y: float) -> float:
    """The length of (x, y), without overflow or underflow."""
    return math.hypot(x, y)


def sinh(x: float) -> float:
    """The hyperbolic sine."""
    try:
        return math.sinh(x)
    except OverflowError:
        return copysign(inf, x)


def cosh(x: float) -> float:
    """The hyperbolic cosine."""
    try:
        return math.cosh(x)
    except OverflowError:
        return inf


def tanh(x: float) -> float:
    """The hyperbolic tangent."""
    return math.tanh(x)


def arcsinh(x: float) -> float:
    """The inverse hyperbolic sine."""
    return math.asinh(x)


def arccosh(x: float) -> float:
    """The inverse hyperbolic cosine; nan below 1."""
    return math.acosh(x) if x >= 1.0 else nan


def arctanh(x: float) -> float:
    """The inverse hyperbolic tangent: infinite at -1 and 1, nan beyond."""
    if -1.0 < x < 1.0:
        return math.atanh(x)
    return copysign(inf, x) if abs(x) == 1.0 else nan


# ---- the functions of networks and of the normal distribution ---------------------------------


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x), accurate in both tails: the exponential is never of a positive number."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    small = math.exp(x)
    return small / (1.0 + small)


def sigmoid_slope(x: float) -> float:
    """e^-|x| / (1 + e^-|x|)^2, which does not vanish before the exponential does."""
    small = math.exp(-abs(x))
    return small / ((1.0 + small) * (1.0 + small))


def softplus(x: float) -> float:
    """log(1 + e^x), without overflow and accurate in the left tail."""
    return math.log1p(math.exp(-abs(x))) + maximum(x, 0.0)


def step(x: float) -> float:
    """1 to the right of 0, else 0: the slope of relu."""
    return 1.0 if x > 0.0 else 0.0


def relu(x: float) -> float:
    """The larger of x and 0."""
    return maximum(x, 0.0)


def erf(x: float) -> float:
    """The error function."""
    return math.erf(x)


def erfc(x: float) -> float:
    """1 - erf(x), accurate in the right tail."""
    return math.erfc(x)


def normal_pdf(x: float) -> float:
    """The density of the standard normal distribution."""
    return math.exp(-0.5 * x * x) / _SQRT_2_PI


def normal_cdf(x: float) -> float:
    """Its distribution function; erfc keeps the left tail."""
    return 0.5 * math.erfc(-x / _SQRT_2)


def silu(x: float) -> float:
    """x sigmoid(x), 0 where the sigmoid vanishes, also at -inf."""
    return chain(sigmoid(x), x)


def gelu(x: float) -> float:
    """x normal_cdf(x), likewise (Hendrycks and Gimpel 2016, the exact form)."""
    return chain(normal_cdf(x), x)
