"""Scales for plots: which part of the values is shown, round numbers within it, and where a curve has gaps."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tapegrad.arrays import Floats

__all__ = ["multiples", "powers", "runs", "span"]


def span(values: Floats) -> tuple[float, float]:
    """The range of the finite values; near a pole, where a few of them dwarf the rest, that of the rest.

    >>> span(np.array([0.0, 1.0, 4.0, np.nan]))
    (0.0, 4.0)
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 0.0
    low, high = float(finite.min()), float(finite.max())
    first, last = map(float, np.percentile(finite, [6.0, 94.0]))
    room = 0.35 * (last - first)
    if first == last:  # a step, whose few other values are worth seeing
        return low, high
    return max(low, first - room), min(high, last + room)


def multiples(low: float, high: float, most: int) -> list[float]:
    """Round numbers from `low` to `high`, equally far apart: as many as there can be up to `most`.

    >>> multiples(-1.0, 1.0, 5), multiples(0.0, 0.7, 4), multiples(1.0, 1.0, 4)
    ([-1.0, -0.5, 0.0, 0.5, 1.0], [0.0, 0.2, 0.4, 0.6], [])
    """
    width = high - low
    if not 0.0 < width < math.inf:
        return []
    size = 10.0 ** math.floor(math.log10(width / most))
    candidates = (_multiples_of(part * size, low, high) for part in (1.0, 2.0, 5.0, 10.0, 20.0))
    return next(found for found in candidates if len(found) <= most)


def _multiples_of(step: float, low: float, high: float) -> list[float]:
    places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return [float(f"{at * step:.12g}") for at in places]


def powers(low: float, high: float, most: int) -> list[float]:
    """Round numbers from `low` to `high`, both above 0, for a logarithmic axis; no more than `most`.

    >>> powers(0.004, 0.7, 5), powers(0.1, 2.5, 5)
    ([0.01, 0.1], [0.1, 0.2, 0.5, 1.0, 2.0])
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    parts = (1, 2, 5) if high < 50.0 * low else (1,)
    levels = [float(f"{part}e{decade}") for decade in decades for part in parts]
    inside = [level for level in levels if low <= level <= high]
    return inside[:: math.ceil(len(inside) / most) or 1]


def runs(values: Floats, low: float, high: float) -> Iterator[slice]:
    """The parts of a curve to be drawn in one go: they end where it is not finite, at poles, and where it jumps.

    A jump is a difference that dwarfs its neighbours. At a pole a curve leaves the picture on one side and comes back
    on the other, or it is steep in one direction before, in the other one between, and in the first one again after.
    """
    with np.errstate(all="ignore"):
        steps = np.diff(values)
        before, after = np.append(np.nan, steps[:-1]), np.append(steps[1:], np.nan)
        size, calm = np.abs(steps), np.fmax(np.abs(before), np.abs(after))
        turns = (np.sign(steps) == -np.sign(before)) & (np.sign(steps) == -np.sign(after)) & (size > calm)
        breaks = (turns | (size > 8.0 * calm)) & (size > 0.01 * (high - low))
    breaks |= ((values[:-1] > high) & (values[1:] < low)) | ((values[:-1] < low) & (values[1:] > high))
    finite = np.isfinite(values)
    start = 0
    for at in range(len(values)):
        if not finite[at]:
            if at > start:
                yield slice(start, at)
            start = at + 1
        elif at + 1 == len(values) or breaks[at]:
            yield slice(start, at + 1)
            start = at + 1
