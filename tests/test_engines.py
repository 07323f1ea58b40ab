"""One answer, whoever gives it: two engines within a build, and two builds of the same sources, to the last bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

import attrs
import numpy as np
import pytest
import scalar_programs
from hypothesis import given, settings
from scalar_programs import ARITIES, Question, answers, derivatives_of
from strategies import SPECIAL, questions

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import tree
from tapegrad.cotangents import seeds_of
from tapegrad.forward import push_forward, push_numbers
from tapegrad.pullback import pull_back
from tapegrad.sweeps import pull_numbers
from tapegrad.testing import check_grads

ROOT = Path(__file__).parents[1]


def bits(numbers: object) -> str:
    """A text that is the same for the same bits, and for nan of any kind."""
    return json.dumps(numbers, indent=1)


def unsigned_zeros(numbers: object) -> object:
    """A tree of derivatives as it is handed out: the sign of what is exactly zero does not count."""
    return tree.map_leaves(lambda x: cast(float, x) + 0.0, numbers)


# ---- two engines -------------------------------------------------------------------------------


def dense(derivatives: Iterable[object] | None) -> list[object]:
    """Numbers only: a symbolic zero is a zero."""
    assert derivatives is not None, "every rule answered with floats"
    return [0.0 if x is None else x for x in derivatives]


@settings(deadline=None, max_examples=400, derandomize=True)
@given(questions())
def test_sweeps_by_rules_and_by_kernels(question: Question) -> None:
    trace = tg.trace(question.program, *question.point)
    columns, length = trace.tape.columns, len(trace.tape)

    seeds = cast(dict[int, float], seeds_of(trace.outputs, question.cotangents))
    cotangents = dense(pull_back(trace.tape, trace.values, seeds))
    assert bits(unsigned_zeros(dense(pull_numbers(columns, length, seeds)))) == bits(unsigned_zeros(cotangents))

    directions = dict(enumerate(question.tangents))
    tangents = dense(push_forward(trace.tape, trace.values, directions))
    assert bits(unsigned_zeros(dense(push_numbers(columns, length, directions)))) == bits(unsigned_zeros(tangents))


# Whatever is recorded from outside is swept by rules; alone it is swept by kernels, in a compiled build.
@settings(deadline=None, max_examples=100, derandomize=True)
@given(questions())
def test_a_derivative_alone_and_recorded_from_outside(question: Question) -> None:
    for name, derivative in derivatives_of(question).items():
        alone, recorded = derivative(*question.point), tg.trace(derivative, *question.point).output
        assert bits(unsigned_zeros(recorded)) == bits(unsigned_zeros(alone)), name


def test_a_sweep_of_arrays_goes_on_where_a_rule_closes_over_a_traced_value() -> None:
    def slope(scale: tg.Scalar) -> tg.Scalar:
        @tg.custom_vjp
        def scaled(x: tg.ArrayVar) -> tg.ArrayVar:
            return x * 2.0

        scaled.defvjp(lambda x: (x * 2.0, None), lambda residuals, g: (g * scale,))

        def total(x: tg.ArrayVar) -> tg.Scalar:
            return tnp.sum(tnp.sin(scaled(tnp.exp(x))) * x[0])

        return tnp.sum(tg.grad(total)(cast(tg.ArrayVar, np.array([0.5, -1.0]))))

    check_grads(slope, (1.5,))


# ---- two builds --------------------------------------------------------------------------------


@attrs.frozen
class OtherBuild:
    """A process that runs the build this one does not."""

    questions: IO[str]
    answers: IO[str]

    def said(self) -> object:
        return json.loads(self.answers.readline())

    def asked(self, question: Question) -> object:
        self.questions.write(json.dumps(attrs.asdict(question)) + "\n")
        self.questions.flush()
        return self.said()


@pytest.fixture(scope="module")
def other_build() -> Iterator[OtherBuild]:
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TAPEGRAD_PURE": "1" if tg.compiled else "0"}
    command = [sys.executable, "-W", "error", scalar_programs.__file__]
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603  # our own program
        command, env=environment, text=True, stdin=pipe, stdout=pipe
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        other = OtherBuild(process.stdin, process.stdout)
        compiled = other.said()
        if not compiled and not tg.compiled:
            pytest.skip("there is no compiled core to compare with")
        assert compiled is not tg.compiled
        yield other


@settings(deadline=None, max_examples=400, derandomize=True)
@given(question=questions())
def test_compiled_and_interpreted(other_build: OtherBuild, question: Question) -> None:
    assert bits(answers(question)) == bits(other_build.asked(question))


@pytest.mark.parametrize("shift", [0, 1, 4, 9])
def test_compiled_and_interpreted_at_special_numbers(other_build: OtherBuild, shift: int) -> None:
    steps = [(name, [0, 1, 0][:arity]) for name, arity in ARITIES.items()]
    outputs = list(range(2, 2 + len(steps)))
    for point in zip(SPECIAL, SPECIAL[shift:] + SPECIAL[:shift], strict=True):
        question = Question(steps, outputs, point, (1.0, -2.5), [1.0] * len(outputs))
        assert bits(answers(question)) == bits(other_build.asked(question))
