"""Forward mode: replay a tape in its own order, carrying tangents from inputs to outputs.

As in reverse mode there are two engines: `push_forward` for any values, `push_numbers` for floats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from mypy_extensions import i64

from tapegrad import kernels
from tapegrad.columns import Columns, Values
from tapegrad.cotangents import settled
from tapegrad.maps import shape_of
from tapegrad.ops.shape import astype, broadcast_to, real
from tapegrad.primitive import concrete, is_complex
from tapegrad.tape import Tape
from tapegrad.vectors import COMPILED, vec

__all__ = ["push_forward", "push_numbers", "tangents_of"]


def tangents_of(tape: Tape, values: Values, seeds: Mapping[int, object], wanted: Sequence[int]) -> list[object]:
    """The tangents of the `wanted` records, by the engine that is faster; what is zero is 0.0."""
    if COMPILED and not values.outers and all(type(seed) is float for seed in seeds.values()):
        tangents = push_numbers(values.columns, len(tape), cast(Mapping[int, float], seeds))
        if tangents is not None:
            return [tangents[index] + 0.0 for index in wanted]
    with np.errstate(all="ignore"):
        moved = push_forward(tape, values.as_list(), seeds)
    return [settled(moved[index], values.outers.get(index)) for index in wanted]


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
            out = values[index]
            moved = columns.primitive(index).push(moving, out, operands, columns.params_at(index))
            tangents[index] = moved if type(moved) is float and type(out) is float else _fitted(moved, out)
    return tangents


def _fitted(t: object, out: object) -> object:
    """A tangent in the shape and dtype of the value `out`, which other operands may have broadcast it to."""
    value = concrete(out)
    if t is None or isinstance(t, tuple):
        return t
    if is_complex(t) and not is_complex(value):  # the rest is along i, where `out` does not go
        t = real(t)
    if not isinstance(value, np.ndarray):
        return float(t) if isinstance(t, (np.ndarray, np.generic)) else t
    if shape_of(t) != value.shape:
        t = broadcast_to(t, shape=value.shape)
    if value.dtype.kind in "fc" and np.asarray(concrete(t)).dtype != value.dtype:
        t = astype(t, dtype=value.dtype.str)
    return np.asarray(t) if isinstance(t, np.generic) else t


def push_numbers(columns: Columns, length: int, seeds: Mapping[int, float]) -> vec[float] | None:
    """The tangent of each of the first `length` records, all of whose values are numbers.

    A zero is a zero here, symbolic or not. None if a rule answers with something other than a float.
    """
    tangents = vec[float]([0.0] * length)
    for index, seed in seeds.items():
        tangents[index] = seed
    at: i64 = min(seeds, default=0)
    while True:
        at = kernels.push(columns.codes, columns.lefts, columns.rights, columns.numbers, tangents, at, length)
        if at >= length:
            return tangents
        inputs = columns.inputs(at)
        moving: dict[int, object] = {position: tangents[i] for position, i in enumerate(inputs) if tangents[i] != 0.0}
        if moving:
            operands: list[object] = [columns.numbers[i] for i in inputs]
            moved = columns.primitive(at).push(moving, columns.numbers[at], operands, columns.params_at(at))
            if moved is not None and type(moved) is not float:
                return None
            tangents[at] = 0.0 if moved is None else moved
        at += 1
