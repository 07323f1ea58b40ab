"""What there is to say about each record of a trace: a row of the table, a node of the drawing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, cast

import attrs
import numpy as np

from tapegrad.arrays import AnyArray, Floats, FrozenArray
from tapegrad.cotangents import fitted, settled
from tapegrad.elementwise import Elementwise, evaluated
from tapegrad.masks import observed
from tapegrad.naming import names_of_records
from tapegrad.primitive import Comparison
from tapegrad.pullback import pull_back, pulled
from tapegrad.tape import Record, constant, input_
from tapegrad.trace import Trace

__all__ = ["FEW", "Kind", "Step", "Value", "form_of", "format_array", "format_number", "steps_of"]

Kind: TypeAlias = Literal["input", "constant", "operation", "guard"]

Value: TypeAlias = float | AnyArray | tuple["Value", ...]
"""What a record gives: a number, an array, or several."""

FEW = 6
"""An array of so many elements is shown with all of them."""


def _by_bits(value: Value) -> object:
    """A key that can be compared, as arrays cannot."""
    if isinstance(value, tuple):
        return tuple(map(_by_bits, value))
    return FrozenArray(value) if isinstance(value, np.ndarray) else value


@attrs.frozen
class Step:
    """One record with everything around it.

    ``partials`` are the local derivatives by argument position, None where there is none, as in a guard, or where it
    is no number, since the record or its operand is an array; ``adjoint`` is the derivative of the output with
    respect to this record's value, of its shape.
    """

    index: int
    kind: Kind
    operation: str
    inputs: tuple[int, ...]
    name: str  # "" if it has none
    source: str  # the text that computes it; "" if unknown
    value: Value = attrs.field(eq=_by_bits)
    partials: tuple[float | None, ...]
    adjoint: Value | None = attrs.field(eq=lambda adjoint: adjoint if adjoint is None else _by_bits(adjoint))
    is_output: bool

    @property
    def title(self) -> str:
        """Its name, or what it does."""
        return self.name or self.operation

    @property
    def form(self) -> str:
        """``float64[2,3]`` for an array; "" for a number."""
        return form_of(self.value)

    @property
    def value_text(self) -> str:
        """The value; the outcome of a guard in words."""
        return str(bool(self.value)).lower() if self.kind == "guard" else _format(self.value)

    @property
    def adjoint_text(self) -> str:
        """The adjoint; "" for what has none: a guard, truth values, several results together."""
        return "" if self.adjoint is None else _format(self.adjoint)

    @property
    def partial_texts(self) -> tuple[str, ...]:
        """The local derivatives by position; "" where there is none."""
        return tuple("" if partial is None else format_number(partial) for partial in self.partials)

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """What there is to say of it, each with a word before: its form, its value, its adjoint."""
        rows = (("array", self.form), ("value", self.value_text), ("adjoint", self.adjoint_text))
        return tuple((word, text) for word, text in rows if text)


def steps_of(
    trace: Trace, labels: Mapping[int, str] | None = None, sources: Mapping[int, str] | None = None
) -> tuple[Step, ...]:
    """Every record of `trace`, in tape order.

    Names are `labels`, or those that the source gives; `sources` say what computes each, or else it is the
    line of the program. The adjoints are those of the output; of the sum of the outputs if there are several.
    """
    names = names_of_records(trace.tape) if labels is None else labels
    values = cast(Sequence[Value], trace.values)
    counts = Counter(trace.outputs)
    seeds = {index: _seed(values[index], float(count)) for index, count in counts.items()}
    with np.errstate(all="ignore"):
        adjoints = pull_back(trace.tape, values, seeds)
    steps = []
    for index, record in enumerate(trace.tape):
        kind = _kind(record)
        steps.append(
            Step(
                index=index,
                kind=kind,
                operation=record.primitive.name,
                inputs=record.inputs,
                name=names.get(index, ""),
                source=str(record.where or "") if sources is None else sources.get(index, ""),
                value=values[index],
                partials=_partials(values[index], [values[i] for i in record.inputs], record),
                adjoint=None if kind == "guard" else _adjoint(adjoints[index], values[index]),
                is_output=index in counts,
            )
        )
    return tuple(steps)


def _seed(value: Value, count: float) -> object:
    """The derivative of the sum of the outputs by this one; None for integers and truth values, which have none."""
    if isinstance(value, np.ndarray):
        return np.full(value.shape, count, value.dtype) if value.dtype.kind in "fc" else None
    return count


def _adjoint(found: object, value: Value) -> Value | None:
    if isinstance(value, tuple) or (isinstance(value, np.ndarray) and value.dtype.kind not in "fc"):
        return None
    return cast(Value, settled(found, value))


def _kind(record: Record) -> Kind:
    if record.primitive is input_:
        return "input"
    if record.primitive is constant:
        return "constant"
    is_guard = isinstance(record.primitive, Comparison) or record.primitive is observed
    return "guard" if is_guard else "operation"


def _partials(out: Value, operands: Sequence[Value], record: Record) -> tuple[float | None, ...]:
    """The local derivatives of one record by position, of numbers."""
    if not all(isinstance(x, float) for x in (out, *operands)):
        return (None,) * len(operands)
    primitive, positions = record.primitive, range(len(operands))
    if isinstance(primitive, Elementwise):
        found: Mapping[int, object] = primitive.partials(out, operands)
        found = {position: evaluated(partial) for position, partial in found.items()}
        found = found or dict.fromkeys(positions, 0.0)  # piecewise constant
    else:
        terms = pulled(primitive, 1.0, out, operands, record.params, positions)
        found = {position: fitted(term, operands[position]) for position, term in terms.items()}
    partials = (found.get(position) for position in positions)
    return tuple(partial if isinstance(partial, float) else None for partial in partials)


# ---- numbers to read -----------------------------------------------------------------------------


def form_of(value: Value) -> str:
    """The dtype and the shape of an array; "" for anything else.

    >>> form_of(np.zeros((2, 3)))
    'float64[2,3]'
    """
    return f"{value.dtype}[{','.join(map(str, value.shape))}]" if isinstance(value, np.ndarray) else ""


def _format(value: Value) -> str:
    if isinstance(value, tuple):
        return f"{len(value)} results"
    return format_array(value) if isinstance(value, np.ndarray) else format_number(value)


def format_array(x: AnyArray) -> str:
    """An array of few elements with all of them, to three digits; of another, between which numbers they are.

    >>> format_array(np.array([[0.5, 1 / 3], [2.0, -1e-9]])), format_array(np.linspace(0.0, 1.0, 100))
    ('[[0.5 0.333] [2 -1e-09]]', '0 to 1')
    """
    if x.size <= FEW:
        return _brackets(x.tolist())
    if x.dtype.kind == "b":
        return f"{np.count_nonzero(x)} of {x.size} true"
    if x.dtype.kind == "c":
        return f"of size {format_array(np.abs(cast(Floats, x)))}"
    numbers = cast(Floats, x)
    low, high = numbers.min(), numbers.max()
    return f"all {low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def _brackets(x: object) -> str:
    if isinstance(x, list):
        return f"[{' '.join(map(_brackets, x))}]"
    return str(x).lower() if isinstance(x, bool) else f"{x:.3g}"


def format_number(x: float) -> str:
    """`x` to read: six significant digits, and every digit of a whole number below 10^15.

    >>> [format_number(x) for x in (34.0, 1 / 3, 1234567.0, 1e-9, float("nan"))]
    ['34', '0.333333', '1234567', '1e-09', 'nan']
    """
    text = f"{x:.6g}"
    return f"{x:.0f}" if x.is_integer() and float(text) != x and abs(x) < 1e15 else text
