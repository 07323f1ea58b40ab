"""Averages, deviations, quantiles, correlations, running sums and differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, positive, row

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import OperandError

Floats = npt.NDArray[np.float64]
Function = Callable[..., Floats]

nan, inf = np.nan, np.inf


def named(name: str, module: object) -> Function:
    return cast(Function, getattr(module, name))


def slopes(function: Callable[..., object], *x: Floats) -> Floats:
    """The derivatives of the sum of what the function returns, by its first argument."""
    out, pullback = tg.vjp(function, *x)
    return cast(Floats, pullback(np.ones_like(cast(Floats, out)))[0])


def cubed(name: str, *arguments: object, at: tuple[Floats | float, ...], **keywords: object) -> Row:
    """The function of the cube of its first argument, held against NumPy's."""

    def call(module: object) -> Function:
        return lambda x, *rest: named(name, module)(x * x * x, *rest, *arguments, **keywords)

    reference = call(np) if hasattr(np, name) else None
    return row(f"{name} {arguments} {keywords}", call(tnp), *at, reference=reference)


X, Z = array(3, 4), array(2, 3, 4)
SORTED = np.sort(positive(4))
HOLES = np.where(np.arange(12).reshape(3, 4) % 5 == 1, nan, X)


def deviations() -> Iterator[Row]:
    for name in ("var", "std", "nanvar", "nanstd"):
        for axis in (None, 0, -1, (0, 2)):
            yield cubed(name, at=(Z,), axis=axis)
        yield cubed(name, at=(X,), axis=0, ddof=1, keepdims=True)
        yield cubed(name, at=(X,), correction=1.5)


def quantiles() -> Iterator[Row]:
    for name in ("median", "nanmedian"):
        for axis in (None, 0, 1, (0, -1), (2, 1)):
            yield cubed(name, at=(Z,), axis=axis)
        yield cubed(name, at=(Z,), axis=(0, 2), keepdims=True)
    for q in (0.3, 0.0, 1.0, np.array([0.1, 0.55]), np.array([[0.1, 0.5], [0.7, 1.0]])):
        for axis in (None, 0, (0, 2)):
            yield cubed("quantile", q, axis, at=(Z,))
        yield cubed("quantile", q, 1, at=(Z,), keepdims=True)
    for method in ("lower", "higher", "midpoint", "nearest"):
        yield cubed("quantile", 0.37, 0, at=(X,), method=method)
        yield cubed("quantile", np.array([0.37, 0.9]), -1, at=(X,), method=method)
    yield cubed("quantile", at=(X, 0.6), axis=0)
    yield cubed("quantile", at=(X, np.array([0.6, 0.3, 0.85])), axis=1)
    yield cubed("percentile", 30.0, at=(X,), axis=1)
    for q in (0.3, 1.0, np.array([[0.1, 0.5], [0.7, 1.0]])):
        for axis in (None, 0, (0, -1)):
            yield cubed("nanquantile", q, axis, at=(HOLES,))
        yield cubed("nanquantile", q, 1, at=(HOLES,), keepdims=True)
    for method in ("lower", "higher", "midpoint", "nearest"):
        yield cubed("nanquantile", np.array([0.37, 0.9]), -1, at=(HOLES,), method=method)
    yield row("nanquantile at q", lambda q: tnp.nanquantile(HOLES, q, axis=1) ** 2, 0.6, float32=False)
    yield cubed("nanpercentile", 30.0, at=(HOLES,), axis=1)


def averages() -> Iterator[Row]:
    weights = positive(3, 4)
    yield cubed("average", at=(X,), axis=0, returned=True)
    weighted = (
        (X, weights, None), (X, weights, 1), (X, weights[:, 0], 0), (Z, positive(4, 2), (2, 0)), (Z, positive(3), -2),
    )  # fmt: skip
    for values, w, axis in weighted:
        for keywords in ({"returned": True}, {"keepdims": True}):
            yield row(
                f"average {axis} {w.shape} {keywords}",
                lambda x, w, a=axis, k=keywords: named("average", tnp)(x * x, weights=w, axis=a, **k),
                values,
                w,
                reference=lambda x, w, a=axis, k=keywords: named("average", np)(x * x, weights=w, axis=a, **k),
            )


def on_the_way() -> Iterator[Row]:
    for name in ("cumsum", "cumprod", "nancumsum", "nancumprod"):
        for axis in (None, 0, 1, -2):
            yield cubed(name, at=(X,), axis=axis)
    for name in ("cumulative_sum", "cumulative_prod"):
        yield cubed(name, at=(X,), axis=-2)
        yield cubed(name, at=(X,), axis=1, include_initial=True)
        yield cubed(name, at=(array(4),), include_initial=True)
    yield cubed("cumsum", at=(1.5,))
    yield cubed("cumprod", at=(array(9),))
    yield cubed("cumprod", at=(np.zeros((2, 0)),), axis=1)
    yield row("cumprod zeros", tnp.cumprod, np.array([1.5, 0.0, 0.7, 0.0, 2.0]), reference=np.cumprod)
    for keywords in ({"n": 2}, {"axis": 0}, {"prepend": 1.0}, {"append": np.ones((3, 2)), "n": 2}, {"n": 0}, {"n": 7}):
        yield cubed("diff", at=(X,), **keywords)
    yield row("diff after y", lambda x, y: tnp.diff(x * x, prepend=y, append=y), X, 1.0)
    yield cubed("ediff1d", at=(X,), to_end=[1.0, 2.0], to_begin=3.0)
    yield row("ediff1d edges", lambda x, y: tnp.ediff1d(X, to_end=y), X, array(2))


def slopes_and_integrals() -> Iterator[Row]:
    for order in (1, 2):
        for spacing in ((), (2.0,), (2.0, 0.3), (0.7, SORTED)):
            yield cubed("gradient", *spacing, at=(X,), edge_order=order)
        yield cubed("gradient", at=(Z,), axis=(-1, 1), edge_order=order)
        yield cubed("gradient", SORTED, at=(X,), axis=1, edge_order=order)
        yield cubed("gradient", at=(X, 0.4, SORTED), edge_order=order)
    yield cubed("gradient", at=(array(2),))
    yield cubed("trapezoid", at=(array(5),))
    yield cubed("trapezoid", at=(X,), dx=0.3, axis=0)
    yield cubed("trapezoid", at=(X, SORTED), axis=1)
    yield cubed("trapezoid", at=(X, array(3, 4, seed=1)), axis=0)
    yield row("trapezoid dx", lambda y, dx: tnp.trapezoid(y * y, dx=dx), X, 0.3)
    yield cubed("cumulative_trapezoid", at=(X, SORTED), axis=1)
    yield cubed("cumulative_trapezoid", at=(X,), axis=0, initial=0.0)


def correlations_and_counts() -> Iterator[Row]:
    yield cubed("cov", at=(X,))
    yield cubed("cov", at=(X,), rowvar=False, bias=True)
    yield cubed("cov", at=(array(5),))
    yield cubed("cov", at=(array(5), array(5, seed=1)), ddof=0)
    for weights in ({"aweights": positive(4)}, {"fweights": [1, 3, 2, 1]}, {"fweights": [2, 1, 1, 1], "ddof": 0}):
        yield cubed("cov", at=(X,), **weights)
    yield cubed("cov", at=(X,), aweights=positive(4), fweights=[1, 3, 2, 1], bias=True)
    yield row("cov of weights", lambda w: tnp.cov(X, aweights=w * w), positive(4), float32=False)
    yield cubed("corrcoef", at=(X,))
    yield cubed("corrcoef", at=(X, array(3, 4, seed=1)), rowvar=False)
    yield row(
        "bincount",
        lambda w: tnp.bincount([0, 2, 2, 1, 2], weights=w * w, minlength=5),
        array(5),
        reference=lambda w: np.bincount([0, 2, 2, 1, 2], weights=w * w, minlength=5),
    )
    for part in (0, 1):
        yield row(
            f"histogram {part}",
            lambda x, i=part: tnp.histogram(x * x, density=True)[i],
            array(5),
            reference=lambda x, i=part: np.histogram(x * x, density=True)[i],
        )


ROWS = (
    *deviations(), *quantiles(), *averages(), *on_the_way(), *slopes_and_integrals(), *correlations_and_counts(),
)  # fmt: skip


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name.replace("\n", ""))
def test_laws(case: Row) -> None:
    check_row(case)


# ---- deviations ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["std", "nanstd", "var", "nanvar"])
@pytest.mark.parametrize("value", [0.1, 1e200, 0.0, -3.3e-200])
def test_of_elements_that_are_alike_the_derivative_is_zero(name: str, value: float) -> None:
    x = np.full((3, 7), value)
    assert named(name, tnp)(x) == 0.0
    np.testing.assert_array_equal(slopes(named(name, tnp), x), np.zeros((3, 7)))
    moved = tg.jvp(named(name, tnp), (x,), (array(3, 7),))[1]
    assert moved == 0.0
    with_nan = np.where(np.arange(7) == 2, nan, x)
    if name.startswith("nan"):
        np.testing.assert_array_equal(slopes(lambda x: named(name, tnp)(x, axis=1), with_nan), np.zeros((3, 7)))


def test_deviations_leave_nan_out() -> None:
    x = array(3, 5)
    x[0, 1] = x[1, 4] = x[1, 0] = nan
    for name in ("nanvar", "nanstd"):
        value, pullback = tg.vjp(lambda x, f=name: named(f, tnp)(x, axis=1, ddof=1), x)
        np.testing.assert_allclose(value, named(name, np)(x, axis=1, ddof=1), rtol=1e-13)
        slope = cast(Floats, pullback(np.ones(3))[0])
        np.testing.assert_array_equal(slope[np.isnan(x)], 0.0)
        numbers = x[1][~np.isnan(x[1])]
        expected = slopes(lambda x, f=name: named(f.removeprefix("nan"), tnp)(x, ddof=1), numbers)
        np.testing.assert_allclose(slope[1][~np.isnan(x[1])], expected, rtol=1e-12)
    assert np.isnan(cast(float, tg.trace(lambda x: tnp.nanstd(x, ddof=1), np.array([1.0, nan])).output))
    assert np.isnan(cast(float, tg.trace(tnp.nanvar, np.array([nan, nan])).output))


def test_too_few_elements_give_nan_without_a_warning() -> None:
    for function in (tnp.var, tnp.std, lambda x: tnp.cov(x), tnp.nanvar):
        value = tg.trace(lambda x, f=function: f(x, ddof=1) if f in {tnp.var, tnp.std} else f(x), np.array([2.0]))
        expected = 0.0 if function is tnp.nanvar else nan
        np.testing.assert_array_equal(value.output, expected)
    assert np.isnan(cast(float, tg.trace(tnp.std, np.zeros(0)).output))


def test_a_deviation_far_from_zero_is_accurate() -> None:
    x = 1e8 + np.array([0.0, 1.0, 2.0, 4.0])
    np.testing.assert_allclose(slopes(tnp.var, x), 0.5 * np.array([-1.75, -0.75, 0.25, 2.25]), rtol=1e-12)
    assert tnp.std(np.array([1e200, -1e200])) == 1e200


def test_complex_deviations() -> None:
    x = array(2, 3) + 1j * array(2, 3, seed=1)
    np.testing.assert_allclose(tnp.var(x, axis=1), np.var(x, axis=1))
    np.testing.assert_allclose(tnp.std(x, axis=1, ddof=1), np.std(x, axis=1, ddof=1))
    with pytest.raises(ValueError, match="real"):
        tnp.cov(x)


@pytest.mark.parametrize("name", ["var", "std", "median", "nanmedian", "nanvar", "nanstd", "cumsum", "cumprod"])
def test_numpy_and_methods_answer_alike(name: str) -> None:
    x = array(3, 4)
    expected = slopes(lambda x: named(name, tnp)(x, axis=1), x)
    np.testing.assert_array_equal(slopes(lambda x: named(name, np)(x, axis=1), x), expected)
    if name in {"var", "std"}:
        expected = slopes(lambda x: named(name, tnp)(x, axis=1, ddof=1, keepdims=True), x)
        np.testing.assert_array_equal(slopes(lambda x: getattr(x, name)(axis=1, ddof=1, keepdims=True), x), expected)
    elif name in {"cumsum", "cumprod"}:
        np.testing.assert_array_equal(slopes(lambda x: getattr(x, name)(axis=1), x), expected)
        ufunc = {"cumsum": np.add, "cumprod": np.multiply}[name]
        np.testing.assert_array_equal(slopes(lambda x: ufunc.accumulate(x, axis=1), x), expected)


def test_float32_stays_float32() -> None:
    x = array(3, 4).astype(np.float32)
    names = ("var", "std", "nanvar", "nanstd", "median", "nanmedian", "cumsum", "cumprod", "diff", "cov", "corrcoef")
    for name in names:
        assert np.asarray(named(name, tnp)(x)).dtype == np.float32, name
        assert np.asarray(tg.trace(named(name, tnp), x).output).dtype == np.float32, name
    for name in names[:6]:
        assert named(name, tnp)(x, keepdims=True).dtype == np.float32, name
    assert np.asarray(tg.trace(lambda x: tnp.quantile(x, 0.3), x).output).dtype == np.float32
    assert np.asarray(tg.trace(lambda x: tnp.cumulative_trapezoid(x, initial=0.0), x).output).dtype == np.float32
    assert np.asarray(tg.trace(lambda x: tnp.ediff1d(x, to_end=[1.0, 2.0], to_begin=0.5), x).output).dtype == np.float32


# ---- quantiles ----------------------------------------------------------------------------------


def test_medians_with_nan() -> None:
    x = np.array([[3.0, nan, 1.0, 2.0], [4.0, 1.0, 2.0, 3.5], [nan, nan, nan, nan]])
    np.testing.assert_array_equal(tg.trace(lambda x: tnp.median(x, axis=1), x).output, [nan, 2.75, nan])
    np.testing.assert_array_equal(tg.trace(lambda x: tnp.nanmedian(x, axis=1), x).output, [2.0, 2.75, nan])
    np.testing.assert_array_equal(tg.trace(lambda x: tnp.quantile(x, 0.25, axis=1), x).output, [nan, 1.75, nan])
    expected = [[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.5, 0.5]]
    np.testing.assert_array_equal(slopes(lambda x: tnp.nanmedian(x, axis=1), x)[:2], expected)
    np.testing.assert_array_equal(slopes(lambda x: tnp.median(x, axis=1), x)[:2], [[0.0, 1.0, 0.0, 0.0], expected[1]])
    assert np.isnan(cast(float, tg.trace(tnp.median, np.zeros(0)).output))


def test_quantiles_without_nan() -> None:
    x = np.array([[3.0, nan, 1.0, 2.0], [nan, nan, nan, nan]])
    np.testing.assert_array_equal(tg.trace(lambda x: tnp.nanquantile(x, 0.25, axis=1), x).output, [1.5, nan])
    np.testing.assert_array_equal(slopes(lambda x: tnp.nanquantile(x, 0.25, axis=1), x)[0], [0.0, 0.0, 0.5, 0.5])
    tape = tg.trace(lambda x: tnp.nanpercentile(x, 100.0), x).tape
    assert tg.evaluate(tape, [x * -1.0])[-1] == -1.0  # other elements are missing on replay, or come last


def test_medians_follow_the_elements_in_lanes() -> None:
    x = np.array([[3.0, 1.0, 2.0], [1.0, 2.0, 3.0]])
    np.testing.assert_array_equal(tg.vmap(tg.grad(tnp.median))(x), [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])


def test_a_quantile_at_an_infinite_neighbour() -> None:
    assert tnp.median(np.array([1.0, 2.0, inf])) == 2.0
    assert tnp.median(np.array([-inf, 2.0, 3.0, inf])) == 2.5
    x = np.array([1.0, 2.0, inf, inf])
    for q, value in ((1 / 3, 2.0), (0.5, inf), (1.0, inf)):  # at the second element NumPy finds inf * 0, which is nan
        assert tnp.quantile(x, q) == value
        assert tg.trace(lambda x, q=q: tnp.quantile(x, q), x).output == value
    np.testing.assert_array_equal(slopes(lambda x: tnp.quantile(x, 1 / 3), x), [0.0, 1.0, 0.0, 0.0])


def test_wrong_quantiles_are_refused() -> None:
    x = array(4)
    with pytest.raises(ValueError, match=r"between 0 and 1.*1\.5"):
        tnp.quantile(x, 1.5)
    for name in ("quantile", "nanquantile"):
        with pytest.raises(ValueError, match=r"at least one element.*rows have 0"):
            named(name, tnp)(np.zeros(0), 0.5)
    with pytest.raises(ValueError, match=r"'lower', 'higher'.*not 'hazen'"):
        tnp.quantile(x, 0.5, method="hazen")
    with pytest.raises(OperandError, match="overwrite_input="):
        tg.grad(lambda x: np.median(x, overwrite_input=True))(x)


# ---- averages -----------------------------------------------------------------------------------


def test_wrong_weights_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weights of shape \(2,\) fit neither \(2, 3\) nor axis 1"):
        tnp.average(array(2, 3), axis=1, weights=array(2))
    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        tnp.average(array(2), weights=[1.0, -1.0])


# ---- differences and integrals ------------------------------------------------------------------


def test_wrong_differences_are_refused() -> None:
    with pytest.raises(ValueError, match="n=-1"):
        tnp.diff(array(3), n=-1)
    with pytest.raises(ValueError, match=r"edge_order=2 takes 3 elements.*\(2,\)"):
        tnp.gradient(array(2), edge_order=2)
    with pytest.raises(ValueError, match="edge_order=1 or 2, not 3"):
        tnp.gradient(array(5), edge_order=3)
    with pytest.raises(TypeError, match=r"2 axes.*as many spacings"):
        tnp.gradient(array(3, 3), 1.0, 2.0, 3.0)
    with pytest.raises(ValueError, match=r"shape \(4,\) do not fit an axis of length 3"):
        tnp.gradient(array(3), array(4))


def test_the_slopes_of_a_parabola_are_exact() -> None:
    x = np.array([0.0, 0.5, 2.0, 3.0])
    np.testing.assert_allclose(cast(Floats, tnp.gradient(x * x, x, edge_order=2)), 2.0 * x, atol=1e-14)


def test_cumulative_integrals_end_with_the_integral() -> None:
    y, x = array(3, 4), np.sort(positive(4))
    found = tnp.cumulative_trapezoid(y, x, axis=1, initial=0.0)
    for last in range(4):
        np.testing.assert_allclose(found[:, last], np.trapezoid(y[:, : last + 1], x[: last + 1], axis=1), atol=1e-15)
    np.testing.assert_array_equal(tnp.cumulative_trapezoid(y, x, axis=1), found[:, 1:])


# ---- counts in bins -----------------------------------------------------------------------------


@pytest.mark.parametrize("bins", [[0.0, 1.0, 1.0, 2.5], [2.5, 1.0, 0.0]])
@pytest.mark.parametrize("right", [False, True])
def test_digitize(bins: list[float], right: bool) -> None:
    x = np.array([[-1.0, 0.0, 1.0], [2.0, 2.5, 3.0]])
    expected = np.digitize(x, bins, right)
    np.testing.assert_array_equal(tnp.digitize(x, bins, right), expected)

    def looking(x: tg.Array) -> tg.Scalar:
        np.testing.assert_array_equal(named("digitize", np)(x, bins, right=right), expected)
        return tnp.sum(x)

    tg.grad(looking)(x)


def test_digitize_refuses_edges_in_no_order() -> None:
    with pytest.raises(ValueError, match="neither rise nor fall"):
        tnp.digitize(1.0, [0.0, 2.0, 1.0])


def test_counts_are_numpys() -> None:
    x = array(20)
    for bins in (4, [-1.0, 0.0, 0.5, 1.5]):
        for keywords in ({}, {"density": True}, {"range": (-0.5, 1.0)}):
            for ours, numpys in zip(
                named("histogram", tnp)(x, bins, **keywords), named("histogram", np)(x, bins, **keywords), strict=True
            ):
                np.testing.assert_allclose(ours, numpys, rtol=1e-12)
    counts, edges = tnp.histogram(np.full(3, 2.0), 2)
    np.testing.assert_array_equal(cast(Floats, counts), [0, 3])
    np.testing.assert_array_equal(cast(Floats, edges), [1.5, 2.0, 2.5])
    np.testing.assert_array_equal(cast(Floats, tnp.bincount([0, 2, 2], minlength=5)), [1, 0, 2, 0, 0])
    with pytest.raises(ValueError, match="negative"):
        tnp.bincount([-1, 2])


def test_cumulative_sums_of_several_axes_take_one() -> None:
    with pytest.raises(ValueError, match=r"shape \(3, 4\) take an axis"):
        tnp.cumulative_sum(X)
