"""No library: the derivative that every program brings along, written out."""

from __future__ import annotations

from benchmarks.contestants import Contestant, OverArrays
from benchmarks.program import ArrayProgram, Differentiated, Program

__all__ = ["CONTESTANT"]


def differentiate(program: Program | ArrayProgram) -> Differentiated:
    """The program's own."""
    return program.by_hand


CONTESTANT = Contestant(
    "by hand",
    "here",
    "the reverse sweep in plain Python, of arrays in NumPy",
    differentiate,
    most=1_000_000,
    over_arrays=OverArrays(differentiate),
)
