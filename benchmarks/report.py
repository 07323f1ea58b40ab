"""What is shown: the machine, the tables of each work, a Markdown and a JSON file."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import attrs
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks.contestants import BASELINE
from benchmarks.measure import Row, Study
from benchmarks.worker import Held

__all__ = ["Result", "Sheet", "duration", "environment", "markdown", "sheets", "table", "to_json"]


@attrs.frozen
class Result:
    """What one run of the benchmarks found."""

    environment: Mapping[str, str]
    contestants: Mapping[str, str]  # name -> version and use
    skipped: Mapping[str, str]  # name -> reason
    studies: Mapping[str, Study]  # by the name of the work


def environment() -> dict[str, str]:
    """What the figures depend on."""
    return {
        "date": date.today().isoformat(),
        "machine": f"{_processor()}, {os.cpu_count()} cores, one thread for each contestant",
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "numpy": np.__version__,
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


def _digits(x: float | None) -> str:
    """Three significant digits, and no exponent: ``0.0712``, ``1.30``, ``45,300``."""
    if x is None:
        return "unknown"
    if abs(x) < 0.001:
        return "0.00"
    return f"{x:,.0f}" if x >= 100.0 else f"{x:#.3g}"


@attrs.frozen
class Sheet:
    """A table: a name and numbers in each row."""

    title: str
    note: str
    headings: Sequence[str]
    cells: Sequence[Sequence[str]]


def sheets(name: str, study: Study) -> list[Sheet]:
    """The tables of one work: the times; the growth and the memory, where they were measured."""
    found = [_times(f"{name}: {study.title}", study)]
    if study.growth:
        found.append(_growth(f"{name} as it grows", study.growth))
    if study.held:
        found.append(_held(f"{name} as it waits for the backward pass", study.held))
    return found


def _times(title: str, study: Study) -> Sheet:
    """The fastest first."""
    note = "The least time of several rounds; how often the garbage collector ran in it; the ratio of the times per op."
    if study.absent:
        note += f" Absent, since for numbers only: {'; '.join(study.absent)}."
    headings = ("contestant", "operations", "time", "ns per op", "without gc", "gc runs", "ratio")
    unit = next(row.nanoseconds for row in study.rows if row.name == BASELINE)
    cells = [
        (
            row.name,
            f"{row.operations:,}",
            duration(row.seconds),
            _digits(row.nanoseconds),
            _digits(row.nanoseconds_without_collector),
            _digits(row.collections),
            _digits(row.nanoseconds / unit),
        )
        for row in sorted(study.rows, key=lambda row: row.nanoseconds)
    ]
    return Sheet(title, note, headings, cells)


def _growth(title: str, growth: Mapping[int, Sequence[Row]]) -> Sheet:
    """A line for each contestant and a column for each size."""
    headings = ("contestant", *(f"{most:,}" for most in growth))
    names = dict.fromkeys(row.name for rows in growth.values() for row in rows)
    found = {(row.name, most): _digits(row.nanoseconds) for most, rows in growth.items() for row in rows}
    cells = [(name, *(found.get((name, most), "") for most in growth)) for name in names]
    return Sheet(title, "Nanoseconds per operation, by the number of operations.", headings, cells)


def _held(title: str, held: Sequence[Held]) -> Sheet:
    """The smallest first."""
    note = (
        "By how much the process grows while a tape or a graph is kept, and how many objects the garbage collector "
        "then has to look at."
    )
    headings = ("contestant", "operations", "records", "bytes per op", "bytes per record", "gc objects per op")
    cells = [
        (
            kept.name,
            f"{kept.operations:,}",
            f"{kept.records:,}",
            _digits(kept.bytes_per_operation),
            _digits(kept.bytes_per_record),
            _digits(kept.tracked_per_operation),
        )
        for kept in sorted(held, key=lambda kept: kept.bytes_per_operation or 0.0)
    ]
    return Sheet(title, note, headings, cells)


def table(sheet: Sheet) -> Table:
    """A table for the terminal; the baseline stands out."""
    drawn = Table(
        title=sheet.title, title_justify="left", caption=sheet.note, caption_justify="left",
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True,
    )  # fmt: skip
    for position, heading in enumerate(sheet.headings):
        drawn.add_column(heading, justify="right" if position else "left", no_wrap=not position)
    for line in sheet.cells:
        drawn.add_row(*line, style="bold" if line[0] == BASELINE else None)
    return drawn


def markdown(result: Result) -> str:
    """The same as a Markdown page."""
    lines = ["# Benchmarks", "", *(f"* {key}: {text}" for key, text in result.environment.items())]
    lines += [f"* {name}: {text}" for name, text in result.contestants.items()]
    lines += [f"* {name}: left out, {reason}" for name, reason in result.skipped.items()]
    for name, study in result.studies.items():
        for position, sheet in enumerate(sheets(name, study)):
            rule = ["---", *["---:"] * (len(sheet.headings) - 1)]
            lines += ["", f"{'###' if position else '##'} {sheet.title}", "", sheet.note, ""]
            lines += ["| " + " | ".join(line) + " |" for line in (sheet.headings, rule, *sheet.cells)]
    return "\n".join(lines) + "\n"


def to_json(result: Result) -> str:
    """Every figure, unrounded."""
    return json.dumps(attrs.asdict(result), indent=2) + "\n"
