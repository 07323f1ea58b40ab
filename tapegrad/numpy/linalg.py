"""Linear algebra: NumPy's `numpy.linalg`, for traced arrays too.

Matrices are the last two axes, ``(..., n, m)``; leading axes are so many matrices. What NumPy refuses, as the inverse of
a singular matrix, raises its LinAlgError. What is a convention (equal eigenvalues, matrices of which one triangle is
read) is stated in `tapegrad.ops.factors`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Concatenate, Generic, Literal, NamedTuple, ParamSpec, Protocol, TypeAlias, TypeVar, cast, overload

import numpy as np
import numpy.typing as npt
from numpy.linalg import LinAlgError

from tapegrad import dispatch
from tapegrad.maps import shape_of
from tapegrad.masks import observe
from tapegrad.methods import Axis
from tapegrad.numpy.products import cross, einsum, matmul, outer, tensordot, vecdot
from tapegrad.numpy.reductions import max as largest
from tapegrad.numpy.reductions import min as smallest
from tapegrad.numpy.reductions import sum as total
from tapegrad.numpy.shapes import reshape, transpose
from tapegrad.numpy.signatures import Numbers, answers, combining, joining, shaping
from tapegrad.ops import factors
from tapegrad.ops import linalg as inverses
from tapegrad.ops.arithmetic import absolute, divide
from tapegrad.ops.products import flipped
from tapegrad.ops.selection import is_not_equal
from tapegrad.ops.shape import astype, from_the_end, kept
from tapegrad.ops.structural import items
from tapegrad.recorder import ArrayVar, Var

__all__ = [
    "EigResult", "EighResult", "LinAlgError", "LstsqResult", "QRResult", "SVDResult", "SlogdetResult", "cholesky",
    "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv", "lstsq", "matmul", "matrix_norm",
    "matrix_power", "matrix_rank", "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "qr", "slogdet", "solve",
    "svd", "svdvals", "tensordot", "tensorinv", "tensorsolve", "trace", "vecdot", "vector_norm",
]  # fmt: skip

P = ParamSpec("P")
A = TypeVar("A", bound=Var | npt.NDArray[np.generic])
Kind = TypeVar("Kind", bound=np.generic)

Order: TypeAlias = float | Literal["fro", "nuc"] | None
"""Which norm: the p of a vector's, ``inf`` and ``-inf``, or a name."""

# ---- inverses and solutions ---------------------------------------------------------------------


@shaping(np.linalg.inv)
def inv(x: Var) -> Var:
    """The inverse, ``(..., n, n)``. Raises LinAlgError for a singular matrix."""
    return inverses.inv(x)


@shaping(np.linalg.pinv)
def pinv(x: Var, rcond: float | None = None, *, rtol: float | None = None) -> Var:
    """The pseudo-inverse, ``(..., n, m) -> (..., m, n)``; the derivative is that at constant rank.

    Singular values up to `rcond` (or `rtol`) times the largest count as zero.
    """
    return inverses.pinv(x, rcond=rcond if rtol is None else rtol)


@combining(np.linalg.solve)
def solve(x: Var, y: Var) -> Var:
    """The z with ``x @ z = y``: ``(..., n, n), (n,) -> (..., n)``, or with matrices ``(..., n, m)`` right.

    Raises LinAlgError for a singular matrix.
    """
    if len(shape_of(y)) != 1:
        return inverses.solve(x, y)
    found = inverses.solve(x, reshape(y, (-1, 1)))
    return reshape(found, shape_of(found)[:-1])


class LstsqResult(NamedTuple, Generic[A]):
    """What `lstsq` returns."""

    solution: A
    residuals: A
    rank: int
    singular_values: A


@answers(np.linalg.lstsq)
def lstsq(a: A, b: object, rcond: float | None = None) -> LstsqResult[A]:
    """The shortest x for which ``a @ x`` is nearest to b: ``(n, m), (n,) -> (m,)``, or ``(n, m), (n, k) -> (m, k)``.

    The derivative is that at constant rank; that the rank is this is noted on the tape. The sums of squared residuals
    are there if there is one solution, and there are more equations than unknowns. Raises LinAlgError for other shapes.
    """
    x, y = cast(Var, a), cast(Var, b)
    shape, rows = shape_of(x), shape_of(y)[:1]
    if len(shape) != 2 or len(shape_of(y)) not in {1, 2} or shape[:1] != rows:
        msg = f"lstsq: arrays of shapes {shape} and {shape_of(y)} are no system of equations"
        raise LinAlgError(msg)
    cut = max(shape) * float(np.finfo(x.dtype).eps) if rcond is None or rcond < 0.0 else rcond
    solution = matmul(inverses.pinv(x, rcond=cut), y)
    rank = int(matrix_rank(x, rtol=cut))
    residuals: object = np.zeros(0, x.dtype)
    if rank == shape[1] < shape[0]:
        residuals = reshape(total((y - matmul(x, solution)) ** 2, 0), (-1,))
    return LstsqResult(cast(A, solution), cast(A, residuals), rank, cast(A, svdvals(x)))


@shaping(np.linalg.tensorinv)
def tensorinv(x: Var, ind: int = 2) -> Var:
    """The inverse of `tensordot` with `x` over its last axes: the first `ind` axes stand for the columns of a matrix."""
    shape = shape_of(x)
    if ind <= 0:
        msg = f"tensorinv: ind is a positive number of axes, not {ind}"
        raise ValueError(msg)
    return reshape(inv(reshape(x, (math.prod(shape[ind:]), -1))), shape[ind:] + shape[:ind])


@combining(np.linalg.tensorsolve)
def tensorsolve(x: Var, y: Var, axes: Sequence[int] | None = None) -> Var:
    """The z with ``tensordot(x, z, z.ndim) = y``; `axes` of `x` are moved to its end first."""
    ndim = len(shape_of(x))
    last = [] if axes is None else [operator.index(axis) % ndim for axis in axes]
    moved = transpose(x, [*(axis for axis in range(ndim) if axis not in last), *last])
    size = math.prod(shape_of(y))
    return reshape(solve(reshape(moved, (size, -1)), reshape(y, (size,))), shape_of(moved)[len(shape_of(y)) :])


# ---- products -----------------------------------------------------------------------------------


@shaping(np.linalg.matrix_power)
def matrix_power(x: Var, n: int) -> Var:
    """The product of n equal matrices; of their inverses, if n is negative. ``(..., n, n)``."""
    n = operator.index(n)
    shape = shape_of(x)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        msg = f"matrix_power: an array of shape {shape} is no square matrix"
        raise LinAlgError(msg)
    if n == 0:
        return x * 0.0 + np.eye(shape[-1], dtype=x.dtype)
    square = inv(x) if n < 0 else x
    power: Var | None = None
    for bit in reversed(f"{abs(n):b}"):
        if bit == "1":
            power = square if power is None else matmul(power, square)
        square = matmul(square, square)
    return cast(Var, power)


@joining(np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Var]) -> Var:
    """The product of matrices, in the order that takes the fewest multiplications; a vector may stand at either end."""
    shapes = [shape_of(x) for x in arrays]
    if len(arrays) < 2 or any(len(shape) != 2 for shape in shapes[1:-1]):
        msg = f"multi_dot multiplies two or more matrices, with vectors at the ends only, not {shapes}"
        raise ValueError(msg)
    lengths = [shapes[0][0] if len(shapes[0]) == 2 else 1, *(shape[0] for shape in shapes[1:]), shapes[-1][-1]]
    if len(shapes[-1]) == 1:
        lengths[-1] = 1
    return _product(arrays, _splits(lengths), 0, len(arrays) - 1)


def _splits(lengths: Sequence[int]) -> dict[tuple[int, int], int]:
    """Behind which matrix the product of the i-th to the j-th is parted, by dynamic programming."""
    count = len(lengths) - 1
    cost = {(i, i): 0 for i in range(count)}
    splits: dict[tuple[int, int], int] = {}
    for span in range(1, count):
        for i in range(count - span):
            j = i + span
            costs = [
                (cost[i, k] + cost[k + 1, j] + lengths[i] * lengths[k + 1] * lengths[j + 1], k) for k in range(i, j)
            ]
            cost[i, j], splits[i, j] = min(costs)
    return splits


def _product(arrays: Sequence[Var], splits: dict[tuple[int, int], int], i: int, j: int) -> Var:
    if i == j:
        return arrays[i]
    k = splits[i, j]
    return matmul(_product(arrays, splits, i, k), _product(arrays, splits, k + 1, j))


# ---- determinants, traces, norms ----------------------------------------------------------------


class Measuring(Protocol[P]):
    """Each matrix gives a number: one matrix a float, many an array, whatever the type checker is told."""

    @overload
    def __call__(self, x: Var, /, *args: P.args, **keywords: P.kwargs) -> Var: ...
    @overload
    def __call__(
        self, x: npt.NDArray[np.generic] | Numbers, /, *args: P.args, **keywords: P.kwargs
    ) -> float: ...


def measuring(original: object) -> Callable[[Callable[Concatenate[Var, P], object]], Measuring[P]]:
    """Give a function the form `Measuring`, and let it answer for `original` of NumPy, under the name ``linalg.f``."""

    def registered(function: Callable[Concatenate[Var, P], object]) -> Measuring[P]:
        dispatch.register(f"linalg.{function.__name__}", function, original)
        return cast(Measuring[P], function)

    return registered


@measuring(np.linalg.det)
def det(x: Var) -> Var:
    """The determinant, ``(..., n, n) -> (...)``. The first two derivatives are right for singular matrices too."""
    return inverses.det(x)


class SlogdetResult(NamedTuple, Generic[A]):
    """What `slogdet` returns."""

    sign: A
    logabsdet: A


@answers(np.linalg.slogdet)
def slogdet(a: A) -> SlogdetResult[A]:
    """The sign of the determinant and the logarithm of its absolute value, which does not overflow.

    Raises LinAlgError where a derivative is taken of a singular matrix.
    """
    sign, logarithm = items(inverses.slogdet(a), 2)
    return SlogdetResult(cast(A, sign), cast(A, logarithm))


@measuring(np.linalg.trace)
def trace(x: Var, *, offset: int = 0) -> Var:
    """The sum of a diagonal of each matrix, ``(..., n, m) -> (...)``."""
    return einsum("...i->...", _diagonal(x, offset))


def _diagonal(x: Var, offset: int) -> Var:
    """``(..., n, m) -> (..., k)``."""
    part = x[..., max(-offset, 0) :, max(offset, 0) :]
    count = min(shape_of(part)[-2:])
    return einsum("...ii->...i", part[..., :count, :count])


def diagonal(x: A, *, offset: int = 0) -> A:
    """A diagonal of each matrix, ``(..., n, m) -> (..., k)``."""
    return cast(A, _diagonal(cast(Var, x), offset))


def matrix_transpose(x: A) -> A:
    """Each matrix with its rows as columns, ``(..., n, m) -> (..., m, n)``."""
    if len(shape_of(x)) < 2:
        msg = f"matrix_transpose: an array of shape {shape_of(x)} is no matrix"
        raise ValueError(msg)
    return flipped(x)


class Norm(Protocol):
    """The form of `norm`."""

    @overload
    def __call__(self, x: Var, ord: Order = None, axis: Axis = None, keepdims: bool = False) -> Var: ...
    @overload
    def __call__(
        self,
        x: npt.NDArray[np.generic] | Numbers,
        ord: Order = None,
        axis: None = None,
        keepdims: Literal[False] = False,
    ) -> float: ...
    @overload
    def __call__(
        self, x: npt.NDArray[Kind], ord: Order = None, axis: Axis = None, keepdims: bool = False
    ) -> npt.NDArray[Kind]: ...


def _norm(x: Var, ord: Order = None, axis: Axis = None, keepdims: bool = False) -> Var:
    """The norm of a vector along one axis, of a matrix along two; without `ord` and `axis` of all elements.

    Where it has a kink the derivative is one of those beside it, and at zero it is zero. Raises ValueError for an order
    that is none.
    """
    ndim = len(shape_of(x))
    if axis is None and ord is None:
        return _vector_norm(x, 2.0, None, keepdims)
    axes = tuple(range(ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    from_the_end(axes, ndim)  # raises an error for an axis that is not there
    if len(axes) == 1:
        return _vector_norm(x, 2.0 if ord is None else ord, axes, keepdims)
    if len(axes) != 2:
        msg = f"a norm is of a vector, along one axis, or of a matrix, along two; not along {len(axes)} axes"
        raise ValueError(msg)
    last = [operator.index(i) % ndim for i in axes]
    measured = _matrix_norm(transpose(x, [*(i for i in range(ndim) if i not in last), *last]), ord)
    return reshape(measured, kept(shape_of(x), last)) if keepdims else measured


norm = cast(Norm, answers(np.linalg.norm)(_norm))


@measuring(np.linalg.vector_norm)
def vector_norm(x: Var, *, axis: Axis = None, keepdims: bool = False, ord: float = 2.0) -> Var:
    """The norm of vectors along `axis`; several axes, or all, are one vector."""
    return _vector_norm(x, ord, axis, keepdims)


@measuring(np.linalg.matrix_norm)
def matrix_norm(x: Var, *, keepdims: bool = False, ord: Order = "fro") -> Var:
    """The norm of each matrix, ``(..., n, m) -> (...)``."""
    return _norm(x, ord, (-2, -1), keepdims)


def _vector_norm(x: Var, ord: Order, axis: Axis, keepdims: bool) -> Var:
    """The norm of the elements along `axis`."""
    if isinstance(ord, str) or ord is None:
        msg = f"the order of a vector's norm is a number, not {ord!r}"
        raise ValueError(msg)
    if ord == 2.0:
        return inverses.root(total(x * x, axis, keepdims), 2.0)
    if ord == 0.0:
        return total(astype(is_not_equal(x, 0.0), dtype=x.dtype.str), axis, keepdims)
    sizes = absolute(x)
    if ord == 1.0:
        return total(sizes, axis, keepdims)
    if math.isinf(ord):
        return _largest(sizes, axis, keepdims) if ord > 0.0 else smallest(sizes, axis, keepdims)
    return inverses.root(total(sizes ** float(ord), axis, keepdims), float(ord))


def _largest(sizes: Var, axis: Axis, keepdims: bool = False) -> Var:
    """The largest of some positive numbers; 0 of none."""
    shape = shape_of(sizes)
    if 0 in [shape[i] for i in from_the_end(axis, len(shape))]:
        return total(sizes, axis, keepdims)
    return largest(sizes, axis, keepdims)


def _matrix_norm(x: Var, ord: Order) -> Var:
    """The norm of matrices, ``(..., n, m) -> (...)``."""
    if ord is None or ord == "fro":
        return inverses.root(total(x * x, (-2, -1)), 2.0)
    if ord == "nuc":
        return total(svdvals(x), -1)
    if isinstance(ord, str) or abs(ord) not in {1.0, 2.0, math.inf}:
        msg = f"the order of a matrix norm is 'fro', 'nuc', 1, 2 or inf, or one of these numbers negative, not {ord!r}"
        raise ValueError(msg)
    sizes = svdvals(x) if abs(ord) == 2.0 else total(absolute(x), -2 if abs(ord) == 1.0 else -1)
    return _largest(sizes, -1) if ord > 0.0 else smallest(sizes, -1)


@measuring(np.linalg.cond)
def cond(x: Var, p: Order = None) -> Var:
    """The condition number: the norm of order `p` of the matrix times that of its inverse; infinite if singular.

    Raises LinAlgError for a singular matrix where `p` is neither None nor 2 nor -2.
    """
    if p is None or p in {2, -2}:
        s = svdvals(x)
        ends = largest(s, -1), smallest(s, -1)
        return divide(ends[1], ends[0]) if p == -2 else divide(*ends)
    return _matrix_norm(x, p) * _matrix_norm(inv(x), p)


@answers(np.linalg.matrix_rank)
def matrix_rank(
    x: object, tol: float | None = None, hermitian: bool = False, *, rtol: float | None = None
) -> npt.NDArray[np.intp]:
    """How many singular values are above `tol`, as plain integers; the tape notes that they were seen."""
    found = inverses.matrix_rank(x, tol=tol, rtol=rtol, hermitian=hermitian)
    return cast("npt.NDArray[np.intp]", np.asarray(observe(found))[()])


# ---- factors ------------------------------------------------------------------------------------


@shaping(np.linalg.cholesky)
def cholesky(x: Var, *, upper: bool = False) -> Var:
    """The lower triangle L with ``x = L @ L.mT``, or `upper` one with ``x = U.mT @ U``; it reads that triangle of `x`.

    Raises LinAlgError if `x` is not positive definite.
    """
    return flipped(factors.cholesky(flipped(x))) if upper else factors.cholesky(x)


class QRResult(NamedTuple, Generic[A]):
    """What `qr` returns."""

    Q: A
    R: A


@overload
def qr(a: A, mode: Literal["reduced", "complete"] = "reduced") -> QRResult[A]: ...
@overload
def qr(a: A, mode: Literal["r"]) -> A: ...
@answers(np.linalg.qr)
def qr(a: A, mode: str = "reduced") -> QRResult[A] | A:
    """Orthogonal columns Q and a triangle R with ``a = Q @ R``: ``(..., n, m) -> (..., n, k), (..., k, m)``.

    k is the smaller of n and m, or n if the `mode` is "complete"; the mode "r" gives R alone. The first k columns of `a`
    are independent, else a derivative raises LinAlgError. Raises ValueError for another mode.
    """
    if mode not in {"reduced", "complete", "r"}:
        msg = f"the mode of qr is 'reduced', 'complete' or 'r', not {mode!r}"
        raise ValueError(msg)
    q, r = items(factors.qr(a, full=mode == "complete"), 2)
    return cast(A, r) if mode == "r" else QRResult(cast(A, q), cast(A, r))


class EighResult(NamedTuple, Generic[A]):
    """What `eigh` returns."""

    eigenvalues: A
    eigenvectors: A


class EigResult(NamedTuple, Generic[A]):
    """What `eig` returns."""

    eigenvalues: A
    eigenvectors: A


@answers(np.linalg.eigh)
def eigh(a: A, UPLO: Literal["L", "U"] = "L") -> EighResult[A]:  # noqa: N803  # NumPy's name
    """The eigenvalues of a symmetric matrix, ascending, and its eigenvectors as columns; it reads one triangle."""
    values, vectors = items(factors.eigh(a, upper=_is_upper(UPLO)), 2)
    return EighResult(cast(A, values), cast(A, vectors))


@shaping(np.linalg.eigvalsh)
def eigvalsh(x: Var, UPLO: Literal["L", "U"] = "L") -> Var:  # noqa: N803
    """The eigenvalues of a symmetric matrix, ascending: ``(..., n, n) -> (..., n)``."""
    return factors.eigvalsh(x, upper=_is_upper(UPLO))


def _is_upper(letter: str) -> bool:
    if letter.upper() not in {"L", "U"}:
        msg = f"UPLO is 'L' for the lower triangle or 'U' for the upper one, not {letter!r}"
        raise ValueError(msg)
    return letter.upper() == "U"


@answers(np.linalg.eig)
def eig(a: A) -> EigResult[A]:
    """The eigenvalues of a square matrix and its eigenvectors, of length one, as columns.

    Raises OperandError if eigenvalues are complex.
    """
    values, vectors = items(factors.eig(a), 2)
    return EigResult(cast(A, values), cast(A, vectors))


@shaping(np.linalg.eigvals)
def eigvals(x: Var) -> Var:
    """The eigenvalues of a square matrix. Raises OperandError if some are complex."""
    return factors.eigvals(x)


class SVDResult(NamedTuple, Generic[A]):
    """What `svd` returns."""

    U: A
    S: A
    Vh: A


@overload
def svd(a: A, full_matrices: bool = True, compute_uv: Literal[True] = True) -> SVDResult[A]: ...
@overload
def svd(a: A, full_matrices: bool = True, *, compute_uv: Literal[False]) -> A: ...
@answers(np.linalg.svd)
def svd(a: A, full_matrices: bool = True, compute_uv: bool = True) -> SVDResult[A] | A:
    """Singular values, descending, between orthogonal matrices: ``a = U @ diag(S) @ Vh``.

    ``(..., n, m) -> (..., n, k), (..., k), (..., k, m)``, where k is the smaller of n and m; with `full_matrices` U and
    Vh are square. Without `compute_uv` S alone.
    """
    if not compute_uv:
        return cast(A, factors.singular_values(a))
    u, s, flat = items(factors.svd(a, full=full_matrices), 3)
    return SVDResult(cast(A, u), cast(A, s), cast(A, flat))


@shaping(np.linalg.svdvals)
def svdvals(x: Var) -> Var:
    """The singular values, descending: ``(..., n, m) -> (..., k)``. One that vanishes has the derivative 0."""
    return factors.singular_values(x)


# Two names of NumPy are taken by functions, and methods, along other axes; others are the same functions.
for _function in (diagonal, matrix_transpose):
    dispatch.register(f"linalg.{_function.__name__}", _function, getattr(np.linalg, _function.__name__))
for _name, _same in {"cross": cross, "matmul": matmul, "outer": outer, "tensordot": tensordot, "vecdot": vecdot}.items():
    dispatch.NUMPY[getattr(np.linalg, _name)] = cast(Callable[..., object], _same)
