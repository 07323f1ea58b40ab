"""A replay as it is told: one moment after another, each with a sentence in words and numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

import attrs

from tapegrad.view.conventions import headline
from tapegrad.view.replay import Added, Computed, Pulled, Replay
from tapegrad.view.steps import Step, format_number

__all__ = ["Moment", "Phase", "moments"]

Phase: TypeAlias = Literal["forward", "seed", "reverse"]


@attrs.frozen
class Moment:
    """One moment: whose turn it is, what happens, and the adjoints that it sets, by record.

    The record's value appears in its ``forward`` moment, its local derivatives in its ``reverse`` moment, where they
    are ``partials``, the derivative dictionary of its rule. At the ``seed``, which belongs to the last output, all
    adjoints appear, zero but for those of the outputs. A guard has none.
    """

    phase: Phase
    record: int
    sentence: str
    adjoints: Mapping[int, float]
    partials: Mapping[int, float] = attrs.field(factory=dict)


def moments(replay: Replay) -> tuple[Moment, ...]:
    """All moments in order: one for each record, one for the seed, one for each step of the reverse sweep.

    >>> from tapegrad import trace
    >>> from tapegrad.view.replay import replay
    >>> told = moments(replay(trace(lambda x: x * x, 3.0), {0: "x", 1: "area"}))
    >>> for moment in told: print(moment.sentence)
    %0 input (x): its value is 3
    %1 multiply (area): %0 is 3, %0 is 3; its value is 9
    %1 multiply (area) is the output: its adjoint begins at 1, all others at 0
    %1 multiply (area): adjoint 1; adds 1·3 = 3 to %0, 1·3 = 3 to %0
    """
    return tuple(_moments(replay))


def _moments(replay: Replay) -> Iterator[Moment]:
    steps = replay.steps
    for computed in replay.forward:
        yield Moment("forward", computed.index, _computing(steps[computed.index], computed), {})
    if replay.seeds:
        begun = {i: adjoint for i, adjoint in enumerate(replay.adjoints(0)) if steps[i].adjoint is not None}
        yield Moment("seed", max(replay.seeds), _beginning(replay), begun)
    for pulled in replay.reverse:
        changed = {addition.target: addition.total for addition in pulled.additions}
        yield Moment("reverse", pulled.index, _pulling(steps[pulled.index], pulled), changed, pulled.partials)


def _beginning(replay: Replay) -> str:
    outputs = " and ".join(headline(replay.steps[index]) for index in replay.seeds)
    starts = " and ".join(map(format_number, replay.seeds.values()))
    if len(replay.seeds) == 1:
        return f"{outputs} is the output: its adjoint begins at {starts}, all others at 0"
    return f"{outputs} are the outputs: their adjoints begin at {starts}, all others at 0"


def _computing(step: Step, computed: Computed) -> str:
    read = ", ".join(f"%{i} is {format_number(x)}" for i, x in zip(step.inputs, computed.operands, strict=True))
    if step.kind == "guard":
        return f"{headline(step)}: {read}; it {'holds' if computed.value else 'does not hold'}"
    return f"{headline(step)}: {read}{'; ' if read else ''}its value is {step.value_text}"


def _pulling(step: Step, pulled: Pulled) -> str:
    if step.kind == "guard":
        return f"{headline(step)}: a comparison, which has no derivative"
    adjoint = f"{headline(step)}: adjoint {format_number(pulled.adjoint)}"
    if not pulled.additions:
        why = "a zero adds nothing" if pulled.adjoint == 0.0 else "piecewise constant, it adds nothing"
        return f"{adjoint}; {why}"
    added = ", ".join(_adding(pulled, addition) for addition in pulled.additions)
    return f"{adjoint}; adds {added}"


def _adding(pulled: Pulled, addition: Added) -> str:
    """``2·4 = 8 to %0``."""
    partial = pulled.partials.get(addition.position)
    amount = format_number(addition.amount)
    if partial is None:
        return f"{amount} to %{addition.target}"
    return f"{format_number(pulled.adjoint)}·{_factor(partial)} = {amount} to %{addition.target}"


def _factor(x: float) -> str:
    text = format_number(x)
    return f"({text})" if text.startswith("-") else text
