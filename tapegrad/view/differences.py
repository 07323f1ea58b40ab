"""Adjoints next to what they should be near to: central differences along the tape, of every record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, cast

from tapegrad.trace import Trace
from tapegrad.view.steps import Step

__all__ = ["MOST_CHECKED", "STEP", "differences"]

MOST_CHECKED: Final = 120
"""Records: each is moved on its own, which takes time with the square of the length of a tape."""

STEP: Final[float] = math.ulp(1.0) ** (1.0 / 3.0)
"""What balances the error of rounding, of order u / e, with that of the difference, of order e**2."""


def differences(trace: Trace, steps: Sequence[Step]) -> tuple[float | None, ...]:
    """By how much the sum of the outputs changes with the value of each record, by a central difference.

    The tape is computed anew from the record on, with its value moved to both sides; branches stay as they were taken.
    A guard has none. Of a tape of numbers with its `steps`; empty for one of more than `MOST_CHECKED` records.

    >>> from tapegrad import trace
    >>> from tapegrad.view.steps import steps_of
    >>> product = trace(lambda x, y: x * y, 2.0, 3.0)
    >>> [round(each, 6) for each in differences(product, steps_of(product))]
    [3.0, 2.0, 1.0]
    """
    if len(steps) > MOST_CHECKED:
        return ()
    return tuple(None if step.kind == "guard" else _difference(trace, step.index) for step in steps)


def _difference(trace: Trace, index: int) -> float:
    x = _number(trace.values[index])
    step = STEP * max(1.0, abs(x))
    high, low = x + step, x - step
    return (_moved(trace, index, high) - _moved(trace, index, low)) / (high - low)


def _moved(trace: Trace, index: int, value: float) -> float:
    """The sum of the outputs where the record `index` has another value."""
    moved = {index: value}
    for at in range(index + 1, len(trace.tape)):
        record = trace.tape[at]
        if any(i in moved for i in record.inputs):
            operands = [moved.get(i, trace.values[i]) for i in record.inputs]
            moved[at] = _number(record.primitive.evaluate(operands, record.params))
    return sum(_number(moved.get(i, trace.values[i])) for i in trace.outputs)


def _number(value: object) -> float:
    """A value of a tape of numbers."""
    return float(cast(float, value))
