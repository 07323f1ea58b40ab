"""The arrays that pictures are made of, checked: each wrong shape is one DataError that names it."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tapegrad.errors import DataError

__all__ = ["Floats", "Integers", "class_numbers", "numeric", "pictures", "stretched"]

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]


def numeric(name: str, values: npt.ArrayLike) -> Floats:
    """The values as floats. Raises DataError for text, complex numbers and ragged lists."""
    try:
        array = np.asarray(values)
    except ValueError:
        msg = f"{name} are lists of different lengths; give an array"
        raise DataError(msg) from None
    if array.dtype.kind not in "fiub":
        msg = f"{name} are real numbers, not {array.dtype}"
        raise DataError(msg)
    return array.astype(np.float64)


def class_numbers(name: str, values: npt.ArrayLike, examples: int, classes: int) -> Integers:
    """``(examples,)``, each a class counted from 0. Raises DataError."""
    array = np.asarray(values, dtype=None if np.size(values) else np.int64)
    if array.shape != (examples,) or array.dtype.kind not in "iu":
        msg = f"{name} are integers, one for each of {examples} examples, not {array.dtype} of shape {array.shape}"
        raise DataError(msg)
    if examples and not 0 <= array.min() <= array.max() < classes:
        msg = f"{name} are from {array.min()} to {array.max()}, and there are {classes} classes, counted from 0"
        raise DataError(msg)
    return array.astype(np.int64)


def pictures(name: str, values: npt.ArrayLike) -> Floats:
    """``(n, height, width)`` of grey images, ``(n, height, width, 3)`` of coloured ones, from 0 to 1.

    Takes ``(n, height, width)``, ``(n, 1, height, width)`` and ``(n, 3, height, width)``. Raises DataError.
    """
    array = numeric(name, values)
    shape = array.shape
    if array.ndim == 4 and shape[1] == 1:
        array = array[:, 0]
    elif array.ndim == 4 and shape[1] == 3:
        array = np.moveaxis(array, 1, -1)
    elif array.ndim != 3:
        msg = f"{name} are (n, height, width), or with 1 or 3 channels (n, channels, height, width), not {shape}"
        raise DataError(msg)
    if 0 in shape[1:]:
        msg = f"{name} have no pixels: their shape is {shape}"
        raise DataError(msg)
    return stretched(array)


def stretched(values: Floats) -> Floats:
    """The values moved and scaled to lie from 0 to 1; if all are the same, 0.5. What is no number becomes 0."""
    finite = values[np.isfinite(values)]
    size = np.abs(finite).max(initial=0.0) or 1.0  # divided by it, the difference of two floats is a float
    low, high = (finite.min() / size, finite.max() / size) if finite.size else (0.0, 0.0)
    if low == high:
        return np.full_like(values, 0.5)
    return np.nan_to_num((np.clip(values / size, low, high) - low) / (high - low), nan=0.0)
