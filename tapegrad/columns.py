"""What stands behind a tape: a growing buffer with one column per fact, and the records that start a program."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Final

from tapegrad.primitive import Params, Primitive
from tapegrad.source import Site, site_of

__all__ = ["NONE", "Columns", "Start", "constant", "input_"]

NONE: Final = -1
"""In a column of indices or offsets: there is none."""


class Start(Primitive):
    """A record that reads nothing: an input or a constant."""

    def evaluate(self, operands: Sequence[object], params: Params) -> object:
        del operands
        return dict(params)["value"]

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> None:
        del tangents, out, operands, params  # nothing to push forward

    def pull(self, g: object, out: object, operands: Sequence[object], params: Params) -> Mapping[int, object]:
        del g, out, operands, params
        return {}


input_ = Start("input", 0, {"name": str})
constant = Start("constant", 0, {"value": float})


class Columns:
    """The growing buffer behind tapes: one entry per record and column. Not public; written by appending.

    ``lefts`` and ``rights`` hold the first two inputs; further ones, names, constants and other static
    facts are rare, so they stand in dictionaries by index.
    """

    __slots__ = (
        "__weakref__", "code", "constants", "extras", "instructions", "lefts", "lock", "params", "primitives",
        "rights", "run_codes", "run_starts", "sites",
    )  # fmt: skip

    def __init__(self) -> None:
        self.primitives: list[Primitive] = []
        self.lefts: list[int] = []
        self.rights: list[int] = []
        # Where: the offset of the instruction, and the code object it is in, kept by runs of equal ones.
        self.instructions: list[int] = []
        self.run_starts: list[int] = []
        self.run_codes: list[CodeType | None] = []
        self.code: CodeType | None = None  # of the last run
        self.constants: dict[int, float] = {}
        self.params: dict[int, Params] = {}
        self.extras: dict[int, tuple[int, ...]] = {}
        self.sites: dict[int, Site] = {}  # where, for records that were not traced in this process
        self.lock = threading.Lock()

    def write(self, primitive: Primitive, inputs: tuple[int, ...], params: Params, where: Site | None) -> None:
        """Append one record, already checked."""
        index = len(self.primitives)
        left, right, *extra = (*inputs, NONE, NONE)[: max(2, len(inputs))]
        if primitive is constant:
            self.constants[index] = float(dict(params)["value"])  # type: ignore[arg-type]  # checked
        elif params:
            self.params[index] = params
        if extra:
            self.extras[index] = tuple(extra)
        if where is not None:
            self.sites[index] = where
        self.lefts.append(left)
        self.rights.append(right)
        self.instructions.append(NONE)
        self.primitives.append(primitive)

    def start_run(self, code: CodeType) -> None:
        """Note that the next record, and those after it, were recorded in `code`."""
        if code is not self.code:
            self.run_starts.append(len(self.primitives))
            self.run_codes.append(code)
            self.code = code

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
        if self.primitives[index] is constant:
            return (("value", self.constants[index]),)
        return self.params.get(index, ())

    def where(self, index: int) -> Site | None:
        """The place in the user's source where record `index` was recorded, if known."""
        if index in self.sites:
            return self.sites[index]
        instructions, primitives = self.instructions, self.primitives
        while instructions[index] == NONE and primitives[index] is constant and index + 1 < len(instructions):
            index += 1  # a constant stands where the operation stands that reads it
        run = bisect_right(self.run_starts, index) - 1
        code = self.run_codes[run] if run >= 0 else None
        return None if code is None or instructions[index] == NONE else site_of(code, instructions[index])

    def copy(self, length: int) -> Columns:
        """A buffer of its own with the first `length` records."""
        copied = Columns()
        for name in ("primitives", "lefts", "rights", "instructions"):
            setattr(copied, name, getattr(self, name)[:length])
        runs = bisect_right(self.run_starts, length - 1)
        copied.run_starts, copied.run_codes = self.run_starts[:runs], self.run_codes[:runs]
        copied.code = copied.run_codes[-1] if runs else None
        for name in ("constants", "params", "extras", "sites"):
            setattr(copied, name, {i: x for i, x in getattr(self, name).items() if i < length})
        return copied
