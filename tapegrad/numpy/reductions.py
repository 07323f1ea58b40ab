"""Elements along axes to one: sums, means, extremes."""

from __future__ import annotations

import math

import numpy as np

from tapegrad.maps import shape_of
from tapegrad.methods import Axis
from tapegrad.numpy.signatures import reducing
from tapegrad.ops import shape as moves
from tapegrad.ops.shape import from_the_end, kept
from tapegrad.recorder import Var

__all__ = ["mean", "sum"]


@reducing(np.sum)
def sum(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The sum of the elements."""
    shape = shape_of(x)
    axes = from_the_end(axis, len(shape))
    summed = moves.sum_axes(x, axes=axes)
    return moves.reshape(summed, shape=kept(shape, axes)) if keepdims else summed


@reducing(np.mean)
def mean(x: Var, axis: Axis = None, keepdims: bool = False) -> Var:
    """The mean of the elements."""
    shape = shape_of(x)
    count = math.prod(shape[i] for i in from_the_end(axis, len(shape)))
    return sum(x, axis, keepdims) / float(count)
