"""Real functions of real arguments through complex numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, positive, row, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import ArgumentTypeError, BranchError, OperandError, OutputTypeError

Function = Callable[..., tg.Var]

X, Y = array(2, 3), array(2, 3, seed=1)
Z = X + 1j * Y

HOLOMORPHIC = (
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cos", "cosh", "exp", "exp2", "expm1", "log",
    "log10", "log1p", "log2", "negative", "reciprocal", "sin", "sinh", "sqrt", "square", "tan", "tanh",
)  # fmt: skip


def named(name: str, module: object = tnp) -> Function:
    return cast(Function, getattr(module, name))


def parts(z: tg.Var) -> tuple[tg.Var, tg.Var]:
    return tnp.real(z), tnp.imag(z)


def by_parts(f: Function) -> Function:
    return lambda x, y: parts(f(x + 1j * y))  # type: ignore[return-value]  # a pair is a tree of numbers


def reference(f: Function) -> Function:
    return lambda x, y: (np.real(f(x + 1j * y)), np.imag(f(x + 1j * y)))  # type: ignore[return-value]


ROWS = (
    *(
        row(name, by_parts(named(name)), 0.8 * X, 0.8 * Y, reference=reference(named(name, np)))
        for name in HOLOMORPHIC
    ),
    *(row(f"{name} of a number", by_parts(named(name)), 0.4, -0.7) for name in HOLOMORPHIC),
    row("abs", lambda x, y: abs(x + 1j * y) ** 2 * x, X, Y, reference=lambda x, y: abs(x + 1j * y) ** 2 * x),
    row("abs of a number", lambda x, y: tnp.abs(x - 1j * y), 0.3, 0.4, reference=lambda x, y: abs(x - 1j * y)),
    row("a part of it", lambda x: tnp.real((x + 2j) * (x + 1j)[0]), 0.8 * X[0]),
    row("angle", lambda x, y: tnp.angle(x + 1j * y), X, Y, reference=lambda x, y: np.angle(x + 1j * y)),
    row("angle in degrees", lambda x: tnp.angle(x * Z, True), X, reference=lambda x: np.angle(x * Z, True)),
    row("angle of a real", lambda x: tnp.angle(x) * x, X, reference=lambda x: np.angle(x) * x),
    row("conj", lambda x, y: parts(tnp.conj(x + 1j * y) * (x * Z)), X, Y),
    row("length by conj", lambda x, y: tnp.real(tnp.conj(x + 1j * y) * (x + 1j * y)), X, Y),
    row("conj of a real", lambda x: tnp.conj(x) * x, X, reference=lambda x: np.conj(x) * x),
    row("methods", lambda x, y: ((x + 1j * y) ** 2).real + ((x + 1j * y).conj() ** 2).imag, X, Y),
    row("times a plain complex array", lambda x: parts(Z * x * x), X),
    row("divided by one", lambda x: parts(x * x / Z), X),
    row("division", lambda x, y: parts((x + 2.0) / (y - 1j * x)), X, Y),
    row("broadcast", lambda x, y: parts((x + 1j * y) ** 2), X, array(3)),
    row("a number and an array", lambda x, y: parts(tnp.exp(1j * x * y)), 0.7, X),
    row("matmul", lambda x, y: parts((x + 1j * y) @ (y - 2j * x).T), X, Y),
    row("sum and index", lambda x: parts(tnp.sum(tnp.exp(1j * x) * Z, axis=0)[1:]), X),
    row("reshape and mean", lambda x: parts(tnp.mean(tnp.reshape(x * Z, (3, 2)) ** 2, axis=1)), X),
    row("complex powers", lambda x, y: parts((x + 1j * y) ** (y - 1j * x)), positive(3), array(3)),
    row("integral power", lambda x, y: parts((x + 1j * y) ** 3), X, Y),
    row("power of a plain base", lambda x: parts((1.0 + 2.0j) ** x), X),
    row("astype", lambda x: parts(x.astype(complex) ** 2 * Z), X, float32=False),
)  # fmt: skip


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


PLAIN: list[object] = [Z, X, 2.0, 1.0 + 2.0j, [1.0, 2.0]]


@pytest.mark.parametrize("z", PLAIN, ids=lambda z: type(z).__name__)
@pytest.mark.parametrize("name", ["real", "imag", "conj", "conjugate", "angle", "isreal", "iscomplex", "iscomplexobj"])
def test_plain_values_are_numpys(name: str, z: object) -> None:
    same(named(name)(z), named(name, np)(z), name)


@pytest.mark.parametrize("name", ["real", "imag", "conj", "conjugate", "angle", "abs"])
def test_numpys_functions_are_ours(name: str) -> None:
    def slope(f: Function) -> object:
        return tg.vjp(lambda x: tnp.real(f(x * Z)), X)[1](cast(tg.Var, Y))

    same(slope(named(name, np)), slope(named(name)), name)


def test_questions() -> None:
    z = np.array([1.0 + 0.0j, 1.0 + 1.0j])

    def program(x: tg.Var) -> tg.Var:
        np.testing.assert_array_equal(named("isreal", np)(x * z), [True, False])
        np.testing.assert_array_equal(tnp.iscomplex(x * z), [False, True])
        np.testing.assert_array_equal(np.isnan(x * z), [False, False])
        np.testing.assert_array_equal(x * z == z, [True, True])
        assert np.iscomplexobj(x * z)
        assert np.isrealobj(x)
        assert not tnp.isrealobj(x * z)
        assert np.all(tnp.isreal(x))
        return x

    tg.trace(program, np.ones(2))


def test_real_if_close() -> None:
    def program(x: tg.Array, y: tg.Array) -> tg.Var:
        return tnp.real(cast(tg.Var, tnp.real_if_close(cast(tg.Var, x) + 1j * y)) * 2.0)

    def seen(x: tg.Var, y: tg.Var) -> tg.Var:
        assert np.isrealobj(named("real_if_close", np)(x + 1j * y))
        return x

    two = cast(tg.Var, Y)
    same(tg.vjp(program, X, 1e-16 * Y)[1](two), (2.0 * Y, 0.0 * Y), "the imaginary part is left out")
    same(tg.vjp(program, X, Y)[1](two), (2.0 * Y, 0.0 * Y), "it is taken away later")
    tape = tg.trace(seen, X, 1e-16 * Y).tape
    with pytest.raises(BranchError):
        tg.evaluate(tape, [X, Y])
    assert tnp.real_if_close(X) is X
    assert np.isrealobj(tnp.real_if_close(cast(tg.Var, X + 1e-16j)))
    assert np.iscomplexobj(tnp.real_if_close(cast(tg.Var, Z)))


# ---- kinds of number ----------------------------------------------------------------------------


def test_complex_numbers_are_as_narrow_as_their_parts() -> None:
    x = X.astype(np.float32)
    kinds: list[object] = []

    def program(x: npt.NDArray[np.float32]) -> tg.Var:
        kinds.extend([(1j * x).dtype, tnp.exp(x * 2j + x).dtype, abs(1j * x).dtype])
        return tnp.sum(cast(tg.Var, abs(1j * x)))

    value, slope = tg.value_and_grad(program)(x)
    assert kinds == [np.complex64, np.complex64, np.float32]
    assert slope.dtype == np.float32
    assert cast(npt.NDArray[np.float32], value).dtype == np.float32


def test_numbers_stay_numbers() -> None:
    def f(x: tg.Scalar) -> tg.Scalar:
        return abs(tnp.exp(cast(tg.Var, 1j * x)) + x)

    value, slope = tg.value_and_grad(f)(0.5)
    assert type(value) is type(slope) is float
    assert type(tg.grad(tg.grad(f))(0.5)) is float
    assert type(tg.jvp(f, (0.5,), (1.0,))[1]) is float


# ---- edges --------------------------------------------------------------------------------------


def test_kinks() -> None:
    def length(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
        return tnp.abs(cast(tg.Var, x + 1j * y))

    def direction(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
        return tnp.angle(cast(tg.Var, x + 1j * y))

    assert tg.grad(length, argnums=(0, 1))(0.0, 0.0) == (0.0, 0.0)
    assert tg.grad(length, argnums=(0, 1))(3e200, 4e200) == pytest.approx((0.6, 0.8))
    assert tg.grad(length, argnums=(0, 1))(3e-200, 4e-200) == pytest.approx((0.6, 0.8))
    assert tg.grad(direction, argnums=(0, 1))(0.0, 0.0) == (0.0, 0.0)
    assert tg.grad(direction)(-1.0, 0.0) == 0.0


def test_a_zero_cotangent_contributes_zero() -> None:
    x = np.array([0.0, 4.0])
    pullback = tg.vjp(lambda x: tnp.real(tnp.sqrt(x + 0j)), x)[1]
    np.testing.assert_array_equal(pullback(np.array([0.0, 1.0]))[0], [0.0, 0.25])


# ---- what is refused ----------------------------------------------------------------------------

REFUSED = ("cbrt", "ceil", "erf", "floor", "relu", "sigmoid", "sign", "signbit", "softplus", "trunc")


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_complex_derivative_refuses(name: str) -> None:
    with pytest.raises(OperandError, match=f"{name} has no complex derivative.*real"):
        tg.grad(lambda x: tnp.sum(tnp.real(named(name)(x * Z))))(X)
    with pytest.raises(OperandError, match="has no complex derivative"):
        named(name)(1.0 + 2.0j)


@pytest.mark.parametrize("name", ["arctan2", "hypot", "less", "maximum", "logaddexp", "remainder"])
def test_so_do_operations_of_two(name: str) -> None:
    with pytest.raises(OperandError, match="has no complex derivative"):
        tg.grad(lambda x: tnp.sum(named(name)(x, x * Z)))(X)


def total(f: Function) -> Callable[[npt.NDArray[np.float64]], tg.Scalar]:
    return lambda x: tnp.sum(f(x))


COMPLEX: dict[str, Callable[[Function, npt.NDArray[np.float64]], object]] = {
    "grad": lambda f, x: tg.grad(total(f))(x),
    "value_and_grad": lambda f, x: tg.value_and_grad(total(f))(x),
    "derivatives": lambda f, x: tg.derivatives(total(f))(x),
    "vjp": lambda f, x: tg.vjp(f, x),
    "jvp": lambda f, x: tg.jvp(f, (x,), (x,)),
    "jacfwd": lambda f, x: tg.jacfwd(f)(x),
    "jacrev": lambda f, x: tg.jacrev(f)(x),
    "hessian": lambda f, x: tg.hessian(total(f))(x),
    "hvp": lambda f, x: tg.hvp(total(f), (x,), (x,)),
}


@pytest.mark.parametrize("transform", COMPLEX.values(), ids=COMPLEX.keys())
def test_transforms_refuse_complex_results_and_arguments(
    transform: Callable[[Function, npt.NDArray[np.float64]], object],
) -> None:
    with pytest.raises(OutputTypeError, match=r"derivatives are of real numbers.*tnp\.abs\(z\)"):
        transform(lambda x: x * Z, X)
    with pytest.raises(ArgumentTypeError, match=r"arguments are real.*x \+ 1j \* y"):
        transform(abs, cast("npt.NDArray[np.float64]", Z))


def test_a_complex_cotangent_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="arguments are real"):
        tg.vjp(lambda x: x * x, X)[1](Z)


def test_what_has_no_derivative_may_be_complex() -> None:
    same(tg.vmap(lambda z: z * z)(Z), Z * Z, "vmap of complex arrays")
    value, aux = tg.value_and_grad(lambda x: (tnp.sum(x), x * Z), has_aux=True)(X)[0]
    same(aux, X * Z, "aux")
    assert math.isclose(cast(float, value), float(X.sum()))
