"""What looks at the states of a training on their way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice

import attrs
import pytest

from tapegrad import random
from tapegrad.errors import SettingError
from tapegrad.optim import sgd
from tapegrad.training import State, early_stopping, start, watched


def states_of(losses: Sequence[float]) -> list[State[float]]:
    first = start(0.0, sgd(1.0), random.key(0))
    return [attrs.evolve(first, step=i, epoch=i, loss=x) for i, x in enumerate(losses, start=1)]


@pytest.mark.parametrize(
    ("losses", "patience", "tolerance", "last"),
    [
        ([3.0, 2.0, 1.0, 0.5], 1, 0.0, 4),
        ([3.0, 2.0, 2.0, 0.5], 1, 0.0, 3),
        ([3.0, 2.0, 2.0, 0.5], 2, 0.0, 4),
        ([3.0, 2.0, 2.5, 2.5, 2.5, 0.5], 3, 0.0, 5),
        ([3.0, 2.95, 2.9, 2.85, 2.8], 2, 0.1, 3),
        ([3.0, 2.95, 2.85, 2.75, 2.7], 2, 0.1, 5),
    ],
)
def test_early_stopping(losses: list[float], patience: int, tolerance: float, last: int) -> None:
    states = states_of(losses)
    assert list(early_stopping(states, patience, tolerance)) == states[:last]


def test_early_stopping_asks_for_no_more_than_it_gives() -> None:
    states = iter(states_of([1.0, 1.0, 1.0, 1.0]))
    assert len(list(early_stopping(states, 1))) == 2
    assert next(states).epoch == 3
    assert [s.epoch for s in islice(early_stopping(states_of([1.0, 1.0]), 1), 1)] == [1]


def test_early_stopping_measures_at_the_ends_of_epochs() -> None:
    one, two, three = states_of([3.0, 5.0, 2.0])
    inside = attrs.evolve(two, batch=1)
    states = [one, inside, inside, attrs.evolve(two, loss=2.0), three]
    assert list(early_stopping(states, 1)) == states


def test_early_stopping_by_a_measure_of_ones_own() -> None:
    states = states_of([3.0, 2.0, 1.0, 0.5])
    assert list(early_stopping(states, 1, measure=lambda state: abs(state.loss - 2.0))) == states[:3]


@pytest.mark.parametrize(
    ("patience", "tolerance", "message"),
    [(0, 0.0, "from 1 on, not 0"), (1, -0.1, "not negative, not -0.1"), (1, math.nan, "not nan")],
)
def test_early_stopping_without_meaning_is_refused_at_once(patience: int, tolerance: float, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        early_stopping(states_of([1.0]), patience, tolerance)


def test_callbacks_see_every_state_before_it_is_handed_on() -> None:
    events: list[str] = []
    states = watched(
        states_of([3.0, 2.0]),
        lambda state: events.append(f"first {state.epoch}"),
        lambda state: events.append(f"second {state.epoch}"),
    )
    events.extend(f"given {state.epoch}" for state in states)
    assert events == ["first 1", "second 1", "given 1", "first 2", "second 2", "given 2"]
