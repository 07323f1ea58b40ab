"""Cotangents: added up, each in the shape and the dtype of the value that it belongs to.

A rule may answer with the shape that its operand was broadcast to: `fitted` sums it back, here and nowhere else.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Final, TypeAlias, cast

import numpy as np

from tapegrad.arrays import Floats, FrozenIndex
from tapegrad.maps import shape_of, zeros_like
from tapegrad.ops.shape import add_at, astype, real, scatter, stack, sum_to
from tapegrad.primitive import Operand, Params, concrete
from tapegrad.variables import ArrayVar

_ARRAY: Final = np.ndarray  # the compiler keeps a Final in a pointer, and looks up an attribute of NumPy

__all__ = ["Parts", "accumulate", "add_part", "add_parts", "added", "fitted", "seeds_of", "settled"]

Parts: TypeAlias = dict[int, list[tuple[FrozenIndex, object]]]
"""What is yet to be added to some elements of the cotangent of a record."""


def settled(g: object, like: object = None) -> object:
    """A derivative as it is handed out: what is zero is 0.0, whether it was symbolic, 0.0 or -0.0.

    `like` is the value whose derivative it is, if that is an array.
    """
    if isinstance(like, (np.ndarray, ArrayVar)):
        if g is None:
            return zeros_like(like)
        return g.copy() if isinstance(g, np.ndarray) else g
    if g is None:
        return 0.0
    return g + 0.0 if isinstance(g, float) else g


def seeds_of(outputs: Sequence[int], cotangents: Sequence[object]) -> dict[int, object]:
    """The seeds of `pull_back` for these output records: a record that is returned twice gets the sum.

    >>> seeds_of((3, 5, 3), (1.0, None, 2.0))
    {3: 3.0, 5: None}
    """
    seeds: dict[int, object] = {}
    for index, g in zip(outputs, cotangents, strict=True):
        seeds[index] = added(seeds.get(index), g)
    return seeds


def added(sum_: object, term: object) -> object:
    """The sum of two cotangents, None being zero; those of a tuple are added by position."""
    if sum_ is None or term is None:
        return term if sum_ is None else sum_
    if isinstance(sum_, tuple) and isinstance(term, tuple):
        return tuple([added(x, y) for x, y in zip(sum_, term, strict=True)])
    return operator.add(sum_, term)


def fitted(term: object, x: object) -> object:
    """A cotangent, in the shape and dtype of the operand `x`: summed over the axes along which that was broadcast."""
    if type(term) is float and type(x) is float:
        return term
    if type(term) is _ARRAY and type(x) is _ARRAY and term.shape == x.shape and term.dtype is x.dtype:
        return term
    if term is None or isinstance(term, tuple):
        return term
    value, found = concrete(x), concrete(term)
    if not isinstance(value, np.ndarray):  # a number
        if isinstance(found, (np.ndarray, np.generic)):
            term = sum_to(term, ())
            if found.dtype.kind == "c":
                term = real(term)
            return float(cast(float, term)) if isinstance(term, (np.ndarray, np.generic)) else term
        return term
    if not isinstance(found, np.ndarray):
        term = np.broadcast_to(term, value.shape) if isinstance(term, float) else term
        found = np.asarray(found)
    if found.shape != value.shape:
        term = sum_to(term, value.shape)
        if np.shape(cast(Floats, concrete(term))) != value.shape:  # a number all elements of which were dropped
            return term
    if found.dtype != value.dtype and value.dtype.kind in "fc":
        if found.dtype.kind == "c" and value.dtype.kind == "f":
            term = real(term)
        if np.asarray(concrete(term)).dtype != value.dtype:
            term = astype(term, dtype=value.dtype.str)
    return np.asarray(term) if isinstance(term, (np.generic, complex)) else term


def accumulate(cotangents: list[object], index: int, own: set[int], term: object) -> None:
    """Add `term` to a cotangent: in place, if it is an array that was made by adding."""
    so_far = cotangents[index]
    if so_far is None:
        cotangents[index] = term
    elif isinstance(so_far, np.ndarray) and isinstance(term, np.ndarray):
        if index in own:
            np.add(so_far, term, out=so_far)
            return
        own.add(index)
        cotangents[index] = np.asarray(np.add(so_far, term))
    else:
        own.discard(index)
        cotangents[index] = added(so_far, term)


def add_part(
    cotangents: list[object], index: int, own: set[int], g: object, params: Params, x: object, parts: Parts
) -> None:
    """Add the cotangent of ``x[...]`` to that of `x`, in place: to read an array by its elements takes one array.

    Where it is traced further out, every such sum would be recorded: it is kept in `parts`, for `_add_parts`.
    """
    if np.asarray(concrete(x)).dtype.kind not in "fc":  # integers and booleans have no derivative
        return
    at = cast(FrozenIndex, params[0][1])
    so_far = cotangents[index]
    is_plain = isinstance(g, (float, np.ndarray)) and isinstance(x, np.ndarray)
    if not is_plain or isinstance(so_far, Operand):
        parts.setdefault(index, []).append((at, g))
        return
    if index not in own:
        array = cast(Floats, x)
        total: Floats = np.zeros(array.shape, array.dtype)
        if so_far is not None:
            total += cast(Floats, so_far)
        own.add(index)
        cotangents[index] = so_far = total
    add_at(cast(Floats, so_far), at, cast(Floats, g))


def add_parts(
    cotangents: list[object], index: int, own: set[int], parts: Sequence[tuple[FrozenIndex, object]], x: object
) -> None:
    """Add the cotangents of ``x[...]`` to that of `x`, all that are of single elements, or rows, at once."""
    shape = shape_of(x)
    places: dict[int, list[tuple[object, ...]]] = {}
    terms: dict[int, list[object]] = {}
    for at, g in parts:
        depth = len(at.index)
        if depth and all(isinstance(entry, int) for entry in at.index):
            places.setdefault(depth, []).append(at.index)
            terms.setdefault(depth, []).append(g)
        else:
            accumulate(cotangents, index, own, fitted(scatter(g, index=at, shape=shape), x))
    for depth, indices in places.items():
        columns = tuple(np.asarray(indices, np.intp).T)
        stacked = stack(*terms[depth], axis=depth - 1 - len(shape))
        accumulate(cotangents, index, own, fitted(scatter(stacked, index=FrozenIndex(columns), shape=shape), x))
