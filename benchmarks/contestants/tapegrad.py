"""tapegrad itself: a frozen tape, swept backwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import tapegrad as tg
import tapegrad.numpy as tnp
from benchmarks.contestants import Contestant, Kept, OverArrays
from benchmarks.program import ArrayOperations, ArrayProgram, Differentiated, Program
from tapegrad.nn import functional

__all__ = ["CONTESTANT"]

OPERATIONS = ArrayOperations[tg.Var](
    sin=tnp.sin,
    exp=tnp.exp,
    log=tnp.log,
    relu=tnp.relu,
    tanh=tnp.tanh,
    matmul=tnp.matmul,
    sum=tnp.sum,
    max=tnp.max,
    convolve=lambda x, kernel: functional.conv2d(x, kernel, padding="same"),
    pool=lambda x: functional.max_pool2d(x, 2),
    flatten=functional.flatten,
)


def function(program: Program | ArrayProgram) -> Callable[..., tg.Var]:
    """The program over tapegrad's numbers and arrays."""
    return lambda *numbers: program(OPERATIONS, *numbers)


def differentiate(program: Program | ArrayProgram) -> Differentiated:
    """``value_and_grad`` over every argument but data; it takes and gives floats and arrays as it is."""
    return cast(Differentiated, tg.value_and_grad(function(program), argnums=tuple(range(program.count))))


def keep(program: Program, point: Sequence[float]) -> Kept:
    """A trace: the tape, and the value of every record."""
    trace = tg.trace(function(program), *point)
    return Kept(trace, lambda: len(trace.tape))


ENGINE = "compiled" if tg.compiled else "interpreted"

CONTESTANT = Contestant(
    "tapegrad",
    f"{tg.__version__}, {ENGINE}",
    "value_and_grad",
    differentiate,
    keep,
    most=1_000_000,
    over_arrays=OverArrays(differentiate),
)
