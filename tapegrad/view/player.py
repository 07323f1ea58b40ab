"""The parts of a page that replays a tape: controls, the numbers behind them, checks, warnings, second derivatives.

The page arrives with everything shown, and stays so without JavaScript. With it, the controls appear and decide
what is shown: the script only reveals and replaces texts that were written here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, cast

import attrs
import numpy as np

from tapegrad.trace import Trace
from tapegrad.variables import Scalar
from tapegrad.view.conventions import Notice, warnings
from tapegrad.view.differences import differences
from tapegrad.view.moments import Moment, moments
from tapegrad.view.page import embedded
from tapegrad.view.replay import Check, checks, replay, second_derivatives
from tapegrad.view.steering import buttons
from tapegrad.view.steps import format_number
from tapegrad.view.svg import clean

__all__ = ["Lesson", "Program", "below", "controls", "data", "dictionary", "lesson_of", "listing"]

PATIENCE: Final = 0.4  # seconds of computing for what is told beside the tape


@attrs.frozen
class Program:
    """What a person wrote: its text, the inputs, and the line of each other record, from 1."""

    text: str
    inputs: tuple[str, ...]
    lines: Mapping[int, int]


@attrs.frozen
class Lesson:
    """All that the page tells beside the drawing and the table."""

    program: Program
    moments: tuple[Moment, ...]
    differences: tuple[float | None, ...]
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
    program: Program,
) -> Lesson:
    """What there is to tell of `trace`, which is `function` at its inputs. Raises DrawingError if it holds arrays.

    What takes long, because `function` does, is left out: checks and second derivatives ask for it many times.
    """
    both = replay(trace, names, sources)
    with np.errstate(all="ignore"):
        beside = differences(trace, both.steps)
    values = cast(Sequence[float], trace.values)
    point = dict(zip(program.inputs, values, strict=False))
    began = time.thread_time()
    function(*point.values())
    once = time.thread_time() - began
    checked = checks(function, point) if 3 * len(point) * once < PATIENCE else ()
    second = second_derivatives(function, point) if 10 * len(point) * once < PATIENCE else {}
    return Lesson(program, moments(both), beside, checked, second, warnings(trace, names, sources))


def controls() -> str:
    """A slider over the moments, buttons, and the panel that says what happens; hidden until the script runs."""
    return (
        '<section class="player" aria-label="Replay" hidden>'
        f"{buttons()}"
        '<label class="slider"><span class="place"></span><input type="range" min="0" step="1"></label>'
        '<div class="panel" role="status" tabindex="0" aria-label="What happens"><p class="sentence"></p>'
        '<p class="rule"></p><p class="so-far"></p></div></section>'
    )


def data(lesson: Lesson) -> str:
    """The moments for the script, numbers as the texts to be shown."""
    gradient: dict[str, float] = {}
    told = []
    for moment in lesson.moments:
        reached = {name: moment.adjoints[i] for i, name in enumerate(lesson.program.inputs) if i in moment.adjoints}
        gradient |= reached
        told.append(
            {
                "phase": moment.phase,
                "record": moment.record,
                "line": lesson.program.lines.get(moment.record),
                "sentence": moment.sentence,
                "adjoints": {str(index): format_number(adjoint) for index, adjoint in moment.adjoints.items()},
                "rule": dictionary(moment.partials),
                "gradient": dictionary(gradient),
            }
        )
    return embedded("moments", told)


def dictionary(numbers: Mapping[int, float] | Mapping[str, float]) -> str:
    """Numbers by their keys, as Python writes them; of none, nothing.

    >>> dictionary({"x": 1 / 3, "y": 2.0})
    '{x: 0.333333, y: 2}'
    """
    inner = ", ".join(f"{key}: {format_number(number)}" for key, number in numbers.items())
    return f"{{{inner}}}" if inner else ""


def listing(program: Program) -> str:
    """The lines of a program that has several; the script marks the one that a record stands on."""
    lines = program.text.rstrip().split("\n")
    if len(lines) == 1:
        return ""
    items = "".join(
        f'<li data-line="{at}"><code>{clean(line) or "&nbsp;"}</code></li>' for at, line in enumerate(lines, 1)
    )
    return f'<ol class="program" aria-label="The program">{items}</ol>'


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
        parts.append(f"<h2>Derivatives, checked</h2>{about}{_number_table('checks', heads, rows)}")
    if lesson.second:
        rows = [(name, *map(format_number, row.values())) for name, row in lesson.second.items()]
        hessian = _number_table("hessian", ("", *lesson.second), rows)
        about = "<p>The Hessian: each row holds the derivatives of one derivative.</p>"
        parts.append(f"<details><summary>Second derivatives</summary>{about}{hessian}</details>")
    left_out = [what for what, told in (("Checks", lesson.checks), ("Second derivatives", lesson.second)) if not told]
    if lesson.program.inputs and left_out:
        parts.append(f"<p>{' and '.join(left_out).capitalize()} are left out: they take too long to compute.</p>")
    return "".join(parts)


def _number_table(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
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
