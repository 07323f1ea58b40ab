"""What is computed: the works, over numbers (W) and over arrays (A), and their sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

import attrs
import numpy as np

from benchmarks.array_networks import (
    Classifier,
    XorNetwork,
    classifier_data,
    classifier_parameters,
    xor_data,
    xor_parameters,
)
from benchmarks.chains import ArrayChain, Chain, Small
from benchmarks.image_network import ImageNetwork, convolved, image_data, image_parameters, pooled
from benchmarks.mixture import Mixture, mixture_data, mixture_parameters
from benchmarks.network import Network, starting_parameters, xor_points
from benchmarks.program import ArrayOperations, ArrayProgram, Floats, Operations, Program, Reduction

__all__ = ["WORKS", "AnyTask", "ArrayTask", "Size", "Task", "Work"]

FLOATS = Operations[float](sin=math.sin, exp=math.exp, log=math.log, relu=lambda x: max(x, 0.0))

ARRAYS = ArrayOperations[Floats](
    sin=np.sin,
    exp=np.exp,
    log=np.log,
    relu=lambda x: np.maximum(x, 0.0),
    tanh=np.tanh,
    matmul=np.matmul,
    sum=cast(Reduction[Floats], np.sum),
    max=cast(Reduction[Floats], np.max),
    convolve=convolved,
    pool=pooled,
    flatten=lambda x: x.reshape(len(x), -1),
)


@attrs.frozen
class Task:
    """One work at one size: the program, and where it is evaluated."""

    program: Program
    point: tuple[float, ...]
    rate: float | None = None  # of the gradient step that belongs to the work, if one does

    def value(self, *numbers: float) -> float:
        """The program on plain floats."""
        return self.program(FLOATS, *numbers)


@attrs.frozen
class ArrayTask:
    """As `Task`, of a program over arrays."""

    program: ArrayProgram
    point: tuple[Floats, ...]  # and, behind the arrays that the gradient is with respect to, the data
    rate: float | None = None

    def value(self, *arrays: Floats) -> float:
        """The program on plain arrays."""
        return float(self.program(ARRAYS, *arrays))


AnyTask: TypeAlias = Task | ArrayTask


@attrs.frozen
class Size:
    """How much of a work is measured, in operations."""

    operations: int
    growth: Sequence[int] = ()  # for the time per operation as it grows
    kept: int | None = None  # for the memory


@attrs.frozen
class Work:
    """A family of tasks: ``task(most)`` is the largest of at most `most` operations."""

    title: str
    task: Callable[[int], AnyTask]
    sizes: Mapping[str, Size]  # for each ``--size``
    over_arrays: bool = False


def _chain(most: int) -> Task:
    return Task(Chain(max(1, most // 8)), (0.5, 0.3, 0.8))


def _network(most: int) -> Task:
    network = Network((2, 10, 10, 1), xor_points(max(1, min(50, most // 285))))
    return Task(network, starting_parameters(network.count), rate=0.5)


def _small(most: int) -> Task:
    del most  # it has one size
    return Task(Small(), (2.0, 3.0))


def _array_chain(most: int) -> ArrayTask:
    random = np.random.default_rng(6)
    point = random.uniform(-0.02, 0.02, size=10), random.uniform(-1.0, 1.0, size=10)
    return ArrayTask(ArrayChain(max(1, (most - 1) // 3)), point)


def _classifier(most: int) -> ArrayTask:
    del most
    return ArrayTask(Classifier(), (*classifier_parameters(), *classifier_data()), rate=0.5)


def _mixture(most: int) -> ArrayTask:
    del most
    return ArrayTask(Mixture(), (*mixture_parameters(), *mixture_data()))


def _xor_network(most: int) -> ArrayTask:
    del most
    return ArrayTask(XorNetwork(), (*xor_parameters(), *xor_data()), rate=0.5)


def _image_network(most: int) -> ArrayTask:
    del most
    return ArrayTask(ImageNetwork(), (*image_parameters(), *image_data()), rate=0.1)


WORKS: Mapping[str, Work] = {
    "W1": Work(
        "gradient of a scalar chain, 8 operations an iteration",
        _chain,
        {
            "full": Size(100_000, growth=(96, 1_000, 10_000, 100_000, 1_000_000), kept=100_000),
            "small": Size(400, growth=(24, 96, 400), kept=4_000),
        },
    ),
    "W2": Work(
        "scalar network 2-10-10-1 on 50 points, one gradient step",
        _network,
        {"full": Size(14_250), "small": Size(285)},
    ),
    "W5": Work("value and gradient of x*y + sin(x)", _small, {"full": Size(3), "small": Size(3)}),
    "A1": Work(
        "gradient of a chain of 301 operations on arrays of 10",
        _array_chain,
        {"full": Size(301), "small": Size(31)},
        over_arrays=True,
    ),
    "A2": Work(
        "network 784-256-10 on 128 pictures, one gradient step",
        _classifier,
        {"full": Size(15), "small": Size(15)},
        over_arrays=True,
    ),
    "A3": Work(
        "gradient of a mixture of 10 Gaussians, 2000 points",
        _mixture,
        {"full": Size(27), "small": Size(27)},
        over_arrays=True,
    ),
    "A4": Work(
        "network 2-10-10-1 on 50 points at once, one gradient step",
        _xor_network,
        {"full": Size(14), "small": Size(14)},
        over_arrays=True,
    ),
    "A5": Work(
        "two convolutions on 64 images, one gradient step",
        _image_network,
        {"full": Size(24), "small": Size(24)},
        over_arrays=True,
    ),
}
