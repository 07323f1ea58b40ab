"""What goes on inside a network: how steep the loss is in each layer, how large its parameters are, which units rest.

    slopes = gradient(model, nn.losses.cross_entropy, state.params, state.layer_state, examples)
    for layer in layer_norms(model, state.params, slopes):
        print(layer.place, layer.name, layer.gradient)
    for layer in dead_units(model, state.params, state.layer_state, inputs):
        print(layer.place, layer.name, layer.dead, "of", layer.units)

All are functions of a state and of data, and the network is evaluated: nothing is left out at random.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias, cast

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad.arrays import Floats
from tapegrad.datasets import batches
from tapegrad.nn.layer import Input, Layer, Params
from tapegrad.nn.layer import State as LayerState
from tapegrad.nn.names import named
from tapegrad.training.state import Examples, Loss
from tapegrad.transforms import grad
from tapegrad.variables import Scalar

__all__ = ["DeadUnits", "LayerNorm", "dead_units", "gradient", "layer_norms"]

SATURATED: Final = 0.99  # a tanh beyond passes on less than a fiftieth of its gradient

Units: TypeAlias = npt.NDArray[np.bool_]
"""Of every unit of a layer, whether it rests: ``(units,)``."""

RESTING: Final[Mapping[str, Callable[[Floats], Units]]] = {
    "relu": lambda a: a == 0.0,
    "tanh": lambda a: np.abs(a) > SATURATED,
}
"""By the name of an activation, where what it gives passes on next to no gradient."""


@attrs.frozen
class LayerNorm:
    """The Euclidean norms of all parameters of a layer, and of the gradient by them."""

    place: str  # the way to the layer, as in the names of parameters: 0, or 2.1 in a network in a network
    name: str  # as it is written: linear(10)
    parameters: float
    gradient: float


@attrs.frozen
class DeadUnits:
    """How many units of an activation rest on every example. A channel of images is one unit."""

    place: str
    name: str
    dead: int
    units: int


# ---- norms --------------------------------------------------------------------------------------


def gradient(model: Layer, loss: Loss, params: Params, layer_state: LayerState, examples: Examples) -> Params:
    """The gradient of the mean loss of these examples by the parameters, in their form."""
    inputs, labels = examples

    def of_params(params: Params) -> Scalar:
        return loss(model.apply(params, layer_state, inputs)[0], labels)

    return grad(of_params)(params)


def layer_norms(model: Layer, params: Params, gradient: Params) -> tuple[LayerNorm, ...]:
    """Those of every layer that has parameters, in the order of the network."""
    own = (_norm(tree) for _, _, tree in _leaf_layers(model, gradient, ""))
    return tuple(
        LayerNorm(place, layer.name, _norm(its_params), slope)
        for (place, layer, its_params), slope in zip(_leaf_layers(model, params, ""), own, strict=True)
        if named(its_params)
    )


def _leaf_layers(layer: Layer, params: Params, place: str) -> Iterator[tuple[str, Layer, Params]]:
    """Every layer that is not composed of others, with its place and its part of a tree of parameters."""
    if not layer.parts:
        yield place, layer, params
        return
    for at, (part, own) in enumerate(zip(layer.parts, cast(tuple[Params, ...], params), strict=True)):
        yield from _leaf_layers(part, own, _within(place, at))


def _within(place: str, at: int) -> str:
    return f"{place}.{at}" if place else str(at)


def _norm(params: Params) -> float:
    squares = (np.sum(np.square(np.asarray(array, np.float64))) for array in named(params).values())
    return float(np.sqrt(sum(squares, np.float64(0.0))))


# ---- units --------------------------------------------------------------------------------------


def dead_units(
    model: Layer, params: Params, layer_state: LayerState, inputs: Input, batch_size: int = 256
) -> tuple[DeadUnits, ...]:
    """Of every relu how many units are 0, of every tanh how many are saturated, on all examples.

    inputs: ``(examples, ...)``; what an activation gives is ``(examples, units, ...)``. A tanh is saturated
    beyond 0.99: its gradient is there less than a fiftieth of what it is at 0. Other activations are passed over.

    Raises LayerError where the parameters or the inputs do not fit.
    """
    found: dict[tuple[str, str], Units] = {}
    for batch in batches(inputs, batch_size):
        for layer, units in _resting(model, params, layer_state, batch, ""):
            found[layer] = found.get(layer, True) & units
    return tuple(
        DeadUnits(place, name, int(np.count_nonzero(units)), len(units)) for (place, name), units in found.items()
    )


def _resting(
    layer: Layer, params: Params, state: LayerState, x: Input, place: str
) -> Iterator[tuple[tuple[str, str], Units]]:
    """The place and the name of each activation in the layer, and which of its units rest on the whole batch."""
    of_parts = cast(tuple[Params, ...], params), cast(tuple[LayerState, ...], state)
    for at, (part, own, its_state) in enumerate(zip(layer.parts, *of_parts, strict=True)):
        out = np.asarray(part.apply(own, its_state, x)[0])
        its_place = _within(place, at)
        if part.parts:
            yield from _resting(part, own, its_state, x, its_place)
        elif part.name in RESTING and out.ndim > 1:
            over = tuple(axis for axis in range(out.ndim) if axis != 1)
            yield (its_place, part.name), np.asarray(RESTING[part.name](out).all(axis=over))
        x = x if layer.side_by_side else out
