"""Operations on whole arrays, by the kind of rule that carries their derivative.

* `Linear`: of one operand; it is its own tangent map, and only the transpose is stated.
* `Joint`: linear in all operands together, as `concatenate`.
* `Multilinear`: linear in each operand while the others stand still, as `matmul`: one transpose for each.
* `General`: the pushforward is written out; reverse mode transposes it (see `tapegrad.pullback`).
* `Guided`: linear in its first operand, while the others, as indices, only say how and have no derivative.
* `PiecewiseConstant`: no derivative, as of positions, counts and orders.

Axes are stated from the end, as negative numbers. So further axes in front, which hold the lanes of `vmap`, are
nothing to most operations; an operation that states a shape or an index has a batch rule of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar, cast

import numpy as np

from tapegrad.arrays import Floats
from tapegrad.elementwise import aligned
from tapegrad.primitive import Operand, Params, Primitive, as_value, concrete, newest_recording
from tapegrad.typing import Static

__all__ = [
    "General", "Guided", "Joint", "Linear", "Multilinear", "PiecewiseConstant", "WholeArrays", "shape_of", "zeros_like",
]  # fmt: skip

T = TypeVar("T")

_NO_FACTS: Mapping[str, type] = MappingProxyType({})


def shape_of(x: object) -> tuple[int, ...]:
    """The shape of a number or an array, plain or traced."""
    value = concrete(x)
    return value.shape if isinstance(value, np.ndarray) else ()


def zeros_like(x: object) -> object:
    """Zero, of the shape and dtype of `x`, which may be traced; 0.0 for a float."""
    value = concrete(x)
    return np.zeros_like(value) if isinstance(value, np.ndarray) else 0.0


class WholeArrays(Primitive):
    """An operation ``compute(*operands, **facts)`` on arrays."""

    def __init__(
        self,
        name: str,
        arity: int | None,
        compute: Callable[..., object],
        facts: Mapping[str, type] = _NO_FACTS,
        batched: Callable[..., object] | None = None,
    ) -> None:
        super().__init__(name, arity, facts)
        self.compute = compute
        self.batched = batched  # batched(size, *operands, **facts), every operand with lanes as its first axis

    def __call__(self, x: T, /, *others: object, **facts: Static) -> T:  # type: ignore[override]  # of facts too
        """Apply it; to the type checker the value is what the first operand is."""
        return cast(T, self.evaluate((x, *others), tuple(facts.items())))

    def evaluate(self, operands: Sequence[object], params: Params) -> object:
        recording = newest_recording(operands)
        if recording is not None:
            return recording.record(self, operands, params)
        values = [as_value(operand) for operand in operands]
        return self.compute(*values, **dict(params)) if params else self.compute(*values)

    def batch(self, operands: Sequence[object], lanes: Sequence[bool], size: int, params: Params) -> object:
        if self.batched is not None:
            return self.batched(size, *_all_with_lanes(operands, lanes, size), **dict(params))
        return self.evaluate(aligned(operands, lanes), params)


def _all_with_lanes(operands: Sequence[object], lanes: Sequence[bool], size: int) -> list[object]:
    """`operands`, where one without lanes is the same in each."""
    every: list[object] = []
    for x, has_lanes in zip(operands, lanes, strict=True):
        if has_lanes:
            every.append(x)
        elif isinstance(x, Operand):
            every.append(x.broadcast_to((size, *shape_of(x))))  # type: ignore[attr-defined]
        else:
            every.append(np.broadcast_to(cast(Floats, x), (size, *shape_of(x))))
    return every


class Linear(WholeArrays):
    """A linear map of one operand: ``transpose(g, x, **facts)``, where `x` tells its shape and dtype."""

    def __init__(
        self,
        name: str,
        apply: Callable[..., object],
        transpose: Callable[..., object],
        facts: Mapping[str, type] = _NO_FACTS,
        batched: Callable[..., object] | None = None,
    ) -> None:
        super().__init__(name, 1, apply, facts, batched)
        self.transpose = transpose

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        del out, operands
        return self.evaluate((tangents[0],), params)

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del out, wanted  # the one there is
        return {0: self.transpose(g, operands[0], **dict(params))}


class Guided(WholeArrays):
    """A linear map of its first operand: ``transpose(g, *operands, **facts)``. The others have no derivative."""

    def __init__(
        self,
        name: str,
        arity: int,
        apply: Callable[..., object],
        transpose: Callable[..., object],
        facts: Mapping[str, type] = _NO_FACTS,
        batched: Callable[..., object] | None = None,
    ) -> None:
        super().__init__(name, arity, apply, facts, batched)
        self.transpose = transpose

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        del out
        return self.evaluate((tangents[0], *operands[1:]), params) if 0 in tangents else None

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del out
        return {0: self.transpose(g, *operands, **dict(params))} if 0 in wanted else {}


class Joint(WholeArrays):
    """A linear map of all operands together: ``transpose(g, operands, **facts)`` gives a cotangent for each."""

    def __init__(
        self,
        name: str,
        apply: Callable[..., object],
        transpose: Callable[..., Sequence[object]],
        facts: Mapping[str, type] = _NO_FACTS,
        batched: Callable[..., object] | None = None,
    ) -> None:
        super().__init__(name, None, apply, facts, batched)
        self.transpose = transpose

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        del out
        moved = [tangents[i] if i in tangents else zeros_like(x) for i, x in enumerate(operands)]
        return self.evaluate(moved, params)

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del out
        pulled = self.transpose(g, operands, **dict(params))
        return {position: pulled[position] for position in wanted}


class Multilinear(WholeArrays):
    """A map that is linear in each operand: ``transposes[position](g, *operands, **facts)``."""

    def __init__(
        self,
        name: str,
        apply: Callable[..., object],
        transposes: Sequence[Callable[..., object]],
        facts: Mapping[str, type] = _NO_FACTS,
        batched: Callable[..., object] | None = None,
    ) -> None:
        super().__init__(name, len(transposes), apply, facts, batched)
        self.transposes = transposes

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        del out
        total: object = None
        for position, t in tangents.items():
            term = self.evaluate([t if i == position else x for i, x in enumerate(operands)], params)
            total = term if total is None else total + term  # type: ignore[operator]
        return total

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del out
        facts = dict(params)
        return {position: self.transposes[position](g, *operands, **facts) for position in wanted}


class General(WholeArrays):
    """Any function of arrays: ``pushforward(tangents, out, *operands, **facts)`` is the tangent of its value.

    ``tangents`` are by position; absent ones are zero. A value that is a tuple has a tuple of tangents.
    """

    def __init__(
        self,
        name: str,
        arity: int,
        compute: Callable[..., object],
        pushforward: Callable[..., object],
        facts: Mapping[str, type] = _NO_FACTS,
        batched: Callable[..., object] | None = None,
    ) -> None:
        super().__init__(name, arity, compute, facts, batched)
        self.pushforward = pushforward

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        return self.pushforward(tangents, out, *operands, **dict(params))

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del g, out, operands, params, wanted
        msg = f"{self.name} states its pushforward only; `tapegrad.pullback.pulled` transposes that"
        raise TypeError(msg)


class PiecewiseConstant(WholeArrays):
    """A function of arrays that jumps and is flat in between: its derivative is zero."""

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> None:
        del tangents, out, operands, params

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del g, out, operands, params, wanted
        return {}
