"""Parts of arrays: chosen by conditions, taken by indices, put into copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeVar, cast, overload

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad.arrays import AnyArray, FrozenIndex
from tapegrad.maps import shape_of
from tapegrad.masks import observe, symbolic
from tapegrad.numpy import joining
from tapegrad.numpy.shapes import broadcast_to, ravel
from tapegrad.numpy.signatures import ArrayLike, Numbers, answers, holds_traced, operand, shaping
from tapegrad.ops import shape as moves
from tapegrad.ops.gather import flat_indices, take_along
from tapegrad.ops.selection import maximum, minimum
from tapegrad.ops.shape import from_the_end
from tapegrad.primitive import Operand, concrete
from tapegrad.typing import TracedT
from tapegrad.variables import Array, ArrayVar, Var, symbolic_index, traced_index

__all__ = [
    "argwhere", "at", "choose", "clip", "compress", "extract", "flatnonzero", "nonzero", "select", "take",
    "take_along_axis", "where",
]  # fmt: skip

Kind = TypeVar("Kind", bound=np.generic)
Indices: TypeAlias = int | Sequence[int] | npt.NDArray[np.integer] | Var
Places: TypeAlias = npt.NDArray[np.intp]

# ---- by conditions ------------------------------------------------------------------------------


@overload
def where(condition: object) -> tuple[Places, ...]: ...
@overload
def where(condition: bool, x: float, y: float) -> float: ...
@overload
def where(condition: bool, x: TracedT, y: float | TracedT) -> float | TracedT: ...
@overload
def where(condition: bool, x: float | TracedT, y: float | TracedT) -> float | TracedT: ...
@overload
def where(condition: bool, x: npt.NDArray[Kind], y: npt.NDArray[Kind] | float) -> npt.NDArray[Kind]: ...
@overload
def where(condition: bool, x: float, y: npt.NDArray[Kind]) -> npt.NDArray[Kind]: ...
@overload
def where(condition: AnyArray, x: Var, y: ArrayLike) -> ArrayVar: ...
@overload
def where(condition: AnyArray, x: ArrayLike, y: Var) -> ArrayVar: ...
@overload
def where(condition: AnyArray, x: float, y: float) -> npt.NDArray[np.float64]: ...
@overload
def where(condition: AnyArray, x: npt.NDArray[Kind], y: npt.NDArray[Kind] | float) -> npt.NDArray[Kind]: ...
@overload
def where(condition: AnyArray, x: float, y: npt.NDArray[Kind]) -> npt.NDArray[Kind]: ...
@answers(np.where)
def where(condition: object, x: object = None, y: object = None) -> object:
    """x where the condition holds, else y, element by element; they broadcast. Without x and y as `nonzero`.

    The other one does not take part: it may be nan, and its derivative is exactly zero. Of arrays, a replay at other
    inputs asks again; if the condition is one bool that came from comparing traced numbers, that comparison stands on
    the tape as a guard.
    """
    return nonzero(condition) if x is None and y is None else _chosen(condition, x, y)


def _chosen(condition: object, x: object, y: object) -> object:
    asked = _condition(condition)
    if isinstance(asked, bool) and not _has_axes(x) and not _has_axes(y):
        return _promoted(x if asked else y, concrete(x), concrete(y))
    return moves.select(asked if isinstance(asked, Operand) else np.asarray(asked), operand(x), operand(y))


def _promoted(taken: object, x: object, y: object) -> object:
    """The one of two numbers that was taken, in the dtype that both of them give: float32 beside a float."""
    if not isinstance(x, np.ndarray) and not isinstance(y, np.ndarray):
        return taken
    dtype = np.result_type(x, y)  # type: ignore[arg-type]  # two numbers
    if np.asarray(concrete(taken)).dtype == dtype:
        return taken
    return moves.astype(taken if isinstance(taken, Operand) else np.asarray(taken), dtype=dtype.str)


def _condition(condition: object) -> object:
    """A bool of Python, for one answer; an array of them, or the variable it comes from."""
    if isinstance(condition, (list, tuple)):
        return operand(condition)
    asked = symbolic(condition)
    return asked if _has_axes(asked) or isinstance(asked, np.ndarray) else bool(asked)


def _has_axes(x: object) -> bool:
    return bool(shape_of(symbolic(x))) or isinstance(x, (list, tuple))


@answers(np.nonzero)
def nonzero(x: object) -> tuple[Places, ...]:
    """Where the elements are not zero, as plain indices, one array for each axis; the tape notes what was seen."""
    return _seen_truth(x).nonzero()


def _seen_truth(x: object) -> npt.NDArray[np.bool_]:
    """Which elements are not zero: that alone is noted on the tape, and not the numbers."""
    asked: object = operand(x)
    if isinstance(asked, ArrayVar) and asked.dtype != bool:
        asked = symbolic(asked != 0.0)
    return np.asarray(observe(asked), np.bool_)


@answers(np.argwhere)
def argwhere(x: object) -> Places:
    """Where the elements are not zero, one row for each: ``(count, ndim)``."""
    return np.argwhere(_seen_truth(x))


@answers(np.flatnonzero)
def flatnonzero(x: object) -> Places:
    """Where the elements of the flattened array are not zero."""
    return np.flatnonzero(_seen_truth(x))


@answers(np.select)
def select(condlist: Sequence[object], choicelist: Sequence[ArrayLike], default: ArrayLike = 0.0) -> Array:
    """The choice of the first condition that holds, element by element; else `default`."""
    if len(condlist) != len(choicelist) or not condlist:
        msg = f"select needs one choice for each condition, not {len(choicelist)} for {len(condlist)}"
        raise ValueError(msg)
    chosen: object = operand(default)
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        chosen = _chosen(condition, choice, chosen)
    return cast(Array, chosen)


@overload
def clip(
    x: float,
    a_min: float | None = None,
    a_max: float | None = None,
    *,
    min: float | None = None,
    max: float | None = None,
) -> float: ...
@overload
def clip(
    x: TracedT,
    a_min: ArrayLike | TracedT | None = None,
    a_max: ArrayLike | TracedT | None = None,
    *,
    min: ArrayLike | TracedT | None = None,
    max: ArrayLike | TracedT | None = None,
) -> TracedT: ...
@overload
def clip(
    x: float | TracedT,
    a_min: float | TracedT | None = None,
    a_max: float | TracedT | None = None,
    *,
    min: float | TracedT | None = None,
    max: float | TracedT | None = None,
) -> float | TracedT: ...
@overload
def clip(
    x: npt.NDArray[Kind],
    a_min: npt.NDArray[Kind] | float | Numbers | None = None,
    a_max: npt.NDArray[Kind] | float | Numbers | None = None,
    *,
    min: npt.NDArray[Kind] | float | Numbers | None = None,
    max: npt.NDArray[Kind] | float | Numbers | None = None,
) -> npt.NDArray[Kind]: ...
@answers(np.clip)
def clip(x: object, a_min: object = None, a_max: object = None, *, min: object = None, max: object = None) -> object:
    """x, but at least `a_min` and at most `a_max`; at a limit half of the derivative passes.

    The limits may be arrays that broadcast, traced, or None for no limit. NumPy has the second names `min` and `max`.
    """
    low, high = min if a_min is None else a_min, max if a_max is None else a_max
    clipped = operand(x)
    if low is not None:
        clipped = maximum(clipped, operand(low))
    if high is not None:
        clipped = minimum(clipped, operand(high))
    return clipped


@answers(np.compress)
def compress(condition: object, x: ArrayLike, axis: int | None = None) -> Array:
    """The places along `axis` at which a condition holds, which the tape notes."""
    return take(operand(x), np.flatnonzero(_seen_truth(condition)), axis)


@answers(np.extract)
def extract(condition: object, x: ArrayLike) -> Array:
    """The elements at which a condition holds, in one axis."""
    return take(operand(x), np.flatnonzero(_seen_truth(condition)))


# ---- by indices ---------------------------------------------------------------------------------


def _refuse_mode(mode: str, name: str) -> None:
    if mode != "raise":
        cures = {"clip": "np.clip(indices, 0, length - 1)", "wrap": "indices % length"}
        msg = f"{name}: the mode {mode!r} is not supported, only 'raise'; write {cures.get(mode, 'indices in range')}"
        raise ValueError(msg)


@shaping(np.take)
def take(x: Var, indices: Indices, axis: int | None = None, mode: str = "raise") -> Var:
    """The parts of `x` at `indices` along `axis`, in the shape of `indices`; of the flattened `x` if that is None.

    Traced integers stay on the tape: a replay at other inputs takes other parts. Raises IndexError for an index that
    is out of bounds, ValueError for a mode other than "raise".
    """
    _refuse_mode(mode, "take")
    if axis is None:
        x, axis = cast(Var, ravel(x)), 0
    (place,) = from_the_end(axis, len(shape_of(x)))
    wanted = symbolic(indices)
    if isinstance(wanted, Operand):
        return _taken(x, wanted, place)
    return moves.take_index(x, index=FrozenIndex((Ellipsis, wanted, *(slice(None),) * (-place - 1))))


def _integers(indices: object, name: str) -> object:
    """`indices`, traced or plain. Raises IndexError unless they are integers."""
    wanted = symbolic(indices)
    wanted = wanted if isinstance(wanted, Operand) else np.asarray(wanted)
    dtype = np.asarray(concrete(wanted)).dtype
    if dtype.kind not in "iu":
        msg = f"{name}: the indices must be integers, not {dtype}; see x.astype(int)"
        raise IndexError(msg)
    return wanted


def _taken(x: Var, indices: Operand, place: int) -> Var:
    """`take` at integers that are on the tape."""
    _integers(indices, "take")
    ndim, wanted = len(shape_of(x)), shape_of(indices)
    first = ndim + place
    last = moves.transpose(x, axes=(*range(first), *range(first + 1, ndim), first))
    flat = moves.reshape(cast(Var, indices), shape=(1,) * (ndim - 1) + (-1,))
    parts = take_along(last, flat, axis=-1)
    parts = moves.reshape(parts, shape=(*shape_of(parts)[:-1], *wanted))
    new = range(ndim - 1, ndim - 1 + len(wanted))
    return moves.transpose(parts, axes=(*range(first), *new, *range(first, ndim - 1)))


@answers(None)
def at_indices(x: Var, indices: Sequence[object]) -> Var:
    """``x[i, j, ...]``, where each is an integer or an array of them, and some are on the tape."""
    shape = shape_of(x)
    count = len(indices)
    if count > len(shape):
        msg = f"{count} indices are too many for an array of shape {shape}"
        raise IndexError(msg)
    places = flat_indices(*[_integers(index, "an index") for index in indices], shape=shape[:count])
    return cast(Var, take(moves.reshape(x, shape=(-1, *shape[count:])), cast(Var, places), 0))


@shaping(np.take_along_axis)
def take_along_axis(x: Var, indices: npt.NDArray[np.integer] | Var, axis: int | None = -1) -> Var:
    """For each place along the other axes, the elements at its own indices along `axis`; as `argsort` gives them.

    The other axes of `x` and `indices` broadcast. Raises ValueError if they have different numbers of axes.
    """
    places = _integers(indices, "take_along_axis")
    if axis is None:
        x, axis = cast(Var, ravel(x)), -1
    if len(shape_of(x)) != len(shape_of(places)):
        msg = f"take_along_axis: indices of shape {shape_of(places)} have not as many axes as x of {shape_of(x)}"
        raise ValueError(msg)
    (place,) = from_the_end(axis, len(shape_of(x)))
    return take_along(x, places, axis=place)


@answers(np.choose)
def choose(a: Indices, choices: Sequence[ArrayLike], mode: str = "raise") -> Array:
    """Element by element that of the choice which `a` numbers; everything broadcasts."""
    _refuse_mode(mode, "choose")
    numbers = cast(Var, _integers(a, "choose"))
    operands = [operand(choice) for choice in choices]
    shape = np.broadcast_shapes(shape_of(numbers), *map(shape_of, operands))
    stacked = joining.stack([cast(Var, broadcast_to(x, shape)) for x in operands])
    which = moves.reshape(cast(Var, broadcast_to(numbers, shape)), shape=(1, *shape))
    chosen = take_along(cast(Var, stacked), which, axis=-1 - len(shape))
    return cast(Array, moves.reshape(chosen, shape=shape))


# ---- put into copies ----------------------------------------------------------------------------


@attrs.frozen(eq=False)
class At:
    """``at(x)[index]`` is a part of `x`, of which a changed copy can be made."""

    x: object

    def __getitem__(self, index: object) -> Part:
        return Part(self.x, index)


@attrs.frozen(eq=False)
class Part:
    """Part of an array, and what a copy may have in its place. Values broadcast to the shape of the part."""

    x: object
    index: object

    def get(self) -> Array:
        """The part itself."""
        x, index = cast(Var, self.x), self.index
        if traced_index(index):
            return cast(Array, at_indices(x, index if isinstance(index, tuple) else (index,)))
        return cast(Array, moves.take_index(x, index=FrozenIndex(symbolic_index(index))))

    def set(self, values: ArrayLike) -> Array:
        """With `values` there; the last of them, where an element is named twice."""
        if self._is_asked():
            return cast(Array, _chosen(self.index, values, self.x))
        x, added, index = self._fitting(values)
        return cast(Array, moves.put(x, added, index=index))

    def add(self, values: ArrayLike) -> Array:
        """With `values` added there, as often as an element is named."""
        if self._is_asked():
            return cast(Array, _chosen(self.index, cast(Var, self.x) + operand(values), self.x))
        x, added, index = self._fitting(values)
        return cast(Array, x + moves.scatter(added, index=index, shape=shape_of(x)))

    def multiply(self, values: ArrayLike) -> Array:
        """With `values` multiplied there, as often as an element is named."""
        if self._is_asked():
            return cast(Array, _chosen(self.index, cast(Var, self.x) * operand(values), self.x))
        x, factors, index = self._fitting(values)
        shape = shape_of(x)
        places = np.arange(np.prod(shape, dtype=int)).reshape(shape)[index.index].reshape(-1)  # type: ignore[index]
        flat, factors = cast(Var, ravel(x)), cast(Var, ravel(factors))
        for turn in _turns(places):  # in each of which no element is named twice
            there, theirs = FrozenIndex(places[turn]), FrozenIndex(turn)
            product = moves.take_index(flat, index=there) * moves.take_index(factors, index=theirs)
            flat = moves.put(flat, product, index=there)
        return cast(Array, moves.reshape(flat, shape=shape))

    def _is_asked(self) -> bool:
        """Whether the index is a condition on the tape, for each element: then no shape depends on its outcome."""
        asked = symbolic(self.index)
        return isinstance(asked, Operand) and asked is not self.index and shape_of(asked) == shape_of(self.x)

    def _fitting(self, values: ArrayLike) -> tuple[Var, Var, FrozenIndex]:
        """The array, the values in the shape of the part, both of one dtype, and the index."""
        x = operand(self.x)
        added = cast(Var, operand(values) if holds_traced(values) else np.asarray(values))
        index = FrozenIndex(symbolic_index(self.index))
        held, given = np.asarray(concrete(x)), np.asarray(concrete(added))
        shape = held[index.index].shape  # type: ignore[index]  # nor None and Ellipsis
        dtype = held.dtype if np.can_cast(given.dtype, held.dtype, "same_kind") else np.result_type(held, given)
        if held.dtype != dtype:
            x = moves.astype(x, dtype=dtype.str)
        if given.dtype != dtype:
            added = moves.astype(added, dtype=dtype.str)
        return x, cast(Var, broadcast_to(added, shape)), index


def _turns(places: Places) -> list[Places]:
    """Positions in `places`, in turns: the first time each place is named, the second ..."""
    order = np.argsort(places, kind="stable")
    ranked = places[order]
    starts = np.searchsorted(ranked, ranked)
    turns = np.empty(places.size, np.intp)
    turns[order] = np.arange(places.size) - starts
    return [np.flatnonzero(turns == turn) for turn in range(int(turns.max(initial=-1)) + 1)]


@answers(None)
def at(x: ArrayLike) -> At:
    """Changed copies of an array: ``at(x)[index].set(values)``, ``.add(values)``, ``.multiply(values)``; or ``.get()``.

    A traced array has it as a property, ``x.at[index]``. Nothing is mutated.
    """
    return At(operand(x))
