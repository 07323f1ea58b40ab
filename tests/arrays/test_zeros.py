"""Law 6: what is exactly zero contributes exactly zero, also to second derivatives, in every mode and dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tapegrad as tg
import tapegrad.numpy as tnp

grad: Callable[..., Callable[..., Any]] = tg.grad  # of functions of Any, which the checker takes for untyped

EDGES = np.array([0.0, -1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    "part",
    [tnp.sqrt, tnp.log, tnp.reciprocal, lambda x: x**0.5, lambda x: x**x, lambda x: 2.0 * x**-1.5, tnp.cbrt,
     lambda x: tnp.log(x) / x, lambda x: tnp.reshape(tnp.sqrt(x), (-1, 1)) @ np.ones(1),
     lambda x: tnp.diagonal(tnp.outer(x, tnp.sqrt(x))), lambda x: tnp.std(tnp.stack([x, x, 3.0 * x]), axis=0)],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_does_not_count_contributes_zero_to_second_derivatives(part: Any, dtype: Any) -> None:
    def f(x: Any) -> Any:
        return tnp.sum(tnp.where(x > 0.0, part(x), 0.0))

    x = EDGES.astype(dtype)
    expected = np.zeros((4, 4), dtype)
    block: Any = tg.jacfwd(grad(lambda x: part(x).sum()))(x[2:])
    expected[2:, 2:] = block
    for modes in ((tg.jacfwd, grad), (tg.jacrev, grad), (tg.jacfwd, tg.jacfwd), (tg.jacrev, tg.jacfwd)):
        found: Any = modes[0](modes[1](f))(x)
        np.testing.assert_allclose(found, expected, rtol=1e-4 if dtype == np.float32 else 1e-12, atol=1e-6)


def test_an_infinite_slope_stays_in_its_own_element() -> None:
    found: Any = tg.jacfwd(grad(lambda x: tnp.sum(tnp.sqrt(tnp.sqrt(x)))))(np.array([0.0, 1.0]))
    np.testing.assert_array_equal(found[[0, 1, 1], [1, 0, 1]], [0.0, 0.0, -3.0 / 16.0])


def test_a_slope_of_zero_wins_over_the_slope_of_a_partial() -> None:
    """The kernel, the rule for floats and that for arrays: y sqrt(x) by x, moved along x, where y = x = 0."""

    def slope(x: Any, y: Any) -> Any:
        return grad(lambda x, y: tnp.sum(y * tnp.sqrt(x)))(x, y)

    assert tg.jvp(slope, (0.0, 0.0), (1.0, 0.0)) == (0.0, 0.0)
    zero: Any = np.zeros(2)
    out, moved = tg.jvp(slope, (zero, zero), (zero + 1.0, zero))
    np.testing.assert_array_equal([out, moved], np.zeros((2, 2)))
