"""What a person types as a value: what `tapegrad.parser` reads, computed by tapegrad and never run by Python.

Computed with traced values it leaves its operations on their tape; `read` also keeps what piece of the text each
record is, and on which line that stands.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import attrs

from tapegrad.bodies import Assign, Block, assigned_names, run
from tapegrad.errors import ExpressionError
from tapegrad.recorder import Recorder, recorder_of
from tapegrad.terms import CONSTANTS, FUNCTIONS, Apply, Compare, Observer, Term, check_name
from tapegrad.trace import Trace, record
from tapegrad.transforms import grad
from tapegrad.variables import Scalar, Var

__all__ = ["FUNCTIONS", "Expression", "Reading", "derivative_name", "position_of", "read"]


@attrs.frozen
class Expression:
    """A parsed program: statements in order, and then the result; its name is ``""`` if it has none of its own.

    ``names`` are those that need a value, in the order they appear. ``text`` has the lines as they were typed, but
    for the indentation that they share.

    >>> from tapegrad.parser import parse
    >>> f = parse("area = x*x; area + y")
    >>> f.names
    ('x', 'y')
    >>> f.evaluate({"x": 2.0, "y": 3.0})
    7.0
    """

    text: str
    names: tuple[str, ...]
    statements: Block
    result: Assign

    @property
    def block(self) -> Block:
        """All of it, the result last."""
        return (*self.statements, self.result)

    @property
    def result_name(self) -> str:
        """The name of the result: its own, or ``L`` unless that is taken."""
        taken = {*self.names, *assigned_names(self.block)}
        candidates = ("L", *(f"L{i}" for i in range(len(taken) + 1)))
        return self.result.name or next(name for name in candidates if name not in taken)

    def evaluate(
        self,
        values: Mapping[str, Scalar],
        observe: Observer = lambda term: None,
        assigned: Callable[[str, object], None] = lambda name, value: None,
    ) -> Scalar:
        """The result at `values`, floats or traced values, in tapegrad's own operations.

        ``observe(term)`` is called after each operation, ``assigned(name, value)`` after each assignment.
        Raises ExpressionError for a name without a value, and for whatever `tapegrad.bodies.run` refuses.
        """
        require_values(self, values)
        bound = run(self.block, values, observe, assigned)
        return cast(Scalar, bound[self.result.name])


@attrs.frozen(eq=False)
class Reading:
    """An expression recorded at a point: the trace, and for its records names, sources and lines.

    ``names`` has the name that a value was first assigned to, which several records share where a loop assigns it
    at every turn. ``sources`` has the piece of text that computes a record, and ``lines`` the line it begins on,
    from 1; the inputs and the reverse sweep of a derivative, which no line computes, are not in ``lines``.
    """

    trace: Trace
    result_name: str
    names: Mapping[int, str]
    sources: Mapping[int, str]
    lines: Mapping[int, int]

    @property
    def placed_sources(self) -> dict[int, str]:
        """The sources, with the number of the line before where the text has several: ``3: s*x``."""
        if max(self.lines.values(), default=1) == 1:
            return dict(self.sources)
        return {i: f"{self.lines[i]}: {text}" if i in self.lines else text for i, text in self.sources.items()}


def read(expression: Expression, values: Mapping[str, float], by: str | None = None) -> Reading:
    """Record `expression` at `values`, or its derivative `by` one of them: the tape of the gradient itself.

    The inputs stand in the order of ``expression.names``. Raises ExpressionError for a name without a value, a value
    that no name asks for, a derivative by what is no input, and what does not run.

    >>> from tapegrad.parser import parse
    >>> reading = read(parse("y = x*x; y + 1"), {"x": 3.0})
    >>> reading.trace.values, reading.names
    ((3.0, 9.0, 1.0, 10.0), {0: 'x', 1: 'y', 3: 'L'})
    >>> reading.sources
    {0: 'x', 1: 'x*x', 2: 'y + 1', 3: 'y + 1'}
    >>> read(parse("x*x*y"), {"x": 3.0, "y": 2.0}, by="x").trace.output
    12.0
    """
    require_values(expression, values)
    refuse_unused(expression, values)
    notes = _Notes(expression.names, expression.result_name)

    def function(*variables: Scalar) -> Scalar:
        bound = dict(zip(expression.names, variables, strict=True))
        return expression.evaluate(bound, notes.observe, notes.assigned)

    def call(*variables: Scalar) -> object:
        notes.recorder = recorder_of(cast(Var, variables[0])) if variables else None
        if by is None:
            return function(*variables)
        return grad(function, position_of(expression, by))(*variables)

    point = [float(values[name]) for name in expression.names]
    recorded = record(call, point, lambda leaves: leaves, {}, names=expression.names)
    tape = recorded.tape.compact()  # which does not know its places in a program: the notes do
    output = expression.result_name if by is None else derivative_name(expression, by)
    notes.names.setdefault(recorded.outputs[0], output)
    if by is None:
        notes.note(expression.result.term, len(tape))  # a constant result
    sources = [*expression.names, *(source for source, _ in notes.places)]
    sources.extend([output] * (len(tape) - len(sources)))  # the reverse sweep, which no line computes
    return Reading(
        trace=Trace(tape, recorded.output(), recorded.outputs),
        result_name=output,
        names=notes.names,
        sources=dict(enumerate(sources)),
        lines=dict(enumerate((line for _, line in notes.places), len(expression.names))),
    )


class _Notes:
    """What is noted while an expression is recorded: the names of records, and where each stands in the text."""

    def __init__(self, inputs: Sequence[str], result: str) -> None:
        self.inputs = len(inputs)
        self.result = result
        self.names: dict[int, str] = dict(enumerate(inputs))
        self.places: list[tuple[str, int]] = []  # source and line of each record after the inputs
        self.recorder: Recorder | None = None  # of the tape that is read; None where nothing is recorded

    def observe(self, term: Apply | Compare) -> None:
        """Whatever has been recorded since the last operation was recorded by this one."""
        if self.recorder is not None:
            self.note(term, len(self.recorder.values))

    def note(self, term: Term, count: int) -> None:
        """All records that have no place yet, up to so many records, stand where `term` does."""
        self.places.extend([(term.source, term.line)] * (count - self.inputs - len(self.places)))

    def assigned(self, name: str, value: object) -> None:
        """The first name of a record is its name; inside `grad` the value is one of the trace within."""
        while isinstance(value, Var) and value.recording is not self.recorder:
            value = value.primal
        if isinstance(value, Var):
            self.names.setdefault(value.index, name or self.result)


def position_of(expression: Expression, name: str) -> int:
    """Which input has this name, from 0. Raises ExpressionError if none has."""
    if name not in expression.names:
        used = ", ".join(expression.names) or "none"
        msg = f"there is no derivative by {name!r}, which is no input; the inputs are: {used}"
        raise ExpressionError(msg)
    return expression.names.index(name)


def derivative_name(expression: Expression, by: str) -> str:
    """``dL/dx``."""
    return f"d{expression.result_name}/d{by}"


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
    assigned = set(assigned_names(expression.block))
    for name in values:
        if name in assigned:
            msg = f"{name!r} is computed by the expression; leave {name}=... out"
            raise ExpressionError(msg)
        if name not in expression.names:
            check_name(name)
            used = ", ".join(expression.names) or "none"
            msg = f"{name!r} has a value but is not used; the names in the expression are: {used}"
            raise ExpressionError(msg)
