"""An operation as a page: its curves or maps, the numbers at a point, what to know about them, and its rule."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

import numpy as np

from tapegrad.arrays import Floats
from tapegrad.view import elements, functions_curves, functions_map
from tapegrad.view.functions import Operation, Window
from tapegrad.view.functions_curves import legend, plot
from tapegrad.view.functions_map import ground, seen_from_above
from tapegrad.view.functions_sample import By, along, kinks, notes, numbers, sample
from tapegrad.view.functions_source import excerpts
from tapegrad.view.page import COLOURS, document
from tapegrad.view.steps import format_number
from tapegrad.view.svg import clean

__all__ = ["STYLE", "body", "html", "middle", "picture", "symbol"]

POINTS: Final = 600  # of a curve
CELLS: Final = 48  # of a map, along each side

STYLE: Final = (
    elements.STYLE
    + functions_curves.STYLE
    + functions_map.STYLE
    + """
.functions { container-type: inline-size; color: var(--ink); }
.functions h2 { font-size: 1.05rem; margin: 1.4rem 0 .4rem; }
.functions figure { margin: 0; min-width: 0; }
.functions figcaption { font-weight: 600; margin: .2rem 0; }
.parts, .maps { display: grid; gap: .8rem 2rem; }
.functions .legend svg { width: 34px; }
.numbers { margin: 0; }
.numbers div { display: flex; justify-content: space-between; gap: .4rem; padding: .25rem 0; max-width: 16em;
               border-bottom: 1px solid var(--rule); }
.numbers dt { color: var(--faint); }
.numbers dd { margin: 0; font-variant-numeric: tabular-nums; white-space: nowrap; }
.strip { display: grid; gap: 0 1.4rem; grid-template-columns: repeat(2, minmax(0, 1fr)); margin-bottom: 1rem; }
.strip div { max-width: none; }
.notes { margin: .8rem 0 0; padding: 0; list-style: none; min-height: 3em; }
.notes li { margin: .3rem 0; padding: .35rem .7rem; background: var(--panel); border-left: 4px solid var(--c4); }
.rule-text { white-space: pre-wrap;
             overflow-wrap: anywhere; background: var(--panel); border: 1px solid var(--rule); border-radius: 6px;
             padding: .6rem .8rem; margin: .2rem 0 .8rem; font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
.place { color: var(--faint); margin: 0; overflow-wrap: anywhere; font-size: 13px; }
.about { color: var(--faint); margin: .2rem 0 .6rem; }
@container (min-width: 760px) { .curves { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); } }
@container (min-width: 560px) { .cuts { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@container (min-width: 560px) { .strip { grid-template-columns: repeat(4, minmax(0, 1fr)); } }
@container (min-width: 560px) { .maps { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
"""
)


def middle(window: Window) -> tuple[float, ...]:
    """A point to begin with, beside the middle and the diagonal, where many kinks are.

    >>> middle(((-5.0, 5.0), (-5.0, 5.0)))
    (1.25, 2.0)
    """
    return tuple(
        float(f"{low + share * (high - low):.3g}") for (low, high), share in zip(window, (0.625, 0.7), strict=False)
    )


def symbol(operation: Operation, by: By) -> str:
    """``f``, ``∂f/∂x``, ``∂²f/∂x∂y``; of one argument ``f(x)``, ``f′(x)``, ``f″(x)``."""
    names = [operation.arguments[i] for i in by]
    if len(operation.arguments) == 1:
        return f"f{'′″'[len(by) - 1] if by else ''}({operation.arguments[0]})"
    if len(by) < 2:
        return f"∂f/∂{names[0]}" if by else f"f({', '.join(operation.arguments)})"
    return f"∂²f/∂{names[0]}²" if by[0] == by[1] else f"∂²f/∂{names[0]}∂{names[1]}"


def html(operation: Operation, window: Window, point: Sequence[float]) -> str:
    """The page on its own."""
    title = f"{operation.name}({', '.join(operation.arguments)})"
    return document(title, STYLE, f"<h1>{clean(title)}</h1>{body(operation, window, point)}")


def body(operation: Operation, window: Window, point: Sequence[float]) -> str:
    """Everything there is to show, within a page that has the `STYLE`."""
    if len(operation.arguments) == 1:
        beside = f"<div>{_numbers(operation, point)}{_notes(operation, window, point)}</div>"
        seen = f'<div class="parts curves"><div>{_cut(operation, 0, window, point)}</div>{beside}</div>'
    else:
        cuts = "".join(f"<div>{_cut(operation, i, window, point)}</div>" for i in range(2))
        seen = (
            f"{_numbers(operation, point, 'strip')}{_maps(operation, window, point)}"
            '<p class="about">Blue is below 0, vermilion above; the line of 0 is heavy. Strokes: no finite number.</p>'
            f"{_notes(operation, window, point)}"
            f'<h2>Cuts through the point</h2><div class="parts cuts">{cuts}</div>'
        )
    return f'<div class="functions">{seen}{_rule(operation)}</div>'


def picture(operation: Operation, window: Window, point: Sequence[float]) -> str:
    """The curves, or the map of the values, as an SVG file."""
    drawn = _curves(operation, 0, window, point) if len(window) == 1 else _map(operation, window, point, ())
    style = f"<style>{COLOURS}svg {{ background: var(--paper); }}{STYLE}svg:root {{ max-height: 100vh; }}</style>"
    return drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(">", f">{style}", 1) + "\n"


# ---- pictures ------------------------------------------------------------------------------------


def _cut(operation: Operation, argument: int, window: Window, point: Sequence[float]) -> str:
    """The curves along one argument, with their legend."""
    there = numbers(operation, point)
    orders = [(argument,) * order for order in range(3)]
    names = [symbol(operation, by) if there[by] is not None else None for by in orders]
    return f"{legend(names)}{_curves(operation, argument, window, point)}"


def _curves(operation: Operation, argument: int, window: Window, point: Sequence[float]) -> str:
    places: Floats = np.linspace(*window[argument], POINTS + 1)
    curves = along(operation, argument, places, point)
    there = numbers(operation, point)
    marker = (point[argument], [there[(argument,) * order] for order in range(3)])
    rings = [x for found in kinks(operation, window) for (x,) in found.places] if len(window) == 1 else []
    label = f"{operation.name} along {operation.arguments[argument]}, and its first and second derivative"
    return plot(label, operation.arguments[argument], places, curves, marker, rings)


def _maps(operation: Operation, window: Window, point: Sequence[float]) -> str:
    figures = [
        f"<figure><figcaption>{clean(symbol(operation, by))}</figcaption>{_map(operation, window, point, by)}</figure>"
        for by, number in numbers(operation, point).items()
        if number is not None
    ]
    return f'<div class="maps">{"".join(figures)}</div>'


def _map(operation: Operation, window: Window, point: Sequence[float], by: By) -> str:
    x, y = ((at - low) / (high - low) for at, (low, high) in zip(point, window, strict=True))
    return seen_from_above(f"{symbol(operation, by)} of {operation.name}", _ground(operation, window, by), x, y)


@functools.lru_cache(64)
def _ground(operation: Operation, window: Window, by: By) -> str:
    """Drawn once for all points."""
    places = tuple(np.linspace(low, high, CELLS + 1) for low, high in window)
    values = sample(operation, by, *np.meshgrid(*places, indexing="ij"))
    return "" if values is None else ground(operation.arguments, places, values)


# ---- words and numbers ---------------------------------------------------------------------------


def _numbers(operation: Operation, point: Sequence[float], kind: str = "") -> str:
    given = zip(operation.arguments, map(format_number, point), strict=True)
    found = numbers(operation, point).items()
    rows = [*given, *((symbol(operation, by), "refused" if x is None else format_number(x)) for by, x in found)]
    cells = "".join(f"<div><dt>{clean(name)}</dt><dd>{text}</dd></div>" for name, text in rows)
    return f'<dl class="numbers {kind}">{cells}</dl>'


def _notes(operation: Operation, window: Window, point: Sequence[float]) -> str:
    items = "".join(f"<li>{clean(sentence)}</li>" for sentence in notes(operation, window, point))
    return f'<ul class="notes">{items}</ul>'


def _rule(operation: Operation) -> str:
    parts = ["<h2>The rule, as written in the source</h2>"]
    if operation.names[1:]:
        parts.append(f'<p class="about">Also called {clean(", ".join(operation.names[1:]))}.</p>')
    for excerpt in excerpts(operation):
        parts.append(f'<p class="place">{clean(excerpt.file)}, line {excerpt.line}</p>')
        parts.append(f'<pre class="rule-text">{clean(excerpt.text)}</pre>')
    return "".join(parts)
