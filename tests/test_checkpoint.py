from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import CaptureError
from tapegrad.recorder import recorder_of
from tapegrad.testing import check_grads, programs

points = st.floats(-2.0, 2.0)
Layer = Callable[[Sequence[tg.Scalar]], list[tg.Scalar]]
Wrap = Callable[[Layer], Layer]
Function = Callable[[tg.Scalar], tg.Scalar]


def loss(wrap: Wrap, w: tg.Scalar, x: tg.Scalar) -> tg.Scalar:
    """Nested wrapped layers that close over w, with one and with two results."""

    def layer(h: Sequence[tg.Scalar]) -> list[tg.Scalar]:
        return [tnp.tanh(w * h[0] + h[1]), w * h[1]]

    def outer(h: Sequence[tg.Scalar]) -> list[tg.Scalar]:
        return [h[0] * w, wrap(layer)(h)[1]]

    def last(h: Sequence[tg.Scalar]) -> list[tg.Scalar]:
        return [h[0] * h[1] if h[0] > h[1] else h[0]]

    a = wrap(layer)([x, x * x])
    return wrap(last)(wrap(outer)(a))[0] + a[0]


def checkpointed(w: tg.Scalar, x: tg.Scalar) -> tg.Scalar:
    return loss(tg.checkpoint, w, x)


def unfolded(w: tg.Scalar, x: tg.Scalar) -> tg.Scalar:
    return loss(lambda layer: layer, w, x)


def test_derivatives_of_every_order_are_those_of_the_function() -> None:
    at = (1.1, 0.7)
    assert checkpointed(*at) == unfolded(*at)
    f: Callable[[tg.Scalar, tg.Scalar], tg.Scalar] = checkpointed
    g: Callable[[tg.Scalar, tg.Scalar], tg.Scalar] = unfolded
    for _ in range(3):
        f, g = tg.grad(f), tg.grad(g)
        assert f(*at) == pytest.approx(g(*at), rel=1e-13)
    assert np.array(tg.hessian(checkpointed, argnums=(0, 1))(*at)) == pytest.approx(
        np.array(tg.hessian(unfolded, argnums=(0, 1))(*at)), rel=1e-13
    )
    assert tg.jvp(checkpointed, at, (1.0, -1.0)) == pytest.approx(tg.jvp(unfolded, at, (1.0, -1.0)), rel=1e-14)
    check_grads(checkpointed, at)


def test_the_tape_keeps_one_record_for_the_call() -> None:
    def long(x: tg.Scalar) -> tg.Scalar:
        for _ in range(100):
            x = tnp.sin(x)
        return x

    tape = tg.trace(tg.checkpoint(long), 2.0).tape
    assert [record.primitive.name for record in tape] == ["input", "checkpoint"]
    assert tape[1].static("call") is not None
    assert "call=long" in str(tape)


def test_a_replay_runs_the_function_again() -> None:
    def f(x: tg.Scalar) -> tg.Scalar:
        w = x * 2.0

        def inside(z: tg.Scalar) -> tg.Scalar:
            return z * w if z > 1.0 else -z

        return tg.checkpoint(inside)(x) + 1.0

    tape = tg.trace(f, 3.0).tape
    assert tg.evaluate(tape, [3.0])[-1] == 19.0
    assert tg.evaluate(tape, [0.5])[-1] == 0.5, "the branch is inside the call, which is run again"


def test_same_function_same_tape() -> None:
    def inside(x: tg.Scalar) -> tg.Scalar:
        return x * x

    def f(x: tg.Scalar) -> tg.Scalar:
        return tg.checkpoint(inside)(x) * 2.0

    assert tg.trace(f, 2.0).tape == tg.trace(f, 2.0).tape
    assert hash(tg.trace(f, 2.0).tape) == hash(tg.trace(f, 2.0).tape)


@settings(deadline=None, max_examples=40)
@given(programs(most=8), points, points, points)
def test_random_programs(f: Callable[..., tg.Scalar], x: float, y: float, z: float) -> None:
    assert tg.derivatives(tg.checkpoint(f))(x, y, z) == tg.derivatives(f)(x, y, z)


def test_settings_and_plain_calls_pass_through() -> None:
    def scaled(x: tg.Scalar, n: int, *, times: float = 1.0) -> tg.Scalar:
        return x * n * times

    assert tg.checkpoint(scaled)(2.0, 3, times=5.0) == 30.0
    assert tg.grad(tg.checkpoint(scaled))(2.0, 3, times=5.0) == 15.0
    assert tg.grad(lambda t: tg.checkpoint(scaled)(2.0, 3, times=t))(5.0) == 6.0


def test_a_value_of_an_inner_trace_cannot_be_captured_by_an_outer_call() -> None:
    def f(x: tg.Scalar) -> tg.Scalar:
        def inner(y: tg.Scalar) -> tg.Scalar:
            def product(z: tg.Scalar) -> tg.Scalar:
                return z * y

            return tg.checkpoint(product)(x)  # x belongs to the outer trace, the captured y to the inner one

        return tg.grad(inner)(2.0)

    with pytest.raises(CaptureError, match=r"test_checkpoint.py:\d+: .*pass it as an argument"):
        tg.grad(f)(3.0)


# What a checkpointed function computes from captured values alone is its own as well.
CAPTURED: list[tuple[Function, Function]] = [
    (lambda w: tg.checkpoint(lambda x: x * tnp.exp(w))(w), lambda w: w * tnp.exp(w)),
    (lambda w: tg.checkpoint(lambda x: x * (w * w))(w), lambda w: w * w * w),
    (lambda w: tg.checkpoint(lambda x: w * 2.0 * x)(w), lambda w: w * 2.0 * w),
    (lambda w: tg.checkpoint(lambda x: x * x if w > 0.0 else -x)(w), lambda w: w * w),
    (lambda w: tg.checkpoint(lambda x: w)(w), lambda w: w),
    (lambda w: tg.checkpoint(lambda x: w * w)(w), lambda w: w * w),
    (lambda w: tg.checkpoint(lambda x: [x * tnp.exp(w), w * w])(w)[1], lambda w: w * w),
    (
        lambda w: tg.checkpoint(
            lambda x: tg.checkpoint(lambda z: z * tnp.exp(w) * (w * w))(x) * tg.checkpoint(lambda z: w * w)(w)
        )(w),
        lambda w: w * tnp.exp(w) * w * w * w * w,
    ),
]


@pytest.mark.parametrize(("with_checkpoint", "without"), CAPTURED)
def test_captured_values_are_followed_wherever_they_are_used(with_checkpoint: Function, without: Function) -> None:
    for transform in (
        lambda f: tg.grad(f)(1.3),
        lambda f: tg.grad(tg.grad(f))(1.3),
        lambda f: tg.jvp(f, (1.3,), (1.0,))[1],
        lambda f: tg.jvp(tg.grad(f), (1.3,), (1.0,))[1],
    ):
        assert transform(with_checkpoint) == pytest.approx(transform(without), rel=1e-13)


def test_a_pullback_through_captured_values_may_be_called_by_many_threads() -> None:
    out, pullback = tg.vjp(CAPTURED[-1][0], 1.3)
    expected = pullback(1.0)
    answers: list[object] = []
    threads = [threading.Thread(target=lambda: answers.extend(pullback(1.0) for _ in range(10))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 80
    assert out == pytest.approx(CAPTURED[-1][1](1.3), rel=1e-14)


def test_records_know_their_line_around_a_capture() -> None:
    lines: list[str] = []

    def outer(w: tg.Scalar) -> tg.Scalar:
        def inside(x: tg.Scalar) -> tg.Scalar:
            y = tnp.sin(x)
            z = y * w
            u = tnp.cos(z)
            recorder = recorder_of(cast(tg.Var, u))
            lines.extend(str(recorder.columns.where(i) or "") for i in range(len(recorder.values)))
            return u

        return tg.checkpoint(inside)(w * 2.0)

    tg.trace(outer, 0.5)
    texts = [line.partition(": ")[2] for line in lines]
    assert texts[1:] == ["y = tnp.sin(x)", "z = y * w", "z = y * w", "u = tnp.cos(z)"]
