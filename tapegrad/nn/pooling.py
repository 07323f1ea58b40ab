"""Pools as layers: ``max_pool2d(2)``. They have no parameters. See `tapegrad.nn.functional.pooling`."""

from __future__ import annotations

from collections.abc import Callable

from tapegrad.errors import LayerError
from tapegrad.maps import shape_of
from tapegrad.nn.functional.pooling import averaged, global_avg_pool, global_max_pool, largest, pooling_window
from tapegrad.nn.functional.sliding import SPACES, Padding, PerAxis, Slide, floats
from tapegrad.nn.layer import Input, Layer, Weights, of_weights, written
from tapegrad.random import Key
from tapegrad.variables import Var

__all__ = ["avg_pool1d", "avg_pool2d", "global_avg_pool", "global_max_pool", "max_pool1d", "max_pool2d"]


def max_pool1d(window: PerAxis, stride: PerAxis | None = None, padding: Padding = "valid") -> Layer:
    """The largest under each window: ``(batch, channels, length) -> (batch, channels, places)``."""
    return _pool(max_pool1d, 1, largest, window, stride, padding)


def max_pool2d(window: PerAxis, stride: PerAxis | None = None, padding: Padding = "valid") -> Layer:
    """The largest under each window: ``(batch, channels, height, width) -> (batch, channels, *places)``."""
    return _pool(max_pool2d, 2, largest, window, stride, padding)


def avg_pool1d(window: PerAxis, stride: PerAxis | None = None, padding: Padding = "valid") -> Layer:
    """The mean under each window, padding included: ``(batch, channels, length) -> (batch, channels, places)``."""
    return _pool(avg_pool1d, 1, averaged, window, stride, padding)


def avg_pool2d(window: PerAxis, stride: PerAxis | None = None, padding: Padding = "valid") -> Layer:
    """The mean under each window, padding too: ``(batch, channels, height, width) -> (batch, channels, *places)``."""
    return _pool(avg_pool2d, 2, averaged, window, stride, padding)


def _pool(
    function: Callable[..., Layer],
    axes: int,
    pooled: Callable[[Slide, Var], Var],
    window: PerAxis,
    stride: PerAxis | None,
    padding: Padding,
) -> Layer:
    name = written(function, window, stride=stride, padding=padding)
    slide = pooling_window(name, axes, window, stride, padding)

    def make(key: Key, x: Input) -> Weights:
        del key
        require(x)
        floats(name, x)
        slide.around(shape_of(x)[2:])
        return {}

    def compute(weights: Weights, x: Var) -> Var:
        del weights
        require(x)
        return pooled(slide, x)

    def require(x: object) -> None:
        shape = shape_of(x)
        if len(shape) != axes + 2:
            msg = f"{name}: it takes batches of images, (batch, channels, {SPACES[axes]}), not {shape}"
            raise LayerError(msg)

    return of_weights(name, (), make, compute)
