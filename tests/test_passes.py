"""Passes: the laws that each of them keeps, on random programs, and what each of them is for."""

from __future__ import annotations

import math
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
from tapegrad.tape import constant
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


def partly_known(program: Callable[..., object], point: Sequence[object], known: int) -> tg.Trace:
    """The trace of a program whose last arguments are constants, and traced nevertheless."""

    def traced(*arguments: tg.Var) -> object:
        recorder = arguments[0].recording
        constants = [recorder.variable(recorder.constant(x)) for x in point[len(arguments) :]]  # type: ignore[attr-defined]
        return program(*arguments, *constants)

    return tg.trace(traced, *point[: len(point) - known])


# ---- laws, of numbers ----------------------------------------------------------------------------


@every_pass
@settings(deadline=None, max_examples=60)
@given(question=questions(), moved=st.lists(NUMBERS, min_size=3, max_size=3), data=st.data())
def test_laws_of_scalar_programs(rewrite: Pass, question: Question, moved: list[float], data: st.DataObject) -> None:
    known = data.draw(st.integers(0, len(question.point) - 1))
    trace = partly_known(question.program, question.point, known)
    count = len(question.point) - known
    check_laws(rewrite, trace, question.point[:count], moved[:count])


@exact_pass
@settings(deadline=None, max_examples=60)
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
@settings(deadline=None, max_examples=50)
@given(program=programs(), point=POINTS)
def test_derivatives_are_the_same_sums(rewrite: Pass, program: Callable[..., object], point: list[float]) -> None:
    """Each term is what it was; the sum of n of them, in another order, is rounded n times at most."""
    trace = tg.trace(program, *point)
    found, expected = gradient(rewrite(trace).trace), gradient(trace)
    for new, old, size in zip(found, expected, sums_of_sizes(trace), strict=True):
        assert abs(cast(float, new) - cast(float, old)) <= 2.0**-52 * len(trace.tape) * size


@every_pass
@settings(deadline=None, max_examples=30)
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
            second,
            cast(list[float], tg.grad(replayed(trace.tape, expected), (0, 1, 2))(*point)),
            rtol=1e-12,
            atol=1e-12,
        )


# ---- laws, of arrays -----------------------------------------------------------------------------

ONES = np.ones((3, 3))
ARRAY_STEPS: dict[str, Callable[[tg.Array, tg.Array], tg.Array]] = {
    "sin": lambda x, y: tnp.sin(x),
    "x * y": lambda x, y: tnp.tanh(x * y),
    "x * 1": lambda x, y: x * 1.0,
    "1 * x": lambda x, y: ONES * x,
    "x / 1": lambda x, y: x / ONES,
    "x * 1, of two precisions": lambda x, y: x * np.ones(3, np.float32),
    "x - 0": lambda x, y: x - 0.0,
    "x + 0": lambda x, y: x + 0.0,
    "x + -0": lambda x, y: -0.0 + x,
    "x ** 1": lambda x, y: x**1.0,
    "-(-x)": lambda x, y: tnp.negative(-x),
    "abs": lambda x, y: tnp.abs(tnp.abs(x)),
    "x @ y": lambda x, y: tnp.tanh(x @ y),
    "x.T": lambda x, y: x.T,
    "x.T, of two precisions": lambda x, y: x.T * np.ones(3, np.float32),
    "reversed": lambda x, y: x[::-1] * 1.0,
    "sum": lambda x, y: x - x.sum(axis=0),
    "eigenvalues": lambda x, y: tnp.tanh(tnp.linalg.eigh(x + x.T + np.diag([0.0, 4.0, 8.0]))[0]) * x,
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
@settings(deadline=None, max_examples=50, derandomize=True)
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
@settings(deadline=None, max_examples=30, derandomize=True)
@given(steps=array_steps, seed=st.integers(0, 99))
def test_laws_of_gradients_of_arrays(rewrite: Pass, steps: ArraySteps, seed: int) -> None:
    trace = tg.trace(tg.grad(array_program(steps), (0, 1, 2)), *matrices(seed, np.float64))
    check_laws(rewrite, trace, matrices(seed, np.float64), matrices(seed + 1, np.float64))


# ---- what each of them is for --------------------------------------------------------------------


def names(trace: tg.Trace) -> list[str]:
    """The operations of a tape, in order."""
    return [record.primitive.name for record in trace.tape]


def test_dead_code_goes_and_guards_stay() -> None:
    def program(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
        unused = tnp.sin(x) * y
        return x * 2.0 if y + 1.0 > 0.0 or unused > 0.0 else x

    after = passes.dead(tg.trace(program, 3.0, 4.0))
    assert names(after.trace) == ["input", "input", "constant", "add", "constant", "greater", "constant", "multiply"]
    assert after.places.keys() == {0, 1, 4, 5, 6, 7, 8, 9}


def test_a_look_at_an_array_stays() -> None:
    after = passes.shortened(tg.trace(lambda x: x[0] if (x > 0.0).all() else x[1], np.ones(2)))
    assert names(after.trace) == ["input", "constant", "is_greater", "all", "observed", "index"]
    with pytest.raises(BranchError):
        tg.evaluate(after.trace.tape, [-np.ones(2)])


def test_constants_are_common_by_their_bits() -> None:
    def program(x: tg.Var) -> list[object]:
        vectors = [np.array(v) for v in ([0.0, 1.0], [-0.0, 1.0], [0.0, 1.0], [0, 1])]
        grid = np.arange(4.0).reshape(2, 2)
        found: list[object] = [x * c for c in (0.0, -0.0, np.nan, 0.0, np.nan)]
        return found + [x + c for c in (*vectors, grid, grid.T, grid.copy())]

    constants = passes.common(tg.trace(program, 1.0)).trace.tape.constants().values()
    numbers = [c for c in constants if isinstance(c, float)]
    assert list(map(bits, numbers)) == list(map(bits, [0.0, -0.0, np.nan]))
    arrays = [c for c in constants if not isinstance(c, float)]
    assert [a.tolist() for a in arrays] == [[0, 1], [0, 1], [0, 1], [[0, 1], [2, 3]], [[0, 2], [1, 3]]]
    assert [a.dtype.kind for a in arrays] == ["f", "f", "i", "f", "f"]


def test_facts_are_common_by_their_bits() -> None:
    def program(x: tg.Array) -> list[object]:
        parts = [x[1:], x[:1], x[1:], x[np.array([0, 1])], x[np.array([False, True])], x[np.array([0, 1])]]
        return [tnp.sum(part) for part in parts] + [tnp.sum(x, axis=0), tnp.sum(x, axis=1)]

    tape = passes.common(tg.trace(program, np.ones((2, 2)))).trace.tape
    assert [r.primitive.name for r in tape].count("sum") == 6
    assert len(tape) == 1 + 4 + 6


def test_only_the_very_same_call_is_common() -> None:
    """Which arguments a function with a derivative of its own can tell apart, nobody else knows."""

    @tg.custom_jvp
    def signed(x: tg.Scalar, zero: float) -> tg.Scalar:
        return x * math.copysign(1.0, zero)

    signed.defjvp(lambda primals, tangents: (signed(*primals), tangents[0] * math.copysign(1.0, primals[1])))
    trace = tg.trace(lambda x: signed(x, 0.0) + signed(x, -0.0), 3.0)
    assert trace.output == 0.0
    check_laws(passes.shortened, trace, [3.0], [-5.0])
    (call,) = (trace.tape[1],)
    twice = tg.Tape([*trace.tape[:2], call, tg.Record(trace.tape[3].primitive, (1, 2))])
    assert len(passes.common(tg.Trace(twice, 0.0, (3,), {})).trace.tape) == 3


def test_a_guard_on_constants_is_folded() -> None:
    trace = partly_known(lambda x, c: x * c if c > 1.0 else x, [3.0, 2.0], 1)
    assert "greater" in names(trace)
    assert names(passes.shortened(trace).trace) == ["input", "constant", "multiply"]


def test_results_of_one_operation_are_folded_each() -> None:
    trace = partly_known(
        lambda x, c: x * tnp.linalg.eigh(c)[1], [np.ones((2, 2)), np.array([[2.0, 1.0], [1.0, 2.0]])], 1
    )
    assert names(passes.shortened(trace).trace) == ["input", "constant", "multiply"]


def test_an_array_that_would_be_laid_out_otherwise_is_not_folded() -> None:
    big = np.arange(12.0).reshape(3, 4)
    trace = partly_known(lambda x, c: x @ (c * 2.0)[:, ::2], [np.ones((2, 3)), big], 1)
    after = check_laws(passes.shortened, trace, [np.full((2, 3), 0.1)])
    assert names(after.trace) == ["input", "constant", "index", "matmul"]


EXAMPLES: dict[str, Callable[[tg.Scalar], tg.Scalar]] = {
    "x * 1 = x": lambda x: x * 1.0,
    "1 * x = x": lambda x: 1.0 * x,
    "x / 1 = x": lambda x: x / 1.0,
    "x + -0.0 = x": lambda x: x + -0.0,
    "-0.0 + x = x": lambda x: -0.0 + x,
    "x - 0.0 = x": lambda x: x - 0.0,
    "chain(1, x) = x": lambda x: chain(1.0, x),
    "-(-x) = x": lambda x: tnp.negative(-x),
    "abs(abs(x)) = abs(x)": lambda x: tnp.abs(tnp.abs(x)),
    "floor(floor(x)) = floor(x)": lambda x: tnp.floor(tnp.floor(x)),
    "ceil(ceil(x)) = ceil(x)": lambda x: tnp.ceil(tnp.ceil(x)),
    "sign(sign(x)) = sign(x)": lambda x: tnp.sign(tnp.sign(x)),
    "stop_gradient(stop_gradient(x)) = stop_gradient(x)": lambda x: tg.stop_gradient(tg.stop_gradient(x)),
}


def test_every_identity_has_an_example() -> None:
    assert [row.formula for row in passes.IDENTITIES] == list(EXAMPLES)


@pytest.mark.parametrize("formula", EXAMPLES)
@pytest.mark.parametrize("outer", [lambda x: 1.0 / x, tnp.sqrt], ids=["1 / x", "sqrt"])
def test_identities_hold_to_the_bit(formula: str, outer: Callable[[tg.Scalar], tg.Scalar]) -> None:
    """Values and the first three derivatives, of numbers and of an array of them."""
    for point in (*SPECIAL, np.array(SPECIAL), np.array([0.0, -0.0, 0.5, -3.0, 1e-40, np.inf, np.nan], np.float32)):
        with np.errstate(all="ignore"):
            before = tg.trace(lambda x: tnp.sum(outer(EXAMPLES[formula](x))), point)
            after = passes.shortened(before).trace
            assert len(after.tape) < len(before.tape)
            found, expected = replayed_sum(after), replayed_sum(before)
            for _ in range(4):
                assert bits(found(point)) == bits(expected(point))
                found, expected = summed(tg.grad(found)), summed(tg.grad(expected))


def replayed_sum(trace: tg.Trace) -> Callable[..., tg.Scalar]:
    return lambda x: cast(tg.Scalar, tg.evaluate(trace.tape, [x])[trace.outputs[0]])


def summed(function: Callable[..., object]) -> Callable[..., tg.Scalar]:
    return lambda x: tnp.sum(cast(tg.Array, function(x)))


@pytest.mark.parametrize(
    ("program", "where"),
    [
        (lambda x: x + 0.0, -0.0),
        (lambda x: x - -0.0, -0.0),
        (lambda x: x * 0.0, np.inf),
        (lambda x: x - x, np.nan),
        (lambda x: chain(x, 1.0), -0.0),
        (lambda x: 1.0 / (1.0 / x), 3e-310),
    ],
)
def test_what_is_not_exact_stays(program: Callable[[tg.Scalar], tg.Scalar], where: float) -> None:
    trace = tg.trace(program, 2.0)
    after = passes.shortened(trace).trace
    assert names(after)[-1] == names(trace)[-1]
    assert outputs(after, [where]) == [bits(program(where))]


def test_a_power_of_one_stays() -> None:
    """Its slope is 1; but behind an infinite slope, that of a root at 0, the second derivative is not that of x."""
    second = tg.grad(tg.grad(lambda x: tnp.sqrt(x**1)))(0.0), tg.grad(tg.grad(tnp.sqrt))(0.0)
    assert bits(second) == bits((math.nan, -math.inf))
    assert names(passes.shortened(tg.trace(lambda x: x**1, 2.0)).trace) == ["input", "constant", "power"]


@pytest.mark.parametrize(
    "program",
    [
        lambda x: x * 1.0,  # float32: the answer is float32 too
        lambda x: x * np.ones((2, 3), np.float32),  # has another shape
        lambda x: x * np.ones(3),  # is of another precision
        lambda x: x[::2] * 1.0,  # is laid out otherwise
    ],
)
def test_arrays_are_equal_if_they_are_of_one_form(program: Callable[[tg.Array], tg.Array]) -> None:
    x = np.array([1.0, 2.0, 3.0], np.float32)
    trace = tg.trace(program, x)
    after = check_laws(passes.shortened, trace, [x]).trace
    value = after.values[after.outputs[0]]
    assert bits(value) == bits(trace.output)
    assert np.asarray(value).strides == np.asarray(trace.values[-1]).strides


def test_complex_numbers_are_left_alone() -> None:
    """inf + 0j times 1 + 0j is nan in its imaginary part."""
    trace = tg.trace(lambda x: tnp.abs((x + 1j) * 1.0), 2.0)
    assert names(passes.shortened(trace).trace) == names(trace)


def test_notes_of_records_are_carried_over() -> None:
    trace = tg.trace(lambda x, y: (x * y) * 1.0 + x * y, 2.0, 3.0)
    after = passes.shortened(trace)
    labels = {0: "x", 1: "y", 3: "one", 4: "product", 5: "again", 6: "sum"}
    assert after.carried(labels) == {0: "x", 1: "y", 2: "product", 3: "sum"}
    whole = Rewritten(trace, {i: i for i in range(len(trace.tape))})
    assert dict(whole.then(after).places) == dict(after.places)


@every_pass
def test_a_long_tape_takes_linear_time(rewrite: Pass) -> None:
    def program(x: tg.Scalar) -> tg.Scalar:
        for _ in range(5000):
            x = tnp.negative(-tnp.sin(x * 1.0))
        return x

    trace = tg.trace(program, 0.5)
    assert len(trace.tape) > 20_000
    start = time.process_time()
    rewrite(trace)
    assert time.process_time() - start < 1.0


@every_pass
def test_many_constants_in_a_row_take_linear_time(rewrite: Pass) -> None:
    trace = tg.trace(lambda x: [x, *np.arange(20_000.0).tolist()], 0.5)
    start = time.process_time()
    rewrite(trace)
    assert time.process_time() - start < 1.0
