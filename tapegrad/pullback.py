"""Reverse mode by rules: replay a tape backwards, turning the cotangent of each record into those of its inputs.

The recorded order is a topological order, so there is nothing to sort and nothing to recurse into. The rules are
tapegrad's own operations: where values or cotangents are traced by an outer transform, this very sweep is recorded
there.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Final, cast

import numpy as np

from tapegrad.cotangents import Parts, accumulate, add_part, add_parts, added, fitted, settled
from tapegrad.elementwise import Binary, Unary, chain, evaluated, zeros_win
from tapegrad.kernels import CONSTANT
from tapegrad.maps import General, zeros_like
from tapegrad.ops.shape import take_index
from tapegrad.primitive import OPERATIONS, Params, Primitive, concrete
from tapegrad.recorder import Recorder
from tapegrad.tape import Tape
from tapegrad.typing import Partials
from tapegrad.variables import Var

_ARRAY: Final = np.ndarray  # the compiler keeps a Final in a pointer, and looks up an attribute of NumPy

__all__ = ["pull_back", "pulled"]


def pull_back(
    tape: Tape, values: Sequence[object], seeds: Mapping[int, object], count: int | None = None
) -> list[object]:
    """The cotangent of every record, given those of some: sum over outputs of seed times derivative.

    `values` holds the value of every record. Absent and None seeds are zero; a cotangent that stays zero
    is None, the symbolic zero: what no cotangent has reached is not computed. With a `count`, only those of the first
    records are kept. Raises RuleError if a rule misses a position.

    >>> from tapegrad import trace
    >>> t = trace(lambda x, y: x * y, 2.0, 3.0)
    >>> pull_back(t.tape, t.values, {2: 1.0})
    [3.0, 2.0, 1.0]
    """
    columns = tape.columns
    codes, lefts, rights = columns.codes, columns.lefts, columns.rights
    cotangents: list[object] = [None] * len(tape)
    kept = len(tape) if count is None else count
    own: set[int] = set()  # whose cotangent is an array that nobody else has, and can be added to in place
    parts: Parts = {}
    for index, seed in seeds.items():
        cotangents[index] = added(cotangents[index], seed)
    for index in range(max(seeds, default=-1), -1, -1):
        if index in parts:
            add_parts(cotangents, index, own, parts.pop(index), values[index])
        g, left = cotangents[index], lefts[index]
        if g is None or left < 0:  # not reached; or an input or a constant, which reads nothing
            continue
        primitive = OPERATIONS[codes[index]]
        of_numbers = type(values[index]) is not _ARRAY and type(values[left]) is not _ARRAY
        of_numbers = of_numbers and not (primitive is chain or primitive is zeros_win)
        if type(g) is float and of_numbers and isinstance(primitive, (Binary, Unary)):
            # Short for the general case below: numbers, and a rule that is a dictionary of partials. (Not `*`, for
            # which the compiler would take both for floats. The ignored types: what a number has reached is one.)
            rule, right = primitive.rule, rights[index]
            if g == 0.0 or rule is None:  # exactly zero contributes nothing, even to an infinite partial
                continue
            out, x = values[index], values[left]
            try:
                partials = cast(Partials, rule(out, x) if right < 0 else rule(out, x, values[right]))
                to_left: object = operator.mul(g, evaluated(partials[0]))
                to_right: object = None if right < 0 else operator.mul(g, evaluated(partials[1]))
            except (KeyError, TypeError):
                primitive.partials(out, [x] if right < 0 else [x, values[right]])  # raises RuleError, if that is it
                raise
            so_far = cotangents[left]
            cotangents[left] = to_left if so_far is None else so_far + to_left  # type: ignore[operator]
            if to_right is not None:
                so_far = cotangents[right]
                cotangents[right] = to_right if so_far is None else so_far + to_right  # type: ignore[operator]
            continue
        if index >= kept:
            cotangents[index] = None  # its memory is not needed any more
        inputs = columns.inputs(index)
        operands = [values[i] for i in inputs]
        params = columns.params_at(index)
        if primitive is take_index:
            add_part(cotangents, left, own, g, params, operands[0], parts)
            continue
        wanted = [position for position, i in enumerate(inputs) if i < kept or codes[i] != CONSTANT]
        for position, term in pulled(primitive, g, values[index], operands, params, wanted).items():
            accumulate(cotangents, inputs[position], own, fitted(term, operands[position]))
    return cotangents


def pulled(
    primitive: Primitive,
    g: object,
    out: object,
    operands: Sequence[object],
    params: Params,
    wanted: Sequence[int],
) -> Mapping[int, object]:
    """The cotangents of the `wanted` positions. Where a rule states the pushforward only, it is transposed."""
    if not wanted:
        return {}
    if isinstance(primitive, General):
        return _transposed(primitive, g, out, operands, params, wanted)
    return primitive.pull(g, out, operands, params, wanted)


def _transposed(
    primitive: General, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
) -> Mapping[int, object]:
    """The pullback of a rule that states its pushforward, which is linear: trace it on tangents, and sweep back."""
    inexact = [i for i in wanted if np.asarray(concrete(operands[i])).dtype.kind in "fc"]
    recorder = Recorder()
    tangents = recorder.inputs([zeros_like(operands[i]) for i in inexact])
    try:
        moved = primitive.push(dict(zip(inexact, tangents, strict=True)), out, operands, params)
    finally:
        tape = recorder.seal()
    seeds: dict[int, object] = {}
    pairs = zip(moved, cast(tuple[object, ...], g), strict=True) if isinstance(moved, tuple) else [(moved, g)]
    for t, seed in pairs:
        if isinstance(t, Var) and t._recorder is recorder and seed is not None:
            seeds[t._index] = added(seeds.get(t._index), fitted(seed, t))
    cotangents = pull_back(tape, recorder.values.as_list(), seeds, len(inexact))
    settled_ones = [settled(cotangents[at], recorder.outers.get(at)) for at in range(len(inexact))]
    return dict(zip(inexact, settled_ones, strict=True))
