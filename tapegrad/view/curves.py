"""Curves over the epochs of a training as an inline SVG, over which a cursor can be moved.

The colours are the page's: elements have classes, and the numbers that place a cursor are attributes of the SVG.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from tapegrad.view.scale import multiples, powers
from tapegrad.view.svg import clean

__all__ = ["HEIGHT", "STYLE", "WIDTH", "Line", "curves"]

Line: TypeAlias = Sequence[tuple[int, float]]
"""Epochs and finite numbers."""

WIDTH: Final = 380
HEIGHT: Final = 170
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 10, 24
MOST_LEVELS: Final = 5

STYLE: Final = """
.curves text { font-size: 12px; fill: var(--faint); }
.curves .rule { stroke: var(--rule); }
.curves .cursor { stroke: var(--ink); stroke-width: 1.5; }
.line { fill: none; stroke-width: 1.8; stroke: var(--c0); }
.line.test { stroke: var(--c1); stroke-dasharray: 6 3; }
"""


def curves(
    label: str, lines: Mapping[str, Line], first: int, last: int, at: int | None = None, *, percent: bool = False
) -> str:
    """The lines by their names, over the epochs from `first` to `last`; shares are written in percent.

    The cursor is at the epoch `at`, else at the last. What falls by more than tenfold gets a logarithmic axis.
    """
    values = [value for line in lines.values() for _, value in line] or [0.0, 1.0]
    low, high = min(values), max(values)
    is_log = not percent and 0.0 < 10.0 * low < high
    if not is_log:
        margin = 0.05 * (high - low) or 0.5 * abs(high) or 0.5
        low, high = (low if low == 0.0 else max(low - margin, 0.0)), high + margin
        high = min(high, 1.0) if percent else high
        low = min(low, 0.95) if percent else low
    levels = powers(low, high, MOST_LEVELS) if is_log else multiples(low, high, MOST_LEVELS)
    parts = [
        f'<svg class="curves" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{clean(label)} over the epochs" '
        f'data-left="{LEFT}" data-width="{WIDTH - LEFT - RIGHT}" data-first="{first}" data-last="{last}">'
    ]
    for level in levels:
        y = _height(level, low, high, is_log)
        parts.append(f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        text = f"{100.0 * level:.4g} %" if percent else f"{level:.4g}"
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4.0:.1f}" text-anchor="end">{text}</text>')
    for epoch, anchor in {last: "end", first: "start"}.items():
        x = _across(epoch, first, last)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{epoch}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">epoch</text>')
    x = _across(last if at is None else at, first, last)
    parts.append(f'<line class="cursor" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
    for name, line in lines.items():
        places = [(_across(epoch, first, last), _height(value, low, high, is_log)) for epoch, value in line]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="line {clean(name)}" points="{points}"/>')
    return "".join([*parts, "</svg>"])


def _across(epoch: int, first: int, last: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (epoch - first) / max(last - first, 1)


def _height(value: float, low: float, high: float, is_log: bool) -> float:
    if is_log:
        value, low, high = math.log10(value), math.log10(low), math.log10(high)
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * ((value - low) / (high - low))
