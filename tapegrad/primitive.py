"""What an operation is: a name, a value, and one statement of its derivative.

There are three kinds of rule, and one declaration serves every mode (see `tapegrad.elementwise` and `tapegrad.maps`):

* `Elementwise`: numbers to a number, or element by element. ``partials(out, x, y) -> {0: d out/dx, 1: d out/dy}``.
  Forward mode multiplies tangents by the partials, reverse mode multiplies the cotangent by them.
* `Linear` (and linear in each operand, `Multilinear`): its own tangent map; only the transpose is stated.
* `General`: the pushforward is written out; the pullback is its transpose, found by tracing it.

Rules are written in tapegrad's own operations, so that a reverse sweep can itself be recorded; they use
one notation: ``x, y`` inputs, ``out`` output, ``t`` tangent, ``g`` cotangent. A rule states *every*
position, or the operation is declared piecewise constant: a forgotten position is an error, not a zero.

This module knows no variables. An operand that records says so itself, by being `Operand`.
"""

from __future__ import annotations

import inspect
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from math import inf
from types import MappingProxyType
from typing import Final, final, overload

import numpy as np
import numpy.typing as npt
from mypy_extensions import i32, mypyc_attr

from tapegrad import kernels
from tapegrad.arrays import AnyArray
from tapegrad.errors import OperandError, RuleError
from tapegrad.kernels import CODES
from tapegrad.typing import Number, Static, Traced, TracedArray
from tapegrad.vectors import COMPILED

__all__ = [
    "ARGUMENTS", "ARRAYS", "OPERATIONS", "Comparison", "Operand", "Params", "Primitive", "Recording",
    "as_float", "as_value", "concrete", "is_complex", "is_number", "lookup", "newest_recording", "operation",
]  # fmt: skip

Params = tuple[tuple[str, Static], ...]
"""The static facts of a record, as (name, value) pairs."""


ARGUMENTS: Final = "xyzuvw"
"""What the arguments of an operation are called, by position."""

ARRAYS: Final = 1 << 20
"""Added to the code of an operation that has a kernel where its value is an array: the kernels are for floats."""

_SEALED: Final = "a writer that is always sealed is not written to"


@mypyc_attr(allow_interpreted_subclasses=True)
class Recording:
    """The writer that an operand belongs to. The one with the larger serial number is the inner trace."""

    __slots__ = ("sealed", "serial")

    serial: int
    sealed: bool
    """Nothing may be written directly, but must go through `record` and `guard`."""

    @abstractmethod
    def record(self, primitive: Primitive, operands: Sequence[object], params: Params = ()) -> Operand:
        """Compute ``primitive(*operands)``, append it to the tape, and return the new variable."""

    @abstractmethod
    def guard(self, comparison: Comparison, operands: Sequence[object]) -> object:
        """Compare, append the comparison with its outcome to the tape, and return the outcome.

        Of arrays that is an array of booleans.
        """

    def is_open(self) -> bool:
        """Whether something can be recorded here, or by what stands in for it."""
        return False

    def current(self, operand: Operand) -> Operand:
        """`operand` as who records now knows it: when a call is traced again, what it captured has another value."""
        return operand

    def write(self, code: i32, left: i32, right: i32, number: float) -> Operand:
        """Append an operation on records of this trace that gave `number`, and return its variable."""
        del code, left, right, number
        raise TypeError(_SEALED)

    def write_any(self, code: i32, left: i32, right: i32, value: object) -> Operand:
        """As `write`, of a value that may be an array."""
        del code, left, right, value
        raise TypeError(_SEALED)

    def append(self, code: i32, left: i32, right: i32, number: float) -> i32:
        """As `write`, but return the index of the record."""
        del code, left, right, number
        raise TypeError(_SEALED)


@mypyc_attr(allow_interpreted_subclasses=True, acyclic=True)
class Operand(Traced):
    """An operand that records: its writer, its place there, and its value.

    ``number`` is the concrete value. Where the value is an array or a tuple, or traced by an outer transform as
    well, it is ``outer``; else that is None.
    """

    __slots__ = ("_index", "_number", "_outer", "_recorder")

    def __init__(self, recorder: Recording, index: i32, number: float, outer: object) -> None:
        self._recorder: Final = recorder
        self._index: Final = index
        self._number: Final = number
        self._outer: Final = outer


def concrete(x: object) -> object:
    """The plain value of `x`, however many transforms it is traced by: a number, an array, or a tuple."""
    while isinstance(x, Operand):
        x = x._number if x._outer is None else x._outer
    return x


def is_number(x: object) -> bool:
    """Whether `x` can stand in arithmetic: a number or an array, plain or recorded."""
    return isinstance(x, (float, int, Operand, np.generic, np.ndarray, complex))


def is_complex(x: object) -> bool:
    """Whether the value of `x`, plain or recorded, is of complex numbers."""
    value = concrete(x)
    if isinstance(value, np.ndarray):
        return bool(value.dtype.kind == "c")
    return isinstance(value, (complex, np.complexfloating))


def newest_recording(operands: Sequence[object]) -> Recording | None:
    """The innermost writer among `operands`; None if all are plain values."""
    newest: Recording | None = None
    for operand in operands:
        if isinstance(operand, Operand):
            recording = operand._recorder
            if newest is None or recording.serial > newest.serial:
                newest = recording
    return newest


def as_float(x: object) -> float:
    """`x` as a Python float, if it is a real number.

    >>> as_float(2)
    2.0
    """
    if isinstance(x, float):
        return float(x)
    if isinstance(x, int):
        try:
            return float(x)
        except OverflowError:
            return inf if x > 0 else -inf
    if isinstance(x, (np.ndarray, np.generic)) and x.shape == () and x.dtype.kind in "fiub":
        return float(x)
    msg = f"expected a float or a traced value, got {type(x).__name__} {x!r:.60}"
    raise OperandError(msg)


def as_value(x: object) -> float | AnyArray:
    """`x` as the plain operand of an operation: a float, or an array that keeps its dtype.

    Raises OperandError for anything that is no number.
    """
    if isinstance(x, (float, int)):
        return as_float(x)
    if isinstance(x, np.generic) and x.dtype.kind in "fiub":
        return as_float(x)  # which leaves the choice of float32 or float64 to arrays, as a number of Python does
    if isinstance(x, (np.ndarray, np.generic, complex, list, tuple)):
        array: AnyArray = np.asarray(x)
        if array.dtype.kind in "fiubc":
            return array
        kind = f"an array of {array.dtype}"
    else:
        kind = type(x).__name__
    msg = f"expected a number, an array or a traced value, got {kind} {x!r:.60}"
    raise OperandError(msg)


_by_name: Final[dict[str, Primitive]] = {}
OPERATIONS: Final[dict[int, Primitive]] = {}
"""Every operation by its code; written by `Primitive` alone."""


def lookup(name: str) -> Primitive | None:
    """The operation called `name`, or None."""
    return _by_name.get(name)


def operation(code: int) -> Primitive:
    """The operation with this code."""
    return OPERATIONS[code]


@mypyc_attr(allow_interpreted_subclasses=True)
class Primitive:
    """An operation that can stand on a tape. Immutable, and known by its name, which is unique.

    Its code is what a tape stores. Operations with a kernel have the one it was generated for; others get the
    next free number, which is good for this process only.
    """

    name: Final[str]
    code: Final[i32]
    arity: Final[int | None]  # None: any number of inputs
    facts: Final[Mapping[str, type]]  # the static facts that every record of it states, and what they are

    def __init__(self, name: str, arity: int | None, facts: Mapping[str, type] = MappingProxyType({})) -> None:
        if not str(name).isidentifier():  # the text of a tape could not be read back
            msg = f"the name of an operation is a word such as 'softsign', not {name!r:.60}"
            raise RuleError(msg)
        if name in _by_name:
            msg = f"an operation named {name!r} exists already; choose another name"
            raise RuleError(msg)
        self.name = name
        self.arity = arity
        self.facts = facts
        self.code = CODES.get(name, len(CODES) + len(_by_name))
        _by_name[name] = self
        OPERATIONS[self.code] = self
        OPERATIONS[self.code + ARRAYS] = self

    def __call__(self, *operands: object) -> object:
        """Apply it. Here, and not only in the operations that people call, because of the compiler.

        mypyc (2.4) lays out the objects of a callable class differently from those of a base that is not.
        """
        return self.evaluate(operands, ())

    @abstractmethod
    def evaluate(self, operands: Sequence[object], params: Params) -> object:
        """The value at `operands`, which may be traced by outer transforms: what a replay computes."""

    @abstractmethod
    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        """The output's tangent, given those of some positions; absent ones are zero. None is zero."""

    @abstractmethod
    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        """The cotangent of the `wanted` positions, given the output's; absent positions are zero.

        It may have the shape that the operand was broadcast to: `tapegrad.cotangents` sums it back.
        """

    def batch(self, operands: Sequence[object], lanes: Sequence[bool], size: int, params: Params) -> object:
        """The values in `size` lanes at once, which are the first axis of the operands that have `lanes`.

        Without a rule of its own an operation is evaluated lane by lane.
        """
        del operands, lanes, size, params
        return NotImplemented

    @property
    def __signature__(self) -> inspect.Signature:
        """What ``inspect.signature`` and ``help`` say: ``(x, y, /)``."""
        kind = inspect.Parameter.POSITIONAL_ONLY
        if self.arity is None:
            return inspect.Signature([inspect.Parameter("operands", inspect.Parameter.VAR_POSITIONAL)])
        return inspect.Signature([inspect.Parameter(name, kind) for name in ARGUMENTS[: self.arity]])

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Callable[[str], Primitive | None], tuple[str]]:
        return lookup, (self.name,)


@final
class Comparison(Primitive):
    """A question about two numbers, answered by a plain bool; traced operands leave a guard on the tape.

    About arrays it is asked for each element, by `elementwise.is_greater` and its kind.
    """

    compute: Final[Callable[[float, float], bool]]
    over: Final[Primitive]  # the same question about every element of arrays

    def __init__(self, name: str, compute: Callable[[float, float], bool], over: Primitive) -> None:
        super().__init__(name, 2, {"outcome": bool})
        self.compute = compute
        self.over = over

    @overload  # type: ignore[override]  # an arity of its own
    def __call__(self, x: AnyArray | TracedArray, y: Number | AnyArray) -> npt.NDArray[np.bool_]: ...
    @overload
    def __call__(self, x: Number | AnyArray, y: AnyArray | TracedArray) -> npt.NDArray[np.bool_]: ...
    @overload
    def __call__(self, x: Number, y: Number) -> bool: ...
    def __call__(self, x: object, y: object) -> object:
        return self.evaluate((x, y), ())

    def evaluate(self, operands: Sequence[object], params: Params) -> object:
        del params  # the recorded outcome is checked by whoever replays
        recording = newest_recording(operands)
        if recording is not None:
            return recording.guard(self, operands)
        x, y = as_value(operands[0]), as_value(operands[1])
        if isinstance(x, float) and isinstance(y, float):
            return self.outcome(x, y)
        return self.over.evaluate((x, y), ())

    def outcome(self, x: float, y: float) -> bool:
        """The answer for two floats."""
        return kernels.outcome(self.code, x, y) if COMPILED else self.compute(x, y)

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> None:
        del tangents, out, operands, params  # an outcome is piecewise constant

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del g, out, operands, params, wanted
        return {}
