"""Learning rates that change: functions from the number of a step, counted from 0, to the rate of that step.

Any such function stands for a rate; these are the usual ones, with the names of their arguments in words.

>>> rate = warm_up(4, cosine(0.1, 100))
>>> [round(rate(step), 4) for step in (0, 2, 4, 54, 104)]
[0.0, 0.05, 0.1, 0.05, 0.0]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import TypeAlias

import numpy as np

from tapegrad.errors import SettingError
from tapegrad.variables import Var

__all__ = ["Schedule", "constant", "cosine", "schedule_of", "step_decay", "warm_up"]

Schedule: TypeAlias = Callable[[int], float]
"""``step -> rate``."""


def constant(rate: float) -> Schedule:
    """The same rate at every step."""
    _require_rate(rate)
    return lambda step: rate


def step_decay(rate: float, every: int, factor: float = 0.1) -> Schedule:
    """``rate * factor ** (step // every)``: a staircase. torch calls it StepLR."""
    _require_rate(rate)
    _require_steps("every", every)
    if not 0.0 < factor <= 1.0:
        msg = f"factor must be above 0 and at most 1, not {factor!r}; for example 0.1"
        raise SettingError(msg)
    return lambda step: rate * factor ** (step // every)


def cosine(rate: float, steps: int, last: float = 0.0) -> Schedule:
    """From `rate` to `last` along half a wave of the cosine, and `last` from step `steps` on.

    ``last + (rate - last) (1 + cos(pi step / steps)) / 2`` (Loshchilov and Hutter 2017, without restarts).
    """
    _require_rate(rate)
    _require_steps("steps", steps)
    if not 0.0 <= last <= rate:
        msg = f"the last rate must be from 0 to the first, {rate!r}, not {last!r}"
        raise SettingError(msg)

    def at(step: int) -> float:
        if step >= steps:
            return last
        return last + (rate - last) * (1.0 + math.cos(math.pi * step / steps)) / 2.0

    return at


def warm_up(steps: int, rate: float | Schedule, first: float = 0.0) -> Schedule:
    """A straight line from ``first * rate`` up to `rate` in `steps` steps; then `rate`, its own steps counted from 0.

    `first` is a share of the rate, from 0 to 1: torch's LinearLR calls it start_factor.
    """
    _require_steps("steps", steps)
    if not 0.0 <= first <= 1.0:
        msg = f"first is a share of the rate, from 0 to 1, not {first!r}"
        raise SettingError(msg)
    then = schedule_of(rate)

    def at(step: int) -> float:
        if step >= steps:
            return then(step - steps)
        return then(0) * (first + (1.0 - first) * step / steps)

    return at


def schedule_of(rate: float | Schedule) -> Schedule:
    """A rate as a schedule, which raises SettingError for a step at which a rate is negative or not finite.

    Raises SettingError at once for a plain rate that is not a positive number.
    """
    if not callable(rate):
        return constant(rate)
    given = rate

    def checked(step: int) -> float:
        now = given(step)
        if not _is_number(now) or not 0.0 <= now < math.inf:  # nan is refused too
            msg = f"the learning rate of step {step} is {now!r:.60}; a schedule returns numbers from 0 on"
            raise SettingError(msg)
        return now

    return checked


def _require_rate(rate: float) -> None:
    if not _is_number(rate) or not 0.0 < rate < math.inf:
        msg = f"a learning rate must be a positive number, not {rate!r:.60}; for example 0.5"
        raise SettingError(msg)


def _is_number(x: object) -> bool:
    """Plain, of NumPy, or traced."""
    return isinstance(x, (Real, Var)) or (isinstance(x, np.ndarray) and x.ndim == 0)


def _require_steps(name: str, count: int) -> None:
    if count < 1:
        msg = f"{name} is a number of steps from 1 on, not {count!r}"
        raise SettingError(msg)
