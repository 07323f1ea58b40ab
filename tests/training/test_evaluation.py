"""What a network gives for many examples, and the scores of it."""

from __future__ import annotations

import math
from statistics import fmean
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapegrad import nn, random, tree
from tapegrad.arrays import AnyArray
from tapegrad.errors import DataError, SettingError
from tapegrad.training import Accuracy, Fit, accuracy, confusion_matrix, fit, outputs

IMAGES = random.normal(random.key(0), (7, 2, 6, 6))
MODEL = nn.serial(
    nn.conv2d(3, 3), nn.batch_norm(), nn.relu, nn.max_pool2d(2), nn.flatten, nn.dropout(0.5), nn.linear(4)
)  # fmt: skip
PARAMS, LAYER_STATE = MODEL.init(random.key(1), IMAGES[:1])

CLASSES = st.integers(1, 5).flatmap(
    lambda classes: st.tuples(
        st.just(classes),
        st.lists(st.tuples(*[st.integers(0, classes - 1)] * 2), min_size=1, max_size=40),
    )
)
NUMBERS = st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=1, max_size=30)


# ---- outputs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 2, 3, 6, 7, 8, 256])
def test_batching_changes_neither_shape_nor_outputs(batch_size: int) -> None:
    """Also of a last batch that is smaller: examples do not know of each other in evaluation."""
    whole = np.asarray(MODEL.apply(PARAMS, LAYER_STATE, IMAGES)[0])
    found = outputs(MODEL, PARAMS, LAYER_STATE, IMAGES, batch_size)
    assert found.shape == (7, 4)
    np.testing.assert_allclose(found, whole, rtol=1e-12, atol=1e-14)


def test_outputs_are_those_of_evaluation_in_the_order_of_the_examples() -> None:
    """Neither dropout nor the statistics of a batch: the same twice, and the state stays as it was."""
    before = [np.array(leaf) for leaf in tree.leaves(LAYER_STATE)]
    first = outputs(MODEL, PARAMS, LAYER_STATE, IMAGES, 3)
    assert np.array_equal(first, outputs(MODEL, PARAMS, LAYER_STATE, IMAGES, 3))
    np.testing.assert_allclose(
        outputs(MODEL, PARAMS, LAYER_STATE, IMAGES[::-1], 3)[::-1], first, rtol=1e-12, atol=1e-14
    )
    for old, leaf in zip(before, tree.leaves(LAYER_STATE), strict=True):
        assert np.array_equal(old, np.asarray(leaf))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_outputs_are_of_the_dtype_of_the_network(dtype: str) -> None:
    params, layer_state = MODEL.init(random.key(1), IMAGES[:1].astype(dtype))
    assert outputs(MODEL, params, layer_state, IMAGES.astype(dtype), 3).dtype == dtype


def test_outputs_keep_every_other_axis() -> None:
    model = nn.serial(nn.conv2d(3, 3))
    params, layer_state = model.init(random.key(1), IMAGES[:1])
    assert outputs(model, params, layer_state, IMAGES, 2).shape == (7, 3, 4, 4)


def test_outputs_of_nothing_are_refused() -> None:
    with pytest.raises(DataError, match="no examples"):
        outputs(MODEL, PARAMS, LAYER_STATE, IMAGES[:0])
    with pytest.raises(SettingError, match="not 0"):
        outputs(MODEL, PARAMS, LAYER_STATE, IMAGES, 0)


# ---- accuracy -----------------------------------------------------------------------------------


@given(CLASSES)
@settings(deadline=None, max_examples=50)
def test_accuracy_counts_what_is_right(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    _, pairs = drawn
    labels, predicted = np.array(pairs).T
    found = accuracy(predicted, labels)
    assert found == Accuracy(sum(label == guess for label, guess in pairs), len(pairs))
    assert type(found.correct) is int
    assert found.share == found.correct / len(pairs)


def test_scores_are_told_in_words() -> None:
    assert str(Accuracy(48, 50)) == "48 of 50 correct (96.0 %)"
    assert str(Accuracy(0, 3)) == "0 of 3 correct (0.0 %)"
    assert str(Fit(0.5461, 49.1234)) == "R² 0.546, RMSE 49.12"


# ---- numbers ------------------------------------------------------------------------------------


@given(NUMBERS)
@settings(deadline=None, max_examples=100)
def test_a_fit_follows_its_definition(pairs: list[tuple[float, float]]) -> None:
    labels, predicted = np.array(pairs).T
    found = fit(predicted, labels)
    residual = math.fsum((label - guess) ** 2 for label, guess in pairs)
    assert found.rmse == pytest.approx(math.sqrt(residual / len(pairs)), rel=1e-12)
    if len(set(labels.tolist())) == 1:
        assert found.r2 == float(residual == 0.0)
    elif np.ptp(labels) > 1e-3:
        total = math.fsum((label - fmean(labels.tolist())) ** 2 for label in labels.tolist())
        assert 1.0 - found.r2 == pytest.approx(residual / total, rel=1e-6)


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-300, -7.7, 1e150])
@pytest.mark.parametrize("count", [1, 3, 7])
def test_labels_that_are_all_equal_have_nothing_to_explain(value: float, count: int) -> None:
    """Though the mean of three tenths is not a tenth."""
    labels = np.full(count, value)
    assert fit(labels, labels) == Fit(1.0, 0.0)
    assert fit(labels * 2.0, labels).r2 == float(value == 1e-300)  # whose square is 0


def test_the_mean_explains_nothing_and_the_labels_explain_all() -> None:
    labels = np.array([1.0, 2.0, 6.0])
    assert fit(labels, labels) == Fit(1.0, 0.0)
    assert fit(np.full(3, 3.0), labels).r2 == 0.0
    assert fit(np.array([6.0, 2.0, 1.0]), labels).r2 < 0.0


def test_predictions_out_of_range_give_infinite_errors_and_no_warning() -> None:
    assert fit(np.array([1e200, 0.0]), np.array([1.0, 2.0])) == Fit(-math.inf, math.inf)


def test_a_fit_of_single_precision_is_summed_in_double() -> None:
    labels = np.full(3, 2.0**24, np.float32) + np.array([0, 2, 4], np.float32)
    found = fit(labels + np.float32(2), labels)
    assert found.rmse == 2.0
    assert found.r2 == pytest.approx(1.0 - 12.0 / 8.0)


@given(NUMBERS)
@settings(deadline=None, max_examples=30)
def test_a_fit_is_that_of_scikit_learn(pairs: list[tuple[float, float]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    labels, predicted = np.array([*pairs, (-1e6, 0.0), (1e6, 0.0)]).T
    found = fit(predicted, labels)
    assert found.r2 == pytest.approx(metrics.r2_score(labels, predicted), rel=1e-9, abs=1e-9)
    assert found.rmse == pytest.approx(math.sqrt(metrics.mean_squared_error(labels, predicted)), rel=1e-9)


# ---- confusion ----------------------------------------------------------------------------------


@given(CLASSES)
@settings(deadline=None, max_examples=60)
def test_a_confusion_matrix_counts_every_pair(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    classes, pairs = drawn
    labels, predicted = np.array(pairs).T
    found = confusion_matrix(labels, predicted, classes)
    assert found.tolist() == [[pairs.count((row, column)) for column in range(classes)] for row in range(classes)]
    assert found.dtype == np.intp
    assert np.trace(found) == accuracy(predicted, labels).correct


@given(CLASSES)
@settings(deadline=None, max_examples=30)
def test_a_confusion_matrix_is_that_of_scikit_learn(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    classes, pairs = drawn
    labels, predicted = np.array(pairs).T
    expected = metrics.confusion_matrix(labels, predicted, labels=range(classes + 1))  # it warns of a single class
    assert np.array_equal(confusion_matrix(labels, predicted, classes + 1), expected)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "uint64"])
def test_classes_are_of_any_integer_dtype(dtype: str) -> None:
    """Sixteen times sixteen is beyond 8 bits."""
    labels = np.array([15, 15, 0], dtype)
    assert confusion_matrix(labels, labels[::-1], 16)[15].tolist() == [1, *[0] * 14, 1]


@pytest.mark.parametrize(
    ("labels", "predicted", "message"),
    [
        ([0, 2], [0, 1], "no class 2, which is a label: the 2 classes count from 0"),
        ([0, 1], [0, 2], "no class 2, which is a prediction"),
        ([0, -1], [0, 1], "no class -1, which is a label"),
        ([0.0, 0.7], [0, 1], "a label is a class, which is an integer, and these are of float64"),
        ([0, 1], [0.2, 0.8], "a prediction is a class, .* of float64"),
        ([True, False], [0, 1], "of bool"),
        (["a", "b"], [0, 1], "of <U1"),
    ],
)
def test_what_are_no_classes_is_refused(labels: list[object], predicted: list[object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        confusion_matrix(np.array(labels), np.array(predicted), 2)


# ---- shapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("predicted", "labels"),
    [
        (np.zeros(2, int), np.zeros(3, int)),
        (np.zeros((3, 1), int), np.zeros(3, int)),  # would be compared with each other, all with all
        (np.zeros(1, int), np.zeros(3, int)),
        (np.zeros((3, 2), int), np.zeros((3, 2), int)),
        (np.zeros(0, int), np.zeros(0, int)),
        (np.array(0), np.array(0)),
    ],
)
def test_there_is_one_prediction_for_each_label(predicted: AnyArray, labels: AnyArray) -> None:
    for score in (accuracy, fit, lambda predicted, labels: confusion_matrix(labels, predicted, 2)):
        with pytest.raises(DataError, match="one prediction for each label is needed, not arrays of shapes"):
            score(predicted, labels)


def test_logits_are_no_classes() -> None:
    with pytest.raises(DataError, match=r"\(4, 3\) and \(4,\); the classes are logits\.argmax\(axis=1\)"):
        accuracy(np.zeros((4, 3)), np.zeros(4))


def test_classes_may_be_lists() -> None:
    assert accuracy(cast(AnyArray, [0, 1, 1]), cast(AnyArray, [0, 1, 2])).correct == 2
