"""Further functions of each element: rounding, remainders, signs, degrees."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, kinds, positive, row, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import OperandError

Floats = npt.NDArray[np.float64]
X = 3.0 * array(2, 3)  # none of its elements is whole or half
Y = array(2, 3, seed=1)

# Functions of one argument: NumPy's name, and where it is smooth.
UNARY: dict[str, Floats] = {
    "around": X, "deg2rad": X, "degrees": X, "fabs": X, "fix": X, "i0": X, "positive": X, "rad2deg": X,
    "radians": X, "rint": X, "round": X, "sinc": X, "trunc": X, "nan_to_num": X, "unwrap": 3.0 * X,
}  # fmt: skip
BINARY = ("copysign", "float_power", "fmax", "fmin", "fmod", "heaviside", "logaddexp2", "true_divide")


Function = Callable[..., tg.Scalar]  # the least that all of them are


def ours(name: str) -> Function:
    return cast(Function, getattr(tnp, name))


def numpys(name: str) -> Function:
    return cast(Function, getattr(np, name))


def squared(f: Function) -> Function:
    """With a second derivative of its own."""
    return lambda *xs: f(*xs) * f(*xs)


def called(name: str, *arguments: object, of: str = "arrays") -> Row:
    """A call of a function of that name, squared; some give float64 whatever they are given."""
    narrow = name not in {"i0", "float_power"}
    return row(f"{name} of {of}", squared(ours(name)), *arguments, reference=squared(numpys(name)), float32=narrow)


ROWS = (
    *(called(name, x) for name, x in UNARY.items()),
    *(called(name, 0.7, of="a number") for name in UNARY if name != "unwrap"),
    *(called(name, positive(2, 3), positive(3, seed=2)) for name in BINARY),
    *(called(name, 1.7, 0.4, of="numbers") for name in BINARY),
    *(called(name, positive(4), 0.45, of="an array and a number") for name in BINARY),
    row("round to decimals", lambda x: tnp.round(x, 2) * x, X, reference=lambda x: np.round(x, 2) * x),
    row("round to tens", lambda x: tnp.round(x, -1) * x, 40.0 * X, reference=lambda x: np.round(x, -1) * x),
    row("sinc near 0", tnp.sinc, 1e-3 * X, reference=np.sinc),
    row("slope of sinc", lambda x: tg.jvp(tnp.sinc, (x,), (1.0 + x,))[1], 0.2 * X),
    row("modf", lambda x: tnp.modf(x * x), X, reference=lambda x: np.modf(x * x)),
    row("divmod", lambda x, y: tnp.divmod(x * x, y), X, positive(3), reference=lambda x, y: np.divmod(x * x, y)),
    row("ldexp", lambda x: tnp.ldexp(x * x, [1, -2, 3]), X, reference=lambda x: np.ldexp(x * x, [1, -2, 3])),
    row("ldexp of a number", lambda x: tnp.ldexp(x * x, 3), 0.7, reference=lambda x: np.ldexp(x * x, 3)),
    row("unwrap axis", lambda x: tnp.unwrap(x, axis=0) ** 2, 9.0 * X, reference=lambda x: np.unwrap(x, axis=0) ** 2),
    row(
        "unwrap period",
        lambda x: tnp.unwrap(x, discont=1.1, period=1.5) ** 2,
        X,
        reference=lambda x: np.unwrap(x, discont=1.1, period=1.5) ** 2,
    ),
)


# NumPy 2.5 has trunc only.
pytestmark = pytest.mark.filterwarnings("ignore:numpy.fix is deprecated")


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


@pytest.mark.parametrize("name", UNARY)
def test_numpys_function_of_a_traced_array_is_ours(name: str) -> None:
    same(tg.jvp(numpys(name), (X,), (Y,)), tg.jvp(ours(name), (X,), (Y,)), name)


@pytest.mark.parametrize("name", BINARY)
def test_numpys_function_of_two_traced_arrays_is_ours(name: str) -> None:
    same(tg.jvp(numpys(name), (X, Y), (Y, X)), tg.jvp(ours(name), (X, Y), (Y, X)), name)


def test_numpys_functions_of_several_results_are_ours() -> None:
    same(tg.jvp(np.modf, (X,), (Y,)), tg.jvp(tnp.modf, (X,), (Y,)), "modf")
    same(tg.jvp(np.divmod, (X, Y), (Y, X)), tg.jvp(tnp.divmod, (X, Y), (Y, X)), "divmod")


@pytest.mark.parametrize("name", [*(name for name in UNARY if name != "unwrap"), *BINARY])
def test_a_float_gives_a_float_and_a_list_an_array(name: str) -> None:
    operands = (0.7,) if name in UNARY else (0.7, 0.2)
    assert type(ours(name)(*operands)) is float
    lists = ([0.7, 1.2],) if name in UNARY else ([0.7, 1.2], [0.2, 0.6])
    expected = numpys(name)(*lists)
    same(ours(name)(*lists), expected, name)
    kinds(ours(name)(*lists), expected)


SPECIAL = np.array([0.0, -0.0, 1.5, -1.5, 2.5, math.inf, -math.inf, math.nan, 1e308, 5e-324])


@pytest.mark.parametrize("name", ["copysign", "fmax", "fmin", "fmod", "heaviside", "logaddexp2"])
def test_values_at_the_edges_are_numpys(name: str) -> None:
    x, y = np.meshgrid(SPECIAL, SPECIAL)
    with np.errstate(all="ignore"):
        expected = numpys(name)(x, y)
    np.testing.assert_allclose(cast(Floats, ours(name)(x, y)), cast(Floats, expected), rtol=1e-15)
    each = [cast(float, ours(name)(float(a), float(b))) for a, b in zip(x.ravel(), y.ravel(), strict=True)]
    np.testing.assert_allclose(np.reshape(each, x.shape), cast(Floats, expected), rtol=1e-15)


@pytest.mark.parametrize("name", ["fix", "nan_to_num", "positive", "rint", "round", "trunc", "fabs"])
def test_values_of_one_at_the_edges_are_numpys(name: str) -> None:
    np.testing.assert_array_equal(ours(name)(SPECIAL), numpys(name)(SPECIAL))
    each = [cast(float, ours(name)(float(x))) for x in SPECIAL]
    np.testing.assert_array_equal(each, cast(Floats, numpys(name)(SPECIAL)))


def test_modf_of_infinities_and_signed_zeros() -> None:
    with np.errstate(all="ignore"):
        expected = np.modf(SPECIAL)
    for found, known in zip(tnp.modf(SPECIAL), expected, strict=True):
        np.testing.assert_array_equal(found, known)
        np.testing.assert_array_equal(np.signbit(found), np.signbit(known))


# ---- kinks --------------------------------------------------------------------------------------


def test_kinks() -> None:
    assert tg.grad(ours("copysign"), argnums=(0, 1))(0.0, -1.0) == (0.0, 0.0)
    assert tg.grad(ours("copysign"))(2.0, -0.0) == -1.0
    assert tg.grad(ours("fmax"), argnums=(0, 1))(1.0, 1.0) == (0.5, 0.5)
    assert tg.grad(ours("fmax"), argnums=(0, 1))(1.0, math.nan) == (1.0, 0.0)
    assert tg.grad(ours("fmin"), argnums=(0, 1))(math.nan, 1.0) == (0.0, 1.0)
    assert tg.grad(ours("heaviside"), argnums=(0, 1))(0.0, 0.3) == (0.0, 1.0)
    assert tg.grad(ours("heaviside"), argnums=(0, 1))(1.0, 0.3) == (0.0, 0.0)
    assert tg.grad(tnp.rint)(0.5) == tg.grad(tnp.trunc)(1.0) == 0.0


def test_a_tie_of_arrays_is_shared() -> None:
    x = np.array([1.0, math.nan, 2.0, math.inf])
    y = np.array([1.0, 1.0, math.nan, math.inf])
    by_x, by_y = tg.vjp(ours("fmax"), x, y)[1](np.ones(4))
    np.testing.assert_array_equal(by_x, [0.5, 0.0, 1.0, 0.5])
    np.testing.assert_array_equal(by_y, [0.5, 1.0, 0.0, 0.5])


@pytest.mark.parametrize("x", [0.0, 1e-9, 0.3, 1.0])
def test_sinc_has_every_derivative_at_zero(x: float) -> None:
    f = ours("sinc")
    found = []
    for _ in range(5):
        found.append(f(x))
        f = tg.grad(f)
    nodes, weights = np.polynomial.legendre.leggauss(40)  # the integral of t**n cos(pi x t + n pi / 2) over 0..1
    t = 0.5 * (nodes + 1.0)
    expected = [
        math.pi**n * 0.5 * float(weights @ (t**n * np.cos(math.pi * x * t + n * math.pi / 2.0))) for n in range(5)
    ]
    np.testing.assert_allclose(np.array(found, float), expected, rtol=1e-12, atol=1e-12)


def test_fmod_finds_its_whole_number_again() -> None:
    """1.0 / 0.1 rounds to 10, but 0.1 fits nine times into 1.0."""
    assert tg.grad(ours("fmod"), argnums=1)(1.0, 0.1) == -9.0


def test_what_is_replaced_has_no_derivative() -> None:
    x = np.array([1.0, math.nan, math.inf, -math.inf])
    value, slope = tg.value_and_grad(lambda x: tnp.sum(tnp.nan_to_num(x, nan=7.0, posinf=8.0, neginf=9.0) * 2.0))(x)
    assert value == 50.0
    np.testing.assert_array_equal(slope, [2.0, 0.0, 0.0, 0.0])
    assert tg.grad(lambda x: tnp.nan_to_num(x) * x)(math.nan) == 0.0


def test_ldexp_reaches_as_far_as_the_numbers() -> None:
    assert tnp.ldexp(5e-324, 2000) == np.ldexp(5e-324, 2000)
    assert tnp.ldexp(1.5, -1070) == np.ldexp(1.5, -1070)


def test_a_traced_exponent_is_refused() -> None:
    with pytest.raises(OperandError, match=r"exp2"):
        tg.grad(lambda x: tnp.ldexp(1.0, x))(2.0)


def test_float_power_is_of_float64() -> None:
    x = np.array([0.5, 2.0], np.float32)
    assert tnp.float_power(x, 2.0).dtype == np.float64
    assert tg.grad(lambda x: tnp.sum(tnp.float_power(x, 2.0)))(x).dtype == np.float32


def test_turns_are_counted_again_in_every_lane() -> None:
    x = np.array([[0.0, 4.0, 8.0], [0.0, 1.0, 2.0], [0.0, -4.0, 1.0]])
    same(tg.vmap(ours("unwrap"))(x), np.unwrap(x), "vmap")
