"""Reverse mode on plain values: kernels where they are floats, rules where they are arrays.

It does what `tapegrad.pullback` does where nothing is traced by an outer transform, in less time and memory.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from mypy_extensions import i64

from tapegrad import kernels
from tapegrad.columns import Columns, Values
from tapegrad.cotangents import accumulate, add_part, added, fitted, settled
from tapegrad.elementwise import Binary, Elementwise, Unary, times
from tapegrad.kernels import CONSTANT, NONE
from tapegrad.ops.shape import take_index
from tapegrad.pullback import pull_back, pulled
from tapegrad.spares import SMALLEST, give_back
from tapegrad.tape import Tape
from tapegrad.vectors import vec

_ARRAY: Final = np.ndarray  # the compiler keeps a Final in a pointer, and looks up an attribute of NumPy

__all__ = ["pull_numbers", "pull_plain", "sweep_numbers"]


def pull_numbers(
    columns: Columns, length: int, seeds: Mapping[int, float], count: int | None = None
) -> vec[float] | None:
    """The cotangent of each of the first `length` records, all of whose values are numbers.

    With a `count`, those of later constants need not be right. A zero is a zero here, symbolic or not. None if a rule
    answers with something other than floats, as one that closes over a variable of an outer transform.
    """
    cotangents = vec[float]([0.0] * length)
    for index, seed in seeds.items():
        cotangents[index] += seed
    kept = length if count is None else count
    return cotangents if sweep_numbers(columns, cotangents, max(seeds, default=NONE), kept) else None


def pull_plain(
    tape: Tape, values: Values, seeds: Mapping[int, object], count: int, spend: bool = False
) -> list[object]:
    """The cotangents of the first `count` records, where some of the values are arrays.

    Where a rule answers with something else than floats and arrays, `pull_back` goes on from there.
    """
    numbers = vec[float]([0.0] * len(tape))
    arrays: list[object] = [None] * len(tape)
    for index, seed in seeds.items():
        if seed is None:
            continue
        if index in values.outers:
            arrays[index] = added(arrays[index], seed)
            numbers[index] = 1.0  # the kernels stop at what is not zero
        else:
            numbers[index] += seed  # type: ignore[operator]  # what a number has reached is a number
    start = max(seeds, default=NONE)
    rest: list[object] = []
    with np.errstate(all="ignore"):
        stopped = _sweep_arrays(values, numbers, arrays, start, count, spend)
        if stopped >= 0:
            reached: dict[int, object] = {}
            for i in range(stopped + 1):
                if numbers[i] != 0.0:
                    reached[i] = arrays[i] if i in values.outers else numbers[i]
            rest = pull_back(tape, values.as_list(), reached, count)
    found: list[object] = []
    for i in range(count):
        if i <= stopped:
            found.append(settled(rest[i], values.outers.get(i)))
        elif i not in values.outers:
            found.append(numbers[i] + 0.0)
        elif _is_ours(arrays, i):
            found.append(arrays[i])
        else:
            found.append(settled(arrays[i], values.outers[i]))
        arrays[i] = None  # where two are the same array, the second may be handed out
    return found


def _is_ours(arrays: list[object], index: int) -> bool:
    """Whether an array may be handed out as it is: a cotangent that nothing else refers to, nor views."""
    g = arrays[index]
    return type(g) is _ARRAY and g.base is None and g.flags.writeable and _references(arrays, index) <= _ALONE


def _references(arrays: list[object], index: int) -> int:
    """How many references CPython counts to an array in a list."""
    g = arrays[index]
    return sys.getrefcount(g)


_ALONE: Final = _references([np.empty(0)], 0)  # compiled, it is another number


def _sweep_arrays(
    values: Values, numbers: vec[float], arrays: list[object], start: i64, count: int, spend: bool
) -> int:
    """As `sweep_numbers`, where some records are arrays: their cotangents are in `arrays`, and 1.0 in `numbers`.

    Returns the first record on the way whose rule answers with something else than floats and arrays, before
    anything of it is added; NONE at the end.
    """
    columns, outers = values.columns, values.outers
    own: set[int] = set()
    at = start
    term: object = None
    while True:
        at = kernels.pull(columns.codes, columns.lefts, columns.rights, columns.numbers, numbers, at)
        if at < 0:
            return NONE
        index: int = at
        inputs = columns.inputs(index)
        operands = [outers[i] if i in outers else columns.numbers[i] for i in inputs]
        params = columns.params_at(index)
        g: object = numbers[index]
        out: object = columns.numbers[index]
        if index in outers:
            g, out = arrays[index], outers[index]
            if index >= count:
                arrays[index] = None  # its memory is not needed any more
        at -= 1
        primitive = columns.primitive(index)
        if primitive is take_index and isinstance(operands[0], np.ndarray):
            add_part(arrays, inputs[0], own, g, params, operands[0], {})
            numbers[inputs[0]] = 1.0
            continue
        wanted = [position for position, i in enumerate(inputs) if columns.codes[i] != CONSTANT]
        if isinstance(primitive, (Binary, Unary)):
            terms = _pulled_by_partials(primitive, g, out, operands, wanted, inputs)
        else:
            terms = dict(pulled(primitive, g, out, operands, params, wanted))
        for position in terms:
            term = terms[position] = fitted(terms[position], operands[position])
            is_plain = isinstance(term, np.ndarray) or (type(term) is float and inputs[position] not in outers)
            if not is_plain and term is not None:
                if index in outers:
                    arrays[index] = g
                return index
        for position in terms:
            i = inputs[position]
            term = terms[position]
            if isinstance(term, np.ndarray):
                accumulate(arrays, i, own, term)
                numbers[i] = 1.0
            elif type(term) is float:
                numbers[i] += term
        if spend and index >= count:
            outers.pop(index, None)
            unused = [x for x in (out, g) if type(x) is _ARRAY and x.nbytes >= SMALLEST]
            if unused:
                out = g = term = None
                terms = {}
                give_back(unused)


def _pulled_by_partials(
    primitive: Elementwise,
    g: object,
    out: object,
    operands: Sequence[object],
    wanted: Sequence[int],
    inputs: Sequence[int],
) -> dict[int, object]:
    """The cotangents by an elementwise rule, with as few passes over large arrays as it takes."""
    terms: dict[int, object] = {}
    if primitive.rule is None:
        return terms
    partials = primitive.partials(out, operands)
    if len(wanted) == 2 and inputs[0] == inputs[1]:  # x * x: one product with the sum of both
        both = operator.add(primitive.partial(partials, 0), primitive.partial(partials, 1))
        terms[0] = times(g, both)
        return terms
    for position in wanted:
        partial = primitive.partial(partials, position)
        if type(partial) is float:  # sum over what was broadcast before the product with a number, not after it
            terms[position] = primitive.product(fitted(g, operands[position]), partial, position)
        else:
            terms[position] = primitive.product(g, partial, position)
    return terms


def sweep_numbers(columns: Columns, cotangents: vec[float], start: i64, count: int) -> bool:
    """Add to the cotangents of the records before `start` what those from there on down contribute.

    The kernels do it; where a record has none, its rule does, though not by constants after the first `count`
    records, which it may refuse. False if a rule answers with something other than floats: the cotangents are then
    good for nothing.
    """
    at = start
    while True:
        at = kernels.pull(columns.codes, columns.lefts, columns.rights, columns.numbers, cotangents, at)
        if at < 0:
            return True
        inputs = columns.inputs(at)
        operands: list[object] = [columns.numbers[i] for i in inputs]
        primitive = columns.primitive(at)
        wanted = [position for position, i in enumerate(inputs) if i < count or columns.codes[i] != CONSTANT]
        terms = pulled(primitive, cotangents[at], columns.numbers[at], operands, columns.params_at(at), wanted)
        for position, term in terms.items():
            if type(term) is float:
                cotangents[inputs[position]] += term
            elif term is not None:
                return False
        at -= 1
