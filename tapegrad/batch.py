"""Replay a tape in many lanes at once: a pure function of the program.

Lanes are the first axis of those values that have them. Each operation says what it does with such an axis
(`Primitive.batch`), most of them by the kind of their rule. A guard is asked in every lane: those that go another way
than the program did are told apart, and another tape is for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad.arrays import AnyArray, FrozenArray, FrozenIndex
from tapegrad.columns import Values, constant, input_
from tapegrad.kernels import NONE
from tapegrad.maps import shape_of
from tapegrad.masks import observe, observed
from tapegrad.ops.selection import is_equal
from tapegrad.ops.shape import broadcast_to, concatenate, reshape, take_index
from tapegrad.primitive import Comparison, Params, Primitive
from tapegrad.tape import Tape

__all__ = ["Lanes", "join", "pick", "replay"]


@attrs.frozen(eq=False)
class Lanes:
    """What a replay gave: the outputs, lanes first, and which lanes went the way of the tape."""

    outputs: list[object]
    agree: npt.NDArray[np.bool_]  # (size,)


def replay(tape: Tape, values: Values, outputs: Sequence[int], arguments: Sequence[object], size: int) -> Lanes:
    """The `outputs` of a tape at `arguments`, lanes first in all of them.

    `values` are those of the trace, of which the constants are used: they may be traced further out.
    """
    columns = tape.columns
    last = _last_uses(tape, outputs)
    found: list[object] = []
    has_lanes: list[bool] = []
    agree = np.ones(size, np.bool_)
    remaining = iter(arguments)
    for index in range(len(tape)):
        primitive, inputs = columns.primitive(index), columns.inputs(index)
        if primitive is input_:
            value, batched = next(remaining), True
        elif primitive is constant:
            value, batched = values[index], False
        else:
            operands, flags = [found[i] for i in inputs], [has_lanes[i] for i in inputs]
            params = columns.params_at(index)
            batched = any(flags)
            if batched and (isinstance(primitive, Comparison) or primitive is observed):
                agree &= _agreeing(primitive, operands, flags, size, params)
                value, batched = None, False
            elif batched:
                value = _in_lanes(primitive, operands, flags, size, params)
            else:
                value = primitive.evaluate(operands, params)
        found.append(value)
        has_lanes.append(batched)
        for i in inputs:
            if last[i] == index:
                found[i] = None  # its memory is not needed any more
    return Lanes([found[i] if has_lanes[i] else _repeated(found[i], size) for i in outputs], agree)


def _last_uses(tape: Tape, outputs: Sequence[int]) -> list[int]:
    """The last record that reads each record; of an output the number of records."""
    last = [NONE] * len(tape)
    for index in range(len(tape)):
        for i in tape.columns.inputs(index):
            last[i] = index
    for i in outputs:
        last[i] = len(tape)
    return last


def _agreeing(
    guard: Primitive, operands: Sequence[object], flags: Sequence[bool], size: int, params: Params
) -> npt.NDArray[np.bool_]:
    """In which lanes a guard has the outcome that the tape has: ``(size,)``.

    Where operands are traced further out, a guard there says which lanes went this way.
    """
    if isinstance(guard, Comparison):
        answers = _in_lanes(guard.over, operands, flags, size, ())
        return np.equal(cast(AnyArray, observe(answers)), cast(bool, dict(params)["outcome"]))
    seen = cast(FrozenArray, dict(params)["seen"]).array
    same = _in_lanes(is_equal, [operands[0], seen], [True, False], size, ())
    return cast("npt.NDArray[np.bool_]", np.reshape(cast(AnyArray, observe(same)), (size, -1)).all(axis=1))


def _in_lanes(
    primitive: Primitive, operands: Sequence[object], flags: Sequence[bool], size: int, params: Params
) -> object:
    """An operation on operands with lanes; one without a rule for them is evaluated lane by lane."""
    answer = primitive.batch(operands, flags, size, params)
    if answer is not NotImplemented:
        return answer
    each = [
        primitive.evaluate([pick(x, lane) if flag else x for x, flag in zip(operands, flags, strict=True)], params)
        for lane in range(size)
    ]
    if isinstance(each[0], tuple):
        return tuple(join(items) for items in zip(*cast(list[tuple[object, ...]], each), strict=True))
    return join(each)


def pick(x: object, lane: int) -> object:
    """One lane of `x`, of which a tuple has them in every item."""
    if isinstance(x, tuple):
        return tuple(pick(item, lane) for item in x)
    return take_index(x, index=FrozenIndex(lane))


def join(values: Sequence[object]) -> object:
    """Values of one shape, as lanes."""
    return concatenate(*[reshape(x, shape=(1, *shape_of(x))) for x in values], axis=-1 - len(shape_of(values[0])))


def _repeated(x: object, size: int) -> object:
    """The same in every lane."""
    return broadcast_to(x, shape=(size, *shape_of(x)))
