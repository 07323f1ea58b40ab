"""Optimisers as pairs of pure functions: a gradient goes in, updates and a new state come out.

>>> optimiser = sgd(0.5)
>>> params = {"w": 3.0}
>>> state = optimiser.init(params)
>>> updates, state = optimiser.update({"w": 4.0}, state, params)
>>> apply_updates(params, updates)
{'w': 1.0}
"""

from tapegrad.optim.optimiser import Optimiser, OptimiserState, apply_updates
from tapegrad.optim.rules import adam, momentum, sgd

__all__ = ["Optimiser", "OptimiserState", "adam", "apply_updates", "momentum", "sgd"]
