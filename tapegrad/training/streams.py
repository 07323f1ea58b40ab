"""What goes on beside a training: functions from a stream of states to the same stream, which look at it on its way.

    states = steps(objective, data, state, optimiser, batch_size=64, epochs=20)
    for state in early_stopping(watched(states, show), patience=5):
        ...

None of them can change a state, and none is known to the training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tapegrad.errors import SettingError
from tapegrad.training.state import State

__all__ = ["early_stopping", "watched"]

P = TypeVar("P")


def watched(states: Iterable[State[P]], *callbacks: Callable[[State[P]], object]) -> Iterator[State[P]]:
    """The same states; each callback is given every one of them before it is handed on."""
    for state in states:
        for callback in callbacks:
            callback(state)
        yield state


def early_stopping(
    states: Iterable[State[P]],
    patience: int,
    tolerance: float = 0.0,
    measure: Callable[[State[P]], float] | None = None,
) -> Iterator[State[P]]:
    """The states of a training up to where it has ceased to improve.

    The last is the one after which `patience` epochs in a row have not brought the measure more than `tolerance` below
    the best so far. It is taken at the end of every epoch: the loss of the training, unless it is given, as the loss
    on examples held out. Raises SettingError for a patience below 1, or a tolerance that is negative, infinite or nan.
    """
    if patience < 1:
        msg = f"the patience of early stopping is a number of epochs from 1 on, not {patience}"
        raise SettingError(msg)
    if not 0.0 <= tolerance < math.inf:
        msg = f"the tolerance of early stopping is a loss that is not negative, not {tolerance!r}"
        raise SettingError(msg)
    return _until_stale(states, patience, tolerance, measure or (lambda state: state.loss))


def _until_stale(
    states: Iterable[State[P]], patience: int, tolerance: float, measure: Callable[[State[P]], float]
) -> Iterator[State[P]]:
    best, waited = math.inf, 0
    for state in states:
        yield state
        if state.batch:
            continue
        found = measure(state)
        best, waited = (found, 0) if found < best - tolerance else (best, waited + 1)
        if waited == patience:
            return
