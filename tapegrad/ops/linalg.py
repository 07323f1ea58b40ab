"""Inverses and determinants of matrices, ``(..., n, m)``; leading axes are so many matrices.

A rule says how the value moves with the matrix: ``dX`` is the tangent of X. The reverse follows by transposing it. The
formulas are those of

* M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008;
* G. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems", 1973.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

import numpy as np

from tapegrad import arrays, floats
from tapegrad.arrays import Floats, quiet
from tapegrad.elementwise import elementwise
from tapegrad.maps import General, PiecewiseConstant, WholeArrays, shape_of
from tapegrad.ops.arithmetic import multiply
from tapegrad.ops.products import flipped, product
from tapegrad.ops.shape import reshape, sum_axes
from tapegrad.primitive import Params
from tapegrad.typing import Traced

__all__ = ["Tangents", "cofactors", "det", "inv", "matrix_rank", "pinv", "reciprocal_above", "root", "slogdet", "solve"]

Tangents: TypeAlias = Mapping[int, Traced]
"""By position. Plain arrays pass through the rules as well: `Traced` is what the type checker is told."""

# ---- numbers that must not be divided by --------------------------------------------------------


@quiet
def _reciprocals_above(x: Floats, floor: Floats) -> object:
    return np.where(np.abs(x) > floor, np.divide(1.0, x), 0.0).astype(np.asarray(x).dtype, copy=False)


# 1 / x, but 0 where x is no larger than the floor
reciprocal_above = elementwise(
    "reciprocal_above",
    lambda x, floor: 1.0 / x if abs(x) > floor else 0.0,
    lambda out, x, floor: {0: -out * out, 1: 0.0},
    _reciprocals_above,
)

# The root of a sum of powers of order n: at 0, where it has a kink, its derivative is 0.
root = elementwise(
    "root",
    lambda x, n: floats.power(x, 1.0 / n),
    lambda out, x, n: {0: lambda: out * reciprocal_above(x, 0.0) / n, 1: 0.0},
    lambda x, n: arrays.power(x, 1.0 / n),
)

# ---- inverses -----------------------------------------------------------------------------------

# (..., n, n) -> (..., n, n); d inv X = -inv X dX inv X
inv = General("inv", 1, np.linalg.inv, lambda tangents, out, x: -product(out, product(tangents[0], out)))


class _Solve(WholeArrays):
    """The z with ``x z = y``: dz solves ``x dz = dy - dx z``, and the transposed map solves with the transpose of x."""

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        moved = tangents.get(1, 0.0)
        if 0 in tangents:
            moved = cast(Traced, moved) - cast(Traced, product(tangents[0], out))
        return self.evaluate((operands[0], moved), params)

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        to_right = self.evaluate((flipped(operands[0]), g), params)
        pulled = {1: to_right}
        if 0 in wanted:
            pulled[0] = -cast(Traced, product(to_right, flipped(out)))
        return {position: pulled[position] for position in wanted}


# (..., n, n), (..., n, m) -> (..., n, m)
solve = _Solve("solve", 2, np.linalg.solve)


def _push_pinv(tangents: Tangents, out: Traced, x: Traced, rcond: float | None) -> Traced:
    """dP = -P dX P + P P' dX' (1 - X P) + (1 - P X) dX' P' P, as long as the rank stays (Golub and Pereyra)."""
    del rcond
    t = tangents[0]
    left = product(product(out, flipped(out)), flipped(t))
    right = product(flipped(t), product(flipped(out), out))
    within = product(out, product(t, out))
    return left - product(product(left, x), out) + right - product(out, product(x, right)) - within


# (..., n, m) -> (..., m, n); singular values up to rcond times the largest count as zero
pinv = General(
    "pinv",
    1,
    np.linalg.pinv,
    _push_pinv,
    {"rcond": float | None},  # type: ignore[dict-item]  # isinstance takes a union
)

# How many singular values are not zero, piecewise constant: (..., n, m) -> (...)
matrix_rank = PiecewiseConstant(
    "matrix_rank",
    1,
    np.linalg.matrix_rank,
    {"tol": float | None, "rtol": float | None, "hermitian": bool},  # type: ignore[dict-item]
)

# ---- determinants -------------------------------------------------------------------------------
#
# The derivative of det X is the matrix of its cofactors, which a singular matrix has too. So they are not taken from
# the inverse, but from X = U diag(s) V: there, and of U and V by their sign, a cofactor is a product of numbers of s.


def _inner_product(x: Traced, y: Traced) -> Traced:
    """``(..., n, n), (..., n, n) -> (...)``."""
    return sum_axes(multiply(x, y), axes=(-2, -1))


def _frame(x: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """The singular value decomposition of `x`, and the determinant of its factors U and V, which is 1 or -1."""
    u, s, v = np.linalg.svd(x)
    return u, s, v, np.sign(np.linalg.det(u) * np.linalg.det(v))[..., None, None]


def _products_of_others(s: Floats) -> tuple[Floats, Floats]:
    """The product of all numbers but the i-th, ``(..., n)``; and of all but the i-th and j-th, ``(..., n, n)``.

    The diagonal of the latter is zero. There is no division, as any number may be zero.
    """
    n = s.shape[-1]
    one = np.ones_like(s[..., :1])
    before = np.concatenate([one, np.cumprod(s, -1)], -1)[..., :n]
    running = np.cumprod(np.where(np.tri(n, dtype=bool), one[..., None], s[..., None, :]), -1)  # from i + 1 to j
    behind = np.prod(np.where(np.tri(n, dtype=bool), one[..., None], s[..., None, :]), -1)
    between = np.concatenate([np.ones_like(running[..., :1]), running], -1)[..., :n]
    pairs = np.triu(before[..., :, None] * between * behind[..., None, :], 1)
    return before * behind, pairs + pairs.swapaxes(-1, -2)


@quiet
def _cofactors(x: Floats) -> object:
    u, s, v, factor = _frame(x)
    return factor * np.matmul(u * _products_of_others(s)[0][..., None, :], v)


@quiet
def _turned_cofactors(x: Floats, t: Floats) -> object:
    """How the cofactors of `x` move along `t`.

    For a diagonal matrix the second derivative of the determinant by the elements ii and jj is the product of all the
    others; by ij and ji it is minus that, and by any other two it is zero.
    """
    u, s, v, factor = _frame(x)
    pairs = _products_of_others(s)[1]
    turned = np.matmul(np.matmul(u.swapaxes(-1, -2), t), v.swapaxes(-1, -2))
    diagonal = np.matmul(pairs, np.diagonal(turned, axis1=-2, axis2=-1)[..., None])
    moved = np.eye(s.shape[-1]) * diagonal - pairs * turned.swapaxes(-1, -2)
    return factor * np.matmul(np.matmul(u, moved), v)


class _TurnedCofactors(WholeArrays):
    """The derivative of the cofactors of a matrix x along t: a symmetric map of t, so its own transpose.

    How it moves with x, the third derivative of the determinant, is stated for regular x alone, and else is nan.
    """

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        del out, params
        x, t = cast(Sequence[Traced], operands)
        moved: object = _turned_twice(x, t, cast(Traced, tangents[0])) if 0 in tangents else 0.0
        return turned_cofactors(x, tangents[1]) + cast(Traced, moved) if 1 in tangents else moved

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del out, params
        x, t = cast(Sequence[Traced], operands)
        along = cast(Traced, g)
        rules = {0: lambda: _turned_twice(x, t, along), 1: lambda: turned_cofactors(x, along)}
        return {position: rules[position]() for position in wanted}


def _turned_twice(x: Traced, t: Traced, u: Traced) -> Traced:
    """The derivative of ``(<C, t> C - C t' C) / det x`` by x along `u`, where C are the cofactors of x."""
    c, along_t, along_u = cofactors(x), turned_cofactors(x, t), turned_cofactors(x, u)
    size = _as_matrix(det(x))
    terms = (
        _as_matrix(_inner_product(along_u, t)) * c
        + _as_matrix(_inner_product(c, t)) * along_u
        - product(along_u, product(flipped(t), c))
        - product(c, product(flipped(t), along_u))
        - _as_matrix(_inner_product(c, u)) * along_t
    )
    return terms / size


def _as_matrix(x: Traced) -> Traced:
    """``(...) -> (..., 1, 1)``."""
    return reshape(x, shape=(*shape_of(x), 1, 1))


turned_cofactors = _TurnedCofactors("turned_cofactors", 2, _turned_cofactors)
cofactors = General("cofactors", 1, _cofactors, lambda tangents, out, x: turned_cofactors(x, tangents[0]))

# (..., n, n) -> (...)
det: General = General(
    "det", 1, quiet(np.linalg.det), lambda tangents, out, x: _inner_product(cofactors(x), tangents[0])
)

# (..., n, n) -> (...), (...): the sign, which is piecewise constant, and the logarithm of the absolute value
slogdet = General(
    "slogdet",
    1,
    lambda x: tuple(np.linalg.slogdet(x)),
    lambda tangents, out, x: (None, _inner_product(flipped(inv(x)), tangents[0])),
)
