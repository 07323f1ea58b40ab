"""What hypothesis draws for more than one file of tests: floats of every kind, and scalar programs of them."""

from __future__ import annotations

import math

from hypothesis import strategies as st
from scalar_programs import ARITIES, Question, Step

__all__ = ["NUMBERS", "SPECIAL", "questions"]

SPECIAL = (
    0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 40.0, 1e-300, 1e308, -1e308, 5e-324, -5e-324, 2.2250738585072014e-308,
    math.inf, -math.inf, math.nan,
    -113.0,  # what a compiled function returns when it raises an error, and must be able to return when it does not
)  # fmt: skip
NUMBERS = st.sampled_from(SPECIAL) | st.floats(-4.0, 4.0) | st.floats()


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Up to twelve operations on one to three inputs, any of which, and any value on the way, may be returned."""
    count = draw(st.integers(1, 3))
    steps: list[Step] = []
    for size in range(count, count + draw(st.integers(0, 12))):
        name = draw(st.sampled_from(sorted(ARITIES)))
        operands: list[int | float] = [draw(st.integers(0, size - 1) | NUMBERS) for _ in range(ARITIES[name])]
        operands[draw(st.integers(0, len(operands) - 1))] = size - 1  # the newest, so that much depends on much
        steps.append((name, operands))
    last = count + len(steps) - 1
    outputs = draw(st.just([last]) | st.lists(st.integers(0, last), min_size=1, max_size=3))
    point, tangents = ([draw(NUMBERS) for _ in range(count)] for _ in range(2))
    return Question(steps, outputs, point, tangents, [draw(NUMBERS) for _ in outputs])
