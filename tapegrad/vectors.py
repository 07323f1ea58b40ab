"""Columns of machine numbers: what a tape is stored in.

Compiled, a column is a packed vector of `librt.vecs`, which NumPy reads without a copy. Interpreted, it is a
list: a packed vector would make an object of every number that is read, and take three times as long.
A column is as long as what is allocated; who fills it counts.
"""

from __future__ import annotations

from typing import Final

__all__ = ["COMPILED", "extend", "vec"]

COMPILED: Final = not __file__.endswith(".py")
"""Whether this is machine code. Type checkers are told that it is, and skip what is interpreted only."""

if COMPILED:
    from librt.vecs import extend, vec
else:

    class vec:  # noqa: N801  # the name of what it stands in for
        """``vec[float]([0.0] * 8)`` is a list of eight zeros."""

        def __class_getitem__(cls, item: object) -> type[list[object]]:
            return list

    def extend(column: list[object], items: list[object]) -> list[object]:
        """`column`, with further items."""
        column.extend(items)
        return column
