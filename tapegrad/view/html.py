"""A drawing as one self-contained page: the picture, and the table of its records."""

from __future__ import annotations

from typing import Final

from tapegrad.view.drawing import Drawing
from tapegrad.view.svg import clean, svg
from tapegrad.view.table import HEADINGS, NUMERIC, table_rows

__all__ = ["html"]

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1.5rem; max-width: 90rem;
       color: #1b1f24; background: #ffffff; }
h1 { font-size: 1.3rem; white-space: pre-wrap; }
h1 { overflow-wrap: anywhere; }
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


def html(drawing: Drawing, title: str) -> str:
    """The page: `title` as its heading, the picture, the table."""
    heading = clean(title)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            '<head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{heading}</title>",
            f"<style>{_STYLE}</style></head>",
            f"<body><h1>{heading}</h1>",
            f'<div class="picture">{svg(drawing)}</div>',
            f'<div class="rows">{_table(drawing)}</div>',
            "</body></html>\n",
        ]
    )


def _table(drawing: Drawing) -> str:
    """The rows that the terminal shows, in HTML."""
    numeric = [' class="number"' if heading in NUMERIC else "" for heading in HEADINGS]
    heads = "".join(f"<th{style}>{heading}</th>" for style, heading in zip(numeric, HEADINGS, strict=True))
    rows = []
    for step, cells in zip(drawing.steps, table_rows(drawing.steps), strict=True):
        row = "".join(f"<td{style}>{clean(cell)}</td>" for style, cell in zip(numeric, cells, strict=True))
        rows.append(f'<tr class="output">{row}</tr>' if step.is_output else f"<tr>{row}</tr>")
    caption = "The tape. Local derivatives are by argument position; the adjoint is that of the output."
    head = f"<caption>{caption}</caption><thead><tr>{heads}</tr></thead>"
    return f"<table>{head}<tbody>{''.join(rows)}</tbody></table>"
