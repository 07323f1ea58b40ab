"""tapegrad itself: a frozen tape, swept backwards."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import cast

import tapegrad as tg
import tapegrad.numpy as tnp
from benchmarks.contestants import Contestant
from benchmarks.program import Differentiated, Operations, Program

__all__ = ["CONTESTANT"]

OPERATIONS = Operations[tg.Var](sin=tnp.sin, exp=tnp.exp, log=tnp.log, relu=tnp.relu)


def differentiate(program: Program) -> Differentiated:
    """``value_and_grad`` over every argument; it takes and gives floats as it is."""

    def function(*numbers: tg.Var) -> tg.Var:
        return program(OPERATIONS, *numbers)

    return cast(Differentiated, tg.value_and_grad(function, argnums=tuple(range(program.count))))


def installed_version() -> str:
    """The version; a checkout that is run without being installed has none."""
    try:
        return version("tapegrad")
    except PackageNotFoundError:
        return "checkout"


CONTESTANT = Contestant("tapegrad", installed_version(), "value_and_grad", differentiate)
