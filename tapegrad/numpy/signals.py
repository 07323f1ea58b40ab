"""Interpolation and convolution."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias, cast

import numpy as np

from tapegrad.arrays import FrozenIndex
from tapegrad.maps import shape_of
from tapegrad.numpy.logic import chosen
from tapegrad.numpy.signatures import ArrayLike, applying, combining
from tapegrad.ops import filters
from tapegrad.ops import shape as moves
from tapegrad.ops.gather import take_along
from tapegrad.ops.selection import greater, less
from tapegrad.primitive import Operand, as_value, is_complex
from tapegrad.variables import Var

__all__ = ["convolve", "correlate", "interp"]

Mode: TypeAlias = Literal["full", "same", "valid"]


def _vector(x: object, function: str) -> Var:
    """`x` in one axis. Raises ValueError for an array that has more, or no elements."""
    value = cast(Var, x if isinstance(x, Operand) else as_value(x))
    shape = shape_of(value)
    if len(shape) > 1 or shape == (0,):
        msg = f"{function} is of arrays with one axis and at least one element, not of shape {shape}"
        raise ValueError(msg)
    return value if shape else moves.reshape(value, shape=(1,))


def _part(full: Var, n: int, m: int, start: int, mode: str) -> Var:
    """The part of a full convolution of `n` and `m` elements that `mode` names; "same" begins at `start`."""
    long, short = max(n, m), min(n, m)
    parts = {
        "full": slice(None),
        "same": slice(start, start + long),
        "valid": slice(short - 1, long),
    }
    if mode not in parts:
        msg = f'the mode of a convolution is "full", "same" or "valid", not {mode!r}'
        raise ValueError(msg)
    return full if mode == "full" else moves.take_index(full, index=FrozenIndex(parts[mode]))


@combining(np.convolve)
def convolve(a: Var, v: Var, mode: Mode = "full") -> Var:
    """The sums of ``a[i] v[k - i]``, ``(n,), (m,) -> (n + m - 1,)``; with mode "same" as many as the longer has.

    With mode "valid" only those where all of the shorter takes part.
    """
    x, y = _vector(a, "convolve"), _vector(v, "convolve")
    n, m = shape_of(x)[0], shape_of(y)[0]
    return _part(filters.convolve(x, y), n, m, (min(n, m) - 1) // 2, mode)


@combining(np.correlate)
def correlate(a: Var, v: Var, mode: Mode = "valid") -> Var:
    """The sums of ``a[i + k] conj(v[i])``; the modes are those of `convolve`."""
    x, y = _vector(a, "correlate"), _vector(v, "correlate")
    n, m = shape_of(x)[0], shape_of(y)[0]
    others = min(n, m) - 1  # NumPy rounds its half away from the shorter
    start = others // 2 if n >= m else others - others // 2
    turned = filters.reversed_last(moves.conjugate(y) if is_complex(y) else y)
    return _part(filters.convolve(x, turned), n, m, start, mode)


@applying(np.interp)
def interp(
    x: object, xp: ArrayLike, fp: ArrayLike, left: ArrayLike | None = None, right: ArrayLike | None = None
) -> object:
    """Straight lines through the points (xp, fp), at `x`; `xp` rises.

    Beyond the ends it is `left` and `right`, or else the first and last of `fp`. At a point where lines meet the slope
    is that of the line to its right, and at the last point of the last line.
    """
    knots, heights = _vector(xp, "interp"), _vector(fp, "interp")
    if shape_of(knots) != shape_of(heights):
        msg = f"interp needs as many xp as fp, not arrays of shapes {shape_of(knots)} and {shape_of(heights)}"
        raise ValueError(msg)
    value = x if isinstance(x, Operand) else as_value(x)
    flat = cast(Var, moves.reshape(value, shape=(math.prod(shape_of(value)),)))
    out: object = _on_lines(flat, knots, heights)
    for beyond, end, given in ((less, FrozenIndex(0), left), (greater, FrozenIndex(-1), right)):
        limit = moves.take_index(heights, index=end) if given is None else given
        out = chosen(beyond(flat, moves.take_index(knots, index=end)), limit, out)
    out = moves.reshape(out, shape=shape_of(value))
    return out.item() if type(value) is float and isinstance(out, np.ndarray) else out


def _on_lines(x: Var, xp: Var, fp: Var) -> Var:
    """As `interp`, with the outermost lines going on."""
    starts, ends = FrozenIndex(slice(None, -1)), FrozenIndex(slice(1, None))
    if shape_of(xp) == (1,):  # no line
        return moves.broadcast_to(fp, shape=shape_of(x))
    left, low = moves.take_index(xp, index=starts), moves.take_index(fp, index=starts)
    with np.errstate(all="ignore"):
        slopes = (moves.take_index(fp, index=ends) - low) / (moves.take_index(xp, index=ends) - left)
        at = filters.place(x, xp)
        along = take_along(slopes, at, axis=-1) * (x - take_along(left, at, axis=-1))
        return along + take_along(low, at, axis=-1)
