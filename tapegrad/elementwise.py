"""Operations of numbers to a number, declared by their value and their partial derivatives.

    multiply = binary("multiply", operator.mul, np.multiply, lambda out, x, y: {0: y, 1: x})

One such line is all there is to an operation, on floats and, element by element, on arrays that broadcast: forward
mode multiplies tangents by the partials, reverse mode multiplies the cotangent by them, and both products are
`chain`. A partial that takes work may be stated as a function of no arguments, called where it is wanted.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias, TypeVar, cast, final, overload

import numpy as np
import numpy.typing as npt
from mypy_extensions import mypyc_attr

from tapegrad import arrays, floats, kernels
from tapegrad.arrays import AnyArray
from tapegrad.errors import OperandError, RuleError
from tapegrad.kernels import CODES, NONE
from tapegrad.primitive import Operand, Params, Primitive, as_float, as_value, concrete, is_complex, newest_recording
from tapegrad.spares import SMALLEST, computed
from tapegrad.typing import ArrayT_co, HasArrays, Number, Partials, TracedArrayT, TracedT
from tapegrad.vectors import COMPILED

__all__ = [
    "Binary", "Elementwise", "Nary", "Unary", "aligned", "binary", "chain", "elementwise", "evaluated",
    "times", "unary", "zeros_win",
]  # fmt: skip

Kind = TypeVar("Kind", bound=np.generic)


_ARRAY: Final = np.ndarray  # the compiler keeps a Final in a pointer, and looks up an attribute of NumPy
_FLOAT64: Final = np.dtype(np.float64)
_times: Final = arrays.times


@mypyc_attr(allow_interpreted_subclasses=True)
class Elementwise(Primitive):
    """Numbers to a number, with a partial derivative for each position.

    Where it is `holomorphic`, or its rule has a case for complex numbers, it takes those too: see `ops.shape`.
    """

    compute: Final[Callable[..., float]]
    over: Final[Callable[..., object]]  # the value for arrays
    holomorphic: Final[bool]  # whether value and rule hold for complex numbers
    rule: Final[Callable[..., object] | None]  # of partials; what it returns is checked when it is called
    in_place: Final[bool]  # whether `over` can write to memory that it is given
    has_kernel: Final[bool]
    """Whether there is machine code for it; interpreted, a call of the declared function is faster than a kernel."""

    def __init__(
        self,
        name: str,
        arity: int,
        compute: Callable[..., float],
        over: Callable[..., object],
        rule: Callable[..., object] | None,
        holomorphic: bool,
    ) -> None:
        super().__init__(name, arity)
        self.compute = compute
        self.over = over
        self.in_place = arrays.has_out(over)
        self.rule = rule
        self.holomorphic = holomorphic
        self.has_kernel = COMPILED and self.code < len(CODES)

    def bind(self, operands: Sequence[object]) -> object:
        """The value at any mix of numbers, arrays and traced values, recorded by the innermost trace among them."""
        recording = newest_recording(operands)
        if recording is not None:
            return recording.record(self, operands)
        values = [as_value(operand) for operand in operands]
        if any(type(value) is not float for value in values):
            return self.over_arrays(values)
        compute: Callable[..., object] = self.compute  # it promises a float
        return self.checked(compute(*values), "value")

    def over_arrays(self, values: Sequence[object]) -> object:
        """The value for every element. Raises OperandError for complex numbers that the rule does not hold for."""
        is_large = False
        for x in values:
            if type(x) is _ARRAY:
                if x.dtype is not _FLOAT64 and x.dtype.kind == "c":
                    return self.over(*self._complex(values))
                is_large = is_large or x.nbytes >= SMALLEST
        return computed(self.over, tuple(values)) if is_large and self.in_place else self.over(*values)

    def _complex(self, values: Sequence[object]) -> Sequence[object]:
        """`values`, of which some are complex, as the declared function takes them."""
        if not self.holomorphic:
            msg = (
                f"{self.name} has no complex derivative, or none that is known here; take tnp.real(z), tnp.imag(z) or "
                "tnp.abs(z) of the complex operand first"
            )
            raise OperandError(msg)
        if any(isinstance(x, np.ndarray) and x.dtype != np.complex128 for x in values):
            return [_weak(x) for x in values]
        return values

    def checked(self, number: object, spoken: str) -> float:
        """A number that a declared function returned, as a float. Raises RuleError if it is none."""
        try:
            return as_float(number)
        except OperandError:
            msg = f"the {spoken} of {self.name!r} must be a float, not {type(number).__name__} {number!r:.40}"
            raise RuleError(msg) from None

    def partials(self, out: object, operands: Sequence[object]) -> Partials:
        """The derivative dictionary at this point. Raises RuleError if a position is missing."""
        if self.rule is None:
            return {}
        answer = self.rule(out, *operands)
        if not isinstance(answer, dict):
            msg = f"the rule of {self.name!r} returned a {type(answer).__name__}, not a dictionary of partials"
            raise RuleError(msg)
        if len(answer) != len(operands):
            raise self.incomplete(answer)
        return answer

    def partial(self, partials: Partials, position: int) -> object:
        """One of them: a float, an array or a traced value. Raises RuleError if it is missing, or something else."""
        if position not in partials:
            raise self.incomplete(partials)
        stated: object = partials[position]
        if type(stated) is float or type(stated) is _ARRAY:
            return stated
        stated = evaluated(stated)
        if type(stated) is float or isinstance(stated, (Operand, np.ndarray)) or is_complex(stated):
            return stated
        return self.checked(stated, f"partial {position}")

    def incomplete(self, partials: Partials) -> RuleError:
        """The error for a rule that does not state exactly the positions of its operation."""
        expected, stated = set(range(self.arity or 0)), set(partials)
        missing, unknown = sorted(expected - stated), sorted(stated - expected)
        fault = f"misses position {missing[0]}" if missing else f"states position {unknown[0]}"
        msg = (
            f"the rule of {self.name!r} {fault}: it must return a dictionary with the positions "
            f"{sorted(expected)}; where a derivative is zero, state 0.0"
        )
        return RuleError(msg)

    def evaluate(self, operands: Sequence[object], params: Params) -> object:
        del params  # an elementwise operation has none
        return self.bind(operands)

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        del params
        partials = self.partials(out, operands)
        if not partials:  # piecewise constant
            return None
        terms = [self.product(t, self.partial(partials, position), position) for position, t in tangents.items()]
        return functools.reduce(operator.add, terms)

    def product(self, seed: object, partial: object, position: int) -> object:
        """The product of a tangent, or cotangent, with the partial at one position."""
        # Where a cotangent is zero so is the product of the chain rule, whatever the partial does: so are its slopes.
        if self is zeros_win or (self is chain and position == 1):
            return zeros_win.bind((seed, partial))
        return times(seed, partial)

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del params
        partials = self.partials(out, operands)
        if not partials:
            return {}
        return {position: self.product(g, self.partial(partials, position), position) for position in wanted}

    def batch(self, operands: Sequence[object], lanes: Sequence[bool], size: int, params: Params) -> object:
        del size, params
        return self.bind(aligned(operands, lanes))


@final
class Unary(Elementwise):
    """An elementwise operation of one number."""

    def __init__(
        self,
        name: str,
        compute: Callable[[float], float],
        over: Callable[..., object],
        rule: Callable[..., object] | None,
        holomorphic: bool,
    ) -> None:
        super().__init__(name, 1, compute, over, rule, holomorphic)

    @overload  # type: ignore[override]  # an arity of its own
    def __call__(self, x: float) -> float: ...
    @overload
    def __call__(self, x: TracedT) -> TracedT: ...
    @overload
    def __call__(self, x: float | TracedT) -> float | TracedT: ...
    @overload
    def __call__(self, x: npt.NDArray[Kind]) -> npt.NDArray[Kind]: ...
    def __call__(self, x: object) -> object:
        if type(x) is float:
            return self.value(x)
        if isinstance(x, Operand) and not x._recorder.sealed:
            if x._outer is None:
                return x._recorder.write(self.code, x._index, NONE, self.value(x._number))
            if type(x._outer) is _ARRAY:
                return x._recorder.write_any(self.code, x._index, NONE, self.over_arrays((x._outer,)))
        return self.over_arrays((x,)) if type(x) is _ARRAY and x.dtype.kind == "f" else self.bind((x,))

    def value(self, x: float) -> float:
        """The value at a float."""
        return kernels.value_of_one(self.code, x) if self.has_kernel else self.compute(x)


@final
class Binary(Elementwise):
    """An elementwise operation of two numbers."""

    def __init__(
        self,
        name: str,
        compute: Callable[[float, float], float],
        over: Callable[..., object],
        rule: Callable[..., object] | None,
        holomorphic: bool,
    ) -> None:
        super().__init__(name, 2, compute, over, rule, holomorphic)

    @overload  # type: ignore[override]  # an arity of its own
    def __call__(self, x: float, y: float) -> float: ...
    @overload
    def __call__(self, x: TracedArrayT, y: Number | AnyArray) -> TracedArrayT: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, x: Number | AnyArray, y: TracedArrayT) -> TracedArrayT: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, x: HasArrays[ArrayT_co], y: AnyArray) -> ArrayT_co: ...
    @overload
    def __call__(self, x: AnyArray, y: HasArrays[ArrayT_co]) -> ArrayT_co: ...
    @overload
    def __call__(self, x: TracedT, y: float | TracedT) -> TracedT: ...
    @overload
    def __call__(self, x: float, y: TracedT) -> TracedT: ...
    @overload
    def __call__(self, x: float | TracedT, y: float | TracedT) -> float | TracedT: ...
    @overload
    def __call__(self, x: npt.NDArray[Kind], y: npt.NDArray[Kind] | float) -> npt.NDArray[Kind]: ...
    @overload
    def __call__(self, x: float, y: npt.NDArray[Kind]) -> npt.NDArray[Kind]: ...
    def __call__(self, x: object, y: object) -> object:
        if type(x) is float and type(y) is float:
            return self.value(x, y)
        if isinstance(x, Operand) and isinstance(y, Operand):
            recorder = x._recorder
            if y._recorder is recorder and not recorder.sealed:
                if x._outer is None and y._outer is None:
                    return recorder.write(self.code, x._index, y._index, self.value(x._number, y._number))
                if type(x._outer) is _ARRAY and type(y._outer) is _ARRAY:
                    value = self.over_arrays((x._outer, y._outer))
                    return recorder.write_any(self.code, x._index, y._index, value)
        return self.bind((x, y))

    def value(self, x: float, y: float) -> float:
        """The value at two floats."""
        return kernels.value_of_two(self.code, x, y) if self.has_kernel else self.compute(x, y)


@final
class Nary(Elementwise):
    """An elementwise operation of any number of numbers."""

    # Called from interpreted code, a compiled class that inherits __init__ runs it twice (mypyc 2.4).
    def __init__(
        self,
        name: str,
        arity: int,
        compute: Callable[..., float],
        over: Callable[..., object],
        rule: Callable[..., object] | None,
        holomorphic: bool = False,
    ) -> None:
        super().__init__(name, arity, compute, over, rule, holomorphic)

    @overload  # type: ignore[override]  # numbers and arrays only
    def __call__(self, *operands: float) -> float: ...
    @overload
    def __call__(self, *operands: float | TracedT) -> float | TracedT: ...
    def __call__(self, *operands: object) -> object:
        return self.bind(operands)


def unary(
    name: str,
    value: Callable[[float], float],
    over: Callable[..., object],
    partials: Callable[[Number, Number], Partials] | None,
    holomorphic: bool = False,
) -> Unary:
    """Declare an operation of one number: ``partials(out, x) -> {0: d out/dx}``. See `elementwise`.

    `value` is for a float and `over` for an array. Where the operation is `holomorphic`, its rule holds for complex
    numbers too.
    """
    return Unary(name, value, over, partials, holomorphic)


def binary(
    name: str,
    value: Callable[[float, float], float],
    over: Callable[..., object],
    partials: Callable[[Number, Number, Number], Partials] | None,
    holomorphic: bool = False,
) -> Binary:
    """Declare an operation of two numbers: ``partials(out, x, y) -> {0: d out/dx, 1: d out/dy}``."""
    return Binary(name, value, over, partials, holomorphic)


def elementwise(
    name: str,
    value: Callable[..., float],
    partials: Callable[..., Partials] | None,
    over: Callable[..., object] | None = None,
    holomorphic: bool = False,
) -> Nary:
    """Declare an operation of any number of numbers.

    Parameters
    ----------
    name
        Unique; the tape shows it, and a saved tape finds the operation by it.
    value
        A total function of floats: it is called with floats only.
    partials
        ``partials(out, x, y, ...) -> {position: partial}``, every position stated, written in
        tapegrad's operations. None for a piecewise constant operation: zero wherever it exists.
    over
        The value for arrays, which broadcast. Without it `value` is called for every element, which is slow.
    holomorphic
        Whether `over` and `partials` hold for complex numbers too.

    >>> cube = elementwise("doctest_cube", lambda x: x * x * x, lambda out, x: {0: 3.0 * x * x})
    >>> cube(2.0)
    8.0
    """
    arity = len(inspect.signature(value).parameters)
    return Nary(name, arity, value, arrays.each(value, arity) if over is None else over, partials, holomorphic)


Rule: TypeAlias = Callable[[Number, Number, Number], Partials]


# The product of the chain rule. An exactly zero cotangent or tangent contributes exactly zero, also where
# the partial is inf or nan: what the output does not depend on cannot spoil its derivative.
def _partials_of_product(out: object, g: object, partial: object) -> dict[int, object]:
    """Not a lambda, whose arguments the compiler would take for numbers."""
    del out
    return {0: partial, 1: g}


chain = binary("chain", floats.chain, arrays.chain, cast(Rule, _partials_of_product), holomorphic=True)

# The product of that cotangent with what reaches the partial: zero where either is.
zeros_win = binary("zeros_win", floats.zeros_win, arrays.zeros_win, cast(Rule, _partials_of_product), holomorphic=True)


def _weak(x: object) -> object:
    """A complex number as one of Python, which leaves the choice of complex64 or complex128 to arrays."""
    if isinstance(x, np.ndarray) and x.ndim == 0 and x.dtype == np.complex128:
        return complex(x)
    return x


def evaluated(partial: object) -> object:
    """A partial as a rule states it: a number, or a function that computes it."""
    return partial() if callable(partial) else partial


def times(g: object, partial: object) -> object:
    """`chain` of a cotangent (or tangent) and a partial, with nothing recorded that need not be."""
    if type(partial) is float:
        if type(g) is float:
            return g * partial if g != 0.0 else 0.0
        if partial - partial == 0.0:  # finite: zero times it is zero anyway
            return g if partial == 1.0 else operator.mul(g, partial)
    if type(g) is _ARRAY and type(partial) is _ARRAY:
        return _times(g, partial)
    return chain(g, partial)  # type: ignore[call-overload]  # or an array


def aligned(operands: Sequence[object], lanes: Sequence[bool], cores: Sequence[int] = ()) -> list[object]:
    """`operands` whose lanes, the first axis of some of them, broadcast with each other and not with other axes.

    An operand with fewer axes than another gets axes of length one behind its lanes. Its last axes, as many as `cores`
    says for each, do not count: they are those of the vectors and matrices that an operation is about.
    """
    shapes = [np.shape(cast(AnyArray, concrete(x))) for x in operands]
    apart = cores or [0] * len(shapes)
    ranks = [len(shape) - has_lanes - core for shape, has_lanes, core in zip(shapes, lanes, apart, strict=True)]
    most = max(ranks)
    moved: list[object] = []
    for x, shape, has_lanes, rank in zip(operands, shapes, lanes, ranks, strict=True):
        if has_lanes and rank < most:
            size, *rest = shape
            moved.append(x.reshape((size, *[1] * (most - rank), *rest)))  # type: ignore[attr-defined]
        else:
            moved.append(x)
    return moved
