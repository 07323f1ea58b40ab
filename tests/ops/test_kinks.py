"""Kinks and edges, each line of the design's table a row; and law 6: an exact zero stays exactly zero."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

import tapegrad as tg
import tapegrad.numpy as tnp

INF = math.inf
NAN = math.nan

Unary = Callable[[tg.Scalar], tg.Scalar]
Binary = Callable[[tg.Scalar, tg.Scalar], tg.Scalar]


def same(found: object, expected: float) -> bool:
    if not isinstance(found, float):
        return False
    return math.isnan(found) if math.isnan(expected) else found == expected


ONE_ARGUMENT: list[tuple[str, Unary, float, float]] = [
    ("abs at 0", tnp.abs, 0.0, 0.0),
    ("abs at -0", tnp.absolute, -0.0, 0.0),
    ("relu at 0", tnp.relu, 0.0, 0.0),
    ("relu at -0", tnp.relu, -0.0, 0.0),
    ("maximum ties with a constant", lambda x: tnp.maximum(x, 1.0), 1.0, 0.5),
    ("maximum ties with a constant on the left", lambda x: tnp.maximum(1.0, x), 1.0, 0.5),
    ("minimum ties with a constant", lambda x: tnp.minimum(x, 1.0), 1.0, 0.5),
    ("minimum ties with a constant on the left", lambda x: tnp.minimum(1.0, x), 1.0, 0.5),
    ("maximum with itself", lambda x: tnp.maximum(x, x), 3.0, 1.0),
    ("minimum with itself", lambda x: tnp.minimum(x, x), 3.0, 1.0),
    ("maximum of opposite zeros", lambda x: tnp.maximum(x, -0.0), 0.0, 0.5),
    ("clip at the lower limit", lambda x: tnp.clip(x, -1.0, 1.0), -1.0, 0.5),
    ("clip at the upper limit", lambda x: tnp.clip(x, -1.0, 1.0), 1.0, 0.5),
    ("clip inside", lambda x: tnp.clip(x, -1.0, 1.0), 0.5, 1.0),
    ("clip outside", lambda x: tnp.clip(x, -1.0, 1.0), 1.5, 0.0),
    ("sqrt at 0", tnp.sqrt, 0.0, INF),
    ("log at 0", tnp.log, 0.0, INF),
    ("log2 at 0", tnp.log2, 0.0, INF),
    ("log10 at 0", tnp.log10, 0.0, INF),
    ("cbrt at 0", tnp.cbrt, 0.0, INF),
    ("x**2 at 0", lambda x: x**2, 0.0, 0.0),
    ("x**3 at 0", lambda x: x**3, 0.0, 0.0),
    ("x**3.0 at -0", lambda x: x**3.0, -0.0, 0.0),
    ("x**1 at 0", lambda x: x**1, 0.0, 1.0),
    ("x**0 at 0", lambda x: x**0, 0.0, 0.0),
    ("x**0.5 at 0", lambda x: x**0.5, 0.0, INF),
    ("x**0.1 at 0", lambda x: x**0.1, 0.0, INF),
    ("x**1.5 at 0", lambda x: x**1.5, 0.0, 0.0),
    ("negative base, even power", lambda x: x**2, -3.0, -6.0),
    ("negative base, odd power", lambda x: x**3, -2.0, 12.0),
    ("negative base, reciprocal", lambda x: x**-1, -2.0, -0.25),
    ("negative base, negative power", lambda x: x**-2, -2.0, 0.25),
    ("negative base, power zero", lambda x: x**0, -2.0, 0.0),
    ("negative base, fractional power", lambda x: x**0.5, -2.0, NAN),
    ("0**y, y > 0", lambda y: 0.0**y, 2.0, 0.0),
    ("0**y, 0 < y < 1", lambda y: tnp.power(0.0, y), 0.5, 0.0),
    ("negative**y", lambda y: tnp.power(-2.0, y), 2.0, NAN),
    ("1**y", lambda y: 1.0**y, 5.0, 0.0),
    ("floor at a jump", tnp.floor, 1.0, 0.0),
    ("floor between", tnp.floor, 1.5, 0.0),
    ("ceil at a jump", tnp.ceil, 1.0, 0.0),
    ("sign at 0", tnp.sign, 0.0, 0.0),
    ("sign elsewhere", tnp.sign, -2.0, 0.0),
    ("a comparison as a number", lambda x: 1.0 * (x < 1.0), 0.5, 0.0),
    ("x // 1 at a jump", lambda x: x // 1.0, 2.0, 0.0),
    ("x % 1 at a jump", lambda x: x % 1.0, 2.0, 1.0),
]

TWO_ARGUMENTS: list[tuple[str, Binary, tuple[float, float], tuple[float, float]]] = [
    ("maximum at a tie", tnp.maximum, (2.0, 2.0), (0.5, 0.5)),
    ("minimum at a tie", tnp.minimum, (2.0, 2.0), (0.5, 0.5)),
    ("maximum of opposite zeros", tnp.maximum, (0.0, -0.0), (0.5, 0.5)),
    ("maximum of infinities", tnp.maximum, (INF, INF), (0.5, 0.5)),
    ("x**y at (0, 0)", tnp.power, (0.0, 0.0), (0.0, 0.0)),
    ("x**y at (0, 2)", tnp.power, (0.0, 2.0), (0.0, 0.0)),
    ("x**y at (0, 1)", tnp.power, (0.0, 1.0), (1.0, 0.0)),
    ("x**y at (0, 0.5)", tnp.power, (0.0, 0.5), (INF, 0.0)),
    ("x**y at (-2, 2)", tnp.power, (-2.0, 2.0), (-4.0, NAN)),
    ("x**y at (-2, 3)", tnp.power, (-2.0, 3.0), (12.0, NAN)),
    ("hypot at (0, 0)", tnp.hypot, (0.0, 0.0), (0.0, 0.0)),
    ("hypot at (-0, 0)", tnp.hypot, (-0.0, 0.0), (0.0, 0.0)),
    ("hypot at (3, 0)", tnp.hypot, (3.0, 0.0), (1.0, 0.0)),
    ("arctan2 at (0, 0)", tnp.arctan2, (0.0, 0.0), (0.0, 0.0)),
    ("arctan2 on the cut", tnp.arctan2, (0.0, -2.0), (-0.5, 0.0)),
    ("arctan2 far out", tnp.arctan2, (0.0, 1e200), (1e-200, 0.0)),
    ("arctan2 close in", tnp.arctan2, (0.0, 1e-200), (1e200, 0.0)),
    ("logaddexp at a tie", tnp.logaddexp, (5.0, 5.0), (0.5, 0.5)),
]


@pytest.mark.parametrize(
    ("f", "x", "expected"), [row[1:] for row in ONE_ARGUMENT], ids=[row[0] for row in ONE_ARGUMENT]
)
def test_one_argument(f: Unary, x: float, expected: float) -> None:
    assert same(tg.grad(f)(x), expected)
    assert same(tg.jvp(f, (x,), (1.0,))[1], expected)


@pytest.mark.parametrize(
    ("f", "point", "expected"), [row[1:] for row in TWO_ARGUMENTS], ids=[row[0] for row in TWO_ARGUMENTS]
)
def test_two_arguments(f: Binary, point: tuple[float, float], expected: tuple[float, float]) -> None:
    x, y = tg.grad(f, argnums=(0, 1))(*point)
    assert same(x, expected[0])
    assert same(y, expected[1])
    assert same(tg.jvp(f, point, (1.0, 0.0))[1], expected[0])
    assert same(tg.jvp(f, point, (0.0, 1.0))[1], expected[1])


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (tnp.sqrt, 0.0, 0.0),
        (tnp.log, 0.0, -INF),
        (lambda x: x**0, 0.0, 1.0),
        (lambda x: 1.0 / x, 0.0, INF),
        (lambda x: 1.0 / x, -0.0, -INF),
        (lambda x: x % 0.0, 1.0, NAN),
        (lambda x: x // 0.0, -1.0, -INF),
        (tnp.exp, 1000.0, INF),
    ],
)
def test_values_where_python_would_raise(f: Unary, x: float, expected: float) -> None:
    assert same(tg.value_and_grad(f)(x)[0], expected)


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: x**2, 0.0, 2.0),
        (lambda x: x**3, 0.0, 0.0),
        (lambda x: x**1, 0.0, 0.0),
        (lambda x: x**4, 0.0, 0.0),
        (lambda x: x**3, -2.0, -12.0),
        (tnp.abs, 0.0, 0.0),
        (tnp.relu, 0.0, 0.0),
        (tnp.sign, 0.0, 0.0),
        (lambda x: tnp.maximum(x, 0.0), 0.0, 0.0),
        (tnp.sqrt, 0.0, -INF),
        (tnp.log, 0.0, -INF),
    ],
)
def test_second_order_at_the_edges(f: Unary, x: float, expected: float) -> None:
    assert same(tg.grad(tg.grad(f))(x), expected)
    assert same(tg.jvp(tg.grad(f), (x,), (1.0,))[1], expected)


def test_third_derivative_of_a_cube_at_zero() -> None:
    assert tg.grad(tg.grad(tg.grad(lambda x: x**3)))(0.0) == 6.0


# ---- law 6: what the output does not depend on contributes exactly zero ------------------------


def choose_between_computed(x: tg.Scalar) -> tg.Scalar:
    root, other = tnp.sqrt(x), 0.0 * x
    return tnp.where(x > 0.0, root, other)


CHOSEN: list[tuple[str, Unary, tuple[float, ...]]] = [
    ("where", lambda x: tnp.where(x > 0.0, tnp.sqrt(x), 0.0), (0.0, -1.0)),
    ("where, both computed before", choose_between_computed, (0.0, -1.0)),
    ("where of a quotient", lambda x: tnp.where(x > 0.0, 1.0 / x, 0.0), (0.0, -1.0)),
    ("times stop_gradient", lambda x: tg.stop_gradient(tnp.log(x)), (0.0, -1.0)),
]

SUPPRESSED: list[tuple[str, Unary, tuple[float, ...]]] = [
    ("relu", lambda x: tnp.relu(tnp.log(x)), (0.0,)),
    ("relu of a root", lambda x: tnp.relu(-tnp.sqrt(x)), (0.0,)),
    ("abs", lambda x: tnp.abs(tnp.sqrt(x)), (0.0,)),
    ("maximum", lambda x: tnp.maximum(tnp.log(x), -1.0), (0.0,)),
    ("minimum", lambda x: tnp.minimum(tnp.sqrt(x), -1.0), (0.0,)),
    ("clip", lambda x: tnp.clip(tnp.log(x), -1.0, 1.0), (0.0,)),
    ("clip of a pole", lambda x: tnp.clip(1.0 / x, -1.0, 1.0), (0.0, -0.0)),
    ("floor", lambda x: tnp.floor(tnp.sqrt(x)), (0.0,)),
    ("times zero", lambda x: 0.0 * tnp.sqrt(x), (0.0,)),
    ("behind two kinks", lambda x: tnp.relu(tnp.maximum(tnp.log(x), -5.0)), (0.0,)),
]

CHOICES = [(name, f, x) for name, f, at in CHOSEN for x in at]
CASES = [(name, f, x) for name, f, at in CHOSEN + SUPPRESSED for x in at]
EVERY_CASE = pytest.mark.parametrize(("f", "x"), [case[1:] for case in CASES], ids=[f"{c[0]} at {c[2]}" for c in CASES])

EVERY_CHOICE = pytest.mark.parametrize(
    ("f", "x"), [case[1:] for case in CHOICES], ids=[f"{c[0]} at {c[2]}" for c in CHOICES]
)


@EVERY_CASE
def test_zero_stays_zero(f: Unary, x: float) -> None:
    assert tg.grad(f)(x) == 0.0


@EVERY_CASE
def test_zero_stays_zero_at_second_order(f: Unary, x: float) -> None:
    assert tg.grad(tg.grad(f))(x) == 0.0


@EVERY_CASE
def test_zero_stays_zero_beside_another_term(f: Unary, x: float) -> None:
    assert tg.grad(lambda x: f(x) + x * x * x)(x) == 3.0 * x * x
    assert tg.grad(tg.grad(lambda x: f(x) + x * x * x))(x) == 6.0 * x


@EVERY_CHOICE
def test_zero_stays_zero_in_forward_mode(f: Unary, x: float) -> None:
    assert tg.jvp(f, (x,), (1.0,))[1] == 0.0
    assert tg.jvp(tg.grad(f), (x,), (1.0,))[1] == 0.0
    assert tg.grad(lambda x: tg.jvp(f, (x,), (1.0,))[1])(x) == 0.0


def test_zero_tangent_of_an_infinite_partial() -> None:
    assert tg.jvp(tnp.sqrt, (0.0,), (0.0,))[1] == 0.0
    assert tg.vjp(tnp.sqrt, 0.0)[1](0.0) == (0.0,)
