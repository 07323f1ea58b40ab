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
BERNOULLI = [True, True, False]
INTEGERS = [3, 4, 7, 4]
FOLD = 0xBB6F99ABC408C34D5B6E5753922E0068


def test_the_numbers_of_a_key_are_fixed_for_ever() -> None:
    key = random.key(0)
    assert key == random.Key(0xABF4641A2C71BA49DB2CD7E7B0F478BE)
    assert random.uniform(key, (3,)).tolist() == UNIFORM
    assert random.normal(key) == NORMAL
    assert random.permutation(key, 8) == PERMUTATION
    assert random.order(key, 8).tolist() == list(PERMUTATION)
    assert random.bernoulli(key, 0.3, (3,)).tolist() == BERNOULLI
    assert random.randint(key, 2, 9, (4,)).tolist() == INTEGERS
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


def test_a_probability_is_how_often_it_is_true() -> None:
    key = random.key(0)
    for p in (0.05, 0.5, 0.8):
        draws = random.bernoulli(key, p, (40_000,))
        assert draws.dtype == np.bool_
        assert abs(draws.mean() - p) < 3.0 * np.sqrt(p * (1.0 - p) / 40_000)
        assert draws.tolist() == (random.uniform(key, (40_000,)) < p).tolist()
    assert not random.bernoulli(key, 0.0, (1000,)).any()
    assert random.bernoulli(key, 1.0, (1000,)).all()


def test_every_integer_between_is_equally_likely() -> None:
    draws = random.randint(random.key(0), -3, 7, (10_000,))
    assert draws.dtype == np.int64
    numbers, counts = np.unique(draws, return_counts=True)
    assert numbers.tolist() == list(range(-3, 7))
    assert ((counts - 1000) ** 2 / 1000).sum() < 21.7  # chi-squared, 9 degrees, 1 %


@given(SEEDS, st.integers(-(2**63), 2**63 - 1), st.integers(1, 2**32))
@settings(deadline=None, max_examples=100)
def test_integers_lie_between_their_bounds(seed: int, low: int, size: int) -> None:
    high = min(low + size, 2**63)
    draws = random.randint(random.key(seed), low, high, (2, 3))
    assert draws.shape == (2, 3)
    assert all(low <= n < high for n in draws.ravel().tolist())


def test_the_empty_shape_is_a_plain_bool_or_int() -> None:
    key = random.key(1)
    assert type(random.bernoulli(key, 0.5)) is bool
    assert type(random.randint(key, 0, 10)) is int
    assert random.randint(key, 0, 10) == random.randint(key, 0, 10, (2,))[0]
    assert random.bernoulli(key, 0.5, (0, 2)).shape == (0, 2)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(p: float) -> None:
    with pytest.raises(SettingError, match=f"lies between 0 and 1; {p} does not"):
        random.bernoulli(random.key(0), p)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 0), (3, 1), (0, 2**32 + 1), (2**63, 2**63 + 1), (-(2**63) - 1, -(2**63))]
)
def test_integers_that_cannot_be_drawn_are_refused(low: int, high: int) -> None:
    with pytest.raises(SettingError, match=f"not from {low} <= n < {high}"):
        random.randint(random.key(0), low, high)


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


@pytest.mark.parametrize("given", [0, None, np.random.default_rng(0)])
def test_a_seed_is_no_key(given: random.Key) -> None:
    for draw in (random.normal, random.split, random.uniform):
        with pytest.raises(SettingError, match=r"from a key, which random\.key\(seed\) makes, not from "):
            draw(given)
    with pytest.raises(SettingError, match="from a key"):
        random.fold_in(given, 1)


def test_a_key_is_a_value() -> None:
    key = random.key(7)
    assert {key: 1}[random.key(7)] == 1
    assert pickle.loads(pickle.dumps(key)) == key  # our own bytes
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        key.bits = 0  # type: ignore[misc]  # what is tested
