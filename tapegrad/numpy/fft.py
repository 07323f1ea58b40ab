"""Fourier transforms: NumPy's `numpy.fft`, for traced arrays too.

`n` and `s` are lengths to crop to, or to pad to with zeros; `norm` says where the factor 1 / n stands: "backward" with
the inverse, "forward" with the transform itself, "ortho" as a root with both.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Literal, TypeAlias, cast

import numpy as np
from numpy.fft import fftfreq, rfftfreq

from tapegrad.arrays import FrozenIndex
from tapegrad.errors import OperandError
from tapegrad.maps import shape_of
from tapegrad.numpy.signatures import shaping
from tapegrad.ops import fourier
from tapegrad.ops import shape as moves
from tapegrad.ops.shape import from_the_end
from tapegrad.primitive import is_complex
from tapegrad.variables import Var

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "irfft",
    "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip

Norm: TypeAlias = Literal["backward", "ortho", "forward"] | None
Lengths: TypeAlias = Sequence[int] | None

_SWAPPED: dict[Norm, Norm] = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _factor(n: int, norm: Norm, inverse: bool) -> float:
    """What a transform of `n` numbers is multiplied by. Raises ValueError for another norm."""
    if norm not in _SWAPPED:
        msg = f'the norm of a Fourier transform is "backward", "ortho" or "forward", not {norm!r}'
        raise ValueError(msg)
    if norm == "ortho":
        return 1.0 / math.sqrt(n)
    return 1.0 / n if (norm == "forward") != inverse else 1.0


def _at(axis: int, entry: slice) -> FrozenIndex:
    """The index of a part along one axis, counted from the end."""
    return FrozenIndex((Ellipsis, entry, *[slice(None)] * (-axis - 1)))


def _fitted(x: Var, n: int, axis: int) -> Var:
    """`x` with length `n` along an axis: cropped, or padded with zeros at the end."""
    shape = shape_of(x)
    if n < 1:
        msg = f"a Fourier transform needs at least one number along axis {axis}, not {n}"
        raise ValueError(msg)
    if shape[axis] == n:
        return x
    if shape[axis] > n:
        return moves.take_index(x, index=_at(axis, slice(0, n)))
    padded = list(shape)
    padded[axis] = n
    return moves.scatter(x, index=_at(axis, slice(0, shape[axis])), shape=tuple(padded))


def _axis(x: Var, axis: int) -> int:
    return from_the_end(axis, len(shape_of(x)))[0]


def _scaled(x: Var, factor: float) -> Var:
    return x if factor == 1.0 else x * factor


# ---- along one axis -----------------------------------------------------------------------------


def _complex(x: Var, n: int | None, axis: int, norm: Norm, inverse: bool) -> Var:
    at = _axis(x, axis)
    length = shape_of(x)[at] if n is None else operator.index(n)
    out = fourier.fft(_fitted(x, length, at), axis=at, inverse=inverse)
    return _scaled(out, _factor(length, norm, inverse))


@shaping(np.fft.fft)
def fft(a: Var, n: int | None = None, axis: int = -1, norm: Norm = None) -> Var:
    """Frequencies ``0 .. n - 1``: the sums of ``a[j] exp(-2 pi i j k / n)``."""
    return _complex(a, n, axis, norm, inverse=False)


@shaping(np.fft.ifft)
def ifft(a: Var, n: int | None = None, axis: int = -1, norm: Norm = None) -> Var:
    """The inverse of `fft`."""
    return _complex(a, n, axis, norm, inverse=True)


@shaping(np.fft.rfft)
def rfft(a: Var, n: int | None = None, axis: int = -1, norm: Norm = None) -> Var:
    """Frequencies ``0 .. n // 2`` of real numbers, the others being their conjugates. Complex ones are refused."""
    if is_complex(a):
        msg = "rfft is of real numbers, and these are complex; use fft, or tnp.real(z) first"
        raise OperandError(msg)
    at = _axis(a, axis)
    length = shape_of(a)[at] if n is None else operator.index(n)
    return _scaled(fourier.rfft(_fitted(a, length, at), axis=at), _factor(length, norm, inverse=False))


@shaping(np.fft.irfft)
def irfft(a: Var, n: int | None = None, axis: int = -1, norm: Norm = None) -> Var:
    """The inverse of `rfft`: `n` real numbers, by default an even number of them."""
    at = _axis(a, axis)
    length = 2 * (shape_of(a)[at] - 1) if n is None else operator.index(n)
    if length < 1:
        msg = f"a Fourier transform needs at least one number along axis {axis}, not {length}"
        raise ValueError(msg)
    out = fourier.irfft(_fitted(a, length // 2 + 1, at), axis=at, n=length)
    return _scaled(out, _factor(length, norm, inverse=True))


@shaping(np.fft.hfft)
def hfft(a: Var, n: int | None = None, axis: int = -1, norm: Norm = None) -> Var:
    """The frequencies, which are real, of numbers of which half are the conjugates of those given."""
    return cast(Var, irfft(moves.conjugate(a), n, axis, _SWAPPED.get(norm, norm)))


@shaping(np.fft.ihfft)
def ihfft(a: Var, n: int | None = None, axis: int = -1, norm: Norm = None) -> Var:
    """The inverse of `hfft`."""
    return cast(Var, moves.conjugate(rfft(a, n, axis, _SWAPPED.get(norm, norm))))


# ---- along several axes -------------------------------------------------------------------------


def _sizes(x: Var, s: Lengths, axes: Sequence[int] | None) -> list[tuple[int, int | None]]:
    """Each axis, from the end, in the order of its transform, with its length; None where that is to be kept."""
    ndim = len(shape_of(x))
    if axes is None:
        axes = range(-ndim, 0) if s is None else range(-len(s), 0)
    lengths: Sequence[int | None] = [None] * len(axes) if s is None else s
    if len(lengths) != len(axes):
        msg = f"{len(lengths)} lengths are given for {len(axes)} axes; give one for each"
        raise ValueError(msg)
    return [(_axis(x, axis), None if n == -1 else n) for axis, n in zip(axes, lengths, strict=True)]


@shaping(np.fft.fftn)
def fftn(a: Var, s: Lengths = None, axes: Sequence[int] | None = None, norm: Norm = None) -> Var:
    """`fft` along each of `axes`, by default all."""
    for axis, n in reversed(_sizes(a, s, axes)):
        a = _complex(a, n, axis, norm, inverse=False)
    return a


@shaping(np.fft.ifftn)
def ifftn(a: Var, s: Lengths = None, axes: Sequence[int] | None = None, norm: Norm = None) -> Var:
    """The inverse of `fftn`."""
    for axis, n in reversed(_sizes(a, s, axes)):
        a = _complex(a, n, axis, norm, inverse=True)
    return a


@shaping(np.fft.rfftn)
def rfftn(a: Var, s: Lengths = None, axes: Sequence[int] | None = None, norm: Norm = None) -> Var:
    """`rfft` along the last of `axes`, `fft` along the others."""
    *others, (last, n) = _sizes(a, s, axes)
    out = cast(Var, rfft(a, n, last, norm))
    for axis, length in reversed(others):
        out = _complex(out, length, axis, norm, inverse=False)
    return out


@shaping(np.fft.irfftn)
def irfftn(a: Var, s: Lengths = None, axes: Sequence[int] | None = None, norm: Norm = None) -> Var:
    """The inverse of `rfftn`."""
    *others, (last, n) = _sizes(a, s, axes)
    for axis, length in others:
        a = _complex(a, length, axis, norm, inverse=True)
    return cast(Var, irfft(a, n, last, norm))


@shaping(np.fft.fft2)
def fft2(a: Var, s: Lengths = None, axes: Sequence[int] = (-2, -1), norm: Norm = None) -> Var:
    """`fftn` along the last two axes."""
    return cast(Var, fftn(a, s, axes, norm))


@shaping(np.fft.ifft2)
def ifft2(a: Var, s: Lengths = None, axes: Sequence[int] = (-2, -1), norm: Norm = None) -> Var:
    """`ifftn` along the last two axes."""
    return cast(Var, ifftn(a, s, axes, norm))


@shaping(np.fft.rfft2)
def rfft2(a: Var, s: Lengths = None, axes: Sequence[int] = (-2, -1), norm: Norm = None) -> Var:
    """`rfftn` along the last two axes."""
    return cast(Var, rfftn(a, s, axes, norm))


@shaping(np.fft.irfft2)
def irfft2(a: Var, s: Lengths = None, axes: Sequence[int] = (-2, -1), norm: Norm = None) -> Var:
    """`irfftn` along the last two axes."""
    return cast(Var, irfftn(a, s, axes, norm))


# ---- the order of frequencies -------------------------------------------------------------------


def _rolled(x: Var, axes: int | Sequence[int] | None, inverse: bool) -> Var:
    """Half a turn along each axis; an odd length turns by the smaller half, or back by the larger."""
    for axis in from_the_end(None if axes is None else axes, len(shape_of(x))):
        n = shape_of(x)[axis]
        middle = n // 2 if inverse else n - n // 2
        front, back = (moves.take_index(x, index=_at(axis, part)) for part in (slice(0, middle), slice(middle, n)))
        x = moves.concatenate(back, front, axis=axis)
    return x


@shaping(np.fft.fftshift)
def fftshift(x: Var, axes: int | Sequence[int] | None = None) -> Var:
    """With the frequency 0 in the middle."""
    return _rolled(x, axes, inverse=False)


@shaping(np.fft.ifftshift)
def ifftshift(x: Var, axes: int | Sequence[int] | None = None) -> Var:
    """The inverse of `fftshift`."""
    return _rolled(x, axes, inverse=True)
