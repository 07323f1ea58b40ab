"""Boolean arrays that remember the comparison they come from.

``x > 0`` of a traced array answers with a plain boolean array, as NumPy does; but a program that goes on to
``where(x > 0, ...)`` depends on `x`, and a replay at other inputs must compare again. So the array knows its record.
tapegrad's own functions, and arithmetic with traced values, read the record. Anything else that looks at the
booleans leaves a guard on the tape, which says what was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import SupportsIndex, cast

import numpy as np

from tapegrad.arrays import AnyArray, FrozenArray
from tapegrad.dispatch import NUMPY, apply_function, named
from tapegrad.elementwise import Elementwise
from tapegrad.maps import shape_of
from tapegrad.primitive import Operand, Params, Primitive, concrete, lookup, newest_recording

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
    value = concrete(x)
    if isinstance(x, Operand):
        x._recorder.record(observed, (x,), (("seen", FrozenArray(np.asarray(value))),))
    return value


# What the operators & | ^ ~ do to booleans.
_OF_BOOLEANS = {
    np.bitwise_and: "logical_and", np.bitwise_or: "logical_or", np.bitwise_xor: "logical_xor",
    np.invert: "logical_not",
}  # fmt: skip


class Mask(np.ndarray[tuple[int, ...], np.dtype[np.bool_]]):
    """An array of booleans, and the variable they are the value of.

    A part of it, or the whole in another shape, is a mask as well. What NumPy makes of it otherwise is without a
    variable, and counts as having looked.
    """

    traced: Operand | None

    @classmethod
    def of(cls, traced: Operand) -> Mask:
        """The booleans that are the value of `traced`, for reading."""
        mask = cast(AnyArray, concrete(traced)).view(cls)
        mask.flags.writeable = False
        mask.traced = traced
        return mask

    def __array_finalize__(self, made_from: object) -> None:
        self.traced = None
        if isinstance(made_from, Mask):
            made_from.plain()

    def plain(self) -> AnyArray:
        """The booleans, with a guard that they have been seen."""
        if self.traced is not None and not self.traced._recorder.sealed:
            observe(self.traced)
            self.traced = None
        return self.view(np.ndarray)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: object, **options: object) -> object:
        known = lookup(_OF_BOOLEANS.get(ufunc, ufunc.__name__))
        follows = method == "__call__" and not options and isinstance(known, Elementwise)
        if ufunc in _OF_BOOLEANS:
            follows &= all(np.asarray(concrete(x)).dtype == bool for x in operands)
        if follows and any(isinstance(symbolic(x), Operand) for x in operands):
            answer = known.evaluate([symbolic(x) for x in operands], ())  # type: ignore[union-attr]  # Elementwise
            kind = cast(AnyArray, concrete(answer))
            return Mask.of(answer) if isinstance(answer, Operand) and kind.dtype == bool else answer
        plains = [x.plain() if isinstance(x, Mask) else x for x in operands]
        return getattr(ufunc, method)(*plains, **options)

    def __array_function__(
        self, function: Callable[..., object], types: object, args: Iterable[object], keywords: Mapping[str, object]
    ) -> object:
        if function in NUMPY:
            return apply_function(function, tuple(args), keywords)
        plains = [x.plain() if isinstance(x, Mask) else x for x in args]
        return function(*plains, **keywords)

    # What NumPy would answer without asking the two methods above.

    def __bool__(self) -> bool:
        return bool(self.plain())

    def __getitem__(self, index: object) -> object:  # type: ignore[override]  # of any index
        variable = symbolic(self)
        if not isinstance(variable, Operand):
            return self.plain()[index]  # type: ignore[call-overload]
        part = variable[index]  # type: ignore[index]  # an array
        return Mask.of(part) if shape_of(part) else bool(observe(part))

    @property
    def T(self) -> AnyArray:  # type: ignore[override]  # noqa: N802  # NumPy's name
        return cast(AnyArray, named("transpose")(self))

    def transpose(self, *axes: object) -> AnyArray:  # type: ignore[override]
        return cast(AnyArray, named("transpose")(self, axes[0] if len(axes) == 1 else axes or None))

    def reshape(self, *shape: object) -> AnyArray:  # type: ignore[override]
        return cast(AnyArray, named("reshape")(self, shape[0] if len(shape) == 1 else shape))

    def ravel(self) -> AnyArray:  # type: ignore[override]
        return cast(AnyArray, named("ravel")(self))

    def __iter__(self) -> Iterator[object]:
        return iter(self.plain())

    def item(self, *args: SupportsIndex) -> bool:  # type: ignore[override]  # of any index
        return bool(self.plain().item(*args))

    def tolist(self) -> object:
        return self.plain().tolist()

    # Reduced, one answer is seen, and not each of them.

    def all(self, axis: object = None, *, keepdims: bool = False) -> object:  # type: ignore[override]
        return named("all")(self, axis, keepdims)

    def any(self, axis: object = None, *, keepdims: bool = False) -> object:  # type: ignore[override]
        return named("any")(self, axis, keepdims)

    def sum(self, axis: object = None, *, keepdims: bool = False) -> object:  # type: ignore[override]
        """How many hold, which is traced."""
        return named("sum")(self, axis, keepdims)

    def mean(self, axis: object = None, *, keepdims: bool = False) -> object:  # type: ignore[override]
        """Which part of them holds, which is traced."""
        return named("mean")(self, axis, keepdims)

    def nonzero(self) -> tuple[AnyArray, ...]:  # type: ignore[override]
        return self.plain().nonzero()

    def copy(self, order: object = "C") -> AnyArray:  # type: ignore[override]
        del order
        return self.plain().copy()

    def astype(self, dtype: object, **options: object) -> object:  # type: ignore[override]
        """Of that kind of number; floats are traced."""
        if isinstance(symbolic(self), Operand):
            return symbolic(self).astype(dtype)  # type: ignore[attr-defined]
        return self.view(np.ndarray).astype(dtype, **options)  # type: ignore[call-overload]


def symbolic(x: object) -> object:
    """The variable that a mask comes from, while its trace goes on; anything else as it is."""
    if type(x) is Mask and x.traced is not None and not x.traced._recorder.sealed:
        return x.traced
    return x
