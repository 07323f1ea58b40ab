"""What bends the outputs of layers: functions of every element, and the two that look along an axis.

They are plain functions, and stand for layers in `serial`. Most are those of `tapegrad.numpy`; ``softmax`` and
``log_softmax`` are along the last axis if none is said.
"""

from __future__ import annotations

import tapegrad.numpy as tnp
from tapegrad.numpy import gelu, log_softmax, relu, sigmoid, silu, softmax, softplus, tanh
from tapegrad.numpy.signatures import applying
from tapegrad.variables import Var

__all__ = [
    "elu", "gelu", "leaky_relu", "log_softmax", "relu", "sigmoid", "silu", "softmax", "softplus", "tanh",
]  # fmt: skip


@applying(None)
def leaky_relu(x: Var, slope: float = 0.01) -> object:
    """x, times `slope` where it is not positive: at 0 the derivative is `slope` (Maas et al. 2013)."""
    return tnp.where(x > 0.0, x, slope * x)


@applying(None)
def elu(x: Var, alpha: float = 1.0) -> object:
    """x, and ``alpha (exp(x) - 1)`` where it is not positive: at 0 the derivative is `alpha` (Clevert et al. 2016)."""
    positive = x > 0.0
    below = tnp.where(positive, 0.0, x)  # exp of what is large and not wanted would be inf
    return tnp.where(positive, x, alpha * tnp.expm1(below))
