"""Infinities, nan and signed zeros: NumPy's answers, to the sign of zero, and never an exception."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
from rows import ROWS, Row

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.elementwise import Elementwise
from tapegrad.primitive import Comparison, lookup

SPECIAL = (
    0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.0, -2.0, 3.0, -3.0, 1e-8, 40.0, -40.0, 710.0, -746.0,
    2.0**53, -(2.0**53), math.inf, -math.inf, math.nan, 5e-324, -5e-324,
    2.2250738585072014e-308, 1e308, -1e308,
)  # fmt: skip
INTEGERS = (0, 1, -1, 2, -3, 10)

OF_NUMPY = [row for row in ROWS if isinstance(getattr(np, row.name, None), np.ufunc)]
COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
EVERY_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def bits_equal(found: float, expected: float) -> bool:
    """The same float, to the sign of zero; any nan equals any nan."""
    if math.isnan(expected):
        return math.isnan(found)
    return found == expected and math.copysign(1.0, found) == math.copysign(1.0, expected)


def close_enough(found: float, expected: float) -> bool:
    """Bits, or two libraries' roundings of the same finite number: 4 units in the last place."""
    if bits_equal(found, expected):
        return True
    same_sign = math.copysign(1.0, found) == math.copysign(1.0, expected)
    return same_sign and abs(found - expected) <= 4 * math.ulp(expected) and math.isfinite(expected)


def of_numpy(name: str, point: tuple[float, ...]) -> float:
    with np.errstate(all="ignore"):
        return float(getattr(np, name)(*map(np.float64, point)))


def special_points(row: Row) -> list[tuple[float, ...]]:
    return list(itertools.product(SPECIAL, repeat=len(row.inside)))


def test_all_of_numpy_is_compared() -> None:
    own = {
        "chain", "zeros_win", "is_zero", "share", "sigmoid_slope", "stop_gradient", "step", "normal_pdf", "normal_cdf",
    }  # fmt: skip
    networks = {"erf", "erfc", "gelu", "relu", "sigmoid", "silu", "softplus"}
    assert {row.name for row in ROWS} - {row.name for row in OF_NUMPY} == own | networks


def numpy_leaves_open(name: str, point: tuple[float, ...]) -> bool:
    """Where NumPy's own answers differ.

    Which of 0.0 and -0.0 is larger depends on the processor; and ``x ** 0.5`` is the square root for a
    scalar x but C's pow for an array of powers: -0.0 and nan for -0.0 and -inf, or 0.0 and inf.
    """
    if name == "power":
        return point[0] in (0.0, -math.inf) and point[1] == 0.5
    return name in {"maximum", "minimum"} and point == (0.0, 0.0)


@pytest.mark.parametrize("row", OF_NUMPY, ids=lambda row: row.name)
def test_values_are_numpys(row: Row) -> None:
    wrong = [
        (point, found, expected)
        for point in special_points(row)
        if not numpy_leaves_open(row.name, point)
        and not close_enough(found := cast(float, row.operation.bind(point)), expected := of_numpy(row.name, point))
    ]
    assert wrong == []


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons_are_numpys(name: str) -> None:
    comparison = cast(Comparison, lookup(name))
    for x, y in itertools.product(SPECIAL, repeat=2):
        assert comparison(x, y) is bool(getattr(np, name)(x, y)), (x, y)


@EVERY_ROW
def test_integers_are_their_floats(row: Row) -> None:
    for point in itertools.product(INTEGERS, repeat=len(row.inside)):
        found = cast(float, row.operation.bind(point))
        assert type(found) is float
        assert bits_equal(found, cast(float, row.operation.bind(tuple(map(float, point))))), point


@EVERY_ROW
def test_values_are_floats_and_tracing_changes_no_bit(row: Row) -> None:
    for point in special_points(row):
        plain = row.operation.bind(point)
        traced = tg.trace(lambda *p: row.operation.bind(p), *point).output
        assert type(plain) is float
        assert type(traced) is float
        assert bits_equal(traced, plain), point


@EVERY_ROW
def test_derivatives_never_raise(row: Row) -> None:
    argnums = tuple(range(len(row.inside)))
    slopes = cast(
        Callable[..., tuple[float, ...]],
        tg.grad(lambda *p: cast(tg.Scalar, row.operation.bind(p)), argnums=argnums),
    )
    for point in special_points(row):
        first = slopes(*point)
        _, second = tg.jvp(slopes, point, tuple(1.0 for _ in point))
        assert all(type(found) is float for found in (*first, *second)), point


@EVERY_ROW
def test_nan_is_contagious(row: Row) -> None:
    answers_anyway = {"is_zero", "step", "share"}  # questions, whose answer at nan is "no" or "neither"
    found = row.operation.bind((math.nan,) * len(row.inside))
    assert math.isnan(cast(float, found)) is (row.name not in answers_anyway)


@pytest.mark.parametrize(
    ("function", "at", "expected"),
    [
        (tnp.relu, math.nan, math.nan),
        (tnp.relu, -math.inf, 0.0),
        (tnp.relu, math.inf, math.inf),
        (tnp.sigmoid, math.inf, 1.0),
        (tnp.sigmoid, -math.inf, 0.0),
        (tnp.sigmoid, -1e308, 0.0),
        (tnp.softplus, math.inf, math.inf),
        (tnp.softplus, -math.inf, 0.0),
        (tnp.softplus, 1e308, 1e308),
        (tnp.silu, -math.inf, 0.0),
        (tnp.silu, math.inf, math.inf),
        (tnp.gelu, -math.inf, 0.0),
        (tnp.gelu, math.inf, math.inf),
        (tnp.erf, math.inf, 1.0),
        (tnp.erf, -0.0, -0.0),
        (tnp.erfc, math.inf, 0.0),
        (tnp.erfc, -math.inf, 2.0),
        (tnp.sqrt, -0.0, -0.0),
        (tnp.log, 0.0, -math.inf),
        (tnp.log1p, -1.0, -math.inf),
        (tnp.ceil, -0.5, -0.0),
        (tnp.floor, -0.0, -0.0),
        (lambda x: tnp.power(x, 0.5), -0.0, 0.0),  # C's pow
        (lambda x: tnp.power(x, 0.5), -math.inf, math.inf),
    ],
)
def test_values_at_the_ends(function: Callable[[float], float], at: float, expected: float) -> None:
    assert bits_equal(function(at), expected)


@pytest.mark.parametrize(
    ("function", "at", "expected"),
    [
        (tnp.sigmoid, math.inf, 0.0),
        (tnp.tanh, math.inf, 0.0),
        (tnp.tanh, -1e308, 0.0),
        (tnp.softplus, math.inf, 1.0),
        (tnp.softplus, -math.inf, 0.0),
        (tnp.silu, math.inf, 1.0),
        (tnp.silu, -math.inf, 0.0),
        (tnp.gelu, math.inf, 1.0),
        (tnp.gelu, -math.inf, 0.0),
        (tnp.erf, math.inf, 0.0),
        (tnp.arctan, -math.inf, 0.0),
        (tnp.log, math.inf, 0.0),
        (tnp.exp, -math.inf, 0.0),
        (tnp.exp, math.inf, math.inf),
        (tnp.expm1, -math.inf, 0.0),
        (tnp.arcsin, 1.0, math.inf),
        (tnp.arccos, -1.0, -math.inf),
        (tnp.arctanh, 1.0, math.inf),
        (tnp.arctanh, -1.0, math.inf),
        (tnp.arccosh, 1.0, math.inf),
        (tnp.log1p, -1.0, math.inf),
        (tnp.cbrt, 0.0, math.inf),
    ],
)
def test_derivatives_at_the_ends(function: Callable[[tg.Scalar], tg.Scalar], at: float, expected: float) -> None:
    found = tg.grad(function)(at)
    assert found == expected
    assert tg.jvp(function, (at,), (1.0,))[1] == expected


@pytest.mark.parametrize("low", [-1.0, 0.0, math.nan, -math.inf])
@pytest.mark.parametrize("high", [0.5, 2.0, math.nan, math.inf])
def test_clip_is_numpys(low: float, high: float) -> None:
    for x in SPECIAL:
        assert bits_equal(tnp.clip(x, low, high), float(np.clip(x, low, high))), x


def test_clip_with_crossed_limits_is_numpys() -> None:
    for x in SPECIAL:
        assert bits_equal(tnp.clip(x, 2.0, -1.0), float(np.clip(x, 2.0, -1.0))), x


def test_isclose_is_numpys() -> None:
    nearby = (1.0 + 1e-5, 1.0 + 1.1e-5, 1e-8, 1.1e-8, 1.0 - 9e-6)
    for x, y in itertools.product((*SPECIAL, *nearby), repeat=2):
        with np.errstate(all="ignore"):
            assert tnp.isclose(x, y) is bool(np.isclose(x, y)), (x, y)


@pytest.mark.parametrize("condition", [True, False, 1, 0, np.bool_(True)])
def test_where_chooses_one(condition: bool) -> None:
    for x in SPECIAL:
        assert bits_equal(tnp.where(condition, x, 7.0), x if condition else 7.0)
        assert bits_equal(tnp.where(condition, 7.0, x), 7.0 if condition else x)


def test_every_public_function_of_one_or_two_numbers_has_a_row() -> None:
    rows = {row.operation for row in ROWS}
    public = {getattr(tnp, name) for name in tnp.__all__ if isinstance(getattr(tnp, name), Elementwise)}
    assert public <= rows
