"""Layers that slide kernels over images: ``conv1d(16, 3)``, ``conv2d(16, 3, padding="same")``."""

from __future__ import annotations

from typing import cast

from tapegrad.errors import LayerError, SettingError
from tapegrad.maps import shape_of
from tapegrad.nn.functional.convolution import convolved
from tapegrad.nn.functional.sliding import SPACES, Padding, PerAxis, Slide, floats, whole
from tapegrad.nn.initialisers import Initialiser, lecun_uniform, weight_and_bias, zeros
from tapegrad.nn.layer import Input, Layer, Weights, of_weights, require_shapes, written
from tapegrad.random import Key
from tapegrad.variables import Var

__all__ = ["conv1d", "conv2d"]


def conv1d(
    features: int,
    window: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    groups: int = 1,
    bias: bool = True,
    weight_init: Initialiser = lecun_uniform,
    bias_init: Initialiser = zeros,
) -> Layer:
    """``(batch, channels, length) -> (batch, features, places)``: see `conv2d`."""
    name = written(
        conv1d, features, window, stride=stride, padding=padding, dilation=dilation, groups=groups, bias=bias,
        weight_init=weight_init, bias_init=bias_init,
    )  # fmt: skip
    slide = Slide.of(name, 1, window, stride, padding, dilation)
    return _convolution(slide, features, groups, weight_init, bias_init if bias else None)


def conv2d(
    features: int,
    window: PerAxis,
    *,
    stride: PerAxis = 1,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    groups: int = 1,
    bias: bool = True,
    weight_init: Initialiser = lecun_uniform,
    bias_init: Initialiser = zeros,
) -> Layer:
    """``(batch, channels, height, width) -> (batch, features, *places)``: `functional.conv2d` with learnt kernels.

    Parameters: weight ``(features, channels / groups, *window)``, bias ``(features,)``. Raises SettingError for a
    setting that has no meaning; `init` and `apply` raise LayerError for images that do not fit.
    """
    name = written(
        conv2d, features, window, stride=stride, padding=padding, dilation=dilation, groups=groups, bias=bias,
        weight_init=weight_init, bias_init=bias_init,
    )  # fmt: skip
    slide = Slide.of(name, 2, window, stride, padding, dilation)
    return _convolution(slide, features, groups, weight_init, bias_init if bias else None)


def _convolution(
    slide: Slide, features: int, groups: int, weight_init: Initialiser, bias_init: Initialiser | None
) -> Layer:
    name, axes = slide.name, len(slide.window)
    features, groups = whole(name, "features", features, 1), whole(name, "groups", groups, 1)
    if features % groups:
        msg = f"{name}: {groups} groups do not divide {features} features"
        raise SettingError(msg)

    def weight_shape(x: object) -> tuple[int, ...]:
        """Of the weight that images like `x` need. Raises LayerError if there is none."""
        shape = shape_of(x)
        if len(shape) != axes + 2:
            msg = f"{name}: it takes batches of images, (batch, channels, {SPACES[axes]}), not {shape}"
            raise LayerError(msg)
        if shape[1] % groups or not shape[1]:
            msg = f"{name}: {groups} groups do not divide the {shape[1]} channels of images {shape}"
            raise LayerError(msg)
        return (features, shape[1] // groups, *slide.window)

    def make(key: Key, x: Input) -> Weights:
        dtype, shape = floats(name, x), weight_shape(x)
        slide.around(shape_of(x)[2:])
        return weight_and_bias(name, key, shape, dtype, weight_init, bias_init)

    def compute(weights: Weights, x: Var) -> object:
        shape = weight_shape(x)
        require_shapes(name, weights, x, weight=shape, bias=shape[:1])
        return convolved(slide, x, cast(Var, weights["weight"]), cast("Var | None", weights.get("bias")), groups)

    return of_weights(name, ("weight",) if bias_init is None else ("weight", "bias"), make, compute)
