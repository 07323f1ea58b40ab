"""A split is a partition, stratified by class; what standardises knows the training examples alone."""

from __future__ import annotations

import math

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tapegrad.arrays import Floats
from tapegrad.datasets import Dataset, Scaler, split, standardise
from tapegrad.errors import DataError, SettingError
from tapegrad.random import key

SEEDS = st.integers(0, 2**32)
SHARES = st.floats(0.1, 0.9)


def numbered(labels: list[int], classes: int) -> Dataset:
    """A data set whose inputs say which example they are; without classes the labels are numbers."""
    numbers = np.array(labels) if classes else np.array(labels, dtype=float)
    return Dataset("toy", np.arange(float(len(labels)))[:, None], numbers, tuple(map(str, range(classes))))


def members(data: Dataset) -> list[int]:
    return [int(x) for x in data.inputs[:, 0]]


@given(st.lists(st.integers(0, 3), min_size=10, max_size=80), SEEDS, SHARES, st.booleans())
@settings(deadline=None, max_examples=150)
def test_a_split_is_a_stratified_partition(labels: list[int], seed: int, share: float, has_classes: bool) -> None:
    data = numbered(labels, 4 if has_classes else 0)
    train, test = split(data, key(seed), share)
    assert sorted(members(train) + members(test)) == list(range(len(labels)))
    assert len(test) == math.floor(len(labels) * share + 0.5)
    for part in (train, test):
        assert members(part) == sorted(members(part))
        assert part.labels.tolist() == [labels[i] for i in members(part)]
        assert (part.name, part.classes) == (data.name, data.classes)
    if has_classes:
        for label in range(4):
            due = labels.count(label) * share
            assert abs(test.labels.tolist().count(label) - due) < 1.0 + 1e-9
    again = split(data, key(seed), share)
    assert again == (train, test)


def test_every_example_of_a_class_is_as_likely_to_be_held_out() -> None:
    data = numbered([0] * 8 + [1] * 4, 2)
    times = np.zeros(12)
    for seed in range(600):
        times[members(split(data, key(seed))[1])] += 1.0
    assert times[:8].sum() == 2 * 600
    assert times[8:].sum() == 600
    assert ((times - 150.0) ** 2 / 150.0).sum() < 23.2  # chi-squared, 10 degrees, 1 %


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, 2.0, math.nan])
def test_a_share_lies_between_0_and_1(share: float) -> None:
    with pytest.raises(SettingError, match="lies between 0 and 1"):
        split(numbered([0, 1, 0, 1], 2), key(0), share)


@pytest.mark.parametrize(("share", "message"), [(0.1, "none to test with"), (0.9, "none to train with")])
def test_neither_part_is_empty(share: float, message: str) -> None:
    with pytest.raises(DataError, match=f"^toy: a share of {share} of 4 examples leaves {message}"):
        split(numbered([0, 1, 0, 1], 2), key(0), share)


# ---- standardising ------------------------------------------------------------------------------

TABLES = arrays(
    np.float64,
    array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=5),
    elements=st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 3)),
)


@given(TABLES)
@settings(deadline=None, max_examples=200)
def test_columns_get_mean_0_and_deviation_1_and_come_back(x: Floats) -> None:
    scaler = Scaler.of(x)
    z = scaler.standardise(x)
    is_constant = (x == x[0]).all(axis=0)
    assert z.shape == x.shape
    assert np.allclose(z.mean(axis=0), 0.0, atol=1e-6)
    assert np.allclose(z.std(axis=0), np.where(is_constant, 0.0, 1.0), rtol=1e-6)
    assert (z[np.broadcast_to(is_constant, x.shape)] == 0.0).all()
    assert np.allclose(scaler.restore(z), x, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_column_becomes_0_whatever_its_mean_rounds_to(dtype: type[np.floating]) -> None:
    x = np.full((60_001, 2), 0.1, dtype=dtype)
    x[0, 1] = 7.0
    z = Scaler.of(x).standardise(x)
    assert z.dtype == dtype
    assert (z[:, 0] == 0.0).all()
    assert float(z[:, 1].std(dtype=np.float64)) == pytest.approx(1.0, rel=1e-5)


def test_the_examples_to_test_with_have_no_say() -> None:
    train = Dataset("toy", np.array([[0.0], [2.0]]), np.zeros(2))
    test = Dataset("toy", np.array([[5.0]]), np.zeros(1))
    scaled, other = standardise(train, test)
    assert scaled == attrs.evolve(train, inputs=np.array([[-1.0], [1.0]]))
    assert other == attrs.evolve(test, inputs=np.array([[4.0]]))


def test_numbers_to_be_predicted_have_one_scale() -> None:
    scaler = Scaler.of(np.array([1.0, 3.0]))
    assert (float(scaler.mean), float(scaler.scale)) == (2.0, 1.0)
    assert scaler.restore(np.array([0.5])).tolist() == [2.5]


def test_numbers_without_squares_are_refused_or_left() -> None:
    with pytest.raises(DataError, match=r"numbers up to 1e\+200 are too large to be standardised"):
        Scaler.of(np.array([[1e200], [0.0]]))
    assert Scaler.of(np.array([[1e-200], [0.0]])).scale.tolist() == [1.0]
