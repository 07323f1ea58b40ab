"""A function along a line and its derivatives as an inline SVG: axes, curves with gaps, kinks, and a marker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from tapegrad.arrays import Floats
from tapegrad.view import elements
from tapegrad.view.scale import multiples, runs, span
from tapegrad.view.svg import clean

__all__ = ["KINDS", "STYLE", "legend", "plot"]

KINDS: Final = ("value", "first", "second")
"""The classes of the curves."""

WIDTH: Final = 480
HEIGHT: Final = 320
LEFT, RIGHT, TOP, BOTTOM = 50, 10, 10, 40

STYLE: Final = """
.function { display: block; width: 100%; height: auto; }
.function text { font: 12px system-ui, sans-serif; fill: var(--faint); }
@container (max-width: 500px) { .function text { font-size: 15px; } }
.function .rule { stroke: var(--rule); }
.function .zero { stroke: var(--outline); }
.function .cursor { stroke: var(--outline); stroke-dasharray: 3 3; }
.function .kink { fill: var(--paper); stroke: var(--ink); stroke-width: 1.4; }
.curve { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.curve.value { stroke: var(--c0); }
.curve.first { stroke: var(--c1); stroke-dasharray: 8 4; }
.curve.second { stroke: var(--c2); stroke-width: 2.4; stroke-linecap: round; stroke-dasharray: .1 5; }
.dot.value { fill: var(--c0); } .dot.first { fill: var(--c1); } .dot.second { fill: var(--c2); }
.dot { stroke: var(--paper); stroke-width: 1.2; }
"""


def plot(
    label: str,
    argument: str,
    places: Floats,
    curves: Sequence[Floats | None],
    marker: tuple[float, Sequence[float | None]],
    kinks: Sequence[float] = (),
) -> str:
    """Value, first and second derivative at the places; None for a curve that is not there.

    `marker` is the place that is looked at with the numbers there; at `kinks` the curve of the values has a ring.
    """
    low, high = _heights(curves)
    frame = _Frame(float(places[0]), float(places[-1]), low, high)
    at, numbers = marker
    dots = [
        f'<circle class="dot {kind}" cx="{frame.across(at):.1f}" cy="{frame.up(number):.1f}" r="4.5"/>'
        for kind, number in zip(KINDS, numbers, strict=True)
        if number is not None and low <= number <= high
    ]
    heights = np.interp(kinks, places, places if curves[0] is None else curves[0])
    rings = [
        f'<circle class="kink" cx="{frame.across(kink):.1f}" cy="{frame.up(height):.1f}" r="3.2"/>'
        for kink, height in zip(kinks, heights.tolist(), strict=True)
        if low <= height <= high
    ]
    drawn = [
        f'<path class="curve {kind}" d="{frame.path(places, curve)}"/>'
        for kind, curve in reversed([*zip(KINDS, curves, strict=True)])
        if curve is not None
    ]
    inner = f'x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT - TOP - BOTTOM}"'
    box = f'viewBox="{LEFT} {TOP} {WIDTH - LEFT - RIGHT} {HEIGHT - TOP - BOTTOM}"'
    x = f"{frame.across(at):.1f}"
    cursor = f'<line class="cursor" x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
    return (
        f'<svg class="function" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{clean(label)}">'
        f"{frame.axes(argument)}<svg {inner} {box}>{cursor}{''.join(drawn)}</svg>{''.join(rings)}{''.join(dots)}</svg>"
    )


def _heights(curves: Sequence[Floats | None]) -> tuple[float, float]:
    """What is shown: all values; of steep derivatives half as much again, or what comes nearest to the values."""
    (low, high), *others = (span(curve) for curve in curves if curve is not None)
    room = 0.5 * (high - low)
    least, most = low - room, high + room
    for lowest, highest in others:
        low = min(low, max(lowest, min(least, highest)))
        high = max(high, min(highest, max(most, lowest)))
    margin = 0.06 * ((high - low) or 2.0 * abs(high) or 2.0)
    return low - margin, high + margin


class _Frame:
    """Where numbers stand in the picture."""

    def __init__(self, first: float, last: float, low: float, high: float) -> None:
        self.first, self.last, self.low, self.high = first, last, low, high

    def across(self, x: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (x - self.first) / (self.last - self.first)

    def up(self, y: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (y - self.low) / (self.high - self.low)

    def path(self, places: Floats, values: Floats) -> str:
        """The curve with its gaps; what lies far outside is drawn just outside."""
        height = self.high - self.low
        near = np.clip(values, self.low - height, self.high + height)
        parts = []
        for run in runs(values, self.low, self.high):
            points = [f"{self.across(x):.1f} {self.up(y):.1f}" for x, y in zip(places[run], near[run], strict=True)]
            parts.append(f"M{'L'.join(points)}" if len(points) > 1 else f"M{points[0]}h.1")
        return "".join(parts)

    def axes(self, argument: str) -> str:
        parts = []
        for x in multiples(self.first, self.last, 8):
            at = self.across(x)
            kind = "rule" if x else "zero"
            parts.append(f'<line class="{kind}" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
            parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{x:.6g}</text>')
        for y in multiples(self.low, self.high, 7):
            at = self.up(y)
            kind = "rule" if y else "zero"
            parts.append(f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{at + 4.0:.1f}" text-anchor="end">{y:.4g}</text>')
        middle = (LEFT + WIDTH - RIGHT) / 2
        parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{clean(argument)}</text>')
        return "".join(parts)


def legend(names: Sequence[str | None]) -> str:
    """The curves by their dashes and colours; None for one that is not there."""
    shown = ((kind, name) for kind, name in zip(KINDS, names, strict=True) if name is not None)
    return elements.legend(34, 10, ((f'<path class="curve {kind}" d="M1 5h32"/>', name) for kind, name in shown))
