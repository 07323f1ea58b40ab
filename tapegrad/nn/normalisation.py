"""Layers that normalise: over the features of each example, or over the examples for each channel."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import numpy.typing as npt

from tapegrad.errors import LayerError, SettingError
from tapegrad.maps import shape_of
from tapegrad.nn import functional
from tapegrad.nn.functional.normalisation import along_channels
from tapegrad.nn.functional.sliding import floats
from tapegrad.nn.layer import Input, Layer, Params, State, Weights, of_weights, state_of, weights_of, written
from tapegrad.random import Key
from tapegrad.transforms import stop_gradient
from tapegrad.variables import Array, Var

__all__ = ["batch_norm", "layer_norm"]

_AFFINE = ("weight", "bias")
_RUNNING = ("running_mean", "running_var")


def layer_norm(axes: int = 1, epsilon: float = 1e-5) -> Layer:
    """Each example brought to mean zero and variance one along its last `axes` axes: ``(batch, ..., *features)``.

    Its parameters are ``weight`` and ``bias`` of the shape ``features``, ones and zeros at first; it is torch's
    LayerNorm(features). Raises SettingError for fewer than one axis, or an epsilon that is not positive.
    """
    name = written(layer_norm, axes=axes, epsilon=epsilon)
    _require_epsilon(name, epsilon)
    if axes < 1:
        msg = f"{name}: it normalises along one axis or more of each example, not {axes}"
        raise SettingError(msg)

    def make(key: Key, x: Input) -> Weights:
        del key
        shape = shape_of(x)
        if len(shape) <= axes:
            msg = f"{name}: a batch is (batch, ..., *features) with {axes} axes of features, not {shape}"
            raise LayerError(msg)
        return _ones_and_zeros(name, shape[-axes:], x)

    return of_weights(
        name,
        _AFFINE,
        make,
        lambda weights, x: functional.layer_norm(x, weights["weight"], weights["bias"], epsilon),
    )


def batch_norm(momentum: float = 0.1, epsilon: float = 1e-5) -> Layer:
    """Each channel brought to mean zero and variance one over the batch: ``(batch, channels, ...)``, the same again.

    Its parameters are ``weight`` and ``bias`` of shape ``(channels,)``; it is torch's BatchNorm1d, 2d, 3d. In training
    mean and variance are those of the batch, and the state, ``running_mean`` and ``running_var``, moves towards them:
    ``(1 - momentum) * old + momentum * new``, where the new variance is the unbiased one. An evaluation takes those of
    the state, and leaves it.

    Raises SettingError for a momentum outside of 0 .. 1, or an epsilon that is not positive; in training, LayerError
    for a batch with one number for each channel, whose variance is unknown.
    """
    name = written(batch_norm, momentum=momentum, epsilon=epsilon)
    _require_epsilon(name, epsilon)
    if not 0.0 <= momentum <= 1.0:
        msg = f"{name}: momentum is the weight of the new mean and variance, from 0 to 1, not {momentum}"
        raise SettingError(msg)

    def init(key: Key, x: Input, /) -> tuple[Params, State]:
        del key
        shape = shape_of(x)
        if len(shape) < 2:
            msg = f"{name}: a batch is (batch, channels, ...), not {shape}"
            raise LayerError(msg)
        made = _ones_and_zeros(name, shape[1:2], x)
        return made, cast(State, {"running_mean": made["bias"].copy(), "running_var": made["weight"].copy()})

    def apply(
        params: Params, state: State, x: Input, /, *, training: bool = False, key: Key | None = None
    ) -> tuple[Array, State]:
        del key
        weights, running = weights_of(name, params, _AFFINE), state_of(name, state, _RUNNING)
        weight, bias = weights["weight"], weights["bias"]
        mean, variance = (running[one] for one in _RUNNING)
        _require_channels(name, x, weight)
        if not training:
            return functional.batch_norm(x, weight, bias, mean, variance, epsilon), state
        shape = shape_of(x)
        count = shape[0] * math.prod(shape[2:])
        if count < 2:
            msg = f"{name}: in training a batch has more than one number for each channel, and {shape} has {count}"
            raise LayerError(msg)
        standard, new_mean, new_variance = functional.standardise(x, (0, *range(2, len(shape))), epsilon)
        like = cast(Var, x)
        out = cast(Var, standard) * along_channels(cast(Var, weight), like) + along_channels(cast(Var, bias), like)
        unbiased = cast(Var, new_variance) * (count / (count - 1))
        following = {
            "running_mean": _moved(cast(Array, mean), cast(Var, new_mean), momentum),
            "running_var": _moved(cast(Array, variance), unbiased, momentum),
        }
        return cast(Array, out), cast(State, following)

    return Layer(name, init, apply)


def _moved(old: Array, new: Var, momentum: float) -> object:
    """The weighted mean of the old and the new, which no derivative flows through."""
    return stop_gradient((1.0 - momentum) * old + momentum * new)


def _ones_and_zeros(name: str, shape: tuple[int, ...], x: Input) -> dict[str, npt.NDArray[np.float64]]:
    dtype = cast("np.dtype[np.float64]", floats(name, x))  # or another of floats
    return {"weight": np.ones(shape, dtype), "bias": np.zeros(shape, dtype)}


def _require_channels(name: str, x: Input, weight: Array) -> None:
    shape = shape_of(x)
    if len(shape) < 2 or shape[1:2] != shape_of(weight):
        channels = shape_of(weight)
        msg = f"{name}: it is for batches of {channels[0]} channels, (batch, {channels[0]}, ...), not {shape}"
        raise LayerError(msg)


def _require_epsilon(name: str, epsilon: float) -> None:
    if not 0.0 < epsilon < math.inf:
        msg = f"{name}: epsilon is a positive number, not {epsilon!r}; 1e-5 is usual"
        raise SettingError(msg)
