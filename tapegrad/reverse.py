"""Reverse mode: replay a tape backwards, turning the cotangent of each record into those of its inputs.

The recorded order is a topological order, so there is nothing to sort and nothing to recurse into. None is
the symbolic zero: what no cotangent has reached is not computed. The rules are tapegrad's own operations,
so where values or cotangents are traced by an outer transform, this very sweep is recorded there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from tapegrad.elementwise import Binary, Unary
from tapegrad.tape import Tape
from tapegrad.typing import Number

__all__ = ["pull_back", "seeds_of"]


def pull_back(tape: Tape, values: Sequence[object], seeds: Mapping[int, object]) -> list[object]:
    """The cotangent of every record, given those of some: sum over outputs of seed times derivative.

    `values` holds the value of every record. Absent and None seeds are zero; a cotangent that stays zero
    is None. Raises RuleError if a rule misses a position.

    >>> from tapegrad import trace
    >>> t = trace(lambda x, y: x * y, 2.0, 3.0)
    >>> pull_back(t.tape, t.values, {2: 1.0})
    [3.0, 2.0, 1.0]
    """
    columns = tape.columns
    primitives, lefts, rights = columns.primitives, columns.lefts, columns.rights
    cotangents: list[object] = [None] * len(tape)
    for index, seed in seeds.items():
        cotangents[index] = _added(cotangents[index], seed)
    for index in range(max(seeds, default=-1), -1, -1):
        g, left = cotangents[index], lefts[index]
        if g is None or left < 0:  # not reached; or an input or a constant, which reads nothing
            continue
        primitive = primitives[index]
        if type(g) is float and isinstance(primitive, (Binary, Unary)):
            # Short for the general case below: numbers, and a rule that is a dictionary of partials. (The
            # ignored types: what a number has reached is a number, and a cast would cost as much as the sum.)
            rule, right = primitive.rule, rights[index]
            if g == 0.0 or rule is None:  # exactly zero contributes nothing, even to an infinite partial
                continue
            x, y = values[left], values[right]
            partials = rule(values[index], x) if right < 0 else rule(values[index], x, y)
            try:
                to_left = g * partials[0]
                to_right = None if right < 0 else g * partials[1]
            except KeyError:
                raise primitive.incomplete(partials) from None
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
        return tuple(_added(x, y) for x, y in zip(sum_, term, strict=True))
    return cast(Number, sum_) + cast(Number, term)
