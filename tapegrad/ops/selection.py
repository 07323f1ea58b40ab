"""Choosing between numbers: the larger, the nearer, the one a condition names; and the comparisons."""

from __future__ import annotations

import operator
from math import inf
from typing import overload

import numpy as np

from tapegrad import arrays, floats
from tapegrad.elementwise import binary, elementwise
from tapegrad.ops.arithmetic import absolute
from tapegrad.primitive import Comparison
from tapegrad.typing import Number, TracedT

__all__ = [
    "clip", "equal", "greater", "greater_equal", "isclose", "less", "less_equal", "maximum", "minimum", "not_equal",
    "share", "where",
]  # fmt: skip

# Of arrays: one answer for each element, and no guard, since the program goes on the same way.
is_less = elementwise("is_less", lambda x, y: float(x < y), None, np.less)
is_less_equal = elementwise("is_less_equal", lambda x, y: float(x <= y), None, np.less_equal)
is_greater = elementwise("is_greater", lambda x, y: float(x > y), None, np.greater)
is_greater_equal = elementwise("is_greater_equal", lambda x, y: float(x >= y), None, np.greater_equal)
is_equal = elementwise("is_equal", lambda x, y: float(x == y), None, np.equal, holomorphic=True)
is_not_equal = elementwise("is_not_equal", lambda x, y: float(x != y), None, np.not_equal, holomorphic=True)

less = Comparison("less", operator.lt, is_less)
less_equal = Comparison("less_equal", operator.le, is_less_equal)
greater = Comparison("greater", operator.gt, is_greater)
greater_equal = Comparison("greater_equal", operator.ge, is_greater_equal)
equal = Comparison("equal", operator.eq, is_equal)
not_equal = Comparison("not_equal", operator.ne, is_not_equal)


# The winner of a maximum takes the whole derivative; a tie is shared equally.
share = binary("share", floats.share, arrays.share, None)
maximum = binary("maximum", floats.maximum, np.maximum, lambda out, x, y: {0: share(x, y), 1: share(y, x)})
minimum = binary("minimum", floats.minimum, np.minimum, lambda out, x, y: {0: share(y, x), 1: share(x, y)})


@overload
def clip(x: float, low: float, high: float) -> float: ...
@overload
def clip(x: TracedT, low: float | TracedT, high: float | TracedT) -> TracedT: ...
@overload
def clip(x: float | TracedT, low: float | TracedT, high: float | TracedT) -> float | TracedT: ...
def clip(x: Number, low: Number, high: Number) -> Number:
    """x, but at least `low` and at most `high`; at a limit half of the derivative passes."""
    return minimum(maximum(x, low), high)


@overload
def where(condition: object, x: float, y: float) -> float: ...
@overload
def where(condition: object, x: TracedT, y: float | TracedT) -> float | TracedT: ...
@overload
def where(condition: object, x: float | TracedT, y: float | TracedT) -> float | TracedT: ...
def where(condition: object, x: Number, y: Number) -> Number:
    """x if the condition holds, else y.

    The other one does not take part: it may be nan, and its derivative is exactly zero. If the condition
    came from comparing traced values, that comparison stands on the tape as a guard.
    """
    return x if condition else y


def isclose(x: Number, y: Number, rtol: float = 1e-5, atol: float = 1e-8) -> bool:
    """Whether x is within ``atol + rtol * |y|`` of y, as NumPy defines it.

    Nothing but itself is close to an infinity, although the bound is infinite there.
    """
    size = absolute(y)
    return bool(x == y) or (bool(size < inf) and bool(absolute(x - y) <= atol + rtol * size))
