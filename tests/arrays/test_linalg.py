"""Inverses, determinants, norms, and matrices as products of simpler ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from laws import Row, array, check_row, row, same

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import tree
from tapegrad.errors import OperandError

Matrix = npt.NDArray[np.float64]
Function = Callable[..., object]


def regular(*shape: int, seed: int = 0) -> Matrix:
    """Matrices that are far from singular."""
    return np.asarray(0.3 * array(*shape, seed=seed) + np.diag(np.arange(1.0, shape[-1] + 1.0)))


def symmetric(x: Matrix) -> Matrix:
    return x + tnp.linalg.matrix_transpose(x)


def definite(x: Matrix) -> Matrix:
    return tnp.matmul(x, tnp.linalg.matrix_transpose(x)) + np.eye(x.shape[-1])


def call(
    name: str, *arguments: object, of: Function | None = None, order: int = 2, float32: bool = True, **keywords: object
) -> Row:
    """A row for ``linalg.name``, held against NumPy's. It is differentiated by the arguments that are arrays.

    The first of them is made by `of`, as a symmetric matrix is.
    """
    made = of or (lambda x: x)
    arrays = [x for x in arguments if isinstance(x, np.ndarray)]
    bound = arguments[len(arrays) :]
    return row(
        f"{name} {[x.shape for x in arrays]} {bound or ''} {keywords or ''}",
        lambda x, *xs: getattr(tnp.linalg, name)(made(x), *xs, *bound, **keywords),
        *arrays,
        reference=lambda x, *xs: numpys(name)(made(x), *xs, *bound, **keywords),
        order=order,
        float32=float32,
    )


def numpys(name: str) -> Function:
    """NumPy's function. Eigenvalues that are real come as real numbers, as they do before NumPy 2.5."""
    function = cast(Function, getattr(np.linalg, name))
    if name not in ("eig", "eigvals"):
        return function
    return lambda x: tree.map_leaves(lambda leaf: np.real(cast(Matrix, leaf)), function(x))


def plain(results: object) -> object:
    """NumPy's own pairs and triples, as tuples."""
    return tuple(cast("tuple[object, ...]", results))


def parts(name: str, x: Matrix, choose: Function, of: Function | None = None, **keywords: object) -> Row:
    """A row for what `choose` makes of the factors that ``linalg.name`` gives."""
    made = of or (lambda x: x)
    return row(
        f"{name} {x.shape} {keywords or ''}",
        lambda x: choose(*getattr(tnp.linalg, name)(made(x), **keywords)),
        x,
        reference=lambda x: choose(*cast(Sequence[object], numpys(name)(made(x), **keywords))),
    )


def together(*factors: object) -> object:
    return factors


ROWS = (
    call("inv", regular(3, 3)),
    call("inv", regular(2, 3, 3)),
    call("inv", regular(0, 0)),
    call("pinv", array(3, 2)),
    call("pinv", array(2, 2, 3)),
    call("pinv", regular(2, 2), rcond=1e-12),
    call("pinv", regular(2, 2), rtol=1e-12),
    call("pinv", array(3, 2), of=lambda x: x @ x.T, order=1, float32=False, rcond=1e-10),
    call("solve", regular(3, 3), array(3)),
    call("solve", regular(3, 3), array(3, 2)),
    call("solve", regular(2, 3, 3), array(3)),
    call("solve", regular(2, 3, 3), array(2, 3, 1)),
    call("solve", regular(2, 1, 2, 2), array(3, 2, 2)),
    call("det", regular(3, 3)),
    call("det", regular(1, 1)),
    call("det", regular(2, 2, 2)),
    call("det", -regular(4, 4)),
    parts("slogdet", -regular(3, 3), together),
    parts("slogdet", regular(2, 2, 2), lambda sign, logarithm: sign * logarithm),
    call("trace", array(2, 3, 4)),
    call("trace", array(3, 3), offset=-1),
    call("diagonal", array(2, 3, 4), offset=1),
    call("diagonal", array(2, 4, 3), offset=-2),
    call("matrix_transpose", array(2, 3, 4)),
    call("matrix_power", regular(2, 2), 0),
    call("matrix_power", regular(2, 2), 1),
    call("matrix_power", regular(2, 2), 5),
    call("matrix_power", regular(2, 3, 3), -2),
    call("tensorinv", regular(6, 6).reshape(2, 3, 6), ind=2),
    call("tensorinv", regular(6, 6).reshape(6, 2, 3), ind=1),
    call("tensorsolve", regular(6, 6).reshape(2, 3, 6), array(2, 3)),
    call("tensorsolve", regular(6, 6).reshape(6, 3, 2), array(3, 2), axes=(0,)),
    call("cross", array(2, 3), array(2, 3, seed=1)),
    call("outer", array(2), array(3)),
    call("tensordot", array(2, 3), array(3, 2), axes=1),
    call("vecdot", array(2, 3), array(2, 3, seed=1)),
    call("matmul", array(2, 3), array(3, 2)),
    call("cholesky", regular(3, 3), of=definite),
    call("cholesky", regular(2, 3, 3), of=definite),
    call("cholesky", regular(3, 3), of=definite, upper=True),
    call("eigvalsh", regular(3, 3), of=symmetric),
    call("eigvalsh", regular(2, 3, 3), of=symmetric, UPLO="U"),
    parts("eigh", regular(3, 3), together, symmetric),
    parts("eigh", regular(2, 3, 3), together, symmetric, UPLO="U"),
    call("eigvals", regular(3, 3, seed=3)),
    call("eigvals", regular(2, 2, 2)),
    parts("eig", regular(3, 3, seed=3), together),
    parts("eig", regular(2, 2, 2), together),
    parts("qr", regular(3, 3), together),
    parts("qr", array(4, 2), together),
    parts("qr", array(2, 4), together),
    parts("qr", array(2, 4, 2), together),
    parts("qr", array(2, 4), together, mode="complete"),
    parts("qr", array(4, 2), lambda q, r: (q[:, :2], q[:, 2:] @ q[:, 2:].T, r), mode="complete"),
    call("qr", array(4, 2), mode="r"),
    parts("svd", regular(3, 3), together),
    parts("svd", array(4, 2), together, full_matrices=False),
    parts("svd", array(2, 4), together, full_matrices=False),
    parts("svd", array(2, 4, 2), together, full_matrices=False),
    parts("svd", array(4, 2), lambda u, s, v: (u[:, :2], u[:, 2:] @ u[:, 2:].T, s, v)),
    parts("svd", array(2, 4), lambda u, s, v: (u, s, v[:2], v[2:].T @ v[2:])),
    call("svd", array(4, 2), compute_uv=False),
    call("svdvals", array(3, 2)),
    call("svdvals", array(2, 2, 3)),
    call("cond", regular(3, 3)),
    call("cond", regular(2, 2, 2), -2),
    call("cond", regular(3, 3), "fro"),
    call("cond", regular(2, 2, 2), 1),
    call("norm", array(4)),
    call("norm", array(2, 3)),
    call("norm", array(2, 3, 2)),
    call("norm", array(2, 3), keepdims=True),
    *(call("norm", array(4), order) for order in (1, 2, 3, 0.5, -1, -2.5, inf, -inf, 0)),
    *(call("norm", array(2, 3), order) for order in (None, "fro", "nuc", 1, -1, 2, -2, inf, -inf)),
    *(call("norm", array(3, 2, 4), order, axis=(2, 0), keepdims=True) for order in ("fro", "nuc", 1, -1, 2, inf)),
    call("norm", array(3, 2, 4), axis=-1),
    call("norm", array(3, 2, 4), 3, axis=(1,), keepdims=True),
    call("norm", array(3, 2, 4), 1, axis=0),
    call("norm", array(0), inf),
    call("norm", array(0)),
    call("vector_norm", array(2, 3)),
    call("vector_norm", array(2, 3, 2), axis=(0, 2), ord=3.0),
    call("vector_norm", array(2, 3), axis=1, keepdims=True, ord=inf),
    call("matrix_norm", array(2, 3, 2)),
    call("matrix_norm", array(2, 3, 2), keepdims=True, ord="nuc"),
    row(
        "multi_dot",
        lambda *xs: tnp.linalg.multi_dot(xs),
        array(2, 4), array(4, 1), array(1, 3), array(3, 2),
        reference=lambda *xs: np.linalg.multi_dot(xs),
    ),
    row(
        "multi_dot of vectors",
        lambda *xs: tnp.linalg.multi_dot(xs),
        array(3), array(3, 2), array(2),
        reference=lambda *xs: np.linalg.multi_dot(xs),
    ),
    row(
        "lstsq",
        lambda a, b: tuple(tnp.linalg.lstsq(a, b)[i] for i in (0, 1, 3)),
        array(4, 2), array(4, 3),
        reference=lambda a, b: tuple(np.linalg.lstsq(a, b)[i] for i in (0, 1, 3)),
    ),
    row(
        "lstsq of a vector",
        lambda a, b: tuple(tnp.linalg.lstsq(a, b)[i] for i in (0, 1, 3)),
        array(4, 2), array(4),
        reference=lambda a, b: tuple(np.linalg.lstsq(a, b)[i] for i in (0, 1, 3)),
    ),
    row(
        "lstsq with many solutions",
        lambda a, b: tnp.linalg.lstsq(a, b)[0],
        array(2, 4), array(2),
        reference=lambda a, b: np.linalg.lstsq(a, b)[0],
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_laws(case: Row) -> None:
    check_row(case)


ANSWERED: tuple[tuple[str, Function, tuple[Matrix, ...]], ...] = (
    ("inv", lambda x: np.linalg.inv(x), (regular(2, 2),)),
    ("pinv", lambda x: np.linalg.pinv(x), (array(3, 2),)),
    ("det", lambda x: np.linalg.det(x), (regular(2, 2),)),
    ("slogdet", lambda x: plain(np.linalg.slogdet(x)), (regular(2, 2),)),
    ("solve", lambda x, y: np.linalg.solve(x, y), (regular(2, 2), array(2))),
    ("lstsq", lambda x, y: np.linalg.lstsq(x, y)[0], (array(3, 2), array(3))),
    ("norm", lambda x: np.linalg.norm(x, ord=1, axis=0, keepdims=True), (array(2, 2),)),
    ("vector_norm", lambda x: np.linalg.vector_norm(x, axis=0), (array(2, 2),)),
    ("matrix_norm", lambda x: np.linalg.matrix_norm(x), (array(2, 2),)),
    ("cond", lambda x: np.linalg.cond(x), (regular(2, 2),)),
    ("cholesky", lambda x: np.linalg.cholesky(definite(x)), (regular(2, 2),)),
    ("qr", lambda x: plain(np.linalg.qr(x)), (array(3, 2),)),
    ("eigh", lambda x: plain(np.linalg.eigh(symmetric(x))), (regular(2, 2),)),
    ("eigvalsh", lambda x: np.linalg.eigvalsh(symmetric(x), UPLO="U"), (regular(2, 2),)),
    ("eig", lambda x: tuple(np.real(part) for part in np.linalg.eig(x)), (regular(2, 2),)),
    ("eigvals", lambda x: np.real(np.linalg.eigvals(x)), (regular(2, 2),)),
    ("svd", lambda x: plain(np.linalg.svd(x, full_matrices=False)), (array(3, 2),)),
    ("svdvals", lambda x: np.linalg.svdvals(x), (array(3, 2),)),
    ("trace", lambda x: np.linalg.trace(x, offset=1), (array(2, 3, 2),)),
    ("diagonal", lambda x: np.linalg.diagonal(x), (array(2, 3, 2),)),
    ("matrix_transpose", lambda x: np.linalg.matrix_transpose(x), (array(2, 3),)),
    ("matrix_power", lambda x: np.linalg.matrix_power(x, 3), (array(2, 2),)),
    ("multi_dot", lambda x, y, z: np.linalg.multi_dot([x, y, z]), (array(2, 3), array(3, 2), array(2, 2))),
    ("tensorinv", lambda x: np.linalg.tensorinv(x, ind=1), (regular(2, 2),)),
    ("tensorsolve", lambda x, y: np.linalg.tensorsolve(x, y), (regular(2, 2), array(2))),
    ("cross", lambda x, y: np.linalg.cross(x, y, axis=0), (array(3, 2), array(3, 2, seed=1))),
    ("outer", lambda x, y: np.linalg.outer(x, y), (array(3), array(2))),
    ("tensordot", lambda x, y: np.linalg.tensordot(x, y, axes=1), (array(2, 3), array(3, 2))),
    ("vecdot", lambda x, y: np.linalg.vecdot(x, y), (array(2, 3), array(2, 3, seed=1))),
    ("matmul", lambda x, y: np.linalg.matmul(x, y), (array(2, 3), array(3, 2))),
)


@pytest.mark.parametrize(("name", "function", "arguments"), ANSWERED, ids=[name for name, _, _ in ANSWERED])
def test_plain_numpy_is_answered(name: str, function: Function, arguments: tuple[Matrix, ...]) -> None:
    check_row(row(name, function, *arguments, order=1, float32=False, lanes=False))


# ---- singular matrices --------------------------------------------------------------------------

SINGULAR = (
    np.zeros((2, 2)),
    np.ones((3, 3)),
    np.array([[1.0, 2.0], [2.0, 4.0]]),
    np.diag([1.0, 0.0, 2.0, 0.0]),
    np.arange(9.0).reshape(3, 3),
    np.zeros((1, 1)),
)


@pytest.mark.parametrize("x", SINGULAR, ids=str)
def test_determinants_of_singular_matrices_have_two_derivatives(x: Matrix) -> None:
    check_row(row("det", tnp.linalg.det, x, lanes=False, float32=False))


def test_a_determinant_has_more_derivatives_where_it_is_not_zero() -> None:
    check_row(row("det", tnp.linalg.det, regular(3, 3), order=3, lanes=False, float32=False))
    check_row(row("det", tnp.linalg.det, regular(2, 2, 2), order=3, lanes=False, float32=False))


@pytest.mark.parametrize(
    "function",
    [tnp.linalg.inv, lambda x: tnp.linalg.solve(x, np.ones(2)), lambda x: tnp.linalg.tensorinv(x, 1)],
    ids=["inv", "solve", "tensorinv"],
)
def test_singular_matrices_have_no_inverse(function: Function) -> None:
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        function(np.ones((2, 2)))
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        tg.vjp(function, np.ones((2, 2)))


def test_the_logarithm_of_a_determinant_that_is_zero_has_no_derivative() -> None:
    sign, logarithm = tnp.linalg.slogdet(np.ones((2, 2)))
    assert sign == 0.0
    assert logarithm == -inf
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        tg.grad(lambda x: tnp.linalg.slogdet(x).logabsdet)(np.ones((2, 2)))


# ---- conventions --------------------------------------------------------------------------------

TURNED = np.linalg.qr(array(3, 3))[0]
EQUAL = TURNED @ np.diag([2.0, 2.0, 3.0]) @ TURNED.T


def test_sums_over_equal_eigenvalues_have_their_derivative() -> None:
    check_row(
        row(
            "sum of cubes",
            lambda x: tnp.sum(tnp.linalg.eigvalsh(symmetric(x)) ** 3) + tnp.sum(tnp.linalg.eigh(symmetric(x))[0] ** 2),
            EQUAL, order=1, lanes=False, float32=False,
        )
    )  # fmt: skip


def test_the_projection_on_the_space_of_equal_eigenvalues_has_its_derivative() -> None:
    def projection(x: Matrix) -> Matrix:
        v = tnp.linalg.eigh(symmetric(x)).eigenvectors[:, :2]
        return tnp.matmul(v, tnp.linalg.matrix_transpose(v))

    check_row(row("projection", projection, EQUAL, order=1, lanes=False, float32=False))


@pytest.mark.parametrize("x", [np.eye(3), EQUAL], ids=["identity", "two equal"])
def test_functions_of_a_matrix_do_not_mind_equal_singular_values(x: Matrix) -> None:
    def rotation(x: Matrix) -> Matrix:
        u, _, v = tnp.linalg.svd(x)
        return u @ v

    check_row(row("the nearest rotation", rotation, x, order=1, lanes=False, float32=False, tolerance=1e-4))


@pytest.mark.parametrize("x", [np.eye(2), np.zeros((2, 2)), np.diag([1.0, 0.0])], ids=str)
@pytest.mark.parametrize("name", ["eigh", "eig", "svd"])
def test_equal_values_have_finite_derivatives(name: str, x: Matrix) -> None:
    def total(x: Matrix) -> tg.Var:
        cubes: list[tg.Var] = [tnp.sum(part**3) for part in getattr(tnp.linalg, name)(x)]
        return cubes[0] + cubes[1] + cubes[-1]

    first = tg.grad(total)
    second = tg.jvp(first, (x,), (array(2, 2),))[1]
    assert np.isfinite(first(x)).all()
    assert np.isfinite(second).all()


@pytest.mark.parametrize("order", [None, 1, 2, 3, inf, -inf, 0, 1.5])
def test_norms_of_a_zero_vector_have_derivative_zero(order: float | None) -> None:
    found = tg.grad(lambda x: tnp.linalg.norm(x, order))(np.zeros(3))
    same(found, np.zeros(3), "the gradient")
    moved = tg.jvp(lambda x: tnp.linalg.norm(x, order), (np.zeros(3),), (np.ones(3),))[1]
    same(moved, 0.0, "the tangent")


@pytest.mark.parametrize("order", [None, "fro", "nuc", 1, 2, inf, -1, -2, -inf])
def test_norms_of_a_zero_matrix_have_derivative_zero(order: float | None) -> None:
    same(tg.grad(lambda x: tnp.linalg.norm(x, order))(np.zeros((2, 3))), np.zeros((2, 3)), "the gradient")


def test_norms_of_zero_have_a_finite_second_derivative() -> None:
    first = tg.grad(lambda x: tnp.linalg.norm(x))
    second = tg.jvp(lambda x: first(x), (np.zeros(2),), (np.ones(2),))[1]
    same(second, np.zeros(2), "the second derivative")


def test_equal_largest_singular_values_share_the_derivative() -> None:
    same(tg.grad(lambda x: tnp.linalg.norm(x, 2))(np.eye(2)), np.eye(2) / 2.0, "the gradient")


def test_one_triangle_is_read_and_both_get_a_derivative() -> None:
    x = regular(3, 3)
    lower = np.tril(x) + np.tril(x, -1).T
    upper = np.triu(x) + np.triu(x, 1).T
    same(tnp.linalg.eigvalsh(x), np.linalg.eigvalsh(lower), "the lower triangle")
    same(tnp.linalg.eigvalsh(x, "U"), np.linalg.eigvalsh(upper), "the upper triangle")
    definite_one = x + 3.0 * np.eye(3)
    same(tnp.linalg.cholesky(definite_one, upper=True), np.linalg.cholesky(definite_one, upper=True), "the factor")
    g = tg.grad(lambda x: tnp.sum(tnp.linalg.eigvalsh(x) ** 2))(lower)
    same(g, 2.0 * lower, "a symmetric gradient")


def test_complex_eigenvalues_are_refused() -> None:
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    for function in (tnp.linalg.eigvals, lambda x: tnp.linalg.eig(x).eigenvectors):
        with pytest.raises(OperandError, match="complex eigenvalues"):
            tg.vjp(function, turn)


def test_ranks_are_plain_and_leave_a_guard() -> None:
    def by_rank(x: tg.ArrayVar) -> tg.Var:
        return tnp.sum(x * float(tnp.linalg.matrix_rank(x)))

    assert tnp.linalg.matrix_rank(np.ones((2, 2))) == 1
    stack = np.stack([np.ones((2, 2)), np.eye(2), np.zeros((2, 2))])
    same(tnp.linalg.matrix_rank(stack), np.array([1, 2, 0]), "the ranks")
    same(tg.vmap(tg.grad(by_rank))(stack), np.ones((3, 2, 2)) * np.array([1.0, 2.0, 0.0])[:, None, None], "lanes")
    found = tg.vmap(lambda x: tnp.linalg.lstsq(x, np.ones(2)).solution)(stack)
    same(found, np.stack([np.linalg.pinv(x) @ np.ones(2) for x in stack]), "the solutions, of lower rank too")


def test_ill_conditioned_systems_keep_their_accuracy() -> None:
    x = np.diag([1.0, 1e-9]) + 1e-10
    y = np.array([1.0, 1.0])
    found = tg.vjp(lambda x: tnp.linalg.solve(x, y), x)[1](np.array([1.0, 0.0]))[0]
    expected = -np.outer(np.linalg.solve(x.T, np.array([1.0, 0.0])), np.linalg.solve(x, y))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


# ---- wrong use ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda x: tnp.linalg.inv(x), np.linalg.LinAlgError, "square"),
        (lambda x: tnp.linalg.det(x), np.linalg.LinAlgError, "square"),
        (lambda x: tnp.linalg.matrix_power(x, 2), np.linalg.LinAlgError, r"\(2, 3\)"),
        (lambda x: tnp.linalg.cholesky(-x[:, :2]), np.linalg.LinAlgError, "positive definite"),
        (lambda x: tnp.linalg.lstsq(x, np.ones(3))[0], np.linalg.LinAlgError, r"\(2, 3\) and \(3,\)"),
        (lambda x: tnp.linalg.norm(x, 3), ValueError, "matrix norm is .* not 3"),
        (lambda x: tnp.linalg.norm(x[0], "fro"), ValueError, "a number, not 'fro'"),
        (lambda x: tnp.linalg.norm(x[None], 1), ValueError, "3 axes"),
        (lambda x: tnp.linalg.norm(x, axis=(0, 0)), ValueError, "twice"),
        (lambda x: tnp.linalg.norm(x, axis=2), np.exceptions.AxisError, "2"),
        (lambda x: cast(Function, tnp.linalg.qr)(x, "raw"), ValueError, "'raw'"),
        (lambda x: cast(Function, tnp.linalg.eigvalsh)(x[:, :2], "X"), ValueError, "'X'"),
        (lambda x: tnp.linalg.multi_dot([x]), ValueError, "two or more"),
        (lambda x: tnp.linalg.tensorinv(x, 0), ValueError, "not 0"),
        (lambda x: tnp.linalg.matrix_transpose(x[0]), ValueError, r"\(3,\)"),
    ],
)
def test_wrong_use_is_refused(function: Function, error: type[Exception], message: str) -> None:
    x = np.abs(array(2, 3))
    with pytest.raises(error, match=message):
        function(x)
    with pytest.raises(error, match=message):
        tg.vjp(function, x)
