"""Layers of weights that meet every feature, ``linear(10)``, and tables of vectors, ``embedding(1000, 64)``."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from tapegrad.errors import LayerError, SettingError
from tapegrad.maps import shape_of
from tapegrad.nn.functional.linear import affine, flatten, looked_up, one_hot, require_indices
from tapegrad.nn.functional.sliding import floats, whole
from tapegrad.nn.initialisers import Initialiser, lecun_uniform, standard_normal, weight_and_bias, zeros
from tapegrad.nn.layer import Input, Layer, Weights, of_weights, require_shapes, written
from tapegrad.random import Key
from tapegrad.variables import ArrayVar, Var

__all__ = ["embedding", "flatten", "linear", "one_hot"]


def linear(
    features: int,
    *,
    bias: bool = True,
    weight_init: Initialiser = lecun_uniform,
    bias_init: Initialiser = zeros,
) -> Layer:
    """``x @ weight.T + bias``: ``(batch, ..., in) -> (batch, ..., features)``.

    Parameters: weight ``(features, in)``, bias ``(features,)``. Raises SettingError for a number of features below 1;
    `init` and `apply` raise LayerError for a batch that does not fit. How many features come in the batch says.
    """
    name = written(linear, features, bias=bias, weight_init=weight_init, bias_init=bias_init)
    features = whole(name, "features", features, 1)

    def weight_shape(x: object) -> tuple[int, ...]:
        shape = shape_of(x)
        if len(shape) < 2 or not shape[-1]:
            msg = f"{name}: it takes batches of features, (batch, ..., in), not {shape}"
            raise LayerError(msg)
        return features, shape[-1]

    def make(key: Key, x: Input) -> Weights:
        dtype = floats(name, x)
        return weight_and_bias(name, key, weight_shape(x), dtype, weight_init, bias_init if bias else None)

    def compute(weights: Weights, x: Var) -> object:
        floats(name, x)
        shape = weight_shape(x)
        require_shapes(name, weights, x, weight=shape, bias=shape[:1])
        return affine(x, cast(Var, weights["weight"]), cast("Var | None", weights.get("bias")))

    return of_weights(name, ("weight", "bias") if bias else ("weight",), make, compute)


def embedding(
    count: int, features: int, dtype: npt.DTypeLike = np.float64, weight_init: Initialiser = standard_normal
) -> Layer:
    """A vector for each of the integers from 0 to ``count - 1``: ``(batch, ...) -> (batch, ..., features)``.

    Parameters: weight ``(count, features)``, of `dtype`, since a batch of integers has none to take over. Raises
    SettingError for a setting that has no meaning; `init` and `apply` raise LayerError for what is no array of
    integers, and for integers out of range.
    """
    name = written(embedding, count, features, dtype=dtype, weight_init=weight_init)
    shape = whole(name, "count", count, 1), whole(name, "features", features, 1)
    kind = np.dtype(dtype)
    if not np.issubdtype(kind, np.floating):
        msg = f"{name}: dtype is one of floats, such as np.float32, not {kind}"
        raise SettingError(msg)

    def make(key: Key, x: Input) -> Weights:
        require_indices(name, x, shape[0])
        return weight_and_bias(name, key, shape, kind, weight_init, None)

    def compute(weights: Weights, x: Var) -> object:
        require_shapes(name, weights, x, weight=shape)
        return looked_up(name, cast(ArrayVar, x), weights["weight"])

    return of_weights(name, ("weight",), make, compute)
