"""JAX, compiled: traced and compiled once, outside the clock, and only run inside.

It does not trace anew at every call, and is shown because it is how JAX is used;
the time to compile grows with the square of the program, so it is given short ones.
"""

from __future__ import annotations

import jax

from benchmarks.contestants import Contestant
from benchmarks.contestants.jax import OPERATIONS, Number
from benchmarks.program import Answer, Differentiated, Program

__all__ = ["CONTESTANT"]


def differentiate(program: Program) -> Differentiated:
    """``jit(value_and_grad)``, unrolled; it compiles at the first call, which checks the answer."""

    def function(*numbers: Number) -> Number:
        return program(OPERATIONS, *numbers)

    compiled = jax.jit(jax.value_and_grad(function, argnums=tuple(range(program.count))))

    def value_and_gradient(*point: float) -> Answer:
        value, gradient = compiled(*point)
        return float(value), [float(g) for g in gradient]

    return value_and_gradient


CONTESTANT = Contestant("jax, jit", jax.__version__, "compiled beforehand, no tracing", differentiate, most=400)
