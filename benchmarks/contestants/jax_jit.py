"""JAX, compiled: traced and compiled once, outside the clock, and only run inside.

It does not trace anew at every call, and is shown because it is how JAX is used;
the time to compile grows with the square of the program, so it is given short ones.
"""

from __future__ import annotations

from collections.abc import Callable

import jax

from benchmarks.contestants import Contestant, OverArrays
from benchmarks.contestants.jax import Number, answering, answering_arrays, own, transformed
from benchmarks.program import ArrayProgram, Differentiated, Program

__all__ = ["CONTESTANT"]


def compiled(program: Program | ArrayProgram) -> Callable[..., Number]:
    """``jit(value_and_grad)``, unrolled; it compiles at the first call, which checks the answer."""
    return jax.jit(transformed(program))  # type: ignore[no-any-return]


def step(program: ArrayProgram, rate: float) -> Differentiated:
    """The gradient step compiled together with the gradient."""
    function = transformed(program)

    def stepped(*arrays: Number) -> tuple[Number, list[Number]]:
        value, gradient = function(*arrays)
        return value, [w - rate * g for w, g in zip(arrays, gradient, strict=False)]

    return answering_arrays(jax.jit(stepped))


CONTESTANT = Contestant(
    "jax, jit",
    jax.__version__,
    "compiled beforehand, no tracing",
    lambda program: answering(compiled(program)),
    most=400,
    over_arrays=OverArrays(lambda program: answering_arrays(compiled(program)), own, step),
)
