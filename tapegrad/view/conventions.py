"""Where a derivative is a convention: the kinks and edges of operations, as a table, and which records are at one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from tapegrad.trace import Trace
from tapegrad.view.replay import steps_of_numbers
from tapegrad.view.steps import Step, format_number

__all__ = ["KINKS", "Kink", "Notice", "headline", "warnings"]


@attrs.frozen
class Kink:
    """Where an operation has no derivative in the ordinary sense, and what stands for it there."""

    holds: Callable[..., bool]
    """Of the operands: whether they are there."""
    convention: str


@attrs.frozen
class Notice:
    """One thing to know about a record, in a sentence."""

    index: int
    sentence: str


def _at(*places: float) -> Callable[[float], bool]:
    return lambda x: x in places


def _whole(x: float) -> bool:
    return x.is_integer()


def _tie(x: float, y: float) -> bool:
    return x == y


def _multiple(x: float, y: float) -> bool:
    return y != 0.0 and math.isfinite(x) and math.fmod(x, y) == 0.0


def _origin(x: float, y: float) -> bool:
    return x == 0.0 == y


_HALVES = "both sides are equal, and each gets half of the derivative"
_JUMP = "it jumps here; its derivative is 0, as everywhere"
_INFINITE = "its tangent is upright here, and the derivative is infinite"
_BY_ZERO = Kink(lambda x, y: y == 0.0, "a division by 0, whose value is no finite number")
_POLE = "the value here is -inf, and the derivative inf"
_TIE = (Kink(_tie, _HALVES),)
_EQUALITY = (Kink(_tie, "both sides are equal: a small step can take the other branch, whose slope is not seen"),)

KINKS: Final[dict[str, tuple[Kink, ...]]] = {
    "absolute": (Kink(_at(0.0), "a kink at 0; the derivative there is 0"),),
    "relu": (Kink(_at(0.0), "a kink at 0; the derivative there is 0"),),
    "maximum": _TIE,
    "minimum": _TIE,
    "fmax": _TIE,
    "fmin": _TIE,
    "sqrt": (Kink(_at(0.0), _INFINITE),),
    "cbrt": (Kink(_at(0.0), _INFINITE),),
    "arcsin": (Kink(_at(-1.0, 1.0), _INFINITE),),
    "arccos": (Kink(_at(-1.0, 1.0), _INFINITE),),
    "arccosh": (Kink(_at(1.0), _INFINITE),),
    "arctanh": (Kink(_at(-1.0, 1.0), "a pole; value and derivative are infinite"),),
    "log": (Kink(_at(0.0), _POLE),),
    "log1p": (Kink(_at(-1.0), _POLE),),
    "log2": (Kink(_at(0.0), _POLE),),
    "log10": (Kink(_at(0.0), _POLE),),
    "divide": (_BY_ZERO,),
    "reciprocal": (Kink(_at(0.0), "a division by 0; value and derivative are infinite"),),
    "power": (
        Kink(lambda x, y: x == 0.0 and 0.0 < y < 1.0, "0 to a power between 0 and 1; the derivative is inf"),
        Kink(lambda x, y: x == 0.0 and y < 0.0, "0 to a negative power; value and derivative are infinite"),
        Kink(_origin, "0 to the power 0 is 1; the derivative by the base is 0"),
    ),
    "hypot": (Kink(_origin, "a kink at the origin; both derivatives there are 0"),),
    "arctan2": (
        Kink(_origin, "no angle at the origin; both derivatives there are 0"),
        Kink(lambda y, x: y == 0.0 and x < 0.0, "the angle jumps from pi to -pi here; the derivative is of one side"),
    ),
    "floor": (Kink(_whole, _JUMP),),
    "ceil": (Kink(_whole, _JUMP),),
    "floor_divide": (Kink(_multiple, _JUMP), _BY_ZERO),
    "sign": (Kink(_at(0.0), _JUMP),),
    "step": (Kink(_at(0.0), _JUMP),),
    "is_zero": (Kink(_at(0.0), _JUMP),),
    "heaviside": (Kink(lambda x, y: x == 0.0, "it jumps here; its derivative by the first argument is 0"),),
    "trunc": (Kink(lambda x: x.is_integer() and x != 0.0, _JUMP),),
    "fractional": (Kink(lambda x: x.is_integer() and x != 0.0, "it jumps here; its derivative is 1, as everywhere"),),
    "fmod": (Kink(lambda x, y: x != 0.0 and _multiple(x, y), "it jumps here; the derivatives are those of one side"),),
    "rint": (Kink(lambda x: (x - 0.5).is_integer(), _JUMP),),
    "remainder": (Kink(_multiple, "it jumps here; the derivatives are those of one side"),),
    "copysign": (
        Kink(lambda x, y: x == 0.0, "a kink at 0; the derivative there is 0"),
        Kink(lambda x, y: x != 0.0 and y == 0.0, "it jumps where the second argument is 0; that derivative is 0"),
    ),
    **dict.fromkeys(("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"), _EQUALITY),
}
"""By the name of the operation."""


def warnings(
    trace: Trace, names: Mapping[int, str] | None = None, sources: Mapping[int, str] | None = None
) -> tuple[Notice, ...]:
    """The records at a kink or an edge, and those whose value or adjoint is not finite, in tape order.

    Constants are what they were written as, and nobody asks for their adjoints. Raises DrawingError if the tape
    holds arrays.

    >>> from tapegrad import trace
    >>> [warning.sentence for warning in warnings(trace(lambda x: abs(x) + 1.0, 0.0), {0: "x", 1: "a"})]
    ['%1 absolute (a): a kink at 0; the derivative there is 0.']
    """
    steps = steps_of_numbers(trace, names, sources)
    return tuple(Notice(step.index, f"{headline(step)}: {what}.") for step in steps for what in _about(step, steps))


def headline(step: Step) -> str:
    """``%4 multiply (area)``."""
    return f"%{step.index} {step.operation} ({step.name})" if step.name else f"%{step.index} {step.operation}"


def _about(step: Step, steps: Sequence[Step]) -> Iterator[str]:
    operands = [steps[i].value for i in step.inputs]
    for kink in KINKS.get(step.operation, ()):
        if kink.holds(*operands):
            yield kink.convention
    if step.kind == "constant":
        return
    for word, number in (("value", step.value), ("adjoint", step.adjoint)):
        if isinstance(number, float) and not math.isfinite(number):
            yield f"its {word} is {format_number(number)}"
