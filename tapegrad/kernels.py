"""Kernels: the value and the derivative of every operation on plain floats, one branch for each.

Written by ``python -m tapegrad.generator`` from the declarations in `tapegrad.ops`: change those, not this. The
sweeps of `tapegrad.sweeps` and `tapegrad.forward` call them where everything is a float.
"""

from __future__ import annotations

from math import nan
from typing import Final

from mypy_extensions import i32, i64

from tapegrad import floats
from tapegrad.vectors import vec

NONE: Final = -1
"""In a column of indices or offsets: there is none."""

# What a column of operations holds.
INPUT: Final = 0
CONSTANT: Final = 1
CHAIN: Final = 2
ZEROS_WIN: Final = 3
ADD: Final = 4
SUBTRACT: Final = 5
MULTIPLY: Final = 6
DIVIDE: Final = 7
NEGATIVE: Final = 8
SIGN: Final = 9
FLOOR: Final = 10
CEIL: Final = 11
FLOOR_DIVIDE: Final = 12
IS_ZERO: Final = 13
REMAINDER: Final = 14
ABSOLUTE: Final = 15
EXP: Final = 16
EXP2: Final = 17
EXPM1: Final = 18
RECIPROCAL: Final = 19
LOG: Final = 20
LOG1P: Final = 21
LOG2: Final = 22
LOG10: Final = 23
SQUARE: Final = 24
SQRT: Final = 25
CBRT: Final = 26
POWER: Final = 27
SIGMOID_SLOPE: Final = 28
SIGMOID: Final = 29
LOGADDEXP: Final = 30
SIN: Final = 31
COS: Final = 32
TAN: Final = 33
ARCSIN: Final = 34
ARCCOS: Final = 35
ARCTAN: Final = 36
SINH: Final = 37
COSH: Final = 38
TANH: Final = 39
ARCSINH: Final = 40
ARCCOSH: Final = 41
ARCTANH: Final = 42
HYPOT: Final = 43
ARCTAN2: Final = 44
ERF: Final = 45
ERFC: Final = 46
STEP: Final = 47
RELU: Final = 48
SOFTPLUS: Final = 49
SILU: Final = 50
NORMAL_PDF: Final = 51
NORMAL_CDF: Final = 52
GELU: Final = 53
SHARE: Final = 54
MAXIMUM: Final = 55
MINIMUM: Final = 56
STOP_GRADIENT: Final = 57
LESS: Final = 58
LESS_EQUAL: Final = 59
GREATER: Final = 60
GREATER_EQUAL: Final = 61
EQUAL: Final = 62
NOT_EQUAL: Final = 63

CODES: Final[dict[str, int]] = {
    "input": INPUT,
    "constant": CONSTANT,
    "chain": CHAIN,
    "zeros_win": ZEROS_WIN,
    "add": ADD,
    "subtract": SUBTRACT,
    "multiply": MULTIPLY,
    "divide": DIVIDE,
    "negative": NEGATIVE,
    "sign": SIGN,
    "floor": FLOOR,
    "ceil": CEIL,
    "floor_divide": FLOOR_DIVIDE,
    "is_zero": IS_ZERO,
    "remainder": REMAINDER,
    "absolute": ABSOLUTE,
    "exp": EXP,
    "exp2": EXP2,
    "expm1": EXPM1,
    "reciprocal": RECIPROCAL,
    "log": LOG,
    "log1p": LOG1P,
    "log2": LOG2,
    "log10": LOG10,
    "square": SQUARE,
    "sqrt": SQRT,
    "cbrt": CBRT,
    "power": POWER,
    "sigmoid_slope": SIGMOID_SLOPE,
    "sigmoid": SIGMOID,
    "logaddexp": LOGADDEXP,
    "sin": SIN,
    "cos": COS,
    "tan": TAN,
    "arcsin": ARCSIN,
    "arccos": ARCCOS,
    "arctan": ARCTAN,
    "sinh": SINH,
    "cosh": COSH,
    "tanh": TANH,
    "arcsinh": ARCSINH,
    "arccosh": ARCCOSH,
    "arctanh": ARCTANH,
    "hypot": HYPOT,
    "arctan2": ARCTAN2,
    "erf": ERF,
    "erfc": ERFC,
    "step": STEP,
    "relu": RELU,
    "softplus": SOFTPLUS,
    "silu": SILU,
    "normal_pdf": NORMAL_PDF,
    "normal_cdf": NORMAL_CDF,
    "gelu": GELU,
    "share": SHARE,
    "maximum": MAXIMUM,
    "minimum": MINIMUM,
    "stop_gradient": STOP_GRADIENT,
    "less": LESS,
    "less_equal": LESS_EQUAL,
    "greater": GREATER,
    "greater_equal": GREATER_EQUAL,
    "equal": EQUAL,
    "not_equal": NOT_EQUAL,
}
COUNT: Final = 64


def value_of_one(code: i32, x: float) -> float:
    """The value of an operation of one number."""
    if code == NEGATIVE:
        return -x
    if code == SIGN:
        return floats.sign(x)
    if code == FLOOR:
        return floats.floor(x)
    if code == CEIL:
        return floats.ceil(x)
    if code == IS_ZERO:
        return floats.is_zero(x)
    if code == ABSOLUTE:
        return abs(x)
    if code == EXP:
        return floats.exp(x)
    if code == EXP2:
        return floats.exp2(x)
    if code == EXPM1:
        return floats.expm1(x)
    if code == RECIPROCAL:
        return floats.reciprocal(x)
    if code == LOG:
        return floats.log(x)
    if code == LOG1P:
        return floats.log1p(x)
    if code == LOG2:
        return floats.log2(x)
    if code == LOG10:
        return floats.log10(x)
    if code == SQUARE:
        return floats.square(x)
    if code == SQRT:
        return floats.sqrt(x)
    if code == CBRT:
        return floats.cbrt(x)
    if code == SIGMOID_SLOPE:
        return floats.sigmoid_slope(x)
    if code == SIGMOID:
        return floats.sigmoid(x)
    if code == SIN:
        return floats.sin(x)
    if code == COS:
        return floats.cos(x)
    if code == TAN:
        return floats.tan(x)
    if code == ARCSIN:
        return floats.arcsin(x)
    if code == ARCCOS:
        return floats.arccos(x)
    if code == ARCTAN:
        return floats.arctan(x)
    if code == SINH:
        return floats.sinh(x)
    if code == COSH:
        return floats.cosh(x)
    if code == TANH:
        return floats.tanh(x)
    if code == ARCSINH:
        return floats.arcsinh(x)
    if code == ARCCOSH:
        return floats.arccosh(x)
    if code == ARCTANH:
        return floats.arctanh(x)
    if code == ERF:
        return floats.erf(x)
    if code == ERFC:
        return floats.erfc(x)
    if code == STEP:
        return floats.step(x)
    if code == RELU:
        return floats.relu(x)
    if code == SOFTPLUS:
        return floats.softplus(x)
    if code == SILU:
        return floats.silu(x)
    if code == NORMAL_PDF:
        return floats.normal_pdf(x)
    if code == NORMAL_CDF:
        return floats.normal_cdf(x)
    if code == GELU:
        return floats.gelu(x)
    if code == STOP_GRADIENT:
        return floats.identity(x)
    return nan  # never reached: only operations with a kernel come here


def value_of_two(code: i32, x: float, y: float) -> float:
    """The value of an operation of two numbers."""
    if code == CHAIN:
        return floats.chain(x, y)
    if code == ZEROS_WIN:
        return floats.zeros_win(x, y)
    if code == ADD:
        return x + y
    if code == SUBTRACT:
        return x - y
    if code == MULTIPLY:
        return x * y
    if code == DIVIDE:
        return floats.divide(x, y)
    if code == FLOOR_DIVIDE:
        return floats.floor_divide(x, y)
    if code == REMAINDER:
        return floats.remainder(x, y)
    if code == POWER:
        return floats.power(x, y)
    if code == LOGADDEXP:
        return floats.logaddexp(x, y)
    if code == HYPOT:
        return floats.hypot(x, y)
    if code == ARCTAN2:
        return floats.arctan2(x, y)
    if code == SHARE:
        return floats.share(x, y)
    if code == MAXIMUM:
        return floats.maximum(x, y)
    if code == MINIMUM:
        return floats.minimum(x, y)
    return nan  # never reached: only operations with a kernel come here


def outcome(code: i32, x: float, y: float) -> bool:
    """The answer of a comparison."""
    if code == LESS:
        return x < y
    if code == LESS_EQUAL:
        return x <= y
    if code == GREATER:
        return x > y
    if code == GREATER_EQUAL:
        return x >= y
    if code == EQUAL:
        return x == y
    if code == NOT_EQUAL:
        return x != y
    return False  # never reached either


def pull(
    codes: vec[i32], lefts: vec[i32], rights: vec[i32], numbers: vec[float], cotangents: vec[float], start: i64
) -> i64:
    """Sweep backwards from record `start`: add to the cotangents of its inputs, and so on, down to the first.

    A cotangent of exactly zero contributes nothing, even to a partial that is infinite. Returns the index of
    the first record on the way that has a cotangent but no kernel, so that the caller can go on from there;
    -1 at the end.
    """
    for at in range(start, -1, -1):
        g = cotangents[at]
        if g == 0.0:
            continue
        code = codes[at]
        left = i64(lefts[at])
        right = i64(rights[at])
        if code == CHAIN:
            x = numbers[left]
            y = numbers[right]
            cotangents[left] += g * y
            cotangents[right] += floats.zeros_win(g, x)
        elif code == ZEROS_WIN:
            x = numbers[left]
            y = numbers[right]
            cotangents[left] += floats.zeros_win(g, y)
            cotangents[right] += floats.zeros_win(g, x)
        elif code == ADD:
            cotangents[left] += g
            cotangents[right] += g
        elif code == SUBTRACT:
            cotangents[left] += g
            cotangents[right] += -g
        elif code == MULTIPLY:
            x = numbers[left]
            y = numbers[right]
            cotangents[left] += g * y
            cotangents[right] += g * x
        elif code == DIVIDE:
            y = numbers[right]
            out = numbers[at]
            cotangents[left] += g * floats.divide(1.0, y)
            cotangents[right] += g * floats.divide(-out, y)
        elif code == NEGATIVE:
            cotangents[left] += -g
        elif code == REMAINDER:
            x = numbers[left]
            y = numbers[right]
            cotangents[left] += g
            cotangents[right] += g * -floats.floor_divide(x, y)
        elif code == ABSOLUTE:
            x = numbers[left]
            cotangents[left] += g * floats.sign(x)
        elif code == EXP:
            out = numbers[at]
            cotangents[left] += g * out
        elif code == EXP2:
            out = numbers[at]
            cotangents[left] += g * (out * 0.6931471805599453)
        elif code == EXPM1:
            x = numbers[left]
            cotangents[left] += g * floats.exp(x)
        elif code == RECIPROCAL:
            out = numbers[at]
            cotangents[left] += g * -(out * out)
        elif code == LOG:
            x = numbers[left]
            cotangents[left] += g * floats.reciprocal(x)
        elif code == LOG1P:
            x = numbers[left]
            cotangents[left] += g * floats.reciprocal(1.0 + x)
        elif code == LOG2:
            x = numbers[left]
            cotangents[left] += g * floats.divide(1.4426950408889634, x)
        elif code == LOG10:
            x = numbers[left]
            cotangents[left] += g * floats.divide(0.43429448190325176, x)
        elif code == SQUARE:
            x = numbers[left]
            cotangents[left] += g * (2.0 * x)
        elif code == SQRT:
            out = numbers[at]
            cotangents[left] += g * floats.divide(0.5, out)
        elif code == CBRT:
            out = numbers[at]
            cotangents[left] += g * floats.divide(0.3333333333333333, out * out)
        elif code == POWER:
            x = numbers[left]
            y = numbers[right]
            out = numbers[at]
            cotangents[left] += g * floats.chain(y, floats.power(x, y - 1.0))
            cotangents[right] += g * floats.chain(out, floats.log(x + floats.is_zero(x)))
        elif code == SIGMOID_SLOPE:
            x = numbers[left]
            out = numbers[at]
            cotangents[left] += g * (out * (floats.sigmoid(-x) - floats.sigmoid(x)))
        elif code == SIGMOID:
            x = numbers[left]
            cotangents[left] += g * floats.sigmoid_slope(x)
        elif code == LOGADDEXP:
            x = numbers[left]
            y = numbers[right]
            cotangents[left] += g * floats.sigmoid(x - y)
            cotangents[right] += g * floats.sigmoid(y - x)
        elif code == SIN:
            x = numbers[left]
            cotangents[left] += g * floats.cos(x)
        elif code == COS:
            x = numbers[left]
            cotangents[left] += g * -floats.sin(x)
        elif code == TAN:
            out = numbers[at]
            cotangents[left] += g * (1.0 + out * out)
        elif code == ARCSIN:
            x = numbers[left]
            cotangents[left] += g * floats.reciprocal(floats.sqrt((1.0 - x) * (1.0 + x)))
        elif code == ARCCOS:
            x = numbers[left]
            cotangents[left] += g * -floats.reciprocal(floats.sqrt((1.0 - x) * (1.0 + x)))
        elif code == ARCTAN:
            x = numbers[left]
            cotangents[left] += g * floats.square(floats.reciprocal(floats.hypot(x, 1.0)))
        elif code == SINH:
            x = numbers[left]
            cotangents[left] += g * floats.cosh(x)
        elif code == COSH:
            x = numbers[left]
            cotangents[left] += g * floats.sinh(x)
        elif code == TANH:
            x = numbers[left]
            cotangents[left] += g * (4.0 * floats.sigmoid_slope(2.0 * x))
        elif code == ARCSINH:
            x = numbers[left]
            cotangents[left] += g * floats.reciprocal(floats.hypot(x, 1.0))
        elif code == ARCCOSH:
            x = numbers[left]
            cotangents[left] += g * floats.reciprocal(floats.sqrt(x - 1.0) * floats.sqrt(x + 1.0))
        elif code == ARCTANH:
            x = numbers[left]
            cotangents[left] += g * floats.reciprocal((1.0 - x) * (1.0 + x))
        elif code == HYPOT:
            x = numbers[left]
            y = numbers[right]
            out = numbers[at]
            part0 = out + floats.is_zero(out)
            cotangents[left] += g * floats.divide(x, part0)
            cotangents[right] += g * floats.divide(y, part0)
        elif code == ARCTAN2:
            x = numbers[left]
            y = numbers[right]
            part0 = floats.hypot(y, x)
            part1 = part0 + floats.is_zero(part0)
            cotangents[left] += g * floats.divide(floats.divide(y, part1), part1)
            cotangents[right] += g * floats.divide(floats.divide(-x, part1), part1)
        elif code == ERF:
            x = numbers[left]
            cotangents[left] += g * (1.1283791670955126 * floats.exp(-(x * x)))
        elif code == ERFC:
            x = numbers[left]
            cotangents[left] += g * (-1.1283791670955126 * floats.exp(-(x * x)))
        elif code == RELU:
            x = numbers[left]
            cotangents[left] += g * floats.step(x)
        elif code == SOFTPLUS:
            x = numbers[left]
            cotangents[left] += g * floats.sigmoid(x)
        elif code == SILU:
            x = numbers[left]
            cotangents[left] += g * floats.chain(floats.sigmoid(x), 1.0 + floats.chain(floats.sigmoid(-x), x))
        elif code == NORMAL_PDF:
            x = numbers[left]
            out = numbers[at]
            cotangents[left] += g * -floats.chain(out, x)
        elif code == NORMAL_CDF:
            x = numbers[left]
            cotangents[left] += g * floats.normal_pdf(x)
        elif code == GELU:
            x = numbers[left]
            cotangents[left] += g * (floats.normal_cdf(x) + floats.chain(floats.normal_pdf(x), x))
        elif code == MAXIMUM:
            x = numbers[left]
            y = numbers[right]
            cotangents[left] += g * floats.share(x, y)
            cotangents[right] += g * floats.share(y, x)
        elif code == MINIMUM:
            x = numbers[left]
            y = numbers[right]
            cotangents[left] += g * floats.share(y, x)
            cotangents[right] += g * floats.share(x, y)
        elif code >= COUNT:
            return at
    return -1


def push(
    codes: vec[i32], lefts: vec[i32], rights: vec[i32], numbers: vec[float], tangents: vec[float], start: i64, end: i64
) -> i64:
    """Sweep forwards from record `start`: the tangent of every record before `end` whose inputs have one.

    Returns the index of the first record on the way that has no kernel, so that the caller can go on
    from there; `end` at the end.
    """
    for at in range(start, end):
        left = i64(lefts[at])
        right = i64(rights[at])
        t = tangents[left] if left >= 0 else 0.0
        u = tangents[right] if right >= 0 else 0.0
        code = codes[at]
        if code >= COUNT:
            return at
        if t == 0.0 and u == 0.0:
            continue
        if code == CHAIN:
            x = numbers[left]
            y = numbers[right]
            tangents[at] = floats.chain(t, y)
            tangents[at] += floats.zeros_win(u, x)
        elif code == ZEROS_WIN:
            x = numbers[left]
            y = numbers[right]
            tangents[at] = floats.zeros_win(t, y)
            tangents[at] += floats.zeros_win(u, x)
        elif code == ADD:
            tangents[at] = t
            tangents[at] += u
        elif code == SUBTRACT:
            tangents[at] = t
            tangents[at] += -u
        elif code == MULTIPLY:
            x = numbers[left]
            y = numbers[right]
            tangents[at] = floats.chain(t, y)
            tangents[at] += floats.chain(u, x)
        elif code == DIVIDE:
            y = numbers[right]
            out = numbers[at]
            tangents[at] = floats.chain(t, floats.divide(1.0, y))
            tangents[at] += floats.chain(u, floats.divide(-out, y))
        elif code == NEGATIVE:
            tangents[at] = -t
        elif code == REMAINDER:
            x = numbers[left]
            y = numbers[right]
            tangents[at] = t
            tangents[at] += floats.chain(u, -floats.floor_divide(x, y))
        elif code == ABSOLUTE:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.sign(x))
        elif code == EXP:
            out = numbers[at]
            tangents[at] = floats.chain(t, out)
        elif code == EXP2:
            out = numbers[at]
            tangents[at] = floats.chain(t, out * 0.6931471805599453)
        elif code == EXPM1:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.exp(x))
        elif code == RECIPROCAL:
            out = numbers[at]
            tangents[at] = floats.chain(t, -(out * out))
        elif code == LOG:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.reciprocal(x))
        elif code == LOG1P:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.reciprocal(1.0 + x))
        elif code == LOG2:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.divide(1.4426950408889634, x))
        elif code == LOG10:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.divide(0.43429448190325176, x))
        elif code == SQUARE:
            x = numbers[left]
            tangents[at] = floats.chain(t, 2.0 * x)
        elif code == SQRT:
            out = numbers[at]
            tangents[at] = floats.chain(t, floats.divide(0.5, out))
        elif code == CBRT:
            out = numbers[at]
            tangents[at] = floats.chain(t, floats.divide(0.3333333333333333, out * out))
        elif code == POWER:
            x = numbers[left]
            y = numbers[right]
            out = numbers[at]
            tangents[at] = floats.chain(t, floats.chain(y, floats.power(x, y - 1.0)))
            tangents[at] += floats.chain(u, floats.chain(out, floats.log(x + floats.is_zero(x))))
        elif code == SIGMOID_SLOPE:
            x = numbers[left]
            out = numbers[at]
            tangents[at] = floats.chain(t, out * (floats.sigmoid(-x) - floats.sigmoid(x)))
        elif code == SIGMOID:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.sigmoid_slope(x))
        elif code == LOGADDEXP:
            x = numbers[left]
            y = numbers[right]
            tangents[at] = floats.chain(t, floats.sigmoid(x - y))
            tangents[at] += floats.chain(u, floats.sigmoid(y - x))
        elif code == SIN:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.cos(x))
        elif code == COS:
            x = numbers[left]
            tangents[at] = floats.chain(t, -floats.sin(x))
        elif code == TAN:
            out = numbers[at]
            tangents[at] = floats.chain(t, 1.0 + out * out)
        elif code == ARCSIN:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.reciprocal(floats.sqrt((1.0 - x) * (1.0 + x))))
        elif code == ARCCOS:
            x = numbers[left]
            tangents[at] = floats.chain(t, -floats.reciprocal(floats.sqrt((1.0 - x) * (1.0 + x))))
        elif code == ARCTAN:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.square(floats.reciprocal(floats.hypot(x, 1.0))))
        elif code == SINH:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.cosh(x))
        elif code == COSH:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.sinh(x))
        elif code == TANH:
            x = numbers[left]
            tangents[at] = floats.chain(t, 4.0 * floats.sigmoid_slope(2.0 * x))
        elif code == ARCSINH:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.reciprocal(floats.hypot(x, 1.0)))
        elif code == ARCCOSH:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.reciprocal(floats.sqrt(x - 1.0) * floats.sqrt(x + 1.0)))
        elif code == ARCTANH:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.reciprocal((1.0 - x) * (1.0 + x)))
        elif code == HYPOT:
            x = numbers[left]
            y = numbers[right]
            out = numbers[at]
            part0 = out + floats.is_zero(out)
            tangents[at] = floats.chain(t, floats.divide(x, part0))
            tangents[at] += floats.chain(u, floats.divide(y, part0))
        elif code == ARCTAN2:
            x = numbers[left]
            y = numbers[right]
            part0 = floats.hypot(y, x)
            part1 = part0 + floats.is_zero(part0)
            tangents[at] = floats.chain(t, floats.divide(floats.divide(y, part1), part1))
            tangents[at] += floats.chain(u, floats.divide(floats.divide(-x, part1), part1))
        elif code == ERF:
            x = numbers[left]
            tangents[at] = floats.chain(t, 1.1283791670955126 * floats.exp(-(x * x)))
        elif code == ERFC:
            x = numbers[left]
            tangents[at] = floats.chain(t, -1.1283791670955126 * floats.exp(-(x * x)))
        elif code == RELU:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.step(x))
        elif code == SOFTPLUS:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.sigmoid(x))
        elif code == SILU:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.chain(floats.sigmoid(x), 1.0 + floats.chain(floats.sigmoid(-x), x)))
        elif code == NORMAL_PDF:
            x = numbers[left]
            out = numbers[at]
            tangents[at] = floats.chain(t, -floats.chain(out, x))
        elif code == NORMAL_CDF:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.normal_pdf(x))
        elif code == GELU:
            x = numbers[left]
            tangents[at] = floats.chain(t, floats.normal_cdf(x) + floats.chain(floats.normal_pdf(x), x))
        elif code == MAXIMUM:
            x = numbers[left]
            y = numbers[right]
            tangents[at] = floats.chain(t, floats.share(x, y))
            tangents[at] += floats.chain(u, floats.share(y, x))
        elif code == MINIMUM:
            x = numbers[left]
            y = numbers[right]
            tangents[at] = floats.chain(t, floats.share(y, x))
            tangents[at] += floats.chain(u, floats.share(x, y))
    return end
