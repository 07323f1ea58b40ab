"""Trade memory for time: a function whose inside is not kept on the tape, but traced again when needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar, cast

import attrs

from tapegrad import tree
from tapegrad.calls import Transform
from tapegrad.columns import Values
from tapegrad.cotangents import seeds_of
from tapegrad.forward import tangents_of
from tapegrad.recorder import Recorder
from tapegrad.reverse import cotangents_of
from tapegrad.subcalls import Call, CallArguments, Subcall, attach_outputs, innermost
from tapegrad.tape import Tape
from tapegrad.trace import output_index

__all__ = ["Checkpoint", "checkpoint"]

P = ParamSpec("P")
R = TypeVar("R")

_checkpoint_call = Call("checkpoint", unfolds=True)


@attrs.frozen
class Checkpoint(Transform):
    """What `checkpoint` returns."""

    function: Callable[..., object]

    def __call__(self, *args: object, **keywords: object) -> object:
        arguments, operands = CallArguments.of((args, keywords))
        if not operands:
            return self.function(*args, **keywords)
        recorder, operands = innermost(operands)
        inner = Recorder(enclosing=recorder)
        primals = [x.primal if x.recording is recorder else x for x in operands]
        outputs, returned = _run(inner, self.function, arguments, primals)
        lowered = tree.flatten(returned)[1].unflatten([inner.values[i] for i in outputs])
        captured = tuple(inner.captured)
        subcall = _CheckpointCall(self.function, arguments, captured, recorder if captured else None)
        return attach_outputs(
            recorder, _checkpoint_call, [*operands, *map(recorder.variable, captured)], subcall, lowered
        )


def _run(
    recorder: Recorder, function: Callable[..., object], arguments: CallArguments, operands: Sequence[object]
) -> tuple[list[int], object]:
    """Trace the function in `recorder`: the records of its results, and what it returned."""
    variables = [recorder.input(operand, f"operand {i}") for i, operand in enumerate(operands)]
    try:
        with recorder.standing_in():
            args, keywords = arguments.rebuild(variables)
            returned = function(*cast(tuple[object, ...], args), **cast(Mapping[str, object], keywords))
            return [output_index(recorder, leaf, function) for leaf in tree.leaves(returned)], returned
    finally:
        recorder.seal()


@attrs.frozen
class _CheckpointCall(Subcall):
    """Traces the function again. Operands: those among the arguments, then the captured variables."""

    function: Callable[..., object]
    arguments: CallArguments
    captured: tuple[int, ...]  # indices in the trace around the call
    enclosing: Recorder | None = attrs.field(eq=False)  # that trace, if anything is captured

    def retrace(self, operands: Sequence[object]) -> tuple[Tape, Values, list[int], list[int]]:
        """The tape, its values, the record of each operand, the record of each result."""
        recorder = Recorder(self.enclosing)
        count = len(self.arguments.positions)
        for index, value in zip(self.captured, operands[count:], strict=True):
            recorder.captured[index] = recorder.input(value, f"captured %{index}").index
        results, _ = _run(recorder, self.function, self.arguments, operands[:count])
        here = len(self.captured)
        inputs = [*range(here, here + count), *range(here)]
        return recorder.seal(), recorder.values, inputs, results

    def results(self, operands: Sequence[object]) -> list[object]:
        _, values, _, results = self.retrace(operands)
        return [values[i] for i in results]

    def unfolded(self, operands: Sequence[object]) -> list[object]:
        return self.results(operands)

    def push(self, tangents: Mapping[int, object], operands: Sequence[object]) -> list[object]:
        tape, values, inputs, results = self.retrace(operands)
        return tangents_of(tape, values, {inputs[position]: t for position, t in tangents.items()}, results)

    def pull(self, gs: Sequence[object], operands: Sequence[object]) -> list[object]:
        tape, values, inputs, results = self.retrace(operands)
        cotangents = cotangents_of(tape, values, seeds_of(results, gs), len(inputs))
        return [cotangents[i] for i in inputs]


def checkpoint(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, as one record: its inside is traced again when a derivative is asked for.

    The tape keeps the operands of the call only. The function must be pure; traced values it closes over
    are followed.

    >>> from tapegrad import grad, trace
    >>> def f(x: float) -> float:
    ...     y = checkpoint(lambda x: x * x * x)(x)
    ...     return y + 1.0
    >>> grad(f)(2.0), len(trace(f, 2.0).tape)
    (12.0, 4)
    """
    return cast(Callable[P, R], Checkpoint(function))
