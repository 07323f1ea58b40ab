"""What NumPy's numbers and arrays answer, for traced ones: shapes, and the methods that are functions too."""

from __future__ import annotations

from typing import Self, cast

import numpy as np
import numpy.typing as npt
from mypy_extensions import mypyc_attr

from tapegrad.arrays import AnyArray
from tapegrad.dispatch import Places, named
from tapegrad.maps import shape_of
from tapegrad.operators import Operators
from tapegrad.primitive import concrete

__all__ = ["Axis", "Methods"]

Axis = int | tuple[int, ...] | None


@mypyc_attr(allow_interpreted_subclasses=True, acyclic=True)
class Methods(Operators):  # each kind of operand says whether it can be hashed
    """The methods of an array; a traced number has them too, as a scalar of NumPy has."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis; ``()`` for a number."""
        return shape_of(self)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(shape_of(self))

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(shape_of(self), dtype=int))

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The kind of number: float64, float32 ..."""
        value = concrete(self)
        return cast(AnyArray, value).dtype if isinstance(value, np.ndarray) else np.dtype(np.float64)

    @property
    def T(self) -> Self:  # noqa: N802  # NumPy's name
        """With its axes in reverse order."""
        return cast(Self, named("transpose")(self))

    @property
    def mT(self) -> Self:  # noqa: N802  # NumPy's name
        """With its last two axes exchanged."""
        return cast(Self, named("matrix_transpose")(self))

    @property
    def real(self) -> Self:
        """The real part."""
        return cast(Self, named("real")(self))

    @property
    def imag(self) -> Self:
        """The imaginary part."""
        return cast(Self, named("imag")(self))

    @property
    def at(self) -> Places[Self]:
        """``x.at[index].set(values)``, ``.add(values)``: a changed copy, since a traced array is immutable."""
        return cast("Places[Self]", named("at")(self))

    # ---- methods that are functions too ------------------------------------------------------

    def reshape(self, *shape: int | tuple[int, ...], order: str = "C") -> Self:
        """In another shape: ``x.reshape(2, 3)`` or ``x.reshape((2, 3))``."""
        return cast(Self, named("reshape")(self, shape[0] if len(shape) == 1 else shape, order))

    def transpose(self, *axes: int | tuple[int, ...] | None) -> Self:
        """With its axes in another order, reversed if none is given."""
        return cast(Self, named("transpose")(self, axes[0] if len(axes) == 1 else axes or None))

    def ravel(self, order: str = "C") -> Self:
        """In one axis."""
        return cast(Self, named("ravel")(self, order))

    def flatten(self, order: str = "C") -> Self:
        """In one axis."""
        return cast(Self, named("ravel")(self, order))

    def copy(self) -> Self:
        """Itself: it is immutable."""
        return self

    def conj(self) -> Self:
        """The complex conjugate."""
        return cast(Self, named("conj")(self))

    def astype(self, dtype: npt.DTypeLike) -> Self:
        """With another kind of floating-point number; the derivative comes back in this one."""
        return cast(Self, named("astype")(self, dtype))

    def broadcast_to(self, shape: tuple[int, ...]) -> Self:
        """Repeated along new axes, and along those of length one."""
        return cast(Self, named("broadcast_to")(self, shape))

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> npt.NDArray[np.intp]:
        """Where the largest element is, as plain integers; the tape notes that they were seen."""
        return cast("npt.NDArray[np.intp]", named("argmax")(self, axis, keepdims))

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> npt.NDArray[np.intp]:
        """Where the smallest element is."""
        return cast("npt.NDArray[np.intp]", named("argmin")(self, axis, keepdims))

    def argsort(self, axis: int | None = -1) -> npt.NDArray[np.intp]:
        """The order of the elements."""
        return cast("npt.NDArray[np.intp]", named("argsort")(self, axis))

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """The sum of the elements along `axis`."""
        return cast(Self, named("sum")(self, axis=axis, keepdims=keepdims))

    def mean(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """The mean of the elements."""
        return cast(Self, named("mean")(self, axis=axis, keepdims=keepdims))

    def prod(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """The product of the elements."""
        return cast(Self, named("prod")(self, axis=axis, keepdims=keepdims))

    def max(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """The largest element; where several are, they share the derivative."""
        return cast(Self, named("max")(self, axis=axis, keepdims=keepdims))

    def min(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """The smallest element."""
        return cast(Self, named("min")(self, axis=axis, keepdims=keepdims))

    def std(self, axis: Axis = None, ddof: float = 0.0, keepdims: bool = False) -> Self:
        """The standard deviation."""
        return cast(Self, named("std")(self, axis=axis, ddof=ddof, keepdims=keepdims))

    def var(self, axis: Axis = None, ddof: float = 0.0, keepdims: bool = False) -> Self:
        """The variance."""
        return cast(Self, named("var")(self, axis=axis, ddof=ddof, keepdims=keepdims))

    def all(self, axis: Axis = None, keepdims: bool = False) -> bool | npt.NDArray[np.bool_]:
        """Whether no element is zero."""
        return cast("bool | npt.NDArray[np.bool_]", named("all")(self, axis, keepdims))

    def any(self, axis: Axis = None, keepdims: bool = False) -> bool | npt.NDArray[np.bool_]:
        """Whether some element is not zero."""
        return cast("bool | npt.NDArray[np.bool_]", named("any")(self, axis, keepdims))

    def nonzero(self) -> tuple[npt.NDArray[np.intp], ...]:
        """Where the elements are that are not zero, as plain integers along each axis."""
        return cast("tuple[npt.NDArray[np.intp], ...]", named("nonzero")(self))

    def cumsum(self, axis: int | None = None) -> Self:
        """The running sums."""
        return cast(Self, named("cumsum")(self, axis=axis))

    def cumprod(self, axis: int | None = None) -> Self:
        """The running products."""
        return cast(Self, named("cumprod")(self, axis=axis))

    def squeeze(self, axis: Axis = None) -> Self:
        """Without axes of length one."""
        return cast(Self, named("squeeze")(self, axis=axis))

    def swapaxes(self, axis1: int, axis2: int) -> Self:
        """With two axes exchanged."""
        return cast(Self, named("swapaxes")(self, axis1, axis2))

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        """A diagonal."""
        return cast(Self, named("diagonal")(self, offset, axis1, axis2))

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        """The sum of a diagonal."""
        return cast(Self, named("trace")(self, offset, axis1, axis2))

    def repeat(self, repeats: object, axis: int | None = None) -> Self:
        """With elements repeated."""
        return cast(Self, named("repeat")(self, repeats, axis))

    def take(self, indices: object, axis: int | None = None) -> Self:
        """The elements at `indices`."""
        return cast(Self, named("take")(self, indices, axis))

    def clip(self, min: object = None, max: object = None) -> Self:
        """Between the limits."""
        return cast(Self, named("clip")(self, min, max))

    def dot(self, other: object) -> Self:
        """The product with an array, as `numpy.dot`."""
        return cast(Self, named("dot")(self, other))

    def round(self, decimals: int = 0) -> Self:
        """Rounded; the derivative is zero."""
        return cast(Self, named("round")(self, decimals))
