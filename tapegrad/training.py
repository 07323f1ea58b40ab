"""Training as a fold: each epoch makes a new state out of the last, and the states are a lazy stream.

    state = start(params, optimiser, key)
    for state in train(loss, examples, state, optimiser, batch_size=10, epochs=500):
        print(state.epoch, state.loss)

Nothing is hidden: all that an epoch depends on is its arguments and the state before it, which can be
kept, saved and continued from, with the same bits as if it had never stopped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Generic, TypeAlias, TypeVar, cast

import attrs

from tapegrad import tree
from tapegrad.errors import DataError, SettingError
from tapegrad.functional import accumulate, partition_all, reduce
from tapegrad.optim import Optimiser, OptimiserState, apply_updates
from tapegrad.random import Key, fold_in, permutation
from tapegrad.transforms import value_and_grad
from tapegrad.variables import Scalar

__all__ = ["Loss", "State", "early_stopping", "start", "train"]

P = TypeVar("P")
"""The parameters: any tree of numbers."""
E = TypeVar("E")
"""One example: whatever the loss takes as its second argument."""

Loss: TypeAlias = Callable[[P, E], Scalar]
"""The loss of one example."""


@attrs.frozen
class State(Generic[P]):
    """Where a training stands after `epoch` epochs.

    `key` orders the examples of every epoch and never changes. `loss` is the mean over the examples of
    the last epoch, each met before the step it took part in; infinite before the first epoch.
    """

    params: P
    optimiser_state: OptimiserState[P]
    key: Key
    epoch: int
    loss: float


def start(params: P, optimiser: Optimiser, key: Key) -> State[P]:
    """The state before the first epoch."""
    return State(params, optimiser.init(params), key, epoch=0, loss=math.inf)


def train(
    loss: Loss[P, E],
    examples: Sequence[E],
    state: State[P],
    optimiser: Optimiser,
    *,
    batch_size: int,
    epochs: int,
) -> Iterator[State[P]]:
    """The states after epochs ``state.epoch + 1`` .. `epochs`, each computed when it is asked for.

    Every step is along the gradient of the mean of ``loss(params, example)`` over a batch. The order of
    the examples is drawn anew for each epoch from ``state.key``.

    Raises DataError if there are no examples, SettingError for a batch size below 1 or a negative number
    of epochs; later, in place of a state that would not be finite, a SettingError that names the epoch.
    """
    if not examples:
        msg = "there are no examples to train on"
        raise DataError(msg)
    if batch_size < 1:
        msg = f"a batch has at least one example, not {batch_size}"
        raise SettingError(msg)
    if epochs < 0:
        msg = f"the number of epochs cannot be negative, as {epochs} is"
        raise SettingError(msg)
    after_epoch = _epoch(loss, examples, optimiser, batch_size)
    states = accumulate(after_epoch, range(state.epoch + 1, epochs + 1), state)
    return islice(states, 1, None)  # the first is the one we were given


def _epoch(
    loss: Loss[P, E], examples: Sequence[E], optimiser: Optimiser, batch_size: int
) -> Callable[[State[P], int], State[P]]:
    """The function of a state and the number of the next epoch that folds the state over its batches."""
    loss_and_gradient = value_and_grad(_mean(loss))

    def after_batch(state: State[P], batch: Sequence[E]) -> State[P]:
        loss_before, gradient = loss_and_gradient(state.params, batch)
        updates, optimiser_state = optimiser.update(gradient, state.optimiser_state, state.params)
        share = len(batch) / len(examples)
        return attrs.evolve(
            state,
            params=apply_updates(state.params, updates),
            optimiser_state=optimiser_state,
            loss=state.loss + share * cast(float, loss_before),  # outside of the trace it is a float
        )

    def after_epoch(state: State[P], epoch: int) -> State[P]:
        order = permutation(fold_in(state.key, epoch), len(examples))
        batches = partition_all(batch_size, [examples[i] for i in order])
        first = attrs.evolve(state, epoch=epoch, loss=0.0)
        last = reduce(after_batch)(first)(batches)
        _require_finite(last)
        return last

    return after_epoch


def _mean(loss: Loss[P, E]) -> Callable[[P, Sequence[E]], Scalar]:
    """The mean of `loss` over the examples of a batch, as one program."""

    def mean(params: P, batch: Sequence[E]) -> Scalar:
        first, *rest = batch
        total = loss(params, first)
        for example in rest:
            total = total + loss(params, example)
        return total / float(len(batch))

    return mean


def _require_finite(state: State[P]) -> None:
    numbers = cast(list[float], tree.leaves(state.params))
    if math.isfinite(state.loss) and all(map(math.isfinite, numbers)):
        return
    msg = (
        f"the training left the range of numbers in epoch {state.epoch} (loss {state.loss}); take a smaller "
        "learning rate, and look for values in the data that are very large or not numbers"
    )
    raise SettingError(msg)


def early_stopping(states: Iterable[State[P]], patience: int, tolerance: float = 0.0) -> Iterator[State[P]]:
    """The states of a training up to where it has ceased to improve.

    The last is the one after which `patience` epochs in a row have not brought the loss more than
    `tolerance` below the best so far. Raises SettingError for a patience below 1, or a tolerance that is
    negative, infinite or nan.
    """
    if patience < 1:
        msg = f"the patience of early stopping is a number of epochs from 1 on, not {patience}"
        raise SettingError(msg)
    if not 0.0 <= tolerance < math.inf:
        msg = f"the tolerance of early stopping is a loss that is not negative, not {tolerance!r}"
        raise SettingError(msg)
    return _until_stale(states, patience, tolerance)


def _until_stale(states: Iterable[State[P]], patience: int, tolerance: float) -> Iterator[State[P]]:
    best, waited = math.inf, 0
    for state in states:
        yield state
        improved = state.loss < best - tolerance
        best, waited = (state.loss, 0) if improved else (best, waited + 1)
        if waited == patience:
            return
