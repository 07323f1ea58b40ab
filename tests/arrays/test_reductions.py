"""Functions that make one of the elements along axes: values, derivatives, ties, zeros, infinities, nan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, positive, row
from mpmath import mp

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.arrays import FrozenArray
from tapegrad.errors import OperandError
from tapegrad.ops.shape import real, select

Floats = npt.NDArray[np.float64]
Function = Callable[..., Floats]

inf, nan = np.inf, np.nan


def ours(name: str) -> Function:
    return cast(Function, getattr(tnp, name))


def numpys(name: str) -> Function:
    return cast(Function, getattr(np, name))


def composed(function: Function, **keywords: object) -> Function:
    """A function whose second derivative is not zero."""
    return lambda x: function(x * x * x, **keywords)


SAME_AS_NUMPY = ("sum", "mean", "prod", "max", "min", "ptp", "nansum", "nanprod", "nanmax", "nanmin", "nanmean")
AXES: tuple[tuple[int | tuple[int, ...] | None, bool], ...] = (
    (None, False), (None, True), (0, False), (-1, True), ((0, 2), False), ((-1, 1), True), ((), False),
)  # fmt: skip

ROWS = (
    *(
        row(
            f"{name} {axis} {keepdims}",
            composed(ours(name), axis=axis, keepdims=keepdims),
            array(2, 3, 2),
            reference=composed(numpys(name), axis=axis, keepdims=keepdims),
        )
        for name in SAME_AS_NUMPY
        for axis, keepdims in AXES
    ),
    *(row(f"{name} of a number", ours(name), 1.3, reference=numpys(name)) for name in SAME_AS_NUMPY),
    *(row(f"{name} of one", ours(name), array(1), reference=numpys(name)) for name in SAME_AS_NUMPY),
    *(
        row(f"logsumexp {axis} {keepdims}", composed(tnp.logsumexp, axis=axis, keepdims=keepdims), array(2, 3, 2))
        for axis, keepdims in AXES
    ),
    *(
        row(f"{function} {axis}", composed(ours(function), axis=axis), array(2, 3, 2))
        for function in ("softmax", "log_softmax")
        for axis in (None, 0, -1, (0, 2))
    ),
    row("softmax of many", lambda x: tnp.softmax(3.0 * x), array(17)),
    *(
        row(f"{name} of none", composed(ours(name), axis=0), np.zeros((0, 3)), reference=composed(numpys(name), axis=0))
        for name in ("sum", "prod", "nansum", "nanprod")
    ),
    row("prod of many", tnp.prod, array(11), reference=np.prod),
    row("prod of a zero", tnp.prod, np.array([1.5, 0.0, -2.0, 0.7]), reference=np.prod),
    row("prod of two zeros", tnp.prod, np.array([0.0, 1.5, 0.0, -2.0]), reference=np.prod),
    row("prod of three zeros", tnp.prod, np.array([0.0, 0.0, 0.0]), order=3, reference=np.prod),
    row("max of mixed scales", lambda x, y: tnp.max(x * y[:, None], axis=1), array(2, 3), array(2, seed=1)),
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


def slopes(function: Callable[..., object], x: Floats) -> Floats:
    """The derivatives of the sum of all that the function returns."""
    out, pullback = tg.vjp(function, x)
    return cast(Floats, pullback(np.ones_like(cast(Floats, out)))[0])


@pytest.mark.parametrize("name", SAME_AS_NUMPY)
def test_numpy_and_methods_answer_alike(name: str) -> None:
    x = array(2, 3)
    expected = slopes(lambda x: ours(name)(x, axis=1), x)
    np.testing.assert_array_equal(slopes(lambda x: numpys(name)(x, axis=1), x), expected)
    if name in {"sum", "mean", "prod", "max", "min"}:
        np.testing.assert_array_equal(slopes(lambda x: getattr(x, name)(axis=1), x), expected)


def test_ufuncs_reduce() -> None:
    x = array(2, 3)
    for ufunc, name in ((np.add, "sum"), (np.multiply, "prod"), (np.maximum, "max"), (np.minimum, "min")):
        expected = slopes(lambda x, name=name: ours(name)(x, axis=0), x)
        np.testing.assert_array_equal(slopes(lambda x, f=ufunc: f.reduce(x), x), expected)


@pytest.mark.parametrize("name", SAME_AS_NUMPY)
def test_plain_values_keep_their_dtype(name: str) -> None:
    x = array(2, 3).astype(np.float32)
    assert np.asarray(ours(name)(x, axis=0)).dtype == np.float32
    assert np.asarray(ours(name)(x)).dtype == np.float32
    assert np.asarray(ours(name)(x, keepdims=True)).dtype == np.float32
    np.testing.assert_allclose(ours(name)([[1.0, 2.0], [3.0, 5.0]]), numpys(name)([[1.0, 2.0], [3.0, 5.0]]))


def test_traced_float32_stays_float32() -> None:
    x = array(2, 3).astype(np.float32)
    for name in (*SAME_AS_NUMPY, "logsumexp", "softmax", "log_softmax"):
        traced = tg.trace(ours(name), x).output
        assert np.asarray(traced).dtype == np.float32, name


# ---- kinks and edges ----------------------------------------------------------------------------


def gradient(function: Callable[..., object], x: Sequence[object] | Floats) -> Floats:
    return slopes(function, np.asarray(x, np.float64))


def test_ties_share_equally() -> None:
    np.testing.assert_array_equal(gradient(tnp.max, [1.0, 3.0, 3.0, 3.0]), [0.0, 1 / 3, 1 / 3, 1 / 3])
    np.testing.assert_array_equal(gradient(tnp.min, [[1.0, 3.0], [1.0, 2.0]]), [[0.5, 0.0], [0.5, 0.0]])
    shares = gradient(lambda x: tnp.max(x, axis=(0, 2)), np.ones((2, 3, 2)))
    np.testing.assert_array_equal(shares, np.full((2, 3, 2), 0.25))
    _, moved = tg.jvp(tnp.max, (np.array([2.0, 2.0]),), (np.array([1.0, 4.0]),))
    assert moved == 2.5
    np.testing.assert_array_equal(gradient(tnp.max, [inf, 1.0, inf]), [0.5, 0.0, 0.5])


def test_extremes_with_nan() -> None:
    x = np.array([[1.0, nan, 3.0], [2.0, 5.0, 5.0], [nan, nan, nan]])
    for name in ("max", "min", "nanmax", "nanmin"):
        with np.errstate(all="ignore"), pytest.warns(RuntimeWarning) if "nan" in name else np.errstate():
            expected = numpys(name)(x, axis=1)
        np.testing.assert_array_equal(tg.trace(lambda x, f=name: ours(f)(x, axis=1), x).output, expected)
    third = [1 / 3, 1 / 3, 1 / 3]
    np.testing.assert_array_equal(gradient(lambda x: tnp.max(x, axis=1), x), [[0.0, 1.0, 0.0], [0.0, 0.5, 0.5], third])
    np.testing.assert_array_equal(
        gradient(lambda x: tnp.nanmin(x, axis=1), x), [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], third]
    )


@pytest.mark.parametrize("name", ["nansum", "nanprod", "nanmean"])
def test_nan_is_left_out(name: str) -> None:
    x = np.array([[1.5, nan, -3.0], [2.0, 5.0, 0.5]])
    value, pullback = tg.vjp(lambda x: ours(name)(x * x, axis=1), x)
    np.testing.assert_allclose(value, numpys(name)(x * x, axis=1))
    (slope,) = pullback(np.ones(2))
    assert slope[0, 1] == 0.0
    full = slopes(lambda y: ours(name)(y * y), np.array([1.5, -3.0]))
    np.testing.assert_allclose(slope[0, [0, 2]], full)


def test_the_mean_of_nothing_is_nan_and_does_not_warn() -> None:
    assert np.isnan(tnp.mean(np.zeros(0)))
    assert np.isnan(cast(float, tg.trace(tnp.mean, np.zeros(0)).output))
    assert np.isnan(cast(float, tg.trace(tnp.nanmean, np.array([nan])).output))


def test_extremes_of_nothing_are_refused() -> None:
    for name in ("max", "min", "nanmax", "nanmin", "ptp"):
        with pytest.raises(ValueError, match=r"no elements.*\(0, 3\)"):
            ours(name)(np.zeros((0, 3)), axis=0)
        assert np.shape(ours(name)(np.zeros((0, 3)), axis=1)) == (0,)


def test_wrong_axes_and_options_are_refused() -> None:
    with pytest.raises(np.exceptions.AxisError):
        tnp.sum(array(2, 3), axis=2)
    with pytest.raises(ValueError, match="twice"):
        tnp.max(array(2, 3), axis=(0, -2))
    with pytest.raises(OperandError, match=r"where= is not among.*axis, keepdims"):
        tg.grad(lambda x: np.sum(x, where=np.array([True, False])))(array(2))
    with pytest.raises(OperandError, match="initial="):
        tg.grad(lambda x: np.max(x, initial=0.0))(array(2))


def test_complex_numbers() -> None:
    z = array(2, 3) + 1j * array(2, 3, seed=1)
    for name in ("sum", "mean", "prod"):
        np.testing.assert_allclose(ours(name)(z, axis=1), numpys(name)(z, axis=1), rtol=1e-13)
    by_hand = np.real((1.0 + 2.0j) * np.prod(z) / z)
    found = slopes(lambda x: real(tnp.prod((1.0 + 2.0j) * x + (z - (1.0 + 2.0j) * z.real))), z.real)
    np.testing.assert_allclose(found, by_hand, rtol=1e-12)
    for name in ("logsumexp", "softmax", "log_softmax"):
        with pytest.raises(OperandError, match="of real numbers"):
            ours(name)(z)


def test_nothing_flows_where_the_cotangent_is_zero() -> None:
    """Law 6: a weight that is infinite or nan takes no part."""

    def unused(x: tg.Array, function: Callable[..., object]) -> object:
        return select(np.array([False, False, False]), function(x), x)

    for function in (lambda x: tnp.prod(x, keepdims=True), lambda x: tnp.logsumexp(x, keepdims=True), tnp.softmax):
        for x in (np.array([inf, 0.0, 1.0]), np.array([nan, 2.0, inf])):
            np.testing.assert_array_equal(gradient(lambda x, f=function: unused(x, f), x), np.ones(3))


# ---- exponentials -------------------------------------------------------------------------------


def test_logsumexp_in_the_tails() -> None:
    assert tnp.logsumexp(np.array([1000.0, 1000.0])) == 1000.0 + np.log(2.0)
    assert tnp.logsumexp(np.array([-1000.0, -1001.0])) == pytest.approx(-1000.0 + np.log1p(np.exp(-1.0)), rel=1e-15)
    mp.dps = 50
    for x in ([0.0, -40.0], [0.0, -40.0, -41.0], [0.0, 0.0, -50.0], [-3.0, 0.25, 1.5]):
        exact = mp.log(mp.fsum([mp.exp(item) for item in x]))
        assert tnp.logsumexp(np.array(x)) == pytest.approx(float(exact), rel=1e-15)
        for item, share in zip(x, gradient(tnp.logsumexp, x), strict=True):
            assert share == pytest.approx(float(mp.exp(mp.mpf(item) - exact)), rel=1e-14)
    assert tnp.log_softmax(np.array([40.0, 0.0]))[0] == pytest.approx(-np.exp(-40.0), rel=1e-14)


@pytest.mark.parametrize(
    ("x", "value", "shares"),
    [
        ([-inf, 0.5, -inf], 0.5, [0.0, 1.0, 0.0]),
        ([-inf, -inf], -inf, [0.5, 0.5]),
        ([inf, 0.0, inf], inf, [0.5, 0.0, 0.5]),
        ([inf, -inf], inf, [1.0, 0.0]),
        ([nan, 1.0], nan, [nan, nan]),
    ],
)
def test_logsumexp_of_infinities(x: list[float], value: float, shares: list[float]) -> None:
    np.testing.assert_equal(tnp.logsumexp(np.array(x)), value)
    np.testing.assert_array_equal(gradient(tnp.logsumexp, x), shares)
    np.testing.assert_array_equal(tnp.softmax(np.array(x)), shares)
    rows = np.array([x, [1.0] * len(x)])
    np.testing.assert_array_equal(tnp.softmax(rows)[1], np.full(len(x), 1.0 / len(x)))


def test_logsumexp_of_nothing_is_minus_infinity() -> None:
    assert tnp.logsumexp(np.zeros(0)) == -inf
    np.testing.assert_array_equal(tnp.logsumexp(np.zeros((2, 0)), axis=1), [-inf, -inf])


def test_a_masked_softmax_has_derivatives_of_second_order() -> None:
    x = np.array([0.3, -inf, 1.1])
    t = np.array([0.7, 0.0, -0.4])

    def first(y: tg.Array) -> tg.Scalar:
        return cast(tg.Scalar, tnp.softmax(y)[0])

    def curvature(x: Floats, t: Floats) -> Floats:
        return cast(Floats, tg.jvp(tg.grad(first), (x,), (t,))[1])

    whole = curvature(x, t)
    np.testing.assert_allclose(whole[[0, 2]], curvature(x[[0, 2]], t[[0, 2]]), rtol=1e-12)
    assert whole[1] == 0.0


# ---- questions ----------------------------------------------------------------------------------


def test_questions_answer_as_numpy() -> None:
    x = np.array([[0.0, 2.0], [1.0, -1.0], [0.0, 0.0]])
    for name in ("all", "any", "count_nonzero"):
        for axis in (None, 0, (0, 1), -1):
            expected = numpys(name)(x, axis=axis)
            np.testing.assert_array_equal(ours(name)(x, axis=axis), expected)

            def asked(x: tg.Array, name: str = name, axis: object = axis, expected: object = expected) -> tg.Scalar:
                np.testing.assert_array_equal(np.asarray(numpys(name)(x, axis=axis)), expected)
                return tnp.sum(x)

            tg.grad(asked)(x)
    assert tnp.count_nonzero(x) == 3


def test_a_question_is_a_guard_that_sees_the_answer_only() -> None:
    def branching(x: tg.Array) -> tg.Scalar:
        return tnp.sum(x) if (x > 0.0).any() else tnp.sum(x * x)

    x = np.array([[1.0, -1.0], [-1.0, 2.0], [-1.0, -2.0]])
    np.testing.assert_array_equal(tg.vmap(branching)(x), [0.0, 1.0, 5.0])
    guards = [record for record in tg.trace(branching, x[0]).tape if record.primitive.name == "observed"]
    assert [cast(FrozenArray, dict(record.params)["seen"]).array.shape for record in guards] == [()]


def test_sums_of_masks_are_traced() -> None:
    def part_above(x: tg.Array) -> tg.Scalar:
        part, number = cast(tg.Scalar, (x > 0.0).mean()), cast(tg.Scalar, (x > 0.0).sum())
        return tnp.sum(x) * part + number + cast(tg.Scalar, np.sum(x > 1.0))

    x = np.array([[1.0, -3.0], [2.0, 2.0]])
    np.testing.assert_array_equal(tg.vmap(part_above)(x), [-2.0 * 0.5 + 1.0, 4.0 + 2.0 + 2.0])
    np.testing.assert_array_equal(tg.grad(part_above)(x[0]), [0.5, 0.5])


def test_few_records() -> None:
    """Speed: a reduction is one record, a mean is a sum and a division."""
    x = array(3)
    for function, expected in ((tnp.sum, 1), (tnp.max, 1), (tnp.prod, 1), (tnp.logsumexp, 1), (tnp.softmax, 2)):
        assert len(tg.trace(function, x).tape) == 1 + expected
    assert [record.primitive.name for record in tg.trace(tnp.mean, x).tape] == ["input", "sum", "constant", "divide"]


def test_positive_products_agree_with_logarithms() -> None:
    x = positive(9)
    np.testing.assert_allclose(gradient(tnp.prod, x), np.prod(x) / x, rtol=1e-13)
