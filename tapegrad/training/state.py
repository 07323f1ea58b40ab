"""What a training is made of: the state that goes from step to step, and what is minimised."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Generic, TypeAlias, TypeVar, cast

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad import tree
from tapegrad.arrays import AnyArray
from tapegrad.errors import DataError
from tapegrad.nn.layer import Input, Layer, Params
from tapegrad.nn.layer import State as LayerState
from tapegrad.optim import Optimiser, OptimiserState
from tapegrad.optim.optimiser import require_optimiser
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


def _same(one: object, other: object) -> bool:
    """Whether two trees have the same structure and the same numbers."""
    leaves, structure = tree.flatten(one)
    others, its_structure = tree.flatten(other)
    return structure == its_structure and all(map(_equal, leaves, others))


def _equal(x: object, y: object) -> bool:
    return type(x) is type(y) and np.array_equal(cast(AnyArray, x), cast(AnyArray, y), equal_nan=True)


_BY_LEAVES: Final = attrs.cmp_using(eq=_same)  # Python's own == gives an array for arrays


@attrs.frozen
class State(Generic[P]):
    """Where a training stands after `step` steps: `epoch` whole epochs, and `batch` batches of the next.

    `key` is where all comes from that is random, and never changes: the order of the examples in every epoch, and the
    key of every step. `loss` is the mean over the examples of this epoch so far, or of the last where that is whole,
    each met before the step that it took part in; infinite before the first step. Two states are equal if all their
    numbers are.
    """

    params: P = attrs.field(eq=_BY_LEAVES)
    optimiser_state: OptimiserState[P] = attrs.field(eq=_BY_LEAVES)
    layer_state: LayerState = attrs.field(eq=_BY_LEAVES)
    key: Key
    step: int
    epoch: int
    batch: int
    loss: float


def start(params: P, optimiser: Optimiser, key: Key, layer_state: LayerState = ()) -> State[P]:
    """The state before the first step. Raises SettingError for what is no optimiser."""
    require_optimiser(optimiser)
    return State(params, optimiser.init(params), layer_state, key, step=0, epoch=0, batch=0, loss=math.inf)


def objective(model: Layer, loss: Loss) -> Objective[Params, Examples]:
    """The loss of what a network in training gives for the inputs of a batch, held against its labels."""

    def of_batch(params: Params, layer_state: LayerState, batch: Examples, key: Key) -> tuple[Scalar, LayerState]:
        _require_pair(batch)
        inputs, labels = batch
        out, layer_state = model.apply(params, layer_state, inputs, training=True, key=key)
        return loss(out, labels), layer_state

    return of_batch


def _require_pair(batch: object) -> None:
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        msg = f"a batch is a pair of inputs and labels, not {batch!r:.60}; train on (data.inputs, data.labels)"
        raise DataError(msg)
