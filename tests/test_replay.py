from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from scalar_programs import Question
from strategies import questions

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.elementwise import Elementwise, times
from tapegrad.errors import DrawingError
from tapegrad.expression import read
from tapegrad.parser import parse
from tapegrad.view.moments import moments
from tapegrad.view.replay import Replay, checks, replay, second_derivatives
from tapegrad.view.steps import steps_of


def same(x: object, y: object) -> bool:
    """Whether two numbers have the same bits; one nan is as good as another."""
    assert isinstance(x, float)
    assert isinstance(y, float)
    return (x == y and math.copysign(1.0, x) == math.copysign(1.0, y)) or (math.isnan(x) and math.isnan(y))


def replayed(text: str, **values: float) -> Replay:
    reading = read(parse(text), values)
    return replay(reading.trace, reading.names, reading.sources)


@given(questions())
def test_the_last_adjoints_are_those_of_grad(question: Question) -> None:
    gradient = cast(tuple[float, ...], tg.grad(question.first, tuple(range(len(question.point))))(*question.point))
    adjoints = replay(tg.trace(question.first, *question.point)).adjoints()
    assert all(map(same, adjoints, gradient))


@given(questions())
def test_the_last_adjoints_are_those_of_the_table(question: Question) -> None:
    trace = tg.trace(question.program, *question.point)
    adjoints = replay(trace).adjoints()
    for step in steps_of(trace):
        assert step.adjoint is None or same(adjoints[step.index], step.adjoint)


@given(questions())
def test_adjoints_are_the_sums_of_what_is_added(question: Question) -> None:
    trace = tg.trace(question.program, *question.point)
    both = replay(trace)
    adjoints = list(both.adjoints(0))
    for count, step in enumerate(both.reverse, 1):
        assert same(step.adjoint, adjoints[step.index])
        for addition in step.additions:
            adjoints[addition.target] += addition.amount
            assert same(addition.total, adjoints[addition.target])
            assert addition.target == trace.tape[step.index].inputs[addition.position]
            if isinstance(trace.tape[step.index].primitive, Elementwise) and step.operation != "chain":
                product = cast(float, times(step.adjoint, step.partials[addition.position]))
                assert same(addition.amount + 0.0, product + 0.0)
        assert all(map(same, both.adjoints(count), adjoints))


@given(questions())
def test_every_record_is_passed_once_forwards_and_those_that_read_once_back(question: Question) -> None:
    trace = tg.trace(question.program, *question.point)
    both = replay(trace)
    assert [step.index for step in both.forward] == list(range(len(trace.tape)))
    assert [step.index for step in both.reverse] == [
        i for i in reversed(range(len(trace.tape))) if trace.tape[i].inputs
    ]
    for step in both.forward:
        record = trace.tape[step.index]
        assert same(step.value, trace.values[step.index])
        if record.inputs:
            assert same(float(cast(float, record.primitive.evaluate(step.operands, record.params))), step.value)


def test_a_record_that_reads_one_operand_twice_adds_twice() -> None:
    step = replayed("x*x", x=3.0).reverse[0]
    assert step.partials == {0: 3.0, 1: 3.0}
    assert [(a.position, a.target, a.amount, a.total) for a in step.additions] == [(0, 0, 3.0, 3.0), (1, 0, 3.0, 6.0)]


def test_a_replay_says_nothing_of_arrays() -> None:
    trace = tg.trace(lambda x: tnp.sum(x * x), np.ones(2))
    with pytest.raises(DrawingError, match=r"%0 is float64\[2\]; draw the tape, or trace .* on single numbers"):
        replay(trace)


def test_an_output_that_is_returned_twice_begins_at_two() -> None:
    both = replay(tg.trace(lambda x: (x * x, x * x, x), 3.0))
    assert both.seeds == {0: 1.0, 1: 1.0, 2: 1.0}

    def twice(x: tg.Scalar) -> tuple[tg.Scalar, tg.Scalar]:
        y = x * x
        return y, y

    assert replay(tg.trace(twice, 3.0)).adjoints() == (12.0, 2.0)


# ---- in words ------------------------------------------------------------------------------------


def test_the_textbook_in_words() -> None:
    told = [moment.sentence for moment in moments(replayed("x3 = x1*x2; x4 + x3", x1=3.0, x2=4.0, x4=5.0))]
    assert told == [
        "%0 input (x1): its value is 3",
        "%1 input (x2): its value is 4",
        "%2 input (x4): its value is 5",
        "%3 multiply (x3): %0 is 3, %1 is 4; its value is 12",
        "%4 add (L): %2 is 5, %3 is 12; its value is 17",
        "%4 add (L) is the output: its adjoint begins at 1, all others at 0",
        "%4 add (L): adjoint 1; adds 1·1 = 1 to %2, 1·1 = 1 to %3",
        "%3 multiply (x3): adjoint 1; adds 1·4 = 4 to %0, 1·3 = 3 to %1",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1 if x > 0 else x", "%2 greater: %0 is 2, %1 is 0; it holds"),
        ("1 if x < 0 else x", "%2 less: %0 is 2, %1 is 0; it does not hold"),
        ("x if x > 0 else 1", "%2 greater: a comparison, which has no derivative"),
        ("floor(x) + x", "%1 floor: adjoint 1; piecewise constant, it adds nothing"),
        ("y = x*x; x", "%1 multiply (y): adjoint 0; a zero adds nothing"),
        ("5 - x", "%2 subtract (L): adjoint 1; adds 1·1 = 1 to %1, 1·(-1) = -1 to %0"),
    ],
)
def test_what_is_said_of_a_record(text: str, sentence: str) -> None:
    assert sentence in [moment.sentence for moment in moments(replayed(text, x=2.0))]


@given(questions())
def test_moments_lead_from_nothing_to_the_last_adjoints(question: Question) -> None:
    both = replay(tg.trace(question.program, *question.point))
    told = moments(both)
    assert len(told) == len(both.forward) + 1 + len(both.reverse)
    reached: dict[int, float] = {}
    for moment in told:
        reached |= moment.adjoints
    assert set(reached) == {step.index for step in both.steps if step.kind != "guard"}
    assert all(same(adjoint, both.adjoints()[index]) for index, adjoint in reached.items())


# ---- checks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [0.3, 1e-9, 25.0, -4.0])
def test_central_differences_are_near(x: float) -> None:
    def f(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
        return x * y * y + tnp.sin(x * y)

    found = checks(f, {"x": x, "y": 2.0})
    assert [(check.name, check.value) for check in found] == [("x", x), ("y", 2.0)]
    assert tuple(check.derivative for check in found) == tg.grad(f, (0, 1))(x, 2.0)
    for check in found:
        assert 0.0 <= check.error == abs(check.derivative - check.difference) <= 1e-8 * max(1.0, x * x)


def test_a_wrong_derivative_shows() -> None:
    wrong = cast(Callable[..., tg.Scalar], lambda x: tg.stop_gradient(x) * x)
    (check,) = checks(wrong, {"x": 3.0})
    assert check.derivative == 3.0
    assert abs(check.error - 3.0) < 1e-8


def test_a_large_input_takes_a_large_step() -> None:
    (check,) = checks(lambda x: x * 2.0, {"x": 1e200})
    assert check.error < 1e-9


def test_second_derivatives_by_name() -> None:
    def f(x: tg.Scalar, y: tg.Scalar, z: tg.Scalar) -> tg.Scalar:
        return x * x * y + tnp.exp(z) * y

    found = second_derivatives(f, {"a": 2.0, "b": 3.0, "c": 0.0})
    assert found == {
        "a": {"a": 6.0, "b": 4.0, "c": 0.0},
        "b": {"a": 4.0, "b": 0.0, "c": 1.0},
        "c": {"a": 0.0, "b": 1.0, "c": 3.0},
    }


def test_without_inputs_there_is_nothing_to_check() -> None:
    assert checks(lambda: 6.0, {}) == ()
    assert second_derivatives(lambda: 6.0, {}) == {}
