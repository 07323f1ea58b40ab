"""Parts of arrays: chosen by conditions, taken by indices, put into copies."""

from __future__ import annotations

import operator
import tracemalloc
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, movement, row, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.testing import check_grads
from tapegrad.variables import ArrayVar

X, V, CUBE = array(2, 3), array(3), array(2, 3, 4)
MASK = np.array([[True, False, True], [False, True, True]])
TWICE = np.array([2, 0, 2, -1])

INDICES: dict[str, Any] = {
    "integer": 1,
    "negative integer": -1,
    "integers": (1, -2, 3),
    "slice": (slice(None), slice(0, 2)),
    "negative step": (slice(None, None, -1), slice(2, None, -2)),
    "empty slice": (slice(2, 1),),
    "None": (None, 0, None),
    "Ellipsis": (Ellipsis, 0),
    "Ellipsis inside": (0, Ellipsis, slice(1, 3)),
    "all of it": (),
    "array": np.array([1, 0, 1]),
    "array of two axes": (slice(None), np.array([[0, 2], [2, -1]])),
    "arrays": (np.array([0, 1, 0]), np.array([2, 0, 2])),
    "arrays that broadcast": (np.array([[0], [1]]), np.array([2, 0, 2])),
    "separated arrays": (np.array([0, 1, 0]), slice(None), np.array([3, 0, 3])),
    "separated by None": (np.array([0, 1]), None, np.array([2, 0])),
    "separated array and integer": (0, slice(None), np.array([3, 0, 3])),
    "separated arrays of two axes": (np.array([[0], [1]]), slice(1, None), np.array([3, 3])),
    "array behind Ellipsis": (Ellipsis, np.array([1, 1])),
    "empty array": np.array([], int),
    "list": [1, 1],
    "mask": np.array([[True, False, True], [False, False, True]]),
    "mask of one axis": (slice(None), np.array([True, False, True])),
    "mask separated": (np.array([True, True]), slice(None), np.array([0, 3])),
    "mask of nothing": np.zeros((2, 3, 4), bool),
}


def in_place(index: Any, change: Callable[..., object]) -> Callable[..., object]:
    """What ``change(copy, index, values)`` makes of a copy."""

    def changed(x: npt.NDArray[np.float64], values: object) -> object:
        copy = np.array(x)
        change(copy, index, values)
        return copy * copy

    return changed


def placed(index: Any) -> list[Row]:
    """The rows of ``x.at[index]``, against what NumPy does in place."""
    ways: list[tuple[str, Callable[..., object]]] = [
        ("set", operator.setitem), ("add", np.add.at), ("multiply", np.multiply.at),
    ]  # fmt: skip
    part = CUBE[index]
    values = array(*part.shape, seed=5) if part.shape else 1.5
    return [
        row(
            way,
            lambda x, v, way=way: getattr(tnp.at(x)[index], way)(v) ** 2,
            CUBE,
            given,
            reference=in_place(index, change),
        )
        for way, change in ways
        for given in (values, 2.0)
    ]


ROWS = (
    *[movement(f"x[{name}]", lambda m, x, index=index: x[index], CUBE) for name, index in INDICES.items()],
    movement("a part of it", lambda m, x: x * x[0, 1], X),
    movement("iteration", lambda m, x: list(x), X),
    movement("where", lambda m, x, y: m.where(MASK, x, y), X, array(2, 3, seed=1)),
    movement("where broadcast", lambda m, x, y: m.where(MASK, x, y), V, array(2, 1)),
    movement("where of a number", lambda m, x: m.where(MASK, x, 0.5), X),
    movement("where of numbers", lambda m, x, y: m.where(MASK, x, y), 1.5, 2.5),
    movement("where of a list", lambda m, x: m.where([True, False, True], x, 0.5), X),
    movement("where of one bool", lambda m, x, y: m.where(True, x, y), V, array(2, 1)),
    movement("where compared", lambda m, x, y: m.where(x > y, x, 2.0 * y), X, array(2, 3, seed=1)),
    movement("where of floats", lambda m, x: m.where(x, x, 1.0), X),
    movement("select", lambda m, x: m.select([x > 0.8, x > 0.0], [x, 2.0 * x], -1.0), X),
    movement("clip", lambda m, x: m.clip(x, -0.5, 0.8), X),
    movement("clip to arrays", lambda m, x, y: m.clip(x, y, y + 0.5), X, array(3, seed=2)),
    movement("clip below", lambda m, x: m.clip(x, None, 0.8), X),
    movement("clip above", lambda m, x: m.clip(x, a_min=-0.5, a_max=None), X),
    movement("clip by names", lambda m, x: m.clip(x, min=-0.5, max=0.8), X),
    movement("take", lambda m, x: m.take(x, TWICE), X),
    movement("take axis", lambda m, x: m.take(x, [[0, 2], [2, 2]], axis=1), CUBE),
    movement("take one", lambda m, x: m.take(x, -1, axis=0), X),
    movement("take none", lambda m, x: m.take(x, np.array([], int), axis=1), X),
    movement("take_along_axis", lambda m, x: m.take_along_axis(x, np.array([[2, 2, 0], [1, -1, 1]]), axis=1), X),
    movement("take_along_axis rows", lambda m, x: m.take_along_axis(x, np.array([[1, 0, 1]]), axis=0), X),
    movement("take_along_axis flat", lambda m, x: m.take_along_axis(x, TWICE, axis=None), X),
    movement("compress", lambda m, x: m.compress([True, False, True], x, axis=1), X),
    movement("compress flat", lambda m, x: m.compress([False, True, True], x), X),
    movement("extract", lambda m, x: m.extract(MASK, x), X),
    movement("extract compared", lambda m, x: m.extract(x > 0.0, x), X),
    movement("choose", lambda m, x, y: m.choose([0, 1, 1], [x, y]), X, V),
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_changed_copies(index: object) -> None:
    for case in placed(index):
        check_row(case)


# ---- conditions ---------------------------------------------------------------------------------


def test_what_is_not_chosen_does_not_take_part() -> None:
    x = np.array([-1.0, 0.0, 4.0])
    same(tg.grad(lambda x: tnp.where(x > 0.0, tnp.sqrt(x), 0.0).sum())(x), np.array([0.0, 0.0, 0.25]), "sqrt")
    same(tg.grad(lambda x: tnp.where(x != 0.0, 1.0 / x, 0.0).sum())(x), np.array([-1.0, 0.0, -1 / 16]), "1 / x")


def test_a_condition_leaves_no_guard() -> None:
    for function in (
        lambda x: np.where(x > 0.5, x, 0.0),
        lambda x: np.where((x > 0.5).T, x.T, 0.0),
        lambda x: np.where((x[:, 0] > 0.5)[:, None], x, 0.0),
        lambda x: np.where(np.reshape(x > 0.5, (3, 2)), 1.0, 0.0),
        lambda x: x.at[x > 0.5].set(0.0),
        lambda x: x.at[x > 0.5].multiply(x),
    ):
        names = [record.primitive.name for record in tg.trace(function, X).tape]
        assert "observed" not in names
        assert names.count("is_greater") == 1
        same_in_lanes(function)


def same_in_lanes(function: Callable[..., object]) -> None:
    values = [np.asarray(tg.trace(function, x).output) for x in (X, -X)]
    same(tg.vmap(function)(np.stack([X, -X])), np.stack(values), "lanes")


def test_what_looks_at_a_mask_leaves_a_guard() -> None:
    for function in (
        lambda x: x[x > 0.5].sum(),
        lambda x: x[np.nonzero(x > 0.5)].sum(),
        lambda x: x[np.where(x > 0.5)].sum(),
        lambda x: x.ravel()[np.flatnonzero(x > 0.5)].sum(),
        lambda x: x.sum() * float(len(np.argwhere(x > 0.5))),
        lambda x: x.sum() if (x > 0.5)[0, 1] else -x.sum(),
        lambda x: tnp.where((x > 0.5).swapaxes(0, 1), x.T, 0.0).sum(),
    ):
        assert "observed" in [record.primitive.name for record in tg.trace(function, X).tape]
        same_in_lanes(function)


def test_nonzero_of_floats_asks_only_which_are_zero() -> None:
    x = np.array([0.0, 2.0, 3.0])
    assert [a.tolist() for a in tnp.nonzero(x)] == [[1, 2]]
    summed = tg.trace(lambda x: x[np.nonzero(x)].sum(), x)
    assert [record.primitive.name for record in summed.tape][2:4] == ["is_not_equal", "observed"]


def test_where_of_numbers_is_as_it_was() -> None:
    assert tnp.where(True, 1, 2.0) == 1
    assert [r.primitive.name for r in tg.trace(lambda x: tnp.where(x > 0.0, x, 1.0), 2.0).tape] == [
        "input", "constant", "greater",
    ]  # fmt: skip


def test_clip_at_a_limit_passes_half() -> None:
    x = np.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    same(tg.grad(lambda x: x.clip(0.0, 1.0).sum())(x), np.array([0.0, 0.5, 1.0, 0.5, 0.0]), "the gradient")
    low = tg.grad(lambda low: tnp.clip(x, low, 1.0).sum())(np.zeros(5))
    same(low, np.array([1.0, 0.5, 0.0, 0.0, 0.0]), "of the limit")


# ---- indices on the tape ------------------------------------------------------------------------


def test_indices_in_lanes_need_one_tape() -> None:
    calls = []

    def parts(x: ArrayVar, i: ArrayVar, j: ArrayVar) -> object:
        calls.append(1)
        return x[i], x[i, j], x[i, 1], tnp.take(x, j, axis=1), tnp.take_along_axis(x, j[:1, None], axis=1)

    i, j = np.array([[0, 1], [-1, 0], [1, 1]]), np.array([[2, 0], [0, 0], [-1, 1]])
    lanes = cast(tuple[npt.NDArray[np.float64], ...], tg.vmap(parts)(np.stack([X] * 3), i, j))
    assert len(calls) == 1
    for lane in range(3):
        a, b = i[lane], j[lane]
        expected = X[a], X[a, b], X[a, 1], X[:, b], np.take_along_axis(X, b[:1, None], axis=1)
        same([part[lane] for part in lanes], list(expected), f"lane {lane}")


def test_a_plain_array_takes_traced_integers() -> None:
    i = np.array([1, 0, -1])
    same(tg.vmap(lambda i: tnp.at(X)[i].get())(i), X[i], "rows")
    same(tg.vmap(lambda i: tnp.at(X)[i, 1].get())(i), X[i, 1], "elements")
    looked_up = tg.trace(lambda x: tnp.at(X)[tnp.astype(x, int)].get(), np.array([1.0, 0.0]))
    assert "observed" not in [record.primitive.name for record in looked_up.tape]
    same(tg.vmap(lambda i: X[i])(i), X[i], "rows, by looking at the integers")


def test_the_gradient_of_indices_in_lanes() -> None:
    labels = np.array([[0, 2], [1, 1]])
    picked = tg.vmap(tg.grad(lambda x, y: (x[np.arange(2), y] ** 2).sum()), in_axes=(None, 0))(X, labels)
    same(picked, np.stack([2.0 * X * (np.arange(3) == lane[:, None]) for lane in labels]), "the gradient")


def test_indices_that_are_computed() -> None:
    def looked_up(x: ArrayVar) -> tg.Var:
        return (x[tnp.astype(3.0 * x, int)] * x).sum()

    check_grads(looked_up, (np.array([0.1, 0.5, 0.9]),))
    lanes = np.array([[0.1, 0.5, 0.9], [0.9, 0.1, 0.1]])
    same(tg.vmap(looked_up)(lanes), np.array([0.01 + 0.25 + 0.81, 0.09 + 0.09 + 0.09]), "lanes")


def test_argument_of_take_along_axis_from_argsort() -> None:
    order = np.argsort(X, axis=1)
    same(
        tg.grad(lambda x: (np.take_along_axis(x, order, axis=1) * np.arange(3.0)).sum())(X), order.argsort(1) * 1.0, ""
    )


# ---- copies -------------------------------------------------------------------------------------


def test_nothing_is_mutated() -> None:
    x = np.arange(3.0)
    same(tnp.at(x)[[0, 0]].add([1.0, 2.0]), np.array([3.0, 1.0, 2.0]), "a copy")
    same(tnp.at(x)[1:].get(), x[1:], "a part")
    same(tnp.at([1.0, 2.0])[0].set(5.0), np.array([5.0, 2.0]), "of a list")
    same(x, np.arange(3.0), "the array")


def test_the_last_of_several_values_wins() -> None:
    changed, pullback = tg.vjp(lambda x, v: x.at[[1, 1, 0]].set(v), np.ones(3), np.array([1.0, 2.0, 3.0]))
    same(changed, np.array([3.0, 2.0, 1.0]), "the copy")
    x, v = pullback(np.array([5.0, 7.0, 9.0]))
    same(x, np.array([0.0, 0.0, 9.0]), "of the array")
    same(v, np.array([0.0, 7.0, 5.0]), "of the values")


def test_dtypes_of_copies() -> None:
    x = np.ones(3, np.float32)
    for way in ("set", "add", "multiply"):
        changed = tg.vjp(lambda v, way=way: getattr(tnp.at(x)[0], way)(v), 2.0)[0]
        assert np.asarray(changed).dtype == np.float32
    assert tnp.at(np.arange(3))[0].set(5).dtype == np.arange(3).dtype
    same(tg.grad(lambda v: tnp.at(np.arange(3))[1].set(v)[1] * 2.0)(0.5), 2.0, "a float among integers")


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda x: x[2], IndexError, "out of bounds"),
        (lambda x: x[1.0], IndexError, "made of integers"),
        (lambda x: x[tnp.astype(x[0], int) + 5.0], IndexError, "made of integers"),
        (lambda x: x[tnp.astype(x[0] + 9.0, int)], IndexError, "axis 0 is out of bounds: the length is 2"),
        (lambda x: x[(tnp.astype(x[0], int),) * 3], IndexError, "3 indices are too many"),
        (lambda x: np.take(x, [0], mode="clip"), ValueError, "only 'raise'; write np.clip"),
        (lambda x: tnp.take_along_axis(x, np.array([0]), axis=1), ValueError, "not as many axes"),
        (lambda x: tnp.take_along_axis(x, np.array([[0.0]]), axis=1), IndexError, "must be integers, not float64"),
        (lambda x: tnp.select([x > 0.0], []), ValueError, "one choice for each"),
        (lambda x: x.at[0].set(np.ones(2)), ValueError, "broadcast"),
        (lambda x: x.__setitem__(0, 1.0), tg.TapegradError, r"x.at\[i\].set"),
    ],
)
def test_errors(wrong: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        tg.trace(wrong, X)  # type: ignore[arg-type]


# ---- many elements ------------------------------------------------------------------------------


def chained(x: npt.NDArray[np.float64]) -> float:
    total: float = x[0] * x[0]
    for i in range(1, len(x)):
        total = total + x[i] * x[i] * x[i - 1]
    return total


def test_many_elements_to_third_order() -> None:
    check_grads(chained, (array(5),), order=3, tolerance=1e-4)
    check_grads(lambda x: sum((x[i] ** 2 * x[1, i] for i in range(2)), 0.0), (array(2, 2),))
    check_grads(lambda x: x[0] * x[0] + x[1:3] * x[2] + x[[0, 0]] * x.sum(), (array(3),))


@pytest.mark.parametrize("order", [1, 2])
def test_what_many_reads_contribute_is_added_up_in_one_array(order: int) -> None:
    x = np.linspace(0.5, 1.5, 50_000)

    def cubes(x: npt.NDArray[np.float64]) -> float:
        return sum((x[i] ** 3 for i in range(1000)), 0.0)

    tracemalloc.start()
    try:
        if order == 1:
            tg.grad(cubes)(x)
        else:
            tg.hvp(cubes, (x,), (x,))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * x.nbytes  # an array for each read would take 1000 of them
