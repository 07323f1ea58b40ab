"""Terms: arithmetic and conditions as frozen values, computed by tapegrad and never run by Python."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import attrs

from tapegrad.errors import ExpressionError
from tapegrad.numpy import elementwise
from tapegrad.ops import selection
from tapegrad.primitive import Comparison

__all__ = [
    "CONSTANTS", "FUNCTIONS", "Apply", "Choose", "Compare", "Join", "Literal", "Name", "Negation", "Observer", "Term",
    "check_name", "evaluate",
]  # fmt: skip

CONSTANTS: Final = {"pi": math.pi, "e": math.e, "inf": math.inf}

FUNCTIONS: Final[dict[str, Callable[..., object]]] = {
    name: getattr(elementwise, name) for name in elementwise.__all__ if callable(getattr(elementwise, name))
} | {"clip": selection.clip, "isclose": selection.isclose, "where": selection.where}
"""Those of numbers."""


def check_name(name: str) -> None:
    """Raise ExpressionError if `name` cannot name a value: it is a constant, a function, or Python's own."""
    if name in CONSTANTS:
        msg = f"{name!r} is the constant {CONSTANTS[name]!r}; choose another name"
        raise ExpressionError(msg)
    if name in FUNCTIONS:
        msg = f"{name!r} is a function; call it, as in {name}(x), or choose another name"
        raise ExpressionError(msg)
    if name.startswith("__"):
        msg = f"{name!r} is a name of Python's own machinery, which is out of reach here; choose another name"
        raise ExpressionError(msg)


# ---- what a term is: each knows the piece of text it was read from, and the line of it -----------


@attrs.frozen
class Literal:
    """A number."""

    source: str
    line: int
    value: float


@attrs.frozen
class Name:
    """A value given from outside, or assigned by an earlier statement."""

    source: str
    line: int


@attrs.frozen
class Apply:
    """A function of operands: an operation, or a question if the function is a comparison."""

    source: str
    line: int
    function: Callable[..., object]
    operands: tuple[Term, ...]


@attrs.frozen
class Compare:
    """``a < b <= c``: stops at the first comparison that does not hold, as Python does."""

    source: str
    line: int
    comparisons: tuple[Comparison, ...]
    operands: tuple[Term, ...]


@attrs.frozen
class Join:
    """``a and b and c``, which stops at the first that is False; ``a or b or c`` if `stop` is True."""

    source: str
    line: int
    stop: bool
    conditions: tuple[Term, ...]


@attrs.frozen
class Negation:
    """``not condition``."""

    source: str
    line: int
    condition: Term


@attrs.frozen
class Choose:
    """``chosen if condition else other``: only the branch taken is evaluated, and recorded."""

    source: str
    line: int
    condition: Term
    chosen: Term
    other: Term


Term: TypeAlias = Literal | Name | Apply | Compare | Join | Negation | Choose

Observer: TypeAlias = Callable[[Apply | Compare], None]
"""Is told each operation right after it has been computed."""


def evaluate(term: Term, bound: Mapping[str, object], observe: Observer) -> object:
    """The value of one term: a number, or a bool for a condition.

    Raises ExpressionError for a name that is not bound: the statement that assigns it did not run.
    """
    if isinstance(term, Literal):
        return term.value
    if isinstance(term, Name):
        return _look_up(term, bound)
    if isinstance(term, Choose):
        return evaluate(term.chosen if evaluate(term.condition, bound, observe) else term.other, bound, observe)
    if isinstance(term, Negation):
        return not evaluate(term.condition, bound, observe)
    if isinstance(term, Join):
        return term.stop == any(bool(evaluate(condition, bound, observe)) == term.stop for condition in term.conditions)
    if isinstance(term, Apply):
        value = term.function(*(evaluate(operand, bound, observe) for operand in term.operands))
        observe(term)
        return value
    left = evaluate(term.operands[0], bound, observe)
    for comparison, operand in zip(term.comparisons, term.operands[1:], strict=True):
        right = evaluate(operand, bound, observe)
        holds = comparison.evaluate((left, right), ())
        observe(term)
        if not holds:
            return False
        left = right
    return True


def _look_up(name: Name, bound: Mapping[str, object]) -> object:
    if name.source not in bound:
        msg = (
            f"line {name.line}: {name.source!r} has no value here, as the lines that assign it did not run; "
            f"assign it before them, or in every branch"
        )
        raise ExpressionError(msg)
    return bound[name.source]
