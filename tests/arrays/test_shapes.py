"""Functions that give the same elements another shape."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, movement, row, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.testing import check_grads

ROWS = (
    row("reshape", lambda x: tnp.reshape(x, (3, 2)) * tnp.reshape(x, (3, -1)), array(2, 3)),
    row("transpose", lambda x: tnp.transpose(x, (1, 2, 0)) * 2.0 * x[0, 0, 0], array(2, 3, 4)),
    row("sum axis", lambda x: tnp.sum(x * x, axis=1), array(2, 3), reference=lambda x: np.sum(x * x, axis=1)),
    movement("reshape to a number", lambda m, x: m.reshape(x, ()), array(1, 1)),
    movement("reshape of nothing", lambda m, x: m.reshape(x, (3, 0)), array(0, 2)),
    movement("reshape by columns", lambda m, x: m.reshape(x, (4, -1), order="F"), array(2, 3, 4)),
    movement("ravel", lambda m, x: m.ravel(x), array(2, 3)),
    movement("ravel by columns", lambda m, x: m.ravel(x, order="F"), array(2, 3)),
    movement("methods by columns", lambda m, x: x.reshape(3, 2, order="F") + x.flatten("F")[0], array(2, 3)),
    movement("mT", lambda m, x: x.mT, array(2, 3, 4)),
    movement("transpose negative", lambda m, x: m.transpose(x, (-1, 0, 1)), array(2, 3, 4)),
    movement("permute_dims", lambda m, x: m.permute_dims(x, (1, 0)), array(2, 3)),
    movement("matrix_transpose", lambda m, x: m.matrix_transpose(x), array(2, 3, 4)),
    movement("moveaxis", lambda m, x: m.moveaxis(x, 0, -1), array(2, 3, 4)),
    movement("moveaxis of two", lambda m, x: m.moveaxis(x, (0, 2), (-1, 0)), array(2, 3, 4)),
    movement("swapaxes", lambda m, x: m.swapaxes(x, -1, 0), array(2, 3, 4)),
    movement("rollaxis", lambda m, x: m.rollaxis(x, 2), array(2, 3, 4)),
    movement("rollaxis on", lambda m, x: m.rollaxis(x, 0, 3), array(2, 3, 4)),
    movement("rollaxis negative", lambda m, x: m.rollaxis(x, -1, -2), array(2, 3, 4)),
    movement("squeeze", lambda m, x: m.squeeze(x), array(1, 2, 1)),
    movement("squeeze axes", lambda m, x: m.squeeze(x, (0, -1)), array(1, 2, 1)),
    movement("expand_dims", lambda m, x: m.expand_dims(x, (0, -1)), array(2, 3)),
    movement("broadcast_to", lambda m, x: m.broadcast_to(x, (2, 3, 4)), array(3, 1)),
    movement("broadcast_to nothing", lambda m, x: m.broadcast_to(x, (0, 3)), array(3)),
    movement("broadcast_arrays", lambda m, x, y: m.broadcast_arrays(x, y), array(2, 1), array(3)),
    movement("atleast_1d", lambda m, x: m.atleast_1d(m.sum(x)), array(2)),
    movement("atleast_2d", lambda m, x, y: m.atleast_2d(x, y), array(3), array(1, 2, 3)),
    movement("atleast_3d", lambda m, x, y: m.atleast_3d(x, y), array(3), array(2, 3)),
    movement("atleast_3d number", lambda m, x: m.atleast_3d(x[0]), array(2)),
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


def test_numpy_and_the_methods_answer_with_these() -> None:
    x = array(2, 3, 4)
    check_grads(lambda x: np.moveaxis(x, 0, 1) ** 2, (x,))
    check_grads(lambda x: x.swapaxes(0, 2) * x.transpose(2, 1, 0), (x,))
    check_grads(lambda x: np.atleast_3d(x.flatten(), x)[0] ** 2, (x,))
    check_grads(lambda x: np.broadcast_arrays(x, x[0])[1] ** 2, (x,))
    assert tg.vjp(lambda x: x * np.ndim(x) * np.size(x, 1) * np.shape(x)[0], np.ones((2, 3)))[0][0, 0] == 12.0


def test_a_list_with_traced_numbers_is_an_array() -> None:
    assert tg.grad(lambda x: tnp.reshape([[x, 1.0], [2.0, x * x]], (4,))[3])(3.0) == 6.0


def test_integers_have_no_derivative() -> None:
    def steps(x: npt.NDArray[np.float64]) -> float:
        return tnp.sum(tnp.astype(3.0 * x, int) * x)

    x = np.array([0.5, 0.9, -0.5])
    same(tg.grad(steps)(x), np.array([1.0, 2.0, -1.0]), "the gradient")
    same(tg.jvp(steps, (x,), (np.ones(3),))[1], 2.0, "the tangent")
    same(tg.vmap(tg.grad(steps))(np.stack([x, x + 1.0])), np.array([[1.0, 2.0, -1.0], [4.0, 5.0, 1.0]]), "lanes")


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda x: tnp.reshape(x, (4,)), ValueError, r"shape \(2, 3\) has 6 elements"),
        (lambda x: np.ravel(x, order="K"), ValueError, "'C', .* or 'F'.* not 'K'"),
        (lambda x: tnp.squeeze(x, 0), ValueError, "not of length one"),
        (lambda x: tnp.moveaxis(x, 0, 2), ValueError, "axis 2 is out of bounds"),
        (lambda x: tnp.moveaxis(x, (0, 1), 0), ValueError, "different numbers of axes"),
        (lambda x: tnp.rollaxis(x, 0, 3), ValueError, "axis 3 is out of bounds"),
        (lambda x: tnp.matrix_transpose(x[0]), ValueError, "two axes at least"),
        (lambda x: tnp.transpose(x, (0, 0)), ValueError, "no order"),
        (lambda x: tnp.reshape([x, x[0]], -1), ValueError, r"shapes \(2, 3\), \(3,\) is no array|items of the shapes"),
    ],
)
def test_errors(wrong: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        tg.trace(wrong, np.ones((2, 3)))  # type: ignore[arg-type]
