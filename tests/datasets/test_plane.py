"""The six data sets have MiniTorch's definitions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapegrad import datasets, optim
from tapegrad.datasets import BUNDLED, NAMES, RECOMMENDED, make, standardised
from tapegrad.errors import DataError, SettingError
from tapegrad.random import key

SEEDS = st.integers(0, 2**32)


def expected_label(name: str, x1: float, x2: float) -> bool:
    """The definitions, written a second time."""
    match name:
        case "simple":
            return x1 < 0.5
        case "diag":
            return x1 + x2 < 0.5
        case "split":
            return not 0.2 <= x1 <= 0.8
        case "xor":
            return (x1 < 0.5 and x2 >= 0.5) or (x1 >= 0.5 and x2 < 0.5)
        case _:
            return math.dist((x1, x2), (0.5, 0.5)) > math.sqrt(0.1)


def test_the_names_are_those_of_minitorch() -> None:
    assert NAMES == ("simple", "diag", "split", "xor", "circle", "spiral")


def test_every_known_data_set_has_settings() -> None:
    assert set(RECOMMENDED) == {*NAMES, *BUNDLED, "mnist", "fashion_mnist"}


@pytest.mark.parametrize("name", NAMES[:-1])
@given(seed=SEEDS, count=st.integers(1, 60))
@settings(deadline=None, max_examples=25)
def test_points_lie_in_the_unit_square_and_labels_follow_the_definition(name: str, seed: int, count: int) -> None:
    data = make(name, key(seed), count)
    assert data.name == name
    assert data.inputs.shape == (count, 2)
    assert ((data.inputs >= 0.0) & (data.inputs < 1.0)).all()
    assert data.labels.tolist() == [int(expected_label(name, x1, x2)) for x1, x2 in data.inputs.tolist()]


@pytest.mark.parametrize("name", NAMES)
def test_the_key_decides_and_both_classes_occur(name: str) -> None:
    data = make(name, key(0), 50)
    assert data == make(name, key(0), 50)
    assert set(data.labels.tolist()) == {0, 1}
    assert (data == make(name, key(1), 50)) == (name == "spiral")  # which has no chance in it


@pytest.mark.parametrize("count", [10, 12, 50, 100])
def test_the_spiral_is_the_one_of_minitorch(count: int) -> None:
    data = make("spiral", key(0), count)
    half = count // 2
    for i in range(half):
        t = 10.0 * ((i + 5) / half)
        for point, (x1, x2), sign in (
            (data.inputs[i], (t * math.cos(t), t * math.sin(t)), 1.0),
            (data.inputs[half + i], (t * math.sin(t), t * math.cos(t)), -1.0),
        ):
            # at -t the cosine arm changes sign and the sine arm does not; the coordinates are swapped
            there = (x1 / 20.0 + 0.5, sign * x2 / 20.0 + 0.5)
            assert point.tolist() == pytest.approx(there, rel=1e-13)
    assert data.labels.tolist() == [0] * half + [1] * half


@pytest.mark.parametrize(
    ("name", "count", "error", "message"),
    [
        ("moons", 50, DataError, "'moons'; choose one of simple, diag, split, xor, circle, spiral"),
        ("", 50, DataError, "choose one of simple"),
        ("xor", 0, SettingError, "at least one point, not 0"),
        ("xor", -3, SettingError, "at least one point, not -3"),
        ("spiral", 0, SettingError, "at least one point"),
        ("spiral", 8, SettingError, "10 or more, not 8; take 10"),
        ("spiral", 51, SettingError, "even number of points, 10 or more, not 51; take 52"),
    ],
)
def test_what_cannot_be_made_is_refused(name: str, count: int, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make(name, key(0), count)


def test_standardised_points_have_mean_zero_and_deviation_one() -> None:
    points = [standardised(point) for point in make("simple", key(0), 20_000).inputs.tolist()]
    for coordinates in zip(*points, strict=True):
        mean = math.fsum(coordinates) / len(points)
        variance = math.fsum((x - mean) ** 2 for x in coordinates) / len(points)
        assert abs(mean) < 3.0 / math.sqrt(len(points))
        assert abs(variance - 1.0) < 3.0 * math.sqrt(0.8 / len(points))  # a uniform's kurtosis is 1.8


@pytest.mark.parametrize("name", NAMES)
def test_a_recommendation_can_be_followed(name: str) -> None:
    recommended = datasets.RECOMMENDED[name]
    assert recommended.optimiser in optim.__all__
    assert len(make(name, key(0), datasets.POINTS)) == datasets.POINTS
