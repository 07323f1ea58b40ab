"""`tapegrad.floats`: total functions of floats, with laws that hold for every float there is."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tapegrad import floats

EVERY_FLOAT = settings(deadline=None, max_examples=300, derandomize=True)
ANY = st.floats()  # nan, infinities, signed zeros and denormals among them
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.5, -2.5, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1e308, -1e308)

ONE = (
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "ceil", "cos", "cosh", "erf", "erfc",
    "exp", "exp2", "expm1", "floor", "gelu", "identity", "is_zero", "log", "log1p", "log2", "log10", "normal_cdf",
    "normal_pdf", "reciprocal", "relu", "sigmoid", "sigmoid_slope", "sign", "silu", "sin", "sinh", "softplus", "sqrt",
    "square", "step", "tan", "tanh",
)  # fmt: skip
TWO = (
    "arctan2", "chain", "divide", "floor_divide", "hypot", "logaddexp", "maximum", "minimum", "power", "remainder",
    "share", "zeros_win",
)  # fmt: skip
NOT_NAN_AT_NAN = {"is_zero", "step"}


def of_one(name: str) -> Callable[[float], float]:
    function: Callable[[float], float] = getattr(floats, name)
    return function


def of_two(name: str) -> Callable[[float, float], float]:
    function: Callable[[float, float], float] = getattr(floats, name)
    return function


def bits_equal(x: float, y: float) -> bool:
    return (math.isnan(x) and math.isnan(y)) or (x == y and math.copysign(1.0, x) == math.copysign(1.0, y))


def test_every_function_is_tested() -> None:
    assert set(floats.__all__) == {*ONE, *TWO}


@pytest.mark.parametrize("name", ONE)
@EVERY_FLOAT
@given(x=ANY)
def test_one_number_never_raises(name: str, x: float) -> None:
    found = of_one(name)(x)
    assert type(found) is float
    assert not math.isnan(x) or math.isnan(found) or name in NOT_NAN_AT_NAN


@pytest.mark.parametrize("name", TWO)
@EVERY_FLOAT
@given(x=ANY, y=ANY)
def test_two_numbers_never_raise(name: str, x: float, y: float) -> None:
    assert type(of_two(name)(x, y)) is float


# np.sign and the like agree to the bit; where NumPy has no such function its definition stands here.
@pytest.mark.parametrize("name", ["ceil", "floor", "sign", "sqrt"])
@EVERY_FLOAT
@given(x=ANY)
@example(x=-0.0)
@example(x=-0.5)
@example(x=2.0**52 + 0.5)
def test_exact_functions_of_one_number_are_numpys(name: str, x: float) -> None:
    with np.errstate(all="ignore"):
        assert bits_equal(of_one(name)(x), float(getattr(np, name)(x)))


@pytest.mark.parametrize("name", ["divide", "floor_divide", "remainder"])
@EVERY_FLOAT
@given(x=ANY, y=ANY)
@example(x=1.0, y=-0.0)
@example(x=-1.0, y=math.inf)
@example(x=-6.0, y=3.0)
@example(x=6.0, y=-3.0)
@example(x=math.inf, y=0.0)
@example(x=math.nan, y=0.0)
def test_divisions_are_numpys(name: str, x: float, y: float) -> None:
    with np.errstate(all="ignore"):
        assert bits_equal(of_two(name)(x, y), float(getattr(np, name)(np.float64(x), np.float64(y))))


@pytest.mark.parametrize("x", SPECIAL)
@pytest.mark.parametrize("y", SPECIAL)
def test_maximum_and_minimum_are_numpys(x: float, y: float) -> None:
    for name in ("maximum", "minimum"):
        found, expected = of_two(name)(x, y), float(getattr(np, name)(x, y))
        assert found == expected or (math.isnan(found) and math.isnan(expected))


@EVERY_FLOAT
@given(x=ANY, y=ANY)
def test_maximum_mirrors_minimum(x: float, y: float) -> None:
    assert bits_equal(floats.maximum(x, y), -floats.minimum(-x, -y))


@EVERY_FLOAT
@given(x=FINITE, y=FINITE.filter(bool))
def test_remainder_has_the_sign_and_the_size_of_the_divisor(x: float, y: float) -> None:
    rest = floats.remainder(x, y)
    assert math.copysign(1.0, rest) == math.copysign(1.0, y)
    assert abs(rest) <= abs(y)


@settings(deadline=None, max_examples=200, derandomize=True)
@given(x=st.integers(-(10**6), 10**6), y=st.integers(-1000, 1000).filter(bool))
def test_division_with_rest_is_exact_on_integers(x: int, y: int) -> None:
    assert floats.floor_divide(float(x), float(y)) == x // y
    assert floats.remainder(float(x), float(y)) == x % y


@settings(deadline=None, max_examples=100, derandomize=True)
@given(x=st.integers(-50, 50), y=st.integers(0, 8))
def test_integral_powers_are_exact(x: int, y: int) -> None:
    assert floats.power(float(x), float(y)) == float(Fraction(x) ** y)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0.0, 0.0, 1.0),
        (math.nan, 0.0, 1.0),
        (1.0, math.nan, 1.0),
        (0.0, -1.0, math.inf),
        (-0.0, -1.0, -math.inf),
        (-0.0, -2.0, math.inf),
        (-0.0, -0.5, math.inf),
        (0.0, -math.inf, math.inf),
        (-0.0, 3.0, -0.0),
        (-8.0, 1.0 / 3.0, math.nan),
        (-10.0, 309.0, -math.inf),
        (-10.0, 310.0, math.inf),
        (10.0, 309.0, math.inf),
        (10.0, -400.0, 0.0),
        (-10.0, -401.0, -0.0),
        (-1.0, math.inf, 1.0),
        (-math.inf, 3.0, -math.inf),
        (-math.inf, -3.0, -0.0),
    ],
)
def test_power_is_that_of_c(x: float, y: float, expected: float) -> None:
    assert bits_equal(floats.power(x, y), expected)


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("exp", 710.0, math.inf),
        ("exp", -math.inf, 0.0),
        ("exp2", 1024.0, math.inf),
        ("exp2", -1074.0, 5e-324),
        ("expm1", 710.0, math.inf),
        ("expm1", -0.0, -0.0),
        ("expm1", -math.inf, -1.0),
        ("log", 0.0, -math.inf),
        ("log", -0.0, -math.inf),
        ("log", -1.0, math.nan),
        ("log", -math.inf, math.nan),
        ("log2", 0.0, -math.inf),
        ("log10", -0.0, -math.inf),
        ("log1p", -1.0, -math.inf),
        ("log1p", -2.0, math.nan),
        ("log1p", -0.0, -0.0),
        ("sqrt", -1.0, math.nan),
        ("sqrt", -0.0, -0.0),
        ("sigmoid", 0.0, 0.5),
        ("sigmoid", -745.0, 5e-324),
        ("softplus", 0.0, math.log(2.0)),
        ("softplus", -745.0, 5e-324),
        ("softplus", 1e308, 1e308),
    ],
)
def test_edges(name: str, x: float, expected: float) -> None:
    assert bits_equal(of_one(name)(x), expected)


@EVERY_FLOAT
@given(x=st.floats(-1e3, 1e3))
def test_sigmoid_and_its_mirror_add_to_one(x: float) -> None:
    assert 0.0 <= floats.sigmoid(x) <= 1.0
    assert floats.sigmoid(x) + floats.sigmoid(-x) == pytest.approx(1.0, rel=4 * 2.0**-52)


@EVERY_FLOAT
@given(x=st.floats(-1e3, 1e3), y=st.floats(-1e3, 1e3))
def test_logaddexp_is_symmetric_and_above_both(x: float, y: float) -> None:
    assert floats.logaddexp(x, y) == floats.logaddexp(y, x)
    assert max(x, y) <= floats.logaddexp(x, y) <= max(x, y) + math.log(2.0) + 1e-12


@pytest.mark.parametrize("x", SPECIAL)
def test_softplus_is_logaddexp_with_zero(x: float) -> None:
    assert floats.softplus(x) == pytest.approx(floats.logaddexp(x, 0.0), rel=4 * 2.0**-52, nan_ok=True)
