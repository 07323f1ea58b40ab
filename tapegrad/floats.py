"""Total functions of floats: an answer for every float, as IEEE 754 and NumPy give it, and no exception.

Python's own ``/``, ``**`` and ``math`` raise where IEEE arithmetic has an answer (``1.0 / 0.0``,
``math.exp(1000.0)``, ``math.log(0.0)``). A gradient must not stop there, so every operation of
tapegrad computes its value with a function of this module or with ``+``, ``-``, ``*``, which are
already total. Everything here is plain arithmetic: nothing knows of derivatives.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from math import copysign, inf, isnan, nan

__all__ = [
    "ceil", "divide", "exp", "exp2", "expm1", "floor", "floor_divide", "log", "log1p", "log2", "log10",
    "logaddexp", "maximum", "minimum", "power", "remainder", "sigmoid", "sign", "softplus", "sqrt", "total",
]  # fmt: skip


def total(function: Callable[[float], float], overflow: Callable[[float], float]) -> Callable[[float], float]:
    """`function` with nan outside its domain and ``overflow(x)`` where the result is too large.

    >>> total(math.sinh, lambda x: copysign(inf, x))(-1000.0)
    -inf
    >>> total(math.acos, abs)(2.0)
    nan
    """

    def answer(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return overflow(x)
        except ValueError:
            return nan

    return answer


def divide(x: float, y: float) -> float:
    """x / y, with the sign of zero respected: ``divide(1.0, -0.0)`` is ``-inf``, 0/0 is nan."""
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0.0 or isnan(x) else copysign(inf, x) * copysign(1.0, y)


def floor_divide(x: float, y: float) -> float:
    """The floor of x / y, as NumPy has it: by zero it is x / y, of an infinity it is nan."""
    try:
        return x // y
    except ZeroDivisionError:
        return divide(x, y)


def remainder(x: float, y: float) -> float:
    """x - y * floor(x / y), with the sign of y; by zero it is nan."""
    try:
        return x % y
    except ZeroDivisionError:
        return nan


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


exp = total(math.exp, lambda x: inf)
exp2 = total(math.exp2, lambda x: inf)
expm1 = total(math.expm1, lambda x: inf)


def _logarithm(function: Callable[[float], float], pole: float) -> Callable[[float], float]:
    """`function` with -inf at its pole and nan to the left of it."""

    def answer(x: float) -> float:
        try:
            return function(x)
        except ValueError:
            return -inf if x == pole else nan

    return answer


log = _logarithm(math.log, 0.0)
log2 = _logarithm(math.log2, 0.0)
log10 = _logarithm(math.log10, 0.0)
log1p = _logarithm(math.log1p, -1.0)
sqrt = total(math.sqrt, abs)


def floor(x: float) -> float:
    """The largest integral float that is not above x; -0.0, infinities and nan stay themselves."""
    return copysign(math.floor(x), x) if math.isfinite(x) else x


def ceil(x: float) -> float:
    """The smallest integral float that is not below x, -0.0 just below 0; infinities and nan stay themselves."""
    return copysign(math.ceil(x), x) if math.isfinite(x) else x


def sign(x: float) -> float:
    """-1, 0 or 1; nan of nan."""
    if x > 0.0:
        return 1.0
    if x < 0.0:
        return -1.0
    return 0.0 if x == 0.0 else nan


def maximum(x: float, y: float) -> float:
    """The larger of the two; nan if either is nan."""
    return x if x >= y or isnan(x) else y


def minimum(x: float, y: float) -> float:
    """The smaller of the two; nan if either is nan."""
    return x if x <= y or isnan(x) else y


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x), accurate in both tails: the exponential is never of a positive number."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    small = math.exp(x)
    return small / (1.0 + small)


def softplus(x: float) -> float:
    """log(1 + e^x), without overflow and accurate in the left tail."""
    return math.log1p(math.exp(-abs(x))) + maximum(x, 0.0)


def logaddexp(x: float, y: float) -> float:
    """log(e^x + e^y), without overflow."""
    if x == y:  # also two equal infinities, whose difference is nan
        return x + math.log(2.0)
    return maximum(x, y) + math.log1p(math.exp(-abs(x - y)))
