"""Training as a fold over batches: each makes a new state out of the last, and the states are a lazy stream.

    state = start(params, optimiser, key)
    for state in train(objective, data, state, optimiser, batch_size=64, epochs=20):
        print(state.epoch, state.loss)

Nothing is hidden: all that a step depends on is its arguments and the state before it, which can be kept, saved and
continued from, in the middle of an epoch too, with the same bits as if it had never stopped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar, cast

import attrs
import numpy as np

from tapegrad import tree
from tapegrad.arrays import Floats
from tapegrad.datasets import batches
from tapegrad.datasets.batches import count_examples
from tapegrad.errors import DivergenceError, SettingError
from tapegrad.optim import Optimiser, apply_updates
from tapegrad.optim.optimiser import require_optimiser
from tapegrad.random import Key, fold_in
from tapegrad.training.state import Objective, State
from tapegrad.transforms import value_and_grad

__all__ = ["steps", "train"]

P = TypeVar("P")
B = TypeVar("B")


def train(
    objective: Objective[P, B],
    data: B,
    state: State[P],
    optimiser: Optimiser,
    *,
    batch_size: int,
    epochs: int,
) -> Iterator[State[P]]:
    """The states after epochs ``state.epoch + 1`` .. `epochs`: those of `steps` that end an epoch."""
    every = steps(objective, data, state, optimiser, batch_size=batch_size, epochs=epochs)
    return (after for after in every if after.batch == 0)


def steps(
    objective: Objective[P, B],
    data: B,
    state: State[P],
    optimiser: Optimiser,
    *,
    batch_size: int,
    epochs: int,
) -> Iterator[State[P]]:
    """The state after every step up to the end of epoch `epochs`, each computed when it is asked for.

    `data` is a tree of arrays whose first axis counts the examples, such as ``(inputs, labels)``. A step is along the
    gradient of the objective of one batch. The order of the examples is drawn anew for each epoch from ``state.key``.

    Raises DataError if there are no examples, SettingError for a batch size below 1, a negative number of epochs,
    what is no optimiser, or a state of a training with other batches; later, in place of a state that would not be
    finite, a DivergenceError that names the epoch and the step.
    """
    examples = count_examples(data)
    require_optimiser(optimiser)
    if type(batch_size) is not int or batch_size < 1:
        msg = f"a batch has at least one example, not {batch_size!r:.60}"
        raise SettingError(msg)
    if type(epochs) is not int or epochs < 0:
        msg = f"the number of epochs is a whole number that is not negative, not {epochs!r:.60}"
        raise SettingError(msg)
    per_epoch = math.ceil(examples / batch_size)
    if state.step != state.epoch * per_epoch + state.batch or state.batch >= per_epoch:
        msg = (
            f"the state is of step {state.step} and epoch {state.epoch}, but here an epoch is {per_epoch} batches of "
            f"{batch_size}; continue with the data and the batch size that it was trained with"
        )
        raise SettingError(msg)
    return _folded(_step(objective, optimiser), data, state, batch_size, epochs, per_epoch)


def _folded(
    after_batch: Callable[[State[P], B, Key], State[P]],
    data: B,
    state: State[P],
    batch_size: int,
    epochs: int,
    per_epoch: int,
) -> Iterator[State[P]]:
    while state.epoch < epochs:
        key = fold_in(state.key, state.epoch + 1)
        remaining = islice(batches(data, batch_size, key), state.batch, None)
        for at, batch in enumerate(remaining, state.batch):
            after = after_batch(state, batch, fold_in(key, at))
            before = state.loss if at else 0.0
            mean = _mean(before, at * batch_size, after.loss, count_examples(batch))
            is_last = at + 1 == per_epoch
            state = attrs.evolve(after, loss=mean, epoch=state.epoch + is_last, batch=0 if is_last else at + 1)
            yield state


def _mean(mean: float, count: int, more: float, number: int) -> float:
    """The mean of `count` numbers whose mean is `mean`, and of `number` more."""
    return mean + (more - mean) * (number / (count + number))


def _step(objective: Objective[P, B], optimiser: Optimiser) -> Callable[[State[P], B, Key], State[P]]:
    """The function of a state, a batch and a key that takes one step; its loss is that of the batch."""
    loss_and_gradient = value_and_grad(objective, has_aux=True)

    def after_batch(state: State[P], batch: B, key: Key) -> State[P]:
        with np.errstate(over="ignore", invalid="ignore"):  # which is told below
            (loss, layer_state), gradient = loss_and_gradient(state.params, state.layer_state, batch, key)
            updates, optimiser_state = optimiser.update(gradient, state.optimiser_state, state.params)
            params = apply_updates(state.params, updates)
        loss = float(cast(float, loss))  # outside of the trace it is a number, of the dtype of the network
        if not math.isfinite(loss) or not _is_finite(params):
            msg = (
                f"the training left the range of numbers in epoch {state.epoch + 1}, at step {state.step + 1} "
                f"(loss {loss}); take a smaller learning rate, or look for nan and very large values in the data"
            )
            raise DivergenceError(msg)
        return State(params, optimiser_state, layer_state, state.key, state.step + 1, state.epoch, state.batch, loss)

    return after_batch


def _is_finite(params: object) -> bool:
    """Whether all numbers are: their sum is then, but where it overflows itself."""
    leaves = cast(list[Floats], tree.leaves(params))
    with np.errstate(over="ignore", invalid="ignore"):
        return all(np.isfinite(np.sum(leaf)) or np.isfinite(leaf).all() for leaf in leaves)
