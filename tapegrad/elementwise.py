"""Operations of numbers to a number, declared by their value and their partial derivatives.

    multiply = binary("multiply", operator.mul, lambda out, x, y: {0: y, 1: x})

One such line is all there is to an operation: forward mode multiplies tangents by the partials, reverse mode
multiplies the cotangent by them, and both products are `chain`.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Final, overload

from tapegrad.errors import RuleError
from tapegrad.primitive import Operand, Params, Primitive, as_float, newest_recording
from tapegrad.typing import Number, Partials, TracedT

__all__ = ["Binary", "Elementwise", "Nary", "Unary", "binary", "chain", "elementwise", "times", "unary"]


class Elementwise(Primitive):
    """Numbers to a number, with a partial derivative for each position."""

    compute: Final[Callable[..., float]]
    rule: Final[Callable[..., Partials] | None]

    def __init__(
        self, name: str, arity: int, compute: Callable[..., float], rule: Callable[..., Partials] | None
    ) -> None:
        super().__init__(name, arity)
        self.compute = compute
        self.rule = rule

    def bind(self, operands: Sequence[object]) -> Number:
        """The value at any mix of floats and traced values, recorded by the innermost trace among them."""
        recording = newest_recording(operands)
        if recording is not None:
            return recording.record(self, operands)
        return self.compute(*map(as_float, operands))

    def partials(self, out: object, operands: Sequence[object]) -> Partials:
        """The derivative dictionary at this point. Raises RuleError if a position is missing."""
        if self.rule is None:
            return {}
        answer: object = self.rule(out, *operands)
        if not isinstance(answer, dict):
            msg = f"the rule of {self.name!r} returned a {type(answer).__name__}, not a dictionary of partials"
            raise RuleError(msg)
        if answer.keys() != set(range(len(operands))):
            raise self.incomplete(answer)
        return answer

    def incomplete(self, partials: Mapping[int, object]) -> RuleError:
        """The error for a rule that does not state exactly the positions of its operation."""
        expected, stated = set(range(self.arity or 0)), set(partials)
        missing, unknown = sorted(expected - stated), sorted(stated - expected)
        fault = f"misses position {missing[0]}" if missing else f"states position {unknown[0]}"
        msg = (
            f"the rule of {self.name!r} {fault}: it must return a dictionary with the positions "
            f"{sorted(expected)}; where a derivative is zero, state 0.0"
        )
        return RuleError(msg)

    def evaluate(self, operands: Sequence[object], params: Params) -> Number:
        del params  # an elementwise operation has none
        return self.bind(operands)

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        del params
        partials = self.partials(out, operands)
        if not partials:  # piecewise constant
            return None
        first, *rest = (times(t, partials[position]) for position, t in tangents.items())
        return functools.reduce(operator.add, rest, first)

    def pull(self, g: object, out: object, operands: Sequence[object], params: Params) -> Mapping[int, object]:
        del params
        return {position: times(g, partial) for position, partial in self.partials(out, operands).items()}


class Unary(Elementwise):
    """An elementwise operation of one number."""

    @overload
    def __call__(self, x: float) -> float: ...
    @overload
    def __call__(self, x: TracedT) -> TracedT: ...
    @overload
    def __call__(self, x: float | TracedT) -> float | TracedT: ...
    def __call__(self, x: Number) -> Number:
        if type(x) is float:
            return self.compute(x)
        return x.apply(self, self.compute) if isinstance(x, Operand) else self.bind((x,))


class Binary(Elementwise):
    """An elementwise operation of two numbers."""

    @overload
    def __call__(self, x: float, y: float) -> float: ...
    @overload
    def __call__(self, x: TracedT, y: float | TracedT) -> TracedT: ...
    @overload
    def __call__(self, x: float, y: TracedT) -> TracedT: ...
    @overload
    def __call__(self, x: float | TracedT, y: float | TracedT) -> float | TracedT: ...
    def __call__(self, x: Number, y: Number) -> Number:
        return self.compute(x, y) if type(x) is float and type(y) is float else self.bind((x, y))


class Nary(Elementwise):
    """An elementwise operation of any number of numbers."""

    def __call__(self, *operands: float | TracedT) -> float | TracedT:
        return self.bind(operands)  # type: ignore[return-value]  # of the operands' own kind


def unary(name: str, value: Callable[[float], float], partials: Callable[[Number, Number], Partials] | None) -> Unary:
    """Declare an operation of one number: ``partials(out, x) -> {0: d out/dx}``. See `elementwise`."""
    return Unary(name, 1, value, partials)


def binary(
    name: str,
    value: Callable[[float, float], float],
    partials: Callable[[Number, Number, Number], Partials] | None,
) -> Binary:
    """Declare an operation of two numbers: ``partials(out, x, y) -> {0: d out/dx, 1: d out/dy}``."""
    return Binary(name, 2, value, partials)


def elementwise(name: str, value: Callable[..., float], partials: Callable[..., Partials] | None) -> Nary:
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

    >>> cube = elementwise("doctest_cube", lambda x: x * x * x, lambda out, x: {0: 3.0 * x * x})
    >>> cube(2.0)
    8.0
    """
    return Nary(name, len(inspect.signature(value).parameters), value, partials)


# The product of the chain rule. An exactly zero cotangent or tangent contributes exactly zero, also where
# the partial is inf or nan: what the output does not depend on cannot spoil its derivative.
chain = binary("chain", lambda g, partial: 0.0 if g == 0.0 else g * partial, lambda out, g, partial: {0: partial, 1: g})


def times(g: object, partial: Number) -> Number:
    """`chain` of a cotangent (or tangent) and a partial, with nothing recorded that need not be."""
    if type(g) is float:
        return g * partial if g != 0.0 else 0.0
    if type(partial) is float and partial - partial == 0.0:  # finite: zero times it is zero anyway
        return g if partial == 1.0 else g * partial  # type: ignore[return-value, operator]  # g is a number
    return chain(g, partial)  # type: ignore[call-overload, no-any-return]  # and here
