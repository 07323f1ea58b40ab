"""How an array lies in memory: `strides`, to read and for a page.

An array is a stretch of memory, a place in it to start from, and for each axis a step to the next element. Views share
the memory and differ in the rest, which is why slicing, transposing and broadcasting copy nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import product, zip_longest
from typing import Final, Literal, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad.arrays import AnyArray
from tapegrad.primitive import as_value, concrete

__all__ = ["STYLE", "Order", "Strides", "cell", "strides"]

Order: TypeAlias = Literal["C", "F", "C and F", "neither"]
"""Which way the elements follow each other without a gap: C, the last axis first; F, the first axis first."""

WIDEST: Final = 12
"""A grid shows so many rows and columns at most, and so many grids."""

LONGEST: Final = 96
"""A picture of memory shows so many elements at most."""

STYLE: Final = """<style>
.layout { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; color-scheme: light dark;
          overflow-x: auto; }
.layout table { border-collapse: collapse; margin: .4rem 0 .8rem; }
.layout td, .layout th { border: 1px solid #8c959f; padding: .15rem .5rem; text-align: right; font-weight: normal; }
.layout th { border: none; text-align: left; opacity: .75; }
.layout .fact td { border: none; text-align: left; }
.layout .used { background: #0072b233; }
.layout .stretched { background: #e69f0044; border-style: dashed; }
.layout .result td { background: #009e7333; border-width: 2px; }
</style>"""


@attrs.frozen
class Strides:
    """Where the elements of an array are in memory. Positions count elements, from the start of that memory."""

    dtype: str
    itemsize: int  # bytes of an element
    shape: tuple[int, ...]
    in_bytes: tuple[int, ...]  # the step to the next element along each axis
    offset_in_bytes: int  # of the first element
    capacity: int  # elements in the memory
    owns: bool  # else it is a view of memory that something else owns
    order: Order

    @property
    def steps(self) -> tuple[float, ...]:
        """The strides in elements: a fraction where the elements are fields of larger ones."""
        return tuple(_quotient(step, self.itemsize) for step in self.in_bytes)

    @property
    def offset(self) -> float:
        """The position of the first element."""
        return _quotient(self.offset_in_bytes, self.itemsize)

    def position(self, *index: int) -> float:
        """Where the element ``x[index]`` is: ``offset + index * steps``, summed over the axes.

        >>> strides(np.arange(12.0).reshape(3, 4)[:, ::-1]).position(1, 0)
        7
        """
        return self.offset + sum(i * step for i, step in zip(index, self.steps, strict=True))

    def positions(self) -> npt.NDArray[np.float64]:
        """Those of all elements, in the shape of the array."""
        found: npt.NDArray[np.float64] = np.full(self.shape, float(self.offset))
        for axis, step in enumerate(self.steps):
            behind = (1,) * (len(self.shape) - axis - 1)
            found += (np.arange(self.shape[axis]) * step).reshape(-1, *behind)
        return found

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What there is to say of it, each with a word before."""
        memory = f"{self.capacity} element{'s' * (self.capacity != 1)} of {self.itemsize} bytes"
        rows = [
            ("shape", str(self.shape)),
            ("strides", f"{_tuple(self.steps)} elements, {_tuple(self.in_bytes)} bytes"),
            ("offset", f"{self.offset:g} elements, {self.offset_in_bytes} bytes"),
            ("memory", f"its own, {memory}" if self.owns else f"a view of {memory}"),
            ("order", _ORDERS[self.order]),
        ]
        for axis, (length, step) in enumerate(zip(self.shape, self.in_bytes, strict=True)):
            if length > 1 and step <= 0 and self.capacity:
                said = "stays at one element, which stands for all" if step == 0 else "goes backwards"
                rows.append((f"axis {axis}", said))
        return tuple(rows)

    def __str__(self) -> str:
        rows = [(word, text) for word, text in self.facts]
        for heading, grid in self._grids():
            lines = _aligned(grid)
            rows += [(f"at {heading}" if heading else "positions", lines[0]), *(("", line) for line in lines[1:])]
        width = max(len(word) for word, _ in rows)
        return "\n".join(f"{word:<{width}}  {text}".rstrip() for word, text in rows)

    def _grids(self) -> list[tuple[str, list[list[str]]]]:
        """The positions as grids of the last two axes, and the index in front of each; the first of many."""
        if 0 in self.shape:
            return []
        *front, rows, columns = (1, 1, *self.shape)[-max(2, len(self.shape)) :]
        grids: list[tuple[str, list[list[str]]]] = []
        for index in product(*map(range, front)):
            if len(grids) == WIDEST:
                return [*grids, ("...", [["..."]])]
            heading = f"[{', '.join(map(str, index))}, :, :]" if index else ""
            grids.append((heading, [self._row(index, row, columns) for row in range(min(rows, WIDEST))]))
            if rows > WIDEST:
                grids[-1][1].append(["..."])
        return grids

    def _row(self, index: tuple[int, ...], row: int, columns: int) -> list[str]:
        last = ((row,) if len(self.shape) > 1 else ()) if self.shape else None
        cells = []
        for column in range(min(columns, WIDEST)):
            at = (*index, *last, column) if last is not None else ()
            cells.append(f"{self.position(*at):g}")
        return [*cells, "..."] if columns > WIDEST else cells

    def to_html(self) -> str:
        """A fragment of a page: the facts, the positions, and the memory with the indices of what lies there."""
        facts = "".join(f"<tr><th>{word}</th><td>{escape(text)}</td></tr>" for word, text in self.facts)
        grids = "".join(
            f"<tr><th>{f'positions {heading}'.rstrip()}</th></tr>{''.join(map(_cells, grid))}"
            for heading, grid in self._grids()
        )
        return (
            f'{STYLE}<div class="layout"><table class="fact">{facts}</table><table>{grids}</table>'
            f"{self._memory()}</div>"
        )

    _repr_html_ = to_html

    def _memory(self) -> str:
        """The start of the memory: at each position the indices of the elements that are there."""
        if 0 in self.shape or math.prod(self.shape) > 100 * LONGEST:
            return ""
        there: dict[float, list[str]] = {}
        for index in np.ndindex(self.shape):
            there.setdefault(self.position(*index), []).append(",".join(map(str, index)) or "()")
        length = min(self.capacity, LONGEST)
        cells = []
        for at in range(length):
            indices = there.get(at, [])
            cells.append(cell(" ".join([*indices[:1], *["..."][: len(indices) - 1]]), "used" if indices else ""))
        rest = "<td>...</td>" if length < self.capacity else ""
        heads = "".join(f"<th>{at}</th>" for at in range(length))
        return f"<table><tr>{heads}</tr><tr>{''.join(cells)}{rest}</tr></table>"


_ORDERS: dict[Order, str] = {
    "C": "C, the last axis is contiguous",
    "F": "F, the first axis is contiguous",
    "C and F": "C and F, there is one way only",
    "neither": "neither C nor F, there are gaps or steps back",
}


def strides(x: object) -> Strides:
    """How the array `x` lies in memory; of a traced array, how its value does.

    >>> print(strides(np.arange(12.0).reshape(3, 4)[1:, ::-2]))
    shape      (2, 2)
    strides    (4, -2) elements, (32, -16) bytes
    offset     7 elements, 56 bytes
    memory     a view of 12 elements of 8 bytes
    order      neither C nor F, there are gaps or steps back
    axis 1     goes backwards
    positions   7 5
               11 9
    """
    value = concrete(x)
    array: AnyArray = value if isinstance(value, np.ndarray) else np.asarray(as_value(value))
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    return Strides(
        dtype=str(array.dtype),
        itemsize=array.itemsize,
        shape=array.shape,
        in_bytes=array.strides,
        offset_in_bytes=_address(array) - _start(owner),
        capacity=_extent(owner) // max(array.itemsize, 1),
        owns=bool(array.flags.owndata),
        order=_order(array),
    )


def _address(array: AnyArray) -> int:
    """Of the first element."""
    address: int = array.__array_interface__["data"][0]
    return address


def _start(array: AnyArray) -> int:
    """The lowest address of an element."""
    ways: list[int] = [step * (length - 1) for length, step in zip(array.shape, array.strides, strict=True) if length]
    return _address(array) + sum(way for way in ways if way < 0)


def _extent(array: AnyArray) -> int:
    """How many bytes lie between the lowest and the highest element, both included."""
    if array.size == 0:
        return 0
    ways: list[int] = [abs(step) * (length - 1) for length, step in zip(array.shape, array.strides, strict=True)]
    return sum(ways, array.itemsize)


def _order(array: AnyArray) -> Order:
    c, f = array.flags.c_contiguous, array.flags.f_contiguous
    return "C and F" if c and f else "C" if c else "F" if f else "neither"


def _quotient(count: int, size: int) -> float:
    """An int where it divides."""
    return count // size if size and count % size == 0 else count / max(size, 1)


def _tuple(numbers: Sequence[float]) -> str:
    return f"({', '.join(f'{x:g}' for x in numbers)}{',' * (len(numbers) == 1)})"


def _aligned(grid: Sequence[Sequence[str]]) -> list[str]:
    """The rows of a grid as lines, in columns to the right."""
    widths = [max(map(len, column)) for column in zip_longest(*grid, fillvalue="")]
    return [" ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=False)) for row in grid]


def cell(text: str, kind: str = "") -> str:
    """A cell of a table."""
    attribute = f' class="{kind}"' if kind else ""
    return f"<td{attribute}>{escape(text)}</td>"


def _cells(row: Sequence[str]) -> str:
    return f"<tr>{''.join(map(cell, row))}</tr>"
