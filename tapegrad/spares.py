"""Large arrays that nobody needs any more, kept for the next that has their shape.

Fresh memory costs a page fault for every 4 kB, which takes longer than most operations on it. A step of a training
makes the same arrays as the step before. An array is taken back only if nothing else refers to it, nor to a view of
it, which CPython's count of references says; and no more of a shape than have been asked for in vain.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["SMALLEST", "clear", "computed", "give_back", "kept_bytes", "take"]

_Array = npt.NDArray[np.generic]

SMALLEST: Final = 1 << 15  # bytes; smaller arrays come from memory that the process has at hand
_MOST_BYTES: Final = 1 << 26  # of all that are kept
_MOST_SHAPES: Final = 64

_Strides = tuple[int, ...] | None
_Form = tuple[tuple[int, ...], np.dtype[np.generic], _Strides]
"""Shape, dtype and, where the order of the axes in memory is not that of the shape, the strides."""

_kept: Final[dict[_Form, list[_Array]]] = {}
_missed: Final[dict[_Form, int]] = {}  # how often there was none
_bytes: Final = [0]  # how much is kept, about: threads may count past each other


def take(shape: tuple[int, ...], dtype: np.dtype[np.generic], strides: _Strides = None) -> _Array | None:
    """An array of that form, whatever its elements are; None if there is none."""
    form = (shape, dtype, strides)
    try:
        spare = _kept[form].pop()
    except (KeyError, IndexError):
        if len(_missed) > _MOST_SHAPES:
            clear()
        _missed[form] = _missed.get(form, 0) + 1
        return None
    _bytes[0] -= spare.nbytes
    return spare


def _references(arrays: list[_Array]) -> int:
    """How many references CPython counts to the last of `arrays`."""
    x = arrays[-1]
    return sys.getrefcount(x)


_ALONE: Final = _references([np.empty(0)])  # it differs between versions of CPython


def give_back(arrays: list[_Array]) -> None:
    """Take back those of `arrays` that nothing but this list refers to. The list is empty afterwards.

    Of a view of all of an array, such as its transpose, it is that array.
    """
    while arrays:
        alone = _references(arrays) <= _ALONE
        x = arrays.pop()
        if not alone or x.nbytes < SMALLEST or type(x) is not np.ndarray:
            continue
        if not x.flags.owndata:
            owner = x.base
            if type(owner) is np.ndarray and owner.flags.owndata and owner.nbytes == x.nbytes:
                del x
                whole = [owner]
                del owner
                give_back(whole)
            continue
        form = (x.shape, x.dtype, _strides(x))
        if len(_kept.get(form, ())) >= _missed.get(form, 0):
            continue
        if _bytes[0] + x.nbytes > _MOST_BYTES:
            clear()
            continue
        x.flags.writeable = True
        _bytes[0] += x.nbytes
        _kept.setdefault(form, []).append(x)


def _strides(x: _Array) -> _Strides:
    return None if x.flags.c_contiguous else x.strides


def clear() -> None:
    """Let go of all that is kept."""
    _kept.clear()
    _missed.clear()
    _bytes[0] = 0


def kept_bytes() -> int:
    """How much memory is kept, in bytes."""
    return _bytes[0]


def computed(ufunc: Callable[..., object], operands: tuple[object, ...]) -> object:
    """``ufunc(*operands)``, in the memory of a spare array if there is one that fits.

    Its axes have the order in memory that NumPy would have given them: that of the operands, where they agree.
    """
    arrays = [x for x in operands if isinstance(x, np.ndarray)]
    first = arrays[0]
    if all(x.dtype == first.dtype for x in arrays) and first.dtype.kind == "f":
        shape = first.shape if len(arrays) == 1 else np.broadcast_shapes(*[x.shape for x in arrays])
        orders = {_strides(x) for x in arrays if x.shape == shape}
        if len(orders) == 1:
            spare = take(shape, first.dtype, *orders)
            if spare is not None:
                return ufunc(*operands, out=spare)
    return ufunc(*operands)
