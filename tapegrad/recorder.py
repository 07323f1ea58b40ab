"""The only writer: `Recorder` appends to the columns of one trace, and makes the variables that a function sees.

When the trace ends the recorder is sealed, and a variable that has leaked says so when it is used.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import isnan, nan
from typing import Final, cast, final

import numpy as np
from mypy_extensions import i32

from tapegrad import errors, spares
from tapegrad.arrays import FrozenArray, frozen
from tapegrad.columns import Columns, Values, empty_columns, reuse
from tapegrad.kernels import CONSTANT, COUNT, INPUT, NONE
from tapegrad.masks import Mask, observe, symbolic
from tapegrad.primitive import ARRAYS, Comparison, Operand, Params, Primitive, Recording, as_value, concrete
from tapegrad.source import caller
from tapegrad.tape import Tape
from tapegrad.variables import ArrayVar, Var

__all__ = ["Recorder", "recorder_of"]

_ARRAY: Final = np.ndarray  # the compiler keeps a Final in a pointer, and looks up an attribute of NumPy

_NOTHING: Final = Columns()  # what a recorder has whose columns serve another

_START: Final = "the start of a trace"
_NOT_FOUND: Final = "a place that was not found again"

_STANDING_IN: Final = threading.Lock()  # for the moment in which it is noted

_serials: Final = itertools.count(1)  # only ever compared: an inner trace starts later than its outer one


@final
class Recorder(Recording):
    """Writes one trace: the columns of its tape, and beside them the value of every record.

    Only one that is `locating` notes where in the user's program each operation stands. Others find out when
    an error asks, by calling `again`, which runs the same function on a locating recorder.
    """

    __slots__ = ("again", "captured", "columns", "enclosing", "ended", "locating", "nested", "outers", "stand_ins")

    def __init__(self, enclosing: Recorder | None = None, locating: bool = False) -> None:
        self.serial = next(_serials)
        self.sealed = False  # the short ways of recording are shut: it has ended, or another stands in for it
        self.ended = False
        self.locating: Final[bool] = locating or (enclosing is not None and enclosing.locating)
        self.columns: Columns = Columns(locating=True) if self.locating else empty_columns()
        self.outers: Final[dict[int, object]] = {}  # see `Values`
        self.nested = False  # whether some value is not plain: traced further out, or a tuple
        self.again: Callable[[Recorder], object] | None = None
        # A function that is traced in place of being called (`checkpoint`) may read variables of the trace
        # around it. They become inputs: `captured` maps their index out there to their index in here. While
        # it runs, its trace stands in for the one around it, in its thread, so that what is computed from
        # such variables alone is recorded here as well.
        self.enclosing: Final = enclosing
        self.captured: dict[int, int] = {}
        self.stand_ins: dict[int, Recorder] = {}

    # ---- writing ---------------------------------------------------------------------------

    def append(self, code: i32, left: i32, right: i32, number: float) -> i32:
        """Append a record whose value is a number, and return its index."""
        index = self.columns.append(code, left, right, number)
        if self.locating:
            self.columns.locate(index)
        return index

    def write(self, code: i32, left: i32, right: i32, number: float) -> Var:
        """Append a record whose value is a number, and return its variable."""
        index = self.columns.append(code, left, right, number)
        if self.locating:
            self.columns.locate(index)
        return Var(self, index, number, None)

    def write_any(self, code: i32, left: i32, right: i32, value: object) -> Var:
        """Append a record whose value may be an array or a tuple, or traced by an outer transform."""
        if type(value) is float:
            return self._write_of_any(code, left, right, value)
        if type(value) is _ARRAY and not self.locating and value.ndim > 0:
            index = self.columns.append(self._array_code(code), left, right, nan)
            self.outers[index] = value
            return ArrayVar(self, index, nan, value)
        number = nan
        is_array = False
        if isinstance(value, (np.ndarray, np.generic)):
            if value.ndim == 0 and value.dtype == np.float64:
                return self._write_of_any(code, left, right, float(value))
            value = np.asarray(value)
            is_array = True
        elif isinstance(value, Var):
            number = value._number
            is_array = isinstance(value, ArrayVar)
            self.nested = True
        elif isinstance(value, tuple):
            self.nested = True
        else:
            return self._write_of_any(code, left, right, float(cast(float, value)))
        index = self.columns.append(self._array_code(code) if is_array else code, left, right, number)
        self.outers[index] = value
        if self.locating:
            self.columns.locate(index)
        return ArrayVar(self, index, number, value) if is_array else Var(self, index, number, value)

    def _write_of_any(self, code: i32, left: i32, right: i32, number: float) -> Var:
        """Append a number that may come of arrays: of a count, or as the length of a complex number."""
        if self.outers and (left in self.outers or right in self.outers):
            code = self._array_code(code)
        return self.write(code, left, right, number)

    def _array_code(self, code: i32) -> i32:
        """What stands in the columns for an operation on arrays: no kernel takes it for its own."""
        return code + ARRAYS if INPUT != code != CONSTANT and code < COUNT else code

    def inputs(self, values: Sequence[object], names: Sequence[str] = ()) -> list[Var]:
        """Append the arguments that start a trace; they stand where the user called the transform.

        Where they have names, because somebody may replay the tape, an array has its shape too.
        """
        self.columns.names = names
        variables = [self.write_any(INPUT, NONE, NONE, value) for value in values]
        for variable, name in zip(variables, names, strict=False):  # there are no names, or enough
            if isinstance(variable, ArrayVar):
                self.columns.params[variable._index] = (("name", name), ("shape", variable.shape))
        return variables

    def input(self, value: object, name: str) -> Var:
        """Append one argument more."""
        variable = self.write_any(INPUT, NONE, NONE, value)
        self.columns.params[variable._index] = (("name", name),)
        return variable

    def constant(self, value: object) -> int:
        """Append a number or an array met on the way, and return its index.

        In a nested trace it may be a variable of an outer one; the tape then keeps its plain value.
        """
        index: int = self.write_any(CONSTANT, NONE, NONE, value)._index
        plain = concrete(value)
        if isinstance(plain, np.ndarray):
            self.columns.params[index] = (("value", FrozenArray(plain)),)
        return index

    def record(self, primitive: Primitive, operands: Sequence[object], params: Params = ()) -> Var:
        """Compute an operation on operands any of which may be ours, append it, and return its variable.

        Raises LeakedVariableError if this trace has ended.
        """
        writer = self.writer(operands)
        indices, values = writer._locate_all(operands)
        return writer._attach(primitive, indices, params, primitive.evaluate(values, params))

    def attach(self, primitive: Primitive, operands: Sequence[object], params: Params, value: object) -> Var:
        """Append an operation whose value has been computed already."""
        return self._attach(primitive, self._locate_all(operands)[0], params, value)

    def _attach(self, primitive: Primitive, indices: list[int], params: Params, value: object) -> Var:
        left = indices[0] if indices else NONE
        right = indices[1] if len(indices) > 1 else NONE
        variable = self.write_any(primitive.code, left, right, value)
        if params:
            self.columns.params[variable._index] = params
        if len(indices) > 2:
            self.columns.extras[variable._index] = tuple(indices[2:])
        return variable

    def guard(self, comparison: Comparison, operands: Sequence[object]) -> object:
        """Compare, append the comparison with its outcome, and return the outcome."""
        writer = self.writer(operands)
        if any(isinstance(concrete(x), (np.ndarray, np.generic)) for x in operands):
            asked = writer.record(comparison.over, operands)
            return Mask(asked) if asked.shape else bool(observe(asked))
        indices, values = writer._locate_all(operands)
        outcome = comparison.evaluate(values, ())
        writer.append(comparison.code, indices[0], indices[1], 1.0 if outcome else 0.0)
        return outcome

    def _locate_all(self, operands: Sequence[object]) -> tuple[list[int], list[object]]:
        """The indices and the values of `operands` in this trace; what is not ours becomes a constant."""
        indices: list[int] = []
        values: list[object] = []
        for given in operands:
            value: object
            operand = given if type(given) is float else symbolic(given)
            if isinstance(operand, Var):
                variable = self.adopt(operand)
                own = variable._recorder is self
                value = variable.primal if own else variable
                indices.append(variable._index if own else self.constant(variable))
            else:
                value = as_value(operand)
                if isinstance(value, np.ndarray):
                    value = frozen(value)  # it may change before the sweep, or in the very next line
                indices.append(self.constant(value))
            values.append(value)
        return indices, values

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
            own = [x for x in operands if isinstance(x, Var) and x._recorder is self]
            raise self.leaked(own[0] if own else None)
        return self  # another stands in for it, but in another thread

    def is_open(self) -> bool:
        """Whether something can be recorded here, or by what stands in for it in this thread."""
        return not self.ended or threading.get_ident() in self.stand_ins

    def current(self, operand: Operand) -> Operand:
        """`operand` as who records now knows it. Raises LeakedVariableError if this trace has ended."""
        return self.writer((operand,)).adopt(cast(Var, operand))

    @contextmanager
    def standing_in(self) -> Iterator[None]:
        """While this lasts, this trace stands in for all those around it, in this thread."""
        thread = threading.get_ident()
        replaced: list[tuple[Recorder, Recorder | None]] = []
        around = self.enclosing
        with _STANDING_IN:
            while around is not None:
                replaced.append((around, around.stand_ins.get(thread)))
                around.stand_ins[thread] = self
                around.sealed = True
                around = around.enclosing
        try:
            yield
        finally:
            with _STANDING_IN:
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
        made = self.input(variable.primal, f"captured %{variable._index}")
        self.captured[variable._index] = made._index
        return made

    # ---- reading ---------------------------------------------------------------------------

    @property
    def values(self) -> Values:
        """The value of every record."""
        return Values(self.columns, self.outers, self.nested)

    def variable(self, index: int) -> Var:
        """The variable of record `index`."""
        outer = self.outers.get(index)
        if isinstance(outer, (np.ndarray, ArrayVar)):
            return ArrayVar(self, index, nan, outer)
        return Var(self, index, self.columns.numbers[index], outer)

    def place(self, variable: Var) -> str:
        """Where in the user's program a variable of this trace was recorded, in words.

        If that was not noted, the function is traced once more; it may then do something else.
        """
        index: int = variable._index
        if self.locating or self.again is None:
            return str(self.columns.where(index) or _START)
        located = self._traced_again(self.again)
        if index >= located.length:
            return _NOT_FOUND
        if located.codes[index] == INPUT:
            return _START
        number = located.numbers[index]
        same = number == variable._number or (isnan(number) and isnan(variable._number))
        return str(located.where(index) or _NOT_FOUND) if same else _NOT_FOUND

    def _traced_again(self, again: Callable[[Recorder], object]) -> Columns:
        """The columns of the same call, recorded with its places, as far as it gets."""
        located = Recorder(locating=True)
        self.again = None  # the function may use the very variable that has leaked
        try:
            again(located)
        except Exception:  # noqa: BLE001, S110  # whatever the user's function raises: this is about another error
            pass
        finally:
            located.end()
            self.again = again
        return located.columns

    # ---- the end ---------------------------------------------------------------------------

    def end(self) -> None:
        """Nothing can be recorded any more."""
        self.sealed = True
        self.ended = True

    def release(self) -> None:
        """Give back the columns of a trace that has ended, and whose tape nobody has seen."""
        columns = self.columns
        self.columns = _NOTHING
        if self.outers:
            columns.params.clear()
            unused = [value for value in self.outers.values() if type(value) is _ARRAY]
            self.outers.clear()
            spares.give_back(unused)
        reuse(columns)

    def seal(self) -> Tape:
        """End the trace, and return what was recorded."""
        self.end()
        return Tape.over(self.columns, self.columns.length)

    def leaked(self, variable: Var | None) -> errors.LeakedVariableError:
        """The error for using a variable of this sealed trace."""
        recorded = _START if variable is None else self.place(variable)
        msg = (
            f"a traced value recorded at {recorded} was used at {caller()}, "
            "after its trace had ended; return it from the function (has_aux=True carries extra results), "
            "or keep x.value"
        )
        return errors.LeakedVariableError(msg)


def recorder_of(variable: Var) -> Recorder:
    """The recorder that a variable belongs to."""
    return cast(Recorder, variable.recording)
