"""Learning rates that change, by their formulas, alone and in an optimiser."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tapegrad.errors import SettingError
from tapegrad.optim import (
    Optimiser,
    Schedule,
    adam,
    adamw,
    apply_updates,
    constant,
    cosine,
    lion,
    momentum,
    nesterov,
    rmsprop,
    sgd,
    step_decay,
    warm_up,
)


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (constant(0.3), {0: 0.3, 1: 0.3, 10**9: 0.3}),
        (step_decay(0.8, 3, 0.5), {0: 0.8, 2: 0.8, 3: 0.4, 5: 0.4, 6: 0.2, 30: 0.8 / 1024}),
        (step_decay(1.0, 1), {0: 1.0, 1: 0.1, 2: 0.01}),
        (cosine(0.4, 6), {0: 0.4, 2: 0.3, 3: 0.2, 4: 0.1, 6: 0.0, 7: 0.0, 12: 0.0}),
        (cosine(0.4, 6, last=0.1), {0: 0.4, 2: 0.325, 3: 0.25, 6: 0.1, 100: 0.1}),
        (warm_up(4, 0.8), {0: 0.0, 1: 0.2, 3: 0.6, 4: 0.8, 100: 0.8}),
        (warm_up(4, 0.8, first=0.5), {0: 0.4, 1: 0.5, 3: 0.7, 4: 0.8}),
        (warm_up(2, cosine(0.4, 6)), {0: 0.0, 1: 0.2, 2: 0.4, 4: 0.3, 5: 0.2, 8: 0.0}),
        (warm_up(2, lambda step: 1.0 / (1.0 + step)), {0: 0.0, 1: 0.5, 2: 1.0, 3: 0.5, 5: 0.25}),
    ],
)
def test_the_rate_of_a_step(schedule: Schedule, rates: dict[int, float]) -> None:
    assert {step: schedule(step) for step in rates} == pytest.approx(rates, rel=1e-14, abs=1e-16)


@pytest.mark.parametrize("make", [sgd, momentum, nesterov, rmsprop, adam, adamw, lion])
def test_a_constant_schedule_is_a_rate(make: Callable[[float | Schedule], Optimiser]) -> None:
    assert path(make(constant(0.1))) == path(make(0.1))


@pytest.mark.parametrize("make", [sgd, momentum, nesterov, rmsprop, adam, adamw, lion])
def test_the_rate_scales_each_step(make: Callable[[float | Schedule], Optimiser]) -> None:
    rates = [0.1, 0.4, 0.0, 0.2]
    expected, state, plain = 1.0, make(1.0).init(1.0), make(1.0)
    for rate, found in zip(rates, path(make(rates.__getitem__)), strict=True):
        update, state = plain.update(3.0, state, expected)
        expected += rate * update
        assert found == pytest.approx(expected, rel=1e-13)


def path(optimiser: Optimiser) -> list[float]:
    """Where four steps along the same gradient lead."""
    w, state, found = 1.0, optimiser.init(1.0), []
    for _ in range(4):
        update, state = optimiser.update(3.0, state, w)
        w = apply_updates(w, update)
        found.append(w)
    return found


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: constant(0.0), "a learning rate must be a positive number, not 0.0"),
        (lambda: step_decay(-0.1, 3), "a learning rate must be a positive number, not -0.1"),
        (lambda: step_decay(0.1, 0), "every is a number of steps from 1 on, not 0"),
        (lambda: step_decay(0.1, 3, 0.0), "factor must be above 0 and at most 1, not 0.0"),
        (lambda: step_decay(0.1, 3, 1.1), "factor must be above 0 and at most 1, not 1.1"),
        (lambda: cosine(math.inf, 3), "a learning rate must be a positive number, not inf"),
        (lambda: cosine(0.1, -3), "steps is a number of steps from 1 on, not -3"),
        (lambda: cosine(0.1, 3, last=0.2), "the last rate must be from 0 to the first, 0.1, not 0.2"),
        (lambda: cosine(0.1, 3, last=math.nan), "the last rate must be from 0 to the first, 0.1, not nan"),
        (lambda: warm_up(0, 0.1), "steps is a number of steps from 1 on, not 0"),
        (lambda: warm_up(3, math.nan), "a learning rate must be a positive number, not nan"),
        (lambda: warm_up(3, 0.1, first=1.5), "first is a share of the rate, from 0 to 1, not 1.5"),
    ],
)
def test_settings_without_meaning_are_refused(make: Callable[[], Schedule], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        make()


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf])
def test_a_schedule_that_leaves_the_rates_is_refused_at_its_step(rate: float) -> None:
    optimiser = adam(lambda step: 0.1 if step < 2 else rate)
    state = optimiser.init(1.0)
    for _ in range(2):
        _, state = optimiser.update(1.0, state, 1.0)
    with pytest.raises(SettingError, match=f"the learning rate of step 2 is {rate!r}"):
        optimiser.update(1.0, state, 1.0)
