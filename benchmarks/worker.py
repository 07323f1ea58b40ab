"""What is asked of a contestant, in the process that it has to itself: to answer, to be timed, to be weighed.

It is alone there for three reasons: its memory is its own; nobody pays for the modules and the threads of the
others; and the environment in which its library is first imported may be one that suits only it.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from benchmarks.checks import relative_error
from benchmarks.contestants import load
from benchmarks.program import Answer, Differentiated, Floats
from benchmarks.works import WORKS, AnyTask, Task

__all__ = ["Checked", "Entry", "Held", "Introduction", "Turn", "check", "hold", "introduce", "take_turn"]


@attrs.frozen
class Introduction:
    """What a contestant says about itself."""

    name: str
    version: str
    use: str
    most: int
    knows_arrays: bool


def introduce(contestant: str) -> Introduction:
    """Import the contestant's library. Raises ImportError if it is not installed."""
    loaded = load(contestant)
    return Introduction(loaded.name, loaded.version, loaded.use, loaded.most, loaded.over_arrays is not None)


@attrs.frozen
class Entry:
    """Which contestant does which work, of at most so many operations."""

    contestant: str
    work: str
    most: int

    @property
    def task(self) -> AnyTask:
        """What it is given."""
        return WORKS[self.work].task(self.most)


@attrs.frozen
class Ready:
    """A task in the hands of a contestant, who has done what is done once."""

    differentiated: Differentiated
    timed: Differentiated  # the same, with the gradient step if one belongs to the work
    point: tuple[Any, ...]  # floats, or arrays of the contestant's own kind


@functools.cache
def _ready(entry: Entry) -> Ready:
    """Some contestants compile here, and NumPy's arrays become those of the contestant."""
    contestant, task = load(entry.contestant), entry.task
    if isinstance(task, Task):
        differentiated = contestant.differentiate(task.program)
        return Ready(differentiated, _stepping(differentiated, task.rate), task.point)
    way = contestant.over_arrays
    if way is None:
        msg = f"{contestant.name} knows numbers only"
        raise TypeError(msg)
    differentiated = way.differentiate(task.program)
    if way.step is not None and task.rate is not None:
        timed = way.step(task.program, task.rate)
    else:
        timed = _stepping(differentiated, task.rate)
    return Ready(differentiated, timed, tuple(map(way.own, task.point)))


def _stepping(differentiated: Differentiated, rate: float | None) -> Differentiated:
    """Value and gradient, and if there is a rate the gradient step."""
    if rate is None:
        return differentiated

    def step(*point: float | Floats) -> Answer:
        value, gradient = differentiated(*point)
        return value, [w - rate * g for w, g in zip(point, gradient, strict=False)]  # behind these come the data

    return step


# ---- to answer ------------------------------------------------------------------------------


@attrs.frozen
class Checked:
    """How far an answer is from the one by hand."""

    operations: int
    error: float  # relative, of value and gradient


def check(entry: Entry) -> Checked:
    """Let the contestant answer once; whatever exists by then is kept from the collector for good."""
    task, ready = entry.task, _ready(entry)
    error = relative_error(ready.differentiated(*ready.point), task.program.by_hand(*task.point))
    gc.collect()
    gc.freeze()
    return Checked(task.program.operations, error)


# ---- to be timed ----------------------------------------------------------------------------


@attrs.frozen
class Turn:
    """What one run cost: the mean over the runs of a turn."""

    seconds: float
    collections: float  # by the garbage collector, of any generation


def take_turn(entry: Entry, repeats: int, collecting: bool) -> Turn:
    """Run the work again and again, with the garbage collector on or off."""
    ready = _ready(entry)
    timed, point = ready.timed, ready.point
    gc.collect()
    with _collector(collecting):
        before, start = _collections(), time.perf_counter()
        for _ in range(repeats):
            timed(*point)
        seconds, collections = time.perf_counter() - start, _collections() - before
    return Turn(seconds / repeats, collections / repeats)


@contextmanager
def _collector(collecting: bool) -> Iterator[None]:
    """Switch the garbage collector off for a while, or leave it on."""
    if not collecting:
        gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _collections() -> int:
    """How often the collector has run in this process."""
    return sum(generation["collections"] for generation in gc.get_stats())


# ---- to be weighed --------------------------------------------------------------------------


@attrs.frozen
class Held:
    """What a tape or a graph holds while it waits for the backward pass."""

    name: str
    operations: int
    records: int  # or nodes: there may be some for inputs and constants too
    memory: int | None  # in bytes; None where the system does not tell
    tracked: int  # objects that the garbage collector looks at

    @property
    def bytes_per_operation(self) -> float | None:
        """The memory for one operation of the program."""
        return None if self.memory is None else self.memory / self.operations

    @property
    def bytes_per_record(self) -> float | None:
        """The memory for one record."""
        return None if self.memory is None else self.memory / self.records

    @property
    def tracked_per_operation(self) -> float:
        """The collector's objects for one operation of the program."""
        return self.tracked / self.operations


def hold(entry: Entry) -> Held | None:
    """Keep a tape, and see by how much the process has grown; None for a contestant that keeps none."""
    contestant = load(entry.contestant)
    first, task = WORKS[entry.work].task(1), entry.task
    if contestant.keep is None or not (isinstance(first, Task) and isinstance(task, Task)):
        return None
    contestant.keep(first.program, first.point)  # what a first use leaves behind for good is not the tape's
    memory, tracked = _memory(), len(gc.get_objects())
    kept = contestant.keep(task.program, task.point)
    memory_then, tracked_then = _memory(), len(gc.get_objects())
    grown = None if memory is None or memory_then is None else memory_then - memory
    return Held(contestant.name, task.program.operations, kept.count(), grown, tracked_then - tracked)


SUMMARY = Path("/proc/self/smaps_rollup")


def _memory() -> int | None:
    """The bytes in use, by whichever allocator: pages of memory that come from no file. None but on Linux.

    What has been freed is collected and given back to the system first, as far as whole pages of it are free.
    """
    gc.collect()
    if not SUMMARY.exists():
        return None
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library
    if trim:
        trim(0)
    lines = SUMMARY.read_text(encoding="utf-8").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))
