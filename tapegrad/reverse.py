"""Reverse mode: replay a tape backwards, turning the cotangent of each record into those of its inputs.

The recorded order is a topological order, so there is nothing to sort and nothing to recurse into. Two engines
do the same: `pull_back` is the general one, whose rules are tapegrad's own operations, so that where values or
cotangents are traced by an outer transform, this very sweep is recorded there; `pull_numbers` runs the kernels
on packed columns, where all are floats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from mypy_extensions import i64

from tapegrad import kernels
from tapegrad.columns import Columns, Values
from tapegrad.elementwise import Binary, Unary
from tapegrad.kernels import NONE
from tapegrad.primitive import OPERATIONS
from tapegrad.tape import Tape
from tapegrad.typing import Number, Partials
from tapegrad.vectors import COMPILED, vec

__all__ = ["cotangents_of", "pull_back", "pull_numbers", "seeds_of", "settled", "sweep_numbers"]


def cotangents_of(tape: Tape, values: Values, seeds: Mapping[int, object], count: int) -> list[object]:
    """The cotangents of the first `count` records, by the engine that is faster; what is zero is 0.0."""
    if COMPILED and not values.outers and all(type(seed) is float for seed in seeds.values()):
        cotangents = pull_numbers(values.columns, len(tape), cast(Mapping[int, float], seeds))
        if cotangents is not None:
            return [cotangents[i] + 0.0 for i in range(count)]
    return [settled(g) for g in pull_back(tape, values.as_list(), seeds)[:count]]


def settled(g: object) -> object:
    """A derivative as it is handed out: what is zero is 0.0, whether it was symbolic, 0.0 or -0.0."""
    if g is None:
        return 0.0
    return g + 0.0 if isinstance(g, float) else g


def pull_back(tape: Tape, values: Sequence[object], seeds: Mapping[int, object]) -> list[object]:
    """The cotangent of every record, given those of some: sum over outputs of seed times derivative.

    `values` holds the value of every record. Absent and None seeds are zero; a cotangent that stays zero
    is None, the symbolic zero: what no cotangent has reached is not computed. Raises RuleError if a rule
    misses a position.

    >>> from tapegrad import trace
    >>> t = trace(lambda x, y: x * y, 2.0, 3.0)
    >>> pull_back(t.tape, t.values, {2: 1.0})
    [3.0, 2.0, 1.0]
    """
    columns = tape.columns
    codes, lefts, rights = columns.codes, columns.lefts, columns.rights
    cotangents: list[object] = [None] * len(tape)
    for index, seed in seeds.items():
        cotangents[index] = _added(cotangents[index], seed)
    for index in range(max(seeds, default=-1), -1, -1):
        g, left = cotangents[index], lefts[index]
        if g is None or left < 0:  # not reached; or an input or a constant, which reads nothing
            continue
        primitive = OPERATIONS[codes[index]]
        if type(g) is float and isinstance(primitive, (Binary, Unary)):
            # Short for the general case below: numbers, and a rule that is a dictionary of partials. (The
            # ignored types: what a number has reached is a number, and a cast would cost as much as the sum.)
            rule, right = primitive.rule, rights[index]
            if g == 0.0 or rule is None:  # exactly zero contributes nothing, even to an infinite partial
                continue
            out, x = values[index], values[left]
            try:
                partials = cast(Partials, rule(out, x) if right < 0 else rule(out, x, values[right]))
                to_left = g * partials[0]
                to_right = None if right < 0 else g * partials[1]
            except (KeyError, TypeError):
                primitive.partials(out, [x] if right < 0 else [x, values[right]])  # raises RuleError, if that is it
                raise
            so_far = cotangents[left]
            cotangents[left] = to_left if so_far is None else so_far + to_left  # type: ignore[operator]
            if to_right is not None:
                so_far = cotangents[right]
                cotangents[right] = to_right if so_far is None else so_far + to_right  # type: ignore[operator]
            continue
        inputs = columns.inputs(index)
        operands = [values[i] for i in inputs]
        pulled = primitive.pull(g, values[index], operands, columns.params_at(index))
        for position, term in pulled.items():
            cotangents[inputs[position]] = _added(cotangents[inputs[position]], term)
    return cotangents


def pull_numbers(columns: Columns, length: int, seeds: Mapping[int, float]) -> vec[float] | None:
    """The cotangent of each of the first `length` records, all of whose values are numbers.

    A zero is a zero here, symbolic or not. None if a rule answers with something other than floats, as one that
    closes over a variable of an outer transform.
    """
    cotangents = vec[float]([0.0] * length)
    for index, seed in seeds.items():
        cotangents[index] += seed
    return cotangents if sweep_numbers(columns, cotangents, max(seeds, default=NONE)) else None


def sweep_numbers(columns: Columns, cotangents: vec[float], start: i64) -> bool:
    """Add to the cotangents of the records before `start` what those from there on down contribute.

    The kernels do it; where a record has none, its rule does. False if a rule answers with something other
    than floats: the cotangents are then good for nothing.
    """
    at = start
    while True:
        at = kernels.pull(columns.codes, columns.lefts, columns.rights, columns.numbers, cotangents, at)
        if at < 0:
            return True
        inputs = columns.inputs(at)
        operands: list[object] = [columns.numbers[i] for i in inputs]
        primitive = columns.primitive(at)
        pulled = primitive.pull(cotangents[at], columns.numbers[at], operands, columns.params_at(at))
        for position, term in pulled.items():
            if type(term) is float:
                cotangents[inputs[position]] += term
            elif term is not None:
                return False
        at -= 1


def seeds_of(outputs: Sequence[int], cotangents: Sequence[object]) -> dict[int, object]:
    """The seeds of `pull_back` for these output records: a record that is returned twice gets the sum.

    >>> seeds_of((3, 5, 3), (1.0, None, 2.0))
    {3: 3.0, 5: None}
    """
    seeds: dict[int, object] = {}
    for index, g in zip(outputs, cotangents, strict=True):
        seeds[index] = _added(seeds.get(index), g)
    return seeds


def _added(sum_: object, term: object) -> object:
    """The sum of two cotangents, None being zero; those of a tuple are added by position."""
    if sum_ is None or term is None:
        return term if sum_ is None else sum_
    if isinstance(sum_, tuple) and isinstance(term, tuple):
        return tuple([_added(x, y) for x, y in zip(sum_, term, strict=True)])
    return cast(Number, sum_) + cast(Number, term)
