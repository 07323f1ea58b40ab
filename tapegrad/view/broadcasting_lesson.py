"""Two arrays of any rank and an operation between them, with all numbers of both passes: what a page of it shows.

An operand is repeated along the axes that it lacks; the derivative by one of its elements is therefore a sum, over all
places where that element was read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias, cast

import attrs
import numpy as np

import tapegrad.numpy as tnp
from tapegrad.arrays import Floats
from tapegrad.errors import SettingError
from tapegrad.transforms import vjp
from tapegrad.view.broadcasting import Broadcast, broadcast

__all__ = [
    "LAYOUTS", "MOST_AXES", "MOST_ELEMENTS", "OPERATIONS", "Index", "Lesson", "Side", "index_from", "indices",
    "laid_out", "lesson_of", "numbers_from", "shape_from", "written",
]  # fmt: skip

Index: TypeAlias = tuple[int, ...]

MOST_AXES: Final = 6
MOST_ELEMENTS: Final = 128

OPERATIONS: Final[Mapping[str, Callable[..., object]]] = MappingProxyType({
    "add": tnp.add,
    "subtract": tnp.subtract,
    "multiply": tnp.multiply,
    "divide": tnp.divide,
    "power": tnp.power,
    "maximum": tnp.maximum,
    "minimum": tnp.minimum,
    "hypot": tnp.hypot,
    "arctan2": tnp.arctan2,
    "logaddexp": tnp.logaddexp,
})  # fmt: skip

LAYOUTS: Final[Mapping[str, str]] = MappingProxyType({
    "C": "row after row: the last axis is contiguous",
    "F": "column after column: the first axis is contiguous",
    "transposed": "the last two axes exchanged: x.swapaxes(-1, -2)",
    "sliced": "every second element: x[..., 1::2]",
    "reversed": "every axis backwards: np.flip(x)",
})  # fmt: skip
"""How an array may lie in memory, and what that is."""


# ---- what a person writes ------------------------------------------------------------------------


def shape_from(text: str) -> tuple[int, ...]:
    """The shape that is written as lengths with commas between; nothing is the shape of a number.

    >>> shape_from("3, 1"), shape_from("(4,)"), shape_from("")
    ((3, 1), (4,), ())

    Raises SettingError for anything else, and for more axes or elements than are shown.
    """
    inner = text.strip().removeprefix("(").removesuffix(")").strip().removesuffix(",")
    words = [word.strip() for word in inner.split(",")] if inner else []
    if not all(word.isascii() and word.isdecimal() and len(word) < 10 for word in words):
        msg = f"{text!r:.60} is no shape; write lengths with commas between, as in 3, 1, or nothing for a number"
        raise SettingError(msg)
    shape = tuple(map(int, words))
    if len(shape) > MOST_AXES:
        msg = f"a shape of {len(shape)} axes is not shown; take {MOST_AXES} at most"
        raise SettingError(msg)
    _check_size(shape)
    return shape


def _check_size(shape: tuple[int, ...]) -> None:
    if math.prod(shape) > MOST_ELEMENTS:
        msg = f"the shape {shape} has {math.prod(shape)} elements; take {MOST_ELEMENTS} at most, to see each of them"
        raise SettingError(msg)


def numbers_from(text: str, shape: tuple[int, ...]) -> Floats:
    """Numbers in an array of this shape: one that stands for all, or one for each element, in the order of C.

    >>> numbers_from("1", (2, 2)).tolist(), numbers_from("1, 2, 3", (3,)).tolist()
    ([[1.0, 1.0], [1.0, 1.0]], [1.0, 2.0, 3.0])

    Raises SettingError for another count, and for what is no finite number.
    """
    words = text.replace(",", " ").split()
    count = math.prod(shape)
    if len(words) not in (1, count):
        msg = f"{len(words)} numbers are given for {count} elements of the result; write one for all, or {count}"
        raise SettingError(msg)
    try:
        numbers = np.array([float(word) for word in words])
    except ValueError as error:
        msg = f"{error}; write numbers with commas between, as in 1, -0.5"
        raise SettingError(msg) from None
    if not np.isfinite(numbers).all():
        msg = f"{text!r:.60} has a number that is not finite; write numbers such as 1, -0.5"
        raise SettingError(msg)
    return np.broadcast_to(numbers[0], shape).copy() if len(words) == 1 else numbers.reshape(shape)


def indices(shape: tuple[int, ...]) -> list[str]:
    """The index of every element as it is written; that of a number is ``()``.

    >>> indices((2, 2)), indices(())
    (['0, 0', '0, 1', '1, 0', '1, 1'], ['()'])
    """
    return [written(index) for index in np.ndindex(shape)]


def written(index: Index) -> str:
    """``1, 2`` for an element of a matrix."""
    return ", ".join(map(str, index)) or "()"


def index_from(text: str, shape: tuple[int, ...]) -> Index:
    """The index that is written, with or without brackets. Raises SettingError where the shape has no such element."""
    plain = ", ".join(text.strip(" []()").replace(",", " ").split()) or "()"
    for index in np.ndindex(shape):
        if written(index) == plain:
            return index
    msg = f"the result has no element [{text:.60}]; its shape is {shape}, and indices count from 0"
    raise SettingError(msg)


# ---- both passes ---------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Side:
    """One operand. All arrays but `x` and `gradient`, which have its own shape, have that of the result."""

    name: str
    layout: str  # a name of LAYOUTS
    x: Floats  # as it lies in memory
    gradient: Floats
    repeated: Floats  # a view of x, with strides of 0
    contributions: Floats  # to the gradient, from each element of the result

    def read_at(self, index: Index) -> Index:
        """The element that is read for ``result[index]``, and to whose gradient it adds."""
        own = index[len(index) - self.x.ndim :]
        return tuple(0 if length == 1 else i for i, length in zip(own, self.x.shape, strict=True))


@attrs.frozen(eq=False)
class Lesson:
    """Two operands, what the operation makes of them, and what a cotangent of the result makes of their gradients."""

    operation: str
    shapes: Broadcast
    sides: tuple[Side, Side]
    result: Floats
    cotangent: Floats

    def readers(self, side: Side, index: Index) -> frozenset[Index]:
        """The elements of the result that read the element of this side that ``result[index]`` reads."""
        own = side.read_at(index)
        return frozenset(other for other in np.ndindex(self.result.shape) if side.read_at(other) == own)


def laid_out(values: Floats, layout: str) -> Floats:
    """These values as a view of memory that is laid out in this way. Raises SettingError for an unknown layout."""
    if layout not in LAYOUTS:
        msg = f"there is no layout {layout!r:.40}; choose one of {', '.join(LAYOUTS)}"
        raise SettingError(msg)
    if values.ndim == 0:
        return values.copy()  # there is one way only
    if layout == "F":
        return np.asfortranarray(values)
    if layout == "transposed" and values.ndim > 1:
        return np.ascontiguousarray(values.swapaxes(-1, -2)).swapaxes(-1, -2)
    if layout == "sliced":
        memory = np.zeros((*values.shape[:-1], 2 * values.shape[-1]))
        memory[..., 1::2] = values
        return memory[..., 1::2]
    if layout == "reversed":
        return np.flip(np.ascontiguousarray(np.flip(values)))
    return values.copy()


def lesson_of(
    shapes: Sequence[tuple[int, ...]], operation: str, layouts: Sequence[str] = ("C", "C"), cotangent: str = "1"
) -> Lesson:
    """The lesson for two shapes. The left array holds 1, 2, 3, ...; the right one 0.5, 1, 1.5, ...

    Raises SettingError for shapes that do not fit, too large a result, an unknown name, or a wrong cotangent.
    """
    if operation not in OPERATIONS:
        msg = f"there is no operation {operation!r:.40} here; choose one of {', '.join(OPERATIONS)}"
        raise SettingError(msg)
    aligned = broadcast(*shapes)
    _check_size(aligned.shape)
    function = OPERATIONS[operation]
    operands = [
        laid_out(scale * np.arange(1.0, math.prod(shape) + 1.0).reshape(shape), layout)
        for scale, shape, layout in zip((1.0, 0.5), shapes, layouts, strict=True)
    ]
    g = numbers_from(cotangent, aligned.shape)
    result, gradients = _both(function, operands, g)
    views = [np.broadcast_to(x, aligned.shape) for x in operands]
    _, contributions = _both(function, [view.copy() for view in views], g)
    parts = zip(("left", "right"), layouts, operands, gradients, views, contributions, strict=True)
    left, right = (Side(*part) for part in parts)
    return Lesson(operation, aligned, (left, right), result, g)


def _both(
    function: Callable[..., object], operands: Sequence[Floats], g: Floats
) -> tuple[Floats, tuple[Floats, Floats]]:
    """The result, and the derivatives by both operands."""
    with np.errstate(all="ignore"):
        result, pull = vjp(function, *operands)
        left, right = cast(tuple[Floats, Floats], pull(g))
    return np.asarray(result), (np.asarray(left), np.asarray(right))
