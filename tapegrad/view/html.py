"""A drawing as one self-contained page: the picture, the table of its records, and a replay of both."""

from __future__ import annotations

from typing import Final

from tapegrad.view import script
from tapegrad.view.drawing import Drawing
from tapegrad.view.player import Lesson, below, controls, data
from tapegrad.view.svg import clean, svg
from tapegrad.view.table import HEADINGS, table_rows

__all__ = ["html"]

_KINDS: Final = {"value": "number value", "local derivatives": "number partials", "adjoint": "number adjoint"}
"""The classes of columns of numbers, by which a script finds them."""

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1.5rem; max-width: 90rem;
       color: #1b1f24; background: #ffffff; }
h1 { font-size: 1.3rem; }
h1, td, th { overflow-wrap: anywhere; }
.picture { overflow-x: auto; border: 1px solid #d0d7de; border-radius: 6px; }
.picture svg { display: block; }
.rows { overflow-x: auto; }
table { border-collapse: collapse; margin: 1.5rem 0; }
caption { text-align: left; margin-bottom: .5rem; }
th, td { padding: .25rem .8rem; text-align: left; border-bottom: 1px solid #d0d7de; vertical-align: top; }
td { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 13px; }
th.number, td.number { text-align: right; white-space: nowrap; }
tr.output td { font-weight: bold; }
@media (prefers-color-scheme: dark) {
  body { color: #e6edf3; background: #0d1117; }
  .picture, th, td { border-color: #30363d; }
}
"""


def html(drawing: Drawing, title: str, lesson: Lesson | None = None) -> str:
    """The page: `title` as its heading, the picture, the table; with a `lesson`, what replays and checks them."""
    heading = clean(title)
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        '<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{heading}</title>",
        f"<style>{_STYLE}{'' if lesson is None else script.STYLE}</style></head>",
        f"<body><h1>{heading}</h1>",
        "" if lesson is None else controls(),
        f'<div class="picture" tabindex="0" role="region" aria-label="Drawing">{svg(drawing)}</div>',
        f'<div class="rows" tabindex="0" role="region" aria-label="Table">{_table(drawing, lesson)}</div>',
        "" if lesson is None else f"{below(lesson)}{data(lesson)}<script>{script.SCRIPT}</script>",
        "</body></html>\n",
    ]
    return "\n".join(filter(None, parts))


def _table(drawing: Drawing, lesson: Lesson | None) -> str:
    """The rows that the terminal shows, in HTML. Adjoints have room for those on the way to the last ones."""
    kinds = [_KINDS.get(heading, "") for heading in HEADINGS]
    room = f' style="min-width: {lesson.longest_adjoint}ch"' if lesson is not None else ""
    heads = "".join(
        f'<th{_class(kind)} scope="col">{f"<div{room}>{heading}</div>" if heading == "adjoint" else heading}</th>'
        for kind, heading in zip(kinds, HEADINGS, strict=True)
    )
    rows = []
    for step, cells in zip(drawing.steps, table_rows(drawing.steps), strict=True):
        row = "".join(f"<td{_class(kind)}>{clean(cell)}</td>" for kind, cell in zip(kinds, cells, strict=True))
        rows.append(f'<tr{_class("output" if step.is_output else "")} data-record="{step.index}">{row}</tr>')
    caption = "The tape. Local derivatives are by argument position; the adjoint is that of the output."
    head = f"<caption>{caption}</caption><thead><tr>{heads}</tr></thead>"
    return f"<table>{head}<tbody>{''.join(rows)}</tbody></table>"


def _class(names: str) -> str:
    return f' class="{names}"' if names else ""
