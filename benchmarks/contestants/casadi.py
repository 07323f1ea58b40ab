"""CasADi: a graph of scalar symbols (SX), differentiated symbolically, run on a virtual machine.

It has no other way than to build the graph and a function of it before it calculates, so that is what a call
costs if the program may be another one each time. See `casadi_built` for the way it is meant to be used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import casadi

from benchmarks.contestants import Contestant, Kept
from benchmarks.program import Answer, Differentiated, Operations, Program

__all__ = ["CONTESTANT", "answer", "build"]

Symbol = Any  # the types CasADi ships are not ones a checker can use
Function = Any

OPERATIONS = Operations[Symbol](sin=casadi.sin, exp=casadi.exp, log=casadi.log, relu=lambda x: casadi.fmax(x, 0.0))


def graph(program: Program) -> tuple[Symbol, Symbol]:
    """The arguments, as one vector, and the result."""
    x = casadi.SX.sym("x", program.count)
    return x, program(OPERATIONS, *casadi.vertsplit(x))


def build(program: Program) -> Function:
    """A function from the vector of arguments to value and gradient."""
    x, out = graph(program)
    return casadi.Function("value_and_gradient", [x], [out, casadi.gradient(out, x)])


def answer(function: Function, point: Sequence[float]) -> Answer:
    """A call with floats."""
    value, gradient = function(point)
    return float(value), gradient.full().ravel().tolist()


def differentiate(program: Program) -> Differentiated:
    """Built at every call."""
    return lambda *point: answer(build(program), point)


def keep(program: Program, point: Sequence[float]) -> Kept:
    """The graph of the value alone; it holds no numbers, so the point makes no difference."""
    del point
    out = graph(program)[1]
    return Kept(out, lambda: int(casadi.n_nodes(out)))


CONTESTANT = Contestant("casadi", casadi.__version__, "SX graph and Function, built at every call", differentiate, keep)
