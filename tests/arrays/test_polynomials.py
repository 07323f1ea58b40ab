"""Polynomials, against NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, row

import tapegrad as tg
import tapegrad.numpy as tnp

Floats = npt.NDArray[np.float64]

P, Q, X = array(4), array(2, seed=1), array(2, 3, seed=2)


def named(name: str, module: object) -> Callable[..., object]:
    return cast(Callable[..., object], getattr(module, name))


def of(name: str, *arguments: object, **keywords: object) -> Row:
    """The function of the squares of its arguments, held against NumPy's."""

    def squares(module: object) -> Callable[..., object]:
        return lambda *xs: named(name, module)(*(cast(float, x) * cast(float, x) for x in xs), **keywords)

    return row(
        f"{name} {[np.shape(cast(float, x)) for x in arguments]} {keywords}",
        squares(tnp),
        *arguments,
        reference=squares(np),
    )


ROWS = (
    of("polyval", P, X),
    of("polyval", P, 1.5),
    of("polyval", P, array(0)),
    *(of(name, *pair) for name in ("polyadd", "polysub", "polymul") for pair in ((P, Q), (Q, P), (P, P))),
    *(of(name, P, m=m) for name in ("polyder", "polyint") for m in (0, 1, 3, 5)),
    of("vander", P),
    of("vander", P, N=2, increasing=True),
    of("vander", P, N=0),
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


def test_numpy_answers_with_these() -> None:
    for name in ("polyval", "polyadd", "polymul"):
        ours, numpys = (tg.jacobian(named(name, module), argnums=1)(P, Q) for module in (tnp, np))
        np.testing.assert_array_equal(cast(Floats, numpys), cast(Floats, ours))


def test_no_coefficients_are_zero() -> None:
    np.testing.assert_array_equal(tnp.polyval(np.zeros(0), X), np.zeros((2, 3)))
    assert tnp.polyval(np.zeros(0), cast(Floats, 1.5)) == 0.0
    np.testing.assert_array_equal(tnp.polyder(np.ones(1)), np.zeros(0))


def test_float32_stays_float32() -> None:
    for x in (X.astype(np.float32), 1.5):
        found = [tnp.polyval(P.astype(np.float32), cast(Floats, x)), tnp.vander(P.astype(np.float32))]
        assert [value.dtype for value in found] == [np.float32, np.float32]


def test_powers_at_zero() -> None:
    np.testing.assert_array_equal(cast(Floats, tg.jvp(tnp.vander, (np.zeros(1),), (np.ones(1),))[1]), [[0.0]])
    _, pullback = tg.vjp(lambda x: tnp.vander(x, 3), np.zeros(1))
    assert pullback(np.array([[5.0, 2.0, 3.0]]))[0] == [2.0]
