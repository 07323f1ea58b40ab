"""Pooling: of all that lies under a window the largest, or the mean, in each channel by itself.

The axes of space are the last ones; those in front, as of a batch and of channels, are kept. A window that is not told
its stride moves by its own length. Elements that are equally large share the derivative equally, as in ``max``.
"""

from __future__ import annotations

import math

from tapegrad.errors import LayerError, SettingError
from tapegrad.maps import shape_of
from tapegrad.nn.functional.sliding import SPACES, Padding, PerAxis, Slide, floats
from tapegrad.numpy import reductions
from tapegrad.numpy.signatures import shaping
from tapegrad.ops.windows import largest_of_windows, sum_of_windows
from tapegrad.variables import Var

__all__ = [
    "averaged",
    "avg_pool1d",
    "avg_pool2d",
    "global_avg_pool",
    "global_max_pool",
    "largest",
    "max_pool1d",
    "max_pool2d",
    "pooling_window",
]  # fmt: skip


@shaping(None)
def max_pool1d(x: Var, window: PerAxis, stride: PerAxis | None = None, padding: Padding = "valid") -> Var:
    """The largest under each window, ``(..., length) -> (..., places)``: see `max_pool2d`."""
    return largest(pooling_window("max_pool1d", 1, window, stride, padding), x)


@shaping(None)
def max_pool2d(x: Var, window: PerAxis, stride: PerAxis | None = None, padding: Padding = "valid") -> Var:
    """The largest under each window: ``(..., height, width) -> (..., *places)``.

    Padding is -inf, and so never chosen. Raises LayerError for an image on which the window has no place, SettingError
    for a setting that has no meaning.
    """
    return largest(pooling_window("max_pool2d", 2, window, stride, padding), x)


@shaping(None)
def avg_pool1d(x: Var, window: PerAxis, stride: PerAxis | None = None, padding: Padding = "valid") -> Var:
    """The mean under each window, ``(..., length) -> (..., places)``: see `avg_pool2d`."""
    return averaged(pooling_window("avg_pool1d", 1, window, stride, padding), x)


@shaping(None)
def avg_pool2d(x: Var, window: PerAxis, stride: PerAxis | None = None, padding: Padding = "valid") -> Var:
    """The mean under each window: ``(..., height, width) -> (..., *places)``.

    Padding is zeros, which count: the sum is divided by the size of the window everywhere (``count_include_pad=True``
    of PyTorch and Flax). Errors as of `max_pool2d`.
    """
    return averaged(pooling_window("avg_pool2d", 2, window, stride, padding), x)


@shaping(None)
def global_avg_pool(x: Var) -> Var:
    """The mean over all of space: ``(batch, channels, *space) -> (batch, channels)``."""
    return reductions.mean(x, _axes_of_space("global_avg_pool", x))


@shaping(None)
def global_max_pool(x: Var) -> Var:
    """The largest over all of space: ``(batch, channels, *space) -> (batch, channels)``."""
    return reductions.max(x, _axes_of_space("global_max_pool", x))


def _axes_of_space(name: str, x: Var) -> tuple[int, ...]:
    shape = shape_of(x)
    if len(shape) < 3 or 0 in shape[2:]:
        msg = f"{name}: it takes (batch, channels, *space), with an axis of space or more, none empty, not {shape}"
        raise LayerError(msg)
    return tuple(range(2, len(shape)))


def pooling_window(name: str, axes: int, window: PerAxis, stride: PerAxis | None, padding: Padding) -> Slide:
    """The window of a pool. Raises SettingError for padding so wide that a window could see nothing else."""
    slide = Slide.of(name, axes, window, window if stride is None else stride, padding)
    for length, both in zip(slide.window, slide.padding or (), strict=False):
        if max(both) >= length:
            msg = f"{name}: padding is less than the window, which is {slide.window}, not {slide.padding}"
            raise SettingError(msg)
    return slide


def largest(slide: Slide, x: Var) -> Var:
    """The largest under a window that was made before."""
    padding = slide.around(_space(slide, x))
    return largest_of_windows(x, window=slide.window, strides=slide.strides, padding=padding)


def averaged(slide: Slide, x: Var) -> Var:
    """The mean under a window that was made before."""
    padding = slide.around(_space(slide, x))
    total = sum_of_windows(x, window=slide.window, strides=slide.strides, padding=padding)
    return total / float(math.prod(slide.window))


def _space(slide: Slide, x: Var) -> tuple[int, ...]:
    shape, axes = shape_of(x), len(slide.window)
    if len(shape) < axes:
        msg = f"{slide.name}: images have the axes (..., {SPACES[axes]}), not the shape {shape}"
        raise LayerError(msg)
    floats(slide.name, x)
    return shape[-axes:]
