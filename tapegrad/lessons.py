"""What there is to tell of an expression beside its tape: both passes, checks, second derivatives, warnings."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from tapegrad.expression import Expression, Reading, position_of
from tapegrad.transforms import grad
from tapegrad.variables import Scalar
from tapegrad.view.player import Lesson, Program, lesson_of

__all__ = ["lesson"]


def lesson(expression: Expression, reading: Reading, by: str | None = None) -> Lesson:
    """The lesson of `reading`, which is of `expression`, or of its derivative `by` an input."""

    def value(*variables: Scalar) -> Scalar:
        return expression.evaluate(dict(zip(expression.names, variables, strict=True)))

    function: Callable[..., Scalar] = value
    if by is not None:
        function = cast(Callable[..., Scalar], grad(value, position_of(expression, by)))
    program = Program(expression.text, expression.names, reading.lines)
    return lesson_of(reading.trace, reading.names, reading.placed_sources, function, program)
