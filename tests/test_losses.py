"""Losses against fifty digits, in the tails too, and what they refuse."""

from __future__ import annotations

import math
from collections.abc import Callable

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
from tapegrad.errors import DataError, StructureError
from tapegrad.nn.losses import binary_cross_entropy, softmax_cross_entropy, squared_error

LOGITS = st.floats(-1000, 1000)


def exact_entropy(logits: list[float], label: int) -> float:
    with mpmath.workdps(1000):
        return float(mpmath.log(sum(mpmath.exp(z) for z in logits)) - mpmath.mpf(logits[label]))


def exact_slope(logits: list[float], label: int, position: int) -> float:
    with mpmath.workdps(1000):
        probability = mpmath.exp(logits[position]) / sum(mpmath.exp(z) for z in logits)
        return float(probability - (position == label))


@given(LOGITS, st.sampled_from([0, 1]))
@settings(deadline=None, max_examples=60)
def test_binary_cross_entropy_is_exact_in_the_tails(logit: float, label: int) -> None:
    value, slope = tg.value_and_grad(lambda z: binary_cross_entropy(z, label))(logit)
    assert value == pytest.approx(exact_entropy([0.0, logit], label), rel=1e-14, abs=1e-300)
    assert slope == pytest.approx(exact_slope([0.0, logit], label, 1), rel=1e-14, abs=1e-300)


@given(st.lists(LOGITS, min_size=2, max_size=5), st.data())
@settings(deadline=None, max_examples=60)
def test_softmax_cross_entropy_is_exact_in_the_tails(logits: list[float], data: st.DataObject) -> None:
    label = data.draw(st.integers(0, len(logits) - 1))
    value, gradient = tg.value_and_grad(lambda z: softmax_cross_entropy(z, label))(logits)
    scale = max(map(abs, logits))  # a difference of logits is rounded, and its exponential feels it
    assert value == pytest.approx(exact_entropy(logits, label), rel=4e-16 * scale + 1e-14, abs=1e-300)
    for position, slope in enumerate(gradient):
        exact = exact_slope(logits, label, position)
        assert slope == pytest.approx(exact, rel=4e-16 * scale + 1e-13, abs=1e-300)


@given(LOGITS, st.sampled_from([0, 1]))
@settings(deadline=None, max_examples=60)
def test_two_classes_are_the_binary_case(logit: float, label: int) -> None:
    assert softmax_cross_entropy((0.0, logit), label) == binary_cross_entropy(logit, label)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
@settings(deadline=None, max_examples=60)
def test_squared_error(output: float, target: float) -> None:
    value, slope = tg.value_and_grad(lambda x: squared_error(x, target))(output)
    assert value == (output - target) * (output - target)
    assert slope == 2.0 * (output - target)


@pytest.mark.parametrize(
    "loss",
    [
        lambda z: binary_cross_entropy(z, 1),
        lambda z: softmax_cross_entropy((z, 0.5, -z), 2),
        lambda z: squared_error(z, 3.0),
    ],
)
@pytest.mark.parametrize("at", [-2.0, 0.0, 1.5])
def test_second_derivatives_are_those_of_differences(loss: Callable[[tg.Scalar], tg.Scalar], at: float) -> None:
    slope = tg.grad(loss)
    curvature = (slope(at + 1e-5) - slope(at - 1e-5)) / 2e-5
    assert tg.grad(slope)(at) == pytest.approx(curvature, rel=1e-8)


def test_hopeless_logits_cost_what_they_should() -> None:
    assert binary_cross_entropy(1e308, 0) == 1e308
    assert binary_cross_entropy(1e308, 1) == 0.0
    assert softmax_cross_entropy((1e308, 0.0), 1) == 1e308
    assert math.isnan(binary_cross_entropy(math.nan, 1))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: binary_cross_entropy(0.0, 2), DataError, "0 or 1, not 2"),
        (lambda: binary_cross_entropy(0.0, -1), DataError, "0 or 1, not -1"),
        (lambda: softmax_cross_entropy((0.0, 0.0), 2), DataError, "between 0 and 1, not 2"),
        (lambda: softmax_cross_entropy((0.0, 0.0), -1), DataError, "between 0 and 1, not -1"),
        (lambda: softmax_cross_entropy((0.0,), 0), StructureError, "two classes or more, not 1"),
        (lambda: softmax_cross_entropy((), 0), StructureError, "two classes or more, not 0"),
    ],
)
def test_labels_without_a_logit_are_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
