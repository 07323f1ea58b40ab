"""Gradient descent and its relatives. `rate` is a number, or a schedule: a function from the step, from 0 on, to one.

In the formulas g is the gradient, w the parameter, and all is done number by number. An optimiser that torch.optim has
too gives the same results; torch's argument weight_decay, but for AdamW, is ``chain(add_weight_decay(d), optimiser)``.
All raise SettingError for a rate that is not a positive number, a decay outside of its range, an epsilon not above 0.

>>> optimiser = momentum(0.1)
>>> updates, state = optimiser.update(4.0, optimiser.init(1.0), 1.0)
>>> optimiser.update(4.0, state, 0.6)[0]
-0.76
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import numpy as np

import tapegrad.numpy as tnp
from tapegrad.arrays import Floats, is_array
from tapegrad.errors import SettingError
from tapegrad.optim.leaves import Leaf
from tapegrad.optim.optimiser import LeafRule, Optimiser, Rule, leafwise
from tapegrad.optim.schedules import Schedule, schedule_of
from tapegrad.optim.transformations import require_weight_decay

__all__ = ["adam", "adamw", "lion", "momentum", "nesterov", "rmsprop", "sgd"]


# ---- gradient descent ---------------------------------------------------------------------------


def sgd(rate: float | Schedule) -> Optimiser:
    """Gradient descent: w - rate g.

    >>> optimiser = sgd(0.5)
    >>> optimiser.update(4.0, optimiser.init(1.0), 1.0)
    (-2.0, OptimiserState(count=1, averages={}, parts=()))
    """
    rate_at = schedule_of(rate)

    def rule(step: int, _gradients: Sequence[Leaf]) -> LeafRule:
        downhill = -rate_at(step)
        return lambda g, w: (downhill * g,)

    return Optimiser(*leafwise((), rule))


def momentum(rate: float | Schedule, decay: float = 0.9) -> Optimiser:
    """Gradient descent with a heavy ball: v = decay v + g, then w - rate v (Polyak 1964)."""
    rate_at = schedule_of(rate)
    _require_decay("decay", decay)

    def rule(step: int, _gradients: Sequence[Leaf]) -> LeafRule:
        downhill = -rate_at(step)

        def leaf(g: Leaf, _w: Leaf, velocity: Leaf) -> tuple[Leaf, ...]:
            velocity = _faded(velocity, decay, g)
            return downhill * velocity, velocity

        return leaf

    return Optimiser(*leafwise(("velocity",), rule))


def nesterov(rate: float | Schedule, decay: float = 0.9) -> Optimiser:
    """Momentum that looks a step ahead: v = decay v + g, then w - rate (g + decay v).

    Nesterov 1983, in the form of Sutskever et al. 2013 with w at the point ahead, as in torch.
    """
    rate_at = schedule_of(rate)
    _require_decay("decay", decay)

    def rule(step: int, _gradients: Sequence[Leaf]) -> LeafRule:
        downhill = -rate_at(step)

        def leaf(g: Leaf, _w: Leaf, velocity: Leaf) -> tuple[Leaf, ...]:
            velocity = _faded(velocity, decay, g)
            ahead = _faded(velocity, decay, g)
            ahead *= downhill
            return ahead, velocity

        return leaf

    return Optimiser(*leafwise(("velocity",), rule))


# ---- steps that adapt to each parameter ---------------------------------------------------------


def rmsprop(rate: float | Schedule, decay: float = 0.99, epsilon: float = 1e-8) -> Optimiser:
    """The gradient over the root of its mean square: s = decay s + (1 - decay) g², w - rate g / (√s + epsilon).

    Tieleman and Hinton 2012.
    """
    rate_at = schedule_of(rate)
    _require_decay("decay", decay)
    _require_epsilon(epsilon)

    def rule(step: int, _gradients: Sequence[Leaf]) -> LeafRule:
        downhill = -rate_at(step)

        def leaf(g: Leaf, _w: Leaf, square: Leaf) -> tuple[Leaf, ...]:
            square = _nearer(square, g * g - square, 1.0 - decay)
            return _over_root(g, square, epsilon, downhill), square

        return leaf

    return Optimiser(*leafwise(("square",), rule))


def adam(rate: float | Schedule, decay: float = 0.9, square_decay: float = 0.999, epsilon: float = 1e-8) -> Optimiser:
    """Gradient descent by steps of about `rate` in each coordinate (Kingma and Ba 2015, algorithm 1).

    The mean of the gradient over the root of its mean square, both running averages that decay, both
    corrected for having started at zero; `epsilon` keeps the quotient finite.
    """
    return Optimiser(*leafwise(("mean", "square"), _adam(schedule_of(rate), decay, square_decay, epsilon)))


def adamw(
    rate: float | Schedule,
    decay: float = 0.9,
    square_decay: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.01,
) -> Optimiser:
    """Adam, and at each step the parameters shrink by ``rate * weight_decay`` (Loshchilov and Hutter 2019)."""
    rate_at = schedule_of(rate)
    rule = _shrinking(_adam(rate_at, decay, square_decay, epsilon), rate_at, weight_decay)
    return Optimiser(*leafwise(("mean", "square"), rule))


def lion(rate: float | Schedule, decay: float = 0.9, mean_decay: float = 0.99, weight_decay: float = 0.0) -> Optimiser:
    """Steps of exactly `rate` in each coordinate, by the sign of a mean gradient (Chen et al. 2023, algorithm 2).

    w - rate (sign(decay m + (1 - decay) g) + weight_decay w), then m = mean_decay m + (1 - mean_decay) g. It likes a
    rate some three to ten times below that of Adam.
    """
    rate_at = schedule_of(rate)
    _require_decay("decay", decay)
    _require_decay("mean_decay", mean_decay)

    def rule(step: int, _gradients: Sequence[Leaf]) -> LeafRule:
        downhill = -rate_at(step)

        def leaf(g: Leaf, _w: Leaf, mean: Leaf) -> tuple[Leaf, ...]:
            update = tnp.sign(_faded(mean, decay, (1.0 - decay) * g))
            update *= downhill
            return update, _faded(mean, mean_decay, (1.0 - mean_decay) * g)

        return leaf

    return Optimiser(*leafwise(("mean",), _shrinking(rule, rate_at, weight_decay)))


def _adam(rate_at: Schedule, decay: float, square_decay: float, epsilon: float) -> Rule:
    _require_decay("decay", decay)
    _require_decay("square_decay", square_decay)
    _require_epsilon(epsilon)

    def rule(step: int, _gradients: Sequence[Leaf]) -> LeafRule:
        # rate (mean / bias) / (√(square / square_bias) + epsilon), multiplied by √square_bias above and below
        bias, root = 1.0 - decay ** (step + 1), math.sqrt(1.0 - square_decay ** (step + 1))
        downhill, floor = -rate_at(step) * root / bias, epsilon * root

        def leaf(g: Leaf, _w: Leaf, mean: Leaf, square: Leaf) -> tuple[Leaf, ...]:
            mean = _nearer(mean, g - mean, 1.0 - decay)
            square = _nearer(square, g * g - square, 1.0 - square_decay)
            return _over_root(mean, square, floor, downhill), mean, square

        return leaf

    return rule


def _shrinking(rule: Rule, rate_at: Schedule, weight_decay: float) -> Rule:
    """`rule`, and the parameters shrink by ``rate * weight_decay`` besides: not a part of the gradient."""
    require_weight_decay("weight_decay", weight_decay)

    def shrinking(step: int, gradients: Sequence[Leaf]) -> LeafRule:
        at_leaf, share = rule(step, gradients), rate_at(step) * weight_decay

        def leaf(g: Leaf, w: Leaf, *averages: Leaf) -> tuple[Leaf, ...]:
            update, *after = at_leaf(g, w, *averages)
            update -= share * w
            return update, *after

        return leaf

    return shrinking if weight_decay else rule


# ---- arithmetic ---------------------------------------------------------------------------------

# An array costs more to make than to compute with, so each of these makes one at most and goes on in it: to an array
# of one's own `x *= y` is done in place, and for a number it is `x = x * y`.


def _faded(average: Leaf, decay: float, g: Leaf) -> Leaf:
    """``decay * average + g``."""
    faded = decay * average
    faded += g
    return faded


def _nearer(average: Leaf, difference: Leaf, share: float) -> Leaf:
    """``average + share * difference``, in the memory of `difference`: the running average."""
    difference *= share
    difference += average
    return difference


def _over_root(direction: Leaf, square: Leaf, epsilon: float, factor: float) -> Leaf:
    """``factor * direction / (√square + epsilon)``."""
    divisor = tnp.sqrt(square)
    divisor += epsilon
    quotient = _divided(direction, divisor)
    quotient *= factor
    return quotient


def _divided(x: Leaf, y: object) -> Leaf:
    """``x / y``, in the memory of `y`."""
    return cast(Leaf, np.divide(cast(Floats, x), y, out=y) if is_array(y) else x / cast(Leaf, y))


# ---- settings -----------------------------------------------------------------------------------


def _require_decay(name: str, decay: float) -> None:
    if not 0.0 <= decay < 1.0:
        msg = f"{name} must be at least 0 and below 1, not {decay!r}; for example 0.9"
        raise SettingError(msg)


def _require_epsilon(epsilon: float) -> None:
    if not 0.0 < epsilon < math.inf:
        msg = f"epsilon must be a positive number, not {epsilon!r}; 1e-8 is usual"
        raise SettingError(msg)
