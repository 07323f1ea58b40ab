"""Elements at indices that stand on the tape."""

from __future__ import annotations

import numpy as np
import pytest
from laws import Row, array, check_row, row, same

import tapegrad as tg
from tapegrad.ops.gather import scatter_along, take_along

TWICE = np.array([[2, 0, 2, -1]])
ROWS = (
    row("take", lambda x: take_along(x, TWICE, axis=-1) ** 2, array(2, 3)),
    row("take axis", lambda x: take_along(x, np.array([[1, 0, 1]]), axis=-2) ** 2, array(2, 3)),
    row("take broadcast x", lambda x: take_along(x, np.array([[1, 0], [2, 2]]), axis=-1) ** 2, array(1, 3)),
    row("take of one axis", lambda x: take_along(x, TWICE, axis=-1) ** 2, array(3)),
    row("take nothing", lambda x: take_along(x, np.zeros((2, 0), int), axis=-1), array(2, 3)),
    row("scatter", lambda x: scatter_along(x, TWICE, axis=-1, length=3) ** 2, array(2, 4)),
    row("scatter axis", lambda x: scatter_along(x, TWICE.T, axis=-2, length=3) ** 2, array(4, 2)),
    row("scatter nothing", lambda x: scatter_along(x, np.zeros((2, 0), int), axis=-1, length=3), array(2, 0)),
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


def test_indices_in_lanes() -> None:
    indices = np.array([[0, 0], [2, 1]])
    x = array(3)
    slopes = tg.vmap(tg.grad(lambda x, i: (take_along(x, i, axis=-1) ** 2).sum()), in_axes=(None, 0))(x, indices)
    same(slopes, np.array([[4.0 * x[0], 0.0, 0.0], [0.0, 2.0 * x[1], 2.0 * x[2]]]), "a gradient in lanes")
    taken = tg.vmap(lambda x, i: take_along(x, i, axis=-1))(array(2, 3), indices)
    same(taken, np.take_along_axis(array(2, 3), indices, -1), "lanes")
