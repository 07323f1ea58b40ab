"""The layer of attention, by several heads, of a sequence to itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import tapegrad.numpy as tnp
from tapegrad.errors import LayerError
from tapegrad.maps import shape_of
from tapegrad.nn.functional.attention import scaled_dot_product_attention
from tapegrad.nn.functional.linear import linear
from tapegrad.nn.functional.sliding import floats, whole
from tapegrad.nn.initialisers import glorot_uniform, lecun_uniform, zeros
from tapegrad.nn.layer import Input, Layer, Weights, of_weights, written
from tapegrad.random import Key, split
from tapegrad.variables import ArrayVar, Var

__all__ = ["multi_head_attention"]


def multi_head_attention(heads: int, *, causal: bool = False, bias: bool = True) -> Layer:
    """Self-attention by `heads` heads, each of a share of the features: ``(batch, time, features)``, the same again.

    With `causal` each time sees itself and what was before. Its parameters are those of torch's MultiheadAttention:
    ``in_proj_weight`` of shape ``(3 * features, features)``, which makes queries, keys and values, and
    ``out_proj.weight`` of shape ``(features, features)``; with `bias`, ``in_proj_bias`` and ``out_proj.bias``, zeros at
    first. (Vaswani et al. 2017.) Raises SettingError for fewer than one head, LayerError if they cannot share the
    features.
    """
    name = written(multi_head_attention, heads, causal=causal, bias=bias)
    heads = whole(name, "the number of heads", heads, 1)
    names = ["in_proj_weight", "out_proj.weight", *(("in_proj_bias", "out_proj.bias") if bias else ())]

    def make(key: Key, x: Input) -> Weights:
        features = _features(name, x, heads)
        dtype = floats(name, x)
        in_key, out_key = split(key)
        made = {
            "in_proj_weight": glorot_uniform(in_key, (3 * features, features), dtype),
            "out_proj.weight": lecun_uniform(out_key, (features, features), dtype),
        }
        if bias:
            made["in_proj_bias"] = zeros(in_key, (3 * features,), dtype)
            made["out_proj.bias"] = zeros(out_key, (features,), dtype)
        return made

    def compute(weights: Weights, x: Var) -> object:
        features = _features(name, x, heads)
        if shape_of(weights["in_proj_weight"]) != (3 * features, features):
            own = shape_of(weights["in_proj_weight"])[-1]
            msg = f"{name}: it is for batches (batch, time, {own}), not {shape_of(x)}"
            raise LayerError(msg)
        batch, time, _ = x.shape
        made = linear(x, weights["in_proj_weight"], weights.get("in_proj_bias"))
        parts = tnp.reshape(made, (batch, time, 3, heads, features // heads))
        q, k, v = cast(
            Sequence[ArrayVar], tnp.transpose(parts, (2, 0, 3, 1, 4))
        )  # each (batch, heads, time, features / heads)
        seen = scaled_dot_product_attention(q, k, v, causal=causal)
        joined = tnp.reshape(tnp.swapaxes(cast(ArrayVar, seen), 1, 2), (batch, time, features))
        return linear(joined, weights["out_proj.weight"], weights.get("out_proj.bias"))

    return of_weights(name, names, make, compute)


def _features(name: str, x: Input | Var, heads: int) -> int:
    """How many features there are. Raises LayerError if there is no time axis, or the heads cannot share them."""
    shape = shape_of(x)
    if len(shape) != 3:
        msg = f"{name}: a batch is (batch, time, features), not {shape}"
        raise LayerError(msg)
    if shape[2] % heads:
        msg = f"{name}: {heads} heads cannot share the {shape[2]} features of {shape}: it is no multiple of {heads}"
        raise LayerError(msg)
    return shape[2]
