"""A function of two numbers seen from above, as an inline SVG: bands of colour, and isolines with their numbers.

Blue is below 0, the paper is 0, vermilion is above: the colours are mixed from those of the page, light or dark.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Final

import numpy as np

from tapegrad.arrays import Floats
from tapegrad.view.isolines import Place, Relief
from tapegrad.view.scale import multiples, span
from tapegrad.view.svg import clean

__all__ = ["STYLE", "ground", "seen_from_above"]

SIDE: Final = 240
LEFT, RIGHT, TOP, BOTTOM = 34, 12, 8, 66
WIDTH: Final = LEFT + SIDE + RIGHT
HEIGHT: Final = TOP + SIDE + BOTTOM
MOST_LEVELS: Final = 8
APART: Final = 44.0  # of two numbers on isolines

STYLE: Final = """
.map { display: block; width: 100%; height: auto; }
.map text { font: 11px system-ui, sans-serif; fill: var(--faint); }
.map .band { shape-rendering: crispEdges; }
.map .edge { fill: none; stroke: var(--outline); }
.map .level { fill: none; stroke: var(--ink); stroke-opacity: .45; stroke-width: .8; }
.map .level.zero { stroke-opacity: .9; stroke-width: 1.6; }
.map .none { stroke: var(--outline); stroke-opacity: .6; }
.map .number { fill: var(--ink); stroke: var(--paper); stroke-width: 3; paint-order: stroke; text-anchor: middle; }
.map .cursor { stroke: var(--ink); stroke-dasharray: 3 3; }
.map .dot { fill: var(--ink); stroke: var(--paper); stroke-width: 1.5; }
"""


def seen_from_above(label: str, drawn: str, x: float, y: float) -> str:
    """The `ground` as a picture, with cross-hairs at these shares of its width and of its height."""
    across, up = _placed(x, y)
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{clean(label)}">{drawn}'
        f'<line class="cursor" x1="{across:.1f}" x2="{across:.1f}" y1="{TOP}" y2="{TOP + SIDE}"/>'
        f'<line class="cursor" x1="{LEFT}" x2="{LEFT + SIDE}" y1="{up:.1f}" y2="{up:.1f}"/>'
        f'<circle class="dot" cx="{across:.1f}" cy="{up:.1f}" r="4"/></svg>'
    )


def ground(names: tuple[str, ...], places: tuple[Floats, ...], values: Floats) -> str:
    """Bands, isolines and axes of the values ``(across, upwards)``; strokes where there is none that is finite."""
    low, high = span(values)
    relief = Relief.of(values, 0.7 * (high - low) or np.inf)
    levels = multiples(low, high, MOST_LEVELS)
    edges = [low, *levels, high]
    strongest = max(abs(low), abs(high)) or 1.0
    shades = [_mixed((bottom + top) / 2.0 / strongest) for bottom, top in pairwise(edges)]
    parts = [
        f'<path class="band" style="fill: {shade}" d="{_region(relief, bottom)}"/>'
        for shade, bottom in zip(shades, [-np.inf, *levels], strict=True)
    ]
    parts.append(f'<path class="none" d="{_strokes(relief)}"/>')
    cells = len(relief.finite)
    numbers: list[tuple[float, float, str]] = []
    for level in levels:
        lines = [tuple(_placed(x / cells, y / cells) for x, y in segment) for segment in relief.isoline(level)]
        path = "".join(f"M{a:.1f} {b:.1f}L{c:.1f} {d:.1f}" for (a, b), (c, d) in lines)
        parts.append(f'<path class="level{"" if level else " zero"}" d="{path}"/>')
        place = _free([one for one, _ in lines], numbers)
        numbers += [(*place, f"{level:.4g}")] if place else []
    written = "".join(f'<text class="number" x="{x:.1f}" y="{y + 4.0:.1f}">{text}</text>' for x, y, text in numbers)
    return f"{''.join(parts)}{_axes(names, places)}{_key(levels, shades, low)}{written}"


def _placed(x: float, y: float) -> Place:
    """Where in the picture a share of the width and one of the height are."""
    return LEFT + SIDE * x, TOP + SIDE * (1.0 - y)


def _mixed(shade: float) -> str:
    """The colour of a number between -1 and 1."""
    strength = 75.0 * min(abs(shade), 1.0)
    return f"color-mix(in srgb, var(--{'c0' if shade < 0.0 else 'c1'}) {strength:.0f}%, var(--paper))"


def _region(relief: Relief, level: float) -> str:
    """The path of all that is at or above the level: rectangles of whole cells in a row, and parts of cells."""
    whole, mixed = relief.above(level)
    size = SIDE / len(whole)
    words = []
    for j, row in enumerate(whole.T.tolist()):
        at = 0
        for inside, run in groupby(row):
            count = len(list(run))
            if inside:
                x, y = _placed(at / len(whole), j / len(whole))
                words.append(f"M{x:.1f} {y:.1f}h{count * size:.1f}v{-size:.1f}h{-count * size:.1f}z")
            at += count
    for i, j in mixed:
        corners = [_placed(x / len(whole), y / len(whole)) for x, y in relief.outline(level, i, j)[0]]
        words.append(f"M{'L'.join(f'{x:.1f} {y:.1f}' for x, y in corners)}z")
    return "".join(words)


def _strokes(relief: Relief) -> str:
    """The path of slanted strokes over the cells without a number."""
    cells = len(relief.finite)
    size = SIDE / cells
    places = [_placed(i / cells, j / cells) for i, j in np.argwhere(~relief.finite).tolist() if (i - j) % 3 == 0]
    return "".join(f"M{x:.1f} {y:.1f}l{size:.1f} {-size:.1f}" for x, y in places)


def _free(places: list[Place], taken: list[tuple[float, float, str]]) -> Place | None:
    """The place on an isoline that is farthest from the numbers that are written already, and from the borders."""

    def room(place: Place) -> float:
        x, y = place
        from_borders = 2.0 * min(x - LEFT, LEFT + SIDE - x, y - TOP, TOP + SIDE - y)
        return min([from_borders, *(abs(x - a) + 2.0 * abs(y - b) for a, b, _ in taken)])

    best = max(places, key=room, default=None)
    return best if best is not None and room(best) > APART else None


def _axes(names: tuple[str, ...], places: tuple[Floats, ...]) -> str:
    (left, right), (bottom, top) = ((float(x[0]), float(x[-1])) for x in places)
    parts = [f'<rect class="edge" x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}"/>']
    for tick in multiples(left, right, 6):
        x = LEFT + SIDE * (tick - left) / (right - left)
        parts.append(f'<text x="{x:.1f}" y="{TOP + SIDE + 14}" text-anchor="middle">{tick:.4g}</text>')
    for tick in multiples(bottom, top, 6):
        y = TOP + SIDE * (top - tick) / (top - bottom) + 4.0
        parts.append(f'<text x="{LEFT - 5}" y="{y:.1f}" text-anchor="end">{tick:.4g}</text>')
    parts.append(f'<text x="{LEFT + SIDE / 2}" y="{TOP + SIDE + 29}" text-anchor="middle">{clean(names[0])}</text>')
    parts.append(f'<text x="10" y="{TOP + SIDE / 2}" text-anchor="middle">{clean(names[1])}</text>')
    return "".join(parts)


def _key(levels: list[float], shades: list[str], only: float) -> str:
    """Which colour is between which numbers: every other one where there is no room for all of them.

    `only` is the number where all are the same.
    """
    top = TOP + SIDE + 38
    width = SIDE / len(shades)
    texts = [f"{level:.4g}" for level in levels]
    every = 2 if max(map(len, texts), default=0) * 7 > width else 1
    parts = [
        f'<rect class="band" style="fill: {shade}" '
        f'x="{LEFT + at * width:.1f}" y="{top}" width="{width:.1f}" height="10"/>'
        for at, shade in enumerate(shades)
    ]
    parts.append(f'<rect class="edge" x="{LEFT}" y="{top}" width="{SIDE}" height="10"/>')
    for at, text in enumerate(texts):
        if at % every == 0:
            x = LEFT + (at + 1) * width
            parts.append(f'<text x="{x:.1f}" y="{top + 22}" text-anchor="middle">{text}</text>')
    if not texts:
        parts.append(f'<text x="{LEFT + SIDE / 2}" y="{top + 22}" text-anchor="middle">{only:.4g}</text>')
    return "".join(parts)
