"""Python's operators on traced values, both ways round, with floats, ints and NumPy scalars; compositions."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import EPSILON

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import functional
from tapegrad.errors import ConversionError, OperandError

Scalar = tg.Scalar
Binary = Callable[[Scalar, Scalar], Scalar]


def always(value: float) -> Callable[..., float]:
    return lambda *_: value


# name, the operator, its two partial derivatives in closed form
OPERATORS: list[tuple[str, Binary, Callable[[float, float], float], Callable[[float, float], float]]] = [
    ("+", operator.add, always(1.0), always(1.0)),
    ("-", operator.sub, always(1.0), always(-1.0)),
    ("*", operator.mul, lambda _, y: y, lambda x, _: x),
    ("/", operator.truediv, lambda _, y: 1.0 / y, lambda x, y: -x / (y * y)),
    ("**", operator.pow, lambda x, y: y * x ** (y - 1.0), lambda x, y: x**y * math.log(x)),
    ("//", operator.floordiv, always(0.0), always(0.0)),
    ("%", operator.mod, always(1.0), lambda x, y: -float(x // y)),
]
EVERY_OPERATOR = pytest.mark.parametrize(
    ("op", "left", "right"), [row[1:] for row in OPERATORS], ids=[row[0] for row in OPERATORS]
)
OTHERS = pytest.mark.parametrize(
    "other",
    [2.0, 3, -2.0, 0.75, True, np.float64(2.5), np.float32(2.5), np.int64(3), np.array(1.5)],
    ids=lambda other: f"{type(other).__name__}({other})",
)
COMPARE = pytest.mark.parametrize("op", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne])
X = 2.75


def near(expected: float) -> object:
    return pytest.approx(expected, rel=8 * EPSILON, abs=0.0, nan_ok=True)


@EVERY_OPERATOR
@OTHERS
def test_plain_number_on_the_right(
    op: Binary, left: Callable[[float, float], float], right: object, other: float
) -> None:
    del right
    value, slope = tg.value_and_grad(lambda x: op(x, other))(X)
    assert value == op(X, float(other))
    assert type(value) is float
    assert slope == near(left(X, float(other)))


@EVERY_OPERATOR
@OTHERS
def test_plain_number_on_the_left(
    op: Binary, left: object, right: Callable[[float, float], float], other: float
) -> None:
    del left
    value, slope = tg.value_and_grad(lambda x: op(other, x))(X)
    if op is operator.pow and other < 0:  # where Python's floats would turn complex
        assert math.isnan(value)
        assert math.isnan(slope)
        return
    assert value == op(float(other), X)
    assert type(value) is float
    assert slope == near(right(float(other), X))


@EVERY_OPERATOR
def test_both_traced(op: Binary, left: Callable[[float, float], float], right: Callable[[float, float], float]) -> None:
    value, (dx, dy) = tg.value_and_grad(op, argnums=(0, 1))(X, 1.25)
    assert value == op(X, 1.25)
    assert dx == near(left(X, 1.25))
    assert dy == near(right(X, 1.25))


@EVERY_OPERATOR
def test_traced_by_two_transforms(
    op: Binary, left: Callable[[float, float], float], right: Callable[[float, float], float]
) -> None:
    def outer(x: Scalar) -> Scalar:
        return cast(Scalar, tg.grad(lambda y: op(x, y))(1.25))  # d/dy, while x is traced outside

    del left
    step = 1e-6
    slope = (right(X + step, 1.25) - right(X - step, 1.25)) / (2 * step)
    assert tg.grad(outer)(X) == pytest.approx(slope, rel=1e-8, abs=1e-8)


@COMPARE
@OTHERS
def test_comparisons_both_ways_are_bools(op: Callable[[object, object], bool], other: float) -> None:
    def f(x: Scalar) -> Scalar:
        assert op(x, other) is op(X, float(other))
        assert op(other, x) is op(float(other), X)
        assert op(x, x) is op(X, X)
        return x

    assert tg.grad(f)(X) == 1.0


@pytest.mark.parametrize("other", [2.0, 2, np.float64(2.0), np.float32(2.0)], ids=lambda other: type(other).__name__)
def test_equality_at_a_tie(other: float) -> None:
    def f(x: Scalar) -> Scalar:
        assert x == other
        assert other == x
        assert (x != other) is False
        assert x <= other <= x
        return x * 3.0

    assert tg.grad(f)(2.0) == 3.0


@pytest.mark.parametrize(
    ("op", "x", "value", "slope"),
    [
        (operator.neg, 2.0, -2.0, -1.0),
        (operator.pos, 2.0, 2.0, 1.0),
        (abs, -2.0, 2.0, -1.0),
        (abs, 2.0, 2.0, 1.0),
        (lambda x: x or 7.0 * x, 0.0, 0.0, 7.0),
        (lambda x: x or 7.0 * x, 5.0, 5.0, 1.0),
        (lambda x: sum([x, x, x]), 2.0, 6.0, 3.0),
        (lambda x: max(x, 1.0), 2.0, 2.0, 1.0),
        (lambda x: min([x * x, x]), 2.0, 2.0, 1.0),
        (lambda x: math.prod([x, x, 3]), 2.0, 12.0, 12.0),
        (lambda x: pow(x, 3), 2.0, 8.0, 12.0),
    ],
)
def test_unary_and_builtins(op: Callable[[Scalar], Scalar], x: float, value: float, slope: float) -> None:
    assert tg.value_and_grad(op)(x) == (value, slope)


@pytest.mark.parametrize("other", [2.0, 3, np.float64(0.7)], ids=lambda other: type(other).__name__)
def test_divmod(other: float) -> None:
    quotient, rest = divmod(X, float(other))
    assert tg.trace(lambda x: divmod(x, other), X).output == (quotient, rest)
    assert tg.jacrev(lambda x: divmod(x, other))(X) == (0.0, 1.0)


@pytest.mark.parametrize("other", [5.0, 7], ids=lambda other: type(other).__name__)
def test_reflected_divmod(other: float) -> None:
    quotient, rest = divmod(float(other), X)
    assert tg.trace(lambda x: divmod(other, x), X).output == (quotient, rest)
    assert tg.jacrev(lambda x: divmod(other, x))(X) == (0.0, -quotient)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(x=st.floats(0.05, 20.0), y=st.floats(-20.0, 20.0).filter(lambda y: abs(y) > 0.05))
def test_values_are_those_of_plain_floats(x: float, y: float) -> None:
    for name, op, *_ in OPERATORS:
        assert tg.trace(op, x, y).output == op(x, y), name
        assert tg.trace(lambda x: op(x, y), x).output == op(x, y), name  # noqa: B023  # called at once
        assert tg.trace(lambda y: op(x, y), y).output == op(x, y), name  # noqa: B023


@EVERY_OPERATOR
@pytest.mark.parametrize("other", ["2", None, [1.0], 1j])
def test_what_is_no_number_is_refused(op: Binary, left: object, right: object, other: float) -> None:
    del left, right
    with pytest.raises(TypeError):
        tg.grad(lambda x: op(x, other))(2.0)
    with pytest.raises(TypeError):
        tg.grad(lambda x: op(other, x))(2.0)


@pytest.mark.parametrize("function", [tnp.sin, tnp.relu, tnp.abs])
@pytest.mark.parametrize("operand", ["1", None, ["1"], np.array(["1"])])
def test_a_function_of_no_number_is_refused(function: Callable[[object], float], operand: object) -> None:
    with pytest.raises(OperandError, match="expected a number, an array or a traced value"):
        function(operand)


@pytest.mark.parametrize("conversion", [float, int, round, math.floor, math.trunc, complex, hash, math.sin])
def test_conversions_that_lose_the_derivative_are_refused(conversion: Callable[[Scalar], Scalar]) -> None:
    with pytest.raises(ConversionError, match=r"tnp|x\.value|real numbers|tapegrad"):
        tg.grad(lambda x: conversion(x))(2.0)  # called in a user's line


# ---- compositions against closed forms ---------------------------------------------------------


def nested_tanh(x: Scalar) -> Scalar:
    for _ in range(3):
        x = tnp.tanh(x)
    return x


def slope_of_nested_tanh(x: float) -> float:
    slope = 1.0
    for _ in range(3):
        x = math.tanh(x)
        slope *= 1.0 - x * x
    return slope


def horner(x: Scalar) -> Scalar:
    total: Scalar = 0.0
    for coefficient in (2.0, -3.0, 0.5, 7.0):
        total = total * x + coefficient
    return total


def used_twice(x: Scalar) -> Scalar:
    s = x * x
    return s * s + s


COMPOSITIONS: list[tuple[str, Callable[[Scalar], Scalar], Callable[[float], float]]] = [
    ("nested tanh", nested_tanh, slope_of_nested_tanh),
    ("x**x", lambda x: x**x, lambda x: x**x * (math.log(x) + 1.0)),
    ("x**x**x", lambda x: x**x**x, lambda x: x**x**x * x**x * (1.0 / x + math.log(x) * (1.0 + math.log(x)))),
    ("polynomial", horner, lambda x: 6.0 * x * x - 6.0 * x + 0.5),
    ("sin(x)/x", lambda x: tnp.sin(x) / x, lambda x: (x * math.cos(x) - math.sin(x)) / (x * x)),
    ("exp(-x*x/2)", lambda x: tnp.exp(-x * x / 2.0), lambda x: -x * math.exp(-x * x / 2.0)),
    ("log(1+exp(x))", lambda x: tnp.log(1.0 + tnp.exp(x)), lambda x: 1.0 / (1.0 + math.exp(-x))),
    ("sqrt(1+x*x)", lambda x: tnp.sqrt(1.0 + x * x), lambda x: x / math.sqrt(1.0 + x * x)),
    ("x*x used twice", used_twice, lambda x: 4.0 * x**3 + 2.0 * x),
    ("1/(1/x)", lambda x: 1.0 / (1.0 / x), always(1.0)),
    ("exp(log(x))", lambda x: tnp.exp(tnp.log(x)), always(1.0)),
    ("sinh/cosh", lambda x: tnp.sinh(x) / tnp.cosh(x), lambda x: 1.0 - math.tanh(x) ** 2),
]


@pytest.mark.parametrize(("f", "slope"), [row[1:] for row in COMPOSITIONS], ids=[row[0] for row in COMPOSITIONS])
@pytest.mark.parametrize("x", [0.3, 0.9, 1.0, 1.7, 2.5])
def test_compositions(f: Callable[[Scalar], Scalar], slope: Callable[[float], float], x: float) -> None:
    # Each takes a handful of roundings; sinh/cosh and sin(x)/x subtract near-equal terms of size one.
    assert tg.grad(f)(x) == pytest.approx(slope(x), rel=64 * EPSILON, abs=8 * EPSILON)
    assert tg.jvp(f, (x,), (1.0,))[1] == pytest.approx(slope(x), rel=64 * EPSILON, abs=8 * EPSILON)


# ---- the operators of MiniTorch, module 0 ------------------------------------------------------

ONE_NUMBER: list[tuple[str, Callable[[Scalar], Scalar], Callable[[float], float], Callable[[float], float]]] = [
    ("id", lambda x: +x, lambda x: x, always(1.0)),
    ("neg", tnp.negative, lambda x: -x, always(-1.0)),
    (
        "sigmoid",
        tnp.sigmoid,
        lambda x: 1 / (1 + math.exp(-x)),
        lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2,
    ),
    ("relu", tnp.relu, lambda x: max(x, 0.0), lambda x: float(x > 0.0)),
    ("log", tnp.log, math.log, lambda x: 1.0 / x),
    ("exp", tnp.exp, math.exp, math.exp),
    ("inv", tnp.reciprocal, lambda x: 1.0 / x, lambda x: -1.0 / (x * x)),
]


@pytest.mark.parametrize(("f", "value", "slope"), [row[1:] for row in ONE_NUMBER], ids=[row[0] for row in ONE_NUMBER])
@settings(deadline=None, max_examples=30, derandomize=True)
@given(x=st.floats(0.01, 20.0), g=st.floats(-5.0, 5.0))
def test_minitorch_functions_and_their_backs(
    f: Callable[[Scalar], Scalar],
    value: Callable[[float], float],
    slope: Callable[[float], float],
    x: float,
    g: float,
) -> None:
    out, back = tg.vjp(f, x)
    assert out == near(value(x))
    assert back(g)[0] == near(slope(x) * g)


def test_minitorch_questions() -> None:
    def f(x: Scalar, y: Scalar) -> Scalar:
        assert [x < y, x > y, x == y, tnp.is_close(x, x + 1e-9), tnp.is_close(x, y)] == [
            True,
            False,
            False,
            True,
            False,
        ]
        return tnp.maximum(x, y) + 2.0 * tnp.where(x < y, x, y) + (x == y)

    assert tg.grad(f, argnums=(0, 1))(1.0, 2.0) == (2.0, 1.0)


def test_map_zip_with_and_reduce_are_differentiable() -> None:
    add_lists = functional.zip_with(tnp.add)
    negate_list = functional.map(tnp.negative)
    total = functional.reduce(tnp.add)(0.0)
    product = functional.reduce(tnp.multiply)(1.0)

    xs, ys = [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]
    assert tg.grad(lambda xs: total(negate_list(xs)))(xs) == [-1.0, -1.0, -1.0]
    assert tg.grad(product)(xs) == [6.0, 3.0, 2.0]
    slopes = tg.derivatives(lambda xs, ys: product(add_lists(xs, ys)))(xs, ys)
    assert slopes == {"xs": [63.0, 45.0, 35.0], "ys": [63.0, 45.0, 35.0]}
    assert total([]) == 0.0
    assert list(add_lists([], [])) == []
    with pytest.raises(ValueError, match="shorter"):
        list(add_lists(xs, [1.0]))
