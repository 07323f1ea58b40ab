"""Linear algebra: NumPy's `numpy.linalg`, for traced arrays too.

Matrices are the last two axes, ``(..., n, m)``; leading axes are so many matrices. What NumPy refuses, as the inverse
of a singular matrix, raises its LinAlgError.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numpy.linalg import LinAlgError

from tapegrad import dispatch
from tapegrad.maps import shape_of
from tapegrad.masks import observe
from tapegrad.numpy.factors import (
    EighResult,
    EigResult,
    QRResult,
    SVDResult,
    cholesky,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    qr,
    svd,
    svdvals,
)
from tapegrad.numpy.norms import cond, matrix_norm, measuring, norm, vector_norm
from tapegrad.numpy.products import cross, einsum, matmul, outer, tensordot, vecdot
from tapegrad.numpy.reductions import sum
from tapegrad.numpy.shapes import reshape, transpose
from tapegrad.numpy.signatures import answers, combining, joining, operand, shaping
from tapegrad.ops import linalg as inverses
from tapegrad.ops.products import flipped
from tapegrad.ops.structural import items
from tapegrad.variables import ArrayVar, Var

__all__ = [
    "EigResult", "EighResult", "LinAlgError", "LstsqResult", "QRResult", "SVDResult", "SlogdetResult", "cholesky",
    "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "inv", "lstsq", "matmul", "matrix_norm",
    "matrix_power", "matrix_rank", "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "qr", "slogdet", "solve",
    "svd", "svdvals", "tensordot", "tensorinv", "tensorsolve", "trace", "vecdot", "vector_norm",
]  # fmt: skip

A = TypeVar("A", bound=Var | npt.NDArray[np.generic])

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
    x, y = operand(a), operand(b)
    shape, rows = shape_of(x), shape_of(y)[:1]
    if len(shape) != 2 or len(shape_of(y)) not in {1, 2} or shape[:1] != rows:
        msg = f"lstsq: arrays of shapes {shape} and {shape_of(y)} are no system of equations"
        raise LinAlgError(msg)
    cut = (
        max(shape) * float(np.finfo(cast("np.dtype[np.float64]", x.dtype)).eps)
        if rcond is None or rcond < 0.0
        else rcond
    )
    solution = matmul(inverses.pinv(x, rcond=cut), y)
    rank = int(matrix_rank(x, rtol=cut))
    residuals: object = np.zeros(0, x.dtype)
    if rank == shape[1] < shape[0]:
        residuals = reshape(sum((y - matmul(x, solution)) ** 2, 0), (-1,))
    return LstsqResult(cast(A, solution), cast(A, residuals), rank, cast(A, svdvals(x)))


@shaping(np.linalg.tensorinv)
def tensorinv(x: Var, ind: int = 2) -> Var:
    """What undoes `tensordot` with `x`, whose first `ind` axes have as many elements as the others."""
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
    sign, logarithm = items(inverses.slogdet(operand(a)), 2)
    return SlogdetResult(cast(A, sign), cast(A, logarithm))


@measuring(np.linalg.trace)
def trace(x: Var, *, offset: int = 0) -> Var:
    """The sum of a diagonal of each matrix, ``(..., n, m) -> (...)``."""
    return sum(_diagonal(x, offset), -1)


def _diagonal(x: Var, offset: int) -> Var:
    """``(..., n, m) -> (..., k)``."""
    part = cast(ArrayVar, x)[..., max(-offset, 0) :, max(offset, 0) :]
    count = min(shape_of(part)[-2:])
    return einsum("...ii->...i", part[..., :count, :count])


def diagonal(x: A, *, offset: int = 0) -> A:
    """A diagonal of each matrix, ``(..., n, m) -> (..., k)``."""
    return cast(A, _diagonal(operand(x), offset))


def matrix_transpose(x: A) -> A:
    """Each matrix with its rows as columns, ``(..., n, m) -> (..., m, n)``."""
    x = cast(A, operand(x))
    if len(shape_of(x)) < 2:
        msg = f"matrix_transpose: an array of shape {shape_of(x)} is no matrix"
        raise ValueError(msg)
    return flipped(x)


@answers(np.linalg.matrix_rank)
def matrix_rank(
    x: object, tol: float | None = None, hermitian: bool = False, *, rtol: float | None = None
) -> npt.NDArray[np.intp]:
    """How many singular values are above `tol`, as plain integers; the tape notes that they were seen."""
    found = inverses.matrix_rank(operand(x), tol=tol, rtol=rtol, hermitian=hermitian)
    return cast("npt.NDArray[np.intp]", np.asarray(observe(found))[()])


# Two names of NumPy are taken by functions, and methods, along other axes; others are the same functions.
for _function in (diagonal, matrix_transpose):
    dispatch.register(f"linalg.{_function.__name__}", _function, getattr(np.linalg, _function.__name__))
for _name, _same in {
    "cross": cross,
    "matmul": matmul,
    "outer": outer,
    "tensordot": tensordot,
    "vecdot": vecdot,
}.items():
    dispatch.NUMPY[getattr(np.linalg, _name)] = cast(Callable[..., object], _same)
