"""A drawing as SVG: one self-contained file, readable on light and on dark ground.

The colours are those of Okabe and Ito, which people with any colour vision can tell apart; outlines and words
say the same, so nothing rests on colour alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import Final

import numpy as np

from tapegrad.view.drawing import LINE, PADDING, Drawing, Edge, Node, shortened, subtitle
from tapegrad.view.steps import Step, Value, form_of

__all__ = ["STYLE", "clean", "svg"]

# Values that stand twice, in light and in dark, are written out: few viewers know CSS variables.
STYLE: Final = """
.tape text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1b1f24; }
.tape .paper { fill: #ffffff; }
.tape .title { font-weight: bold; }
.tape .word { fill: #57606a; }
.tape rect.box { fill: #f6f8fa; stroke: #6e7781; stroke-width: 1.2; }
.tape .input rect.box { fill: #e3f1fb; stroke: #0072b2; stroke-width: 1.8; }
.tape .constant rect.box { fill: #ffffff; stroke-dasharray: 4 3; }
.tape .guard rect.box { fill: #fff4db; stroke: #b37400; stroke-dasharray: 9 3; }
.tape .output rect.box { fill: #dff5ec; stroke: #009e73; stroke-width: 3; }
.tape .edge path { fill: none; stroke: #6e7781; stroke-width: 1.4; }
.tape .edge.guarded path { stroke-dasharray: 3 3; }
.tape .edge .arrow { fill: #6e7781; stroke: none; }
.tape .edge text { paint-order: stroke; stroke: #ffffff; stroke-width: 3px; }
.tape .edge:hover path, .tape .node:hover rect.box { stroke: #d55e00; stroke-width: 2.6; }
.tape .edge:hover .arrow { fill: #d55e00; }
@media (prefers-color-scheme: dark) {
  .tape text { fill: #e6edf3; }
  .tape .paper { fill: #0d1117; }
  .tape .word { fill: #9da7b1; }
  .tape rect.box { fill: #161b22; stroke: #8b949e; }
  .tape .input rect.box { fill: #0d2536; stroke: #56b4e9; }
  .tape .constant rect.box { fill: #0d1117; }
  .tape .guard rect.box { fill: #2e2206; stroke: #e69f00; }
  .tape .output rect.box { fill: #06281e; stroke: #2bc79a; }
  .tape .edge path { stroke: #8b949e; }
  .tape .edge .arrow { fill: #8b949e; }
  .tape .edge text { stroke: #0d1117; }
}
"""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """`text` escaped for XML and HTML, without the control characters that XML cannot hold."""
    return escape(_FORBIDDEN.sub("\ufffd", text))


def svg(drawing: Drawing) -> str:
    """The drawing as an SVG element with its own style, ready for a file or a page."""
    width, height = round(drawing.width), round(drawing.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tape" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="a tape of {len(drawing.nodes)} records">',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}"/>',
        *(part for edge in drawing.edges for part in _edge(edge, drawing.steps)),
        *(part for node in drawing.nodes for part in _node(node, drawing.steps)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _edge(edge: Edge, steps: Sequence[Step]) -> Iterator[str]:
    """A curve with an arrow, and the local derivative above its level end."""
    source, target = steps[edge.source], steps[edge.target]
    (level, _), (x, y) = edge.points[-2:]
    guarded = " guarded" if target.kind == "guard" else ""
    yield f'<g class="edge{guarded}" data-from="{edge.source}" data-to="{edge.target}">'
    yield f"<title>{clean(_derivative(target, source, edge.label))}</title>"
    yield f'<path d="{_curve(edge)}"/>'
    yield f'<path class="arrow" d="M{x:.1f} {y:.1f} l-9 -4 v8 z"/>'
    if edge.label:
        yield f'<text x="{level:.1f}" y="{y - 4.0:.1f}">{clean(edge.label)}</text>'
    yield "</g>"


def _curve(edge: Edge) -> str:
    """The path of an edge: bends and level sections in turn, meeting without a corner."""
    words = ["M{:.1f} {:.1f}".format(*edge.points[0])]
    for section, ((x0, y0), (x1, y1)) in enumerate(pairwise(edge.points)):
        half = (x0 + x1) / 2.0
        bends = section % 2 == 0
        words.append(f"C{half:.1f} {y0:.1f} {half:.1f} {y1:.1f} {x1:.1f} {y1:.1f}" if bends else f"H{x1:.1f}")
    return " ".join(words)


def _derivative(target: Step, source: Step, label: str) -> str:
    """``d x3 / d x1 = 4``, what a guard does, or between which arrays the derivative is."""
    if target.kind == "guard":
        return f"{_named(target)} looks at {_named(source)}: no derivative"
    derivative = f"d {_named(target)} / d {_named(source)}"
    return f"{derivative} = {label}" if label else f"{derivative}: from {_form(source)} to {_form(target)}"


def _form(step: Step) -> str:
    return step.form or (step.value_text if isinstance(step.value, tuple) else "a number")


def _named(step: Step) -> str:
    return step.name or f"%{step.index}"


def _node(node: Node, steps: Sequence[Step]) -> Iterator[str]:
    """A box with name, operation, value and adjoint; the tooltip says the same at length."""
    step = node.step
    kind = f"{step.kind} output" if step.is_output else step.kind
    radius = 14 if step.kind == "input" else 4
    yield f'<g class="node {kind}" data-record="{step.index}">'
    yield f"<title>{clean(_tooltip(step, steps))}</title>"
    yield (
        f'<rect class="box" x="{node.x:.1f}" y="{node.y:.1f}" width="{node.width:.1f}" '
        f'height="{node.height:.1f}" rx="{radius}"/>'
    )
    rows = [(shortened(step.title), subtitle(step)), *step.rows]
    left, right = node.x + PADDING, node.x + node.width - PADDING
    baseline = node.middle - (len(rows) - 1) * LINE / 2.0 + 4.0
    for number, (word, text) in enumerate(rows):
        y = f"{baseline + number * LINE:.1f}"
        yield f'<text class="{"word" if number else "title"}" x="{left:.1f}" y="{y}">{clean(word)}</text>'
        kind = word if number else "word"  # "value" and "adjoint" are what a player shows and hides
        yield f'<text class="{kind}" x="{right:.1f}" y="{y}" text-anchor="end">{clean(text)}</text>'
    yield "</g>"


def _in_full(value: Value) -> str:
    """With every digit; a long array with its first and last elements."""
    if isinstance(value, np.ndarray):
        return f"{form_of(value)}\n{np.array2string(value, threshold=60, edgeitems=2)}"
    return f"{len(value)} results" if isinstance(value, tuple) else repr(value)


def _tooltip(step: Step, steps: Sequence[Step]) -> str:
    """What it is, the line it was written in, its numbers in full, and its rule at this point."""
    reads = " ".join((step.operation, *(_named(steps[i]) for i in step.inputs)))
    lines = [f"%{step.index} {step.name}: {reads}" if step.name else f"%{step.index}: {reads}", step.source]
    lines.append(f"value {step.value_text if step.kind == 'guard' else _in_full(step.value)}")
    if step.adjoint is not None:
        lines.append(f"adjoint {_in_full(step.adjoint)}")
    lines += [
        _derivative(step, steps[i], label) for i, label in zip(step.inputs, step.partial_texts, strict=True) if label
    ]
    return "\n".join(filter(None, lines))
