"""A tape of numbers replayed record by record: forwards, then through the reverse sweep; and checks of the outcome.

    replay(trace) = forward[0], ..., forward[-1], seeds, reverse[0], ..., reverse[-1]

The sweep visits the records that read others, the last one first. Its adjoints are those of `tapegrad.grad` to the bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import cast

import attrs

from tapegrad.cotangents import fitted
from tapegrad.errors import DrawingError
from tapegrad.jacobians import hessian
from tapegrad.pullback import pulled
from tapegrad.testing import central_difference
from tapegrad.trace import Trace
from tapegrad.transforms import grad
from tapegrad.variables import Scalar
from tapegrad.view.differences import STEP
from tapegrad.view.steps import Step, Value, form_of, steps_of

__all__ = [
    "Added", "Check", "Computed", "Pulled", "Replay", "checks", "replay", "second_derivatives", "steps_of_numbers",
]  # fmt: skip


@attrs.frozen
class Computed:
    """A step of the forward pass: record `index` applies its operation to the values of its operands."""

    index: int
    operation: str
    operands: tuple[float, ...]
    value: float


@attrs.frozen
class Added:
    """What a record adds to the adjoint of its operand at `position`, the record `target`: it is `total` after."""

    position: int
    target: int
    amount: float
    total: float


@attrs.frozen
class Pulled:
    """A step of the reverse sweep: record `index`, whose adjoint is complete, hands it on to its operands.

    ``partials`` is the derivative dictionary of the rule at this point, by argument position: empty for a comparison,
    which has no derivative. Nothing is added where the adjoint is zero, or the operation is piecewise constant.
    """

    index: int
    operation: str
    adjoint: float
    partials: Mapping[int, float]
    additions: tuple[Added, ...]


@attrs.frozen
class Replay:
    """Both passes over a tape, in order. ``seeds`` are the adjoints that the outputs begin with, by record."""

    steps: tuple[Step, ...]
    forward: tuple[Computed, ...]
    seeds: Mapping[int, float]
    reverse: tuple[Pulled, ...]

    def adjoints(self, count: int | None = None) -> tuple[float, ...]:
        """The adjoint of every record after so many steps of the reverse sweep; without a `count`, after all."""
        adjoints = [0.0] * len(self.forward)
        for index, seed in self.seeds.items():
            adjoints[index] = seed
        for step in islice(self.reverse, count):
            for addition in step.additions:
                adjoints[addition.target] = addition.total
        return tuple(adjoints)


def replay(trace: Trace, names: Mapping[int, str] | None = None, sources: Mapping[int, str] | None = None) -> Replay:
    """Both passes over a tape of numbers, with the names and sources of `steps_of`.

    Raises DrawingError if the tape holds arrays.

    >>> from tapegrad import trace
    >>> both = replay(trace(lambda x, y: x * y + x, 2.0, 3.0))
    >>> both.forward[2].operands, both.forward[2].value
    ((2.0, 3.0), 6.0)
    >>> both.reverse[1].partials, [(added.target, added.amount, added.total) for added in both.reverse[1].additions]
    ({0: 3.0, 1: 2.0}, [(0, 3.0, 4.0), (1, 2.0, 2.0)])
    """
    steps = steps_of_numbers(trace, names, sources)
    values = cast(Sequence[float], trace.values)
    forward = tuple(
        Computed(step.index, step.operation, tuple(values[i] for i in step.inputs), values[step.index])
        for step in steps
    )
    seeds = {index: float(count) for index, count in sorted(Counter(trace.outputs).items())}
    adjoints = [seeds.get(index, 0.0) for index in range(len(steps))]
    reverse = []
    for step in reversed(steps):
        if step.inputs:
            additions = tuple(_additions(trace, step, forward[step.index], adjoints))
            partials = {position: p for position, p in enumerate(step.partials) if p is not None}
            reverse.append(Pulled(step.index, step.operation, adjoints[step.index], partials, additions))
    return Replay(steps, forward, seeds, tuple(reverse))


def steps_of_numbers(
    trace: Trace, names: Mapping[int, str] | None = None, sources: Mapping[int, str] | None = None
) -> tuple[Step, ...]:
    """As `steps_of`. Raises DrawingError if the tape holds arrays, or several results together."""
    for index, value in enumerate(cast(Sequence[Value], trace.values)):
        if not isinstance(value, float):
            what = f"{len(value)} results together" if isinstance(value, tuple) else form_of(value)
            msg = (
                f"only a tape of numbers is replayed record by record, but %{index} is {what}; "
                "draw the tape, or trace the same program on single numbers"
            )
            raise DrawingError(msg)
    return steps_of(trace, names, sources)


def _additions(trace: Trace, step: Step, computed: Computed, adjoints: list[float]) -> list[Added]:
    """What one record adds to the adjoints of its operands, which are updated."""
    g = adjoints[step.index]
    if g == 0.0:  # exactly zero contributes nothing, even to an infinite partial
        return []
    record, operands = trace.tape[step.index], computed.operands
    terms = pulled(record.primitive, g, computed.value, operands, record.params, range(len(operands)))
    additions = []
    for position, term in terms.items():
        amount = fitted(term, operands[position])
        if isinstance(amount, float):
            target = step.inputs[position]
            adjoints[target] += amount
            additions.append(Added(position, target, amount, adjoints[target]))
    return additions


# ---- checks --------------------------------------------------------------------------------------


@attrs.frozen
class Check:
    """The derivative by one input, and the central difference that it should be near to."""

    name: str
    value: float
    derivative: float
    difference: float

    @property
    def error(self) -> float:
        """How far they are apart."""
        return abs(self.derivative - self.difference)


def checks(function: Callable[..., Scalar], point: Mapping[str, float]) -> tuple[Check, ...]:
    """The derivative by each argument, in the order of `point`, next to a central difference.

    At a kink the two may differ, for a difference sees both sides.

    >>> found = checks(lambda x, y: x * y, {"x": 2.0, "y": 3.0})
    >>> [(check.name, check.derivative, round(check.difference, 6)) for check in found]
    [('x', 3.0, 3.0), ('y', 2.0, 2.0)]
    """
    values = list(point.values())
    gradient = cast(tuple[float, ...], grad(function, tuple(range(len(values))))(*values)) if values else ()
    found = []
    for arg, (name, x) in enumerate(point.items()):
        difference = central_difference(function, *values, arg=arg, epsilon=STEP * max(1.0, abs(x)))
        found.append(Check(name, x, gradient[arg], difference))
    return tuple(found)


def second_derivatives(function: Callable[..., Scalar], point: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """The Hessian at `point`, by the names of the arguments: ``second_derivatives(f, point)["x"]["y"]``.

    >>> second_derivatives(lambda x, y: x * x * y, {"x": 2.0, "y": 3.0})
    {'x': {'x': 6.0, 'y': 4.0}, 'y': {'x': 4.0, 'y': 0.0}}
    """
    if not point:
        return {}
    rows = hessian(function, tuple(range(len(point))))(*point.values())
    return {
        name: dict(zip(point, row, strict=True))
        for name, row in zip(point, cast(tuple[tuple[float, ...], ...], rows), strict=True)
    }
