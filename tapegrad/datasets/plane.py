"""Six sets of points in the plane, each with two classes: the test bench of small networks.

    simple    x1 < 0.5                               a line
    diag      x1 + x2 < 0.5                          a slanted line
    split     x1 < 0.2 or x1 > 0.8                   two lines
    xor       exactly one of x1, x2 is below 0.5     a chequerboard
    circle    (x1 - 0.5)^2 + (x2 - 0.5)^2 > 0.1      a disc and its outside
    spiral    two interleaved arms                   the hard one

The definitions are those of MiniTorch. The points are uniform in the unit square, except those of the
spiral, which has no chance in it: with t = 10 i / (count / 2) for i = 5, 6, ... there is a point
(t cos t, t sin t) / 20 + (0.5, 0.5) of class 0, and one of class 1 with -t for t and its coordinates swapped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from tapegrad.arrays import Floats
from tapegrad.datasets.dataset import Dataset
from tapegrad.errors import DataError, SettingError
from tapegrad.random import Key, uniform

__all__ = ["CENTRE", "NAMES", "POINTS", "SPREAD", "make", "standardised"]

Point: TypeAlias = tuple[float, ...]

CENTRE: Final = 0.5
SPREAD: Final = math.sqrt(1.0 / 12.0)
"""The mean and the standard deviation of a coordinate that is uniform between 0 and 1."""


_INSIDE: Final[Mapping[str, Callable[[Floats, Floats], npt.NDArray[np.bool_]]]] = MappingProxyType({
    "simple": lambda x1, x2: x1 < 0.5,  # the second coordinate is noise
    "diag": lambda x1, x2: x1 + x2 < 0.5,
    "split": lambda x1, x2: (x1 < 0.2) | (x1 > 0.8),
    "xor": lambda x1, x2: (x1 < 0.5) != (x2 < 0.5),
    "circle": lambda x1, x2: (x1 - 0.5) ** 2 + (x2 - 0.5) ** 2 > 0.1,
})  # fmt: skip

NAMES: Final = (*_INSIDE, "spiral")

_SMALLEST_SPIRAL: Final = 10  # with fewer points its arms would start outside of the unit square


def make(name: str, key: Key, count: int) -> Dataset:
    """The data set `name` with `count` points: inputs (count, 2) and labels (count,).

    Raises DataError for an unknown name; SettingError if `count` is below 1, or for the spiral odd (its
    arms are equally long) or below 10.

    >>> from tapegrad.random import key
    >>> make("spiral", key(0), 10).labels
    array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    """
    if name not in NAMES:
        msg = f"there is no data set {name!r:.60}; choose one of {', '.join(NAMES)}"
        raise DataError(msg)
    if count < 1:
        msg = f"a data set has at least one point, not {count}"
        raise SettingError(msg)
    if name == "spiral":
        return _spiral(count)
    points = uniform(key, (count, 2))
    return _dataset(name, points, _INSIDE[name](points[:, 0], points[:, 1]))


def _dataset(name: str, points: Floats, in_second: npt.NDArray[np.bool_]) -> Dataset:
    labels = in_second.astype(np.int64)
    return Dataset(name, points, labels, classes=("class 0", "class 1"), features=("x₁", "x₂"))


def standardised(point: Sequence[float]) -> Point:
    """The point as a network should see it: (x - mean) / deviation of the uniform unit square.

    >>> standardised((0.5, 0.5))
    (0.0, 0.0)
    """
    return tuple((x - CENTRE) / SPREAD for x in point)


def _spiral(count: int) -> Dataset:
    if count % 2 or count < _SMALLEST_SPIRAL:
        cure = max(count + count % 2, _SMALLEST_SPIRAL)
        msg = f"a spiral has an even number of points, {_SMALLEST_SPIRAL} or more, not {count}; take {cure}"
        raise SettingError(msg)
    half = count // 2
    turns = [10.0 * i / half for i in range(5, 5 + half)]
    first = [(_cosine_arm(t), _sine_arm(t)) for t in turns]
    second = [(_sine_arm(-t), _cosine_arm(-t)) for t in turns]
    return _dataset("spiral", np.array(first + second), np.arange(count) >= half)


def _cosine_arm(t: float) -> float:
    return t * math.cos(t) / 20.0 + 0.5


def _sine_arm(t: float) -> float:
    return t * math.sin(t) / 20.0 + 0.5


POINTS: Final = 50
"""How many points `RECOMMENDED` is for."""
