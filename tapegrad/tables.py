"""A person's own table: a CSV file with a header row, read and checked, still as text.

Every refusal is a `DataError` of one line that names the file, the line in it, and the cure.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable
from pathlib import Path

import attrs

from tapegrad.errors import DataError

__all__ = ["Table", "read"]


@attrs.frozen
class Table:
    """A table as it stands in its file: cells are text without surrounding blanks, none of them empty."""

    path: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]  # where each row ends in the file, counted from 1

    def column(self, name: str) -> tuple[str, ...]:
        """The cells of one column. Raises DataError if there is no such column."""
        at = self.position(name)
        return tuple(row[at] for row in self.rows)

    def without(self, names: Iterable[str]) -> Table:
        """The table with some columns left out. Raises DataError if there is no such column."""
        dropped = {self.position(name) for name in names}
        kept = [i for i in range(len(self.header)) if i not in dropped]
        rows = tuple(tuple(row[i] for i in kept) for row in self.rows)
        return attrs.evolve(self, header=tuple(self.header[i] for i in kept), rows=rows)

    def position(self, name: str) -> int:
        """Where a column stands. Raises DataError if there is no such column."""
        if name in self.header:
            return self.header.index(name)
        near = difflib.get_close_matches(name, self.header, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        msg = f"{self.path}: no column {name!r}; {hint}the columns are {self.columns}"
        raise DataError(msg)

    @property
    def columns(self) -> str:
        """The names of the columns for a message, of many only the first."""
        shown = ", ".join(map(repr, self.header[:12]))
        return shown if len(self.header) <= 12 else f"{shown} and {len(self.header) - 12} more"


def read(path: Path) -> Table:
    """The table in a CSV file in UTF-8, separated by commas, semicolons or tabs as its header is.

    Raises DataError where the file is missing, is not UTF-8, has no header or no rows, a ragged row,
    an empty cell, or a column name that is missing or used twice.
    """
    text = _text(path)
    header_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    try:
        for cells in reader:
            if cells:  # a blank line holds no row
                rows.append(tuple(cell.strip() for cell in cells))
                lines.append(reader.line_num)
    except csv.Error as error:
        msg = f"{path}, line {reader.line_num}: not a CSV table: {error}"
        raise DataError(msg) from None
    if not rows:
        msg = f"{path} is empty; a table needs a header row and rows of data"
        raise DataError(msg)
    header = _checked_header(path, rows[0])
    if len(rows) == 1:
        msg = f"{path} has a header but no rows of data"
        raise DataError(msg)
    table = Table(str(path), header, tuple(rows[1:]), tuple(lines[1:]))
    _check_rows(table)
    return table


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        msg = f"there is no file {path}; check its name and folder"
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        msg = f"{path}, line {line}: not UTF-8 text; save the table as CSV in UTF-8"
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
    raise DataError(msg)


def _checked_header(path: Path, header: tuple[str, ...]) -> tuple[str, ...]:
    for at, name in enumerate(header):
        if not name:
            msg = f"{path}, line 1: column {at + 1} has no name; name it, or leave the column out of the file"
            raise DataError(msg)
        if name in header[:at]:
            msg = f"{path}, line 1: two columns are named {name!r}; give each column a name of its own"
            raise DataError(msg)
    return header


def _check_rows(table: Table) -> None:
    width = len(table.header)
    for row, line in zip(table.rows, table.lines, strict=True):
        if len(row) != width:
            need = f"{width} cells are needed, one for each column, not {len(row)}"
            msg = f"{table.path}, line {line}: {need}; mend the row"
            raise DataError(msg)
        if "" in row:
            name = table.header[row.index("")]
            msg = f"{table.path}, line {line}: the cell of column {name!r} is empty; fill it in, or leave the row out"
            raise DataError(msg)
