"""How it is timed: every answer is checked first; then rounds in which each contestant has a turn.

The minimum of several rounds is what the work costs when nothing else runs; taking turns spreads what noise
there is over all. The garbage collector stays on, as users have it, and a second measurement without it
tells how much of the cost it is.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import attrs

from benchmarks.contestants import Contestant
from benchmarks.program import Differentiated
from benchmarks.works import Task, Work, relative_error

__all__ = ["BY_HAND", "TOLERANCE", "Effort", "Entry", "MismatchError", "Row", "enter", "measure"]

BY_HAND = "by hand"
TOLERANCE = 1e-9  # relative


class MismatchError(Exception):
    """A contestant's value or gradient is not the reference's: there is nothing to compare."""


@attrs.frozen
class Effort:
    """How long to measure: rounds, and the seconds that one turn takes at least."""

    rounds: int
    seconds: float


@attrs.frozen
class Entry:
    """A contestant with its task, checked and ready to be timed."""

    name: str
    operations: int
    error: float  # relative, of value and gradient
    job: Callable[[], object]


@attrs.frozen
class Row:
    """A result: seconds for one run of the work, with the garbage collector on and off."""

    name: str
    operations: int
    error: float
    seconds: float
    seconds_without_collector: float

    @property
    def nanoseconds(self) -> float:
        """Per operation."""
        return 1e9 * self.seconds / self.operations

    @property
    def nanoseconds_without_collector(self) -> float:
        """Per operation."""
        return 1e9 * self.seconds_without_collector / self.operations


def enter(work: Work, most: int, contestants: Sequence[Contestant]) -> list[Entry]:
    """The reference and every contestant on the largest task it can do. Raises MismatchError."""
    task = work.task(most)
    entries = [_checked(BY_HAND, task, task.by_hand)]
    for contestant in contestants:
        task = work.task(min(most, contestant.most))
        differentiated = contestant.differentiate(task.program)
        entries.append(_checked(contestant.name, task, differentiated))
    return entries


def _checked(name: str, task: Task, differentiated: Differentiated) -> Entry:
    error = relative_error(differentiated(*task.point), task.by_hand(*task.point))
    if not error <= TOLERANCE:
        msg = f"{name}: relative error {error:.1e} against the gradient by hand; {TOLERANCE:.0e} is allowed"
        raise MismatchError(msg)
    return Entry(name, task.program.operations, error, task.job(differentiated))


def measure(entries: Sequence[Entry], effort: Effort) -> list[Row]:
    """The time of every entry, with the garbage collector on and off."""
    jobs = {entry.name: entry.job for entry in entries}
    with _imports_set_aside():
        repeats = {name: max(1, math.ceil(effort.seconds / _turn(job, 1))) for name, job in jobs.items()}
        seconds = _fastest(jobs, repeats, effort.rounds)
        gc.disable()
        try:
            without = _fastest(jobs, repeats, effort.rounds)
        finally:
            gc.enable()
    return [
        Row(entry.name, entry.operations, entry.error, seconds[entry.name], without[entry.name]) for entry in entries
    ]


@contextmanager
def _imports_set_aside() -> Iterator[None]:
    """Let the collector not look at what exists already: nobody pays for the modules of the others."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _fastest(jobs: Mapping[str, Callable[[], object]], repeats: Mapping[str, int], rounds: int) -> dict[str, float]:
    """The least seconds of one run of each job, over rounds in which each has a turn."""
    best = dict.fromkeys(jobs, math.inf)
    for _ in range(rounds):
        for name, job in jobs.items():
            best[name] = min(best[name], _turn(job, repeats[name]))
    return best


def _turn(job: Callable[[], object], repeats: int) -> float:
    """Seconds of one run, the mean of `repeats`; what the predecessor left is collected before."""
    gc.collect()
    start = time.perf_counter()
    for _ in range(repeats):
        job()
    return (time.perf_counter() - start) / repeats
