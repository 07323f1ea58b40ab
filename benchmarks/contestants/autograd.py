"""HIPS autograd: NumPy functions wrapped, a graph of nodes."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import autograd.numpy as anp
from autograd import value_and_grad

from benchmarks.contestants import Contestant
from benchmarks.program import Answer, Differentiated, Operations, Program

__all__ = ["CONTESTANT"]

Number = Any  # autograd ships no types

OPERATIONS = Operations[Number](sin=anp.sin, exp=anp.exp, log=anp.log, relu=lambda x: anp.maximum(x, 0.0))


def differentiate(program: Program) -> Differentiated:
    """``value_and_grad`` over every argument."""

    def function(*numbers: Number) -> Number:
        return program(OPERATIONS, *numbers)

    transformed = value_and_grad(function, argnum=tuple(range(program.count)))

    def value_and_gradient(*point: float) -> Answer:
        value, gradient = transformed(*point)
        return float(value), [float(g) for g in gradient]

    return value_and_gradient


CONTESTANT = Contestant("autograd", version("autograd"), "value_and_grad", differentiate, most=20_000)
