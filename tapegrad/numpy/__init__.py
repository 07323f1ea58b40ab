"""NumPy's names for tapegrad's operations, typed: ``import tapegrad.numpy as tnp``.

Every function takes floats and traced values alike: a float gives a float, a traced value gives a traced
value. The derivative of each is beside its value in `tapegrad.ops`.
"""

from math import e, inf, nan, pi

import numpy as _numpy

from tapegrad import dispatch
from tapegrad.numpy.products import matmul
from tapegrad.numpy.reductions import mean, sum
from tapegrad.numpy.shapes import astype, broadcast_to, expand_dims, ravel, reshape, squeeze, transpose
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
    clip,
    equal,
    greater,
    greater_equal,
    isclose,
    less,
    less_equal,
    maximum,
    minimum,
    not_equal,
    where,
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
is_close = isclose

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
    "astype",
    "atan",
    "atan2",
    "atanh",
    "broadcast_to",
    "cbrt",
    "ceil",
    "clip",
    "cos",
    "cosh",
    "divide",
    "e",
    "equal",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expand_dims",
    "expm1",
    "floor",
    "floor_divide",
    "gelu",
    "greater",
    "greater_equal",
    "hypot",
    "inf",
    "is_close",
    "isclose",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "matmul",
    "maximum",
    "mean",
    "minimum",
    "mod",
    "multiply",
    "nan",
    "negative",
    "not_equal",
    "pi",
    "pow",
    "power",
    "ravel",
    "reciprocal",
    "relu",
    "remainder",
    "reshape",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "square",
    "squeeze",
    "subtract",
    "sum",
    "tan",
    "tanh",
    "transpose",
    "where",
]  # fmt: skip

# The operations of numbers answer for NumPy's universal functions of their name.
for _name in __all__:
    _function = globals()[_name]
    if callable(_function) and not isinstance(_function, type):
        _original = getattr(_numpy, _name, None)
        if _original not in dispatch.NUMPY:
            dispatch.register(_name, _function, _original)
