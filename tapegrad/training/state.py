"""What a training is made of: the state that goes from step to step, and what is minimised."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad.nn.layer import Input, Layer, Params
from tapegrad.nn.layer import State as LayerState
from tapegrad.optim import Optimiser, OptimiserState
from tapegrad.random import Key
from tapegrad.variables import Array, Scalar

__all__ = ["Examples", "Loss", "Objective", "State", "objective", "start"]

P = TypeVar("P")
"""The parameters: any tree of numbers and arrays."""
B = TypeVar("B")
"""A batch: any tree of arrays whose first axis counts the examples."""

Objective: TypeAlias = Callable[[P, LayerState, B, Key], tuple[Scalar, LayerState]]
"""``(params, layer_state, batch, key)`` to the mean loss of the batch, and the state of the layers after it."""

Examples: TypeAlias = tuple[Input, npt.NDArray[np.generic]]
"""Inputs ``(examples, ...)`` and labels ``(examples, ...)``."""

Loss: TypeAlias = Callable[[Array, npt.NDArray[np.generic]], Scalar]
"""The mean loss of a batch from what a network gives and the labels, as in `tapegrad.nn.losses`."""


@attrs.frozen
class State(Generic[P]):
    """Where a training stands after `step` steps: `epoch` whole epochs, and `batch` batches of the next.

    `key` is where all comes from that is random, and never changes: the order of the examples in every epoch, and the
    key of every step. `loss` is the mean over the examples of this epoch so far, or of the last where that is whole,
    each met before the step that it took part in; infinite before the first step.
    """

    params: P
    optimiser_state: OptimiserState[P]
    layer_state: LayerState
    key: Key
    step: int
    epoch: int
    batch: int
    loss: float


def start(params: P, optimiser: Optimiser, key: Key, layer_state: LayerState = ()) -> State[P]:
    """The state before the first step."""
    return State(params, optimiser.init(params), layer_state, key, step=0, epoch=0, batch=0, loss=math.inf)


def objective(model: Layer, loss: Loss) -> Objective[Params, Examples]:
    """The loss of what a network in training gives for the inputs of a batch, held against its labels."""

    def of_batch(params: Params, layer_state: LayerState, batch: Examples, key: Key) -> tuple[Scalar, LayerState]:
        inputs, labels = batch
        out, layer_state = model.apply(params, layer_state, inputs, training=True, key=key)
        return loss(out, labels), layer_state

    return of_batch
