"""``tapegrad show --operation power x=2 y=3``: an operation with its values, its derivatives, and its rule."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Final

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from tapegrad.errors import SettingError
from tapegrad.files import write_whole
from tapegrad.view.functions import Operation, Window, find, window
from tapegrad.view.functions_page import html, middle, picture, symbol
from tapegrad.view.functions_sample import check_window, derivatives, notes, numbers
from tapegrad.view.functions_source import excerpts
from tapegrad.view.steps import format_number

__all__ = ["run", "table"]

ROWS: Final = (9, 3)
"""Of the table, for one argument and for each of two."""


def run(args: argparse.Namespace, given: Mapping[str, float]) -> int:
    """Write what is asked for, print the rule, the numbers and what to know about them. Returns the exit status.

    `given` are arguments by name. Raises OperandError, SettingError, OutputFolderError.
    """
    operation = find(args.operation)
    point = _point(operation, given)
    seen = _around(window(operation), point)
    check_window(seen)
    if args.html is not None:
        write_whole(args.html, html(operation, seen, point))
    if args.svg is not None:
        write_whole(args.svg, picture(operation, seen, point))
    print(f"{operation.name}({', '.join(operation.arguments)})")
    for excerpt in excerpts(operation):
        print(f"\n{excerpt.file}, line {excerpt.line}\n\n{excerpt.text}")
    console = Console(highlight=False, width=200)
    console.print(table(operation, [point] if given else places(operation)))
    for sentence in notes(operation, seen, point):
        print(sentence)
    return 0


def _point(operation: Operation, given: Mapping[str, float]) -> tuple[float, ...]:
    """The arguments; beside the middle of the window where they are not given."""
    names = operation.arguments
    unknown = [name for name in given if name not in names]
    missing = [name for name in names if name not in given]
    if unknown or (given and missing):
        fault = f"has no argument {unknown[0]!r:.40}" if unknown else f"is not given {missing[0]!r}"
        msg = f"{operation.name} {fault}; give it {' '.join(f'{name}=2' for name in names)}"
        raise SettingError(msg)
    return tuple(given[name] for name in names) if given else middle(window(operation))


def _around(seen: Window, point: Sequence[float]) -> Window:
    """The window, made wider where the point lies outside, so that it is inside."""
    return tuple(
        (min(low, at - 0.5 * abs(at)) if at < low else low, max(high, at + 0.5 * abs(at)) if at > high else high)
        for (low, high), at in zip(seen, point, strict=True)
    )


def places(operation: Operation) -> list[tuple[float, ...]]:
    """Points all over the window, its ends included."""
    count = ROWS[len(operation.arguments) - 1]
    return list(product(*(map(float, np.linspace(low, high, count)) for low, high in window(operation))))


def table(operation: Operation, points: Sequence[Sequence[float]]) -> Table:
    """A row for each point: the arguments, the value, the first and the second derivatives."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in (*operation.arguments, *(symbol(operation, by) for by in derivatives(operation))):
        drawn.add_column(heading, justify="right", no_wrap=True)
    for point in points:
        found = numbers(operation, point).values()
        drawn.add_row(*map(format_number, point), *("refused" if x is None else format_number(x) for x in found))
    return drawn
