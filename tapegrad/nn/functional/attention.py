"""Attention: means of values, weighted by how alike a query and the key of each value are."""

from __future__ import annotations

import math
from typing import cast

import numpy as np

import tapegrad.numpy as tnp
from tapegrad.arrays import AnyArray
from tapegrad.errors import LayerError
from tapegrad.maps import shape_of
from tapegrad.numpy.signatures import ArrayLike, operand
from tapegrad.ops.products import flipped
from tapegrad.variables import Array

__all__ = ["scaled_dot_product_attention"]


def scaled_dot_product_attention(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, mask: ArrayLike | None = None, causal: bool = False
) -> Array:
    """``softmax(q k' / sqrt(features)) v``: ``(..., n, features), (..., m, features), (..., m, out) -> (..., n, out)``.

    Of a `mask` of booleans, which broadcasts with ``(..., n, m)``, True lets a query see a key; one of floats is added
    to the products. With `causal` query i sees the keys up to i. A query that sees none gets zeros. (Vaswani et al.
    2017, section 3.2.1.) Raises LayerError for shapes that do not fit.
    """
    q, k, v = operand(q), operand(k), operand(v)
    shapes = [shape_of(one) for one in (q, k, v)]
    if min(map(len, shapes)) < 2 or shapes[0][-1] != shapes[1][-1] or shapes[1][-2] != shapes[2][-2]:
        msg = (
            "scaled_dot_product_attention takes queries (..., n, features), keys (..., m, features) and values "
            f"(..., m, out), not arrays of shapes {', '.join(map(str, shapes))}"
        )
        raise LayerError(msg)
    scale = 1.0 / math.sqrt(max(shapes[0][-1], 1))
    alike = (q * scale) @ flipped(k)
    lower = np.tri(*alike.shape[-2:], dtype=np.bool_)
    if causal:
        alike = tnp.where(lower, alike, -np.inf)
    if mask is None:
        return tnp.softmax(alike) @ v
    mask = operand(mask)
    _require_mask(shape_of(mask), alike.shape)
    of_booleans = mask.dtype == bool
    if not of_booleans and mask.dtype.kind != "f":
        msg = (
            f"scaled_dot_product_attention: a mask is of booleans, or of floats that are added, not of {mask.dtype}; "
            "write mask.astype(bool)"
        )
        raise LayerError(msg)
    seen = cast(AnyArray, mask if of_booleans else mask > -np.inf)
    alike = tnp.where(seen, alike, -np.inf) if of_booleans else alike + mask
    if causal:
        seen = tnp.logical_and(seen, lower)
    some = tnp.any(seen, axis=-1, keepdims=True)
    return tnp.where(some, tnp.softmax(alike), 0.0) @ v


def _require_mask(shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    try:
        fits = np.broadcast_shapes(shape, wanted) == wanted
    except ValueError:
        fits = False
    if not fits:
        msg = f"scaled_dot_product_attention: a mask of shape {shape} does not broadcast to {wanted}, (..., n, m)"
        raise LayerError(msg)
