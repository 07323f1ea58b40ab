"""The definitions of what layers compute, with loops over places, for the tests to hold against."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import numpy.typing as npt

__all__ = ["Pairs", "convolved", "pairs_of", "pooled"]

Floats = npt.NDArray[np.float64]
Shape = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]


def pairs_of(padding: object, space: Shape, window: Shape, stride: Shape, dilation: Shape) -> Pairs:
    """What a name of padding, or a number, or one for each axis, stands for."""
    spans = [far * (length - 1) + 1 for length, far in zip(window, dilation, strict=True)]
    if padding == "valid":
        return ((0, 0),) * len(space)
    if padding == "anchored":
        return tuple((0, span - 1) for span in spans)
    if padding == "same":
        totals = []
        for length, span, step in zip(space, spans, stride, strict=True):
            places = int(np.ceil(length / step))
            totals.append(max(0, (places - 1) * step + span - length))
        return tuple((total // 2, (total + 1) // 2) for total in totals)
    if isinstance(padding, int):
        return ((padding, padding),) * len(space)
    assert isinstance(padding, tuple)
    return tuple(each if isinstance(each, tuple) else (each, each) for each in padding)


def _corners(padded: Shape, window: Shape, stride: Shape, dilation: Shape) -> list[tuple[Shape, tuple[slice, ...]]]:
    """The places of a window, and what lies under it at each."""
    spans = [far * (length - 1) + 1 for length, far in zip(window, dilation, strict=True)]
    places = [(n - span) // step + 1 for n, span, step in zip(padded, spans, stride, strict=True)]
    found = []
    for at in product(*map(range, places)):
        corner = [p * step for p, step in zip(at, stride, strict=True)]
        under = tuple(slice(c, c + span, far) for c, span, far in zip(corner, spans, dilation, strict=True))
        found.append((at, under))
    return found


def _filled(corners: list[tuple[Shape, tuple[slice, ...]]], leading: Shape) -> Floats:
    return np.full((*leading, *(n + 1 for n in corners[-1][0])), np.nan)


def convolved(
    x: Floats, weight: Floats, bias: Floats, stride: Shape, padding: Pairs, dilation: Shape, groups: int
) -> Floats:
    """(batch, channels, *space) -> (batch, features, *places)."""
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    features, each = weight.shape[:2]
    corners = _corners(x.shape[2:], weight.shape[2:], stride, dilation)
    out = _filled(corners, (len(x), features))
    for n, feature, (at, under) in product(range(len(x)), range(features), corners):
        first = feature // (features // groups) * each
        seen = x[n, first : first + each][(slice(None), *under)]
        out[(n, feature, *at)] = bias[feature] + np.sum(seen * weight[feature])
    return out


def pooled(
    reduce: Callable[[Floats], np.floating], x: Floats, window: Shape, stride: Shape, padding: Pairs, fill: float
) -> Floats:
    """(batch, channels, *space) -> (batch, channels, *places)."""
    x = np.pad(x, ((0, 0), (0, 0), *padding), constant_values=fill)
    corners = _corners(x.shape[2:], window, stride, (1,) * len(window))
    out = _filled(corners, x.shape[:2])
    for n, channel, (at, under) in product(range(x.shape[0]), range(x.shape[1]), corners):
        out[(n, channel, *at)] = reduce(x[n, channel][under])
    return out
