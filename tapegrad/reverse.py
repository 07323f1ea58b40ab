"""Reverse mode: replay a tape backwards, turning the cotangent of each record into those of its inputs.

The recorded order is a topological order, so there is nothing to sort and nothing to recurse into. Two engines
do the same: `pull_back` is the general one, whose rules are tapegrad's own operations, so that where values or
cotangents are traced by an outer transform, this very sweep is recorded there; `pull_plain` runs the kernels on
packed columns where values are floats, and the rules only where they are arrays.

A rule may answer with the shape that its operand was broadcast to: `fitted` sums it back, here and nowhere else.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, cast

import numpy as np
from mypy_extensions import i64

from tapegrad import kernels
from tapegrad.arrays import Floats, FrozenIndex
from tapegrad.columns import Columns, Values
from tapegrad.elementwise import Binary, Elementwise, Unary, evaluated, times
from tapegrad.kernels import CONSTANT, NONE
from tapegrad.maps import General, shape_of, zeros_like
from tapegrad.ops.shape import add_at, astype, real, scatter, stack, sum_to, take_index
from tapegrad.primitive import OPERATIONS, Operand, Params, Primitive, concrete
from tapegrad.recorder import ArrayVar, Recorder, Var
from tapegrad.spares import SMALLEST, give_back
from tapegrad.tape import Tape
from tapegrad.typing import Number, Partials
from tapegrad.vectors import COMPILED, vec

_ARRAY: Final = np.ndarray  # the compiler keeps a Final in a pointer, and looks up an attribute of NumPy

__all__ = [
    "cotangents_of",
    "fitted",
    "pull_back",
    "pull_numbers",
    "pull_plain",
    "pulled",
    "seeds_of",
    "settled",
    "sweep_numbers",
]

Parts: TypeAlias = dict[int, list[tuple[FrozenIndex, object]]]
"""What is yet to be added to some elements of the cotangent of a record."""


def cotangents_of(
    tape: Tape, values: Values, seeds: Mapping[int, object], count: int, spend: bool = False
) -> list[object]:
    """The cotangents of the first `count` records, by the engine that is faster; what is zero is 0.0.

    That of an array is an array of its shape and dtype, which belongs to the caller. With `spend` the values are not
    needed any more, and each array is dropped when the sweep has passed it.
    """
    if COMPILED and not values.nested and not any(isinstance(seed, (Operand, tuple)) for seed in seeds.values()):
        if not values.outers and all(type(seed) is float for seed in seeds.values()):
            numbers = pull_numbers(values.columns, len(tape), cast(Mapping[int, float], seeds), count)
            if numbers is not None:
                return [numbers[i] + 0.0 for i in range(count)]
        elif values.outers:
            return pull_plain(tape, values, seeds, count, spend)
    if values.outers:
        with np.errstate(all="ignore"):
            cotangents = pull_back(tape, values.as_list(), seeds, count)
    else:
        cotangents = pull_back(tape, values.as_list(), seeds, count)
    return [settled(cotangents[i], values.outers.get(i)) for i in range(count)]


def settled(g: object, like: object = None) -> object:
    """A derivative as it is handed out: what is zero is 0.0, whether it was symbolic, 0.0 or -0.0.

    `like` is the value whose derivative it is, if that is an array.
    """
    if isinstance(like, (np.ndarray, ArrayVar)):
        if g is None:
            return zeros_like(like)
        return g.copy() if isinstance(g, np.ndarray) else g
    if g is None:
        return 0.0
    return g + 0.0 if isinstance(g, float) else g


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
        cotangents[index] = _added(cotangents[index], seed)
    for index in range(max(seeds, default=-1), -1, -1):
        if index in parts:
            _add_parts(cotangents, index, own, parts.pop(index), values[index])
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
                to_left = g * cast(Number, evaluated(partials[0]))
                to_right = None if right < 0 else g * cast(Number, evaluated(partials[1]))
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
            _add_part(cotangents, left, own, g, params, operands[0], parts)
            continue
        wanted = [position for position, i in enumerate(inputs) if i < kept or codes[i] != CONSTANT]
        for position, term in pulled(primitive, g, values[index], operands, params, wanted).items():
            _accumulate(cotangents, inputs[position], own, fitted(term, operands[position]))
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
            seeds[t._index] = _added(seeds.get(t._index), fitted(seed, t))
    return dict(zip(inexact, cotangents_of(tape, recorder.values, seeds, len(inexact)), strict=True))


def fitted(term: object, x: object) -> object:
    """A cotangent, in the shape and dtype of the operand `x`: summed over the axes along which that was broadcast."""
    if type(term) is float and type(x) is float:
        return term
    if type(term) is _ARRAY and type(x) is _ARRAY and term.shape == x.shape and term.dtype is x.dtype:
        return term
    if term is None or isinstance(term, tuple):
        return term
    value, found = concrete(x), concrete(term)
    if not isinstance(value, np.ndarray):  # a number
        if isinstance(found, (np.ndarray, np.generic)):
            term = sum_to(term, ())
            if found.dtype.kind == "c":
                term = real(term)
            return float(cast(float, term)) if isinstance(term, (np.ndarray, np.generic)) else term
        return term
    if not isinstance(found, np.ndarray):
        term = np.broadcast_to(term, value.shape) if isinstance(term, float) else term
        found = np.asarray(found)
    if found.shape != value.shape:
        term = sum_to(term, value.shape)
        if np.shape(cast(Floats, concrete(term))) != value.shape:  # a number all elements of which were dropped
            return term
    if found.dtype != value.dtype and value.dtype.kind in "fc":
        if found.dtype.kind == "c" and value.dtype.kind == "f":
            term = real(term)
        if np.asarray(concrete(term)).dtype != value.dtype:
            term = astype(term, dtype=value.dtype.str)
    return np.asarray(term) if isinstance(term, (np.generic, complex)) else term


def _accumulate(cotangents: list[object], index: int, own: set[int], term: object) -> None:
    """Add `term` to a cotangent: in place, if it is an array that was made by adding."""
    so_far = cotangents[index]
    if so_far is None:
        cotangents[index] = term
    elif isinstance(so_far, np.ndarray) and isinstance(term, np.ndarray):
        if index in own:
            np.add(so_far, term, out=so_far)
            return
        own.add(index)
        cotangents[index] = np.asarray(np.add(so_far, term))
    else:
        own.discard(index)
        cotangents[index] = _added(so_far, term)


def _add_part(
    cotangents: list[object], index: int, own: set[int], g: object, params: Params, x: object, parts: Parts
) -> None:
    """Add the cotangent of ``x[...]`` to that of `x`, in place: to read an array by its elements takes one array.

    Where it is traced further out, every such sum would be recorded: it is kept in `parts`, for `_add_parts`.
    """
    at = cast(FrozenIndex, params[0][1])
    so_far = cotangents[index]
    is_plain = isinstance(g, (float, np.ndarray)) and isinstance(x, np.ndarray)
    if not is_plain or isinstance(so_far, Operand):
        parts.setdefault(index, []).append((at, g))
        return
    if index not in own:
        array = cast(Floats, x)
        total: Floats = np.zeros(array.shape, array.dtype)
        if so_far is not None:
            total += cast(Floats, so_far)
        own.add(index)
        cotangents[index] = so_far = total
    add_at(cast(Floats, so_far), at, cast(Floats, g))


def _add_parts(
    cotangents: list[object], index: int, own: set[int], parts: Sequence[tuple[FrozenIndex, object]], x: object
) -> None:
    """Add the cotangents of ``x[...]`` to that of `x`, all that are of single elements, or rows, at once."""
    shape = shape_of(x)
    places: dict[int, list[tuple[object, ...]]] = {}
    terms: dict[int, list[object]] = {}
    for at, g in parts:
        depth = len(at.index)
        if depth and all(isinstance(entry, int) for entry in at.index):
            places.setdefault(depth, []).append(at.index)
            terms.setdefault(depth, []).append(g)
        else:
            _accumulate(cotangents, index, own, fitted(scatter(g, index=at, shape=shape), x))
    for depth, indices in places.items():
        columns = tuple(np.asarray(indices, np.intp).T)
        stacked = stack(*terms[depth], axis=depth - 1 - len(shape))
        _accumulate(cotangents, index, own, fitted(scatter(stacked, index=FrozenIndex(columns), shape=shape), x))


def pull_numbers(
    columns: Columns, length: int, seeds: Mapping[int, float], count: int | None = None
) -> vec[float] | None:
    """The cotangent of each of the first `length` records, all of whose values are numbers.

    With a `count`, those of later constants need not be right.

    A zero is a zero here, symbolic or not. None if a rule answers with something other than floats, as one that
    closes over a variable of an outer transform.
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
            arrays[index] = _added(arrays[index], seed)
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
    return found


def _is_ours(arrays: list[object], index: int) -> bool:
    """Whether an array may be handed out as it is: a cotangent that nothing else refers to, nor views."""
    g = arrays[index]
    # Three refer to it: the list, the name, and the argument of the call, which CPython counts.
    return type(g) is _ARRAY and g.base is None and g.flags.writeable and sys.getrefcount(g) <= 3


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
            _add_part(arrays, inputs[0], own, g, params, operands[0], {})
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
                _accumulate(arrays, i, own, term)
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
            terms[position] = times(fitted(g, operands[position]), partial)
        else:
            terms[position] = times(g, partial)
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
    return operator.add(sum_, term)
