"""What may be done to a gradient before an optimiser follows it; put together by `chain`.

>>> from tapegrad.optim.optimiser import chain
>>> both = chain(clip_by_value(1.0), add_weight_decay(0.1))
>>> both.update((5.0, 0.5), both.init((2.0, 2.0)), (2.0, 2.0))[0]
(1.2, 0.7)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

import tapegrad.numpy as tnp
from tapegrad.arrays import Floats
from tapegrad.errors import SettingError
from tapegrad.optim.leaves import Leaf
from tapegrad.optim.optimiser import LeafRule, Transformation, leafwise
from tapegrad.variables import Scalar, Var

__all__ = ["add_weight_decay", "clip_by_global_norm", "clip_by_value", "require_weight_decay"]


def clip_by_value(limit: float) -> Transformation:
    """Each number of the gradient, but at least ``-limit`` and at most `limit`."""
    _require_limit(limit)

    def leaf(g: Leaf, _w: Leaf) -> tuple[Leaf, ...]:
        return (tnp.clip(g, -limit, limit),)

    return Transformation(*leafwise((), lambda step, gradients: leaf))


def clip_by_global_norm(limit: float) -> Transformation:
    """The gradient, made shorter if the norm of all its numbers together is above `limit` (Pascanu et al. 2013).

    It is scaled by ``limit / (norm + 1e-6)`` where that is below 1, as torch's clip_grad_norm_ does: the norm comes
    out a millionth below the limit.
    """
    _require_limit(limit)

    def rule(_step: int, gradients: Sequence[Leaf]) -> LeafRule:
        scale = limit / (_global_norm(gradients) + 1e-6)
        if scale >= 1.0:
            return lambda g, w: (g,)
        return lambda g, w: (scale * g,)

    return Transformation(*leafwise((), rule))


def add_weight_decay(decay: float) -> Transformation:
    """``gradient + decay * parameter``: the gradient of a penalty ``decay / 2 * parameter²`` beside the loss.

    For optimisers that scale their steps it is not the same as to shrink the parameters: see `adamw`.
    """
    require_weight_decay("decay", decay)

    def leaf(g: Leaf, w: Leaf) -> tuple[Leaf, ...]:
        return (g + decay * w,)

    return Transformation(*leafwise((), lambda step, gradients: leaf))


def require_weight_decay(name: str, decay: float) -> None:
    """Raise SettingError for a decay that is negative or not finite."""
    if not 0.0 <= decay < math.inf:
        msg = f"{name} must be a number from 0 on, not {decay!r}; for example 0.01"
        raise SettingError(msg)


def _global_norm(leaves: Sequence[Leaf]) -> Scalar:
    """The root of the sum of the squares of all numbers; of plain ones a float, whatever their dtype."""
    total: Scalar = 0.0
    for leaf in leaves:
        total = tnp.hypot(total, _norm(leaf))
    return total


def _norm(leaf: Floats | Var) -> Scalar:
    if isinstance(leaf, Var):
        return tnp.linalg.norm(tnp.ravel(leaf))
    norm = float(np.linalg.norm(leaf))
    if math.isinf(norm):  # the squares have left the range of numbers, which the norm itself may not
        largest = float(np.abs(leaf).max())
        norm = largest * float(np.linalg.norm(leaf / largest))
    return norm


def _require_limit(limit: float) -> None:
    if not 0.0 < limit < math.inf:
        msg = f"a limit of gradients must be a positive number, not {limit!r}; for example 1.0"
        raise SettingError(msg)
