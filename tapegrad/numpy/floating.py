"""Further functions of each element: rounding, remainders, signs, degrees, numbers in place of nan and infinities."""

from __future__ import annotations

import math
import operator
from typing import cast, overload

import numpy as np
import numpy.typing as npt

from tapegrad import dispatch
from tapegrad.arrays import AnyArray
from tapegrad.errors import OperandError
from tapegrad.numpy.logic import chosen, isnan
from tapegrad.numpy.signatures import ArrayLike, Kind, answers, applying, pairing
from tapegrad.ops import rounding, special
from tapegrad.ops.arithmetic import absolute, divide, floor_divide, multiply, remainder
from tapegrad.ops.exponential import logaddexp, power
from tapegrad.ops.selection import equal
from tapegrad.ops.shape import astype, from_the_end
from tapegrad.primitive import Operand, as_value, concrete
from tapegrad.variables import Var

__all__ = [
    "around", "copysign", "deg2rad", "degrees", "divmod", "fabs", "fix", "float_power", "fmax", "fmin", "fmod",
    "heaviside", "i0", "ldexp", "logaddexp2", "modf", "nan_to_num", "positive", "rad2deg", "radians", "rint", "round",
    "sinc", "true_divide", "trunc", "unwrap",
]  # fmt: skip

# ---- rounding: the derivative is zero -----------------------------------------------------------


@applying(np.trunc)
def trunc(x: Var) -> object:
    """Rounded towards zero."""
    return rounding.trunc(x)


@applying(np.fix)
def fix(x: Var) -> object:
    """Rounded towards zero."""
    return rounding.trunc(x)


@applying(np.rint)
def rint(x: Var) -> object:
    """The nearest whole number, of two the even one."""
    return rounding.rint(x)


@applying(np.round)
def round(x: Var, decimals: int = 0) -> object:
    """The nearest number of so many decimals, of two the even one; with negative `decimals` of so many zeros."""
    if decimals == 0:
        return rounding.rint(x)
    scale = 10.0 ** abs(operator.index(decimals))
    if decimals > 0:
        return divide(rounding.rint(multiply(x, scale)), scale)
    return multiply(rounding.rint(divide(x, scale)), scale)


# ---- parts and remainders -----------------------------------------------------------------------


@overload
def modf(x: Var) -> tuple[Var, Var]: ...
@overload
def modf(x: float) -> tuple[float, float]: ...
@overload
def modf(x: npt.NDArray[Kind]) -> tuple[npt.NDArray[Kind], npt.NDArray[Kind]]: ...
@answers(np.modf)
def modf(x: object) -> object:
    """The part behind the point, which has the derivative, and the whole part."""
    return rounding.fractional(cast(Var, x)), rounding.trunc(cast(Var, x))


@overload
def divmod(x: Var, y: ArrayLike) -> tuple[Var, Var]: ...
@overload
def divmod(x: ArrayLike, y: Var) -> tuple[Var, Var]: ...
@overload
def divmod(x: float, y: float) -> tuple[float, float]: ...
@overload
def divmod(x: npt.NDArray[Kind], y: npt.NDArray[Kind] | float) -> tuple[npt.NDArray[Kind], npt.NDArray[Kind]]: ...
@answers(np.divmod)
def divmod(x: object, y: object) -> object:
    """How often y goes into x, rounded down, and what remains."""
    return floor_divide(cast(Var, x), cast(Var, y)), remainder(cast(Var, x), cast(Var, y))


@pairing(np.fmod)
def fmod(x: Var, y: Var) -> object:
    """What remains of x / y rounded towards zero; it has the sign of x."""
    return rounding.fmod(x, y)


@applying(np.ldexp)
def ldexp(x: Var, exponent: ArrayLike) -> object:
    """x times 2 to the exponent, whole numbers that are not traced."""
    if isinstance(exponent, Operand):
        msg = "ldexp: the exponent is a whole number and has no derivative; write x * tnp.exp2(y)"
        raise OperandError(msg)
    exponents = np.asarray(exponent, int)
    half = exponents // 2  # in two steps, of which neither overflows if the product does not
    ones = np.ones((), np.asarray(concrete(x)).dtype)
    return multiply(multiply(x, np.ldexp(ones, half)), np.ldexp(ones, exponents - half))


# ---- signs and extremes -------------------------------------------------------------------------


@applying(np.positive)
def positive(x: object) -> object:
    """x."""
    value = x if isinstance(x, Operand) else as_value(x)
    return np.positive(value) if isinstance(value, np.ndarray) else value


@pairing(np.copysign)
def copysign(x: Var, y: Var) -> object:
    """The size of x with the sign of y; at x = 0 the derivative is 0."""
    return rounding.copysign(x, y)


@pairing(np.heaviside)
def heaviside(x: Var, y: Var) -> object:
    """0 left of 0, 1 right of it, y at it."""
    return rounding.heaviside(x, y)


@pairing(np.fmax)
def fmax(x: Var, y: Var) -> object:
    """The larger of the two; a number if the other is nan. A tie is shared equally."""
    return rounding.fmax(x, y)


@pairing(np.fmin)
def fmin(x: Var, y: Var) -> object:
    """The smaller of the two; a number if the other is nan. A tie is shared equally."""
    return rounding.fmin(x, y)


@applying(np.nan_to_num)
def nan_to_num(
    x: Var, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> object:
    """With numbers in place of nan and the infinities: by default 0 and the largest; their derivative is zero.

    `copy` is accepted as NumPy does, and makes no difference.
    """
    del copy
    largest = float(np.finfo(np.asarray(concrete(x)).dtype).max)
    x = chosen(isnan(x), nan, x)
    x = chosen(equal(x, math.inf), largest if posinf is None else posinf, x)
    return chosen(equal(x, -math.inf), -largest if neginf is None else neginf, x)


# ---- angles, powers, and others -----------------------------------------------------------------


@applying(np.deg2rad)
def deg2rad(x: Var) -> object:
    """Degrees in radians."""
    return multiply(x, math.pi / 180.0)


@applying(np.rad2deg)
def rad2deg(x: Var) -> object:
    """Radians in degrees."""
    return multiply(x, 180.0 / math.pi)


@applying(np.unwrap)
def unwrap(p: Var, discont: float | None = None, axis: int = -1, period: float = 2.0 * math.pi) -> object:
    """Angles along an axis without jumps of more than half a period: whole periods are added."""
    (at,) = from_the_end(axis, np.ndim(cast(AnyArray, concrete(p))))
    largest = period / 2.0 if discont is None else float(discont)
    return p + rounding.turns(p, axis=at, discont=largest, period=float(period))


@pairing(np.float_power)
def float_power(x: Var, y: Var) -> object:
    """x to the y, in float64."""
    wide = [astype(z, dtype="<f8") if np.asarray(concrete(z)).dtype == np.float32 else z for z in (x, y)]
    return power(wide[0], wide[1])


@pairing(np.logaddexp2)
def logaddexp2(x: Var, y: Var) -> object:
    """log2(2^x + 2^y), without overflow."""
    return divide(logaddexp(multiply(x, math.log(2.0)), multiply(y, math.log(2.0))), math.log(2.0))


@applying(np.sinc)
def sinc(x: Var) -> object:
    """sin(pi x) / (pi x), which is 1 at 0; accurate there in every derivative."""
    return rounding.sinc_of(multiply(x, math.pi), order=0)


@applying(np.i0)
def i0(x: Var) -> object:
    """The modified Bessel function of order 0; its derivative needs SciPy."""
    return special.bessel(x, kind="i", order=0)


# NumPy keeps these second names.
around, fabs, true_divide, degrees, radians = round, absolute, divide, rad2deg, deg2rad
for _name in ("around", "fabs", "degrees", "radians"):
    dispatch.register(_name, globals()[_name], getattr(np, _name))
