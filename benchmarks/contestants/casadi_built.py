"""CasADi, built: graph and function are made once, outside the clock, and only run inside.

Like `jax_jit` it does not trace anew at every call, and is shown because it is how CasADi is used.
"""

from __future__ import annotations

import casadi

from benchmarks.contestants import Contestant
from benchmarks.contestants.casadi import answer, build
from benchmarks.program import Differentiated, Program

__all__ = ["CONTESTANT"]


def differentiate(program: Program) -> Differentiated:
    """Built once."""
    function = build(program)
    return lambda *point: answer(function, point)


CONTESTANT = Contestant("casadi, built", casadi.__version__, "Function built beforehand, no tracing", differentiate)
