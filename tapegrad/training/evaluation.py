"""How good a network is: what it gives for many examples, and what that is worth."""

from __future__ import annotations

import math

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad.arrays import AnyArray, Floats
from tapegrad.datasets import batches
from tapegrad.errors import DataError
from tapegrad.nn.layer import Layer, Params
from tapegrad.nn.layer import State as LayerState

__all__ = ["Accuracy", "Fit", "accuracy", "confusion_matrix", "fit", "outputs"]


def outputs(model: Layer, params: Params, layer_state: LayerState, inputs: Floats, batch_size: int = 256) -> Floats:
    """What the network gives in evaluation: ``(examples, ...) -> (examples, ...)``, some examples at a time."""
    parts = [model.apply(params, layer_state, batch)[0] for batch in batches(inputs, batch_size)]
    return np.concatenate([np.asarray(part) for part in parts])


@attrs.frozen
class Accuracy:
    """How many of the examples are given their class."""

    correct: int
    count: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.correct / self.count

    def __str__(self) -> str:
        return f"{self.correct} of {self.count} correct ({100.0 * self.share:.1f} %)"


@attrs.frozen
class Fit:
    """How well numbers are predicted: the share of their variance, and the root mean square error."""

    r2: float
    rmse: float  # in the unit of the numbers

    def __str__(self) -> str:
        return f"R² {self.r2:.3f}, RMSE {self.rmse:.4g}"


def accuracy(predicted: AnyArray, labels: AnyArray) -> Accuracy:
    """Of predicted classes, ``(examples,)`` each. Raises DataError if there are not as many."""
    _require_alike(predicted, labels)
    return Accuracy(int(np.count_nonzero(np.equal(predicted, labels))), len(labels))


def fit(predicted: AnyArray, labels: AnyArray) -> Fit:
    """Of predicted numbers, ``(examples,)`` each. Raises DataError if there are not as many.

    R² = 1 - sum (label - prediction)² / sum (label - mean)²; of labels that are all equal it is 0, or 1 where every
    prediction is exact. Of predictions whose squares are no numbers, R² is -inf and the error inf.
    """
    _require_alike(predicted, labels)
    found, true = np.asarray(predicted, np.float64), np.asarray(labels, np.float64)
    with np.errstate(over="ignore"):
        residual = float(np.sum((true - found) ** 2))
    total = float(np.sum((true - true.mean()) ** 2))
    is_constant = bool((true == true[0]).all()) or total == 0.0  # whose mean may be rounded, and squares vanish
    r2 = float(residual == 0.0) if is_constant else 1.0 - residual / total
    return Fit(r2, math.sqrt(residual / len(true)))


def confusion_matrix(labels: AnyArray, predicted: AnyArray, classes: int) -> npt.NDArray[np.intp]:
    """How many examples of each class, by row, were given each class, by column: ``(classes, classes)``.

    Raises DataError for what are no integers, and for a class that does not exist.

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    _require_alike(predicted, labels)
    for name, given in (("label", labels), ("prediction", predicted)):
        if given.dtype.kind not in "iu":
            msg = f"a {name} is a class, which is an integer, and these are of {given.dtype}; round them yourself"
            raise DataError(msg)
    rows, columns = labels.astype(np.intp), predicted.astype(np.intp)
    for name, numbers in (("label", rows), ("prediction", columns)):
        wrong = numbers[(numbers < 0) | (numbers >= classes)]
        if wrong.size:
            msg = f"there is no class {wrong[0]}, which is a {name}: the {classes} classes count from 0"
            raise DataError(msg)
    table: npt.NDArray[np.intp] = np.bincount(rows * classes + columns, minlength=classes * classes)
    return table.reshape(classes, classes)


def _require_alike(predicted: npt.ArrayLike, labels: npt.ArrayLike) -> None:
    shapes = np.shape(predicted), np.shape(labels)
    if shapes[0] != shapes[1] or len(shapes[1]) != 1 or 0 in shapes[1]:
        are_logits = len(shapes[0]) == 2 and shapes[0][1] > 1 and shapes[0][:1] == shapes[1]
        cure = "; the classes are logits.argmax(axis=1)" if are_logits else ""
        msg = f"one prediction for each label is needed, not arrays of shapes {shapes[0]} and {shapes[1]}{cure}"
        raise DataError(msg)
