"""The only writer: `Recorder` appends to the columns of one trace, `Var` is what the user's function sees.

A `Var` is its recorder, an index into the tape, and its value. Nothing is global: an operation asks its
operands who records. In nested transforms the value of an inner variable is a variable of the outer trace,
so computing it records there too; the recorder with the larger serial number is the inner one, which is
what keeps the perturbations of nested derivatives apart.

When the trace ends the recorder is sealed, and a variable that has leaked says so when it is used.
"""

from __future__ import annotations

import itertools
import operator
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isnan, nan
from typing import Final, NoReturn, SupportsIndex, TypeAlias, cast, final, overload

import numpy as np
import numpy.typing as npt
from mypy_extensions import i32, mypyc_attr

from tapegrad import conversions, dispatch, errors, spares
from tapegrad.arrays import AnyArray, FrozenArray, FrozenIndex, frozen
from tapegrad.columns import Columns, Values, empty_columns, reuse
from tapegrad.elementwise import Binary, Unary
from tapegrad.kernels import CONSTANT, COUNT, INPUT, NONE
from tapegrad.masks import Mask, observe, symbolic
from tapegrad.methods import Methods
from tapegrad.ops import selection
from tapegrad.ops.shape import take_index
from tapegrad.primitive import ARRAYS, Comparison, Params, Primitive, Recording, as_float, as_value, concrete
from tapegrad.source import caller
from tapegrad.tape import Tape
from tapegrad.typing import Number

__all__ = ["Array", "ArrayVar", "Recorder", "Scalar", "Var"]

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
            return self.write(code, left, right, value)
        if type(value) is _ARRAY and not self.locating and value.ndim > 0:
            index = self.columns.append(self._array_code(code), left, right, nan)
            self.outers[index] = value
            return ArrayVar(self, index, nan, value)
        number = nan
        is_array = False
        if isinstance(value, (np.ndarray, np.generic)):
            if value.ndim == 0 and value.dtype == np.float64:
                of_array = left in self.outers  # as the length of a complex number, which no kernel knows
                return self.write(self._array_code(code) if of_array else code, left, right, float(value))
            value = np.asarray(value)
            is_array = True
        elif isinstance(value, Var):
            number = value._number
            is_array = isinstance(value, ArrayVar)
            self.nested = True
        elif isinstance(value, tuple):
            self.nested = True
        else:
            return self.write(code, left, right, float(cast(float, value)))
        index = self.columns.append(self._array_code(code) if is_array else code, left, right, number)
        self.outers[index] = value
        if self.locating:
            self.columns.locate(index)
        return ArrayVar(self, index, number, value) if is_array else Var(self, index, number, value)

    def _array_code(self, code: i32) -> i32:
        """What stands in the columns for an operation whose value is an array: no kernel takes it for its own."""
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
            return Mask.of(asked) if asked.shape else bool(observe(asked))
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


@mypyc_attr(free_list_len=1)
class Var(Methods):
    """A number whose operations are being recorded: what a function sees while it is traced.

    It behaves as a float does: arithmetic, comparisons (which answer with a plain bool), formatting,
    NumPy's functions. It is immutable, and belongs to one trace. It is made by tracing a function.
    An array is an `ArrayVar`.
    """

    __slots__ = ()

    @property
    def value(self) -> float:
        """The concrete number, whatever number of transforms it is traced by."""
        return self._number

    @property
    def _array(self) -> ArrayVar:
        return cast(ArrayVar, self)

    @property
    def recording(self) -> Recorder:
        """The writer it belongs to."""
        return cast(Recorder, self._recorder)

    @property
    def index(self) -> int:
        """The index of its record on the tape."""
        return self._index

    @property
    def primal(self) -> object:
        """Its value one transform further out: a float, or a variable of the outer trace."""
        return self._number if self._outer is None else self._outer

    # ---- the short ways: everything is a float underneath, and the trace is open ------------

    def before(self, operation: Binary, other: object) -> object:
        recorder: Recorder = self._recorder  # type: ignore[assignment]  # the compiler checks; a cast takes time
        if isinstance(other, Var):
            if other._recorder is recorder and self._outer is None and other._outer is None and not recorder.sealed:
                value = operation.value(self._number, other._number)
                return recorder.write(operation.code, self._index, other._index, value)
        elif (type(other) is float or type(other) is int) and self._outer is None and not recorder.sealed:
            y = as_float(other)
            index = recorder.append(CONSTANT, NONE, NONE, y)
            return recorder.write(operation.code, self._index, index, operation.value(self._number, y))
        return super().before(operation, other)

    def after(self, operation: Binary, other: object) -> object:
        recorder: Recorder = self._recorder  # type: ignore[assignment]  # the compiler checks; a cast takes time
        if (type(other) is float or type(other) is int) and self._outer is None and not recorder.sealed:
            x = as_float(other)
            index = recorder.append(CONSTANT, NONE, NONE, x)
            return recorder.write(operation.code, index, self._index, operation.value(x, self._number))
        return super().after(operation, other)

    def alone(self, operation: Unary) -> Var:
        recorder: Recorder = self._recorder  # type: ignore[assignment]  # the compiler checks; a cast takes time
        if self._outer is None and not recorder.sealed:
            return recorder.write(operation.code, self._index, NONE, operation.value(self._number))
        return super().alone(operation)

    def compared(self, comparison: Comparison, other: object) -> object:
        recorder: Recorder = self._recorder  # type: ignore[assignment]  # the compiler checks; a cast takes time
        if isinstance(other, Var):
            if other._recorder is recorder and self._outer is None and other._outer is None and not recorder.sealed:
                outcome = comparison.outcome(self._number, other._number)
                recorder.append(comparison.code, self._index, other._index, 1.0 if outcome else 0.0)
                return outcome
        elif type(other) is float and self._outer is None and not recorder.sealed:
            outcome = comparison.outcome(self._number, other)
            index = recorder.append(CONSTANT, NONE, NONE, other)
            recorder.append(comparison.code, self._index, index, 1.0 if outcome else 0.0)
            return outcome
        return super().compared(comparison, other)

    # ---- what else a float answers -----------------------------------------------------------

    def __pos__(self) -> Var:
        return self

    def __divmod__(self, other: Number) -> tuple[Var, Var]:
        return self // other, self % other

    def __rdivmod__(self, other: Number) -> tuple[Var, Var]:
        return other // self, other % self

    def __bool__(self) -> bool:
        return selection.not_equal(self, 0.0)

    # ---- what an array answers: a variable of which no more is known may be one --------------

    @overload
    def __getitem__(self, index: int | np.integer | tuple[int, ...]) -> Var: ...  # type: ignore[overload-overlap]
    @overload
    def __getitem__(self, index: object) -> ArrayVar: ...
    def __getitem__(self, index: object) -> object:
        conversions.refuse_index()

    @overload
    def __matmul__(self, other: AnyArray | Var) -> ArrayVar: ...
    @overload
    def __matmul__(self, other: Sequence[object]) -> ArrayVar: ...
    def __matmul__(self, other: object) -> object:
        return dispatch.named("matmul")(self, other)

    @overload
    def __rmatmul__(self, other: AnyArray | Var) -> ArrayVar: ...
    @overload
    def __rmatmul__(self, other: Sequence[object]) -> ArrayVar: ...
    def __rmatmul__(self, other: object) -> object:
        return dispatch.named("matmul")(other, self)

    def __repr__(self) -> str:
        """The number first: ``0.7 (%12 of a tape)``."""
        return f"{self._number!r} (%{self._index} of a tape)"

    def __format__(self, spec: str) -> str:
        return format(self._number, spec) if spec else repr(self)

    def __copy__(self) -> Var:
        return self  # immutable

    def __deepcopy__(self, memo: dict[int, object]) -> Var:
        return self

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: object, **options: object) -> object:
        """Answer ``np.sin(x)`` and ``np.float64(2.0) * x`` with tapegrad's operation of that name."""
        return conversions.apply_ufunc(ufunc, method, operands, options)

    def __array_function__(
        self, function: Callable[..., object], types: object, args: Sequence[object], keywords: Mapping[str, object]
    ) -> object:
        """Answer ``np.sum(x)`` with the function of `tapegrad.numpy` of that name."""
        return dispatch.apply_function(function, args, keywords)

    # What would lose the derivative is refused, with the cure.

    def __float__(self) -> NoReturn:
        conversions.refuse_float(self)

    def __int__(self) -> int:
        conversions.refuse_integer(self)

    def __index__(self) -> int:
        conversions.refuse_integer(self)

    def __round__(self, digits: int | None = None) -> NoReturn:
        conversions.refuse_rounding(self)

    def __trunc__(self) -> NoReturn:
        conversions.refuse_rounding(self)

    def __floor__(self) -> NoReturn:
        conversions.refuse_rounding(self)

    def __ceil__(self) -> NoReturn:
        conversions.refuse_rounding(self)

    def __complex__(self) -> NoReturn:
        conversions.refuse_complex(self)

    def __hash__(self) -> NoReturn:
        conversions.refuse_hash(self)

    def __reduce__(self) -> NoReturn:
        conversions.refuse_pickle(self)


@final
class ArrayVar(Var):
    """An array whose operations are being recorded. It behaves as one of NumPy does, and cannot be written to.

    Comparisons answer with arrays of booleans, indexing and reductions to one number with a `Var`.
    """

    __slots__ = ()

    @property
    def value(self) -> AnyArray:  # type: ignore[override]  # an array where a number has a float
        """The concrete array, for reading."""
        plain = cast(AnyArray, concrete(self)).view()
        plain.flags.writeable = False
        return plain

    def before(self, operation: Binary, other: object) -> object:
        recorder: Recorder = self._recorder  # type: ignore[assignment]  # the compiler checks; a cast takes time
        if type(self._outer) is _ARRAY and not recorder.sealed:
            if type(other) is float:
                value = operation.over_arrays((self._outer, other))
                index = recorder.append(CONSTANT, NONE, NONE, other)
                return recorder.write_any(operation.code, self._index, index, value)
            if type(other) is ArrayVar and other._recorder is recorder and type(other._outer) is _ARRAY:
                value = operation.over_arrays((self._outer, other._outer))
                return recorder.write_any(operation.code, self._index, other._index, value)
        return super().before(operation, other)

    @overload
    def __getitem__(self, index: int | np.integer | tuple[int, ...]) -> Var: ...  # type: ignore[overload-overlap]
    @overload
    def __getitem__(self, index: object) -> ArrayVar: ...
    def __getitem__(self, index: object) -> object:
        if traced_index(index):
            return cast(Var, dispatch.named("at_indices")(self, index if isinstance(index, tuple) else (index,)))
        x: object = self  # what is taken from it need not be an array
        return cast(Var, take_index(x, index=FrozenIndex(symbolic_index(index))))

    def __setitem__(self, index: object, value: object) -> NoReturn:
        conversions.refuse_assignment()

    def __len__(self) -> int:
        if not self.shape:
            msg = "a traced array without axes has no length"
            raise TypeError(msg)
        return self.shape[0]

    def __iter__(self) -> Iterator[Var]:
        return iter([self[i] for i in range(len(self))])

    def __lt__(self, other: object) -> npt.NDArray[np.bool_]:  # type: ignore[override]  # for each element
        return cast("npt.NDArray[np.bool_]", self.compared(selection.less, other))

    def __le__(self, other: object) -> npt.NDArray[np.bool_]:  # type: ignore[override]  # for each element
        return cast("npt.NDArray[np.bool_]", self.compared(selection.less_equal, other))

    def __gt__(self, other: object) -> npt.NDArray[np.bool_]:  # type: ignore[override]  # for each element
        return cast("npt.NDArray[np.bool_]", self.compared(selection.greater, other))

    def __ge__(self, other: object) -> npt.NDArray[np.bool_]:  # type: ignore[override]  # for each element
        return cast("npt.NDArray[np.bool_]", self.compared(selection.greater_equal, other))

    def __eq__(self, other: object) -> npt.NDArray[np.bool_]:  # type: ignore[override]  # for each element
        return cast("npt.NDArray[np.bool_]", self.compared(selection.equal, other))

    def __ne__(self, other: object) -> npt.NDArray[np.bool_]:  # type: ignore[override]  # for each element
        return cast("npt.NDArray[np.bool_]", self.compared(selection.not_equal, other))

    def __hash__(self) -> NoReturn:
        conversions.refuse_hash(self)

    def __bool__(self) -> bool:
        if self.size != 1:
            conversions.refuse_truth(self.shape)
        return bool(observe(self))

    def __index__(self) -> int:
        if self.shape or self.dtype.kind not in "iu":
            conversions.refuse_integer(self)
        return operator.index(cast(SupportsIndex, observe(self)))

    def __int__(self) -> int:
        return self.__index__()

    def __repr__(self) -> str:
        return f"{self.value!r} (%{self._index} of a tape)"

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else repr(self)


def traced_index(index: object) -> bool:
    """Whether `index` is made of integers and arrays of them alone, some of which are on a tape."""
    found = False
    for entry in index if isinstance(index, tuple) else (index,):
        if isinstance(entry, (ArrayVar, np.ndarray)):
            if entry.dtype.kind not in "iu":
                return False
            found = found or isinstance(entry, ArrayVar)
        elif not isinstance(entry, (int, np.integer)) or isinstance(entry, bool):
            return False
    return found


def symbolic_index(index: object) -> object:
    """`index` with plain arrays in place of masks and traced arrays; the tape notes that they were seen."""
    if isinstance(index, tuple):
        return tuple([symbolic_index(item) for item in index])
    if isinstance(index, Mask):
        return index.plain()
    return observe(index) if isinstance(index, ArrayVar) else index


def plain_integers(x: object) -> object:
    """The integers or booleans of a traced array, which have no derivative; the tape notes that they were seen."""
    if not isinstance(x, ArrayVar) or x.dtype.kind not in "iub":
        conversions.refuse_array()
    return np.asarray(observe(x))


# The compiler fills no slot for this method; assigning it, as here, makes Python do so.
setattr(Var, "__index__", Var.__index__)  # noqa: B010
setattr(ArrayVar, "__index__", ArrayVar.__index__)  # noqa: B010

setattr(Var, "__array__", lambda x, *_, **__: plain_integers(x))  # noqa: B010  # untyped: see `refuse_array`

Scalar: TypeAlias = float | Var
"""The type a user writes for a number that may be traced."""

Array: TypeAlias = npt.NDArray[np.float64] | ArrayVar
"""The type a user writes for an array that may be traced."""
