"""The tape as an aligned table for the terminal, or for a pipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from tapegrad.view.steps import Step

__all__ = ["print_table", "table", "table_rows"]

SOURCE = "computed by"
SOURCE_WIDTH = (24, 60)  # the characters it may have to go down to, and those it has at most
HEADINGS = ("record", "operation", "name", SOURCE, "value", "local derivatives", "adjoint")
NUMERIC = {"value", "local derivatives", "adjoint"}


def table_rows(steps: Sequence[Step]) -> list[tuple[str, ...]]:
    """The cells of each record, in the order of `HEADINGS`; local derivatives are by argument position."""
    return [
        (
            f"%{step.index}",
            " ".join((step.operation, *(f"%{i}" for i in step.inputs))),
            step.name,
            "" if step.source == step.name else step.source,
            " ".join(filter(None, (step.form, step.value_text))),
            ", ".join(filter(None, step.partial_texts)),
            step.adjoint_text,
        )
        for step in steps
    ]


def table(steps: Sequence[Step]) -> Table:
    """A rich table of the records: numbers are never cut, long sources go on on the next line."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    rows = table_rows(steps)
    for heading, *cells in zip(HEADINGS, *rows, strict=True):
        longest = max(map(cell_len, (heading, *cells)))
        least, most = SOURCE_WIDTH if heading == SOURCE else (longest, longest)
        justify: Literal["left", "right"] = "right" if heading in NUMERIC else "left"
        drawn.add_column(heading, justify=justify, min_width=min(least, longest), max_width=most, overflow="fold")
    for step, row in zip(steps, rows, strict=True):
        # Text, not str: rich would read markup into brackets.
        drawn.add_row(*(Text(cell) for cell in row), style="bold" if step.is_output else None)
    return drawn


def print_table(steps: Sequence[Step]) -> None:
    """Print the table, as wide as it must be: a narrow terminal wraps lines, but no digit is lost."""
    console = Console(highlight=False)
    drawn = table(steps)
    unbounded = console.options.update(max_width=10_000, width=10_000)
    needed = Measurement.get(console, unbounded, drawn)
    console.width = max(console.width, needed.minimum) if console.is_terminal else needed.maximum
    console.print(drawn)
