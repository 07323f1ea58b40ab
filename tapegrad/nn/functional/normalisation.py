"""Batches brought to mean zero and variance one, and then to a scale and a level that are learnt."""

from __future__ import annotations

from typing import cast

import tapegrad.numpy as tnp
from tapegrad.errors import LayerError
from tapegrad.maps import shape_of
from tapegrad.numpy.signatures import ArrayLike, operand
from tapegrad.ops import normalisation
from tapegrad.ops.shape import from_the_end
from tapegrad.ops.structural import items
from tapegrad.variables import Array, Var

__all__ = ["along_channels", "batch_norm", "layer_norm", "standardise"]


def standardise(x: ArrayLike, axes: int | tuple[int, ...], epsilon: float = 1e-5) -> tuple[Array, Array, Array]:
    """``(x - mean) / sqrt(variance + epsilon)``, the mean, and the variance, which is not corrected for bias.

    The mean and the variance are along `axes`, which they are without. (Ioffe and Szegedy 2015.)
    """
    x = operand(x)
    ends = from_the_end(axes, len(shape_of(x)))
    whole = normalisation.standardise(x, axes=ends, epsilon=float(epsilon))
    out, mean, variance = items(whole, 3)
    return cast(Array, out), cast(Array, mean), cast(Array, variance)


def layer_norm(x: ArrayLike, weight: ArrayLike, bias: ArrayLike, epsilon: float = 1e-5) -> Array:
    """Standardised along the last axes, those of `weight` and `bias`: ``(..., *features) -> (..., *features)``.

    It is ``weight * (x - mean) / sqrt(variance + epsilon) + bias`` (Ba, Kiros and Hinton 2016). Raises LayerError if
    the last axes of `x` are not those of the weights.
    """
    x, weight, bias = operand(x), operand(weight), operand(bias)
    features = shape_of(weight)
    if not features or shape_of(x)[-len(features) :] != features or shape_of(bias) != features:
        msg = (
            f"layer_norm: a weight of shape {features} and a bias of shape {shape_of(bias)} do not fit a batch of "
            f"shape {shape_of(x)}; they have the shape of its last axes"
        )
        raise LayerError(msg)
    out, _, _ = standardise(x, tuple(range(-len(features), 0)), epsilon)
    return cast(Array, cast(Var, out) * weight + bias)


def batch_norm(
    x: ArrayLike, weight: ArrayLike, bias: ArrayLike, mean: ArrayLike, variance: ArrayLike, epsilon: float = 1e-5
) -> Array:
    """Each channel less its mean, by its deviation, to its weight and bias.

    It is ``weight * (x - mean) / sqrt(variance + epsilon) + bias`` with weight, bias, mean and variance of shape
    ``(channels,)``: ``(batch, channels, ...) -> (batch, channels, ...)``. The mean and the variance are those of an
    evaluation; in training they are those of the batch, as `standardise` finds them. Raises LayerError if their shapes
    do not fit.
    """
    x, weight, bias, mean, variance = (operand(one) for one in (x, weight, bias, mean, variance))
    given = [shape_of(one) for one in (weight, bias, mean, variance)]
    if len(shape_of(x)) < 2 or any(shape != shape_of(x)[1:2] for shape in given):
        msg = (
            f"batch_norm: weight, bias, mean and variance of shapes {', '.join(map(str, given))} do not fit a batch of "
            f"shape {shape_of(x)}; each has one element for each of its channels, along axis 1"
        )
        raise LayerError(msg)
    scale = weight / tnp.sqrt(variance + float(epsilon))
    centred = x - along_channels(mean, x)
    return cast(Array, centred * along_channels(scale, x) + along_channels(bias, x))


def along_channels(each: Var, x: Var) -> Var:
    """One number for each channel, in a shape that broadcasts with a batch: ``(channels,) -> (channels, 1, ...)``."""
    others = len(shape_of(x)) - 2
    return tnp.reshape(each, (-1, *[1] * others)) if others else each
