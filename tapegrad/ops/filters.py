"""Sums of products of neighbours, and places between neighbours: convolution and interpolation along the last axis."""

from __future__ import annotations

import numpy as np

from tapegrad.arrays import AnyArray, Floats, FrozenIndex
from tapegrad.maps import General, Multilinear, shape_of
from tapegrad.ops.shape import take_index

__all__ = ["convolve", "place", "reversed_last"]


def reversed_last(x: object) -> object:
    """With its last axis in reverse order."""
    return take_index(x, index=FrozenIndex((Ellipsis, slice(None, None, -1))))


def _convolved(x: Floats, y: Floats) -> Floats:
    if x.ndim == y.ndim == 1:
        return np.convolve(x, y)
    if x.shape[-1] < y.shape[-1]:
        x, y = y, x
    more = y.shape[-1] - 1
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(more, more)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, more + 1, axis=-1)
    sums: Floats = np.einsum("...ki,...i->...k", windows, y[..., ::-1])
    return sums


def _convolved_transpose(g: object, x: object, y: object) -> object:
    """The sum over k of ``g[k] y[k - i]``, for each i of `x`."""
    before = shape_of(y)[-1] - 1
    part = slice(before, before + shape_of(x)[-1])
    return take_index(convolve(g, reversed_last(y)), index=FrozenIndex((Ellipsis, part)))


# (..., n) with (..., m) -> (..., n + m - 1): the sums over i of x[i] y[k - i]; leading axes broadcast
convolve: Multilinear = Multilinear(
    "convolve",
    _convolved,
    (
        _convolved_transpose,
        lambda g, x, y: _convolved_transpose(g, y, x),
    ),
)


def _placed(x: Floats, xp: Floats) -> AnyArray:
    """Which interval of the rising `xp` each `x` is in; beyond the ends it is the outermost."""
    if xp.ndim > 1:  # in lanes
        lanes = np.broadcast_shapes(x.shape[:-1], xp.shape[:-1])
        rows = np.broadcast_to(x, (*lanes, x.shape[-1])), np.broadcast_to(xp, (*lanes, xp.shape[-1]))
        each = [_placed(rows[0][lane], rows[1][lane]) for lane in np.ndindex(lanes)]
        return np.reshape(each, rows[0].shape)
    return np.clip(np.searchsorted(xp, x, side="right") - 1, 0, len(xp) - 2)


# (..., n) among (..., m) -> (..., n)
place: General = General("place", 2, _placed, lambda tangents, out, x, xp: None)
