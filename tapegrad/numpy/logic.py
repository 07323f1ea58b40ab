"""Questions about each element, their combinations, and whether arrays are alike.

Of a traced number the answer is a plain bool, and the tape notes that it was seen; of a traced array it is an array of
booleans that is asked again on replay.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from tapegrad.arrays import AnyArray
from tapegrad.elementwise import Nary
from tapegrad.maps import shape_of
from tapegrad.masks import Mask, observe, symbolic
from tapegrad.numpy.signatures import answers, asking, asking_of_two
from tapegrad.ops import rounding, selection
from tapegrad.ops.arithmetic import absolute, subtract
from tapegrad.ops.selection import equal, less_equal
from tapegrad.ops.shape import select
from tapegrad.variables import ArrayVar, Var

__all__ = [
    "allclose", "array_equal", "array_equiv", "is_close", "isclose", "isfinite", "isin", "isinf", "isnan", "isneginf",
    "isposinf", "logical_and", "logical_not", "logical_or", "logical_xor", "signbit",
]  # fmt: skip


def asked(question: Nary, *operands: object) -> object:
    """The answer for each element."""
    answer: object = question.evaluate([symbolic(x) for x in operands], ())
    if isinstance(answer, ArrayVar):
        return Mask(answer) if answer.shape else bool(observe(answer))
    return answer if isinstance(answer, np.ndarray) else bool(answer)


def chosen(condition: object, x: object, y: object) -> Var:
    """`x` where the condition holds, else `y`; what is not taken has no part in the derivative."""
    if isinstance(condition, (np.ndarray, Mask)):
        return cast(Var, select(symbolic(condition), x, y))
    return cast(Var, x if condition else y)


@asking(np.isnan)
def isnan(x: Var) -> object:
    """Whether each element is nan."""
    return asked(rounding.isnan, x)


@asking(np.isinf)
def isinf(x: Var) -> object:
    """Whether each element is infinite."""
    return asked(rounding.isinf, x)


@asking(np.isposinf)
def isposinf(x: Var) -> object:
    """Whether each element is inf."""
    return equal(x, np.inf)


@asking(np.isneginf)
def isneginf(x: Var) -> object:
    """Whether each element is -inf."""
    return equal(x, -np.inf)


@asking(np.isfinite)
def isfinite(x: Var) -> object:
    """Whether each element is neither infinite nor nan."""
    return asked(rounding.isfinite, x)


@asking(np.signbit)
def signbit(x: Var) -> object:
    """Whether each element is below zero, or -0.0."""
    return asked(rounding.signbit, x)


@asking(np.logical_not)
def logical_not(x: Var) -> object:
    """Whether each element is zero, or false."""
    return asked(rounding.logical_not, x)


@asking_of_two(np.logical_and)
def logical_and(x: Var, y: Var) -> object:
    """Whether both are true, or not zero."""
    return asked(rounding.logical_and, x, y)


@asking_of_two(np.logical_or)
def logical_or(x: Var, y: Var) -> object:
    """Whether one of them is true, or not zero."""
    return asked(rounding.logical_or, x, y)


@asking_of_two(np.logical_xor)
def logical_xor(x: Var, y: Var) -> object:
    """Whether just one of them is true, or not zero."""
    return asked(rounding.logical_xor, x, y)


@asking_of_two(np.isclose)
def isclose(x: Var, y: Var, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> object:
    """Whether each x is within ``atol + rtol * |y|`` of y; nothing but itself is close to an infinity.

    With `equal_nan` a nan is close to a nan.
    """
    if not shape_of(x) and not shape_of(y):
        return selection.isclose(x, y, rtol, atol) or (equal_nan and isnan(x) and isnan(y))
    with np.errstate(invalid="ignore"):  # inf - inf
        near = logical_and(less_equal(absolute(subtract(x, y)), atol + rtol * absolute(y)), isfinite(y))
    close = logical_or(near, equal(x, y))
    return logical_or(close, logical_and(isnan(x), isnan(y))) if equal_nan else close


is_close = isclose


@answers(np.allclose)
def allclose(a: object, b: object, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements are close, in the sense of `isclose`."""
    return bool(np.all(cast(AnyArray, isclose(cast(Var, a), cast(Var, b), rtol, atol, equal_nan))))


@answers(np.array_equal)
def array_equal(a1: object, a2: object, equal_nan: bool = False) -> bool:
    """Whether two arrays have one shape and equal elements; with `equal_nan` nan equals nan."""
    return np.array_equal(_seen(a1), _seen(a2), equal_nan)


@answers(np.array_equiv)
def array_equiv(a1: object, a2: object) -> bool:
    """Whether two arrays broadcast, and have equal elements then."""
    return np.array_equiv(_seen(a1), _seen(a2))


@answers(np.isin)
def isin(
    element: object, test_elements: object, assume_unique: bool = False, invert: bool = False
) -> npt.NDArray[np.bool_]:
    """Whether each element is among the test elements; with `invert` whether it is not. The tape notes both."""
    return np.isin(_seen(element), _seen(test_elements), assume_unique, invert)


def _seen(x: object) -> AnyArray:
    """The plain elements; if they are traced, the tape notes that they were seen."""
    return np.asarray(observe(symbolic(x)))
