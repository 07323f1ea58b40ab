"""The only writer: `Recorder` appends to the columns of one trace, `Var` is what the user's function sees.

A `Var` is an index into the tape, its value, and its recorder. Nothing is global: an operation asks its
operands who records. In nested transforms the value of an inner variable is a variable of the outer trace,
so computing it records there too; the recorder with the larger serial number is the inner one, which is
what keeps the perturbations of nested derivatives apart.

When the trace ends the recorder is sealed, and a variable that has leaked says so when it is used.
"""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import nan
from types import FrameType
from typing import Final, TypeAlias

import numpy as np

from tapegrad import conversions, errors
from tapegrad.columns import NONE, Columns, constant, input_
from tapegrad.elementwise import Binary
from tapegrad.ops import arithmetic, exponential, selection
from tapegrad.primitive import Comparison, Operand, Params, Primitive, Recording, as_float
from tapegrad.source import caller, users_frame
from tapegrad.tape import Tape
from tapegrad.typing import Number

__all__ = ["Recorder", "Scalar", "Var", "concrete"]

_serials = itertools.count(1)  # only ever compared: an inner trace starts later than its outer one
_OUTCOMES: Final[dict[bool, Params]] = {flag: (("outcome", flag),) for flag in (False, True)}


class Recorder(Recording):
    """Writes one trace: the columns of its tape, and beside them the value of every record."""

    __slots__ = (
        "_frame", "_user_frame", "captured", "columns", "enclosing", "ended", "sealed", "serial", "stand_ins",
        "values",
    )  # fmt: skip

    def __init__(self, enclosing: Recorder | None = None) -> None:
        self.serial = next(_serials)
        self.columns = Columns()
        self.values: list[object] = []
        self.sealed = False  # the short ways of recording are shut: it has ended, or another stands in for it
        self.ended = False
        # A function that is traced in place of being called (`checkpoint`) may read variables of the trace
        # around it. They become inputs: `captured` maps their index out there to their index in here. While
        # it runs, its trace stands in for the one around it, in its thread, so that what is computed from
        # such variables alone is recorded here as well.
        self.enclosing = enclosing
        self.captured: dict[int, int] = {}
        self.stand_ins: dict[int, Recorder] = {}
        # While one frame of tapegrad's own is recording, as a layer does, the user's frame stays the same.
        self._frame: FrameType | None = None
        self._user_frame: FrameType | None = None

    # ---- writing ---------------------------------------------------------------------------

    def inputs(self, values: Sequence[object], names: Sequence[str]) -> list[Var]:
        """Append arguments; they stand where the user called the transform."""
        columns = self.columns
        # A capture comes in the middle of a trace: what `write` remembers must stay that of the last run.
        frame = self._frame = self._user_frame = users_frame(sys._getframe(1))
        columns.start_run(frame.f_code)
        made: list[Var] = []
        for value, name in zip(values, names, strict=True):
            columns.params[len(self.values)] = (("name", name),)
            columns.primitives.append(input_)
            columns.lefts.append(NONE)
            columns.rights.append(NONE)
            columns.instructions.append(frame.f_lasti)
            self.values.append(value)
            made.append(self.variable(len(self.values) - 1))
        return made

    def input(self, value: object, name: str) -> Var:
        """Append one argument."""
        return self.inputs((value,), (name,))[0]

    def constant(self, value: object) -> int:
        """Append a number met on the way, and return its index.

        In a nested trace it may be a variable of an outer one; the tape then keeps its number.
        """
        number = value if type(value) is float else concrete(value)
        columns, values = self.columns, self.values
        index = len(values)
        columns.constants[index] = number
        columns.primitives.append(constant)
        columns.lefts.append(NONE)
        columns.rights.append(NONE)
        columns.instructions.append(NONE)  # it stands where the operation stands that reads it
        values.append(value)
        return index

    def record(self, primitive: Primitive, operands: Sequence[object], params: Params = ()) -> Var:
        """Compute an operation on operands any of which may be ours, append it, and return its variable.

        Raises LeakedVariableError if this trace has ended.
        """
        writer = self.writer(operands)
        indices, values = writer._locate_all(operands)
        return writer._append(primitive, indices, params, primitive.evaluate(values, params))

    def attach(self, primitive: Primitive, operands: Sequence[object], params: Params, value: object) -> Var:
        """Append an operation whose value has been computed already."""
        return self._append(primitive, self._locate_all(operands)[0], params, value)

    def _append(self, primitive: Primitive, indices: list[int], params: Params, value: object) -> Var:
        left, right = (*indices, NONE, NONE)[:2]
        variable = self.write(primitive, left, right, value)
        if params:
            self.columns.params[variable._index] = params
        if len(indices) > 2:
            self.columns.extras[variable._index] = tuple(indices[2:])
        return variable

    def guard(self, comparison: Comparison, operands: Sequence[object]) -> bool:
        """Compare, append the comparison with its outcome, and return the outcome."""
        writer = self.writer(operands)
        indices, values = writer._locate_all(operands)
        outcome = comparison.evaluate(values, ())
        writer._append(comparison, indices, _OUTCOMES[outcome], outcome)
        return outcome

    def _locate_all(self, operands: Sequence[object]) -> tuple[list[int], list[object]]:
        """The indices and the values of `operands` in this trace; what is not ours becomes a constant."""
        indices: list[int] = []
        values: list[object] = []
        for operand in operands:
            index, value = self._locate(operand)
            indices.append(index)
            values.append(value)
        return indices, values

    def _locate(self, operand: object) -> tuple[int, object]:
        if isinstance(operand, Var):
            variable = self.adopt(operand)
            if variable._recorder is self:
                return variable._index, variable._value
            return self.constant(variable), variable
        value = as_float(operand)
        return self.constant(value), value

    # ---- standing in -----------------------------------------------------------------------

    def writer(self, operands: Sequence[object] = ()) -> Recorder:
        """Who records in this thread: this trace, or the one that stands in for it.

        Raises LeakedVariableError if it has ended, naming the line of the first of `operands` that is its.
        """
        if not self.sealed:
            return self
        stand_in = self.stand_ins.get(threading.get_ident())
        if stand_in is not None:
            return stand_in
        if self.ended:
            own = (x._index for x in operands if isinstance(x, Var) and x._recorder is self)
            raise self.leaked(next(own, NONE))
        return self  # another stands in for it, but in another thread

    @contextmanager
    def standing_in(self) -> Iterator[None]:
        """While this lasts, this trace stands in for all those around it, in this thread."""
        thread = threading.get_ident()
        replaced: list[tuple[Recorder, Recorder | None]] = []
        around = self.enclosing
        while around is not None:
            replaced.append((around, around.stand_ins.get(thread)))
            around.stand_ins[thread] = self
            around.sealed = True
            around = around.enclosing
        try:
            yield
        finally:
            for recorder, before in replaced:
                del recorder.stand_ins[thread]
                if before is not None:
                    recorder.stand_ins[thread] = before
                recorder.sealed = recorder.ended or bool(recorder.stand_ins)

    def adopt(self, variable: Var) -> Var:
        """`variable` as one of this trace, if it belongs to it or to one around it; else as it is."""
        if variable._recorder is not self and self.enclosing is not None and self.enclosing.reaches(variable):
            return self.capture(variable)
        return variable

    def reaches(self, variable: Var) -> bool:
        """Whether `variable` belongs to this trace or one around it. Raises CaptureError if it is in between."""
        recorder: Recorder | None = self
        while recorder is not None:
            if variable._recorder is recorder:
                return True
            recorder = recorder.enclosing
        if variable._recorder.serial > self.serial:
            msg = f"a function closes over a traced value it cannot follow, at {caller()}; pass it as an argument"
            raise errors.CaptureError(msg)
        return False

    def capture(self, variable: Var) -> Var:
        """`variable`, of an enclosing trace, as an input of this one; it passes through those between."""
        if self.enclosing is not None and variable._recorder is not self.enclosing:
            variable = self.enclosing.capture(variable)
        index = self.captured.get(variable._index)
        if index is not None:
            return self.variable(index)
        made = self.input(variable._value, f"captured %{variable._index}")
        self.captured[variable._index] = made._index
        return made

    def write(self, primitive: Primitive, left: int, right: int, value: object, depth: int = 2) -> Var:
        """Append one record. `depth` is the distance of the frame that may be the user's.

        The source location costs least when nothing is looked up while the code object stays the same,
        as in a loop; a change of code object starts a new run in the columns.
        """
        columns, values = self.columns, self.values
        frame = sys._getframe(depth)
        if frame is self._frame:
            frame = self._user_frame or frame
        elif frame.f_code is not columns.code:
            self._frame = frame
            frame = self._user_frame = users_frame(frame)
            columns.start_run(frame.f_code)
        index = len(values)
        columns.primitives.append(primitive)
        columns.lefts.append(left)
        columns.rights.append(right)
        columns.instructions.append(frame.f_lasti)
        values.append(value)
        variable = _new(Var)  # and not Var(...): a Python-level __init__ costs half as much again
        variable._recorder = self
        variable._index = index
        variable._value = value
        return variable

    def variable(self, index: int) -> Var:
        """The variable of record `index`."""
        variable = _new(Var)
        variable._recorder = self
        variable._index = index
        variable._value = self.values[index]
        return variable

    # ---- the end ---------------------------------------------------------------------------

    def seal(self) -> Tape:
        """End the trace: nothing can be recorded any more. Returns what was recorded."""
        self.sealed = self.ended = True
        self._frame = self._user_frame = None  # a frame keeps its locals alive
        return Tape.over(self.columns, len(self.values))

    def leaked(self, index: int) -> errors.LeakedVariableError:
        """The error for using variable `index` of this sealed trace."""
        recorded = self.columns.where(index) if index != NONE else None
        msg = (
            f"a traced value recorded at {recorded or 'the start of a trace'} was used at {caller()}, "
            "after its trace had ended; return it from the function (has_aux=True carries extra results), "
            "or keep x.value"
        )
        return errors.LeakedVariableError(msg)


def concrete(value: object) -> float:
    """The float inside `value`, however many transforms it is traced by; nan for a tuple of results."""
    while isinstance(value, Var):
        value = value._value
    return float(value) if isinstance(value, (float, bool)) else nan


def _is_number(x: object) -> bool:
    return isinstance(x, (float, int, Var, np.generic))


def _binary(primitive: Binary) -> Callable[[Var, Number], Var]:
    """The method of an infix operator, short where both operands are floats underneath."""
    compute = primitive.compute

    def method(self: Var, other: Number) -> Var:
        recorder = self._recorder
        x = self._value
        if type(other) is Var:
            y = other._value
            if other._recorder is recorder and type(x) is float and type(y) is float and not recorder.sealed:
                return recorder.write(primitive, self._index, other._index, compute(x, y))
        elif type(x) is float and (type(other) is float or type(other) is int) and not recorder.sealed:
            y = as_float(other)
            return recorder.write(primitive, self._index, recorder.constant(y), compute(x, y))
        elif not _is_number(other):
            return NotImplemented  # type: ignore[no-any-return]  # Python's way to let the other side try
        return primitive.bind((self, other))  # type: ignore[return-value]  # traced, because self is

    return method


def _reflected(primitive: Binary) -> Callable[[Var, float], Var]:
    """The method of a reflected operator: the plain number stands on the left."""
    compute = primitive.compute

    def method(self: Var, other: float) -> Var:
        recorder = self._recorder
        y = self._value
        if type(y) is float and (type(other) is float or type(other) is int) and not recorder.sealed:
            x = as_float(other)
            return recorder.write(primitive, recorder.constant(x), self._index, compute(x, y))
        if not _is_number(other):
            return NotImplemented  # type: ignore[no-any-return]  # as above
        return primitive.bind((other, self))  # type: ignore[return-value]  # as above

    return method


def _comparison(comparison: Comparison) -> Callable[[Var, object], bool]:
    """The method of a comparison: a plain bool, and a guard on the tape."""

    def method(self: Var, other: object) -> bool:
        return comparison(self, other) if _is_number(other) else NotImplemented

    return method


class Var(Operand):
    """A number whose operations are being recorded: what a function sees while it is traced.

    It behaves as a float does: arithmetic, comparisons (which answer with a plain bool), formatting,
    NumPy's functions. It is immutable, and belongs to one trace.
    """

    __slots__ = ("_index", "_recorder", "_value")

    _recorder: Recorder
    _index: int
    _value: object

    def __init__(self) -> None:
        msg = "a Var is made by tracing a function: see tapegrad.trace and tapegrad.grad"
        raise TypeError(msg)

    @property
    def value(self) -> float:
        """The concrete number, whatever number of transforms it is traced by."""
        return concrete(self._value)

    @property
    def recording(self) -> Recorder:
        """The writer it belongs to."""
        return self._recorder

    @property
    def index(self) -> int:
        """The index of its record on the tape."""
        return self._index

    @property
    def primal(self) -> object:
        """Its value one transform further out: a float, or a variable of the outer trace."""
        return self._value

    def apply(self, primitive: Primitive, compute: Callable[[float], float]) -> Var:
        """An operation of one number, whose value `compute` gives, applied to this one."""
        x, recorder = self._value, self._recorder
        if type(x) is float and not recorder.sealed:
            return recorder.write(primitive, self._index, NONE, compute(x), 3)
        return recorder.record(primitive, (self,))

    __add__ = _binary(arithmetic.add)
    __radd__ = _reflected(arithmetic.add)
    __sub__ = _binary(arithmetic.subtract)
    __rsub__ = _reflected(arithmetic.subtract)
    __mul__ = _binary(arithmetic.multiply)
    __rmul__ = _reflected(arithmetic.multiply)
    __truediv__ = _binary(arithmetic.divide)
    __rtruediv__ = _reflected(arithmetic.divide)
    __floordiv__ = _binary(arithmetic.floor_divide)
    __rfloordiv__ = _reflected(arithmetic.floor_divide)
    __mod__ = _binary(arithmetic.remainder)
    __rmod__ = _reflected(arithmetic.remainder)
    __pow__ = _binary(exponential.power)
    __rpow__ = _reflected(exponential.power)

    __lt__ = _comparison(selection.less)
    __le__ = _comparison(selection.less_equal)
    __gt__ = _comparison(selection.greater)
    __ge__ = _comparison(selection.greater_equal)
    __eq__ = _comparison(selection.equal)
    __ne__ = _comparison(selection.not_equal)

    def __neg__(self) -> Var:
        return arithmetic.negative(self)

    def __pos__(self) -> Var:
        return self

    def __abs__(self) -> Var:
        return arithmetic.absolute(self)

    def __divmod__(self, other: Number) -> tuple[Var, Var]:
        return self // other, self % other

    def __rdivmod__(self, other: float) -> tuple[Var, Var]:
        return other // self, other % self

    def __bool__(self) -> bool:
        return selection.not_equal(self, 0.0)

    def __repr__(self) -> str:
        """The number first: ``0.7 (%12 of a tape)``."""
        return f"{self.value!r} (%{self._index} of a tape)"

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else repr(self)

    def __copy__(self) -> Var:
        return self  # immutable

    def __deepcopy__(self, memo: dict[int, object]) -> Var:
        return self

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: object, **options: object) -> object:
        """Answer ``np.sin(x)`` and ``np.float64(2.0) * x`` with tapegrad's operation of that name."""
        return conversions.apply_ufunc(ufunc, method, operands, options)

    # What would lose the derivative is refused, with the cure.
    __float__ = conversions.refuse_float
    __int__ = conversions.refuse_integer
    __index__ = conversions.refuse_integer
    __round__ = conversions.refuse_rounding
    __trunc__ = conversions.refuse_rounding
    __floor__ = conversions.refuse_rounding
    __ceil__ = conversions.refuse_rounding
    __complex__ = conversions.refuse_complex
    __hash__ = conversions.refuse_hash
    __reduce__ = conversions.refuse_pickle


_new: Callable[[type[Var]], Var] = object.__new__  # what `write` makes variables with

Scalar: TypeAlias = float | Var
"""The type a user writes for a number that may be traced."""
