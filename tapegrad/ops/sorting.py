"""Orders, ranks and positions: integers that jump where elements change places, and are flat in between.

They stand on the tape, so that a replay at other inputs finds other ones. What is sorted is then taken with
`tapegrad.ops.gather.take_along`, which carries the derivative. Elements that are equal keep their order.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tapegrad.arrays import Floats
from tapegrad.maps import PiecewiseConstant

__all__ = [
    "argmax", "argmin", "argpartition", "argsort", "dense_ranks", "nan_middle", "nanargmax", "nanargmin", "ranked",
    "searchsorted",
]  # fmt: skip

Indices = npt.NDArray[np.intp]


def _positions(name: str, find: Callable[..., object]) -> PiecewiseConstant:
    """Where the one element is that a function of NumPy names, along `axis`, which is dropped."""
    return PiecewiseConstant(name, 1, find, {"axis": int})


argmax = _positions("argmax", np.argmax)
argmin = _positions("argmin", np.argmin)
nanargmax = _positions("nanargmax", np.nanargmax)  # raises ValueError where all are nan
nanargmin = _positions("nanargmin", np.nanargmin)


def _order(x: Floats, axis: int) -> Indices:
    return np.argsort(x, axis, kind="stable")


argsort = PiecewiseConstant("argsort", 1, _order, {"axis": int})
argpartition = PiecewiseConstant("argpartition", 1, np.argpartition, {"kth": tuple, "axis": int})


def _ranked(x: Floats, ranks: tuple[int, ...]) -> Indices:
    order = _order(x, -1)
    last = order[..., -1:]
    spoiled = np.isnan(np.take_along_axis(x, last, -1))
    return np.where(spoiled, last, order[..., ranks])


# Where the elements of some ranks are, ``(..., n) -> (..., number of ranks)``; in a row with nan, where that is.
ranked = PiecewiseConstant("ranked", 1, _ranked, {"ranks": tuple})


def _nan_middle(x: Floats) -> Indices:
    count = np.add.reduce(np.equal(x, x), axis=-1, keepdims=True)
    middle = np.concatenate([np.maximum(count - 1, 0) // 2, np.minimum(count // 2, x.shape[-1] - 1)], -1)
    return np.take_along_axis(_order(x, -1), middle, -1)


# Where the two middle elements of those that are not nan are, ``(..., n) -> (..., 2)``; of nan where all are.
nan_middle = PiecewiseConstant("nan_middle", 1, _nan_middle)


def _dense_ranks(x: Floats) -> Indices:
    if x.ndim == 1:
        return np.unique(x, return_inverse=True)[1]
    ranks: Indices = np.apply_along_axis(_dense_ranks, -1, x)
    return ranks


# How many different elements are smaller, ``(..., n) -> (..., n)``.
dense_ranks = PiecewiseConstant("dense_ranks", 1, _dense_ranks)


def _searched(x: Floats, values: Floats, side: str) -> Indices:
    if x.ndim == 1:
        return np.searchsorted(x, values, "left" if side == "left" else "right")
    lanes = np.broadcast_shapes(x.shape[:-1], values.shape[:-1])
    rows = np.broadcast_to(x, (*lanes, x.shape[-1]))
    wanted = np.broadcast_to(values, (*lanes, values.shape[-1]))
    found = np.empty(wanted.shape, np.intp)
    for at in np.ndindex(lanes):
        found[at] = _searched(rows[at], wanted[at], side)
    return found


# Before which of the sorted elements others belong, ``(..., n), (..., m) -> (..., m)``.
searchsorted = PiecewiseConstant("searchsorted", 2, _searched, {"side": str})
