"""Calls on the tape: a Python function with a derivative of its own, as one record.

`tapegrad.custom` and `tapegrad.checkpoint` put a function on the tape without unfolding it. The record keeps a
`Subcall`, which knows the value, the pushforward and the pullback at given operands. A call with one
result has that number or array as its value; one with several has a tuple, and ``item`` records take it apart.

In lanes such a call is one call still, of `InLanes`, so that its own derivative holds there too.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import attrs
import numpy as np

from tapegrad import tree
from tapegrad.arrays import FrozenArray, frozen
from tapegrad.cotangents import seeds_of
from tapegrad.errors import CaptureError
from tapegrad.maps import shape_of
from tapegrad.masks import symbolic
from tapegrad.ops.shape import sum_axes
from tapegrad.ops.structural import item
from tapegrad.primitive import Params, Primitive, concrete
from tapegrad.recorder import Recorder, recorder_of
from tapegrad.reverse import cotangents_of
from tapegrad.trace import record
from tapegrad.tree import Structure
from tapegrad.variables import Var
from tapegrad.vmap import batched_calls

__all__ = ["Call", "CallArguments", "InLanes", "Subcall", "attach_outputs", "innermost", "transpose", "zero"]


class Subcall:
    """What a call record keeps: a pure function of its operands, and its derivatives."""

    __slots__ = ()
    function: Callable[..., object]

    def __str__(self) -> str:
        return getattr(self.function, "__name__", "function")

    @abstractmethod
    def results(self, operands: Sequence[object]) -> list[object]:
        """The numbers and arrays that the function returns at `operands`."""

    @abstractmethod
    def unfolded(self, operands: Sequence[object]) -> list[object]:
        """As `results`, by the operations of the function: of traced operands these are recorded, and not a call."""

    @abstractmethod
    def push(self, tangents: Mapping[int, object], operands: Sequence[object]) -> list[object]:
        """The tangent of each result; absent tangents, and None, are zero."""

    @abstractmethod
    def pull(self, gs: Sequence[object], operands: Sequence[object]) -> list[object]:
        """The cotangent of each operand, given one for each result; None is zero."""


class Call(Primitive):
    """The operation of a call record; its parameter ``call`` is the `Subcall`.

    One that `unfolds` may be replaced by the operations of the function, which have the same derivative.
    """

    def __init__(self, name: str, unfolds: bool = False) -> None:
        super().__init__(name, None, {"call": Subcall})
        self.unfolds = unfolds

    def evaluate(self, operands: Sequence[object], params: Params) -> object:
        results = _subcall(params).results(operands)
        return results[0] if len(results) == 1 else tuple(results)

    def batch(self, operands: Sequence[object], lanes: Sequence[bool], size: int, params: Params) -> object:
        results = InLanes(_subcall(params), self, tuple(lanes), size).results(operands)
        return results[0] if len(results) == 1 else tuple(results)

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        moved = _subcall(params).push(tangents, operands)
        return tuple(moved) if isinstance(out, tuple) else moved[0]

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del wanted  # the rule of a call answers for all at once
        gs = cast(Sequence[object], g) if isinstance(out, tuple) else (g,)
        return dict(enumerate(_subcall(params).pull(gs, operands)))


def _subcall(params: Params) -> Subcall:
    return cast(Subcall, dict(params)["call"])


@attrs.frozen
class CallArguments:
    """The arguments of a call, flattened: which leaves are operands, and all the others as they are."""

    structure: Structure
    statics: tuple[object, ...]  # None in the places of the operands
    positions: tuple[int, ...]  # of the operands among the leaves

    @classmethod
    def of(cls, args: tuple[object, ...]) -> tuple[CallArguments, list[Var]]:
        """The arguments, and the traced values among them. A plain array is kept as it is now."""
        leaves, structure = tree.flatten(args)
        leaves = [FrozenArray(leaf) if type(leaf) is np.ndarray else leaf for leaf in map(symbolic, leaves)]
        positions = tuple(i for i, leaf in enumerate(leaves) if isinstance(leaf, Var))
        statics = tuple(None if isinstance(leaf, Var) else leaf for leaf in leaves)
        return cls(structure, statics, positions), [leaf for leaf in leaves if isinstance(leaf, Var)]

    def rebuild(self, operands: Sequence[object]) -> tuple[object, ...]:
        """The arguments with `operands` in their places."""
        return self._with(operands, [x.array if isinstance(x, FrozenArray) else x for x in self.statics])

    def tangents(self, tangents: Sequence[object]) -> tuple[object, ...]:
        """The arguments with the tangents of the operands in their places; other numbers and arrays stand still."""
        plain = [x.array if isinstance(x, FrozenArray) else x for x in self.statics]
        return self._with(
            tangents, [zero(x) if isinstance(x, (float, int, np.number, np.ndarray)) else None for x in plain]
        )

    def _with(self, operands: Sequence[object], others: list[object]) -> tuple[object, ...]:
        for position, operand in zip(self.positions, operands, strict=True):
            others[position] = operand
        return cast(tuple[object, ...], self.structure.unflatten(others))


def zero(x: object) -> object:
    """A zero tangent or cotangent of `x`: of its shape, and of its dtype if that is one of floats; 0.0 of a number."""
    value = concrete(x)
    if not isinstance(value, np.ndarray):
        return 0.0
    return np.zeros(value.shape, value.dtype if value.dtype.kind in "fc" else np.float64)


def innermost(variables: Sequence[Var]) -> tuple[Recorder, list[Var]]:
    """The trace that a call with these operands is recorded by, and the operands as it knows them."""
    newest = max(map(recorder_of, variables), key=lambda recorder: recorder.serial)
    recorder = newest.writer(variables)
    return recorder, [recorder.adopt(variable) for variable in variables]


def attach_outputs(
    recorder: Recorder, primitive: Call, operands: Sequence[object], subcall: Subcall, returned: object
) -> object:
    """Append the call that `returned` this tree, and return the tree with recorded variables.

    Raises CaptureError if the tree holds a variable of this trace: it came in through a closure.
    """
    found, structure = tree.flatten(returned)
    captured = closed_over(found, recorder)
    if captured is not None:
        msg = (
            f"the function of this {primitive.name} closes over a traced value recorded at "
            f"{recorder_of(captured).place(captured)}; pass it as an argument"
        )
        raise CaptureError(msg)
    results = [frozen(result) if isinstance(result, np.ndarray) else result for result in found]
    # A record's parameters are plain facts, functions among them; a Subcall is a function with derivatives.
    params: Params = (("call", cast(Callable[..., object], subcall)),)
    if len(results) == 1:
        return structure.unflatten([recorder.attach(primitive, operands, params, results[0])])
    whole = recorder.attach(primitive, operands, params, tuple(results))
    count = len(results)
    return structure.unflatten(
        [recorder.record(item, (whole,), (("index", i), ("count", count))) for i in range(count)]
    )


def closed_over(results: Sequence[object], recorder: Recorder) -> Var | None:
    """A variable of this trace, or of one inside it, among what a call gave without being traced by it."""
    for result in results:
        if isinstance(result, Var) and result.recording.serial >= recorder.serial:
            return result
    return None


def transpose(
    linear: Callable[..., Sequence[object]], operands: Sequence[object], cotangents: Sequence[object]
) -> list[object]:
    """The transpose of a linear function of what the `operands` are like, applied to `cotangents`; None is zero.

    This is what turns a pushforward into a pullback and back: a linear function's derivative is itself.
    """
    zeros = [zero(x) for x in operands]
    recorded = record(lambda *ts: list(linear(*ts)), zeros, lambda leaves: leaves, {})
    return cotangents_of(recorded.tape, recorded.values, seeds_of(recorded.outputs, cotangents), len(zeros))


@attrs.frozen
class InLanes(Subcall):
    """A call in many lanes at once, and its derivative there: in each lane that of the call.

    The operands that have `lanes` have them as their first axis, and so has every result.
    """

    call: Subcall
    primitive: Call
    lanes: tuple[bool, ...]  # which operands have them
    size: int
    function: Callable[..., object] = attrs.field(init=False)

    @function.default
    def _function_of_call(self) -> Callable[..., object]:
        return self.call.function

    def results(self, operands: Sequence[object]) -> list[object]:
        variables = [x for x in operands if isinstance(x, Var)]
        if not variables:
            return self.unfolded(operands)
        recorder, known = innermost(variables)
        adopted = iter(known)
        operands = [next(adopted) if isinstance(x, Var) else x for x in operands]
        results = self.results([x.primal if isinstance(x, Var) and x.recording is recorder else x for x in operands])
        if self.primitive.unfolds and closed_over(results, recorder) is not None:
            return self.unfolded(operands)
        return cast(list[object], attach_outputs(recorder, self.primitive, operands, self, results))

    def unfolded(self, operands: Sequence[object]) -> list[object]:
        return self._in_each(self.call.unfolded, operands, self.lanes)

    def push(self, tangents: Mapping[int, object], operands: Sequence[object]) -> list[object]:
        count, positions = len(operands), list(tangents)

        def push_lane(values: Sequence[object]) -> list[object]:
            return self.call.push(dict(zip(positions, values[count:], strict=True)), values[:count])

        lanes = [*self.lanes, *[self.lanes[position] for position in positions]]
        return self._in_each(push_lane, [*operands, *tangents.values()], lanes)

    def pull(self, gs: Sequence[object], operands: Sequence[object]) -> list[object]:
        count, present = len(operands), [i for i, g in enumerate(gs) if g is not None]

        def pull_lane(values: Sequence[object]) -> list[object]:
            given = dict(zip(present, values[count:], strict=True))
            pulled = self.call.pull([given.get(i) for i in range(len(gs))], values[:count])
            return [zero(x) if g is None else g for x, g in zip(values, pulled, strict=False)]

        lanes = [*self.lanes, *[True] * len(present)]
        pulled = self._in_each(pull_lane, [*operands, *[gs[i] for i in present]], lanes)
        return [
            g if has_lanes else sum_axes(g, axes=(-len(shape_of(g)),))
            for g, has_lanes in zip(pulled, self.lanes, strict=True)
        ]

    def _in_each(
        self, function: Callable[[Sequence[object]], list[object]], values: Sequence[object], lanes: Sequence[bool]
    ) -> list[object]:
        """``function(values)`` in every lane, of those values that have them."""

        def call(with_lanes: Sequence[object]) -> object:
            own = iter(with_lanes)
            return function([next(own) if has_lanes else x for x, has_lanes in zip(values, lanes, strict=True)])

        found = [x for x, has_lanes in zip(values, lanes, strict=True) if has_lanes]
        return batched_calls(call, found, self.size, self.function)[0]
