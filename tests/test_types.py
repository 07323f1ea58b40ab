"""The types are tested: programs in tests/typing, checked by mypy as a user's strict project would be.

In ``reveal_type(expression)  # R: type`` the comment is what mypy must say, without module names; `Scalar`
stands for ``float | Var``, ``NDArray[float64]`` for NumPy's array of any shape, and `Array` for that or an `ArrayVar`.
A mistake carries ``# type: ignore[code]``: strict mypy reports an ignore that
nothing needs, and any other error on that line.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "typing"
FILES = sorted(FOLDER.glob("*.py"))

MESSAGE = re.compile(r"(?P<path>[^:]+):(?P<line>\d+): (?P<kind>\w+): (?P<text>.*)")
REVEALED = re.compile(r'Revealed type is "(.*)"')
EXPECTED = re.compile(r"reveal_type\(.*\)  # R: (.+?)(?:  # noqa.*)?$")
MODULE_NAMES = re.compile(r"\b(?:\w+\.)+(?=\w)")
NDARRAY = re.compile(r"ndarray\[tuple\[Any, \.\.\.\], dtype\[(\w+)(?:\[\w+\])?\]\]")


@attrs.frozen
class Message:
    """One line of mypy's answer."""

    file: str
    line: int
    kind: str  # note or error
    text: str


@cache
def answer(cache_dir: Path) -> tuple[Message, ...]:
    """What mypy says about the programs; its errors elsewhere are the business of the project's own check."""
    finished = subprocess.run(  # noqa: S603  # our own files
        [sys.executable, "-m", "mypy", "--strict", "--warn-unreachable", "--config-file=", "--no-pretty",
         f"--cache-dir={cache_dir}", *(path.name for path in FILES)],
        cwd=FOLDER,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )  # fmt: skip
    assert finished.stderr == ""
    matches = map(MESSAGE.fullmatch, finished.stdout.splitlines())
    return tuple(
        Message(match["path"], int(match["line"]), match["kind"], match["text"])
        for match in matches
        if match and match["path"] in {path.name for path in FILES}
    )


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Message, ...]:
    return answer(tmp_path_factory.mktemp("mypy"))


def short(revealed: str) -> str:
    """A type as the programs write it: no module names, and arrays by their kind of number."""
    return NDARRAY.sub(r"NDArray[\1]", MODULE_NAMES.sub("", revealed))


def expected(path: Path) -> dict[int, str]:
    """The type that each line of a program promises."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = {number: EXPECTED.search(line) for number, line in enumerate(lines, start=1)}
    return {number: in_full(match[1]) for number, match in found.items() if match}


def in_full(promised: str) -> str:
    """A type with the names of unions written out."""
    return re.sub(r"\bArray\b", "NDArray[float64] | ArrayVar", promised.replace("Scalar", "float | Var"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_type_is_as_promised(path: Path, messages: tuple[Message, ...]) -> None:
    of_file = [message for message in messages if message.file == path.name]
    revealed = {message.line: REVEALED.match(message.text) for message in of_file}
    assert {line: short(match[1]) for line, match in revealed.items() if match} == expected(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_mistakes_are_found_and_nothing_else(path: Path, messages: tuple[Message, ...]) -> None:
    assert [m for m in messages if m.file == path.name and m.kind == "error"] == []


def test_no_revealed_type_is_any(messages: tuple[Message, ...]) -> None:
    assert [message for message in messages if re.search(r"\bAny\b", short(message.text))] == []


def test_no_revelation_lacks_its_comment() -> None:
    calls = sum(path.read_text(encoding="utf-8").count("    reveal_type(") for path in FILES)
    assert calls == sum(len(expected(path)) for path in FILES) > 100
