"""Products of arrays. Each is linear in either operand."""

from __future__ import annotations

import numpy as np

from tapegrad.maps import Multilinear, shape_of
from tapegrad.ops.shape import transpose

__all__ = ["flipped", "product"]


def flipped(x: object) -> object:
    """With its last two axes exchanged."""
    ndim = len(shape_of(x))
    return transpose(x, axes=(*range(ndim - 2), ndim - 1, ndim - 2))


# (..., n, k) by (..., k, m) -> (..., n, m); leading axes broadcast
product: Multilinear = Multilinear(
    "matmul",
    np.matmul,
    (
        lambda g, x, y: product(g, flipped(y)),
        lambda g, x, y: product(flipped(x), g),
    ),
)
