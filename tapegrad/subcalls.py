"""Calls on the tape: a Python function with a derivative of its own, as one record.

`tapegrad.custom` and `tapegrad.checkpoint` put a function on the tape without unfolding it. The record keeps a
`Subcall`, which knows the value, the pushforward and the pullback at given operands. A call with one
result has that number as its value; one with several has a tuple, and ``item`` records take it apart.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import attrs

from tapegrad import tree
from tapegrad.errors import CaptureError
from tapegrad.ops.structural import item
from tapegrad.primitive import Params, Primitive
from tapegrad.recorder import Recorder, Var
from tapegrad.reverse import cotangents_of, seeds_of
from tapegrad.trace import record
from tapegrad.tree import Structure

__all__ = ["Call", "CallArguments", "Subcall", "attach_outputs", "innermost", "transpose"]


class Subcall:
    """What a call record keeps: a pure function of its operands, and its derivatives."""

    __slots__ = ()
    function: Callable[..., object]

    def __str__(self) -> str:
        return getattr(self.function, "__name__", "function")

    @abstractmethod
    def results(self, operands: Sequence[object]) -> list[object]:
        """The numbers that the function returns at `operands`."""

    @abstractmethod
    def push(self, tangents: Mapping[int, object], operands: Sequence[object]) -> list[object]:
        """The tangent of each result; absent tangents, and None, are zero."""

    @abstractmethod
    def pull(self, gs: Sequence[object], operands: Sequence[object]) -> list[object]:
        """The cotangent of each operand, given one for each result; None is zero."""


class Call(Primitive):
    """The operation of a call record; its parameter ``call`` is the `Subcall`."""

    def __init__(self, name: str) -> None:
        super().__init__(name, None, {"call": Subcall})

    def evaluate(self, operands: Sequence[object], params: Params) -> object:
        results = _subcall(params).results(operands)
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
        """The arguments, and the traced values among them."""
        leaves, structure = tree.flatten(args)
        positions = tuple(i for i, leaf in enumerate(leaves) if isinstance(leaf, Var))
        statics = tuple(None if isinstance(leaf, Var) else leaf for leaf in leaves)
        return cls(structure, statics, positions), [leaf for leaf in leaves if isinstance(leaf, Var)]

    def rebuild(self, operands: Sequence[object], others: Sequence[object] | None = None) -> tuple[object, ...]:
        """The arguments with `operands` in their places; `others` replace the statics where given."""
        leaves = list(self.statics if others is None else others)
        for position, operand in zip(self.positions, operands, strict=True):
            leaves[position] = operand
        return cast(tuple[object, ...], self.structure.unflatten(leaves))


def innermost(variables: Sequence[Var]) -> tuple[Recorder, list[Var]]:
    """The trace that a call with these operands is recorded by, and the operands as it knows them."""
    newest = max((variable.recording for variable in variables), key=lambda recorder: recorder.serial)
    recorder = newest.writer(variables)
    return recorder, [recorder.adopt(variable) for variable in variables]


def attach_outputs(
    recorder: Recorder, primitive: Call, operands: Sequence[Var], subcall: Subcall, returned: object
) -> object:
    """Append the call that `returned` this tree, and return the tree with recorded variables.

    Raises CaptureError if the tree holds a variable of this trace: it came in through a closure.
    """
    results, structure = tree.flatten(returned)
    for result in results:
        if isinstance(result, Var) and result.recording.serial >= recorder.serial:
            msg = (
                f"the function of this {primitive.name} closes over a traced value recorded at "
                f"{result.recording.place(result)}; pass it as an argument"
            )
            raise CaptureError(msg)
    # A record's parameters are plain facts, functions among them; a Subcall is a function with derivatives.
    params: Params = (("call", cast(Callable[..., object], subcall)),)
    if len(results) == 1:
        return structure.unflatten([recorder.attach(primitive, operands, params, results[0])])
    whole = recorder.attach(primitive, operands, params, tuple(results))
    count = len(results)
    return structure.unflatten(
        [recorder.record(item, (whole,), (("index", i), ("count", count))) for i in range(count)]
    )


def transpose(linear: Callable[..., Sequence[object]], count: int, cotangents: Sequence[object]) -> list[object]:
    """The transpose of a linear function of `count` numbers, applied to `cotangents`; None is zero.

    This is what turns a pushforward into a pullback and back: a linear function's derivative is itself.
    """
    recorded = record(lambda *ts: list(linear(*ts)), [0.0] * count, lambda leaves: leaves, {})
    return cotangents_of(recorded.tape, recorded.values, seeds_of(recorded.outputs, cotangents), count)
