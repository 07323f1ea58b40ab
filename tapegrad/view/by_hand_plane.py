"""The plane of the network that is trained by hand: its points, its boundary, and the line of each hidden unit."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np

from tapegrad.arrays import Floats
from tapegrad.view.by_hand import REACH, Sight
from tapegrad.view.film_plane import marker
from tapegrad.view.isolines import Place, Relief
from tapegrad.view.raster import data_address

__all__ = ["STYLE", "boundary", "clipped", "plane"]

SIDE: Final = 400  # of the square
MARGIN: Final = 26  # for the numbers at the axes, on the left and below
ARROW: Final = 26.0  # the length of a normal

Segment: TypeAlias = tuple[Place, Place]

STYLE: Final = """
.by-hand-plane { display: block; width: 100%; max-width: 30rem; }
.by-hand-plane text { font: 12px system-ui, sans-serif; fill: var(--faint); }
.by-hand-plane .frame { fill: none; stroke: var(--rule); }
.by-hand-plane .boundary { stroke: var(--ink); stroke-width: 2.6; stroke-linecap: round; fill: none; }
.by-hand-plane .unit line, .by-hand-plane .unit path { stroke: var(--outline); stroke-width: 1.6; }
.by-hand-plane .unit .line { stroke-dasharray: 7 4; }
.by-hand-plane .unit path { fill: var(--outline); }
.by-hand-plane .unit text { fill: var(--ink); font-weight: 600; paint-order: stroke; stroke: var(--paper);
                            stroke-width: 4px; }
.by-hand-plane .point { stroke: var(--paper); stroke-width: .6; }
.by-hand-plane .ring { fill: none; stroke: var(--ink); stroke-width: 2; }
"""


def plane(sight: Sight, style: str = "") -> str:
    """The picture; with a `style` sheet inside it stands alone as a file."""
    wide, high = MARGIN + SIDE + 4, SIDE + MARGIN + 4
    inside = f"<style>{style}</style>" if style else ""
    wrong = int((~sight.right).sum())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="by-hand-plane" viewBox="0 0 {wide} {high}" role="img" '
        f'aria-label="the plane: the class that the network gives to every place, {len(sight.points)} points, '
        f'{wrong} of them wrong">{inside}<g transform="translate({MARGIN} 4)">'
        f"{_regions(sight)}{_axes()}{_boundary(sight)}{_units(sight)}{_points(sight)}</g></svg>"
    )


def _across(x: float) -> float:
    return SIDE * (x + REACH) / (2.0 * REACH)


def _upwards(y: float) -> float:
    return SIDE * (REACH - y) / (2.0 * REACH)


def _regions(sight: Sight) -> str:
    """The colour of each class through a mask of how certain the network is of it: right on light and dark ground."""
    p = 1.0 / (1.0 + np.exp(-np.clip(sight.plane, -500.0, 500.0)))
    shade = 0.12 + 0.4 * np.abs(2.0 * p - 1.0)
    pixel = SIDE / (len(p) - 1)  # a sample is the middle of its pixel
    place = f'x="{-pixel / 2:.2f}" y="{-pixel / 2:.2f}" width="{SIDE + pixel:.2f}" height="{SIDE + pixel:.2f}"'
    parts = [f'<clipPath id="square"><rect width="{SIDE}" height="{SIDE}"/></clipPath><g clip-path="url(#square)">']
    for one, inside in enumerate((p < 0.5, p >= 0.5)):
        pixels = np.where(inside, 255.0 * shade, 0.0).astype(np.uint8)[::-1]
        parts.append(
            f'<mask id="class-{one}" maskUnits="userSpaceOnUse" {place}><image href="{data_address(pixels)}" {place} '
            f'preserveAspectRatio="none"/></mask><rect {place} fill="var(--c{one})" mask="url(#class-{one})"/>'
        )
    return "".join([*parts, "</g>"])


def _axes() -> str:
    parts = [f'<rect class="frame" width="{SIDE}" height="{SIDE}"/>']
    for tick in (-1, 0, 1):
        parts.append(f'<text x="{_across(tick):.1f}" y="{SIDE + 16}" text-anchor="middle">{tick}</text>')
        parts.append(f'<text x="-6" y="{_upwards(tick) + 4.0:.1f}" text-anchor="end">{tick}</text>')
    parts.append(f'<text x="{_across(0.5):.1f}" y="{SIDE + 16}" text-anchor="middle">x₁</text>')
    parts.append(f'<text x="-6" y="{_upwards(0.5) + 4.0:.1f}" text-anchor="end">x₂</text>')
    return "".join(parts)


def _points(sight: Sight) -> str:
    parts = []
    for (x, y), label, right in zip(sight.points.tolist(), sight.labels.tolist(), sight.right.tolist(), strict=True):
        across, up = _across(x), _upwards(y)
        parts.append(marker(label, across, up, 1.2))
        if not right:
            parts.append(f'<circle class="ring" cx="{across:.1f}" cy="{up:.1f}" r="9"/>')
    return "".join(parts)


# ---- lines ---------------------------------------------------------------------------------------


def _boundary(sight: Sight) -> str:
    parts = [
        f"M{_across(x0):.1f} {_upwards(y0):.1f}L{_across(x1):.1f} {_upwards(y1):.1f}"
        for (x0, y0), (x1, y1) in boundary(sight.plane)
    ]
    return f'<path class="boundary" d="{"".join(parts)}"/>'


def boundary(z: Floats) -> list[Segment]:
    """The isoline of 0 of the samples of the plane."""
    axis = np.linspace(-REACH, REACH, len(z))
    cells = np.arange(len(z))
    ends = np.array([*Relief.of(z.T).isoline(0.0)]).reshape(-1, 2, 2)
    return [(first, last) for first, last in np.interp(ends, cells, axis).tolist()]


def _units(sight: Sight) -> str:
    """The line on which each hidden unit is 0 before its activation, and the side on which it is above 0."""
    parts = []
    for h in range(sight.settings.hidden):
        weights = sight.values[f"w1[{h},0]"], sight.values[f"w1[{h},1]"]
        segment = clipped(weights, sight.values[f"b1[{h}]"])
        if segment is None:
            continue
        (x0, y0), (x1, y1) = ((_across(x), _upwards(y)) for x, y in segment)
        length = float(np.hypot(*weights))
        (mx, my), (nx, ny) = ((x0 + x1) / 2.0, (y0 + y1) / 2.0), (weights[0] / length, -weights[1] / length)
        tip = mx + ARROW * nx, my + ARROW * ny
        head = [(tip[0] - 8.0 * nx + s * ny, tip[1] - 8.0 * ny - s * nx) for s in (4.0, -4.0)]
        path = f"M{tip[0]:.1f} {tip[1]:.1f}L{head[0][0]:.1f} {head[0][1]:.1f}L{head[1][0]:.1f} {head[1][1]:.1f}z"
        tx, ty = (min(max(at, 12.0), SIDE - 12.0) for at in (tip[0] + 13.0 * nx, tip[1] + 13.0 * ny))
        parts.append(
            f'<g class="unit"><line class="line" x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"/>'
            f'<line x1="{mx:.1f}" y1="{my:.1f}" x2="{tip[0]:.1f}" y2="{tip[1]:.1f}"/><path d="{path}"/>'
            f'<text x="{tx:.1f}" y="{ty + 4.0:.1f}" text-anchor="middle">h{h}</text></g>'
        )
    return "".join(parts)


def clipped(weights: Place, bias: float) -> Segment | None:
    """The part of the line ``weights . x + bias = 0`` that is in the square; None where none is.

    >>> clipped((1.0, 0.0), -0.5)
    ((0.5, -1.15), (0.5, 1.15))
    """
    a, b = weights
    square = a * a + b * b
    if square == 0.0:
        return None
    x, y = -bias * a / square, -bias * b / square  # the place of the line that is nearest to the origin
    low, high = -4.0 * REACH, 4.0 * REACH  # beyond every corner, in lengths along (-b, a)
    size = float(np.sqrt(square))
    for at, way in ((x, -b / size), (y, a / size)):
        if way == 0.0:
            if abs(at) > REACH:
                return None
            continue
        ends = sorted(((-REACH - at) / way, (REACH - at) / way))
        low, high = max(low, ends[0]), min(high, ends[1])
    if low >= high:
        return None
    first, last = ((x - b / size * t, y + a / size * t) for t in (low, high))
    return first, last
