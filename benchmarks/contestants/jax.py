"""JAX, eager: every operation dispatched on its own. See `jax_jit` for the way it is meant to be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from benchmarks.contestants import Contestant, OverArrays
from benchmarks.program import Answer, ArrayOperations, ArrayProgram, Differentiated, Program

__all__ = ["CONTESTANT", "Number", "answering", "answering_arrays", "own", "transformed"]

Number = Any  # a tracer or an array; JAX may not be installed where this is checked

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_cpu_enable_async_dispatch", False)  # what is called is what is timed

OPERATIONS = ArrayOperations[Number](
    sin=jax.numpy.sin,
    exp=jax.numpy.exp,
    log=jax.numpy.log,
    relu=jax.nn.relu,
    tanh=jax.numpy.tanh,
    matmul=jax.numpy.matmul,
    sum=jax.numpy.sum,
    max=jax.numpy.max,
    convolve=lambda x, kernel: jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME"),
    pool=lambda x: jax.lax.reduce_window(x, -jax.numpy.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID"),
    flatten=lambda x: x.reshape(len(x), -1),
)

own: Callable[[object], Number] = jax.numpy.asarray


def transformed(program: Program | ArrayProgram) -> Callable[..., Number]:
    """``value_and_grad`` over every argument but data."""

    def function(*numbers: Number) -> Number:
        return program(OPERATIONS, *numbers)

    return jax.value_and_grad(function, argnums=tuple(range(program.count)))  # type: ignore[no-any-return]


def answering(function: Callable[..., Number]) -> Differentiated:
    """A function of numbers, with its answer in floats."""

    def value_and_gradient(*point: float) -> Answer:
        value, gradient = function(*point)
        return float(value), [float(g) for g in gradient]

    return value_and_gradient


def answering_arrays(function: Callable[..., Number]) -> Differentiated:
    """A function of arrays, with its value as a float and its gradient as it is."""

    def value_and_gradient(*arrays: Number) -> Answer:
        value, gradient = function(*arrays)
        return float(value), gradient

    return value_and_gradient


CONTESTANT = Contestant(
    "jax",
    jax.__version__,
    "eager value_and_grad, x64",
    lambda program: answering(transformed(program)),
    most=1_000,
    over_arrays=OverArrays(lambda program: answering_arrays(transformed(program)), own),
)
