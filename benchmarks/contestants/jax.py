"""JAX, eager: every operation dispatched on its own. See `jax_jit` for the way it is meant to be used."""

from __future__ import annotations

from typing import Any

import jax

from benchmarks.contestants import Contestant
from benchmarks.program import Answer, Differentiated, Operations, Program

__all__ = ["CONTESTANT", "OPERATIONS", "Number"]

Number = Any  # a tracer or an array; JAX may not be installed where this is checked

jax.config.update("jax_enable_x64", True)

OPERATIONS = Operations[Number](sin=jax.numpy.sin, exp=jax.numpy.exp, log=jax.numpy.log, relu=jax.nn.relu)


def differentiate(program: Program) -> Differentiated:
    """``value_and_grad`` over every argument."""

    def function(*numbers: Number) -> Number:
        return program(OPERATIONS, *numbers)

    transformed = jax.value_and_grad(function, argnums=tuple(range(program.count)))

    def value_and_gradient(*point: float) -> Answer:
        value, gradient = transformed(*point)
        return float(value), [float(g) for g in gradient]

    return value_and_gradient


CONTESTANT = Contestant("jax", jax.__version__, "eager value_and_grad, x64", differentiate, most=1_000)
