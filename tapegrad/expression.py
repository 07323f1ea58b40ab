"""What a person types as a value: what `tapegrad.parser` reads, computed by tapegrad and never run by Python.

Computed with traced values it leaves its operations on their tape; `read` also keeps what piece of the text each
record is, and on which line that stands.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import cast

import attrs

from tapegrad.bodies import Assign, Block, assigned_names, run
from tapegrad.errors import ExpressionError
from tapegrad.recorder import Recorder, recorder_of
from tapegrad.terms import CONSTANTS, FUNCTIONS, Apply, Compare, Observer, check_name
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
    inputs = len(expression.names)
    names: dict[int, str] = dict(enumerate(expression.names))
    places: list[tuple[str, int]] = []  # source and line of each record after the inputs
    recorder: Recorder | None = None

    def observe(term: Apply | Compare) -> None:
        # whatever has been recorded since the last operation was recorded by this one
        if recorder is not None:
            places.extend([(term.source, term.line)] * (len(recorder.values) - inputs - len(places)))

    def assigned(name: str, value: object) -> None:
        while isinstance(value, Var) and value.recording is not recorder:
            value = value.primal
        if isinstance(value, Var):
            names.setdefault(value.index, name or expression.result_name)

    def function(*variables: Scalar) -> Scalar:
        return expression.evaluate(dict(zip(expression.names, variables, strict=True)), observe, assigned)

    def call(*variables: Scalar) -> object:
        nonlocal recorder
        recorder = recorder_of(cast(Var, variables[0])) if variables else None
        if by is None:
            return function(*variables)
        return grad(function, position_of(expression, by))(*variables)

    point = [float(values[name]) for name in expression.names]
    recorded = record(call, point, lambda leaves: leaves, {}, names=expression.names)
    tape = recorded.tape.compact()  # which does not know its places in a program: `places` are its lines
    term = expression.result.term
    output = expression.result_name if by is None else derivative_name(expression, by)
    names.setdefault(recorded.outputs[0], output)
    if by is None:
        term = expression.result.term
        places.extend([(term.source, term.line)] * (len(tape) - inputs - len(places)))  # a constant result
    sources = [*expression.names, *(source for source, _ in places)]
    sources.extend([output] * (len(tape) - len(sources)))  # the reverse sweep, which no line computes
    return Reading(
        trace=Trace(tape, recorded.output(), recorded.outputs),
        result_name=output,
        names=names,
        sources=dict(enumerate(sources)),
        lines=dict(enumerate((line for _, line in places), inputs)),
    )


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
