"""New arrays, and lists of traced values as arrays."""

from __future__ import annotations

import numpy as np
import pytest
from laws import Row, array, check_row, movement, row

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.testing import check_grads

ROWS = (
    movement("array of numbers", lambda m, x, y: m.array([[x, 1.0], [y, x * y]]), 2.0, 3.0),
    movement("array of arrays", lambda m, x: m.array([x, x[::-1], [1.0, 2.0, 3.0]]), array(3)),
    movement("asarray", lambda m, x: m.asarray([x[0], x[2]]), array(3)),
    movement("asarray of an array", lambda m, x: m.asarray(x), array(3)),
    movement("copy", lambda m, x: m.copy(x), array(2, 3)),
    movement("full", lambda m, x: m.full((2, 3), x), 1.5),
    movement("full of rows", lambda m, x: m.full((2, 3), x), array(3)),
    movement("full_like", lambda m, x, y: m.full_like(x, y), array(2, 3), 2.0),
    movement("zeros_like and ones_like", lambda m, x: x + m.zeros_like(x) + m.ones_like(x), array(2, 3)),
    movement("linspace", lambda m, x, y: m.linspace(x, y, 7), 0.5, 2.0),
    movement("linspace without end", lambda m, x, y: m.linspace(x, y, 5, endpoint=False), 0.5, 2.0),
    movement("linspace of one", lambda m, x, y: m.linspace(x, y, 1), 0.5, 2.0),
    movement("linspace of none", lambda m, x, y: m.linspace(x, y, 0), 0.5, 2.0),
    movement("linspace of arrays", lambda m, x, y: m.linspace(x, y, 4, axis=-1), array(3), array(2, 1)),
    movement("linspace axis", lambda m, x: m.linspace(x, 2.0, 4, axis=1), array(2, 3)),
    movement("linspace step", lambda m, x, y: m.linspace(x, y, 4, retstep=True), 0.5, 2.0),
    row("logspace", lambda x, y: tnp.logspace(x, y, 4), 0.1, 0.7, reference=lambda x, y: np.logspace(x, y, 4)),
    row("logspace base", lambda x, b: tnp.logspace(x, 1.0, 4, base=b), 0.1, 2.5),
    row("geomspace", lambda x, y: tnp.geomspace(x, y, 4), 0.2, 3.0, reference=lambda x, y: np.geomspace(x, y, 4)),
    row("geomspace below", lambda x: tnp.geomspace(x, -3.0, 4), -0.2, reference=lambda x: np.geomspace(x, -3.0, 4)),
    movement("meshgrid", lambda m, x, y: m.meshgrid(x, y), array(2), array(3)),
    movement("meshgrid ij", lambda m, x, y: m.meshgrid(x, y, x, indexing="ij"), array(2), array(3)),
    movement("meshgrid sparse", lambda m, x, y: m.meshgrid(x, y, sparse=True), array(2), 3.0),
    movement("meshgrid of one", lambda m, x: m.meshgrid(x), array(2)),
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


def test_numpy_answers_with_these() -> None:
    check_grads(lambda x: np.linspace(x[0], x[1], 4) ** 2, (array(2),))
    check_grads(lambda x: np.full_like(x, x[0]) * np.ones_like(x) ** 2, (array(2),))
    check_grads(lambda x: np.meshgrid(x, x)[0] ** 2, (array(2),))


def test_plain_gives_plain() -> None:
    assert type(tnp.array([[1, 2], [3, 4]])) is np.ndarray
    assert tnp.array([1, 2], np.float32).dtype == np.float32
    x = np.ones(2)
    assert not np.shares_memory(tnp.copy(x), x)
    assert type(tnp.full((2,), 1.0)) is np.ndarray
    zeros = tg.trace(lambda x: x + (tnp.zeros_like(x) if type(tnp.zeros_like(x)) is np.ndarray else 1.0), np.ones(2))
    np.testing.assert_array_equal(zeros.output, np.ones(2))


def test_dtypes() -> None:
    x = np.ones(2, np.float32)
    assert tg.vjp(lambda x: tnp.array([x, x], np.float64), x)[0].dtype == np.float64
    assert tg.vjp(lambda x: tnp.array([x, x], np.float64), x)[1](np.ones((2, 2)))[0].dtype == np.float32
    assert tg.vjp(lambda x: tnp.full_like(x, 2.0) * x, x)[0].dtype == np.float32
    assert tnp.ones_like(np.arange(2)).dtype == np.arange(2).dtype


def test_linspace_reaches_its_ends() -> None:
    start, stop = 0.1, 0.7000000000000001
    spaced = tnp.linspace(start, stop, 4)
    assert (spaced[0], spaced[-1]) == (start, stop)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda x: tnp.array([x, [x, x]]), r"items of the shapes \(\), \(2,\)"),
        (lambda x: tnp.linspace(x, 1.0, -1), "must not be negative"),
        (lambda x: tnp.geomspace(x, -1.0), "of one sign"),
        (lambda x: np.meshgrid(x, indexing="yx")[0], '"xy" or "ij"'),  # type: ignore[call-overload]
    ],
)
def test_errors(wrong: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tg.trace(wrong, 2.0)  # type: ignore[arg-type]
