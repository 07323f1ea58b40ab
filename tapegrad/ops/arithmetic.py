"""Plus, minus, times, divided by: the four operations, their relatives, and rounding."""

from __future__ import annotations

import operator

from tapegrad import floats
from tapegrad.primitive import elementwise

__all__ = [
    "absolute", "add", "ceil", "divide", "floor", "floor_divide", "is_zero", "multiply", "negative", "remainder",
    "sign", "subtract",
]  # fmt: skip

add = elementwise("add", operator.add, lambda out, x, y: {0: 1.0, 1: 1.0})
subtract = elementwise("subtract", operator.sub, lambda out, x, y: {0: 1.0, 1: -1.0})
multiply = elementwise("multiply", operator.mul, lambda out, x, y: {0: y, 1: x})
# -out / y rather than -x / y**2: the square would overflow, or vanish, at half the exponent range
divide = elementwise("divide", floats.divide, lambda out, x, y: {0: divide(1.0, y), 1: divide(-out, y)})
negative = elementwise("negative", operator.neg, lambda out, x: {0: -1.0})

# Piecewise constant: no derivative flows through them, and at a jump it is zero by convention.
sign = elementwise("sign", floats.sign, None)
floor = elementwise("floor", floats.floor, None)
ceil = elementwise("ceil", floats.ceil, None)
floor_divide = elementwise("floor_divide", floats.floor_divide, None)
is_zero = elementwise("is_zero", lambda x: 1.0 if x == 0.0 else 0.0, None)

# x - y * floor(x / y)
remainder = elementwise(
    "remainder", floats.remainder, lambda out, x, y: {0: 1.0, 1: -floor_divide(x, y)}
)
absolute = elementwise("absolute", abs, lambda out, x: {0: sign(x)})  # 0 at 0
