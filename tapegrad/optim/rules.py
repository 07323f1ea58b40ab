"""Gradient descent and its two classic relatives, each an `Optimiser`."""

from __future__ import annotations

import math
from typing import TypeVar

import tapegrad.numpy as tnp
from tapegrad.errors import SettingError, StructureError
from tapegrad.optim.optimiser import Optimiser, OptimiserState, zip_leaves
from tapegrad.tree import map_leaves

__all__ = ["adam", "momentum", "sgd"]

P = TypeVar("P")


def sgd(rate: float) -> Optimiser:
    """Gradient descent: w - rate g.

    >>> optimiser = sgd(0.5)
    >>> optimiser.update(4.0, optimiser.init(1.0), 1.0)
    (-2.0, OptimiserState(count=1, averages=()))
    """
    _require_rate(rate)

    def init(params: P) -> OptimiserState[P]:
        del params
        return OptimiserState(0, ())

    def update(gradient: P, state: OptimiserState[P], params: P) -> tuple[P, OptimiserState[P]]:
        updates = zip_leaves(lambda _, g: -rate * g, params, gradient=gradient)
        return updates, OptimiserState(state.count + 1, ())

    return Optimiser(init, update)


def momentum(rate: float, decay: float = 0.9) -> Optimiser:
    """Gradient descent with a heavy ball: v = decay v + g, then w - rate v (Polyak 1964)."""
    _require_rate(rate)
    _require_decay("decay", decay)

    def init(params: P) -> OptimiserState[P]:
        return OptimiserState(0, (_zeros(params),))

    def update(gradient: P, state: OptimiserState[P], params: P) -> tuple[P, OptimiserState[P]]:
        (velocity,) = _averages(state, 1)
        moved = zip_leaves(lambda _, v, g: decay * v + g, params, state=velocity, gradient=gradient)
        return map_leaves(lambda v: -rate * v, moved), OptimiserState(state.count + 1, (moved,))

    return Optimiser(init, update)


def adam(rate: float, decay: float = 0.9, square_decay: float = 0.999, epsilon: float = 1e-8) -> Optimiser:
    """Gradient descent by steps of about `rate` in each coordinate (Kingma and Ba 2015, algorithm 1).

    The mean of the gradient over the root of its mean square, both running averages that decay, both
    corrected for having started at zero; `epsilon` keeps the quotient finite.
    """
    _require_rate(rate)
    _require_decay("decay", decay)
    _require_decay("square_decay", square_decay)
    if not 0.0 < epsilon < math.inf:
        msg = f"epsilon must be a positive number, not {epsilon!r}; 1e-8 is usual"
        raise SettingError(msg)

    def init(params: P) -> OptimiserState[P]:
        return OptimiserState(0, (_zeros(params), _zeros(params)))

    def update(gradient: P, state: OptimiserState[P], params: P) -> tuple[P, OptimiserState[P]]:
        count = state.count + 1
        mean, square = _averages(state, 2)
        mean = zip_leaves(lambda _, m, g: decay * m + (1.0 - decay) * g, params, state=mean, gradient=gradient)
        square = zip_leaves(
            lambda _, s, g: square_decay * s + (1.0 - square_decay) * g * g,
            params,
            state=square,
            gradient=gradient,
        )
        mean_bias, square_bias = 1.0 - decay**count, 1.0 - square_decay**count
        updates = zip_leaves(
            lambda m, s: -rate * (m / mean_bias) / (tnp.sqrt(s / square_bias) + epsilon), mean, square=square
        )
        return updates, OptimiserState(count, (mean, square))

    return Optimiser(init, update)


def _zeros(params: P) -> P:
    return map_leaves(lambda _: 0.0, params)


def _averages(state: OptimiserState[P], count: int) -> tuple[P, ...]:
    """The running averages of a state, of which this optimiser keeps `count`."""
    if len(state.averages) != count:
        msg = (
            f"the state is of another optimiser: it holds {len(state.averages)} running averages, not {count}; "
            "begin with optimiser.init(params)"
        )
        raise StructureError(msg)
    return state.averages


def _require_rate(rate: float) -> None:
    if not 0.0 < rate < math.inf:  # nan is refused too
        msg = f"a learning rate must be a positive number, not {rate!r}; for example 0.5"
        raise SettingError(msg)


def _require_decay(name: str, decay: float) -> None:
    if not 0.0 <= decay < 1.0:
        msg = f"{name} must be at least 0 and below 1, not {decay!r}; for example 0.9"
        raise SettingError(msg)
