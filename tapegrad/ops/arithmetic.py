"""Plus, minus, times, divided by: the four operations, their relatives, and rounding."""

from __future__ import annotations

import operator

import numpy as np

from tapegrad import arrays, floats
from tapegrad.elementwise import Binary, binary, unary
from tapegrad.primitive import is_complex

__all__ = [
    "absolute", "add", "ceil", "divide", "floor", "floor_divide", "is_zero", "multiply", "negative", "remainder",
    "sign", "subtract",
]  # fmt: skip

add = binary("add", operator.add, np.add, lambda out, x, y: {0: 1.0, 1: 1.0}, holomorphic=True)
subtract = binary("subtract", operator.sub, np.subtract, lambda out, x, y: {0: 1.0, 1: -1.0}, holomorphic=True)
multiply = binary("multiply", operator.mul, np.multiply, lambda out, x, y: {0: y, 1: x}, holomorphic=True)
# -out / y rather than -x / y**2: the square would overflow, or vanish, at half the exponent range
divide: Binary = binary(
    "divide",
    floats.divide,
    arrays.divide,
    lambda out, x, y: {0: divide(1.0, y), 1: lambda: divide(-out, y)},
    holomorphic=True,
)
negative = unary("negative", operator.neg, np.negative, lambda out, x: {0: -1.0}, holomorphic=True)

# Piecewise constant: no derivative flows through them, and at a jump it is zero by convention.
sign = unary("sign", floats.sign, np.sign, None)
floor = unary("floor", floats.floor, np.floor, None)
ceil = unary("ceil", floats.ceil, np.ceil, None)
floor_divide: Binary = binary("floor_divide", floats.floor_divide, arrays.floor_divide, None)
is_zero = unary("is_zero", floats.is_zero, arrays.is_zero, None, holomorphic=True)

# x less y times the floor of x / y, which is constant between jumps
remainder = binary("remainder", floats.remainder, arrays.remainder, lambda out, x, y: {0: 1.0, 1: -floor_divide(x, y)})
# 0 at 0. Of a complex x the slope is its conjugate over its length, which is the length over x.
absolute = unary(
    "absolute",
    abs,
    np.absolute,
    lambda out, x: {0: divide(out, x + is_zero(x)) if is_complex(x) else sign(x)},
    holomorphic=True,
)
