"""Windows that slide over the last axes of an array: the sum and the largest of each, and the transposes.

Facts: `window` and `strides`, one number for each axis of space; `padding`, how much before and behind in each. Axes in
front, as those of a batch, of channels or of the lanes of `vmap`, are kept. Nothing loops over places: the elements
that lie under one element of the window, at all places, are a strided view.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from itertools import product
from types import EllipsisType
from typing import Final, TypeAlias, cast

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad.arrays import Floats
from tapegrad.maps import Guided, Linear, WholeArrays, shape_of
from tapegrad.primitive import Params
from tapegrad.typing import Static

__all__ = ["Pairs", "Shape", "Sliding", "largest_of_windows", "sliding", "sum_of_windows"]

Shape: TypeAlias = tuple[int, ...]
Pairs: TypeAlias = tuple[tuple[int, int], ...]


Along: TypeAlias = tuple[slice, ...]
_Mask: TypeAlias = npt.NDArray[np.bool_]


def _last(along: Along) -> tuple[EllipsisType | slice, ...]:
    """The index of the last axes."""
    return (..., *along)


@attrs.frozen
class Sliding:
    """A window that slides over a space; `dilation` is how far its elements are apart. Made by `sliding`."""

    space: Shape
    window: Shape
    strides: Shape
    padding: Pairs
    dilation: Shape
    padded: Shape = attrs.field(init=False)
    inside: Along = attrs.field(init=False)  # where the space is in the padded one
    places: Shape = attrs.field(init=False)  # how many the window takes; none where it is larger than the padded space
    under: tuple[Along, ...] = attrs.field(init=False)  # where each element of the window lies on the padded space

    @padded.default
    def _padded(self) -> Shape:
        return tuple(length + sum(both) for length, both in zip(self.space, self.padding, strict=True))

    @inside.default
    def _inside(self) -> Along:
        return tuple(slice(b, b + length) for length, (b, _) in zip(self.space, self.padding, strict=True))

    @places.default
    def _places(self) -> Shape:
        spans = (far * (length - 1) + 1 for length, far in zip(self.window, self.dilation, strict=True))
        along = zip(self.padded, spans, self.strides, strict=True)
        return tuple(max(0, (length - span) // stride + 1) for length, span, stride in along)

    @under.default
    def _under(self) -> tuple[Along, ...]:
        return tuple(self._met_by(at) for at in product(*map(range, self.window)))

    def _met_by(self, at: Shape) -> Along:
        starts = (far * i for far, i in zip(self.dilation, at, strict=True))
        along = zip(starts, self.strides, self.places, strict=True)
        return tuple(slice(start, start + stride * count, stride) for start, stride, count in along)

    def cut(self, x: Floats, fill: float) -> list[Floats]:
        """For each element of the window, what lies under it at all places: views ``(..., *places)``."""
        padded = x
        if self.padded != self.space:
            padded = np.full_like(x, fill, shape=(*x.shape[: -len(self.space)], *self.padded))
            padded[_last(self.inside)] = x
        return [padded[_last(under)] for under in self.under]

    def add_up(self, terms: Sequence[Floats]) -> Floats:
        """The transpose of `cut`: each term added where it was cut, ``(..., *places) -> (..., *space)``."""
        like = terms[0]
        total: Floats = np.zeros_like(like, shape=(*like.shape[: -len(self.space)], *self.padded))
        for under, term in zip(self.under, terms, strict=True):
            part = total[_last(under)]
            np.add(part, term, out=part)
        inside: Floats = total[_last(self.inside)]
        return inside


@functools.lru_cache(maxsize=256)
def sliding(space: Shape, window: Shape, strides: Shape, padding: Pairs, dilation: Shape) -> Sliding:
    """The geometry of a window, worked out once: a network meets the same in every step."""
    return Sliding(space, window, strides, padding, dilation)


def _close(space: Shape, window: Shape, strides: Shape, padding: Pairs) -> Sliding:
    """As `sliding`, for windows without gaps."""
    return sliding(space, window, strides, padding, (1,) * len(window))


_FACTS: Final[dict[str, type]] = {"window": tuple, "strides": tuple, "padding": tuple}


def _over(x: object, window: Shape) -> Shape:
    """The space that the window slides over: the last axes."""
    return shape_of(x)[-len(window) :]


# ---- the sum of each ----------------------------------------------------------------------------


def _summed(x: Floats, window: Shape, strides: Shape, padding: Pairs) -> Floats:
    first, *others = _close(_over(x, window), window, strides, padding).cut(x, 0.0)
    total = first.copy(order="K")
    for part in others:
        total += part
    return total


def _shared_out(g: Floats, space: Shape, window: Shape, strides: Shape, padding: Pairs) -> Floats:
    return _close(space, window, strides, padding).add_up([g] * math.prod(window))


# (..., *space) -> (..., *places)
sum_of_windows: Linear = Linear(
    "sum_of_windows",
    _summed,
    lambda g, x, window, **facts: _to_windows(g, space=_over(x, window), window=window, **facts),
    _FACTS,
)

# To every element of a window what belongs to the window, added up where windows overlap.
_to_windows: Linear = Linear(
    "to_windows",
    _shared_out,
    lambda t, g, space, **facts: sum_of_windows(t, **facts),
    {"space": tuple, **_FACTS},
)

# ---- the largest of each ------------------------------------------------------------------------


def _largest(x: Floats, window: Shape, strides: Shape, padding: Pairs) -> Floats:
    first, *others = _close(_over(x, window), window, strides, padding).cut(x, -np.inf)
    out = first.copy(order="K")
    for part in others:
        np.maximum(out, part, out=out)
    return out


def _winners(x: Floats, out: Floats, window: Sliding) -> tuple[list[_Mask], Floats]:
    """For each element of the window, where it is the largest; and how many elements are, at each place."""
    parts = window.cut(x, -np.inf)
    chosen = [np.equal(part, out) for part in parts]
    if window.padded != window.space and np.isneginf(out).any():  # what is outside has no share
        inside = window.cut(np.ones(window.space), 0.0)
        chosen = [mask & (part > 0.0) for mask, part in zip(chosen, inside, strict=True)]
    counts = _counted(chosen)
    if not counts.all():  # nan: it equals nothing, and belongs to those that are nan
        chosen = [mask | (np.isnan(part) & np.isnan(out)) for mask, part in zip(chosen, parts, strict=True)]
        counts = _counted(chosen)
    return chosen, counts.astype(x.dtype)


def _counted(masks: Sequence[_Mask]) -> npt.NDArray[np.intp]:
    """How many are true. They keep their order in memory, which a sum over a new axis would not."""
    total = np.zeros_like(masks[0], dtype=np.intp)
    for mask in masks:
        total += mask
    return total


def _chosen(numbers: Floats, masks: Sequence[_Mask]) -> list[Floats]:
    """The numbers that each mask chooses, and zero for the others, also where a number is not finite."""
    if np.isfinite(numbers).all():
        return [np.multiply(numbers, mask) for mask in masks]  # several times as fast
    return [np.where(mask, numbers, 0.0) for mask in masks]


def _taken(t: Floats, x: Floats, out: Floats, window: Shape, strides: Shape, padding: Pairs) -> Floats:
    over = _close(_over(x, window), window, strides, padding)
    masks, counts = _winners(x, out, over)
    terms = [np.where(mask, part, 0.0) for mask, part in zip(masks, over.cut(t, 0.0), strict=True)]
    mean: Floats = np.add.reduce(terms, axis=0, dtype=t.dtype) / counts
    return mean


def _given(g: Floats, x: Floats, out: Floats, window: Shape, strides: Shape, padding: Pairs) -> Floats:
    over = _close(_over(x, window), window, strides, padding)
    masks, counts = _winners(x, out, over)
    # In the order of memory that x has, which another order of g would upset: what follows is several times as fast.
    shared = np.divide(g, counts, out=np.empty_like(counts)) if g.shape == counts.shape else g / counts
    return over.add_up(_chosen(shared, masks))


# Of the elements of each window of `t`, the mean of those that are the largest of `x`. (..., *space) -> (..., *places)
_of_largest: Guided = Guided(
    "of_largest",
    3,
    _taken,
    lambda g, t, x, out, **facts: _to_largest(g, x, out, **facts),
    _FACTS,
)

# Its transpose: equal shares for those that are the largest. (..., *places) -> (..., *space)
_to_largest: Guided = Guided(
    "to_largest",
    3,
    _given,
    lambda t, g, x, out, **facts: _of_largest(t, x, out, **facts),
    _FACTS,
)


class _LargestOfWindows(WholeArrays):
    """Equal elements share the derivative, as in ``max``; the space is taken to be -inf outside."""

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        facts = cast(dict[str, Static], dict(params))
        return _of_largest(tangents[0], operands[0], out, **facts)

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del wanted  # the one there is
        facts = cast(dict[str, Static], dict(params))
        return {0: _to_largest(g, operands[0], out, **facts)}


# (..., *space) -> (..., *places)
largest_of_windows = _LargestOfWindows("largest_of_windows", 1, _largest, _FACTS)
