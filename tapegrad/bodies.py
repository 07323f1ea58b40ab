"""The body of a function as a value: statements, run by the interpreter below within a budget.

A body is a tuple of the three frozen statements. Names may be assigned again, and only the branch taken runs, so
that what is recorded is what happened.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NoReturn, TypeAlias

import attrs

from tapegrad.errors import ExpressionError
from tapegrad.terms import Apply, Compare, Observer, Term, evaluate

__all__ = [
    "MAX_OPERATIONS", "MAX_SECONDS", "MAX_TURNS", "Assign", "Block", "Branch", "Loop", "Statement", "assigned_names",
    "run",
]  # fmt: skip

MAX_OPERATIONS: Final = 20_000
MAX_TURNS: Final = 20_000  # of all loops together
MAX_SECONDS: Final = 1.5  # so that the refusal comes within two
MAX_BOUND: Final = 10**9  # of a range


@attrs.frozen
class Assign:
    """``name = term``; the name ``""`` is that of the result, if it has no other."""

    line: int
    name: str
    term: Term


@attrs.frozen
class Branch:
    """``if condition: chosen else: other``."""

    line: int
    condition: Term
    chosen: Block
    other: Block


@attrs.frozen
class Loop:
    """``for name in range(*bounds): body``, where `name` is a plain float and not differentiated."""

    line: int
    name: str
    bounds: tuple[Term, ...]
    body: Block


Statement: TypeAlias = Assign | Branch | Loop
Block: TypeAlias = tuple[Statement, ...]


def assigned_names(block: Block) -> Iterator[str]:
    """Every name that a statement of `block` may assign, those of loops included."""
    for statement in block:
        if isinstance(statement, Branch):
            yield from assigned_names(statement.chosen)
            yield from assigned_names(statement.other)
        else:
            yield statement.name
        if isinstance(statement, Loop):
            yield from assigned_names(statement.body)


def run(
    block: Block, values: Mapping[str, object], observe: Observer, assigned: Callable[[str, object], None]
) -> dict[str, object]:
    """Every name with its last value, after `block` has run at `values`.

    ``observe(term)`` is called after each operation, ``assigned(name, value)`` after each assignment. Raises
    ExpressionError, with the line, for a name that has no value yet, a range that is not of whole numbers, and
    a budget that is spent.
    """
    running = _Run(dict(values), observe, assigned, time.monotonic())
    running.block(block)
    return running.bound


@attrs.define
class _Run:
    """One run of one body: what is bound so far, and what is spent."""

    bound: dict[str, object]
    observe: Observer
    assigned: Callable[[str, object], None]
    started: float
    operations: int = 0
    turns: int = 0

    def block(self, statements: Block) -> None:
        for statement in statements:
            self.check_time(statement.line)
            if isinstance(statement, Assign):
                value = self.evaluate(statement.term)
                self.bound[statement.name] = value
                self.assigned(statement.name, value)
            elif isinstance(statement, Branch):
                self.block(statement.chosen if self.evaluate(statement.condition) else statement.other)
            else:
                self.loop(statement)

    def loop(self, loop: Loop) -> None:
        bounds = [self.bound_of_range(bound) for bound in loop.bounds]
        if bounds[2:] == [0]:
            self.refuse(loop.line, "the step of the range is 0, with which it never ends")
        turns = range(*bounds)
        self.turns += len(turns)
        if self.turns > MAX_TURNS:
            self.refuse(loop.line, f"the loops ask for {self.turns} turns, and at most {MAX_TURNS} are run; take fewer")
        for turn in turns:
            self.check_time(loop.line)
            self.bound[loop.name] = float(turn)
            self.block(loop.body)

    def bound_of_range(self, term: Term) -> int:
        """A whole number: computed as a float, which is exact as far as it may go."""
        value = self.evaluate(term)
        if not isinstance(value, float) or not value.is_integer() or abs(value) > MAX_BOUND:
            self.refuse(term.line, f"{term.source!r} is {value!r}; range takes whole numbers up to {MAX_BOUND}")
        return int(value)

    def evaluate(self, term: Term) -> object:
        return evaluate(term, self.bound, self.count)

    def count(self, term: Apply | Compare) -> None:
        self.operations += 1
        if self.operations > MAX_OPERATIONS:
            self.refuse(term.line, f"more than {MAX_OPERATIONS} operations, the most that are run; take fewer turns")
        self.observe(term)

    def check_time(self, line: int) -> None:
        if time.monotonic() - self.started > MAX_SECONDS:
            self.refuse(line, f"the run takes more than {MAX_SECONDS} seconds, the most it may; take fewer turns")

    def refuse(self, line: int, why: str) -> NoReturn:
        msg = f"line {line}: {why}"
        raise ExpressionError(msg)
