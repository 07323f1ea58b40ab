"""Matrices as products of simpler ones: Cholesky factors, QR, eigenvalues and singular values, as in `numpy.linalg`.

Matrices are the last two axes; leading axes are so many matrices. What is a convention (equal eigenvalues, one triangle
that is read) is stated in `tapegrad.ops.factors`.
"""

from __future__ import annotations

from typing import Generic, Literal, NamedTuple, TypeVar, cast, overload

import numpy as np
import numpy.typing as npt

from tapegrad.numpy.signatures import answers, operand, shaping
from tapegrad.ops import factors
from tapegrad.ops.products import flipped
from tapegrad.ops.structural import items
from tapegrad.variables import Var

__all__ = [
    "EigResult", "EighResult", "QRResult", "SVDResult", "cholesky", "eig", "eigh", "eigvals", "eigvalsh", "qr", "svd",
    "svdvals",
]  # fmt: skip

A = TypeVar("A", bound=Var | npt.NDArray[np.generic])


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

    k is the smaller of n and m, or n if the `mode` is "complete"; the mode "r" gives R alone. Where the first k columns
    of `a` depend on each other, a derivative raises LinAlgError. Raises ValueError for another mode.
    """
    if mode not in {"reduced", "complete", "r"}:
        msg = f"the mode of qr is 'reduced', 'complete' or 'r', not {mode!r}"
        raise ValueError(msg)
    q, r = items(factors.qr(operand(a), full=mode == "complete"), 2)
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
    values, vectors = items(factors.eigh(operand(a), upper=_is_upper(UPLO)), 2)
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
    values, vectors = items(factors.eig(operand(a)), 2)
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
        return cast(A, factors.singular_values(operand(a)))
    u, s, flat = items(factors.svd(operand(a), full=full_matrices), 3)
    return SVDResult(cast(A, u), cast(A, s), cast(A, flat))


@shaping(np.linalg.svdvals)
def svdvals(x: Var) -> Var:
    """The singular values, descending: ``(..., n, m) -> (..., k)``. One that vanishes has the derivative 0."""
    return factors.singular_values(x)
