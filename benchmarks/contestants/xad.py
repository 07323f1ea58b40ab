"""XAD: a tape in C++, with Python bindings."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import xad.math
from xad.adj_1st import Real, Tape

from benchmarks.contestants import Contestant, Kept
from benchmarks.program import Answer, Differentiated, Operations, Program

__all__ = ["CONTESTANT"]

Number = Any  # the compiled classes of XAD ship no types that a checker finds
Recording = Any


def relu(x: Number) -> Number:
    """The positive part: a branch, which a tape of one pass may take."""
    return x if x > 0.0 else Real(0.0)


OPERATIONS = Operations[Number](sin=xad.math.sin, exp=xad.math.exp, log=xad.math.log, relu=relu)


def record(tape: Recording, program: Program, point: Sequence[float]) -> tuple[list[Number], Number]:
    """Record on the active `tape`; the leaves and the result."""
    leaves = [Real(x) for x in point]
    tape.registerInputs(leaves)
    tape.newRecording()
    out = program(OPERATIONS, *leaves)
    tape.registerOutput(out)
    return leaves, out


def differentiate(program: Program) -> Differentiated:
    """One tape object, made once and used again at every call, as its manual recommends.

    Without ``clearAll`` a used tape keeps a slot for every input it ever had, and grows with the calls.
    """
    tape = Tape()

    def value_and_gradient(*point: float) -> Answer:
        with tape:
            tape.clearAll()
            leaves, out = record(tape, program, point)
            out.derivative = 1.0
            tape.computeAdjoints()
            return out.value, [leaf.derivative for leaf in leaves]

    return value_and_gradient


def keep(program: Program, point: Sequence[float]) -> Kept:
    """A tape, whose position is how many statements it has."""
    tape = Tape()
    with tape:
        numbers = record(tape, program, point)
    return Kept((tape, numbers), tape.getPosition)


CONTESTANT = Contestant(
    "xad", version("xad"), "one Tape, used again after clearAll()", differentiate, keep, most=1_000_000
)
