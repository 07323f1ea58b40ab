"""Interpolation and convolution."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, row, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import OperandError

Function = Callable[..., tg.Var]
Floats = npt.NDArray[np.float64]

XP = np.array([-1.0, -0.4, 0.1, 0.9, 1.3])
FP = array(5)
X = np.array([-1.2, -0.7, 0.3, 0.55, 1.1, 1.7])
SIZES = [(1, 1), (3, 1), (1, 4), (5, 3), (5, 2), (2, 5), (3, 6), (4, 4)]


def ours(name: str) -> Function:
    return cast(Function, getattr(tnp, name))


def numpys(name: str) -> Function:
    return cast(Function, getattr(np, name))


def products(name: str, n: int, m: int, mode: str) -> Row:
    return row(
        f"{name} {n} {m} {mode}",
        lambda x, y: ours(name)(x * x, y, mode),
        array(n),
        array(m, seed=1),
        reference=lambda x, y: numpys(name)(x * x, y, mode),
    )


def interpolated(name: str, x: object, xp: Floats = XP, **ends: float) -> Row:
    return row(
        f"interp {name}",
        lambda x, xp, fp: tnp.interp(x, xp, fp * fp, **ends),
        x,
        xp,
        FP[: len(xp)],
        reference=lambda x, xp, fp: np.interp(x, xp, fp * fp, **ends),
    )


ROWS = (
    *(products(name, *sizes, "full") for name in ("convolve", "correlate") for sizes in SIZES),
    *(products(name, *sizes, "same") for name in ("convolve", "correlate") for sizes in SIZES),
    *(products(name, *sizes, "valid") for name in ("convolve", "correlate") for sizes in SIZES),
    row("convolve default", tnp.convolve, array(4), array(3), reference=np.convolve),
    row("correlate default", tnp.correlate, array(4), array(3), reference=np.correlate),
    row("convolve with a number", lambda x, y: tnp.convolve(x, y), array(3), 0.7, float32=False),
    row("correlate complex", lambda x, y: tnp.abs(tnp.correlate(x * (1 + 2j), y * (2 - 1j))), array(5), array(3)),
    interpolated("many", X),
    interpolated("ends", X, left=-2.0, right=3.0),
    interpolated("grid", X.reshape(2, 3)),
    interpolated("a number", 0.3),
    interpolated("one knot", np.array([-1.5, 2.0]), XP[:1], left=0.5),
    interpolated("nothing", np.zeros(0)),
    row("interp traced ends", lambda x, low, high: tnp.interp(x, XP, FP, low, high), X, 0.5, 1.5),
    row("interp of itself", lambda x: tnp.interp(tnp.interp(x, XP, 0.4 * FP), XP, FP), X[1:-1]),
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


@pytest.mark.parametrize(("n", "m"), [*itertools.product(range(1, 7), repeat=2)])
def test_every_mode_is_numpys(n: int, m: int) -> None:
    x, y = array(n), array(m, seed=1) * (1.0 + 0.5j)
    for name, mode in itertools.product(("convolve", "correlate"), ("full", "same", "valid")):
        same(ours(name)(x, y, mode), numpys(name)(x, y, mode), f"{name} {mode}")


@pytest.mark.parametrize("lanes", [(0, 0), (0, None), (None, 0)])
def test_convolution_in_lanes(lanes: tuple[int | None, int | None]) -> None:
    x = array(3, 4) if lanes[0] == 0 else array(4)
    y = array(3, 2) if lanes[1] == 0 else array(2)
    rows = [(x[i] if lanes[0] == 0 else x, y[i] if lanes[1] == 0 else y) for i in range(3)]
    found = tg.vmap(ours("convolve"), in_axes=lanes)(x, y)
    same(found, np.stack([np.convolve(*pair) for pair in rows]), "vmap")


@pytest.mark.parametrize("axes", [(0, None, None), (None, 0, 0), (0, 0, None)])
def test_interpolation_in_lanes(axes: tuple[int | None, ...]) -> None:
    """Each lane has intervals of its own."""
    whole = (np.stack([X, X[::-1] + 0.1]), np.stack([XP, XP + 0.3]), np.stack([FP, -FP]))
    arguments = [x if axis == 0 else x[0] for x, axis in zip(whole, axes, strict=True)]
    each = [[x[i] if axis == 0 else x[0] for x, axis in zip(whole, axes, strict=True)] for i in range(2)]
    same(tg.vmap(ours("interp"), in_axes=axes)(*arguments), np.stack([np.interp(*row) for row in each]), "vmap")


def test_replay_looks_up_the_interval_again() -> None:
    tape = tg.trace(lambda x: ours("interp")(x, XP, FP), X).tape
    same(tg.evaluate(tape, [X[::-1]])[-1], np.interp(X[::-1], XP, FP), "replay")


def test_numpys_functions_of_traced_arrays_are_ours() -> None:
    x, y = array(5), array(3)
    for name in ("convolve", "correlate"):
        same(tg.jvp(numpys(name), (x, y), (x, y)), tg.jvp(ours(name), (x, y), (x, y)), name)
    for function in (numpys("interp"), ours("interp")):
        pullback = tg.vjp(lambda x, fp, f=function: f(x, XP, fp), X, FP)[1]
        same(
            cast(Floats, pullback(cast(tg.Var, X))[0])[1:3],
            np.diff(FP)[[0, 2]] / np.diff(XP)[[0, 2]] * X[1:3],
            "interp",
        )


def test_kinks() -> None:
    slope = tg.grad(lambda x: ours("interp")(x, [0.0, 1.0, 3.0], [0.0, 2.0, 3.0]))
    assert [slope(x) for x in (-0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 3.5)] == [0.0, 2.0, 2.0, 0.5, 0.5, 0.5, 0.0]
    assert type(tnp.interp(0.5, XP, FP)) is float
    assert np.isnan(tnp.interp(np.nan, XP, FP))


def test_infinite_places_spoil_nothing() -> None:
    x = np.array([-np.inf, 0.3, np.inf])
    same(tnp.interp(x, XP, FP), np.interp(x, XP, FP), "values")
    by_fp = tg.grad(lambda fp: tnp.sum(ours("interp")(x, XP, fp)))(FP)
    assert np.isfinite(by_fp).all()
    assert by_fp.sum() == pytest.approx(3.0)


REFUSED: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: tnp.convolve(array(2, 2), array(2)), ValueError, r"one axis.*not of shape \(2, 2\)"),
    (lambda: tnp.correlate(array(2), array(0)), ValueError, r"at least one element, not of shape \(0,\)"),
    (lambda: ours("convolve")(array(2), array(2), "all"), ValueError, '"full", "same" or "valid", not \'all\''),
    (lambda: tnp.interp(X, XP, FP[1:]), ValueError, r"as many xp as fp, not arrays of shapes \(5,\) and \(4,\)"),
    (lambda: tg.grad(lambda x: numpys("interp")(x, XP, FP, period=1.0))(0.5), OperandError, "interp with period="),
]


@pytest.mark.parametrize(("f", "error", "message"), REFUSED)
def test_refusals(f: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        f()
