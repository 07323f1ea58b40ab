"""Matrices as products: Cholesky factors, QR, eigenvalues, singular values. ``(..., n, m)``, as many as there are.

A rule says how the factors move with the matrix: ``dX`` is the tangent of X. The reverse follows by transposing it. The
formulas are those of

* M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008;
* S. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions with application in optimum
  experimental design", 2010;
* J. Townsend, "Differentiating the singular value decomposition", 2016.

Conventions: what reads one triangle of a symmetric matrix (`cholesky`, `eigh`) has the derivative of the function of
``(X + X') / 2``. Vectors that belong to equal eigenvalues, to equal or vanishing singular values, or to the rest of the
space are one choice among many, and have no derivative of their own. Here they do not turn within their space. The
first derivative is then right for the space as such, as the projection on it, and for sums over equal values; it is not
for what ties single vectors to their values, as ``V diag(f(w)) V'`` does.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from tapegrad.arrays import AnyArray, Floats, FrozenIndex
from tapegrad.errors import OperandError
from tapegrad.maps import General, PiecewiseConstant, shape_of
from tapegrad.ops.arithmetic import multiply, sign
from tapegrad.ops.linalg import Tangents, reciprocal_above, solve
from tapegrad.ops.products import column, einsum, flipped, product, row
from tapegrad.ops.shape import concatenate, sum_axes, take_index
from tapegrad.ops.structural import items
from tapegrad.typing import Traced

__all__ = ["cholesky", "eig", "eigh", "eigvals", "eigvalsh", "qr", "singular_values", "svd"]

# ---- words of the rules -------------------------------------------------------------------------


def _symmetrised(x: Traced) -> Traced:
    return (x + flipped(x)) * 0.5


def _diagonal(x: Traced) -> Traced:
    """``(..., n, n) -> (..., n)``."""
    return einsum(x, subscripts="ii->i")


def _inner_columns(x: Traced, y: Traced) -> Traced:
    """The product of each column with that of the other: ``(..., n, m), (..., n, m) -> (..., m)``."""
    return sum_axes(multiply(x, y), axes=(-2,))


def _columns(x: Traced, start: int, stop: int) -> Traced:
    return take_index(x, index=FrozenIndex((Ellipsis, slice(start, stop))))


def _rounding(x: Floats) -> object:
    largest = np.max(np.abs(x), axis=-1, keepdims=True, initial=0.0)
    return (10.0 * x.shape[-1] * np.finfo(x.dtype).eps * largest).astype(x.dtype)


# By how much computed eigenvalues may be wrong, piecewise constant: (..., n) -> (..., 1)
rounding = PiecewiseConstant("rounding", 1, _rounding)


def _over_differences(x: Traced, values: Traced) -> Traced:
    """x_ij / (v_j - v_i), but 0 where the two values are equal up to rounding."""
    return multiply(x, reciprocal_above(row(values) - column(values), column(rounding(values))))


def _over_sums(x: Traced, values: Traced) -> Traced:
    """x_ij / (v_j + v_i), but 0 where both values are zero up to rounding."""
    return multiply(x, reciprocal_above(row(values) + column(values), column(rounding(values))))


# ---- triangles ----------------------------------------------------------------------------------


def _push_cholesky(tangents: Tangents, out: Traced, x: Traced) -> Traced:
    """dL = L phi(inv L dX inv L'), where phi takes the lower triangle and half of the diagonal (Giles)."""
    del x
    n = shape_of(out)[-1]
    inner = solve(out, flipped(solve(out, _symmetrised(tangents[0]))))
    return product(out, inner * (np.tri(n) - 0.5 * np.eye(n)))


# L with X = L L', of the lower triangle of X: (..., n, n) -> (..., n, n)
cholesky = General("cholesky", 1, np.linalg.cholesky, _push_cholesky)


def _qr(x: Floats, full: bool) -> tuple[Floats, Floats]:
    q, r = np.linalg.qr(x, "complete" if full else "reduced")
    return q, r


def _push_qr(tangents: Tangents, out: object, x: Traced, full: bool) -> tuple[Traced, Traced]:
    """With C = dX inv R and the skew W, whose lower triangle is that of Q' C: dQ = C - Q (Q' C - W), dR = Q' dX - W R.

    (Walter and Lehmann.) Of a wide matrix the first columns alone decide about Q.
    """
    q, r = items(out, 2)
    rows, columns = shape_of(x)[-2:]
    k = min(rows, columns)
    first = _columns(q, 0, k)
    upper = r if not full or rows == k else take_index(r, index=FrozenIndex((Ellipsis, slice(k), slice(None))))
    c = flipped(solve(flipped(_columns(upper, 0, k)), flipped(_columns(tangents[0], 0, k))))
    inner = product(flipped(first), c)
    below = inner * np.tri(k, k=-1)
    turn = below - flipped(below)
    moved = c - product(first, inner - turn)
    moved_upper = product(flipped(first), tangents[0]) - product(turn, upper)
    if not full or rows == k:
        return moved, moved_upper
    nothing = multiply(take_index(r, index=FrozenIndex((Ellipsis, slice(k, None), slice(None)))), 0.0)
    return _with_the_rest(moved, q, k), concatenate(moved_upper, nothing, axis=-2)


def _with_the_rest(moved: Traced, q: Traced, count: int) -> Traced:
    """How an orthogonal matrix moves whose first columns are `moved`: the others stay orthogonal to those."""
    rest = _columns(q, count, shape_of(q)[-1])
    return concatenate(moved, -product(_columns(q, 0, count), product(flipped(moved), rest)), axis=-1)


# Q, R with X = Q R: (..., n, m) -> (..., n, k), (..., k, m), where k is n if `full`, else the smaller of n and m
qr = General("qr", 1, _qr, _push_qr, {"full": bool})

# ---- eigenvalues --------------------------------------------------------------------------------


def _triangle(upper: bool) -> Literal["U", "L"]:
    return "U" if upper else "L"


def _push_eigh(tangents: Tangents, out: object, x: Traced, upper: bool) -> tuple[Traced, Traced]:
    """With M = V' dX V: dw = diag M, dV = V (M_ij / (w_j - w_i)) (Giles)."""
    del x, upper
    w, v = items(out, 2)
    inner = product(flipped(v), product(_symmetrised(tangents[0]), v))
    return _diagonal(inner), product(v, _over_differences(inner, w))


# w, V with X = V diag(w) V', ascending: (..., n, n) -> (..., n), (..., n, n)
eigh = General("eigh", 1, lambda x, upper: tuple(np.linalg.eigh(x, _triangle(upper))), _push_eigh, {"upper": bool})


def _push_eigvalsh(tangents: Tangents, out: Traced, x: Traced, upper: bool) -> Traced:
    del out
    v = items(eigh(x, upper=upper), 2)[1]
    return _inner_columns(v, product(_symmetrised(tangents[0]), v))


eigvalsh = General(
    "eigvalsh", 1, lambda x, upper: np.linalg.eigvalsh(x, _triangle(upper)), _push_eigvalsh, {"upper": bool}
)


def _real(values: AnyArray) -> AnyArray:
    """Eigenvalues as real numbers: NumPy 2.5 gives them as complex ones. Raises OperandError if they are complex."""
    if values.dtype.kind == "c" and np.imag(values).any():
        msg = (
            "a matrix with complex eigenvalues has none that can be traced; if it should be symmetric, use "
            "tnp.linalg.eigh, and else work with traces of its powers, or with its singular values"
        )
        raise OperandError(msg)
    return np.real(values)


def _eig(x: Floats) -> tuple[AnyArray, AnyArray]:
    w, v = np.linalg.eig(x)
    return _real(w), np.real(v)


def _push_eig(tangents: Tangents, out: object, x: Traced) -> tuple[Traced, Traced]:
    """With M = inv V dX V: dw = diag M, dV = V (M_ij / (w_j - w_i)) (Giles), less what would change the lengths."""
    del x
    w, v = items(out, 2)
    inner = solve(v, product(tangents[0], v))
    moved = product(v, _over_differences(inner, w))
    return _diagonal(inner), moved - multiply(v, row(_inner_columns(v, moved)))


# w, V with X V = V diag(w), of real eigenvalues; the columns of V have length one
eig = General("eig", 1, _eig, _push_eig)
eigvals = General(
    "eigvals",
    1,
    lambda x: _real(np.linalg.eigvals(x)),
    lambda tangents, out, x: _push_eig(tangents, eig(x), x)[0],
)

# ---- singular values ----------------------------------------------------------------------------


def _push_svd(tangents: Tangents, out: object, x: Traced, full: bool) -> tuple[Traced, Traced, Traced]:
    """With M = U' dX V: ds = diag M, and the turns of U and V within their spaces, and out of them (Townsend).

    His M_ij s_j + s_i M_ji over s_j^2 - s_i^2 is written as two quotients, which lose less to rounding.
    """
    u, s, flat = items(out, 3)
    k = shape_of(s)[-1]
    left, right = _columns(u, 0, k), _columns(flipped(flat), 0, k)
    t = tangents[0]
    inner = product(flipped(left), product(t, right))
    both = _over_differences(inner + flipped(inner), s) * 0.5
    apart = _over_sums(inner - flipped(inner), s) * 0.5
    moved_left, moved_right = product(left, both + apart), product(right, both - apart)
    lengths = row(reciprocal_above(s, rounding(s)))
    rows, columns = shape_of(x)[-2:]
    if rows > k:
        moved_left += multiply(product(t, right) - product(left, inner), lengths)
    if columns > k:
        moved_right += multiply(product(flipped(t), left) - product(right, flipped(inner)), lengths)
    if full and rows > k:
        moved_left = _with_the_rest(moved_left, u, k)
    if full and columns > k:
        moved_right = _with_the_rest(moved_right, flipped(flat), k)
    return moved_left, multiply(_diagonal(inner), sign(s)), flipped(moved_right)


# U, s, V' with X = U diag(s) V', descending: (..., n, m) -> (..., n, k), (..., k), (..., k, m)
# where k is the smaller of n and m; if `full`, U and V are square
svd = General("svd", 1, lambda x, full: tuple(np.linalg.svd(x, full_matrices=full)), _push_svd, {"full": bool})


def _push_singular_values(tangents: Tangents, out: Traced, x: Traced) -> Traced:
    """ds = diag(U' dX V); one that vanishes has a kink there, and the derivative 0, as an absolute value has."""
    del out
    u, s, flat = items(svd(x, full=False), 3)
    return multiply(_inner_columns(u, product(tangents[0], flipped(flat))), sign(s))


singular_values = General("singular_values", 1, lambda x: np.linalg.svd(x, compute_uv=False), _push_singular_values)
