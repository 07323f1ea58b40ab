"""The parts of a page that replays a tape: controls, the numbers behind them, checks, warnings, second derivatives.

The page arrives with everything shown, and stays so without JavaScript. With it, the controls appear and decide
what is shown: the script only reveals and replaces texts that were written here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from tapegrad.trace import Trace
from tapegrad.variables import Scalar
from tapegrad.view.conventions import Notice, warnings
from tapegrad.view.moments import Moment, moments
from tapegrad.view.page import buttons, embedded
from tapegrad.view.replay import Check, checks, replay, second_derivatives
from tapegrad.view.steps import format_number
from tapegrad.view.svg import clean

__all__ = ["Lesson", "below", "controls", "data", "lesson_of", "number_table"]


@attrs.frozen
class Lesson:
    """All that the page tells beside the drawing and the table."""

    moments: tuple[Moment, ...]
    checks: tuple[Check, ...]
    second: Mapping[str, Mapping[str, float]]
    warnings: tuple[Notice, ...]

    @property
    def longest_adjoint(self) -> int:
        """How many characters the longest adjoint has that is shown at any time."""
        texts = (format_number(adjoint) for moment in self.moments for adjoint in moment.adjoints.values())
        return max(map(len, texts), default=0)


def lesson_of(
    trace: Trace,
    names: Mapping[int, str],
    sources: Mapping[int, str],
    function: Callable[..., Scalar],
    point: Mapping[str, float],
) -> Lesson:
    """What there is to tell of `trace`, which is `function` at `point`. Raises DrawingError if it holds arrays."""
    told = moments(replay(trace, names, sources))
    return Lesson(told, checks(function, point), second_derivatives(function, point), warnings(trace, names, sources))


def controls() -> str:
    """A slider over the moments, buttons, and the panel that says what happens; hidden until the script runs."""
    return (
        '<section class="player" aria-label="Replay" hidden>'
        f"{buttons()}"
        '<label class="slider"><span class="place"></span><input type="range" min="0" step="1"></label>'
        '<p class="panel" role="status" tabindex="0" aria-label="What happens"></p></section>'
    )


def data(lesson: Lesson) -> str:
    """The moments for the script, numbers as the texts to be shown."""
    told = [
        {
            "phase": moment.phase,
            "record": moment.record,
            "sentence": moment.sentence,
            "adjoints": {str(index): format_number(adjoint) for index, adjoint in moment.adjoints.items()},
        }
        for moment in lesson.moments
    ]
    return embedded("moments", told)


def below(lesson: Lesson) -> str:
    """Warnings, the derivatives next to central differences, and the second derivatives to be unfolded."""
    parts = []
    if lesson.warnings:
        items = "".join(f'<li data-record="{each.index}">{clean(each.sentence)}</li>' for each in lesson.warnings)
        parts.append(f'<h2>Kinks and edges</h2><ul class="warnings">{items}</ul>')
    if lesson.checks:
        rows = [
            (check.name, *map(format_number, (check.value, check.derivative, check.difference)), f"{check.error:.1e}")
            for check in lesson.checks
        ]
        heads = ("input", "value", "derivative", "central difference", "error")
        about = "<p>Each derivative next to a central difference, which is itself a little off.</p>"
        parts.append(f"<h2>Derivatives, checked</h2>{about}{number_table('checks', heads, rows)}")
    if lesson.second:
        rows = [(name, *map(format_number, row.values())) for name, row in lesson.second.items()]
        hessian = number_table("hessian", ("", *lesson.second), rows)
        about = "<p>The Hessian: each row holds the derivatives of one derivative.</p>"
        parts.append(f"<details><summary>Second derivatives</summary>{about}{hessian}</details>")
    return "".join(parts)


def number_table(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column names the rows, the others hold numbers."""
    first, *others = map(clean, heads)
    head = f'<th scope="col">{first}</th>' + "".join(f'<th class="number" scope="col">{each}</th>' for each in others)
    body = []
    for row in rows:
        label, *numbers = map(clean, row)
        cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
        body.append(f'<tr><th scope="row">{label}</th>{cells}</tr>')
    inner = f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>"
    region = f'<div class="rows" tabindex="0" role="region" aria-label="{name}">'
    return f'{region}<table class="{name}">{inner}</table></div>'
