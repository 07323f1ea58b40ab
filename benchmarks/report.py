"""What is shown: the machine, a table for each work, a Markdown and a JSON file."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import attrs
from rich.table import Table

from benchmarks.contestants import BASELINE
from benchmarks.measure import Row

__all__ = ["Result", "duration", "environment", "growth_table", "markdown", "to_json", "work_table"]

Growth = Mapping[int, Sequence[Row]]
"""By the size asked for: the rows of those contestants that can do it."""


@attrs.frozen
class Result:
    """What one run of the benchmarks found."""

    environment: Mapping[str, str]
    contestants: Mapping[str, str]  # name -> version and use
    skipped: Mapping[str, str]  # name -> reason
    titles: Mapping[str, str]  # work -> what it is
    rows: Mapping[str, Sequence[Row]]
    growth: Mapping[str, Growth]


def environment() -> dict[str, str]:
    """What the figures depend on."""
    return {
        "date": date.today().isoformat(),
        "machine": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def _processor() -> str:
    """The model of the processor, where the system tells."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def duration(seconds: float) -> str:
    """Three digits and a unit.

    >>> duration(0.0123), duration(4.56e-6)
    ('12.3 ms', '4.56 µs')
    """
    scale, unit = next((pair for pair in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")) if seconds >= pair[0]), (1e-9, "ns"))
    return f"{seconds / scale:#.3g}".rstrip(".") + f" {unit}"


def _digits(x: float) -> str:
    """Three significant digits, and no exponent: ``0.0712``, ``1.30``, ``45,300``."""
    return f"{x:,.0f}" if x >= 100.0 else f"{x:#.3g}"


HEADINGS = ("contestant", "operations", "time", "ns/operation", "without gc", "ratio")


def _cells(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """The cells of a work's table, the fastest first; the ratio is of the times per operation."""
    unit = next(row.nanoseconds for row in rows if row.name == BASELINE)
    return [
        (
            row.name,
            f"{row.operations:,}",
            duration(row.seconds),
            _digits(row.nanoseconds),
            _digits(row.nanoseconds_without_collector),
            _digits(row.nanoseconds / unit),
        )
        for row in sorted(rows, key=lambda row: row.nanoseconds)
    ]


def _growth_cells(growth: Growth) -> list[tuple[str, ...]]:
    """Nanoseconds per operation, a line for each contestant and a column for each size."""
    names = dict.fromkeys(row.name for rows in growth.values() for row in rows)
    found = {(row.name, most): _digits(row.nanoseconds) for most, rows in growth.items() for row in rows}
    return [(name, *(found.get((name, most), "") for most in growth)) for name in names]


def _table(title: str, headings: Sequence[str], cells: Sequence[Sequence[str]]) -> Table:
    """A name and numbers in each row; the baseline stands out."""
    table = Table(title=title, title_justify="left")
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if position else "left")
    for line in cells:
        table.add_row(*line, style="bold" if line[0] == BASELINE else None)
    return table


def work_table(result: Result, name: str) -> Table:
    """The table of one work, for the terminal."""
    return _table(f"{name}: {result.titles[name]}", HEADINGS, _cells(result.rows[name]))


def growth_table(result: Result, name: str) -> Table:
    """Time per operation against the number of operations, for the terminal."""
    growth = result.growth[name]
    headings = ("contestant", *(f"{most:,}" for most in growth))
    return _table(f"{name}: ns/operation by the number of operations", headings, _growth_cells(growth))


def _markdown_table(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    rule = ["---", *["---:"] * (len(headings) - 1)]
    return ["| " + " | ".join(line) + " |" for line in (headings, rule, *cells)]


def markdown(result: Result) -> str:
    """The same as a Markdown page."""
    lines = ["# Benchmarks", "", *(f"* {key}: {text}" for key, text in result.environment.items())]
    lines += [f"* {name}: {text}" for name, text in result.contestants.items()]
    lines += [f"* {name}: left out, {reason}" for name, reason in result.skipped.items()]
    for name, rows in result.rows.items():
        lines += ["", f"## {name}: {result.titles[name]}", "", *_markdown_table(HEADINGS, _cells(rows))]
        if result.growth.get(name):
            headings = ("ns/operation at", *(f"{most:,}" for most in result.growth[name]))
            lines += ["", *_markdown_table(headings, _growth_cells(result.growth[name]))]
    return "\n".join(lines) + "\n"


def to_json(result: Result) -> str:
    """Every figure, unrounded."""
    return json.dumps(attrs.asdict(result), indent=2) + "\n"
