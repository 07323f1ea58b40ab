"""Random programs of arrays, with broadcasting, reductions, indexing, products and branches: all engines agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import BranchError
from tapegrad.testing import check_grads

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Program: TypeAlias = Callable[..., Any]
Step: TypeAlias = tuple[str, int, int]

grad: Callable[..., Callable[..., Any]] = tg.grad  # of functions of Any, which the checker takes for untyped


# Smooth and bounded, of arrays of any shape: a program neither overflows nor loses its derivative.
ONE: dict[str, Program] = {
    "sin": tnp.sin,
    "tanh": tnp.tanh,
    "growth": lambda x: tnp.exp(-x * x) * x,
    "root": lambda x: tnp.sqrt(1.0 + x * x) - 1.0,
    "logarithm": lambda x: tnp.log(2.0 + x * x),
    "squash": lambda x: x.mean() - tnp.sigmoid(x),
    "mean of rows": lambda x: tnp.mean(x, axis=-1, keepdims=True) if x.ndim else x,
    "mean": lambda x: tnp.mean(x, axis=0) if x.ndim else 0.5 * x,
    "largest": lambda x: tnp.logsumexp(x, axis=-1) - 1.0 if x.ndim and x.size else x,
    "softmax": lambda x: tnp.softmax(x) if x.ndim and x.size else x,
    "turned": lambda x: x.T,
    "flat": lambda x: 0.9 * tnp.ravel(x),
    "reversed": lambda x: x[::-1] if x.ndim else x,
    "first": lambda x: x[0] if x.ndim and len(x) else x,
    "all but one": lambda x: x[..., 1:] if x.ndim and x.shape[-1] > 2 else x,
    "picked": lambda x: x[np.array([0, -1, 0])] if x.ndim and len(x) else x,
    "new axis": lambda x: x[None] if x.ndim < 3 else x[0],
    "chosen": lambda x: tnp.where(x > 0.0, x * x, x * x * x),  # twice smooth at 0
    "selected": lambda x: 0.1 * tnp.sum(tnp.where(x > 0.0, tnp.sqrt(x) * x**2, 0.0)) if x.ndim else x,
    "branch": lambda x: tnp.tanh(x) if tnp.sum(x) > 0.0 else -tnp.tanh(-x),
    "running": lambda x: 0.3 * tnp.cumsum(x, axis=-1) if x.ndim else x,
    "spread": lambda x: tnp.sqrt(0.5 + tnp.var(x)),
    "local gradient": lambda x: tnp.tanh(grad(lambda y: tnp.sum(tnp.sin(y) * y))(x)),
}
TWO: dict[str, Program] = {
    "product": lambda x, y: tnp.tanh(x * y),
    "mean of two": lambda x, y: 0.5 * (x + y),
    "difference": lambda x, y: x - 0.5 * y,
    "ratio": lambda x, y: x / (2.0 + y * y),
    "power": lambda x, y: (1.5 + tnp.sin(x)) ** tnp.tanh(y),
    "angle": lambda x, y: tnp.arctan2(x, 2.0 + y * y),
}


def fits(x: Any, y: Any) -> bool:
    """Whether two arrays broadcast, to something small."""
    try:
        return bool(np.prod(np.broadcast_shapes(x.shape, y.shape)) <= 200)
    except ValueError:
        return False


def combined(name: str, x: Any, y: Any) -> Any:
    """What a step of two arrays gives; the first by itself where they do not fit."""
    if name == "matmul":
        if x.ndim and y.ndim and min(x.ndim, y.ndim) < 3 and x.shape[-1] == y.shape[-2 if y.ndim > 1 else -1]:
            return tnp.tanh(x @ y)
        return tnp.outer(x, y) * 0.3 if x.size * y.size <= 60 else x
    if name == "joined":
        return tnp.concatenate([tnp.ravel(x), 0.5 * tnp.ravel(y)]) if x.size + y.size <= 60 else x
    return TWO[name](x, y) if fits(x, y) else x


STEPS = [*ONE, *TWO, "matmul", "joined"]


def program(steps: Sequence[Step]) -> Program:
    """One number of some arrays: each step reads any earlier values."""

    def run(*xs: Any) -> Any:
        values = [tnp.asarray(x) for x in xs]
        for name, first, second in steps:
            x, y = values[first % len(values)], values[second % len(values)]
            values.append(tnp.asarray(ONE[name](x) if name in ONE else combined(name, x, y)))
        return sum(tnp.sum(value * value) for value in values[-3:])

    run.__doc__ = str(steps)
    return run


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[Step], list[npt.NDArray[np.float64]]]:
    """The steps of a program, and its arguments."""
    shapes = draw(
        st.lists(st.sampled_from([(), (1,), (3,), (2, 3), (3, 2), (2, 1, 3), (3, 3)]), min_size=1, max_size=3)
    )
    generator = np.random.default_rng(draw(st.integers(0, 1000)))
    step = st.tuples(st.sampled_from(STEPS), st.integers(0, 9), st.integers(0, 9))
    steps = draw(st.lists(step, min_size=2, max_size=8))
    return steps, [generator.uniform(0.2, 1.5, shape) * generator.choice([-1.0, 1.0], shape) for shape in shapes]


ASKED = settings(deadline=None, max_examples=100, derandomize=True)


@ASKED
@given(questions())
def test_derivatives(question: tuple[list[Step], list[Floats]]) -> None:
    steps, xs = question
    check_grads(program(steps), [x if x.shape else float(x) for x in xs], order=2, tolerance=1e-4)


@ASKED
@given(questions())
def test_a_tape_is_the_program(question: tuple[list[Step], list[Floats]]) -> None:
    """It replays to the same bits, also after it was written and read; elsewhere it is right, or another branch."""
    steps, xs = question
    f = program(steps)
    trace = tg.trace(f, *xs)
    read = tg.Tape.from_json(trace.tape.to_json())
    assert read == trace.tape == tg.Tape.from_text(trace.tape.to_text()) == tg.trace(f, *xs).tape
    for tape in (trace.tape, read):
        for found, expected in zip(tg.evaluate(tape, xs), trace.values, strict=True):
            np.testing.assert_array_equal(found, expected)
    elsewhere = [-0.7 * x for x in xs]
    try:
        same(tg.evaluate(trace.tape, elsewhere)[trace.outputs[0]], f(*elsewhere), "elsewhere")
    except BranchError:
        assert {name for name, _, _ in steps} & {"branch", "chosen"}  # one answer is a guard


@ASKED
@given(questions())
def test_nothing_is_changed_and_the_same_call_gives_the_same_bits(question: tuple[list[Step], list[Floats]]) -> None:
    steps, xs = question
    before = [x.copy() for x in xs]
    slopes = grad(program(steps), tuple(range(len(xs))))
    first, second = slopes(*xs), slopes(*xs)
    for x, copied, g, again in zip(xs, before, first, second, strict=True):
        np.testing.assert_array_equal(x, copied, strict=True)
        np.testing.assert_array_equal(g, again, strict=True)
        assert g.shape == x.shape
        assert not np.shares_memory(g, x)


@ASKED
@given(questions())
def test_lanes(question: tuple[list[Step], list[Floats]]) -> None:
    """`vmap` of the program and of its gradient give what a loop gives, with lanes in some of the arguments only."""
    steps, xs = question
    f = program(steps)
    slopes = grad(f, tuple(range(len(xs))))
    lanes = [np.stack([x, -0.7 * x, 1.1 * x]) if i != 1 else x for i, x in enumerate(xs)]
    axes = tuple(None if i == 1 else 0 for i in range(len(xs)))

    def lane(number: int) -> list[Floats]:
        return [x if axis is None else x[number] for x, axis in zip(lanes, axes, strict=True)]

    same(tg.vmap(f, axes)(*lanes), np.stack([f(*lane(i)) for i in range(3)]), "values")
    each = [slopes(*lane(i)) for i in range(3)]
    expected = tuple(np.stack(column) for column in zip(*each, strict=True))
    same(tg.vmap(slopes, axes)(*lanes), expected, "gradients")


@ASKED
@given(questions())
def test_float32_stays_float32(question: tuple[list[Step], list[Floats]]) -> None:
    steps, xs = question
    singles = [np.asarray(x, np.float32) for x in xs]
    f = program(steps)
    value, slopes = tg.value_and_grad(f, tuple(range(len(xs))))(*singles)
    assert np.asarray(value).dtype == np.float32
    for g, expected in zip(slopes, grad(f, tuple(range(len(xs))))(*xs), strict=True):  # type: ignore[call-overload]
        assert g.dtype == np.float32
        np.testing.assert_allclose(g, expected, rtol=5e-2, atol=5e-3)
    tangents = [np.ones_like(x) for x in singles]
    assert np.asarray(tg.jvp(f, singles, tangents)[1]).dtype == np.float32
