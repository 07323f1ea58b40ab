"""Functions of each element: arithmetic, exponentials, circular functions, comparisons, and what networks use."""

from math import e, inf, nan, pi

import numpy as np

from tapegrad import dispatch
from tapegrad.ops.activation import erf, erfc, gelu, relu, silu, softplus
from tapegrad.ops.arithmetic import (
    absolute,
    add,
    ceil,
    divide,
    floor,
    floor_divide,
    multiply,
    negative,
    remainder,
    sign,
    subtract,
)
from tapegrad.ops.exponential import (
    cbrt,
    exp,
    exp2,
    expm1,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    power,
    reciprocal,
    sigmoid,
    sqrt,
    square,
)
from tapegrad.ops.selection import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    maximum,
    minimum,
    not_equal,
)
from tapegrad.ops.trigonometric import (
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cos,
    cosh,
    hypot,
    sin,
    sinh,
    tan,
    tanh,
)

# NumPy keeps these second names, and so does this module.
abs = absolute
acos, acosh, asin, asinh, atan, atan2, atanh = arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh
mod = remainder
pow = power

__all__ = [
    "abs",
    "absolute",
    "acos",
    "acosh",
    "add",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "ceil",
    "cos",
    "cosh",
    "divide",
    "e",
    "equal",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "floor_divide",
    "gelu",
    "greater",
    "greater_equal",
    "hypot",
    "inf",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "nan",
    "negative",
    "not_equal",
    "pi",
    "pow",
    "power",
    "reciprocal",
    "relu",
    "remainder",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
]  # fmt: skip

# They answer for NumPy's universal functions of their name, and those under the names of operations for operators.
for _name in __all__:
    if callable(globals()[_name]):
        dispatch.register(_name, globals()[_name], getattr(np, _name, None))
