"""Replay a tape forwards at other inputs: a pure function of the program."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tapegrad.errors import BranchError, StructureError
from tapegrad.maps import shape_of
from tapegrad.masks import observe, observed, symbolic
from tapegrad.primitive import Comparison, Params, Primitive
from tapegrad.source import Site
from tapegrad.tape import Tape, input_

__all__ = ["evaluate"]


def evaluate(tape: Tape, arguments: Sequence[object]) -> list[object]:
    """The value of every record when the inputs are `arguments`: floats, arrays or traced values.

    Raises BranchError if a guard does not hold: the program would have taken another branch, so the
    tape says nothing about these inputs. Raises StructureError for the wrong number of arguments, or an array
    of another shape than the program was traced with, since shapes are part of a program.

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
        primitive, params = columns.primitive(index), columns.params_at(index)
        if primitive is input_:
            value = next(remaining)
            _check_shape(value, params)
        else:
            operands = [values[i] for i in columns.inputs(index)]
            value = _evaluated(index, primitive, operands, params)
            if primitive is observed or isinstance(primitive, Comparison):
                _check_outcome(value, index, primitive, params, columns.where(index))
        values.append(value)
    return values


def _check_shape(value: object, params: Params) -> None:
    facts = dict(params)
    shape = facts.get("shape")
    if shape is not None and shape_of(value) != shape:
        msg = (
            f"the tape was recorded for {facts['name']} of shape {shape}, not {shape_of(value)}: shapes are part of a "
            "program; trace the function at these inputs"
        )
        raise StructureError(msg)


def _evaluated(index: int, primitive: Primitive, operands: Sequence[object], params: Params) -> object:
    """The value of one record. NumPy's own error, where operands do not fit, does not say which record it was."""
    try:
        value = primitive.evaluate(operands, params)
        if isinstance(value, np.float64):
            return float(value)
        return np.asarray(value) if isinstance(value, np.generic) else value  # float32 stays that, as in the trace
    except (ValueError, IndexError) as error:
        shapes = ", ".join(str(shape_of(x)) for x in operands)
        error.add_note(f"This was record %{index} ({primitive.name}) of a tape, at operands of shapes {shapes}.")
        raise


def _check_outcome(value: object, index: int, guard: Primitive, params: Params, site: Site | None) -> None:
    """Raise BranchError unless a guard has the outcome that the tape has, in every element."""
    outcome = 1.0 if guard is observed else dict(params)["outcome"]
    if not np.all(observe(symbolic(value)) == outcome if shape_of(value) else value == outcome):
        place = f" at {site}" if site else ""
        msg = (
            f"record %{index} ({guard.name}){place} was {bool(outcome)} when the tape was recorded and is "
            f"{not outcome} for these inputs: another branch of the program; trace the function at these inputs"
        )
        raise BranchError(msg)
