"""No library: the derivative that every program brings along, written out."""

from __future__ import annotations

from benchmarks.contestants import Contestant
from benchmarks.program import Differentiated, Program

__all__ = ["CONTESTANT"]


def differentiate(program: Program) -> Differentiated:
    """The program's own."""
    return program.by_hand


CONTESTANT = Contestant("by hand", "here", "the reverse sweep in plain Python", differentiate, most=1_000_000)
