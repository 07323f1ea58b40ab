"""Products of vectors, matrices, and arrays of them."""

from __future__ import annotations

import numpy as np

from tapegrad.maps import shape_of
from tapegrad.numpy.signatures import combining
from tapegrad.ops import shape as moves
from tapegrad.ops.products import product
from tapegrad.recorder import Var

__all__ = ["matmul"]


@combining(np.matmul)
def matmul(x: Var, y: Var) -> Var:
    """The product of matrices, ``(..., n, k) @ (..., k, m) -> (..., n, m)``; a vector is a row left, a column right.

    Raises ValueError where the lengths that are summed over differ, or an operand has no axes.
    """
    left, right = shape_of(x), shape_of(y)
    if not left or not right or left[-1] != right[-2 if len(right) > 1 else -1]:
        msg = f"matmul: arrays of shapes {left} and {right} have no product"
        raise ValueError(msg)
    if len(left) == 1:
        x = moves.reshape(x, shape=(1, *left))
    if len(right) == 1:
        y = moves.reshape(y, shape=(*right, 1))
    out = product(x, y)
    if len(left) > 1 and len(right) > 1:
        return out
    shape = shape_of(out)
    if len(right) == 1:
        shape = shape[:-1]
    if len(left) == 1:
        shape = (*shape[:-2], shape[-1]) if len(right) > 1 else shape[:-1]
    return moves.reshape(out, shape=shape)
