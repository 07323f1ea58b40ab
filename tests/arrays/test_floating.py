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


def ours(name: str) -> Callable[..., object]:
    return cast(Callable[..., object], getattr(tnp, name))


def numpys(name: str) -> Callable[..., object]:
    return cast(Callable[..., object], getattr(np, name))


def squared(f: Callable[..., object]) -> Callable[..., object]:
    """With a second derivative of its own."""
    return lambda *xs: f(*xs) * f(*xs)  # type: ignore[operator]


ROWS = (
    *(row(name, squared(ours(name)), x, reference=squared(numpys(name)), float32=name != "i0") for name, x in UNARY.items()),
    *(row(f"{name} of a number", squared(ours(name)), 0.7, reference=squared(numpys(name))) for name in UNARY if name != "unwrap"),
    *(
        row(name, squared(ours(name)), positive(2, 3), positive(3, seed=2), reference=squared(numpys(name)), float32=name != "float_power")
        for name in BINARY
    ),
    *(row(f"{name} of numbers", squared(ours(name)), 1.7, 0.4, reference=squared(numpys(name))) for name in BINARY),
    *(row(f"{name} of an array and a number", squared(ours(name)), positive(4), 0.45, float32=name != "float_power") for name in BINARY),
    row("round to decimals", lambda x: tnp.round(x, 2) * x, X, reference=lambda x: np.round(x, 2) * x),
    row("round to tens", lambda x: tnp.round(x, -1) * x, 40.0 * X, reference=lambda x: np.round(x, -1) * x),
    row("sinc near 0", tnp.sinc, 1e-3 * X, reference=np.sinc),
    row("sinc third derivative", tg.grad(lambda x: tnp.sum(tnp.sinc(x))), 0.2 * X),
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
)  # fmt: skip


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


@pytest.mark.parametrize("name", [*UNARY, "modf"])
def test_numpys_function_of_a_traced_array_is_ours(name: str) -> None:
    def total(f: Callable[..., object]) -> Callable[[Floats], tg.Scalar]:
        return lambda x: tnp.sum(f(x)[0] if name == "modf" else f(x))  # type: ignore[index, call-overload, no-any-return]

    same(tg.grad(total(numpys(name)))(X), tg.grad(total(ours(name)))(X), name)


@pytest.mark.parametrize("name", [*BINARY, "divmod"])
def test_numpys_function_of_two_traced_arrays_is_ours(name: str) -> None:
    def total(f: Callable[..., object]) -> Callable[[Floats], tg.Scalar]:
        return lambda x: tnp.sum(f(x, Y)[1] if name == "divmod" else f(x, Y))  # type: ignore[index, call-overload, no-any-return]

    same(tg.grad(total(numpys(name)))(X), tg.grad(total(ours(name)))(X), name)


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
    assert tg.grad(tnp.copysign, argnums=(0, 1))(0.0, -1.0) == (0.0, 0.0)
    assert tg.grad(tnp.copysign)(2.0, -0.0) == -1.0
    assert tg.grad(tnp.fmax, argnums=(0, 1))(1.0, 1.0) == (0.5, 0.5)
    assert tg.grad(tnp.fmax, argnums=(0, 1))(1.0, math.nan) == (1.0, 0.0)
    assert tg.grad(tnp.fmin, argnums=(0, 1))(math.nan, 1.0) == (0.0, 1.0)
    assert tg.grad(tnp.heaviside, argnums=(0, 1))(0.0, 0.3) == (0.0, 1.0)
    assert tg.grad(tnp.heaviside, argnums=(0, 1))(1.0, 0.3) == (0.0, 0.0)
    assert tg.grad(tnp.rint)(0.5) == tg.grad(tnp.trunc)(1.0) == 0.0


def test_a_tie_of_arrays_is_shared() -> None:
    x = np.array([1.0, math.nan, 2.0, math.inf])
    y = np.array([1.0, 1.0, math.nan, math.inf])
    by_x, by_y = tg.grad(lambda x, y: tnp.sum(tnp.fmax(x, y)), argnums=(0, 1))(x, y)
    np.testing.assert_array_equal(by_x, [0.5, 0.0, 1.0, 0.5])
    np.testing.assert_array_equal(by_y, [0.5, 1.0, 0.0, 0.5])


@pytest.mark.parametrize("x", [0.0, 1e-9, 0.3, 1.0])
def test_sinc_has_every_derivative_at_zero(x: float) -> None:
    f: Callable[[float], tg.Scalar] = tnp.sinc
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
    assert tg.grad(tnp.fmod, argnums=1)(1.0, 0.1) == -9.0


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
    same(tg.vmap(tnp.unwrap)(x), np.unwrap(x), "vmap")
