"""Arithmetic as a value: what `tapegrad.parser` reads, evaluated by tapegrad and never run by Python.

An expression is a list of assignments, and its terms are the five frozen classes below. Evaluated on traced
values it leaves its operations on their tape; `read` also keeps what piece of the text each record is.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, cast

import attrs

from tapegrad.errors import ExpressionError
from tapegrad.numpy import elementwise
from tapegrad.ops import selection
from tapegrad.primitive import Comparison
from tapegrad.recorder import recorder_of
from tapegrad.trace import Trace, record
from tapegrad.variables import Scalar, Var

__all__ = [
    "CONSTANTS", "FUNCTIONS", "Apply", "Choose", "Compare", "Expression", "Literal", "Name", "Reading",
    "Term", "check_name", "read",
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


# ---- what an expression is -----------------------------------------------------------------------


@attrs.frozen
class Literal:
    """A number."""

    source: str
    value: float


@attrs.frozen
class Name:
    """A value given from outside, or assigned by an earlier statement."""

    source: str


@attrs.frozen
class Apply:
    """A function of operands: an operation, or a question if the function is a comparison."""

    source: str
    function: Callable[..., object]
    operands: tuple[Term, ...]


@attrs.frozen
class Compare:
    """``a < b <= c``: stops at the first comparison that does not hold, as Python does."""

    source: str
    comparisons: tuple[Comparison, ...]
    operands: tuple[Term, ...]


@attrs.frozen
class Choose:
    """``chosen if condition else other``: only the branch taken is evaluated, and recorded."""

    source: str
    condition: Term
    chosen: Term
    other: Term


Term: TypeAlias = Literal | Name | Apply | Compare | Choose

Observer: TypeAlias = Callable[[str], None]
"""Is told the source of each operation right after it has been computed."""


@attrs.frozen
class Expression:
    """A parsed program: assignments in order, the last of which is the result; ``""`` names no value.

    ``names`` are those that need a value, in the order they appear.

    >>> from tapegrad.parser import parse
    >>> f = parse("area = x*x; area + y")
    >>> f.names
    ('x', 'y')
    >>> f.evaluate({"x": 2.0, "y": 3.0})
    7.0
    """

    text: str
    names: tuple[str, ...]
    statements: tuple[tuple[str, Term], ...]

    @property
    def result_name(self) -> str:
        """The name of the result: its own, or ``L`` unless that is taken."""
        own = self.statements[-1][0]
        taken = {*self.names, *(name for name, _ in self.statements)}
        return own or next(name for name in ("L", *(f"L{i}" for i in range(len(taken) + 1))) if name not in taken)

    def evaluate(
        self,
        values: Mapping[str, Scalar],
        observe: Observer | None = None,
        assigned: Callable[[str, object], None] | None = None,
    ) -> Scalar:
        """The result at `values`, floats or traced values, in tapegrad's own operations.

        ``observe(source)`` is called after each operation, ``assigned(name, value)`` after each statement.
        Raises ExpressionError if a name has no value.
        """
        require_values(self, values)
        bound: dict[str, object] = dict(values)
        value: object = math.nan
        for name, term in self.statements:
            value = _evaluate(term, bound, observe)
            bound[name] = value
            if assigned is not None:
                assigned(name or self.result_name, value)
        return cast(Scalar, value)


def _evaluate(term: Term, bound: Mapping[str, object], observe: Observer | None) -> object:
    """The value of one term: a number, or a bool for a comparison."""
    if isinstance(term, Literal):
        return term.value
    if isinstance(term, Name):
        return bound[term.source]
    if isinstance(term, Choose):
        branch = term.chosen if _evaluate(term.condition, bound, observe) else term.other
        return _evaluate(branch, bound, observe)
    if isinstance(term, Apply):
        value = term.function(*(_evaluate(operand, bound, observe) for operand in term.operands))
        if observe is not None:
            observe(term.source)
        return value
    left = _evaluate(term.operands[0], bound, observe)
    for comparison, operand in zip(term.comparisons, term.operands[1:], strict=True):
        right = _evaluate(operand, bound, observe)
        holds = comparison.evaluate((left, right), ())
        if observe is not None:
            observe(term.source)
        if not holds:
            return False
        left = right
    return True


# ---- expression to tape --------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Reading:
    """An expression recorded at a point: the trace, and for its records the names and sources they have."""

    trace: Trace
    names: Mapping[int, str]
    sources: Mapping[int, str]


def read(expression: Expression, values: Mapping[str, float]) -> Reading:
    """Record `expression` at `values`. The inputs stand in the order of ``expression.names``.

    Raises ExpressionError for a name without a value, or a value that no name asks for.

    >>> from tapegrad.parser import parse
    >>> reading = read(parse("y = x*x; y + 1"), {"x": 3.0})
    >>> reading.trace.values, reading.names
    ((3.0, 9.0, 1.0, 10.0), {0: 'x', 1: 'y', 3: 'L'})
    >>> reading.sources
    {0: 'x', 1: 'x*x', 2: 'y + 1', 3: 'y + 1'}
    """
    require_values(expression, values)
    refuse_unused(expression, values)
    names: dict[int, str] = dict(enumerate(expression.names))
    sources: list[str] = list(expression.names)

    def call(*variables: Scalar) -> Scalar:
        def observe(source: str) -> None:
            # whatever has been recorded since the last operation was recorded by this one
            if variables:
                recorder = recorder_of(cast(Var, variables[0]))
                sources.extend([source] * (len(recorder.values) - len(sources)))

        def assigned(name: str, value: object) -> None:
            if isinstance(value, Var):
                names.setdefault(value.index, name)

        return expression.evaluate(dict(zip(expression.names, variables, strict=True)), observe, assigned)

    inputs = [float(values[name]) for name in expression.names]
    recorded = record(call, inputs, lambda leaves: leaves, {}, names=expression.names)
    tape = recorded.tape.compact()  # which does not know its places in a program: `sources` are its lines
    sources.extend([expression.statements[-1][1].source] * (len(tape) - len(sources)))  # a constant result
    names.setdefault(recorded.outputs[0], expression.result_name)
    trace = Trace(tape, recorded.output(), recorded.outputs)
    return Reading(trace, names, dict(enumerate(sources)))


def require_values(expression: Expression, values: Mapping[str, object]) -> None:
    """Raise ExpressionError unless every name in the expression has a value."""
    for name in expression.names:
        if name not in values:
            near = difflib.get_close_matches(name, [*values, *FUNCTIONS, *CONSTANTS], 1)
            hint = f" (or did you mean {near[0]}?)" if near else ""
            msg = f"{name!r} has no value; give it one: {name}=2{hint}"
            raise ExpressionError(msg)


def refuse_unused(expression: Expression, values: Mapping[str, object]) -> None:
    """Raise ExpressionError if a value is given that the expression does not ask for."""
    assigned = {name for name, _ in expression.statements}
    for name in values:
        if name in assigned:
            msg = f"{name!r} is computed by the expression; leave {name}=... out"
            raise ExpressionError(msg)
        if name not in expression.names:
            check_name(name)
            used = ", ".join(expression.names) or "none"
            msg = f"{name!r} has a value but is not used; the names in the expression are: {used}"
            raise ExpressionError(msg)
