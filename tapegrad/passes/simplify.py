"""Algebra: the few identities that hold to the bit, for values and for derivatives of every order.

What is missing here is missing on purpose: ``x * 0`` is not 0 of inf, ``x + 0.0`` is not x of -0.0, ``x - x`` is not 0
of nan, ``1 / (1 / x)`` and its kind are rounded, and ``x ** 1`` has another second derivative at 0 behind a root.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import attrs
import numpy as np

from tapegrad.columns import constant
from tapegrad.elementwise import Elementwise, chain
from tapegrad.ops.arithmetic import absolute, add, ceil, divide, floor, multiply, negative, sign, subtract
from tapegrad.ops.structural import stop_gradient
from tapegrad.passes.rewritten import Rewritten, rewritten
from tapegrad.trace import Trace

__all__ = ["IDENTITIES", "Identity", "Pattern", "Program", "simplify"]


@attrs.frozen(eq=False)
class Program:
    """What a pattern looks at: a trace, and which earlier record each operand is by now."""

    trace: Trace
    becomes: Sequence[int]  # as far as is known

    def operation(self, index: int) -> object:
        """What record `index` does."""
        return self.trace.tape.columns.primitive(index)

    def operands(self, index: int) -> list[int]:
        """The records that it reads."""
        return [self.becomes[i] for i in self.trace.tape.columns.inputs(index)]

    def value(self, index: int) -> object:
        """What it gave."""
        return self.trace.arrays.get(index, self.trace.tape.columns.numbers[index])


Pattern: TypeAlias = Callable[[Program, int], int | None]
"""The earlier record that a record is equal to, if it has this form."""


def _beside(position: int, is_neutral: Callable[[object], bool]) -> Pattern:
    """The operand at `position` of two, if the other is a neutral constant."""

    def matched(program: Program, index: int) -> int | None:
        operands = program.operands(index)
        other = operands[1 - position]
        is_matched = program.operation(other) is constant and is_neutral(program.value(other))
        return operands[position] if is_matched else None

    return matched


def _repeated(program: Program, index: int) -> int | None:
    """The operand, if it is of the same operation."""
    (operand,) = program.operands(index)
    return operand if program.operation(operand) is program.operation(index) else None


def _undone(program: Program, index: int) -> int | None:
    """The operand's operand, if the operand is of the same operation."""
    operand = _repeated(program, index)
    return None if operand is None else program.operands(operand)[0]


def _every(number: float) -> Callable[[object], bool]:
    """Whether a constant is this number, with its sign; of an array, whether every element is."""

    def is_neutral(x: object) -> bool:
        array = np.asarray(x)
        if array.dtype.kind not in "fiu":
            return False
        return bool(np.all((array == number) & (np.signbit(array) == np.signbit(number))))

    return is_neutral


@attrs.frozen
class Identity:
    """A row of the table: the operation whose records it is about, what they are equal to, and why to the bit."""

    formula: str
    operation: Elementwise
    pattern: Pattern
    reason: str


_UNIT = "the product with 1 is exact, of inf, nan and -0.0 too; its derivative is 1"
_NOTHING = "of signed zeros as well: -0.0 + -0.0 is -0.0, and 0.0 + -0.0 is 0.0; its derivative is 1"
_STEPS = "its values are fixed points; the derivative is zero anyway"

IDENTITIES: Final = (
    Identity("x * 1 = x", multiply, _beside(0, _every(1.0)), _UNIT),
    Identity("1 * x = x", multiply, _beside(1, _every(1.0)), _UNIT),
    Identity("x / 1 = x", divide, _beside(0, _every(1.0)), "the quotient is exact; its derivative is 1 / 1"),
    Identity("x + -0.0 = x", add, _beside(0, _every(-0.0)), _NOTHING),
    Identity("-0.0 + x = x", add, _beside(1, _every(-0.0)), _NOTHING),
    Identity("x - 0.0 = x", subtract, _beside(0, _every(0.0)), "x - 0.0 is x + -0.0, which see"),
    Identity("chain(1, x) = x", chain, _beside(1, _every(1.0)), "a product whose first factor is not 0"),
    Identity("-(-x) = x", negative, _undone, "only the sign changes, twice; the derivative is -1 * -1"),
    Identity("abs(abs(x)) = abs(x)", absolute, _repeated, "its slope is 1 where it is not 0 already"),
    Identity("floor(floor(x)) = floor(x)", floor, _repeated, _STEPS),
    Identity("ceil(ceil(x)) = ceil(x)", ceil, _repeated, _STEPS),
    Identity("sign(sign(x)) = sign(x)", sign, _repeated, _STEPS),
    Identity("stop_gradient(stop_gradient(x)) = stop_gradient(x)", stop_gradient, _repeated, _STEPS),
)
"""Everything that `simplify` knows."""

_PATTERNS: Final[Mapping[object, Sequence[Pattern]]] = {
    row.operation: [other.pattern for other in IDENTITIES if other.operation is row.operation] for row in IDENTITIES
}


def simplify(trace: Trace) -> Rewritten:
    """The trace in which a record that is equal to an earlier one, by one of the `IDENTITIES`, is that one.

    Arrays must agree in shape, dtype and strides, and must be real. Values keep every bit, and so does each term of a
    derivative; but a record that has taken over the uses of another adds the terms of both in another order, so that
    their sum may be rounded otherwise.

    >>> from tapegrad import passes, trace
    >>> rewritten = passes.simplify(trace(lambda x: -(-(x * 1.0)), 3.0))
    >>> rewritten.trace.outputs, rewritten.places
    ((0,), mappingproxy({0: 0, 1: 1, 2: 0, 3: 2, 4: 0}))
    """
    becomes: list[int] = []
    program = Program(trace, becomes)
    for index in range(len(trace.tape)):
        patterns = _PATTERNS.get(program.operation(index), ())
        found = (pattern(program, index) for pattern in patterns)
        equals = (earlier for earlier in found if earlier is not None and _of_one_form(program, earlier, index))
        becomes.append(next(equals, index))
    return rewritten(trace, becomes)


def _of_one_form(program: Program, earlier: int, index: int) -> bool:
    """Whether two records are numbers, or arrays of real numbers that are laid out alike."""
    x, out = program.value(earlier), program.value(index)
    if isinstance(x, np.ndarray) and isinstance(out, np.ndarray):
        return (x.shape, x.dtype, x.strides) == (out.shape, out.dtype, out.strides) and out.dtype.kind == "f"
    return isinstance(x, float) and isinstance(out, float)
