"""Array values: what NumPy has no function for, and NumPy's own where they would warn.

The counterpart of `tapegrad.floats`. A gradient must not stop, or speak, where IEEE arithmetic has an answer, so
functions with an edge (``log`` at 0, ``exp`` beyond 709) are quiet here. Nothing knows of derivatives.
"""

from __future__ import annotations

import cmath
import functools
import importlib
import math
import operator
from collections.abc import Callable
from typing import Final, TypeAlias, TypeGuard, TypeVar, cast

import numpy as np
import numpy.typing as npt

from tapegrad import spares

__all__ = [
    "AnyArray",
    "Floats",
    "FrozenArray",
    "FrozenIndex",
    "arccos",
    "arccosh",
    "arcsin",
    "arctanh",
    "chain",
    "cosh",
    "divide",
    "each",
    "entry_in_words",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "floor_divide",
    "frozen",
    "gelu",
    "has_out",
    "hypot",
    "identity",
    "is_array",
    "is_zero",
    "log",
    "log1p",
    "log2",
    "log10",
    "normal_cdf",
    "normal_pdf",
    "power",
    "quiet",
    "reciprocal",
    "relu",
    "remainder",
    "share",
    "sigmoid",
    "sigmoid_slope",
    "silu",
    "sinh",
    "slope_of_sigmoid",
    "slope_of_tanh",
    "softplus",
    "sqrt",
    "square",
    "step",
    "tan",
    "times",
    "zeros_win",
]  # fmt: skip

AnyArray: TypeAlias = npt.NDArray[np.generic]
"""An array whose kind of number is known at run time only."""

Floats: TypeAlias = npt.NDArray[np.float64]
"""An array to compute with. The type checker is told that its numbers are float64, which it cannot know."""

Function = TypeVar("Function", bound=Callable[..., object])


def is_array(x: object) -> TypeGuard[Floats]:
    """Whether `x` is a plain array."""
    return isinstance(x, np.ndarray)


def quiet(function: Function) -> Function:
    """`function`, without NumPy's warnings about infinities and nan."""

    @functools.wraps(function)
    def silent(*operands: object, **options: object) -> object:
        with np.errstate(all="ignore"):
            return function(*operands, **options)

    return silent  # type: ignore[return-value]  # of the same form


def each(function: Callable[..., float], arity: int) -> Callable[..., AnyArray]:
    """A function of floats, applied to every element; float32 stays float32."""
    applied = np.frompyfunc(function, arity, 1)

    def over(*operands: AnyArray | float) -> AnyArray:
        dtype = np.result_type(*operands)
        floating = dtype if np.issubdtype(dtype, np.floating) else np.dtype(np.float64)
        answers: AnyArray = np.asarray(applied(*operands)).astype(floating)
        return answers

    return over


# ---- arrays that nobody can change --------------------------------------------------------------


def frozen(x: AnyArray) -> AnyArray:
    """`x` if neither it nor what it is a view of can be written to; else a copy that cannot."""
    owner: object = x
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            break
        owner = owner.base
    else:
        if owner is None or isinstance(owner, bytes):
            return x
    spare = spares.take(x.shape, x.dtype) if x.nbytes >= spares.SMALLEST and x.flags.c_contiguous else None
    copy: AnyArray = np.empty_like(x, subok=False) if spare is None else spare  # keeps the order of its axes in memory
    np.copyto(copy, x)
    copy.flags.writeable = False
    return copy


class FrozenArray:
    """An array as a static fact: immutable, equal to another of the same type, shape and bits, and hashable.

    One nan is equal to another, whatever bits they have besides.
    """

    __slots__ = ("array",)

    def __init__(self, array: AnyArray) -> None:
        self.array = frozen(array)

    def _key(self) -> tuple[str, tuple[int, ...], bytes]:
        numbers = self.array
        if numbers.dtype.kind in "fc":
            parts = np.ascontiguousarray(numbers).reshape(-1).view(numbers.real.dtype)
            numbers = np.where(np.isnan(parts), parts.dtype.type(math.nan), parts)
        return (self.array.dtype.str, self.array.shape, numbers.tobytes())

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, FrozenArray) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        shape = ",".join(map(str, self.array.shape))
        return f"{self.array.dtype}[{shape}]"

    def __reduce__(self) -> tuple[type[FrozenArray], tuple[AnyArray]]:
        return FrozenArray, (self.array,)


class FrozenIndex:
    """What stands between the brackets of ``x[...]``, as a static fact.

    Integers, slices, None, Ellipsis, and arrays of integers or booleans, by position. Raises IndexError for anything
    else.
    """

    __slots__ = ("entries", "index")

    def __init__(self, index: object) -> None:
        given = index if isinstance(index, tuple) else (index,)
        self.entries: tuple[object, ...] = tuple([_entry(item) for item in given])
        self.index: tuple[object, ...] = tuple([x.array if isinstance(x, FrozenArray) else x for x in self.entries])

    def behind(self, axes: int) -> FrozenIndex:
        """The same index of an array with further axes in front, which are taken whole."""
        return FrozenIndex((*[slice(None)] * axes, *self.index))

    def parts(self) -> list[object]:
        """The entries in words that compare and hash: a slice is ``("slice", start, stop, step)``."""
        return [("slice", x.start, x.stop, x.step) if isinstance(x, slice) else x for x in self.entries]

    def __eq__(self, other: object) -> bool:
        return self.parts() == other.parts() if isinstance(other, FrozenIndex) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.parts()))

    def __repr__(self) -> str:
        return "[" + ",".join(map(entry_in_words, self.entries)) + "]"

    def __reduce__(self) -> tuple[type[FrozenIndex], tuple[tuple[object, ...]]]:
        return FrozenIndex, (self.index,)


def _entry(item: object) -> object:
    if item is None or item is Ellipsis:
        return item
    if isinstance(item, slice):
        return slice(*[None if x is None else operator.index(x) for x in (item.start, item.stop, item.step)])
    if isinstance(item, (int, np.integer)) and not isinstance(item, bool):
        return int(item)
    array: AnyArray = np.asarray(item)
    if array.size == 0 and not isinstance(item, np.ndarray):
        array = array.astype(np.intp)  # an empty list
    if array.dtype.kind not in "iub":
        msg = (
            f"an index is made of integers, slices, None, Ellipsis and arrays of integers or booleans, not {item!r:.40}"
        )
        raise IndexError(msg)
    return FrozenArray(array)


def entry_in_words(entry: object) -> str:
    """An entry of an index as it stands between the brackets; an array by its dtype and shape."""
    if isinstance(entry, slice):
        ends = [entry.start, entry.stop] + ([] if entry.step is None else [entry.step])
        return ":".join("" if end is None else str(end) for end in ends)
    return "..." if entry is Ellipsis else str(entry)


# ---- NumPy's functions that have an edge --------------------------------------------------------

divide = quiet(np.divide)
reciprocal = quiet(functools.partial(np.divide, 1.0))
floor_divide = quiet(np.floor_divide)
remainder = quiet(np.remainder)
square = quiet(np.square)
exp = quiet(np.exp)
exp2 = quiet(np.exp2)
expm1 = quiet(np.expm1)
log = quiet(np.log)
log1p = quiet(np.log1p)
log2 = quiet(np.log2)
log10 = quiet(np.log10)
sqrt = quiet(np.sqrt)
arcsin = quiet(np.arcsin)
arccos = quiet(np.arccos)
arccosh = quiet(np.arccosh)
arctanh = quiet(np.arctanh)
sinh = quiet(np.sinh)
cosh = quiet(np.cosh)
tan = quiet(np.tan)
hypot = quiet(np.hypot)


@quiet
def power(x: Floats, y: Floats | float) -> Floats:
    """x to the y. The commonest exponents take no logarithm: they are thirty times as fast."""
    if type(y) is float:
        if y == 2.0:
            return np.square(x)
        if y == 1.0:
            return x
        if y == 0.5:
            return np.sqrt(x)
        if y == -1.0:
            return np.divide(1.0, x)
        if y == 3.0:
            return np.square(x) * x
    return np.power(x, y)


# ---- what NumPy has not -------------------------------------------------------------------------


def identity(x: Floats) -> Floats:
    """x."""
    return x


def is_zero(x: Floats) -> Floats:
    """1 at zero, else 0."""
    return np.equal(x, 0.0).astype(x.dtype)


def step(x: Floats) -> Floats:
    """1 to the right of 0, else 0."""
    return np.greater(x, 0.0).astype(x.dtype)


_LARGE: Final = spares.SMALLEST // 8


def has_out(over: Callable[..., object]) -> bool:
    """Whether a function can write floats to memory that it is given: a ufunc whose answers are, or one made `quiet`.

    A comparison could write there too, but its answers would be floats then, where they are booleans.
    """
    ufunc = getattr(over, "__wrapped__", over)
    return isinstance(ufunc, np.ufunc) and "d" * ufunc.nin + "->d" in ufunc.types


_THREADED: Final = 8192  # elements; from about here BLAS wakes threads, which may take longer than the sum


def times(g: Floats | float, partial: Floats | float) -> Floats:
    """g * partial, but 0 wherever g is, also where the partial is inf or nan; NumPy may warn of those."""
    if isinstance(g, np.ndarray) and g.size >= _LARGE:
        product = cast(Floats, spares.computed(np.multiply, (g, partial)))
    else:
        product = np.multiply(g, partial)
    # A zero times a finite partial is zero: only where a partial is not finite is there anything to mend. One sum
    # tells, which is finite only if every term is.
    if product.size < _THREADED:
        total = np.vdot(product, product)
    else:
        smaller = partial if np.size(partial) < product.size else product
        total = np.einsum("i->", np.ravel(smaller, order="K"))
    if not cmath.isfinite(total):
        product = np.where(np.equal(g, 0.0), product.dtype.type(0.0), product)
    return product


chain = quiet(times)


@quiet
def zeros_win(x: Floats | float, y: Floats | float) -> Floats:
    """x * y, but 0 wherever either is, also where the other is inf or nan."""
    product = np.multiply(x, y)
    if not np.isfinite(product).all():
        product = np.where(np.equal(x, 0.0) | np.equal(y, 0.0), product.dtype.type(0.0), product)
    return product


@quiet
def share(x: Floats | float, y: Floats | float) -> Floats:
    """How much of a maximum is x's: 1 where it is the larger, 1/2 at a tie, else 0."""
    dtype = np.result_type(x, y)
    shares: Floats = 0.5 * (1.0 + np.greater(x, y) - np.less(x, y))
    return shares.astype(dtype if np.issubdtype(dtype, np.floating) else np.float64, copy=False)


def relu(x: Floats) -> Floats:
    """The larger of x and 0."""
    return np.maximum(x, 0.0)


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + e^-x), accurate in both tails: the exponential is never of a positive number."""
    return np.exp(np.minimum(x, 0.0)) / (1.0 + np.exp(-np.abs(x)))  # a second exponential takes less than a choice


def sigmoid_slope(x: Floats) -> Floats:
    """e^-|x| / (1 + e^-|x|)^2."""
    small = np.exp(-np.abs(x))
    return small / np.square(1.0 + small)


def slope_of_sigmoid(out: Floats, x: object) -> Floats:
    """`sigmoid_slope` of x, whose sigmoid is `out`: s (1 - s) saves the exponential where it does not cancel."""
    slope = np.asarray(out * (1.0 - out))
    near = np.greater(out, _NEAR)
    if near.any():
        slope[near] = sigmoid_slope(np.asarray(x)[near])
    return slope


def slope_of_tanh(out: Floats, x: object) -> Floats:
    """1 - tanh(x)^2, where `out` is tanh(x); from x where the difference would cancel."""
    slope = np.asarray(1.0 - out * out)
    near = np.less(slope, 2.0 * (1.0 - _NEAR))
    if near.any():
        slope[near] = 4.0 * sigmoid_slope(2.0 * np.asarray(x)[near])
    return slope


_NEAR: Final = 0.99  # to 1, such that what is left of it has lost two digits


def softplus(x: Floats) -> Floats:
    """log(1 + e^x), without overflow and accurate in the left tail."""
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0.0)


@functools.lru_cache(maxsize=2)
def _error_function(name: str) -> Callable[[Floats], Floats]:
    """SciPy's function of that name, where SciPy is installed; else Python's own for every element."""
    try:
        special = importlib.import_module("scipy.special")  # optional, and slow to load
    except ImportError:
        return cast(Callable[[Floats], Floats], each(getattr(math, name), 1))
    return cast(Callable[[Floats], Floats], quiet(getattr(special, name)))


def erf(x: Floats) -> Floats:
    """The error function."""
    return _error_function("erf")(x)


def erfc(x: Floats) -> Floats:
    """1 - erf(x), accurate in the right tail."""
    return _error_function("erfc")(x)


def normal_pdf(x: Floats) -> Floats:
    """The density of the standard normal distribution."""
    return np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def normal_cdf(x: Floats) -> Floats:
    """Its distribution function; erfc keeps the left tail."""
    return 0.5 * erfc(-x / math.sqrt(2.0))


def silu(x: Floats) -> Floats:
    """x sigmoid(x), 0 where the sigmoid vanishes."""
    return chain(sigmoid(x), x)


def gelu(x: Floats) -> Floats:
    """x normal_cdf(x), 0 where it vanishes."""
    return chain(normal_cdf(x), x)
