"""Random numbers from keys: reproducible, independent, and of the right distribution."""

from __future__ import annotations

import pickle

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapegrad import random
from tapegrad.errors import SettingError

SEEDS = st.integers(0, 2**200)

UNIFORM = [0.014067035665647709, 0.2577672456246177, 0.47156538101528966]
NORMAL = -2.1954118012878454
PERMUTATION = (0, 3, 7, 5, 1, 2, 6, 4)
SPLIT = 0x353F573BCDEA7C2DE224B0D62F223BC5
FOLD = 0xBB6F99ABC408C34D5B6E5753922E0068


def test_the_numbers_of_a_key_are_fixed_for_ever() -> None:
    key = random.key(0)
    assert key == random.Key(0xABF4641A2C71BA49DB2CD7E7B0F478BE)
    assert random.uniform(key, (3,)).tolist() == UNIFORM
    assert random.normal(key) == NORMAL
    assert random.permutation(key, 8) == PERMUTATION
    assert random.split(key)[1].bits == SPLIT
    assert random.fold_in(key, 1).bits == FOLD


@given(SEEDS, st.integers(0, 50))
@settings(deadline=None, max_examples=50)
def test_drawing_is_pure_and_a_permutation_permutes(seed: int, count: int) -> None:
    key = random.key(seed)
    assert random.permutation(key, count) == random.permutation(random.key(seed), count)
    assert sorted(random.permutation(key, count)) == list(range(count))
    assert random.uniform(key, (count,)).tolist() == random.uniform(key, (count,)).tolist()


@given(SEEDS, st.integers(1, 20))
@settings(deadline=None, max_examples=50)
def test_no_two_keys_of_a_family_are_equal(seed: int, count: int) -> None:
    key = random.key(seed)
    family = {key, *random.split(key, count), *(random.fold_in(key, i) for i in range(count))}
    grandchildren = {k for child in random.split(key, count) for k in random.split(child, 2)}
    assert len(family | grandchildren) == 1 + 2 * count + 2 * count


def test_splitting_into_more_keys_begins_with_the_same_ones() -> None:
    key = random.key(3)
    assert random.split(key, 5)[:2] == random.split(key, 2)
    assert random.split(key, 0) == ()


@pytest.mark.parametrize("draw", [random.uniform, random.normal])
def test_the_empty_shape_is_a_float_and_others_are_arrays(draw: object) -> None:
    assert callable(draw)
    key = random.key(1)
    scalar, matrix = draw(key), draw(key, (2, 3))
    assert type(scalar) is float
    assert matrix.shape == (2, 3)
    assert matrix.dtype == np.float64
    assert matrix[0, 0] == scalar
    assert draw(key, (0, 3)).shape == (0, 3)


def test_uniform_numbers_fill_their_interval_evenly() -> None:
    numbers = random.uniform(random.key(0), (20_000,), -1.0, 3.0)
    assert numbers.min() >= -1.0
    assert numbers.max() < 3.0
    share_below = np.searchsorted(np.sort(numbers), np.linspace(-1.0, 3.0, 41)) / len(numbers)
    assert np.abs(share_below - np.linspace(0.0, 1.0, 41)).max() < 1.63 / np.sqrt(len(numbers))  # Kolmogorov, 1 %


def test_normal_numbers_have_the_moments_of_the_normal_distribution() -> None:
    numbers = random.normal(random.key(0), (20_000,))
    for power, moment, variance in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]:
        assert abs(np.mean(numbers**power) - moment) < 3.0 * np.sqrt(variance / len(numbers))


def test_every_order_of_three_is_equally_likely() -> None:
    keys = random.split(random.key(0), 1200)
    orders = [random.permutation(key, 3) for key in keys]
    counts = [orders.count(order) for order in sorted(set(orders))]
    assert len(counts) == 6
    assert sum((count - 200) ** 2 / 200 for count in counts) < 15.1  # chi-squared, 5 degrees, 1 %


@pytest.mark.parametrize("seed", [-1, 0.5, "0", True, None])
def test_a_seed_is_an_integer_that_is_not_negative(seed: int) -> None:
    with pytest.raises(SettingError, match="a seed is an integer that is not negative, not "):
        random.key(seed)


@pytest.mark.parametrize("number", [-1, 2**32])
def test_a_number_out_of_range_is_not_folded_in(number: int) -> None:
    with pytest.raises(SettingError, match=r"between 0 and 2\*\*32 - 1"):
        random.fold_in(random.key(0), number)


def test_a_key_is_not_split_into_fewer_than_none() -> None:
    with pytest.raises(SettingError, match="not -1"):
        random.split(random.key(0), -1)


def test_a_key_is_a_value() -> None:
    key = random.key(7)
    assert {key: 1}[random.key(7)] == 1
    assert pickle.loads(pickle.dumps(key)) == key  # our own bytes
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        key.bits = 0  # type: ignore[misc]  # what is tested
