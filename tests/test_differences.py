import math

import pytest
from hypothesis import given
from scalar_programs import Question
from strategies import questions

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.view.differences import MOST_CHECKED, differences
from tapegrad.view.steps import steps_of


def branching(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
    area = x * y if x > y else x + y
    return tnp.sin(area) * area + 3.0


@pytest.mark.parametrize("point", [(2.0, 1.0), (1.0, 2.0), (-0.3, 0.4)])
def test_adjoints_are_near_the_differences_of_every_record(point: tuple[float, float]) -> None:
    trace = tg.trace(branching, *point)
    steps = steps_of(trace)
    found = differences(trace, steps)
    assert [each is None for each in found] == [step.kind == "guard" for step in steps]
    for step, difference in zip(steps, found, strict=True):
        if difference is not None:
            assert isinstance(step.adjoint, float)
            assert math.isclose(step.adjoint, difference, rel_tol=1e-8, abs_tol=1e-8)


@given(questions())
def test_there_is_one_for_every_record_that_has_an_adjoint(question: Question) -> None:
    trace = tg.trace(question.program, *question.point)
    steps = steps_of(trace)
    found = differences(trace, steps)
    assert len(found) == (len(steps) if len(steps) <= MOST_CHECKED else 0)


def test_a_long_tape_has_none() -> None:
    def power(x: tg.Scalar) -> tg.Scalar:
        y = x
        for _ in range(MOST_CHECKED):
            y = y * x
        return y

    trace = tg.trace(power, 1.0)
    assert differences(trace, steps_of(trace)) == ()
