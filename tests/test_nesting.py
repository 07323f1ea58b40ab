"""Derivatives of derivatives, in any mix of modes, and no perturbation confusion."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.testing import programs

Function = Callable[[tg.Scalar], tg.Scalar]
points = st.floats(-2.0, 2.0)


def by_reverse(f: Function) -> Function:
    return tg.grad(f)


def by_forward(f: Function) -> Function:
    return lambda x: tg.jvp(f, (x,), (1.0,))[1]


def by_pullback(f: Function) -> Function:
    def slope(x: tg.Scalar) -> tg.Scalar:
        (g,) = tg.vjp(f, x)[1](1.0)
        assert isinstance(g, (float, tg.Var))
        return g

    return slope


MODES = [by_reverse, by_forward, by_pullback]


def test_grad_nested_five_deep() -> None:
    def seventh(x: tg.Scalar) -> tg.Scalar:
        return x**7

    f: Function = seventh
    for _ in range(5):
        f = tg.grad(f)
    assert f(1.5) == 2520.0 * 1.5**2


@pytest.mark.parametrize(
    "modes", list(itertools.product(MODES, repeat=3)), ids=lambda ms: "-".join(m.__name__ for m in ms)
)
def test_third_derivatives_agree_in_every_mix_of_modes(
    modes: tuple[Callable[[Function], Function], ...],
) -> None:
    def f(x: tg.Scalar) -> tg.Scalar:
        return tnp.sin(x) * tnp.exp(-x * x) + tnp.tanh(x) / (1.0 + x * x)

    derivative: Function = f
    for mode in modes:
        derivative = mode(derivative)
    # from 50-digit arithmetic: mpmath.diff(f, 0.7, 3)
    assert derivative(0.7) == pytest.approx(6.489792882984547, rel=1e-12)


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("inner", MODES)
def test_no_perturbation_confusion(
    outer: Callable[[Function], Function], inner: Callable[[Function], Function]
) -> None:
    # The inner derivative of x + y by y is 1, whatever x is traced by; confusing the two gives 2.
    def f(x: tg.Scalar) -> tg.Scalar:
        return x * inner(lambda y: x + y)(1.0)

    assert outer(f)(1.0) == 1.0

    # And where the inner function multiplies by the outer variable: d/dx (x * x) = 2x.
    def g(x: tg.Scalar) -> tg.Scalar:
        return x * inner(lambda y: x * y)(2.0)

    assert outer(g)(3.0) == 6.0


def test_a_curried_derivative_is_not_confused() -> None:
    # "Amazing bug" of Manzyuk et al. (2019): a derivative of a function that returns a function.
    def shifted(u: tg.Scalar) -> Callable[[Function], Function]:
        return lambda f: lambda x: f(x + u)

    def derivative_of_shift(f: Function) -> Function:
        return lambda x: tg.jvp(lambda u: shifted(u)(f)(x), (0.0,), (1.0,))[1]

    twice = derivative_of_shift(derivative_of_shift(tnp.exp))
    assert twice(1.0) == pytest.approx(2.718281828459045, rel=1e-15)


def test_a_pullback_made_outside_can_be_used_inside_a_newer_trace() -> None:
    _, pullback = tg.vjp(lambda x: x * x, 3.0)

    def f(g: tg.Scalar) -> tg.Scalar:
        (slope,) = pullback(g * g)
        assert isinstance(slope, tg.Var)
        return slope

    assert tg.grad(f)(2.0) == 6.0 * 4.0


def test_a_zero_cotangent_keeps_its_derivative() -> None:
    # d/dy (x y) = x is zero at x = 0, yet its derivative by x is 1.
    assert tg.grad(lambda x: tg.grad(lambda y: x * y * y)(3.0))(0.0) == 6.0


def test_the_gradient_of_a_function_is_itself_a_tape() -> None:
    def f(x: tg.Scalar) -> tg.Scalar:
        return tnp.sin(x) * x

    tape = tg.trace(tg.grad(f), 2.0).tape
    again = tg.evaluate(tape, [0.3])[-1]
    assert again == pytest.approx(tg.grad(f)(0.3), rel=1e-15)


@settings(deadline=None, max_examples=40)
@given(programs(most=8), points, points, points, points)
def test_hessians_of_random_programs_are_symmetric_and_agree_with_products(
    f: Callable[..., tg.Scalar], x: float, y: float, z: float, t: float
) -> None:
    def of_list(v: list[tg.Scalar]) -> tg.Scalar:
        return f(*v)

    at: list[tg.Scalar] = [x, y, z]
    hessian = tg.hessian(of_list)(at)
    assert isinstance(hessian, list)
    for i, j in itertools.combinations(range(3), 2):
        assert hessian[i][j] == pytest.approx(hessian[j][i], rel=1e-9, abs=1e-9)
    tangent = [t, 1.0, -0.5]
    product = tg.hvp(of_list, (at,), (tangent,))
    expected = [sum(h * v for h, v in zip(row, tangent, strict=True)) for row in hessian]
    assert product == pytest.approx(expected, rel=1e-9, abs=1e-9)
