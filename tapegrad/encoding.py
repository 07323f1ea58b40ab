"""The cells of a table as numbers to train on: which columns are numbers, and which are categories.

    prepare(table, "species", key(0)) -> Problem: features, target, training and test examples

The statistics that standardise a column come from the training rows alone, so the test score is honest.
Every refusal is a `DataError` of one line that names the file, the line and column in it, and the cure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeAlias

import attrs
import numpy as np

from tapegrad import random
from tapegrad.arrays import AnyArray, Floats
from tapegrad.datasets import Dataset
from tapegrad.errors import DataError
from tapegrad.tables import Table

__all__ = ["Categorical", "Feature", "Numeric", "Problem", "Target", "Task", "prepare"]

MOST_CATEGORIES: Final = 50  # more different texts than this are names of rows, not categories
MOST_INTEGER_CLASSES: Final = 10  # a target of integers with at most this many different values is a class
FEWEST_ROWS: Final = 6  # four to train on and two to test
LARGEST_NUMBER: Final = 1e150  # its square, which the standard deviation needs, is still a float

Task: TypeAlias = Literal["classification", "regression"]


# ---- columns as numbers -------------------------------------------------------------------------


@attrs.frozen
class Numeric:
    """A column of numbers, standardised: ``(x - mean) / scale``."""

    name: str
    mean: float
    scale: float

    def encode(self, cell: str) -> tuple[float, ...]:
        """``(1,)``: the standardised number."""
        return (self.standardise(float(cell)),)

    def standardise(self, x: float) -> float:
        """From the column's unit to the network's."""
        return (x - self.mean) / self.scale

    def decode(self, z: float) -> float:
        """From the network's unit to the column's."""
        return self.mean + self.scale * z


@attrs.frozen
class Categorical:
    """A column of texts, one-hot: a category that the training rows never showed is all zeros."""

    name: str
    categories: tuple[str, ...]

    def encode(self, cell: str) -> tuple[float, ...]:
        """``(categories,)``: 1 at the cell's category."""
        return tuple(float(cell == category) for category in self.categories)


Feature: TypeAlias = Numeric | Categorical


def standardised(name: str, numbers: Sequence[float]) -> Numeric:
    """The column whose `numbers` get mean 0 and standard deviation 1; a constant column becomes 0.

    A column is constant if its deviation is below the rounding error of its mean.
    """
    mean = math.fsum(numbers) / len(numbers)
    deviation = math.hypot(*(x - mean for x in numbers)) / math.sqrt(len(numbers))
    is_constant = deviation <= 1e-12 * abs(mean)
    return Numeric(name, mean, 1.0 if is_constant else deviation)


def _number(cell: str) -> float | None:
    """The number that a cell writes, or None for text; Python's ``1_000`` is text in a table."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _is_numeric(table: Table, name: str) -> bool:
    """Whether a column holds numbers: every cell, or every cell but a few, which are then the mistake.

    Raises DataError for text among numbers, and for nan, infinities and other numbers too large.
    """
    cells = table.column(name)
    numbers = [_number(cell) for cell in cells]
    texts = [at for at, number in enumerate(numbers) if number is None]
    if 2 * len(texts) > len(cells):
        return False
    for at in texts[:1]:
        msg = (
            f"{table.path}, line {table.lines[at]}, column {name!r}: {cells[at]!r:.40} is not a number, "
            "and the other cells of the column are; correct it, or leave the row out"
        )
        raise DataError(msg)
    for at, number in enumerate(numbers):
        if number is not None and not abs(number) <= LARGEST_NUMBER:
            msg = (
                f"{table.path}, line {table.lines[at]}, column {name!r}: {cells[at]} is not a number that "
                "can be used; correct it, or leave the row out"
            )
            raise DataError(msg)
    return True


# ---- a problem to train on ----------------------------------------------------------------------


@attrs.frozen
class Target:
    """What is to be predicted: one of `classes`; where there are none, a number ``mean + scale * output``."""

    name: str
    classes: tuple[str, ...]
    mean: float = 0.0
    scale: float = 1.0

    def encode(self, cell: str) -> float:
        """The label: the index of the class, or the standardised number."""
        if self.classes:
            return self.classes.index(class_name(cell))
        return (float(cell) - self.mean) / self.scale

    def decode(self, labels: AnyArray) -> Floats:
        """Standardised numbers in the unit of the column: ``(rows,) -> (rows,)``."""
        return self.mean + self.scale * np.asarray(labels, np.float64)


@attrs.frozen
class Problem:
    """A table made ready: how its cells become numbers, and its rows in two parts."""

    features: tuple[Feature, ...]
    target: Target
    train: Dataset
    test: Dataset


def prepare(table: Table, target: str, key: random.Key, task: Task | None = None) -> Problem:
    """Split the rows by `key`, a third for the test, and encode them by the statistics of the others.

    A target of text, or of at most ten different integers, each three times on average, is a class;
    another is a number. `task` overrides that. Raises DataError for a table that cannot be learned from.
    """
    names = table.without([target]).header
    if not names:
        msg = f"{table.path}: {target!r} is the only column; there is nothing to predict it from"
        raise DataError(msg)
    if len(table.rows) < FEWEST_ROWS:
        msg = f"{table.path}: {len(table.rows)} rows are too few to train and test; {FEWEST_ROWS} are the least"
        raise DataError(msg)
    order = random.permutation(key, len(table.rows))
    test_rows = len(table.rows) // 3
    held_out, kept = order[:test_rows], order[test_rows:]
    features = tuple(_feature(table, name, kept) for name in names)
    wanted = _target(table, target, kept, task)
    columns = [table.column(name) for name in names]
    labels = table.column(target)

    def examples(rows: Sequence[int]) -> Dataset:
        inputs = np.array([_point(features, [column[row] for column in columns]) for row in rows])
        return Dataset(table.path, inputs, np.array([wanted.encode(labels[row]) for row in rows]), wanted.classes)

    return Problem(features, wanted, examples(kept), examples(held_out))


def _point(features: Sequence[Feature], cells: Sequence[str]) -> tuple[float, ...]:
    encoded = (feature.encode(cell) for feature, cell in zip(features, cells, strict=True))
    return tuple(x for part in encoded for x in part)


def _feature(table: Table, name: str, rows: Sequence[int]) -> Feature:
    cells = table.column(name)
    if _is_numeric(table, name):
        return standardised(name, [float(cells[row]) for row in rows])
    different = len(set(cells))
    if different > MOST_CATEGORIES:
        msg = (
            f"{table.path}: column {name!r} has {different} different texts, too many for categories; "
            f"leave it out: --drop {name!r}"
        )
        raise DataError(msg)
    return Categorical(name, tuple(sorted({cells[row] for row in rows})))


def _target(table: Table, name: str, rows: Sequence[int], task: Task | None) -> Target:
    cells = table.column(name)
    is_numeric = _is_numeric(table, name)
    if task is None:
        task = "classification" if not is_numeric or _are_classes(cells) else "regression"
    if task == "regression":
        if not is_numeric:
            msg = f"{table.path}: target {name!r} is text, but --task regression predicts numbers; leave it out"
            raise DataError(msg)
        scale = standardised(name, [float(cells[row]) for row in rows])
        return Target(name, (), scale.mean, scale.scale)
    order: Callable[[str], float | str] = float if is_numeric else str
    classes = tuple(sorted({class_name(cell) for cell in cells}, key=order))
    if len(classes) == 1:
        msg = f"{table.path}: target {name!r} is {classes[0]!r} in every row; two classes or more are needed"
        raise DataError(msg)
    if len(classes) > MOST_CATEGORIES:
        msg = (
            f"{table.path}: target {name!r} has {len(classes)} different values, too many for classes; "
            "choose another --target"
        )
        raise DataError(msg)
    return Target(name, classes)


def _are_classes(cells: Sequence[str]) -> bool:
    """Whether a column of numbers holds a few integers only, often enough to be names of classes."""
    values = {float(cell) for cell in cells}
    few = len(values) <= min(MOST_INTEGER_CLASSES, len(cells) // 3)
    return few and all(value.is_integer() for value in values)


def class_name(cell: str) -> str:
    """How a class is called: ``1`` and ``1.0`` are the same class."""
    number = _number(cell)
    if number is not None and math.isfinite(number) and number.is_integer():
        return str(int(number))
    return cell
