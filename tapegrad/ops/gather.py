"""Integers on the tape; the elements of arrays that they are the indices of; and, as its transpose, sums there.

Unlike the index of ``x[...]``, which is a static fact, these indices are an operand: a replay at other inputs, or in
other lanes, takes other elements. That is what sorting, medians and interpolation are made of.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tapegrad.arrays import AnyArray, Floats, quiet
from tapegrad.maps import Guided, PiecewiseConstant, shape_of

__all__ = ["as_integers", "flat_indices", "scatter_along", "take_along"]

Indices = npt.NDArray[np.intp]


def _paired(x: Floats, indices: AnyArray) -> tuple[Floats, Indices]:
    """Both with as many axes, by axes of length one in front; lanes of only one of them come so."""
    ndim = max(x.ndim, indices.ndim)
    whole = indices.astype(np.intp, copy=False)
    return x.reshape((1,) * (ndim - x.ndim) + x.shape), whole.reshape((1,) * (ndim - whole.ndim) + whole.shape)


def _taken(x: Floats, indices: AnyArray, axis: int) -> Floats:
    return np.take_along_axis(*_paired(x, indices), axis)


def _scattered(g: Floats, indices: AnyArray, axis: int, length: int) -> Floats:
    terms, places = np.broadcast_arrays(*_paired(np.asarray(g), indices))
    terms, places = np.moveaxis(terms, axis, -1), np.moveaxis(places, axis, -1)
    others = places.shape[:-1]
    rows = np.arange(math.prod(others)).reshape(*others, 1)
    flat = np.where(places < 0, places + length, places) + length * rows
    total: Floats = np.zeros((*others, length), terms.dtype)
    np.add.at(total.reshape(-1), flat.ravel(), terms.ravel())  # of one axis, where it is fast
    return np.moveaxis(total, -1, axis)


@quiet
def _whole(x: Floats | float, dtype: str) -> AnyArray:
    return np.asarray(x).astype(dtype)


def _flattened(*indices: AnyArray, shape: tuple[int, ...]) -> Indices:
    wrapped = []
    for axis, (index, length) in enumerate(zip(indices, shape, strict=True)):
        whole = np.asarray(index).astype(np.intp)
        if not np.all((-length <= whole) & (whole < length)):
            msg = f"an index along axis {axis} is out of bounds: the length is {length}"
            raise IndexError(msg)
        wrapped.append(whole % length if length else whole)
    return np.ravel_multi_index(np.broadcast_arrays(*wrapped), shape)


# Truncated towards zero.
as_integers: PiecewiseConstant = PiecewiseConstant("as_integers", 1, _whole, {"dtype": str})

# Indices of the axes of an array of some shape, as those of the array in one axis. They broadcast.
flat_indices: PiecewiseConstant = PiecewiseConstant("flat_indices", None, _flattened, {"shape": tuple})


# Along `axis`, counted from the end; along the others `x` and the indices broadcast.
take_along: Guided = Guided(
    "take_along",
    2,
    _taken,
    lambda g, x, indices, axis: scatter_along(g, indices, axis=axis, length=shape_of(x)[axis]),
    {"axis": int},
)

# Zeros, of `length` along the axis, to which `g` is added at the indices: as often as an index is there.
scatter_along: Guided = Guided(
    "scatter_along",
    2,
    _scattered,
    lambda g, x, indices, axis, length: take_along(g, indices, axis=axis),
    {"axis": int, "length": int},
)
