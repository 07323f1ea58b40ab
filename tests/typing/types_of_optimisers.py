"""Optimisers keep the type of the parameters."""

from typing import reveal_type

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad import optim


@attrs.frozen
class Params:
    weight: npt.NDArray[np.float64]
    bias: float


def of_updates(params: Params, gradient: Params) -> None:
    optimiser = optim.adam(0.1)
    state = optimiser.init(params)
    updates, after = optimiser.update(gradient, state, params)
    reveal_type(state)  # R: OptimiserState[Params]
    reveal_type(optimiser.update(gradient, state, params))  # R: tuple[Params, OptimiserState[Params]]
    reveal_type(optim.apply_updates(params, updates))  # R: Params
    reveal_type(after.count)  # R: int
    reveal_type(after.averages)  # R: dict[str, Params]


def of_chains() -> None:
    clip, decay = optim.clip_by_value(1.0), optim.add_weight_decay(0.1)
    reveal_type(clip)  # R: Transformation
    reveal_type(optim.chain(clip, decay))  # R: Transformation
    reveal_type(optim.chain(clip, decay, optim.adam(0.1)))  # R: Optimiser
    reveal_type(optim.chain(clip, optim.chain(decay, optim.sgd(0.1))))  # R: Optimiser
    reveal_type(optim.chain(optim.sgd(0.1)))  # R: Optimiser


def of_rates() -> None:
    optim.sgd(lambda step: 0.1 / (1.0 + step))
    optim.adam(optim.warm_up(10, optim.cosine(0.1, 100)))
    optim.adam("0.1")  # type: ignore[arg-type]
    optim.adam(lambda: 0.1)  # type: ignore[arg-type, misc]
    optim.chain(0.1)  # type: ignore[call-overload]


def trained(optimiser: optim.Optimiser) -> None:
    trained(optim.chain(optim.clip_by_global_norm(1.0), optim.adam(0.1)))
    trained(optim.clip_by_global_norm(1.0))  # type: ignore[arg-type]
    optimiser.update((1.0,), optimiser.init({"w": 1.0}), {"w": 1.0})  # type: ignore[misc]
