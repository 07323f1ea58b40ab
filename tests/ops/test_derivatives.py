"""Derivatives of every operation: mpmath over the whole float range, every mode, and to second order."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp
from rows import EPSILON, ROWS, Point, Row, assert_near, misses

import tapegrad as tg

EVERY_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
# stop_gradient has the derivative zero by decree, not by calculus.
EVERY_TRUE_DERIVATIVE = pytest.mark.parametrize(
    "row", [row for row in ROWS if row.name != "stop_gradient"], ids=lambda row: row.name
)
POINTS = settings(deadline=None, max_examples=25, derandomize=True)

Function = Callable[..., tg.Scalar]


def function_of(row: Row) -> Function:
    return lambda *operands: cast(tg.Scalar, row.operation.bind(operands))


def slope(f: Function, argnums: int | tuple[int, ...]) -> Function:
    """`grad`, for functions of any number of arguments."""
    return cast(Function, tg.grad(f, argnums=argnums))


def positions(row: Row) -> range:
    return range(len(row.inside))


def direction(row: Row, position: int) -> Point:
    return tuple(float(i == position) for i in positions(row))


def gradient(row: Row, point: Point) -> tuple[float, ...]:
    return cast(tuple[float, ...], slope(function_of(row), tuple(positions(row)))(*point))


@st.composite
def smooth_points(draw: st.DrawFn, row: Row) -> Point:
    point = tuple(draw(st.floats(low, high)) for low, high in row.inside)
    assume(row.smooth(*point))
    assume(all(x == 0.0 or abs(x) > 1e-100 for x in point))  # the ladder has those; a difference has not
    return point


# ---- against mpmath ----------------------------------------------------------------------------


@EVERY_ROW
def test_derivative_over_the_whole_range(row: Row) -> None:
    wrong = [
        (point, position, found, mp.nstr(reference, 20))
        for point in row.ladder()
        for position, found in enumerate(gradient(row, point))
        if misses(found, reference := row.partials[position](*map(mp.mpf, point)), row.tolerance(*point))
    ]
    assert wrong == []


@EVERY_TRUE_DERIVATIVE
def test_references_are_derivatives_of_the_reference(row: Row) -> None:
    fractions = (mp.mpf("0.6180339"), mp.mpf("0.8541"))
    middle = [low + (high - low) * part for (low, high), part in zip(row.inside, fractions, strict=False)]
    for position, partial in enumerate(row.partials):
        orders = tuple(map(int, direction(row, position)))
        assert mp.almosteq(mp.diff(row.value, tuple(middle), orders), partial(*middle), 1e-15, 1e-15)


@EVERY_ROW
@POINTS
@given(data=st.data())
def test_first_derivative_at_random_points(row: Row, data: st.DataObject) -> None:
    point = data.draw(smooth_points(row))
    for position, found in enumerate(gradient(row, point)):
        reference = row.partials[position](*map(mp.mpf, point))
        # Where the derivative passes through zero its terms cancel: their size, about one, sets the error.
        assert abs(mp.mpf(found) - reference) <= row.tolerance(*point) * (1 + abs(mp.mpf(reference))), point


@EVERY_ROW
@POINTS
@given(data=st.data())
def test_second_derivatives_agree_in_every_mix_of_modes(row: Row, data: st.DataObject) -> None:
    point = data.draw(smooth_points(row))
    f = function_of(row)
    for i in positions(row):
        for j in positions(row):
            slope_i = slope(f, i)
            along_i, along_j = direction(row, i), direction(row, j)
            mixes = {
                "reverse over reverse": slope(slope_i, j)(*point),
                "forward over reverse": tg.jvp(slope_i, point, along_j)[1],
                "reverse over forward": slope(lambda *p: tg.jvp(f, p, along_i)[1], j)(*point),  # noqa: B023
                "forward over forward": tg.jvp(lambda *p: tg.jvp(f, p, along_i)[1], point, along_j)[1],  # noqa: B023
            }
            reference = second_derivative(row, point, i, j)
            size = 1 + abs(mp.mpf(reference)) + max(abs(x) for x in (*gradient(row, point), *point))
            for mix, found in mixes.items():
                difference = abs(mp.mpf(found) - reference)
                # A few roundings more than the first order, of terms of at most the square of this size.
                assert difference <= 4 * row.tolerance(*point) * size**2, (mix, i, j, point, found, reference)


def second_derivative(row: Row, point: Point, i: int, j: int) -> object:
    """mpmath's difference quotient of the first derivative's reference."""
    orders = tuple(map(int, direction(row, j)))
    with mp.workdps(80):
        return +mp.diff(row.partials[i], tuple(map(mp.mpf, point)), orders)


# ---- laws --------------------------------------------------------------------------------------


@EVERY_ROW
@POINTS
@given(data=st.data())
def test_adjoint_identity(row: Row, data: st.DataObject) -> None:
    point = data.draw(smooth_points(row))
    tangents = tuple(data.draw(st.floats(-2, 2)) for _ in point)
    g = data.draw(st.floats(-2, 2))
    out, pullback = tg.vjp(function_of(row), *point)
    pushed_out, pushed = tg.jvp(function_of(row), point, tangents)
    pulled = cast(tuple[float, ...], pullback(g))
    assert pushed_out == out
    terms = [t * c for t, c in zip(tangents, pulled, strict=True)]
    assert pushed * g == pytest.approx(math.fsum(terms), rel=0, abs=8 * EPSILON * (sum(map(abs, terms)) + 1e-300))


@EVERY_ROW
@POINTS
@given(data=st.data())
def test_adjoint_identity_of_the_gradient(row: Row, data: st.DataObject) -> None:
    point = data.draw(smooth_points(row))
    tangents = tuple(data.draw(st.floats(-2, 2)) for _ in point)
    cotangents = tuple(data.draw(st.floats(-2, 2)) for _ in point)
    slopes = slope(function_of(row), tuple(positions(row)))
    pushed = cast(tuple[float, ...], tg.jvp(slopes, point, tangents)[1])
    pulled = tg.vjp(cast(Callable[..., Point], slopes), *point)[1](cotangents)
    left = [a * b for a, b in zip(pushed, cotangents, strict=True)]
    right = [a * cast(float, b) for a, b in zip(tangents, pulled, strict=True)]
    size = 1 + max(abs(x) for x in (*gradient(row, point), *point))
    assert math.fsum(left) == pytest.approx(math.fsum(right), rel=1e-12, abs=4 * row.tolerance(*point) * size**3)


@EVERY_TRUE_DERIVATIVE
@POINTS
@given(data=st.data())
def test_central_differences(row: Row, data: st.DataObject) -> None:
    point = data.draw(smooth_points(row))
    f = function_of(row)
    for position, found in enumerate(gradient(row, point)):
        step = 1e-5 * tuple_of_steps(point)[position]
        after, before = (
            tuple(x + sign * step * d for x, d in zip(point, direction(row, position), strict=True))
            for sign in (1.0, -1.0)
        )
        difference = (cast(float, f(*after)) - cast(float, f(*before))) / (after[position] - before[position])
        # Truncation 1e-10 of the third derivative, rounding 1e-11 of the value; both reach 1e3 in the boxes.
        assert difference == pytest.approx(found, rel=1e-6, abs=1e-6 * (1 + abs(cast(float, f(*point))))), point


def tuple_of_steps(point: Point) -> Point:
    return tuple(min(1.0, max(abs(x), 0.1)) for x in point)


@EVERY_ROW
def test_modes_agree_to_the_bit_over_the_whole_range(row: Row) -> None:
    for point in row.ladder():
        backwards = gradient(row, point)
        forwards = [tg.jvp(function_of(row), point, direction(row, i))[1] for i in positions(row)]
        terms = [*zip(backwards, forwards, strict=True)]
        assert all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in terms), point


# ---- single facts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "at", "expected"),
    [
        ("sigmoid", 40.0, mp.exp(-40) / (1 + mp.exp(-40)) ** 2),
        ("sigmoid", -40.0, mp.exp(-40) / (1 + mp.exp(-40)) ** 2),
        ("tanh", 20.0, mp.sech(20) ** 2),
        ("tanh", -20.0, mp.sech(20) ** 2),
        ("softplus", -40.0, mp.exp(-40) / (1 + mp.exp(-40))),
        ("expm1", -40.0, mp.exp(-40)),
        ("arctan", 1e150, mp.mpf(10) ** -300),
        ("arcsinh", 1e300, mp.mpf(10) ** -300),
        ("sqrt", 1e-300, mp.mpf(10) ** 150 / 2),
    ],
)
def test_tails_known_by_hand(name: str, at: float, expected: object) -> None:
    row = next(row for row in ROWS if row.name == name)
    assert_near(gradient(row, (at,))[0], expected, 16 * EPSILON, (name, at))


@pytest.mark.parametrize(
    ("name", "at", "expected"),
    [
        ("arctan", 1e100, -2 * mp.mpf(10) ** -300),
        ("tanh", 20.0, -2 * mp.tanh(20) * mp.sech(20) ** 2),
        ("sigmoid", 40.0, -mp.tanh(20) * mp.sech(20) ** 2 / 4),
        ("log", 1e-150, -(mp.mpf(10) ** 300)),
        ("reciprocal", 1e100, 2 * mp.mpf(10) ** -300),
        ("sqrt", 1e-200, -(mp.mpf(10) ** 300) / 4),
        ("arcsinh", 1e150, -(mp.mpf(10) ** -300)),
        ("arccosh", 1e150, -(mp.mpf(10) ** -300)),
    ],
)
def test_second_derivatives_in_the_tails(name: str, at: float, expected: object) -> None:
    row = next(row for row in ROWS if row.name == name)
    f = cast(Callable[[float], float], function_of(row))
    for found in (tg.grad(tg.grad(f))(at), tg.jvp(tg.grad(f), (at,), (1.0,))[1]):
        assert_near(found, expected, 32 * EPSILON, (name, at))
