"""Forward mode: replay a tape in its own order, carrying tangents from inputs to outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tapegrad.tape import Tape

__all__ = ["push_forward"]


def push_forward(tape: Tape, values: Sequence[object], seeds: Mapping[int, object]) -> list[object]:
    """The tangent of every record, given those of some: the derivative along the direction `seeds`.

    `values` holds the value of every record. None is the symbolic zero: what does not depend on a seeded
    record is not computed. Raises RuleError if a rule misses a position.

    >>> from tapegrad import trace
    >>> t = trace(lambda x, y: x * y, 2.0, 3.0)
    >>> push_forward(t.tape, t.values, {0: 1.0})
    [1.0, None, 3.0]
    """
    columns = tape.columns
    tangents: list[object] = [None] * len(tape)
    for index, seed in seeds.items():
        tangents[index] = seed
    for index in range(min(seeds, default=0), len(tape)):
        inputs = columns.inputs(index)
        moving = {position: tangents[i] for position, i in enumerate(inputs) if tangents[i] is not None}
        if moving:
            operands = [values[i] for i in inputs]
            tangents[index] = columns.primitives[index].push(moving, values[index], operands, columns.params_at(index))
    return tangents
