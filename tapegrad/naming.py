"""The names that the source gives to values: in ``y = x * w`` the product is called ``y``."""

from __future__ import annotations

import ast
import linecache

from tapegrad.source import Site
from tapegrad.tape import Tape, constant, input_

__all__ = ["names_of_records"]

Span = tuple[int, int, int, int]  # line, column, end line, end column


def names_of_records(tape: Tape, start: int = 0) -> dict[int, str]:
    """The name of each record, from `start` on, that has one.

    An input has its own, another record that of the plain assignment it stands in.

    A record is named if the expression it computes is the whole right-hand side. Where the same
    assignment runs again, as in a loop, every round's record bears the name.
    """
    names: dict[int, str] = {}
    assignments: dict[str, dict[Span, str]] = {}
    for index in range(len(tape) - 1, start - 1, -1):
        record = tape[index]
        if record.primitive is input_:
            names[index] = str(record.static("name"))
        elif record.where is not None and record.primitive is not constant:  # which stands where it is read
            site = record.where
            if site.file not in assignments:
                assignments[site.file] = _assignments(site)
            span = (site.line, site.column, site.end_line, site.end_column)
            if span in assignments[site.file]:
                names[index] = assignments[site.file][span]
    return names


def _assignments(site: Site) -> dict[Span, str]:
    """The target of every plain assignment in a file, by the span of its right-hand side."""
    try:
        module = ast.parse("".join(linecache.getlines(site.file)))
    except SyntaxError:  # not Python, or not the text that was run
        return {}
    found: dict[Span, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            target, value = node.target, node.value
        else:
            continue
        if isinstance(target, ast.Name):
            span = (value.lineno, value.col_offset, value.end_lineno or 0, value.end_col_offset or 0)
            found[span] = target.id
    return found
