"""Products of vectors, matrices, and arrays of them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import cast, overload

import numpy as np
import numpy.typing as npt

from tapegrad.arrays import AnyArray
from tapegrad.maps import shape_of
from tapegrad.numpy.shapes import ravel, reshape, transpose
from tapegrad.numpy.signatures import ArrayLike, Kind, answers, combining, operand
from tapegrad.ops import products
from tapegrad.ops.shape import conjugate
from tapegrad.ops.subscripts import from_lists, lengths_of, read
from tapegrad.primitive import concrete
from tapegrad.variables import Array, ArrayVar, Var

__all__ = [
    "cross", "dot", "einsum", "inner", "kron", "matmul", "matvec", "outer", "tensordot", "vdot", "vecdot", "vecmat",
]  # fmt: skip


@combining(np.matmul)
def matmul(x: Var, y: Var) -> Var:
    """The product of matrices, ``(..., n, k) @ (..., k, m) -> (..., n, m)``; a vector is a row left, a column right.

    Raises ValueError where the lengths that are summed over differ, or an operand has no axes.
    """
    left, right = shape_of(x), shape_of(y)
    if not left or not right or left[-1] != right[-2 if len(right) > 1 else -1]:
        msg = f"matmul: arrays of shapes {left} and {right} have no product"
        raise ValueError(msg)
    if len(right) == 1:
        return products.vecdot(x, y) if len(left) == 1 else products.matvec(x, y)
    return products.vecmat(x, y) if len(left) == 1 else products.product(x, y)


@combining(np.dot)
def dot(x: Var, y: Var) -> Var:
    """The sum over the last axis of `x` and the last but one of `y`, which come after each other; numbers multiply.

    ``(..., k), (*rest, k, m) -> (..., *rest, m)``
    """
    left, right = shape_of(x), shape_of(y)
    if not left or not right:
        return x * y
    if len(right) < 3:
        return matmul(x, y)
    return tensordot(x, y, ((-1,), (-2,)))


@combining(np.vdot)
def vdot(x: Var, y: Var) -> Var:
    """The sum of all products of two elements; those of `x` are conjugated."""
    return matmul(_conjugated(ravel(x)), ravel(y))


@combining(np.inner)
def inner(x: Var, y: Var) -> Var:
    """The sum over the last axes, ``(..., k), (*rest, k) -> (..., *rest)``; numbers multiply."""
    if not shape_of(x) or not shape_of(y):
        return x * y
    return tensordot(x, y, ((-1,), (-1,)))


@combining(np.outer)
def outer(x: Var, y: Var) -> Var:
    """All products of two elements: ``n and m elements -> (n, m)``."""
    return cast(Var, products.outer(ravel(x), ravel(y)))


@combining(np.vecdot)
def vecdot(x: Var, y: Var, axis: int = -1) -> Var:
    """The sum over an axis, ``(..., k), (..., k) -> (...)``, where leading axes broadcast; `x` is conjugated."""
    if axis != -1:
        x, y = _last(x, axis), _last(y, axis)
    left, right = shape_of(x), shape_of(y)
    if left[-1:] != right[-1:] or not left:
        raise _mismatch("vecdot", left, right)
    return products.vecdot(_conjugated(x), y)


@combining(getattr(np, "matvec", None))  # from NumPy 2.2 on
def matvec(x: Var, y: Var) -> Var:
    """Matrices times vectors: ``(..., n, k), (..., k) -> (..., n)``."""
    left, right = shape_of(x), shape_of(y)
    if len(left) < 2 or left[-1:] != right[-1:]:
        raise _mismatch("matvec", left, right)
    return products.matvec(x, y)


@combining(getattr(np, "vecmat", None))
def vecmat(x: Var, y: Var) -> Var:
    """Vectors, which are conjugated, times matrices: ``(..., k), (..., k, m) -> (..., m)``."""
    left, right = shape_of(x), shape_of(y)
    if len(right) < 2 or left[-1:] != right[-2:-1]:
        raise _mismatch("vecmat", left, right)
    return products.vecmat(_conjugated(x), y)


def _conjugated(x: Var) -> Var:
    return conjugate(x) if np.asarray(concrete(x)).dtype.kind == "c" else x


def _last(x: Var, axis: int) -> Var:
    """`x` with an axis moved to the end."""
    order = list(range(len(shape_of(x))))
    order.append(order.pop(axis))
    return transpose(x, order)


def _mismatch(name: str, left: tuple[int, ...], right: tuple[int, ...]) -> ValueError:
    return ValueError(f"{name}: arrays of shapes {left} and {right} do not fit")


@combining(np.tensordot)
def tensordot(x: Var, y: Var, axes: int | tuple[int | Sequence[int], int | Sequence[int]] = 2) -> Var:
    """The sum over pairs of axes: the last of `x` with the first of `y`, as many as `axes` says, or those it names.

    The other axes of `x` come first, then those of `y`. Raises ValueError if the lengths of a pair differ.
    """
    left, right = shape_of(x), shape_of(y)
    first, second = _paired(axes, len(left), len(right))
    if len(first) != len(second) or [left[i] for i in first] != [right[i] for i in second]:
        msg = f"tensordot: axes {axes} of arrays of shapes {left} and {right} have no equal lengths"
        raise ValueError(msg)
    rows = [i for i in range(len(left)) if i not in first]
    columns = [i for i in range(len(right)) if i not in second]
    summed = int(np.prod([left[i] for i in first], dtype=int))
    matrix = reshape(transpose(x, [*rows, *first]), (int(np.prod([left[i] for i in rows], dtype=int)), summed))
    other = reshape(transpose(y, [*second, *columns]), (summed, int(np.prod([right[i] for i in columns], dtype=int))))
    return reshape(products.product(matrix, other), [*(left[i] for i in rows), *(right[i] for i in columns)])


def _paired(
    axes: int | tuple[int | Sequence[int], int | Sequence[int]], ndim: int, other: int
) -> tuple[list[int], list[int]]:
    """The axes of either operand that are summed over, as numbers from 0 on."""
    if not isinstance(axes, Sequence):
        count = operator.index(axes)
        return list(range(ndim - count, ndim)), list(range(count))
    first, second = ([item] if not isinstance(item, Sequence) else list(item) for item in axes)
    return [operator.index(axis) % ndim for axis in first], [operator.index(axis) % other for axis in second]


@overload
def einsum(subscripts: str, x: Var, /, *operands: ArrayLike, optimize: object = False) -> ArrayVar: ...
@overload
def einsum(subscripts: str, x: ArrayLike, y: Var, /, *operands: ArrayLike, optimize: object = False) -> ArrayVar: ...
@overload
def einsum(  # type: ignore[overload-overlap]  # what the last one takes besides is in lists
    subscripts: str, x: npt.NDArray[Kind], /, *operands: npt.NDArray[Kind], optimize: object = False
) -> npt.NDArray[Kind]: ...
@overload
def einsum(*operands: object, optimize: object = False) -> Array: ...
@answers(np.einsum)
def einsum(*operands: object, optimize: object = False) -> object:
    """Sums of products along axes named by letters: ``einsum("ij,jk->ik", x, y)``.

    What `numpy.einsum` reads is read: implied results, ``...``, diagonals (``ii->i``), any number of operands, axes of
    length one that broadcast, and lists of numbers in place of letters. The order of the products follows from their
    sizes, whatever `optimize` says. Raises ValueError where subscripts and shapes do not fit.
    """
    del optimize
    first, *rest = operands
    subscripts, given = (first, rest) if isinstance(first, str) else from_lists(operands)
    xs = [operand(x) for x in given]
    terms, target = read(subscripts, [shape_of(x) for x in xs])
    lengths = lengths_of(terms, [shape_of(x) for x in xs])
    for i, (x, term) in enumerate(zip(xs, terms, strict=True)):
        kept = [(axis, n) for axis, n in zip(term, shape_of(x), strict=True) if n == lengths[axis]]
        if len(kept) < len(term):  # what broadcasts is the same without that axis
            terms[i] = "".join(axis for axis, _ in kept)
            xs[i] = reshape(x, [n for _, n in kept])
    return products.einsum(*xs, subscripts=f"{','.join(terms)}->{target}")


@combining(np.kron)
def kron(x: Var, y: Var) -> Var:
    """Blocks of `y`, one for each element of `x`, which it is multiplied with."""
    ndim = max(len(shape_of(x)), len(shape_of(y)))
    left = (1,) * (ndim - len(shape_of(x))) + shape_of(x)
    right = (1,) * (ndim - len(shape_of(y))) + shape_of(y)
    spread = [length for n in left for length in (n, 1)]
    repeated = [length for n in right for length in (1, n)]
    return reshape(reshape(x, spread) * reshape(y, repeated), [n * m for n, m in zip(left, right, strict=True)])


# The sign of a permutation of three axes, 0 where one is there twice.
_LEVI_CIVITA = np.array([[[(i - j) * (j - k) * (k - i) / 2 for k in range(3)] for j in range(3)] for i in range(3)])


@combining(np.cross)
def cross(x: Var, y: Var, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Var:
    """The vector product of vectors with three components; one of two has a third that is zero.

    Of two vectors with two components it is one number. Raises ValueError for other lengths.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = _last(x, axisa), _last(y, axisb)
    left, right = shape_of(x)[-1], shape_of(y)[-1]
    if not {left, right} <= {2, 3}:
        msg = f"cross: vectors have two or three components, not {left} and {right}"
        raise ValueError(msg)
    signs: AnyArray = _LEVI_CIVITA[:left, :right].astype(np.result_type(x.dtype, y.dtype))
    if left == right == 2:
        return einsum("ijk,...i,...j->...", signs[..., 2:], x, y)
    out = einsum("ijk,...i,...j->...k", signs, x, y)
    order = list(range(len(shape_of(out))))
    order.insert(axisc % len(order), order.pop())
    return transpose(out, order)
