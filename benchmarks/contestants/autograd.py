"""HIPS autograd: NumPy functions wrapped, a graph of nodes."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import autograd.numpy as anp
from autograd import value_and_grad

from benchmarks.contestants import Contestant, OverArrays
from benchmarks.program import Answer, ArrayOperations, ArrayProgram, Differentiated, Floats, Program

__all__ = ["CONTESTANT"]

Number = Any  # autograd ships no types

OPERATIONS = ArrayOperations[Number](
    sin=anp.sin,
    exp=anp.exp,
    log=anp.log,
    relu=lambda x: anp.maximum(x, 0.0),
    tanh=anp.tanh,
    matmul=anp.matmul,
    sum=anp.sum,
    max=anp.max,
)


def transformed(program: Program | ArrayProgram) -> Callable[..., Number]:
    """``value_and_grad`` over every argument but data."""

    def function(*numbers: Number) -> Number:
        return program(OPERATIONS, *numbers)

    return value_and_grad(function, argnum=tuple(range(program.count)))  # type: ignore[no-any-return]


def differentiate(program: Program) -> Differentiated:
    """The answer in floats."""
    function = transformed(program)

    def value_and_gradient(*point: float) -> Answer:
        value, gradient = function(*point)
        return float(value), [float(g) for g in gradient]

    return value_and_gradient


def differentiate_arrays(program: ArrayProgram) -> Differentiated:
    """The gradient as it is."""
    function = transformed(program)

    def value_and_gradient(*arrays: Floats) -> Answer:
        value, gradient = function(*arrays)
        return float(value), gradient

    return value_and_gradient


CONTESTANT = Contestant(
    "autograd",
    version("autograd"),
    "value_and_grad",
    differentiate,
    most=20_000,
    over_arrays=OverArrays(differentiate_arrays),
)
