"""Plus, minus, times, divided by: the four operations, their relatives, and rounding."""

from __future__ import annotations

import operator

from tapegrad import floats
from tapegrad.elementwise import Binary, binary, unary

__all__ = [
    "absolute", "add", "ceil", "divide", "floor", "floor_divide", "is_zero", "multiply", "negative", "remainder",
    "sign", "subtract",
]  # fmt: skip

add = binary("add", operator.add, lambda out, x, y: {0: 1.0, 1: 1.0})
subtract = binary("subtract", operator.sub, lambda out, x, y: {0: 1.0, 1: -1.0})
multiply = binary("multiply", operator.mul, lambda out, x, y: {0: y, 1: x})
# -out / y rather than -x / y**2: the square would overflow, or vanish, at half the exponent range
divide: Binary = binary("divide", floats.divide, lambda out, x, y: {0: divide(1.0, y), 1: divide(-out, y)})
negative = unary("negative", operator.neg, lambda out, x: {0: -1.0})

# Piecewise constant: no derivative flows through them, and at a jump it is zero by convention.
sign = unary("sign", floats.sign, None)
floor = unary("floor", floats.floor, None)
ceil = unary("ceil", floats.ceil, None)
floor_divide: Binary = binary("floor_divide", floats.floor_divide, None)
is_zero = unary("is_zero", floats.is_zero, None)

# x less y times the floor of x / y, which is constant between jumps
remainder = binary("remainder", floats.remainder, lambda out, x, y: {0: 1.0, 1: -floor_divide(x, y)})
absolute = unary("absolute", abs, lambda out, x: {0: sign(x)})  # 0 at 0
