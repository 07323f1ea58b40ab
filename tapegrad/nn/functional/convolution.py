"""Convolution of images with the kernels of a layer, as networks have it: nothing is flipped.

Images are ``(batch, channels, *space)``, or one image ``(channels, *space)``; a weight is
``(features, channels / groups, *window)``; a bias is ``(features,)``. With groups, each group of features sees its own
group of channels only.
"""

from __future__ import annotations

from typing import cast

from tapegrad.errors import LayerError
from tapegrad.maps import shape_of
from tapegrad.nn.functional.sliding import SPACES, Padding, PerAxis, Slide, floats, whole
from tapegrad.numpy.signatures import ArrayLike, combining, operand
from tapegrad.ops.convolution import convolution
from tapegrad.ops.shape import reshape
from tapegrad.variables import Var

__all__ = ["conv1d", "conv2d", "convolved"]


@combining(None)
def conv1d(
    x: Var,
    weight: Var,
    bias: ArrayLike | None = None,
    stride: PerAxis = 1,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Var:
    """``(batch, channels, length), (features, channels / groups, window) -> (batch, features, places)``.

    See `conv2d`.
    """
    slide = _slide("conv1d", 1, weight, stride, padding, dilation)
    return _convolution(slide, x, weight, bias, groups)


@combining(None)
def conv2d(
    x: Var,
    weight: Var,
    bias: ArrayLike | None = None,
    stride: PerAxis = 1,
    padding: Padding = "valid",
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Var:
    """``(batch, channels, height, width), (features, channels / groups, *window) -> (batch, features, *places)``.

    ``out[b, f, p, q] = bias[f] + sum(weight[f, c, i, j] * padded[b, c, p * stride + i * dilation, ...])`` over c, i, j.
    One image without the axis of a batch gives one without. `tapegrad.nn.functional.sliding` tells what padding can
    be. Raises LayerError where the shapes do not fit, SettingError for a setting that has no meaning.
    """
    slide = _slide("conv2d", 2, weight, stride, padding, dilation)
    return _convolution(slide, x, weight, bias, groups)


def _slide(name: str, axes: int, weight: Var, stride: PerAxis, padding: Padding, dilation: PerAxis) -> Slide:
    """The window of a weight, for so many axes of space."""
    kernel = shape_of(weight)
    if len(kernel) != axes + 2:
        msg = f"{name}: a weight has the axes (features, channels / groups, *window), not the shape {kernel}"
        raise LayerError(msg)
    return Slide.of(name, axes, kernel[2:], stride, padding, dilation)


def _convolution(slide: Slide, x: Var, weight: Var, bias: ArrayLike | None, groups: int) -> Var:
    """Check the shapes, which a layer knows beforehand."""
    name, axes = slide.name, len(slide.window)
    shape, kernel = shape_of(x), shape_of(weight)
    groups = whole(name, "groups", groups, 1)
    if len(shape) == axes + 1:
        out = _convolution(slide, reshape(x, shape=(1, *shape)), weight, bias, groups)
        return reshape(out, shape=shape_of(out)[1:])
    if len(shape) != axes + 2:
        msg = f"{name}: images have the axes (batch, channels, {SPACES[axes]}), or those of one image, not {shape}"
        raise LayerError(msg)
    if kernel[0] % groups or shape[1] != kernel[1] * groups:
        msg = (
            f"{name}: images {shape} have {shape[1]} channels, and a weight {kernel} in {groups} groups takes "
            f"{kernel[1] * groups}, for a number of features that {groups} divides"
        )
        raise LayerError(msg)
    if bias is not None and shape_of(bias := operand(bias)) != kernel[:1]:
        msg = f"{name}: a bias is ({kernel[0]},) for a weight {kernel}, not {shape_of(bias)}"
        raise LayerError(msg)
    return convolved(slide, x, weight, cast("Var | None", bias), groups)


def convolved(slide: Slide, x: Var, weight: Var, bias: Var | None, groups: int) -> Var:
    """The same with a window that was made before, of shapes that fit. Raises LayerError if the window does not."""
    space = shape_of(x)[2:]
    floats(slide.name, x)
    out = convolution(
        x, weight, strides=slide.strides, padding=slide.around(space), dilation=slide.dilation, groups=groups
    )
    return out if bias is None else out + reshape(bias, shape=(-1, *[1] * len(space)))
