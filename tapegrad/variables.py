"""What a function sees while it is traced: `Var`, a number, and `ArrayVar`, an array.

A variable is its recorder, an index into the tape, and its value. Nothing is global: an operation asks its
operands who records. In nested transforms the value of an inner variable is a variable of the outer trace,
so computing it records there too; the recorder with the larger serial number is the inner one, which is
what keeps the perturbations of nested derivatives apart.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NoReturn, SupportsIndex, TypeAlias, cast, final, overload

import numpy as np
import numpy.typing as npt
from mypy_extensions import mypyc_attr

from tapegrad import conversions, dispatch
from tapegrad.arrays import AnyArray, FrozenIndex
from tapegrad.elementwise import Binary, Unary
from tapegrad.kernels import CONSTANT, NONE
from tapegrad.masks import Mask, observe
from tapegrad.methods import Methods
from tapegrad.ops import selection
from tapegrad.ops.shape import take_index
from tapegrad.primitive import Comparison, Recording, as_float, concrete
from tapegrad.typing import Number

__all__ = ["Array", "ArrayVar", "Scalar", "Var"]

_ARRAY: Final = np.ndarray  # the compiler keeps a Final in a pointer, and looks up an attribute of NumPy


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
    def recording(self) -> Recording:
        """The writer it belongs to."""
        return self._recorder

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
        recorder = self._recorder
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
        recorder = self._recorder
        if (type(other) is float or type(other) is int) and self._outer is None and not recorder.sealed:
            x = as_float(other)
            index = recorder.append(CONSTANT, NONE, NONE, x)
            return recorder.write(operation.code, index, self._index, operation.value(x, self._number))
        return super().after(operation, other)

    def alone(self, operation: Unary) -> Var:
        recorder = self._recorder
        if self._outer is None and not recorder.sealed:
            written: Var = recorder.write(operation.code, self._index, NONE, operation.value(self._number))  # type: ignore[assignment]
            return written
        return super().alone(operation)

    def compared(self, comparison: Comparison, other: object) -> object:
        recorder = self._recorder
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
        entries = index if isinstance(index, tuple) else (index,)
        if not all(entry is None or entry is Ellipsis for entry in entries):
            conversions.refuse_index()
        return dispatch.named("reshape")(self, (1,) * entries.count(None))

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
        recorder = self._recorder
        if type(other) is list:
            other = dispatch.named("array")(other)
        if type(self._outer) is _ARRAY and not recorder.sealed:
            if type(other) is float:
                value = operation.over_arrays((self._outer, other))
                index = recorder.append(CONSTANT, NONE, NONE, other)
                return recorder.write_any(operation.code, self._index, index, value)
            if type(other) is ArrayVar and other._recorder is recorder and type(other._outer) is _ARRAY:
                value = operation.over_arrays((self._outer, other._outer))
                return recorder.write_any(operation.code, self._index, other._index, value)
        return super().before(operation, other)

    def after(self, operation: Binary, other: object) -> object:
        return super().after(operation, dispatch.named("array")(other) if type(other) is list else other)

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

    def __reversed__(self) -> Iterator[Var]:
        return iter([self[i] for i in reversed(range(len(self)))])

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

for _name in conversions.CHANGES:  # no methods that a checker would offer
    setattr(ArrayVar, _name, conversions.refusing(_name))

setattr(Var, "__array__", lambda x, *_, **__: plain_integers(x))  # noqa: B010  # untyped: see `refuse_array`

Scalar: TypeAlias = float | Var
"""The type a user writes for a number that may be traced."""

Array: TypeAlias = npt.NDArray[np.float64] | ArrayVar
"""The type a user writes for an array that may be traced."""
