"""Replay a tape forwards at other inputs: a pure function of the program."""

from __future__ import annotations

from collections.abc import Sequence

from tapegrad.errors import BranchError, StructureError
from tapegrad.masks import observed
from tapegrad.primitive import Comparison
from tapegrad.tape import Tape, input_

__all__ = ["evaluate"]


def evaluate(tape: Tape, arguments: Sequence[object]) -> list[object]:
    """The value of every record when the inputs are `arguments`, floats or traced values.

    Raises BranchError if a guard does not hold: the program would have taken another branch, so the
    tape says nothing about these inputs. Raises StructureError for the wrong number of arguments.

    >>> from tapegrad import trace
    >>> tape = trace(lambda x: x * x if x > 0.0 else -x, 2.0).tape
    >>> evaluate(tape, [3.0])[-1]
    9.0
    """
    inputs = tape.inputs()
    if len(inputs) != len(arguments):
        msg = f"the tape has {len(inputs)} inputs, but {len(arguments)} arguments were given"
        raise StructureError(msg)
    remaining = iter(arguments)
    columns = tape.columns
    values: list[object] = []
    for index in range(len(tape)):
        primitive = columns.primitive(index)
        if primitive is input_:
            values.append(next(remaining))
            continue
        operands = [values[i] for i in columns.inputs(index)]
        params = columns.params_at(index)
        value = primitive.evaluate(operands, params)
        outcome = 1.0 if primitive is observed else dict(params).get("outcome")
        if (primitive is observed or isinstance(primitive, Comparison)) and value != outcome:
            site = columns.where(index)
            place = f" at {site}" if site else ""
            msg = (
                f"record %{index} ({primitive.name}){place} was {not value} when the tape was recorded and is {value} "
                "for these inputs: another branch of the program; trace the function at these inputs"
            )
            raise BranchError(msg)
        values.append(value)
    return values
