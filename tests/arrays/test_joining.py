"""Functions that put arrays together, and take them apart."""

from __future__ import annotations

import numpy as np
import pytest
from laws import Row, array, check_row, movement

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.testing import check_grads

X, Y, V = array(2, 3), array(2, 3, seed=1), array(3)

ROWS = (
    movement("concatenate", lambda m, x, y: m.concatenate([x, y, x]), X, array(1, 3)),
    movement("concatenate axis", lambda m, x, y: m.concatenate((x, y), axis=-1), X, array(2, 1)),
    movement("concatenate flat", lambda m, x, y: m.concatenate([x, y], axis=None), X, V),
    movement("concatenate plain", lambda m, x: m.concatenate([x, np.ones((1, 3))]), X),
    movement("concatenate nothing", lambda m, x, y: m.concatenate([x, y]), array(0, 3), X),
    movement("stack", lambda m, x, y: m.stack([x, y, x]), X, Y),
    movement("stack axis", lambda m, x, y: m.stack([x, y], axis=-1), X, Y),
    movement("stack numbers", lambda m, x, y: m.stack([x, y, 3.0]), 2.0, 0.5),
    movement("vstack", lambda m, x, y: m.vstack([x, y]), X, V),
    movement("hstack", lambda m, x, y: m.hstack([x, y]), X, array(2, 1)),
    movement("hstack vectors", lambda m, x, y: m.hstack([x, y]), V, array(2)),
    movement("hstack numbers", lambda m, x, y: m.hstack([x, y]), 1.5, 2.5),
    movement("dstack", lambda m, x, y: m.dstack([x, y]), X, Y),
    movement("dstack vectors", lambda m, x: m.dstack([x, x]), V),
    movement("column_stack", lambda m, x, y: m.column_stack([x, y]), X, array(2)),
    movement("block", lambda m, x, y: m.block([[x, y], [y, x]]), X, Y),
    movement(
        "block of numbers", lambda m, x, y: m.block([[x, m.ones((3, 1))], [m.zeros((1, 3)), y]]), array(3, 3), 2.0
    ),
    movement("block of one", lambda m, x: m.block(x), X),
    movement("block of three", lambda m, x: m.block([x, x]), array(2, 2, 2)),
    movement("append", lambda m, x, y: m.append(x, y), X, V),
    movement("append axis", lambda m, x, y: m.append(x, y, axis=0), X, array(1, 3)),
    movement("split", lambda m, x: m.split(x, 3, axis=1), X),
    movement("split at", lambda m, x: m.split(x, [1, 2], axis=-1), X),
    movement("split beyond", lambda m, x: m.split(x, [2, 1, 5]), V),
    movement("array_split", lambda m, x: m.array_split(x, 3), array(7)),
    movement("array_split into more", lambda m, x: m.array_split(x, 5), V),
    movement("hsplit", lambda m, x: m.hsplit(x, 3), X),
    movement("hsplit vector", lambda m, x: m.hsplit(x, 3), V),
    movement("vsplit", lambda m, x: m.vsplit(x, 2), X),
    movement("dsplit", lambda m, x: m.dsplit(x, [1]), array(1, 2, 3)),
    movement("unstack", lambda m, x: m.unstack(x, axis=1), X),
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


def test_numpy_answers_with_these() -> None:
    for function in (
        lambda x: np.concatenate([x, x[:1]]) ** 2,
        lambda x: np.stack([x, 2.0 * x]) ** 2,
        lambda x: np.block([[x, x]]) ** 2,
        lambda x: np.hsplit(x, 3)[1] ** 2,
        lambda x: np.append(x, 1.0) ** 2,
    ):
        check_grads(function, (X,))


def test_rows_of_a_traced_array_are_joined() -> None:
    np.testing.assert_array_equal(tg.grad(lambda x: (tnp.concatenate(x) ** 2).sum())(X), 2.0 * X)
    assert tnp.row_stack([V, V]).shape == (2, 3)


def test_a_stack_of_numbers_is_one_record() -> None:
    assert len(tg.trace(lambda x, y: tnp.stack([x, y]).sum(), 1.0, 2.0).tape) == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda x: tnp.concatenate([]), "at least one"),
        (lambda x: tnp.concatenate([x, x[0]]), r"\(2, 3\), \(3,\) cannot be concatenated along axis 0"),
        (lambda x: tnp.concatenate([x[0, 0], x[0, 0]]), "out of bounds"),
        (lambda x: tnp.stack([x, x[0]]), r"one shape, not some of \(2, 3\), \(3,\)"),
        (lambda x: tnp.block([[x], x]), "nested equally deep"),
        (lambda x: tnp.split(x, 2, axis=1)[0], "array_split makes unequal ones"),
        (lambda x: tnp.split(x, 0)[0], "not split into 0"),
        (lambda x: tnp.array_split(x, 0)[0], "at least, not 0"),
        (lambda x: tnp.vsplit(x[0], 1)[0], "vsplit needs an array of 2 axes"),
        (lambda x: tnp.dsplit(x, 1)[0], "dsplit needs an array of 3 axes"),
    ],
)
def test_errors(wrong: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tg.trace(wrong, X)  # type: ignore[arg-type]
