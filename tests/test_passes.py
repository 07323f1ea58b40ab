"""Passes: the laws that each of them keeps, on random programs, and what each of them is for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scalar_programs import Question
from strategies import NUMBERS, SPECIAL, questions

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import passes
from tapegrad.arrays import AnyArray, Floats, FrozenArray
from tapegrad.elementwise import chain
from tapegrad.errors import BranchError
from tapegrad.passes import Rewritten
from tapegrad.pullback import pull_back
from tapegrad.tape import constant, input_
from tapegrad.testing import programs
from tapegrad.view.steps import steps_of

Pass = Callable[[tg.Trace], Rewritten]
PASSES: dict[str, Pass] = {
    "dead": passes.dead, "common": passes.common, "fold": passes.fold, "simplify": passes.simplify,
    "shortened": passes.shortened,
}  # fmt: skip
every_pass = pytest.mark.parametrize("rewrite", PASSES.values(), ids=PASSES)
exact_pass = pytest.mark.parametrize("rewrite", [passes.dead, passes.fold])
POINTS = st.lists(st.floats(-2.0, 2.0), min_size=3, max_size=3)


def bits(x: object) -> object:
    """What two values share that are the same to the bit; one nan is like another."""
    return tuple(map(bits, x)) if isinstance(x, tuple) else FrozenArray(np.asarray(x))


def copied(trace: tg.Trace) -> object:
    """All that a trace says, to compare it with later."""
    return tuple(trace.tape), [r.where for r in trace.tape], list(map(bits, trace.values)), trace.outputs


def outputs(trace: tg.Trace, arguments: Sequence[object]) -> list[object] | None:
    """What the tape gives there; None if it takes another branch."""
    try:
        values = tg.evaluate(trace.tape, arguments)
    except BranchError:
        return None
    return [bits(values[index]) for index in trace.outputs]


def check_laws(rewrite: Pass, trace: tg.Trace, *points: Sequence[object]) -> Rewritten:
    """Everything that is true of every pass."""
    before = copied(trace)
    after = rewrite(trace)
    new, places = after.trace, after.places
    assert copied(trace) == before, "the trace is as it was"

    assert len(new.tape.check()) <= len(trace.tape)
    inputs = trace.tape.inputs()
    assert new.tape.inputs() == inputs == tuple(range(len(inputs)))
    assert new.tape[: len(inputs)] == trace.tape[: len(inputs)]

    assert new.outputs == tuple(places[index] for index in trace.outputs)
    assert list(map(bits, new.values)) == [bits(trace.values[old]) for old in firsts(places)]
    assert new.output is trace.output
    assert set(places.values()) == set(range(len(new.tape)))
    for place, old in enumerate(firsts(places)):
        assert new.tape[place].where == trace.tape[old].where
        assert new.tape[place].primitive in {trace.tape[old].primitive, constant}

    for point in points:
        assert outputs(new, point) == outputs(trace, point)

    again = rewrite(new)
    assert again.trace.tape == new.tape
    assert dict(again.places) == {i: i for i in range(len(new.tape))}
    return after


def firsts(places: Mapping[int, int]) -> list[int]:
    """The first record that became each of the new ones, which is the one that has remained."""
    found: dict[int, int] = {}
    for old in sorted(places):
        found.setdefault(places[old], old)
    return [found[place] for place in range(len(found))]


def gradient(trace: tg.Trace) -> list[object]:
    """The derivative of the sum of the outputs by each input, by the tape."""
    with np.errstate(all="ignore"):
        cotangents = pull_back(trace.tape, trace.values, dict.fromkeys(trace.outputs, 1.0))
    return [0.0 if cotangents[i] is None else cotangents[i] + 0.0 for i in trace.tape.inputs()]  # type: ignore[operator]


def partly_known(program: Callable[..., object], point: Sequence[float], known: int) -> tg.Trace:
    """The trace of a program whose last arguments are constants, and traced nevertheless."""

    def traced(*arguments: tg.Var) -> object:
        recorder = arguments[0].recording
        constants = [recorder.variable(recorder.constant(x)) for x in point[len(arguments) :]]  # type: ignore[attr-defined]
        return program(*arguments, *constants)

    return tg.trace(traced, *point[: len(point) - known])


# ---- laws, of numbers ----------------------------------------------------------------------------


@every_pass
@settings(deadline=None, max_examples=150)
@given(question=questions(), moved=st.lists(NUMBERS, min_size=3, max_size=3), data=st.data())
def test_laws_of_scalar_programs(rewrite: Pass, question: Question, moved: list[float], data: st.DataObject) -> None:
    known = data.draw(st.integers(0, len(question.point) - 1))
    trace = partly_known(question.program, question.point, known)
    count = len(question.point) - known
    check_laws(rewrite, trace, question.point[:count], moved[:count])


@exact_pass
@settings(deadline=None, max_examples=150)
@given(question=questions(), known=st.integers(0, 2))
def test_derivatives_keep_every_bit(rewrite: Pass, question: Question, known: int) -> None:
    trace = partly_known(question.program, question.point, min(known, len(question.point) - 1))
    assert bits(tuple(gradient(rewrite(trace).trace))) == bits(tuple(gradient(trace)))


def sums_of_sizes(trace: tg.Trace) -> list[float]:
    """As `gradient`, with the size of every term: what the rounding of those sums is measured by."""
    steps = steps_of(trace, {}, {})
    sizes = [0.0] * len(steps)
    for index in trace.outputs:
        sizes[index] = 1.0
    for step in reversed(steps):
        for operand, partial in zip(step.inputs, step.partials, strict=True):
            sizes[operand] += sizes[step.index] * abs(partial or 0.0)
    return [sizes[index] for index in trace.tape.inputs()]


@every_pass
@settings(deadline=None, max_examples=100)
@given(program=programs(), point=POINTS)
def test_derivatives_are_the_same_sums(rewrite: Pass, program: Callable[..., object], point: list[float]) -> None:
    """Each term is what it was; the sum of n of them, in another order, is rounded n times at most."""
    trace = tg.trace(program, *point)
    found, expected = gradient(rewrite(trace).trace), gradient(trace)
    for new, old, size in zip(found, expected, sums_of_sizes(trace), strict=True):
        assert abs(cast(float, new) - cast(float, old)) <= 2.0**-52 * len(trace.tape) * size


@every_pass
@settings(deadline=None, max_examples=50)
@given(program=programs(most=5), point=POINTS, elsewhere=POINTS)
def test_laws_of_gradients(
    rewrite: Pass, program: Callable[..., tg.Scalar], point: list[float], elsewhere: list[float]
) -> None:
    """A derivative is a program like any other, and so is what replays it, which has derivatives itself."""
    trace = tg.trace(tg.grad(program, (0, 1, 2)), *point)
    new = check_laws(rewrite, trace, point, elsewhere).trace

    def replayed(tape: tg.Tape, output: int) -> Callable[..., tg.Scalar]:
        return lambda *arguments: cast(tg.Scalar, tg.evaluate(tape, arguments)[output])

    for found, expected in zip(new.outputs, trace.outputs, strict=True):
        second = cast(list[float], tg.grad(replayed(new.tape, found), (0, 1, 2))(*point))
        np.testing.assert_allclose(
            second, cast(list[float], tg.grad(replayed(trace.tape, expected), (0, 1, 2))(*point)), rtol=1e-12, atol=1e-12
        )


# ---- laws, of arrays -----------------------------------------------------------------------------

ONES = np.ones((3, 3))
ARRAY_STEPS: dict[str, Callable[[tg.Array, tg.Array], tg.Array]] = {
    "sin": lambda x, y: tnp.sin(x),
    "x * y": lambda x, y: x * y,
    "x * 1": lambda x, y: x * 1.0,
    "1 * x": lambda x, y: ONES * x,
    "x / 1": lambda x, y: x / ONES,
    "x / 1, of two precisions": lambda x, y: x / np.float32(1.0) * np.ones(3, np.float32),
    "x - 0": lambda x, y: x - 0.0,
    "x + 0": lambda x, y: x + 0.0,
    "x + -0": lambda x, y: -0.0 + x,
    "x ** 1": lambda x, y: x**1.0,
    "-(-x)": lambda x, y: -(-x),
    "abs": lambda x, y: abs(abs(x)),
    "x @ y": lambda x, y: tnp.tanh(x @ y),
    "x.T": lambda x, y: x.T,
    "x.T, of two precisions": lambda x, y: x.T * np.ones(3, np.float32),
    "reversed": lambda x, y: x[::-1] * 1.0,
    "sum": lambda x, y: x - x.sum(axis=0),
    "eigenvalues": lambda x, y: tnp.linalg.eigh(x + x.T + 4.0 * np.diag(np.arange(3.0)))[0] * x,
    "where": lambda x, y: tnp.where(x > y, x, 0.5 * y),
    "if": lambda x, y: x * 0.5 if (x > 0.0).all() else x + y,
    "if x": lambda x, y: x + y if x[0, 0] < y[1, 1] else x - y,
}  # fmt: skip
ArraySteps = list[tuple[str, int]]
array_steps = st.lists(st.tuples(st.sampled_from(sorted(ARRAY_STEPS)), st.integers(0, 9)), min_size=1, max_size=8)


def array_program(steps: ArraySteps) -> Callable[..., tg.Scalar]:
    """One number of some matrices: each step reads the newest value and another."""

    def program(*arrays: tg.Array) -> tg.Scalar:
        values = list(arrays)
        for name, other in steps:
            values.append(ARRAY_STEPS[name](values[-1], values[other % len(values)]))
        return tnp.sum(values[-1] * values[-1])

    return program


def matrices(seed: int, dtype: type[np.floating]) -> list[AnyArray]:
    generator = np.random.default_rng(seed)
    return [generator.uniform(-1.0, 1.0, (3, 3)).astype(dtype) for _ in range(3)]


@every_pass
@settings(deadline=None, max_examples=100)
@given(
    steps=array_steps, seed=st.integers(0, 99), known=st.integers(0, 2), dtype=st.sampled_from([np.float64, np.float32])
)
def test_laws_of_array_programs(
    rewrite: Pass, steps: ArraySteps, seed: int, known: int, dtype: type[np.floating]
) -> None:
    arrays = matrices(seed, dtype)
    trace = partly_known(array_program(steps), arrays, known)
    new = check_laws(rewrite, trace, arrays[: 3 - known], matrices(seed + 1, dtype)[: 3 - known]).trace
    for found, expected in zip(gradient(new), gradient(trace), strict=True):
        if rewrite in {passes.dead, passes.fold}:
            assert bits(found) == bits(expected)
        else:
            precision = 2000.0 * float(np.finfo(dtype).eps)
            size = max(1.0, float(np.max(np.abs(cast(Floats, expected)))))
            np.testing.assert_allclose(cast(Floats, found), cast(Floats, expected), atol=precision * size)


@every_pass
@settings(deadline=None, max_examples=50)
@given(steps=array_steps, seed=st.integers(0, 99))
def test_laws_of_gradients_of_arrays(rewrite: Pass, steps: ArraySteps, seed: int) -> None:
    trace = tg.trace(tg.grad(array_program(steps), (0, 1, 2)), *matrices(seed, np.float64))
    check_laws(rewrite, trace, matrices(seed, np.float64), matrices(seed + 1, np.float64))
