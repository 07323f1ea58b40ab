"""Where in the user's program something was recorded: file, line, column, function.

While tracing, a place is kept as the code object and the offset of the running instruction, which
cost two reads. The line and the column are worked out when somebody asks. Code inside tapegrad, and
inside NumPy, is skipped: a person wants to see the line they wrote.
"""

from __future__ import annotations

import linecache
import os
import sys
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType

import attrs
import numpy as np

__all__ = ["Site", "caller", "is_internal", "site_of", "users_frame"]

_PACKAGES = tuple(str(Path(file).parent) + os.sep for file in (__file__, np.__file__))
_internal: dict[str, bool] = {"<frozen runpy>": True}  # a cache of answers that never change


@attrs.frozen
class Site:
    """A span of source: ``file``, one-based ``line``, zero-based ``column`` .. ``end_column``, ``function``."""

    file: str
    line: int
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    function: str = ""

    @property
    def text(self) -> str:
        """The source line, stripped; empty when the source is not to be had."""
        return linecache.getline(self.file, self.line).strip()

    @property
    def segment(self) -> str:
        """The very expression, where the interpreter kept its columns and it stands on one line."""
        if self.end_line != self.line or self.end_column <= self.column:
            return self.text
        line = linecache.getline(self.file, self.line).encode()  # columns count bytes of UTF-8
        return line[self.column : self.end_column].decode(errors="replace")

    @property
    def place(self) -> str:
        """``model.py:12``."""
        return f"{Path(self.file).name}:{self.line}"

    def __str__(self) -> str:
        """``model.py:12: y = x * w``."""
        text = self.text
        return f"{self.place}: {text}" if text else self.place


def is_internal(filename: str) -> bool:
    """Whether `filename` belongs to tapegrad itself, or to NumPy, which calls it."""
    answer = _internal.get(filename)
    if answer is None:
        answer = _internal[filename] = filename.startswith(_PACKAGES)
    return answer


@lru_cache(maxsize=64)  # unpacking the table of a code object takes as long as the code is
def _positions(code: CodeType) -> list[tuple[int | None, int | None, int | None, int | None]]:
    return list(code.co_positions())


def site_of(code: CodeType, instruction: int) -> Site:
    """The source span of the instruction at byte offset `instruction` of `code`."""
    positions = _positions(code)
    # Threads that record on one tape at once can take each other's code object: a wrong line, not a crash.
    line, end_line, column, end_column = positions[min(max(instruction, 0) // 2, len(positions) - 1)]
    first = code.co_firstlineno
    return Site(code.co_filename, line or first, column or 0, end_line or line or first, end_column or 0, code.co_name)


def users_frame(frame: FrameType) -> FrameType:
    """The innermost frame, from `frame` outwards, that is not tapegrad's own."""
    while is_internal(frame.f_code.co_filename) and frame.f_back is not None:
        frame = frame.f_back
    return frame


def caller() -> Site:
    """The innermost line of the running program that is not tapegrad's own."""
    frame = users_frame(sys._getframe())
    return site_of(frame.f_code, frame.f_lasti)
