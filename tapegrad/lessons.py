"""What there is to tell of an expression beside its tape: both passes, checks, and a shorter tape."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import attrs

from tapegrad import passes
from tapegrad.expression import Expression, Reading, position_of
from tapegrad.transforms import grad
from tapegrad.variables import Scalar
from tapegrad.view.player import Lesson, Program, lesson_of

__all__ = ["lesson", "shortened"]


def shortened(reading: Reading) -> tuple[Reading, dict[str, int]]:
    """The reading with a shorter tape that does the same, and how many records there are after each pass.

    >>> from tapegrad.expression import read
    >>> from tapegrad.parser import parse
    >>> shorter, counts = shortened(read(parse("a = sin(x); b = x + 0; a*sin(x)"), {"x": 2.0}))
    >>> counts
    {'as recorded': 6, 'fold': 6, 'simplify': 6, 'common': 5, 'dead': 3}
    >>> print(shorter.names)
    {0: 'x', 1: 'a', 2: 'L'}
    """
    counts = {"as recorded": len(reading.trace.tape)}
    for name, each in passes.PASSES.items():
        rewritten = each(reading.trace)
        counts[name] = len(rewritten.trace.tape)
        reading = attrs.evolve(
            reading,
            trace=rewritten.trace,
            names=rewritten.carried(reading.names),
            sources=rewritten.carried(reading.sources),
            lines=rewritten.carried(reading.lines),
        )
    return reading, counts


def lesson(expression: Expression, reading: Reading, by: str | None = None) -> Lesson:
    """The lesson of `reading`, which is of `expression`, or of its derivative `by` an input."""

    def value(*variables: Scalar) -> Scalar:
        return expression.evaluate(dict(zip(expression.names, variables, strict=True)))

    function: Callable[..., Scalar] = value
    if by is not None:
        function = cast(Callable[..., Scalar], grad(value, position_of(expression, by)))
    program = Program(expression.text, expression.names, reading.lines)
    return lesson_of(reading.trace, reading.names, reading.placed_sources, function, program)
