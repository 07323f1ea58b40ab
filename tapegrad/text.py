"""The written forms of a tape: aligned text for people, JSON for files. Reading parses and checks, and runs nothing.

    %0 = input    x
    %1 = constant 2.0
    %2 = multiply %0 %1                # model.py:3
    %3 = greater  %2 %1  outcome=True  # model.py:4

This module knows rows of names, indices and static facts; `Tape` makes them records again. What follows
``#`` is for the reader. `tapegrad.literals` says how static facts are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import attrs

from tapegrad.errors import TapeFormatError
from tapegrad.literals import decoded, encoded, read, written
from tapegrad.primitive import Params
from tapegrad.source import Site
from tapegrad.typing import Static

__all__ = ["Row", "describe", "from_json", "from_text", "to_json", "to_text"]

FORMAT = "tapegrad.tape"
VERSION = 1


@attrs.frozen
class Row:
    """A record in words: the name of its operation, its inputs, its static facts, where it was recorded."""

    name: str
    inputs: tuple[int, ...]
    params: Params
    where: Site | None = None


# ---- aligned text ------------------------------------------------------------------------------

_LINE = re.compile(r"%(?P<index>\d+)\s*=\s*(?P<name>[^\W\d]\w*)(?P<rest>.*)", re.ASCII)
_NEXT = re.compile(r"\s+(?:%(?P<input>\d+)|(?P<comment>\#.*)|(?:(?P<key>[^\W\d]\w*)=)?(?=[^\s#]))", re.ASCII)
_ALONE = {"input": "name", "constant": "value"}  # whose first static fact is written without its name


def to_text(rows: Sequence[Row], brief: bool = False) -> str:
    """One line per record, in columns. In brief, long arrays are shown without their elements."""
    cells = [(f"%{index}", row.name, _operands(row, brief)) for index, row in enumerate(rows)]
    widths = [max((len(cell[column]) for cell in cells), default=0) for column in range(3)]
    lines: list[str] = []
    for (index, name, operands), row in zip(cells, rows, strict=True):
        comment = f"  # {row.where.place}" if row.where else ""
        line = f"{index:<{widths[0]}} = {name:<{widths[1]}} {operands:<{min(widths[2], 40)}}{comment}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def describe(row: Row) -> str:
    """``multiply %0 %1``: a record in one phrase, for the reader."""
    return f"{row.name} {_operands(row, brief=True)}".rstrip()


def _operands(row: Row, brief: bool) -> str:
    words = [f"%{i}" for i in row.inputs]
    for name, value in row.params:
        word = written(value, brief)
        words.append(word if name == _ALONE.get(row.name) else f"{name}={word}")
    return " ".join(words)


def from_text(text: str) -> list[Row]:
    """The rows of a tape in aligned text. Raises TapeFormatError with the number of the offending line."""
    rows: list[Row] = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            rows.append(_parse_line(stripped, number, len(rows)))
    return rows


def _parse_line(line: str, number: int, expected: int) -> Row:
    found = _LINE.fullmatch(line)
    if found is None:
        msg = f"line {number} of the tape is not of the form '%3 = multiply %0 %1': {line:.60}"
        raise TapeFormatError(msg)
    if found["index"] != str(expected):
        msg = f"line {number} of the tape defines %{found['index']:.20} where %{expected} is due"
        raise TapeFormatError(msg)
    inputs: list[int] = []
    params: dict[str, Static] = {}
    rest, at = found["rest"], 0
    while rest[at:].strip():
        word = _NEXT.match(rest, at)
        if word is not None and word["comment"]:
            break
        key = word["key"] or _ALONE.get(found["name"]) if word else None
        if word is None or (word["input"] is None and key is None):
            msg = f"line {number} of the tape: cannot read {rest[at:].strip():.40}"
            raise TapeFormatError(msg)
        if word["input"] is not None:
            inputs.append(_index(word["input"], number))
            at = word.end()
            continue
        if key in params:
            msg = f"line {number} of the tape states {key} twice"
            raise TapeFormatError(msg)
        try:
            params[str(key)], at = read(rest, word.end())
        except TapeFormatError as error:
            msg = f"line {number} of the tape: {error}"
            raise TapeFormatError(msg) from None
    return Row(found["name"], tuple(inputs), tuple(params.items()))


def _index(digits: str, line: int) -> int:
    if len(digits) > 18:  # more records than any machine holds
        msg = f"line {line} of the tape: no tape has a record %{digits:.20}..."
        raise TapeFormatError(msg)
    return int(digits)


# ---- JSON --------------------------------------------------------------------------------------


def to_json(rows: Sequence[Row]) -> str:
    """One JSON object: format, version, and a list ``[name, inputs, params, where]`` per record.

    Raises TapeFormatError for a record that holds a Python function, which cannot be saved.
    """
    records = [
        [row.name, list(row.inputs), {name: _encode(value, row) for name, value in row.params}, _site(row)]
        for row in rows
    ]
    head = f'{{"format": "{FORMAT}", "version": {VERSION}, "records": [\n'
    return head + ",\n".join(map(json.dumps, records)) + "\n]}\n"


def _site(row: Row) -> list[str | int] | None:
    return None if row.where is None else list(attrs.astuple(row.where))


def _encode(value: Static, row: Row) -> object:
    try:
        return encoded(value)
    except TypeError:
        msg = f"a tape with a {row.name} record holds a Python function ({value}) and cannot be saved"
        raise TapeFormatError(msg) from None


def from_json(text: str) -> list[Row]:
    """The rows of a tape in JSON. Raises TapeFormatError if it is truncated, malformed or of a newer version."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = f"not a saved tape: {error!s:.80}"
        raise TapeFormatError(msg) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        msg = f'not a saved tape: it does not say "format": "{FORMAT}"'
        raise TapeFormatError(msg)
    version = document.get("version")
    if type(version) is not int or version != VERSION:
        msg = f"the tape is saved in version {version!r:.20}; this tapegrad reads version {VERSION}; use a newer one"
        raise TapeFormatError(msg)
    records = document.get("records")
    if not isinstance(records, list):
        msg = "not a saved tape: its records are not a list"
        raise TapeFormatError(msg)
    return [_decode_record(record, index) for index, record in enumerate(records)]


def _decode_record(record: object, index: int) -> Row:
    match record:
        case [str(name), list(inputs), dict(params), place] if all(type(i) is int for i in inputs):
            try:
                facts = tuple((str(key), decoded(value)) for key, value in params.items())
            except TapeFormatError as error:
                msg = f"record {index} of the saved tape: {error}"
                raise TapeFormatError(msg) from None
            return Row(name, tuple(inputs), facts, _decode_site(place))
    msg = f"record {index} of the saved tape is not [operation, inputs, params, where]: {record!r:.60}"
    raise TapeFormatError(msg)


def _decode_site(place: object) -> Site | None:
    """A place is for reading only: one that makes no sense is dropped."""
    match place:
        case [str(file), int(line), int(column), int(end_line), int(end_column), str(function)]:
            return Site(file, line, column, end_line, end_column, function)
    return None
