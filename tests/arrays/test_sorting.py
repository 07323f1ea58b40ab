"""Elements in order, and where they are: values, derivatives that follow the elements, guards on the order."""

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
Function = Callable[..., Floats]


def named(name: str, module: object) -> Function:
    return cast(Function, getattr(module, name))


def slopes(function: Callable[..., object], x: Floats, weights: object = 1.0) -> Floats:
    """The derivatives of the weighted sum of what the function returns."""
    out, pullback = tg.vjp(function, x)
    return cast(Floats, pullback(np.ones_like(cast(Floats, out)) * cast(Floats, weights))[0])


def sorted_cubes(module: object, axis: int | None) -> Function:
    return lambda x: named("sort", module)(x**3, axis)


ROWS = (
    *(
        row(f"sort {axis}", sorted_cubes(tnp, axis), array(2, 3, 4), reference=sorted_cubes(np, axis))
        for axis in (None, 0, -1, 1)
    ),
    row("sort one", tnp.sort, array(1), reference=np.sort),
    row("sort none", tnp.sort, np.zeros((2, 0)), reference=np.sort),
    *(
        row(f"partition {axis} {kth}", lambda x, a=axis, k=kth: tnp.partition(x**3, k, a), array(4, 5))
        for axis in (None, 0, -1)
        for kth in (2, (0, -1))
    ),
    row("unique", lambda x: tnp.unique(x**3), array(5), reference=lambda x: np.unique(x**3)),
    row("take the largest", lambda x: x[tnp.argmax(x)] ** 2, array(5)),
    row("take in order", lambda x: x[tnp.argsort(x)] ** 2, array(5), reference=lambda x: np.sort(x) ** 2),
)  # fmt: skip


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


def test_equal_elements_keep_their_order() -> None:
    x = np.array([2.0, 1.0, 2.0, 1.0])
    np.testing.assert_array_equal(slopes(tnp.sort, x, [1.0, 2.0, 3.0, 4.0]), [3.0, 1.0, 4.0, 2.0])


def test_sorting_with_nan_puts_it_last() -> None:
    x = np.array([np.nan, 1.0, -2.0])
    np.testing.assert_array_equal(tg.trace(tnp.sort, x).output, [-2.0, 1.0, np.nan])
    np.testing.assert_array_equal(slopes(tnp.sort, x, [1.0, 2.0, 3.0]), [3.0, 2.0, 1.0])


def test_lanes_sort_each_in_its_order_without_a_guard() -> None:
    x = np.array([[3.0, 1.0, 2.0], [1.0, 2.0, 3.0]])
    assert [record.primitive.name for record in tg.trace(tnp.sort, x[0]).tape] == ["input", "argsort", "take_along"]
    np.testing.assert_array_equal(tg.vmap(tnp.sort)(x), np.sort(x))


def test_partition_is_one() -> None:
    x = array(9)
    for kth in (3, [1, 6]):
        found = tnp.partition(x, kth)
        np.testing.assert_array_equal(found[kth], np.sort(x)[kth])
        np.testing.assert_array_equal(np.sort(found), np.sort(x))
        np.testing.assert_array_equal(x[tnp.argpartition(x, kth)], found)


@pytest.mark.parametrize("name", ["argmax", "argmin", "nanargmax", "nanargmin"])
@pytest.mark.parametrize("axis", [None, 0, -1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_positions_are_numpys(name: str, axis: int | None, keepdims: bool) -> None:
    x = array(3, 4)
    expected = named(name, np)(x, axis=axis, keepdims=keepdims)
    plain = named(name, tnp)(x, axis=axis, keepdims=keepdims)
    np.testing.assert_array_equal(plain, expected)
    assert np.asarray(plain).dtype == np.intp

    def looking(x: tg.Array) -> tg.Scalar:
        found = named(name, np)(x, axis=axis, keepdims=keepdims)
        assert isinstance(found, (np.ndarray, np.integer))
        np.testing.assert_array_equal(found, expected)
        return tnp.sum(x)

    tg.grad(looking)(x)


def test_positions_without_nan() -> None:
    x = np.array([[np.nan, 1.0, 3.0], [2.0, np.nan, -1.0]])
    np.testing.assert_array_equal(tnp.nanargmax(x, axis=1), [2, 0])
    np.testing.assert_array_equal(tnp.argmax(x, axis=1), [0, 1])
    with pytest.raises(ValueError, match="All-NaN"):
        tnp.nanargmin(np.array([np.nan]))
    with pytest.raises(ValueError, match=r"argmax.*no elements.*\(0,\)"):
        tnp.argmax(np.zeros(0))


def test_methods_answer_alike() -> None:
    x = array(3, 4)

    def looking(x: tg.ArrayVar) -> tg.Scalar:
        np.testing.assert_array_equal(x.argmax(axis=1, keepdims=True), np.argmax(x.value, axis=1, keepdims=True))
        np.testing.assert_array_equal(x.argmin(), np.argmin(x.value))
        np.testing.assert_array_equal(x.argsort(axis=0), np.argsort(x.value, axis=0))
        np.testing.assert_array_equal(named("argsort", np)(x, kind="stable"), np.argsort(x.value))
        np.testing.assert_array_equal(np.array(x.nonzero()), np.array(np.nonzero(x.value)))
        return tnp.sum(x)

    tg.grad(cast(Callable[[Floats], tg.Scalar], looking))(x)


def test_what_was_seen_is_the_order_and_not_the_elements() -> None:
    """Lanes with the same order go the same way; others are traced again."""
    calls = []

    def largest(x: tg.Array) -> object:
        calls.append(1)
        return x[tnp.argmax(x)] * 2.0

    x = np.array([[1.0, 5.0], [2.0, 3.0], [4.0, 0.0]])
    np.testing.assert_array_equal(tg.vmap(largest)(x), [10.0, 6.0, 8.0])
    assert len(calls) == 2


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted(side: str) -> None:
    edges = np.array([0.0, 1.0, 1.0, 2.5])
    for v in (np.array([[-1.0, 0.0, 1.0], [1.5, 2.5, 3.0]]), np.array(1.0), 1.0):
        expected = np.searchsorted(edges, v, side)  # type: ignore[call-overload]  # a str
        np.testing.assert_array_equal(named("searchsorted", tnp)(edges, v, side), expected)

    def interpolated(x: tg.ArrayVar, edges: tg.ArrayVar) -> object:
        places = named("searchsorted", np)(edges, x, side=side)
        return edges[places] * x

    x = np.array([[0.5, 2.0], [1.2, 1.3]])
    steps = np.stack([edges, edges - 1.0])
    found = tg.vmap(interpolated)(x, steps)
    for lane in range(2):
        places = np.searchsorted(steps[lane], x[lane])
        np.testing.assert_array_equal(cast(Floats, found)[lane], steps[lane][places] * x[lane])
    with pytest.raises(ValueError, match="side='left' or 'right', not 'middle'"):
        named("searchsorted", tnp)(edges, 1.0, "middle")


def test_what_is_not_zero() -> None:
    x = np.array([[0.0, 2.0], [-1.0, 0.0]])
    for name in ("nonzero", "flatnonzero", "argwhere"):
        expected = named(name, np)(x)
        np.testing.assert_array_equal(np.asarray(named(name, tnp)(x)), np.asarray(expected))

        def looking(x: tg.Array, name: str = name, expected: object = expected) -> tg.Scalar:
            np.testing.assert_array_equal(np.asarray(named(name, np)(x)), np.asarray(expected))
            np.testing.assert_array_equal(np.asarray(named(name, np)(x != 0.0)), np.asarray(expected))
            return tnp.sum(x)

        tg.grad(looking)(x)


def test_unique_with_all_that_numpy_tells() -> None:
    x = np.array([[3.0, 1.0, 3.0], [2.0, 1.0, 1.0]])
    expected = np.unique(x, return_index=True, return_inverse=True, return_counts=True)

    def looking(x: tg.Array) -> object:
        found = named("unique", np)(x, return_index=True, return_inverse=True, return_counts=True)
        for ours, numpys in zip(found[1:], expected[1:], strict=True):
            np.testing.assert_array_equal(ours, numpys)
        return found[0]

    value, pullback = tg.vjp(looking, x)
    np.testing.assert_array_equal(cast(Floats, value), expected[0])
    np.testing.assert_array_equal(pullback(np.array([1.0, 2.0, 3.0]))[0], [[3.0, 1.0, 0.0], [2.0, 0.0, 0.0]])
    np.testing.assert_array_equal(cast(Floats, tnp.unique(np.zeros(0))), [])


def test_a_wrong_axis_is_refused() -> None:
    for name in ("sort", "argsort", "argmax"):
        with pytest.raises(np.exceptions.AxisError):
            named(name, tnp)(array(2, 3), axis=2)
