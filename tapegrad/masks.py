"""Booleans that remember the comparison they come from.

``x > 0`` of a traced array answers as a boolean array of NumPy does; but a program that goes on to
``where(x > 0, ...)`` depends on `x`, and a replay at other inputs must compare again. So the answer knows its record.
tapegrad's own functions, and arithmetic with traced values, read the record. Anything else that looks at the
booleans leaves a guard on the tape, which says what was seen. Therefore a mask has not the memory of an array, which
``np.asarray(mask)`` or ``plain[mask]`` would read without asking: NumPy has to ask. To ``isinstance`` it is an array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from tapegrad import conversions
from tapegrad.arrays import AnyArray, FrozenArray
from tapegrad.dispatch import NUMPY, apply_function, named
from tapegrad.elementwise import Elementwise
from tapegrad.errors import OperandError
from tapegrad.maps import shape_of
from tapegrad.primitive import Operand, Params, Primitive, concrete, lookup, newest_recording
from tapegrad.source import caller

__all__ = ["Mask", "observe", "observed", "symbolic"]


class _Observed(Primitive):
    """A guard: an array had these very elements when the program looked at it."""

    def __init__(self) -> None:
        super().__init__("observed", 1, {"seen": FrozenArray})

    def evaluate(self, operands: Sequence[object], params: Params) -> object:
        recording = newest_recording(operands)
        if recording is not None:
            return recording.record(self, operands, params)
        return float(FrozenArray(np.asarray(operands[0])) == dict(params)["seen"])

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> None:
        del tangents, out, operands, params  # piecewise constant

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del g, out, operands, params, wanted
        return {}


observed = _Observed()


def observe(x: object) -> object:
    """The plain value of `x`; if it is traced, a guard says that the program has seen it."""
    if not isinstance(x, Operand):
        return x
    known = x._recorder.current(x)
    value = concrete(known)
    known._recorder.record(observed, (known,), (("seen", FrozenArray(np.asarray(value))),))
    return value


# What the operators & | ^ ~ do to booleans.
_OF_BOOLEANS = {
    np.bitwise_and: "logical_and", np.bitwise_or: "logical_or", np.bitwise_xor: "logical_xor",
    np.invert: "logical_not",
}  # fmt: skip


class Mask(np.lib.mixins.NDArrayOperatorsMixin):  # not to be hashed, as no array is
    """Booleans, and the variable they are the value of. It has the operators and methods of an array.

    A part of it, or the whole in another shape, is a mask as well. What NumPy makes of it otherwise is without a
    variable, and counts as having looked.
    """

    __slots__ = ("_booleans", "_seen", "traced")

    def __init__(self, traced: Operand) -> None:
        self._booleans = cast(AnyArray, concrete(traced)).view()
        self._booleans.flags.writeable = False
        self._seen = False
        self.traced = traced

    @property  # type: ignore[misc]  # what isinstance asks for, beside the type
    def __class__(self) -> type[AnyArray]:  # type: ignore[override]
        """`numpy.ndarray`: what is said of arrays of booleans holds for a mask."""
        return np.ndarray

    def plain(self) -> AnyArray:
        """The booleans, for reading, with a guard that they have been seen."""
        if not self._is_open():
            return self._booleans
        known = self.traced._recorder.current(self.traced)
        if known is not self.traced:  # it is captured by a call that is traced again, of other booleans
            return Mask(known).plain()
        if not self._seen:
            observe(known)
            self._seen = True
        return self._booleans

    def symbolic(self) -> object:
        """The variable while its trace goes on, then the booleans."""
        return self.traced if self._is_open() else self._booleans

    def _is_open(self) -> bool:
        return self.traced._recorder.is_open()

    # ---- how NumPy asks ------------------------------------------------------------------------

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> AnyArray:
        return np.array(self.plain(), dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: object, **options: object) -> object:
        known = lookup(_OF_BOOLEANS.get(ufunc, ufunc.__name__))
        follows = method == "__call__" and not options and isinstance(known, Elementwise)
        if ufunc in _OF_BOOLEANS:
            follows &= all(np.asarray(concrete(symbolic(x))).dtype == bool for x in operands)
        if follows and any(isinstance(symbolic(x), Operand) for x in operands):
            answer = known.evaluate([symbolic(x) for x in operands], ())  # type: ignore[union-attr]  # Elementwise
            kind = cast(AnyArray, concrete(answer))
            return Mask(answer) if isinstance(answer, Operand) and kind.dtype == bool else answer
        if any(type(out) is Mask for out in cast(tuple[object, ...], options.get("out", ()))):
            msg = f"a mask cannot be changed, at {caller()}; write mask = mask | other, or take mask.copy() first"
            raise OperandError(msg)
        return getattr(ufunc, method)(*_seen(operands), **options)

    def __array_function__(
        self, function: Callable[..., object], types: object, args: Iterable[object], keywords: Mapping[str, object]
    ) -> object:
        if function in NUMPY:
            return apply_function(function, tuple(args), keywords)
        return function(*_seen(args), **{name: _seen([x])[0] for name, x in keywords.items()})

    # ---- what says nothing of the booleans -----------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return self._booleans.shape

    @property
    def ndim(self) -> int:
        return self._booleans.ndim

    @property
    def size(self) -> int:
        return self._booleans.size

    @property
    def dtype(self) -> np.dtype[np.generic]:
        return self._booleans.dtype

    def __len__(self) -> int:
        return len(self._booleans)

    # ---- what is a mask again ------------------------------------------------------------------

    def __getitem__(self, index: object) -> object:
        variable = self.symbolic()
        if not isinstance(variable, Operand):
            return self._booleans[index]  # type: ignore[call-overload]  # of any index
        part = variable[index]  # type: ignore[index]  # an array
        return Mask(part) if shape_of(part) else bool(observe(part))

    @property
    def T(self) -> object:  # noqa: N802  # NumPy's name
        return named("transpose")(self)

    def transpose(self, *axes: object) -> object:
        return named("transpose")(self, axes[0] if len(axes) == 1 else axes or None)

    def reshape(self, *shape: object) -> object:
        return named("reshape")(self, shape[0] if len(shape) == 1 else shape)

    def ravel(self) -> object:
        return named("ravel")(self)

    def __iand__(self, other: object) -> object:  # type: ignore[misc]  # not always a mask
        return self & other

    def __ior__(self, other: object) -> object:  # type: ignore[misc]  # not always a mask
        return self | other

    def __ixor__(self, other: object) -> object:  # type: ignore[misc]  # not always a mask
        return self ^ other

    # ---- reduced, one answer is seen, and not each of them -------------------------------------

    def all(self, axis: object = None, *, keepdims: bool = False) -> object:
        return named("all")(self, axis, keepdims)

    def any(self, axis: object = None, *, keepdims: bool = False) -> object:
        return named("any")(self, axis, keepdims)

    def sum(self, axis: object = None, *, keepdims: bool = False) -> object:
        """How many hold, which is traced."""
        return named("sum")(self, axis, keepdims)

    def mean(self, axis: object = None, *, keepdims: bool = False) -> object:
        """Which part of them holds, which is traced."""
        return named("mean")(self, axis, keepdims)

    def astype(self, dtype: npt.DTypeLike, **options: object) -> object:
        """Of that kind of number; floats are traced."""
        variable = self.symbolic()
        return variable.astype(dtype) if isinstance(variable, Operand) else self._booleans.astype(dtype, **options)  # type: ignore[attr-defined, call-overload]

    # ---- all else has looked -------------------------------------------------------------------

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # a question to the class, which other libraries ask of anything
            raise AttributeError(name)
        return getattr(self.plain(), name)

    def __bool__(self) -> bool:
        if self.size != 1:
            conversions.refuse_truth(self.shape)
        return bool(self.plain())

    def __iter__(self) -> Iterator[object]:
        return iter(self.plain())

    def __repr__(self) -> str:
        return repr(self.plain())

    def __copy__(self) -> AnyArray:
        return self.plain().copy()

    def __deepcopy__(self, memo: object) -> AnyArray:
        return self.plain().copy()

    def __reduce__(self) -> tuple[object, ...]:
        return np.array, (self.plain(),)


def symbolic(x: object) -> object:
    """The variable that a mask comes from, while its trace goes on, then its booleans; anything else as it is."""
    return x.symbolic() if type(x) is Mask else x


def _seen(operands: Iterable[object]) -> list[object]:
    """`operands` with plain booleans in place of masks, also in lists."""
    seen: list[object] = []
    for x in operands:
        if isinstance(x, (list, tuple)):
            seen.append(type(x)(_seen(x)))
        else:
            seen.append(x.plain() if type(x) is Mask else x)
    return seen
