"""Losses against their definitions, fifty digits and torch, in the tails too; and what they refuse."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import Row, array, check_row, positive, row

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import DataError, LayerError, SettingError
from tapegrad.nn.losses import Loss, binary_cross_entropy, cross_entropy, huber, mae, mse

Floats = npt.NDArray[np.float64]

LOGITS = st.floats(-1000, 1000)
LABELS = np.array([[1, 0, 3], [2, 2, 0]])


# ---- definitions --------------------------------------------------------------------------------


def huber_by_hand(x: Floats, y: Floats, delta: float) -> Floats:
    e = np.abs(x - y)
    return np.where(e <= delta, 0.5 * e**2, delta * (e - 0.5 * delta))


def entropy_by_hand(logits: Floats, labels: npt.NDArray[np.intp], smoothing: float = 0.0) -> Floats:
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    classes = logits.shape[-1]
    target = np.eye(classes)[labels] * (1.0 - smoothing) + smoothing / classes
    losses: Floats = -(target * np.log(p)).sum(-1)
    return losses


def binary_by_hand(z: Floats, t: Floats) -> Floats:
    p = 1.0 / (1.0 + np.exp(-z))
    return -(t * np.log(p) + (1.0 - t) * np.log1p(-p))


ROWS = [
    row("mse", mse, array(3, 2), array(3, 2, seed=1), reference=lambda x, y: float(np.mean((x - y) ** 2))),
    row("mae", mae, array(3, 2), array(3, 2, seed=1), reference=lambda x, y: float(np.mean(np.abs(x - y)))),
    row(
        "huber",
        lambda x, y: huber(x, y, 0.7, reduction="none"),
        array(3, 2),
        array(3, 2, seed=1),
        reference=lambda x, y: huber_by_hand(x, y, 0.7),
    ),
    row(
        "binary, of labels",
        lambda z: binary_cross_entropy(z, np.array([0, 1, 1, 0]), reduction="sum"),
        array(4),
        reference=lambda z: float(binary_by_hand(z, np.array([0.0, 1.0, 1.0, 0.0])).sum()),
    ),
    row(
        "binary, of probabilities",
        partial(binary_cross_entropy, reduction="none"),
        array(4),
        positive(4, seed=1) / 1.5,
        reference=binary_by_hand,
    ),
    row(
        "entropy",
        lambda z: cross_entropy(z, LABELS, reduction="none"),
        array(2, 3, 4),
        reference=lambda z: entropy_by_hand(z, LABELS),
    ),
    row(
        "smooth entropy",
        lambda z: cross_entropy(z, LABELS, smoothing=0.2),
        array(2, 3, 4),
        reference=lambda z: float(entropy_by_hand(z, LABELS, 0.2).mean()),
    ),
]


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


@pytest.mark.parametrize("loss", [mse, mae, huber, binary_cross_entropy])
def test_reductions(loss: Loss) -> None:
    x, y = array(3, 2), positive(3, 2) / 1.5
    each = loss(x, y, reduction="none")
    assert each.shape == (3, 2)
    assert loss(x, y, reduction="sum") == pytest.approx(np.sum(np.asarray(each)), rel=1e-15)
    assert loss(x, y) == pytest.approx(np.mean(np.asarray(each)), rel=1e-15)


def test_single_numbers_make_programs_of_numbers() -> None:
    tape = tg.trace(lambda z: binary_cross_entropy(z, 1), 2.0).tape
    assert [record.primitive.name for record in tape] == ["input", "negative", "softplus"]
    assert mse(3.0, 1) == 4.0
    assert mae(3.0, 1.0) == 2.0
    assert huber(3.0, 1.0) == 1.5
    assert type(tg.grad(lambda z: cross_entropy(tnp.stack([z, 0.0]), 1))(0.3)) is float


def test_float32_stays() -> None:
    x = array(3, 4).astype(np.float32)
    for loss in (mse, mae, huber):
        assert loss(x, np.ones((3, 4)), reduction="none").dtype == np.float32
    for targets in (np.eye(3, 4, dtype=int), np.full((3, 4), 0.25)):
        assert binary_cross_entropy(x, targets, reduction="none").dtype == np.float32
    assert cross_entropy(x, [0, 1, 2], smoothing=0.1, reduction="none").dtype == np.float32
    assert tg.grad(lambda x: cross_entropy(x, [0, 1, 2], smoothing=0.1))(x).dtype == np.float32


def test_labels_in_lanes() -> None:
    logits, labels = array(5, 3), np.array([2, 0, 1, 1, 0])
    found = tg.vmap(cross_entropy)(logits, labels)
    np.testing.assert_allclose(np.asarray(found), entropy_by_hand(logits, labels), rtol=1e-14)


# ---- the tails ----------------------------------------------------------------------------------


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
    values = binary_cross_entropy(np.array([logit]), np.array([label]), reduction="none")
    assert values[0] == pytest.approx(value, rel=1e-15)


@given(st.lists(LOGITS, min_size=2, max_size=5), st.data())
@settings(deadline=None, max_examples=60)
def test_cross_entropy_is_exact_in_the_tails(logits: list[float], data: st.DataObject) -> None:
    label = data.draw(st.integers(0, len(logits) - 1))
    value, gradient = tg.value_and_grad(lambda z: cross_entropy(z, label))(np.array(logits))
    scale = max(map(abs, logits))  # a difference of logits is rounded, and its exponential feels it
    assert value == pytest.approx(exact_entropy(logits, label), rel=4e-16 * scale + 1e-14, abs=1e-300)
    for position, slope in enumerate(gradient):
        exact = exact_slope(logits, label, position)
        rounding = 2.3e-16 if position == label else 1e-300  # a probability near one less one
        assert slope == pytest.approx(exact, rel=4e-16 * scale + 1e-13, abs=rounding)


def test_hopeless_logits_cost_what_they_should() -> None:
    assert binary_cross_entropy(1e308, 0) == 1e308
    assert binary_cross_entropy(1e308, 1) == 0.0
    assert cross_entropy([1e308, 0.0], 1) == 1e308
    assert cross_entropy([-math.inf, 0.0], 1) == 0.0
    assert math.isnan(binary_cross_entropy(math.nan, 1))


def test_a_class_that_cannot_be_has_no_gradient() -> None:
    gradient = tg.grad(lambda z: cross_entropy(z, 1))(np.array([-np.inf, 0.0, 0.0]))
    np.testing.assert_array_equal(gradient, [0.0, -0.5, 0.5])


# ---- torch --------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_torch_has_the_same(reduction: str) -> None:
    torch = pytest.importorskip("torch")
    f = torch.nn.functional
    x, y, p = 3.0 * array(6, 5), array(6, 5, seed=1), positive(6, 5, seed=2) / 1.4
    labels = np.array([0, 4, 2, 2, 1, 3])
    pairs: list[tuple[Callable[..., Any], Callable[..., Any], Floats | npt.NDArray[np.intp]]] = [
        (mse, f.mse_loss, y),
        (mae, f.l1_loss, y),
        (partial(huber, delta=0.8), partial(f.huber_loss, delta=0.8), y),
        (binary_cross_entropy, f.binary_cross_entropy_with_logits, p),
        (cross_entropy, f.cross_entropy, labels),
        (partial(cross_entropy, smoothing=0.15), partial(f.cross_entropy, label_smoothing=0.15), labels),
    ]
    for ours, theirs, target in pairs:

        def function(x: Floats, ours: Callable[..., Any] = ours, target: object = target) -> Any:
            return ours(x, target, reduction=reduction)

        out, pullback = tg.vjp(function, x)
        tensor = torch.tensor(x, requires_grad=True)
        expected = theirs(tensor, torch.tensor(target), reduction=reduction)
        expected.sum().backward()
        np.testing.assert_allclose(np.asarray(out), expected.detach().numpy(), rtol=1e-12)
        one = np.ones_like(out) if isinstance(out, np.ndarray) else 1.0
        np.testing.assert_allclose(pullback(one)[0], tensor.grad.numpy(), rtol=1e-12, atol=1e-15)


# ---- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mse(np.ones((4, 1)), np.ones(4)), LayerError, r"mse: .*\(4, 1\) and targets of shape \(4,\)"),
        (lambda: huber(np.ones(4), 1.0), LayerError, r"huber: .*\(4,\) and targets of shape \(\)"),
        (lambda: binary_cross_entropy(np.ones((4, 1)), np.ones(4, int)), LayerError, r"binary.*: .*\(4, 1\)"),
        (lambda: mae(np.ones((0, 2)), np.ones((0, 2))), DataError, r"the batch has the shape \(0, 2\)"),
        (lambda: binary_cross_entropy(0.0, 2), DataError, "a target is 0, 1 .* not 2"),
        (lambda: binary_cross_entropy(np.zeros(2), [0, -1]), DataError, r"not -1.0 at \[1\]"),
        (lambda: binary_cross_entropy(np.zeros(2), [np.nan, 1.0]), DataError, r"not nan at \[0\]"),
        (lambda: cross_entropy(np.zeros((2, 3)), [0, 3]), DataError, r"between 0 and 2, not 3 at \[1\]"),
        (lambda: cross_entropy(np.zeros(3), -1), DataError, "between 0 and 2, not -1"),
        (lambda: cross_entropy(np.zeros((2, 3)), np.array([0.0, 1.0])), DataError, "0 to 2, not of float64"),
        (lambda: cross_entropy(np.zeros((2, 3)), [True, False]), DataError, "integers from 0 to 2, not of bool"),
        (lambda: cross_entropy(np.zeros((0, 3)), np.zeros(0, int)), DataError, r"labels have the shape \(0,\)"),
        (lambda: cross_entropy(np.zeros((2, 3)), [[0, 1]]), LayerError, r"\(2, 3\) and labels of shape \(1, 2\)"),  # type: ignore[list-item]
        (lambda: cross_entropy(np.zeros((2, 1)), [0, 0]), LayerError, r"\(2, 1\) have 1 classes"),
        (lambda: cross_entropy(0.0, 0), LayerError, r"logits of shape \(\) and labels of shape \(\)"),
        (lambda: cross_entropy(np.zeros(3), 0, smoothing=1.0), SettingError, "0 <= s < 1, not 1.0"),
        (lambda: cross_entropy(np.zeros(3), 0, "mean"), SettingError, "0 <= s < 1, not 'mean'"),  # type: ignore[call-overload]
        (lambda: cross_entropy(np.zeros((2, 3)), np.eye(3)[:2]), LayerError, r"labels\.argmax\(axis=-1\)"),
        (lambda: cross_entropy(np.zeros((2, 4, 3)), np.zeros(2, int)), LayerError, "an nn.flatten before the last"),
        (lambda: cross_entropy((np.zeros((2, 3)), ()), [0, 1]), LayerError, "the pair that apply returns"),  # type: ignore[arg-type]
        (lambda: mse((np.zeros(2), {}), np.zeros(2)), LayerError, "mse: .* the pair that apply returns"),  # type: ignore[arg-type]
        (lambda: huber(0.0, 0.0, delta=0.0), SettingError, "positive number, not 0.0"),
        (lambda: mse(0.0, 0.0, reduction="average"), SettingError, "'mean', 'sum' or 'none', not 'average'"),  # type: ignore[call-overload]
    ],
)  # fmt: skip
def test_mistakes_are_refused(call: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
