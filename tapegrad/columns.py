"""What stands behind a tape: a growing buffer with one column per fact, and the records that start a program."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Final, final

from mypy_extensions import i32, i64

from tapegrad.arrays import FrozenArray
from tapegrad.kernels import CONSTANT, INPUT, NONE
from tapegrad.primitive import Comparison, Params, Primitive, operation
from tapegrad.source import Site, site_of, users_frame
from tapegrad.vectors import COMPILED, extend, vec

__all__ = ["Columns", "Start", "Values", "constant", "empty_columns", "input_", "reuse"]


class Start(Primitive):
    """A record that reads nothing: an input or a constant."""

    def __init__(self, name: str, facts: Mapping[str, type]) -> None:
        super().__init__(name, 0, facts)

    def evaluate(self, operands: Sequence[object], params: Params) -> object:
        del operands
        value = dict(params)["value"]
        return value.array if isinstance(value, FrozenArray) else value

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> None:
        del tangents, out, operands, params  # nothing to push forward

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del g, out, operands, params, wanted
        return {}


# The shape is that of an array when the program was traced: the program may rest on it.
input_ = Start("input", {"name": str, "shape": tuple | None})  # type: ignore[dict-item]  # isinstance takes a union
constant = Start("constant", {"value": float | FrozenArray})  # type: ignore[dict-item]  # isinstance takes a union

_FIRST_CAPACITY: Final = 16


@final
class Columns:
    """The growing buffer behind tapes: one entry per record and column. Not public; written by appending.

    ``codes`` says which operation, ``lefts`` and ``rights`` are its first two inputs, ``numbers`` is what it
    gave when it was traced. Of a constant and of a guard the number is part of the program: the value, the
    outcome. Further inputs and other static facts are rare, so they stand in dictionaries by index.
    """

    __slots__ = (
        "codes", "cotangents", "extras", "instructions", "lefts", "length", "locating", "names", "numbers",
        "params", "rights", "run_codes", "run_starts", "sites",
    )  # fmt: skip

    def __init__(self, locating: bool = False) -> None:
        self.length: i32 = 0
        self.codes: vec[i32] = vec[i32]([0] * _FIRST_CAPACITY)
        self.lefts: vec[i32] = vec[i32]([0] * _FIRST_CAPACITY)
        self.rights: vec[i32] = vec[i32]([0] * _FIRST_CAPACITY)
        self.numbers: vec[float] = vec[float]([0.0] * _FIRST_CAPACITY)
        self.cotangents: vec[float] = vec[float]([0.0] * _FIRST_CAPACITY)  # scratch space of a sweep
        self.names: Sequence[str] = ()  # of the first records, which are inputs
        self.params: dict[int, Params] = {}
        self.extras: dict[int, tuple[int, ...]] = {}
        # Where, if it is `locating`: the offset of the instruction, and by runs of equal ones the code object.
        self.locating: Final = locating
        self.instructions: vec[i32] = vec[i32]([0] * _FIRST_CAPACITY if locating else [])
        self.run_starts: list[int] = []
        self.run_codes: list[CodeType] = []
        self.sites: dict[int, Site] = {}  # where, for records that were not traced in this process

    def append(self, code: i32, left: i32, right: i32, number: float) -> i32:
        """Append one record, and return its index."""
        # Several threads may record on one tape. The interpreter changes threads at calls and jumps only, so that
        # none can come in between these two lines.
        index: int = self.length
        self.length = index + 1
        if index >= len(self.codes):
            self._grow()
        self.codes[index] = code
        self.lefts[index] = left
        self.rights[index] = right
        self.numbers[index] = number
        if self.locating:
            self.instructions[index] = NONE
        return index

    def zeros(self, length: i64) -> vec[float]:
        """A cotangent of zero for each of the first `length` records, in memory that the next call overwrites."""
        if len(self.cotangents) < length:
            self.cotangents = vec[float]([0.0] * length)
        else:
            for index in range(length):
                self.cotangents[index] = 0.0
        return self.cotangents

    def _grow(self) -> None:
        """Double what is allocated; the operations last, since their number tells others that there is room."""
        self.lefts = extend(self.lefts, self.lefts)
        self.rights = extend(self.rights, self.rights)
        self.numbers = extend(self.numbers, self.numbers)
        if self.locating:
            self.instructions = extend(self.instructions, self.instructions)
        self.codes = extend(self.codes, self.codes)

    def locate(self, index: int) -> None:
        """Note where the user's program is: record `index` is recorded there."""
        if self.codes[index] == CONSTANT:
            return  # it stands where the operation stands that reads it
        frame = users_frame(sys._getframe())
        code = frame.f_code
        if not self.run_codes or code is not self.run_codes[-1]:
            self.run_starts.append(index)
            self.run_codes.append(code)
        self.instructions[index] = frame.f_lasti

    def write(self, primitive: Primitive, inputs: tuple[int, ...], params: Params, where: Site | None) -> None:
        """Append one record that is not being traced, already checked."""
        left, right, *extra = (*inputs, NONE, NONE)[: max(2, len(inputs))]
        index: int = self.append(primitive.code, left, right, 0.0)
        if (primitive is constant or isinstance(primitive, Comparison)) and not isinstance(params[0][1], FrozenArray):
            self.numbers[index] = float(params[0][1])  # type: ignore[arg-type]  # checked
        elif params:
            self.params[index] = params
        if extra:
            self.extras[index] = tuple(extra)
        if where is not None:
            self.sites[index] = where

    def primitive(self, index: int) -> Primitive:
        """The operation of record `index`."""
        return operation(self.codes[index])

    def inputs(self, index: int) -> tuple[int, ...]:
        """The inputs of record `index`, by position."""
        left, right = self.lefts[index], self.rights[index]
        if left == NONE:
            return ()
        if right == NONE:
            return (left,)
        return (left, right, *self.extras.get(index, ()))

    def params_at(self, index: int) -> Params:
        """The static facts of record `index`."""
        code = self.codes[index]
        if code == CONSTANT:
            return self.params.get(index, (("value", self.numbers[index]),))
        if code == INPUT and index < len(self.names) and index not in self.params:
            return (("name", self.names[index]),)
        if isinstance(operation(code), Comparison):
            return (("outcome", self.numbers[index] == 1.0),)
        return self.params.get(index, ())

    def where(self, index: int) -> Site | None:
        """The place in the user's source where record `index` was recorded, if known."""
        if index in self.sites or not self.locating:
            return self.sites.get(index)
        while self.codes[index] == CONSTANT and index + 1 < self.length:
            index += 1  # a constant stands where the operation stands that reads it
        run = bisect_right(self.run_starts, index) - 1
        offset = self.instructions[index]
        return None if run < 0 or offset == NONE else site_of(self.run_codes[run], offset)

    def copy(self, length: int) -> Columns:
        """A buffer of its own with the first `length` records, and no room for more."""
        copied = Columns(self.locating)
        copied.length = length
        if length > 0:
            copied.codes, copied.numbers = self.codes[:length], self.numbers[:length]
            copied.lefts, copied.rights = self.lefts[:length], self.rights[:length]
            copied.instructions = self.instructions[:length]
        runs = bisect_right(self.run_starts, length - 1)
        copied.run_starts, copied.run_codes = self.run_starts[:runs], self.run_codes[:runs]
        copied.names = self.names[:length]
        copied.params = {i: x for i, x in self.params.items() if i < length}
        copied.extras = {i: x for i, x in self.extras.items() if i < length}
        copied.sites = {i: x for i, x in self.sites.items() if i < length}
        return copied


# Columns of traces that have been released. To get fresh memory from the operating system can take longer than to
# record into it: at 100 000 operations the page faults took half of the time.
_spare: Final[list[Columns]] = []
_MOST_SPARE: Final = 4
_LARGEST_SPARE: Final = 1 << 18  # records, which take 7 MB


def empty_columns() -> Columns:
    """Columns without a record, and with room for as many as those of some earlier trace had."""
    try:
        return _spare.pop()
    except IndexError:
        return Columns()


def reuse(columns: Columns) -> None:
    """Take back columns that nobody will read any more.

    Not if interpreted: there a thread that has outlived its trace could be in the midst of writing.
    """
    plain = COMPILED and not (columns.params or columns.extras or columns.sites or columns.locating)
    if plain and len(_spare) < _MOST_SPARE and len(columns.codes) <= _LARGEST_SPARE:
        columns.length = 0
        columns.names = ()
        _spare.append(columns)


@final
class Values:
    """The value of every record of a trace, by index.

    It is a number, which the columns hold; or an object in `outers`: an array, a tuple, or, in a trace that is
    `nested`, a variable of the trace around it.
    """

    __slots__ = ("columns", "nested", "outers")

    def __init__(self, columns: Columns, outers: dict[int, object], nested: bool) -> None:
        self.columns: Final = columns
        self.outers: Final = outers
        self.nested: Final = nested  # or has tuples

    def __len__(self) -> int:
        return self.columns.length

    def __getitem__(self, index: int) -> object:
        at = range(len(self))[index]  # Python's own rules for negative indices and errors
        return self.outers[at] if at in self.outers else self.columns.numbers[at]

    def as_list(self) -> list[object]:
        """All of them."""
        numbers: list[object] = list(self.columns.numbers[: self.columns.length])
        for index, outer in self.outers.items():
            numbers[index] = outer
        return numbers
