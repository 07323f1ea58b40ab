"""Products of vectors, matrices and arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, row, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.ops.shape import real


def same_call(name: str, *arguments: object, **keywords: object) -> Row:
    """A row for the function of that name, held against NumPy's."""
    label = f"{name} {[np.shape(np.asarray(x)) for x in arguments]} {keywords or ''}"
    return row(
        label,
        lambda *xs: getattr(tnp, name)(*xs, **keywords),
        *arguments,
        reference=lambda *xs: getattr(np, name)(*xs, **keywords),
    )


def sum_of(subscripts: str, *shapes: tuple[int, ...]) -> Row:
    arguments = [array(*shape, seed=i) for i, shape in enumerate(shapes)]
    return row(
        f"einsum {subscripts} {shapes}",
        lambda *xs: tnp.einsum(subscripts, *xs),
        *arguments,
        reference=lambda *xs: np.einsum(subscripts, *xs),
    )


ROWS = (
    same_call("matmul", array(2, 3), array(3, 4)),
    same_call("matmul", array(3), array(3, 2)),
    same_call("matmul", array(2, 3), array(3)),
    same_call("matmul", array(3), array(3, seed=1)),
    same_call("matmul", array(2, 1, 2, 3), array(4, 3, 2)),
    same_call("matmul", array(3), array(2, 3, 2)),
    same_call("matmul", array(2, 2, 3), array(3)),
    same_call("matmul", array(2, 0), array(0, 3)),
    same_call("dot", 1.5, array(2, 3)),
    same_call("dot", array(3), array(3, seed=1)),
    same_call("dot", array(2, 3), array(3)),
    same_call("dot", array(2, 3), array(3, 2)),
    same_call("dot", array(2, 2, 3), array(2, 3, 2)),
    same_call("dot", array(3), array(2, 3, 2)),
    same_call("vdot", array(2, 3), array(6)),
    same_call("inner", array(3), array(3, seed=1)),
    same_call("inner", array(2, 3), array(2, 2, 3)),
    same_call("inner", 2.0, array(2)),
    same_call("outer", array(2), array(3)),
    same_call("outer", array(2, 2), 1.5),
    same_call("tensordot", array(2, 3), array(2, 3, seed=1)),
    same_call("tensordot", array(2, 3), array(3, 2), axes=1),
    same_call("tensordot", array(2), array(3), axes=0),
    same_call("tensordot", array(2, 3, 4), array(4, 2, 2), axes=((0, -1), (1, 0))),
    same_call("tensordot", array(2, 3), array(3, 2), axes=(1, 0)),
    same_call("kron", array(2), array(3)),
    same_call("kron", array(2, 2), array(1, 3)),
    same_call("kron", array(2), array(2, 1, 2)),
    same_call("kron", 2.0, array(2, 2)),
    same_call("cross", array(3), array(3, seed=1)),
    same_call("cross", array(2, 3), array(3)),
    same_call("cross", array(3, 2), array(3, 2, seed=1), axis=0),
    same_call("cross", array(3, 2), array(2, 3), axisa=0, axisc=0),
    same_call("vecdot", array(2, 3), array(3)),
    same_call("vecdot", array(3, 2), array(3, 2, seed=1), axis=0),
    same_call("matvec", array(2, 3), array(3)),
    same_call("matvec", array(2, 3), array(4, 3)),
    same_call("matvec", array(4, 2, 3), array(4, 3)),
    same_call("vecmat", array(3), array(3, 2)),
    same_call("vecmat", array(4, 3), array(2, 4, 3, 2)),
    sum_of("ij,jk->ik", (2, 3), (3, 2)),
    sum_of("ij,jk", (2, 3), (3, 2)),
    sum_of("ba", (2, 3)),
    sum_of("ij->", (2, 3)),
    sum_of("ij->j", (2, 3)),
    sum_of("ii", (3, 3)),
    sum_of("ii->i", (3, 3)),
    sum_of("iij->ji", (2, 2, 3)),
    sum_of("iii->i", (2, 2, 2)),
    sum_of("ii,i->i", (3, 3), (3,)),
    sum_of("i,j,k->kij", (2,), (3,), (2,)),
    sum_of("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
    sum_of("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
    sum_of("...ij,...jk->...ik", (2, 1, 2, 3), (3, 3, 2)),
    sum_of("i...,i...", (3, 2), (3,)),
    sum_of("...,ij->...ij", (2,), (2, 3)),
    sum_of("ij,ij->ij", (1, 3), (2, 3)),
    sum_of("ij,j->i", (2, 1), (3,)),
    sum_of(" i j , j -> i ", (2, 3), (3,)),
    sum_of("ij,ij->", (0, 3), (0, 3)),
    row(
        "einsum of a number",
        lambda x, y: tnp.einsum(",i->i", x, y),
        2.0,
        array(3),
        reference=lambda x, y: np.einsum(",i->i", x, y),
    ),
    row(
        "einsum of one array twice",
        lambda x: tnp.einsum("ij,kj->ik", x, x),
        array(2, 3),
        reference=lambda x: np.einsum("ij,kj->ik", x, x),
    ),
    row(
        "einsum by lists",
        lambda x, y: tnp.einsum(x, [0, 30], y, [30, ...], [..., 0]),
        array(2, 3),
        array(3, 2),
        reference=lambda x, y: np.einsum(x, [0, 30], y, [30, ...], [..., 0]),
    ),
    row(
        "einsum by lists, implied",
        lambda x, y: tnp.einsum(x, [2, 0], y, [0, 1], optimize="greedy"),
        array(2, 3),
        array(3, 2),
        reference=lambda x, y: np.einsum(x, [2, 0], y, [0, 1]),
    ),
    row(
        "a large einsum", lambda x: tnp.einsum("ij,jk,kl->il", x, x, x), array(20, 20), order=1, float32=False
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


def crossed(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> object:
    """NumPy's, of vectors whose third component may be left out, which NumPy 2.5 does not know any more."""
    both_flat = x.shape[-1] == y.shape[-1] == 2
    deep = [np.concatenate([v, np.zeros((*v.shape[:-1], 3 - v.shape[-1]))], axis=-1) for v in (x, y)]
    out = np.cross(deep[0], deep[1])
    return out[..., 2] if both_flat else out


@pytest.mark.parametrize("shapes", [((2,), (2,)), ((2,), (3,)), ((4, 3), (2,)), ((4, 2), (4, 2))])
def test_cross_of_vectors_with_two_components(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    x, y = array(*shapes[0]), array(*shapes[1], seed=1)
    check_row(row("cross", tnp.cross, x, y, reference=crossed))


PLAIN: tuple[tuple[str, Callable[..., object], tuple[object, ...]], ...] = (
    ("matmul", lambda x, y: np.matmul(x, y), (array(2, 3), array(3, 2))),
    ("operator", lambda x, y: x @ y, (array(2, 3), array(3, 2))),
    ("dot", lambda x, y: np.dot(x, y), (array(2, 3), array(3, 2))),
    ("method", lambda x, y: x.dot(y), (array(2, 3), array(3, 2))),
    ("einsum", lambda x, y: np.einsum("ij,jk->ik", x, y), (array(2, 3), array(3, 2))),
    ("tensordot", lambda x, y: np.tensordot(x, y, axes=1), (array(2, 3), array(3, 2))),
    ("multiply.outer", lambda x, y: np.multiply.outer(x, y), (array(2, 3), array(3, 2))),
    ("subtract.outer", lambda x, y: np.subtract.outer(x, y), (array(2), array(3))),
    ("matvec", lambda x, y: np.matvec(x, y), (array(2, 3), array(3))),
    ("vecmat", lambda x, y: np.vecmat(x, y), (array(3), array(3, 2))),
    ("vecdot", lambda x, y: np.vecdot(x, y, axis=0), (array(3, 2), array(3, 2, seed=1))),  # type: ignore[call-overload]  # NumPy's stubs know no axis
    ("vdot", lambda x, y: np.vdot(x, y), (array(3), array(3, seed=1))),
    ("inner", lambda x, y: np.inner(x, y), (array(2, 3), array(2, 3, seed=1))),
    ("outer", lambda x, y: np.outer(x, y), (array(2), array(3))),
    ("kron", lambda x, y: np.kron(x, y), (array(2), array(3))),
    ("cross", lambda x, y: np.cross(x, y), (array(3), array(3, seed=1))),
)


@pytest.mark.parametrize(("name", "function", "arguments"), PLAIN, ids=[name for name, _, _ in PLAIN])
def test_plain_numpy_is_answered(name: str, function: Callable[..., object], arguments: tuple[object, ...]) -> None:
    check_row(row(name, function, *arguments, reference=function, order=1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: tnp.matmul(x, x), r"\(2, 3\) and \(2, 3\)"),
        (lambda x: tnp.matmul(x, 2.0), r"\(2, 3\) and \(\)"),
        (lambda x: tnp.vecdot(x, x[:, :2]), "vecdot"),
        (lambda x: tnp.matvec(x, x[:, :2]), "matvec"),
        (lambda x: tnp.vecmat(x, x), "vecmat"),
        (lambda x: tnp.tensordot(x, x, axes=1), "equal lengths"),
        (lambda x: tnp.cross(x[0, :1], x[0]), "two or three components, not 1 and 3"),
        (lambda x: tnp.einsum("ij,jk->ik", x, x), "axis 'j' .* 3 and 2"),
        (lambda x: tnp.einsum("ij,jk->ik", x), "2 operands"),
        (lambda x: tnp.einsum("ijk->i", x), r"shape \(2, 3\)"),
        (lambda x: tnp.einsum("i->i", x), r"shape \(2, 3\)"),
        (lambda x: tnp.einsum("ii->i", x), "axis 'i'"),
        (lambda x: tnp.einsum("ij->ik", x), "result"),
        (lambda x: tnp.einsum("ij->ii", x), "result"),
        (lambda x: tnp.einsum("i...->i", x), "result"),
        (lambda x: tnp.einsum("i1->i", x), "does not name"),
    ],
)
def test_wrong_shapes_are_refused(call: Callable[..., tg.Var], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(array(2, 3))
    with pytest.raises(ValueError, match=message):
        tg.grad(lambda x: tnp.sum(call(x)))(array(2, 3))


def test_many_vectors_and_one_matrix_take_one_product_of_matrices() -> None:
    w, xs = array(3, 4), array(5, 4)
    same(tg.vmap(lambda x: tnp.matmul(w, x))(xs), xs @ w.T, "the products")
    slopes = tg.vmap(tg.grad(lambda x: tnp.sum(tnp.matmul(w, x) ** 2)))(xs)
    same(slopes, 2.0 * xs @ w.T @ w, "the gradients")


def test_lanes_of_lanes() -> None:
    x, y = array(2, 3, 4), array(2, 4, seed=1)
    inner = tg.vmap(lambda a, b: tnp.einsum("i,i->", a, b) * tnp.vecdot(a, b), in_axes=(0, None))
    same(tg.vmap(inner)(x, y), np.einsum("abi,ai->ab", x, y) ** 2, "the values")


def test_the_gradient_for_a_shared_matrix_is_summed_over_lanes() -> None:
    w, xs = array(3, 4), array(5, 4)
    squares = tg.vmap(lambda w, x: tnp.einsum("ij,j->i", w, x) ** 2, in_axes=(None, 0))
    found = tg.grad(lambda w: tnp.sum(cast(tg.Var, squares(w, xs))))(w)
    same(found, 2.0 * np.einsum("bi,bj->ij", xs @ w.T, xs), "the gradient")


def test_complex_operands_of_real_results() -> None:
    x, y = array(3), array(3, seed=1)
    _, pullback = tg.vjp(lambda x, y: real(tnp.vdot(x + 1j * y, x + 1j * y)), x, y)
    same(pullback(1.0), (2.0 * x, 2.0 * y), "the gradient")
