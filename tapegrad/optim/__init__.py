"""Optimisers as pairs of pure functions: a gradient goes in, updates and a new state come out.

>>> optimiser = chain(clip_by_global_norm(1.0), adam(warm_up(10, 0.1, first=0.5)))
>>> params = {"w": 3.0}
>>> state = optimiser.init(params)
>>> updates, state = optimiser.update({"w": 4.0}, state, params)
>>> round(apply_updates(params, updates)["w"], 6)
2.95

Parameters are any tree of floats and arrays. Nothing is changed in place; a state is a tree too, so that it can be
saved leaf by leaf.
"""

from tapegrad.optim.optimiser import Optimiser, OptimiserState, Transformation, apply_updates, chain
from tapegrad.optim.rules import adam, adamw, lion, momentum, nesterov, rmsprop, sgd
from tapegrad.optim.schedules import Schedule, constant, cosine, step_decay, warm_up
from tapegrad.optim.transformations import add_weight_decay, clip_by_global_norm, clip_by_value

__all__ = [
    "Optimiser", "OptimiserState", "Schedule", "Transformation", "adam", "adamw", "add_weight_decay", "apply_updates",
    "chain", "clip_by_global_norm", "clip_by_value", "constant", "cosine", "lion", "momentum", "nesterov", "rmsprop",
    "sgd", "step_decay", "warm_up",
]  # fmt: skip
