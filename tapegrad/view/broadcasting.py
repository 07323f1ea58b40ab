"""How shapes are aligned, and over which axes gradients are summed for it: `broadcast`, to read and for a page."""

from __future__ import annotations

from itertools import zip_longest

import attrs
import numpy as np

from tapegrad.errors import SettingError
from tapegrad.maps import shape_of
from tapegrad.primitive import as_value, concrete
from tapegrad.view.strides import STYLE, cell

__all__ = ["Broadcast", "Operand", "broadcast"]


@attrs.frozen
class Operand:
    """One operand among others: axes are those of the result."""

    shape: tuple[int, ...]
    added: tuple[int, ...]  # axes it does not have: new ones in front
    stretched: tuple[int, ...]  # axes of length one that are repeated

    @property
    def summed(self) -> tuple[int, ...]:
        """The axes over which a cotangent of the result is summed, to be one of this operand."""
        return (*self.added, *self.stretched)


@attrs.frozen
class Broadcast:
    """How operands are aligned, from their last axes on, and repeated to one shape."""

    operands: tuple[Operand, ...]
    shape: tuple[int, ...]

    def rows(self) -> list[list[str]]:
        """A row for each operand: its shape, its length along each axis of the result, the axes summed over."""
        rows = [[str(x.shape), *self._lengths(x), ", ".join(map(str, x.summed)) or "none"] for x in self.operands]
        return [*rows, ["result", *map(str, self.shape), ""]]

    def _lengths(self, operand: Operand) -> list[str]:
        padded = (*(None for _ in operand.added), *operand.shape)
        return [
            f"+{whole}" if length is None else f"1->{whole}" if axis in operand.stretched else str(length)
            for axis, (length, whole) in enumerate(zip(padded, self.shape, strict=True))
        ]

    def headings(self) -> list[str]:
        """Those of the columns of `rows`."""
        return ["operand", *(f"axis {axis}" for axis in range(len(self.shape))), "gradient summed over"]

    def __str__(self) -> str:
        grid = [self.headings(), *self.rows()]
        widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
        lines = []
        for first, *middle, last in grid:
            cells = [f"{first:<{widths[0]}}"]
            cells += [f"{cell:>{width}}" for cell, width in zip(middle, widths[1:], strict=False)]
            lines.append("  ".join([*cells, last]).rstrip())
        return "\n".join(lines)

    def to_html(self) -> str:
        """A fragment of a page: a table in which what is repeated is marked."""
        heads = "".join(f"<th>{heading}</th>" for heading in self.headings())
        rows = []
        for (first, *lengths, last), operand in zip_longest(self.rows(), self.operands):
            marked = () if operand is None else operand.summed
            kinds = ["stretched" if axis in marked else "" for axis in range(len(lengths))]
            cells = "".join(map(cell, lengths, kinds))
            kind = ' class="result"' if operand is None else ""
            rows.append(f"<tr{kind}><th>{first}</th>{cells}<th>{last}</th></tr>")
        return f'{STYLE}<div class="layout"><table><tr>{heads}</tr>{"".join(rows)}</table></div>'

    _repr_html_ = to_html


def broadcast(*shapes_or_arrays: object) -> Broadcast:
    """How these would be broadcast together. A tuple of ints is a shape; anything else is an array or a number.

    ``1->4`` is an axis that is repeated, ``+2`` one that is put in front.

    >>> print(broadcast((4, 1), (3,), (2, 1, 3)))
    operand    axis 0  axis 1  axis 2  gradient summed over
    (4, 1)         +2       4    1->3  0, 2
    (3,)           +2      +4       3  0, 1
    (2, 1, 3)       2    1->4       3  1
    result          2       4       3

    Raises SettingError, naming the axis and the lengths, if they do not broadcast.
    """
    shapes = [_shape(x) for x in shapes_or_arrays]
    ndim = max(map(len, shapes), default=0)
    result = []
    for axis in range(-ndim, 0):
        lengths = [shape[axis] for shape in shapes if len(shape) >= -axis]
        others = sorted({length for length in lengths if length != 1})
        if len(others) > 1:
            msg = (
                f"the shapes {', '.join(map(str, shapes))} do not broadcast: along axis {axis}, counted from the end, "
                f"they have the lengths {' and '.join(map(str, others))}, which must be equal or 1"
            )
            raise SettingError(msg)
        result.append(others[0] if others else 1)
    operands = []
    for shape in shapes:
        more = ndim - len(shape)
        stretched = [more + i for i, length in enumerate(shape) if length != result[more + i]]
        operands.append(Operand(shape, tuple(range(more)), tuple(stretched)))
    return Broadcast(tuple(operands), tuple(result))


def _shape(x: object) -> tuple[int, ...]:
    if isinstance(x, tuple) and all(type(length) is int for length in x):
        if any(length < 0 for length in x):
            msg = f"{x} is no shape: a length is not negative"
            raise SettingError(msg)
        return x
    value = concrete(x)
    return shape_of(value if isinstance(value, np.ndarray) else as_value(value))
