"""Functions that give the same elements other places."""

from __future__ import annotations

import numpy as np
import pytest
from laws import Row, array, check_row, movement, row, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.testing import check_grads

X, V, CUBE = array(2, 3), array(3), array(2, 3, 4)

PADS = [
    movement(f"pad {mode} {shape} {widths}", lambda m, x, w=widths, mode=mode: m.pad(x, w, mode=mode), array(*shape))
    for mode in ("constant", "edge", "reflect", "symmetric", "wrap")
    for shape, widths in (((3,), 2), ((3,), (1, 5)), ((2, 3), ((0, 1), (2, 0))), ((2, 3), ((1, 2),)))
]

ROWS = (
    movement("repeat", lambda m, x: m.repeat(x, 2), X),
    movement("repeat axis", lambda m, x: m.repeat(x, 3, axis=-2), X),
    movement("repeat counts", lambda m, x: m.repeat(x, [2, 0, 1], axis=1), X),
    movement("repeat one count", lambda m, x: m.repeat(x, [2], axis=1), X),
    movement("repeat no times", lambda m, x: m.repeat(x, 0, axis=0), X),
    movement("repeat a number", lambda m, x: m.repeat(x, 3), 2.0),
    movement("repeat nothing", lambda m, x: m.repeat(x, 2), array(0)),
    movement("tile", lambda m, x: m.tile(x, 2), X),
    movement("tile axes", lambda m, x: m.tile(x, (2, 1, 3)), X),
    movement("tile fewer axes", lambda m, x: m.tile(x, (2,)), CUBE),
    movement("tile no times", lambda m, x: m.tile(x, (0, 2)), X),
    movement("resize", lambda m, x: m.resize(x, (2, 4)), V),
    movement("resize smaller", lambda m, x: m.resize(x, 2), X),
    movement("resize nothing", lambda m, x: m.resize(x, 2), array(0)),
    movement("flip", lambda m, x: m.flip(x), X),
    movement("flip axis", lambda m, x: m.flip(x, -1), CUBE),
    movement("flip axes", lambda m, x: m.flip(x, (0, 2)), CUBE),
    movement("fliplr", lambda m, x: m.fliplr(x), CUBE),
    movement("flipud", lambda m, x: m.flipud(x), V),
    *[movement(f"rot90 {k}", lambda m, x, k=k: m.rot90(x, k), X) for k in (-1, 0, 1, 2, 7)],
    movement("rot90 axes", lambda m, x: m.rot90(x, 1, (2, 0)), CUBE),
    movement("rot90 thrice", lambda m, x: m.rot90(x, 3, (-1, 1)), CUBE),
    movement("roll", lambda m, x: m.roll(x, 2), X),
    movement("roll axis", lambda m, x: m.roll(x, -4, axis=1), X),
    movement("roll axes", lambda m, x: m.roll(x, (1, -1), axis=(0, 2)), CUBE),
    movement("roll one shift", lambda m, x: m.roll(x, 1, axis=(0, 1)), X),
    movement("roll an axis twice", lambda m, x: m.roll(x, (1, 1), axis=(1, 1)), X),
    movement("roll nothing", lambda m, x: m.roll(x, 1), array(0)),
    *PADS,
    movement("pad by number", lambda m, x: m.pad(x, 1, constant_values=2.5), X),
    movement("pad by numbers", lambda m, x: m.pad(x, 1, constant_values=((1.0, 2.0), (3.0, 4.0))), X),
    row("pad by a traced number", lambda x, c: tnp.pad(x * x, 1, constant_values=c) * c, X, 1.5),
    movement("diag", lambda m, x: m.diag(x), X),
    movement("diag above", lambda m, x: m.diag(x, 1), X),
    movement("diag below", lambda m, x: m.diag(x, -1), X),
    movement("diag beyond", lambda m, x: m.diag(x, 5), X),
    movement("diag of a vector", lambda m, x: m.diag(x, -2), V),
    movement("diagflat", lambda m, x: m.diagflat(x, 1), X),
    movement("diagonal", lambda m, x: m.diagonal(x, 1, 0, 2), CUBE),
    movement("diagonal of others", lambda m, x: m.diagonal(x, -1, axis1=2, axis2=1), CUBE),
    movement("trace", lambda m, x: m.trace(x), X),
    movement("trace of others", lambda m, x: m.trace(x, 1, axis1=-1, axis2=0), CUBE),
    movement("tril", lambda m, x: m.tril(x), CUBE),
    movement("triu", lambda m, x: m.triu(x, 1), CUBE),
    movement("tril below", lambda m, x: m.tril(x, -1), X),
    movement("delete", lambda m, x: m.delete(x, 1, axis=1), X),
    movement("delete flat", lambda m, x: m.delete(x, [0, -1]), X),
    movement("delete slice", lambda m, x: m.delete(x, slice(0, 2), axis=-1), X),
    movement("delete mask", lambda m, x: m.delete(x, np.array([True, False, True])), V),
    movement("insert", lambda m, x, y: m.insert(x, 1, y), V, 2.5),
    movement("insert flat", lambda m, x, y: m.insert(x, -1, y), X, array(2, seed=1)),
    movement("insert rows", lambda m, x, y: m.insert(x, 1, y, axis=0), X, array(3, seed=1)),
    movement("insert column", lambda m, x, y: m.insert(x, 3, y, axis=1), X, array(2, seed=1)),
    movement("insert at two", lambda m, x, y: m.insert(x, [0, 2], y, axis=1), X, array(2, seed=1).reshape(2, 1)),
    movement("insert at one twice", lambda m, x, y: m.insert(x, [1, 1], y), V, array(2, seed=1)),
    movement("insert at a slice", lambda m, x: m.insert(x, slice(0, 2), 1.5), V),
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


def test_numpy_and_the_methods_answer_with_these() -> None:
    for function in (
        lambda x: np.roll(np.flip(x), 1) ** 2,
        lambda x: np.pad(x, ((1, 0), (0, 2)), mode="edge") ** 2,
        lambda x: np.tril(np.tile(x, 2)) ** 2,
        lambda x: np.delete(np.rot90(x), 0, axis=0) ** 2,
        lambda x: x.repeat(2, 1).diagonal() ** 2,
        lambda x: x.trace() ** 2,
    ):
        check_grads(function, (X,))


def test_integers_stay_integers() -> None:
    x = np.arange(6).reshape(2, 3)
    for m, n in ((tnp.tril(x), np.tril(x)), (tnp.pad(x, 1), np.pad(x, 1)), (tnp.diag(x), np.diag(x))):
        same(m, n, "integers")
        assert m.dtype == n.dtype


def test_what_is_outside_a_triangle_does_not_take_part() -> None:
    x = np.array([[1.0, np.inf], [np.nan, 2.0]])
    same(tg.grad(lambda x: tnp.tril(tnp.triu(x)).sum())(x), np.eye(2), "the gradient")
    same(tg.grad(lambda x: tnp.pad(x, 1, constant_values=-np.inf)[1:-1, 1:-1].sum())(x), np.ones((2, 2)), "a frame")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda x: tnp.pad(x, 1, mode="symetric"), "no mode 'symetric'.*the nearest that is supported: symmetric"),
        (lambda x: tnp.pad(x, -1), "must not be negative"),
        (lambda x: tnp.diag(tnp.reshape(x, (1, 2, 3))), "vector or a matrix"),
        (lambda x: tnp.diagonal(x[0]), "two axes"),
        (lambda x: tnp.tril(x[0]), "tril needs an array of two axes"),
        (lambda x: tnp.rot90(x, 1, (0, 0)), "names an axis twice"),
        (lambda x: tnp.fliplr(x[0]), "fliplr needs"),
        (lambda x: tnp.repeat(x, [1, 2], axis=1), "broadcast"),
        (lambda x: tnp.roll(x, 1, axis=2), "out of bounds"),
    ],
)
def test_errors(wrong: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tg.trace(wrong, X)  # type: ignore[arg-type]
