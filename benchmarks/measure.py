"""How it is measured: every answer is checked first; then rounds in which each contestant has a turn.

The minimum of several rounds is what the work costs when nothing else runs; taking turns spreads what noise
there is over all. The garbage collector stays on, as users have it, and every second round is without it,
which tells how much of the cost it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import attrs

from benchmarks.checks import agrees_with_differences
from benchmarks.team import Worker
from benchmarks.worker import Checked, Entry, Held, Turn, check, hold, take_turn
from benchmarks.works import WORKS

__all__ = ["TOLERANCE", "Effort", "MismatchError", "Row", "Study", "measure", "study", "weigh"]

TOLERANCE = 1e-9  # relative


class MismatchError(Exception):
    """A contestant's value or gradient is not the reference's: there is nothing to compare."""


@attrs.frozen
class Effort:
    """How long to measure: rounds, and the seconds that one turn takes at least."""

    rounds: int
    seconds: float


@attrs.frozen
class Row:
    """A result: seconds for one run of the work, with the garbage collector on and off."""

    name: str
    operations: int
    error: float  # relative, of value and gradient
    seconds: float
    seconds_without_collector: float
    collections: float  # in one run

    @property
    def nanoseconds(self) -> float:
        """Per operation."""
        return 1e9 * self.seconds / self.operations

    @property
    def nanoseconds_without_collector(self) -> float:
        """Per operation."""
        return 1e9 * self.seconds_without_collector / self.operations


@attrs.frozen
class Study:
    """What was found out about one work."""

    title: str
    rows: Sequence[Row]
    growth: Mapping[int, Sequence[Row]]  # by the size asked for: the rows of those contestants that can do it
    held: Sequence[Held]
    absent: Sequence[str]  # who knows numbers only, where the work is over arrays


def weigh(team: Sequence[Worker], name: str, size: str) -> list[Held]:
    """What each contestant keeps of a work, if it keeps a tape or a graph and the work is one to see it by."""
    kept = WORKS[name].sizes[size].kept
    answers = [] if kept is None else [worker.call(hold, worker.entry(name, kept)) for worker in team]
    return [answer for answer in answers if answer is not None]


def study(team: Sequence[Worker], name: str, size: str, effort: Effort, held: Sequence[Held]) -> Study:
    """Check and time one work. Raises MismatchError."""
    work = WORKS[name]
    if not agrees_with_differences(work.task(600)):
        msg = f"the gradient of {name} by hand disagrees with central differences"
        raise MismatchError(msg)
    wanted = work.sizes[size]
    absent = [worker.introduction.name for worker in team if work.over_arrays and not worker.introduction.knows_arrays]
    team = [worker for worker in team if worker.introduction.name not in absent]
    rows = measure(team, name, wanted.operations, effort)
    growth: dict[int, Sequence[Row]] = {}
    for most in wanted.growth:
        if most == wanted.operations:
            growth[most] = [row for row in rows if row.operations == most]
        else:
            able = [worker for worker in team if worker.introduction.most >= most]
            growth[most] = measure(able, name, most, effort)
    return Study(work.title, rows, growth, held, absent)


def measure(team: Sequence[Worker], work: str, most: int, effort: Effort) -> list[Row]:
    """The time of every contestant on the largest task it can do. Raises MismatchError."""
    entries = {worker: worker.entry(work, most) for worker in team}
    answers = {worker: _checked(worker, entry) for worker, entry in entries.items()}
    first = _round(entries, dict.fromkeys(entries, 1), collecting=True)
    repeats = {worker: math.ceil(effort.seconds / turn.seconds) for worker, turn in first.items()}
    rounds = [[_round(entries, repeats, collecting) for collecting in (True, False)] for _ in range(effort.rounds)]
    timed, untroubled = map(_fastest, zip(*rounds, strict=True))
    return [
        Row(
            worker.introduction.name,
            answer.operations,
            answer.error,
            timed[worker].seconds,
            untroubled[worker].seconds,
            timed[worker].collections,
        )
        for worker, answer in answers.items()
    ]


def _checked(worker: Worker, entry: Entry) -> Checked:
    answer = worker.call(check, entry)
    if not answer.error <= TOLERANCE:
        name = worker.introduction.name
        msg = f"{name}: relative error {answer.error:.1e} against the gradient by hand; {TOLERANCE:.0e} is allowed"
        raise MismatchError(msg)
    return answer


def _round(entries: Mapping[Worker, Entry], repeats: Mapping[Worker, int], collecting: bool) -> dict[Worker, Turn]:
    """A turn of each contestant, one after the other."""
    return {worker: worker.call(take_turn, entry, repeats[worker], collecting) for worker, entry in entries.items()}


def _fastest(rounds: Sequence[Mapping[Worker, Turn]]) -> dict[Worker, Turn]:
    """Of each contestant the turn that took the least time."""
    return {worker: min((turns[worker] for turns in rounds), key=lambda turn: turn.seconds) for worker in rounds[0]}
