"""HIPS autograd: NumPy functions wrapped, a graph of nodes."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import autograd.numpy as anp
from autograd import value_and_grad
from autograd.scipy import signal

from benchmarks.contestants import Contestant, OverArrays
from benchmarks.program import Answer, ArrayOperations, ArrayProgram, Differentiated, Floats, Program

__all__ = ["CONTESTANT"]

Number = Any  # autograd ships no types


def convolve(x: Number, kernel: Number) -> Number:
    """By its own convolution of arrays, which turns the kernel around, and sums over the channels."""
    around = anp.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), "constant")
    turned = anp.transpose(kernel, (1, 0, 2, 3))[:, :, ::-1, ::-1]
    return signal.convolve(around, turned, axes=([2, 3], [2, 3]), dot_axes=([1], [0]), mode="valid")


def pool(x: Number) -> Number:
    """Squares of 2 x 2 have axes of their own."""
    batch, channels, height, width = x.shape
    squares = anp.reshape(x, (batch, channels, height // 2, 2, width // 2, 2))
    return anp.max(anp.max(squares, axis=5), axis=3)


OPERATIONS = ArrayOperations[Number](
    sin=anp.sin,
    exp=anp.exp,
    log=anp.log,
    relu=lambda x: anp.maximum(x, 0.0),
    tanh=anp.tanh,
    matmul=anp.matmul,
    sum=anp.sum,
    max=anp.max,
    convolve=convolve,
    pool=pool,
    flatten=lambda x: anp.reshape(x, (len(x), -1)),
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
