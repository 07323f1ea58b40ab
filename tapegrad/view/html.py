"""A drawing as one self-contained page: the picture, the table of its records, and a replay of both."""

from __future__ import annotations

from typing import Final

from tapegrad.view import script
from tapegrad.view.drawing import Drawing
from tapegrad.view.page import document
from tapegrad.view.player import Lesson, below, controls, data, listing
from tapegrad.view.steps import Step, format_number
from tapegrad.view.svg import clean, svg
from tapegrad.view.table import HEADINGS, NUMERIC, SOURCE, table_rows

__all__ = ["STYLE", "html", "inside"]

_KINDS: Final = {"value": "value", "local derivatives": "partials", "adjoint": "adjoint"}
"""The classes of the texts in columns of numbers, by which a script finds them."""

CHECKS: Final = ("central difference", "error")
"""The columns beside the adjoint, where there is a lesson."""

BODY: Final = """
body { max-width: 90rem; }
h1 { white-space: pre-wrap; }
"""

STYLE: Final = """
.picture { overflow-x: auto; border: 1px solid var(--rule); border-radius: 6px; }
.picture svg { display: block; }
p { margin: 1.2rem 0 .3rem; }
.rows { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; }
th, td { padding: .25rem .8rem; text-align: left; border-bottom: 1px solid var(--rule); vertical-align: top; }
td, th[scope=row] { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 13px; }
th, td { white-space: nowrap; }
th.number, td.number { text-align: right; }
td.source { white-space: normal; overflow-wrap: anywhere; min-width: 14em; }
tr.output td { font-weight: bold; }
"""


def html(drawing: Drawing, title: str, lesson: Lesson | None = None) -> str:
    """The page: `title` as its heading, the picture, the table; with a `lesson`, what replays and checks them."""
    heading, style = f"<h1>{clean(title)}</h1>", BODY + STYLE
    if lesson is None:
        return document(title, style, f"{heading}{inside(drawing)}")
    play = f'<script>"use strict";{script.SCRIPT}replay(document);</script>'
    return document(title, style + script.STYLE, f"{heading}{inside(drawing, lesson)}{play}")


def inside(drawing: Drawing, lesson: Lesson | None = None) -> str:
    """What stands below the heading of the page, in the style of `STYLE`, with a lesson also of `script.STYLE`."""
    parts = [
        "" if lesson is None else controls() + listing(lesson.program),
        f'<div class="picture" tabindex="0" role="region" aria-label="Drawing">{svg(drawing)}</div>',
        "<p>The tape. Local derivatives are by argument position; the adjoint is that of the output.</p>",
        f'<div class="rows" tabindex="0" role="region" aria-label="Table">{_table(drawing, lesson)}</div>',
        "" if lesson is None else f"{below(lesson)}{data(lesson)}",
    ]
    return "\n".join(filter(None, parts))


def _table(drawing: Drawing, lesson: Lesson | None) -> str:
    """The rows that the terminal shows, in HTML. Adjoints have room for those on the way to the last ones."""
    room = "" if lesson is None else f' style="min-width: {lesson.longest_adjoint}ch"'
    differences = lesson.differences if lesson else ()
    headings = (*HEADINGS, *(CHECKS if differences else ()))
    heads = "".join(
        f'<th{_class(heading)} scope="col"{room if heading == "adjoint" else ""}>{heading}</th>' for heading in headings
    )
    rows = []
    for at, (step, texts) in enumerate(zip(drawing.steps, table_rows(drawing.steps), strict=True)):
        checks = _checks(step, differences[at]) if differences else ()
        cells = "".join(_cell(heading, text) for heading, text in zip(headings, (*texts, *checks), strict=True))
        output = ' class="output"' if step.is_output else ""
        rows.append(f'<tr{output} data-record="{step.index}">{cells}</tr>')
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _checks(step: Step, difference: float | None) -> tuple[str, str]:
    """A central difference and how far the adjoint is from it; nothing where there is no adjoint."""
    if difference is None or not isinstance(step.adjoint, float):
        return "", ""
    return format_number(difference), f"{abs(step.adjoint - difference):.1e}"


def _cell(heading: str, text: str) -> str:
    inner = f'<span class="{_KINDS[heading]}">{clean(text)}</span>' if heading in _KINDS else clean(text)
    return f"<td{_class(heading)}>{inner}</td>"


def _class(heading: str) -> str:
    kind = "number" if heading in (*NUMERIC, *CHECKS) else "source" if heading == SOURCE else ""
    return f' class="{kind}"' if kind else ""
