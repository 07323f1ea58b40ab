"""XAD: a tape in C++, with Python bindings."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import xad.math
from xad.adj_1st import Real, Tape

from benchmarks.contestants import Contestant
from benchmarks.program import Answer, Differentiated, Operations, Program

__all__ = ["CONTESTANT"]

Number = Any  # the compiled classes of XAD ship no types that a checker finds


def relu(x: Number) -> Number:
    """The positive part: a branch, which a tape of one pass may take."""
    return x if x > 0.0 else Real(0.0)


OPERATIONS = Operations[Number](sin=xad.math.sin, exp=xad.math.exp, log=xad.math.log, relu=relu)


def differentiate(program: Program) -> Differentiated:
    """One tape object, made once and recorded anew at every call."""
    tape = Tape()

    def value_and_gradient(*point: float) -> Answer:
        with tape:
            leaves = [Real(x) for x in point]
            for leaf in leaves:
                tape.registerInput(leaf)
            tape.newRecording()
            out = program(OPERATIONS, *leaves)
            tape.registerOutput(out)
            out.derivative = 1.0
            tape.computeAdjoints()
            return out.value, [leaf.derivative for leaf in leaves]

    return value_and_gradient


CONTESTANT = Contestant("xad", version("xad"), "one Tape, newRecording()", differentiate)
