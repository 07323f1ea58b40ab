"""Values and derivatives of an operation, at a point and at many, and what there is to say about its kinks."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final, TypeAlias, cast

import attrs
import numpy as np

from tapegrad import numpy as tnp
from tapegrad.arrays import Floats
from tapegrad.elementwise import Elementwise
from tapegrad.errors import OperandError, SettingError
from tapegrad.transforms import grad
from tapegrad.view.conventions import KINKS
from tapegrad.view.functions import Function, Operation, Window
from tapegrad.view.steps import format_number

__all__ = ["By", "Found", "along", "check_window", "derivatives", "kinks", "notes", "numbers", "sample"]

LARGEST: Final = 1e300
"""Of the ends of a window; differences of larger numbers would be infinite."""

NARROWEST: Final = 1e-300
"""Of the windows; a part of a smaller one would be 0."""

By: TypeAlias = tuple[int, ...]
"""By which arguments is differentiated: () for the value, (0, 1) for the mixed second derivative."""


def derivatives(operation: Operation) -> tuple[By, ...]:
    """The value, the first derivatives and the second ones.

    >>> from tapegrad.view.functions import find
    >>> derivatives(find("power"))
    ((), (0,), (1,), (0, 0), (0, 1), (1, 1))
    """
    places = range(len(operation.arguments))
    return ((), *((i,) for i in places), *((i, j) for i in places for j in places if i <= j))


def sample(operation: Operation, by: By, *operands: Floats) -> Floats | None:
    """The derivative at every element of the operands, arrays of one shape; None where tapegrad refuses it.

    What is not finite stays so: nan, inf.
    """
    function = operation.function
    for argument in by:
        function = cast(Function, grad(_summed(function), argnums=argument))
    try:
        with np.errstate(all="ignore"):
            return np.asarray(function(*operands), float)
    except OperandError:
        return None


def _summed(function: Function) -> Function:
    """Its gradient is the derivative at every element, since each value depends on its own element alone."""
    return lambda *operands: tnp.sum(cast(Floats, function(*operands)))


def along(operation: Operation, argument: int, places: Floats, point: Sequence[float]) -> list[Floats | None]:
    """Value, first and second derivative by one argument at these places, the other one being that of the `point`."""
    operands = [np.full_like(places, number) for number in point]
    operands[argument] = places
    return [sample(operation, (argument,) * order, *operands) for order in range(3)]


def numbers(operation: Operation, point: Sequence[float]) -> dict[By, float | None]:
    """The value and every derivative at a point, as `tapegrad.grad` gives them; None for one that is refused."""
    found: dict[By, float | None] = {}
    for by in derivatives(operation):
        function = operation.function
        for argument in by:
            function = cast(Function, grad(function, argnums=argument))
        try:
            found[by] = float(cast(float, function(*point)))
        except OperandError:
            found[by] = None
    return found


def check_window(window: Window) -> None:
    """Raise SettingError unless every low end is below its high end, and pictures can tell them apart."""
    for low, high in window:
        told = f"a window from {format_number(low)} to {format_number(high)} shows nothing"
        largest = max(abs(low), abs(high))
        if not largest <= LARGEST:
            msg = f"{told}; choose ends between {-LARGEST:g} and {LARGEST:g}"
            raise SettingError(msg)
        if not high - low > max(1e-9 * largest, NARROWEST):
            msg = f"{told}; choose a low end below the high one"
            raise SettingError(msg)


# ---- kinks ---------------------------------------------------------------------------------------

FEW: Final = 4
"""Places that are told; of more, the first ones."""

MOST: Final = (400, 40)  # places tried along an axis, of one argument and of two


@attrs.frozen
class Found:
    """A convention about derivatives, and the places within a window where it holds."""

    convention: str
    places: tuple[tuple[float, ...], ...]


@functools.lru_cache(256)
def kinks(operation: Operation, window: Window) -> tuple[Found, ...]:
    """The kinks and edges within the window, looked for at its ends and at halves, and where arguments are equal."""
    if operation.itself is None:
        return ()
    points = list(product(*(_halves(low, high, MOST[len(window) - 1]) for low, high in window)))
    found = []
    for kink in KINKS.get(operation.itself.name, ()):
        places = tuple(point for point in points if kink.holds(*point))
        if places:
            found.append(Found(kink.convention, places))
    return tuple(found)


def _halves(low: float, high: float, most: int) -> list[float]:
    step = 0.5 * max(1, math.ceil(2.0 * (high - low) / most))
    inside = [at * step for at in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return sorted({low, *inside, high})


def notes(operation: Operation, window: Window, point: Sequence[float]) -> Iterator[str]:
    """Sentences on what the numbers do not tell."""
    if isinstance(operation.itself, Elementwise) and operation.itself.rule is None:
        yield "It is declared piecewise constant: its derivative is 0 everywhere, at its jumps by convention."
    for by in derivatives(operation):
        if len(by) == 1 and sample(operation, by, *(np.array([number]) for number in point)) is None:
            yield f"Its derivative by {operation.arguments[by[0]]} is refused: nobody has a formula for it."
    for found in kinks(operation, window):
        here = " It is here." if tuple(point) in found.places else ""
        yield f"At {_told(operation, found.places)}: {found.convention}.{here}"


def _told(operation: Operation, places: Sequence[tuple[float, ...]]) -> str:
    """``x = 0, 1, 2``; of two arguments one place that stands for all."""
    if len(operation.arguments) == 1:
        first = ", ".join(format_number(place) for (place,) in places[:FEW])
        return f"{operation.arguments[0]} = {first}{', …' if len(places) > FEW else ''}"
    nearest = min(places, key=lambda place: sum(map(abs, place)))
    told = ", ".join(f"{name} = {format_number(x)}" for name, x in zip(operation.arguments, nearest, strict=True))
    return told if len(places) == 1 else f"{told}, for one"
