"""What there is to say about each record of a trace: a row of the table, a node of the drawing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal, TypeAlias, cast

import attrs

from tapegrad.elementwise import Elementwise, evaluated
from tapegrad.naming import names_of_records
from tapegrad.primitive import Comparison
from tapegrad.reverse import pull_back
from tapegrad.tape import Record, constant, input_
from tapegrad.trace import Trace

__all__ = ["Kind", "Step", "format_number", "steps_of"]

Kind: TypeAlias = Literal["input", "constant", "operation", "guard"]


@attrs.frozen
class Step:
    """One record with everything around it.

    ``partials`` are the local derivatives by argument position, None where there is none, as in a guard;
    ``adjoint`` is the derivative of the output with respect to this record's value.
    """

    index: int
    kind: Kind
    operation: str
    inputs: tuple[int, ...]
    name: str  # "" if it has none
    source: str  # the text that computes it; "" if unknown
    value: float
    partials: tuple[float | None, ...]
    adjoint: float
    is_output: bool

    @property
    def title(self) -> str:
        """Its name, or what it does."""
        return self.name or self.operation

    @property
    def value_text(self) -> str:
        """The value; the outcome of a guard in words."""
        return str(bool(self.value)).lower() if self.kind == "guard" else format_number(self.value)

    @property
    def adjoint_text(self) -> str:
        """The adjoint; "" for a guard, which has none."""
        return "" if self.kind == "guard" else format_number(self.adjoint)

    @property
    def partial_texts(self) -> tuple[str, ...]:
        """The local derivatives by position; "" where there is none."""
        return tuple("" if partial is None else format_number(partial) for partial in self.partials)


def steps_of(
    trace: Trace, labels: Mapping[int, str] | None = None, sources: Mapping[int, str] | None = None
) -> tuple[Step, ...]:
    """Every record of `trace`, in tape order.

    Names are `labels`, or those that the source gives; `sources` say what computes each, or else it is the
    line of the program. The adjoints are those of the output; of the sum of the outputs if there are several.
    """
    names = names_of_records(trace.tape) if labels is None else labels
    seeds = {index: float(count) for index, count in Counter(trace.outputs).items()}
    adjoints = pull_back(trace.tape, trace.values, seeds)
    steps = []
    for index, record in enumerate(trace.tape):
        adjoint = adjoints[index]
        steps.append(
            Step(
                index=index,
                kind=_kind(record),
                operation=record.primitive.name,
                inputs=record.inputs,
                name=names.get(index, ""),
                source=str(record.where or "") if sources is None else sources.get(index, ""),
                value=trace.values[index],
                partials=_partials(trace, index, record),
                adjoint=0.0 if adjoint is None else cast(float, adjoint),
                is_output=index in seeds,
            )
        )
    return tuple(steps)


def _kind(record: Record) -> Kind:
    if record.primitive is input_:
        return "input"
    if record.primitive is constant:
        return "constant"
    return "guard" if isinstance(record.primitive, Comparison) else "operation"


def _partials(trace: Trace, index: int, record: Record) -> tuple[float | None, ...]:
    """The local derivatives of one record by position."""
    primitive, operands = record.primitive, [trace.values[i] for i in record.inputs]
    if isinstance(primitive, Elementwise):
        found: Mapping[int, object] = primitive.partials(trace.values[index], operands)
        found = {position: evaluated(partial) for position, partial in found.items()}
        found = found or dict.fromkeys(range(len(operands)), 0.0)  # piecewise constant
    else:
        found = primitive.pull(1.0, trace.values[index], operands, record.params, range(len(operands)))
    partials = (found.get(position) for position in range(len(operands)))
    return tuple(partial if isinstance(partial, float) else None for partial in partials)


def format_number(x: float) -> str:
    """`x` to read: six significant digits, and every digit of a whole number below 10^15.

    >>> [format_number(x) for x in (34.0, 1 / 3, 1234567.0, 1e-9, float("nan"))]
    ['34', '0.333333', '1234567', '1e-09', 'nan']
    """
    text = f"{x:.6g}"
    return f"{x:.0f}" if x.is_integer() and float(text) != x and abs(x) < 1e15 else text
