"""What a pass makes of a trace: `Rewritten`, and the one function that writes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

import attrs
import numpy as np

from tapegrad.arrays import FrozenArray
from tapegrad.columns import Columns
from tapegrad.kernels import CONSTANT, INPUT, NONE
from tapegrad.masks import observed
from tapegrad.primitive import Comparison, Params, Primitive
from tapegrad.source import Site
from tapegrad.tape import Tape
from tapegrad.trace import Trace

__all__ = ["Rewritten", "is_guard", "rewritten"]

Note = TypeVar("Note")


@attrs.frozen(eq=False)
class Rewritten:
    """A trace after a pass, and which of its records each record of the old trace became.

    ``places`` has no entry for a record that is gone. Two records that have become one have the same place.
    """

    trace: Trace
    places: Mapping[int, int] = attrs.field(repr=False)

    def carried(self, notes: Mapping[int, Note]) -> dict[int, Note]:
        """What was noted of the old records, such as names or lines, by new record.

        Where several have become one it keeps the note of the first that has any.

        >>> from tapegrad import passes, trace
        >>> passes.common(trace(lambda x: x * x + x * x, 3.0)).carried({0: "x", 2: "square", 3: "sum"})
        {0: 'x', 1: 'square', 2: 'sum'}
        """
        carried: dict[int, Note] = {}
        for old in sorted(notes):
            if old in self.places:
                carried.setdefault(self.places[old], notes[old])
        return carried

    def then(self, later: Rewritten) -> Rewritten:
        """This pass and then another, as one; `later` is what the other made of ``self.trace``."""
        places = {old: later.places[new] for old, new in self.places.items() if new in later.places}
        return Rewritten(later.trace, MappingProxyType(places))


def is_guard(primitive: Primitive) -> bool:
    """Whether a record says which way the program went: a comparison, or a look at the elements of an array."""
    return isinstance(primitive, Comparison) or primitive is observed


def rewritten(trace: Trace, becomes: Sequence[int | None], folded: Collection[int] = ()) -> Rewritten:
    """The trace in which record i is what `becomes` says: itself, an earlier record, or, for None, gone.

    An earlier record that others become, or that a record reads, must itself remain. The `folded` ones that remain are
    constants, with the value they had. All others keep their value, their static facts and their place in the source.
    """
    old, new = trace.tape.columns, Columns()
    sites = _sites(trace.tape)
    places: dict[int, int] = {}
    arrays: dict[int, object] = {}
    for index, kept in enumerate(becomes):
        if kept is None:
            continue
        if kept != index:
            places[index] = places[kept]
            continue
        is_folded = index in folded
        inputs = () if is_folded else tuple(places[i] for i in old.inputs(index))
        left, right, *extra = (*inputs, NONE, NONE)[: max(2, len(inputs))]
        code = CONSTANT if is_folded else old.codes[index]
        place = places[index] = int(new.append(code, left, right, old.numbers[index]))
        if extra:
            new.extras[place] = tuple(extra)
        if index in trace.arrays:
            arrays[place] = trace.arrays[index]
        params = _folded_params(trace.arrays.get(index)) if is_folded else _written_params(old, index)
        if params:
            new.params[place] = params
        site = sites[index]
        if site is not None:
            new.sites[place] = site
    outputs = tuple(places[i] for i in trace.outputs)
    tape = Tape.over(new, new.length).compact()
    return Rewritten(Trace(tape, trace.output, outputs, arrays), MappingProxyType(places))


def _written_params(columns: Columns, index: int) -> Params:
    """The static facts of a record; none where its number says it all, as of a constant or a comparison."""
    if columns.codes[index] == INPUT:
        return columns.params_at(index)
    return columns.params.get(index, ())


def _folded_params(value: object) -> Params:
    """The static facts of a constant with this value; none of a number."""
    return (("value", FrozenArray(value)),) if isinstance(value, np.ndarray) else ()


def _sites(tape: Tape) -> list[Site | None]:
    """Where each record stands. A traced constant stands where the next operation does, so it goes from the end."""
    columns = tape.columns
    sites: list[Site | None] = []
    for index in range(len(tape) - 1, -1, -1):
        is_traced_constant = columns.locating and columns.codes[index] == CONSTANT and index not in columns.sites
        sites.append(sites[-1] if is_traced_constant and sites else columns.where(index))
    return sites[::-1]
