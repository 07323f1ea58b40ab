"""Optimisers as pairs of pure functions: gradients in, updates and a new state out.

    optimiser = sgd(0.5)
    state = optimiser.init(params)
    updates, state = optimiser.update(gradient, state, params)
    params = apply_updates(params, updates)
"""

from tapegrad.optim.optimiser import Optimiser, OptimiserState, apply_updates
from tapegrad.optim.rules import adam, momentum, sgd

__all__ = ["Optimiser", "OptimiserState", "adam", "apply_updates", "momentum", "sgd"]
