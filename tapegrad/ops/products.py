"""Products of vectors, matrices and arrays. Each is linear in every operand, and the transposes are products again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

import numpy as np

from tapegrad.arrays import AnyArray, Floats
from tapegrad.elementwise import aligned
from tapegrad.maps import Multilinear, WholeArrays, shape_of
from tapegrad.ops.arithmetic import multiply
from tapegrad.ops.shape import reshape, transpose
from tapegrad.ops.subscripts import lengths_of, spelled, split, unused
from tapegrad.primitive import Params, concrete
from tapegrad.spares import SMALLEST, take
from tapegrad.typing import Traced

__all__ = [
    "column", "einsum", "flipped", "matvec", "outer", "product", "product_of_rows", "row", "vecdot", "vecmat",
]  # fmt: skip

T = TypeVar("T")


# ---- vectors and matrices -----------------------------------------------------------------------


def flipped(x: T) -> T:
    """Matrices with their rows as columns: ``(..., n, m) -> (..., m, n)``."""
    if isinstance(x, np.ndarray):
        return x.swapaxes(-1, -2)
    ndim = len(shape_of(x))
    return transpose(x, axes=(*range(ndim - 2), ndim - 1, ndim - 2))


def column(x: T) -> T:
    """Vectors as columns, ``(..., n) -> (..., n, 1)``; a number is left as it is."""
    shape = shape_of(x)
    return reshape(x, shape=(*shape, 1)) if shape else x


def row(x: T) -> T:
    """Vectors as rows: ``(..., n) -> (..., 1, n)``."""
    shape = shape_of(x)
    return reshape(x, shape=(*shape[:-1], 1, shape[-1]))


def outer(x: object, y: object) -> object:
    """All products of two elements: ``(..., n), (..., m) -> (..., n, m)``."""
    return multiply(cast(Traced, column(x)), cast(Traced, row(y)))


class _Product(Multilinear):
    """A product of operands whose last axes, as many as `cores` says for each, are those of vectors and matrices."""

    def __init__(
        self,
        name: str,
        cores: tuple[int, int],
        apply: Callable[..., object],
        transposes: Sequence[Callable[..., object]],
    ) -> None:
        super().__init__(name, apply, transposes)
        self.cores = cores

    def batch(self, operands: Sequence[object], lanes: Sequence[bool], size: int, params: Params) -> object:
        del size
        return self.evaluate(aligned(operands, lanes, self.cores), params)


def _matmul(x: Floats, y: Floats) -> object:
    """In the memory of a spare array, if the product is large and there is one that fits."""
    if x.ndim == y.ndim == 2 and x.dtype == y.dtype:
        shape = (x.shape[0], y.shape[1])
        if shape[0] * shape[1] * x.itemsize >= SMALLEST:
            return np.matmul(x, y, out=take(shape, x.dtype))
    return np.matmul(x, y)


def _matvec(x: Floats, y: Floats) -> object:
    if y.ndim == 1:
        return np.matmul(x, y)
    if x.ndim == 2:
        return np.matmul(y, x.T)  # one product of matrices, where many vectors meet the same one
    return np.matmul(x, y[..., None])[..., 0]


def _vecmat(x: Floats, y: Floats) -> object:
    if x.ndim == 1 or y.ndim == 2:
        return np.matmul(x, y)
    return np.matmul(x[..., None, :], y)[..., 0, :]


def _vecdot(x: Floats, y: Floats) -> object:
    if x.ndim == y.ndim == 1:
        return np.matmul(x, y)
    return np.matmul(x[..., None, :], y[..., None])[..., 0, 0]


# Leading axes broadcast.
# (..., n, k), (..., k, m) -> (..., n, m)
product: _Product = _Product(
    "matmul",
    (2, 2),
    _matmul,
    (lambda g, x, y: product(g, flipped(y)), lambda g, x, y: product(flipped(x), g)),
)
# (..., n, k), (..., m, k) -> (..., n, m): each row of x with each row of y, as layers have weights
product_of_rows: _Product = _Product(
    "matmul_of_rows",
    (2, 2),
    lambda x, y: _matmul(x, flipped(y)),
    (lambda g, x, y: product(g, y), lambda g, x, y: product(flipped(g), x)),
)
# (..., n, k), (..., k) -> (..., n)
matvec: _Product = _Product("matvec", (2, 1), _matvec, (lambda g, x, y: outer(g, y), lambda g, x, y: vecmat(g, x)))
# (..., k), (..., k, m) -> (..., m)
vecmat: _Product = _Product("vecmat", (1, 2), _vecmat, (lambda g, x, y: matvec(y, g), lambda g, x, y: outer(x, g)))
# (..., k), (..., k) -> (...)
vecdot: _Product = _Product(
    "vecdot", (1, 1), _vecdot, (lambda g, x, y: multiply(column(g), y), lambda g, x, y: multiply(column(g), x))
)


# ---- any axes -----------------------------------------------------------------------------------

_LARGE = 1 << 14  # products of elements, from which on planning the order and calling BLAS pay


def _einsum(*xs: AnyArray, subscripts: str) -> object:
    summed: Callable[..., object] = np.einsum  # of any kind of number
    if len(xs) == 1:
        return summed(spelled(subscripts), *xs)
    terms = split(subscripts)[0]
    shapes = [np.shape(x)[np.ndim(x) - len(term) :] for x, term in zip(xs, terms, strict=True)]
    work = math.prod(lengths_of(terms, shapes).values())
    return summed(spelled(subscripts), *xs, optimize=work > _LARGE)


class _Einsum(Multilinear):
    """Sums of products along axes, as `subscripts` name them: ``ij,jk->ik``. Axes in front of the named ones broadcast.

    A letter stands for the same length everywhere.
    """

    def __init__(self) -> None:
        WholeArrays.__init__(self, "einsum", None, _einsum, {"subscripts": str})  # of any number of operands

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del out
        terms, target = split(cast(str, dict(params)["subscripts"]))
        return {position: _transposed(position, g, operands, terms, target) for position in wanted}

    def batch(self, operands: Sequence[object], lanes: Sequence[bool], size: int, params: Params) -> object:
        del size
        terms = split(cast(str, dict(params)["subscripts"]))[0]
        return self.evaluate(aligned(operands, lanes, [len(term) for term in terms]), params)


def _transposed(position: int, g: object, operands: Sequence[object], terms: Sequence[str], target: str) -> object:
    """The cotangent of one operand: the others times `g`, summed over what that operand has not.

    Along a diagonal it stands on the diagonal of zeros; along an axis that was summed alone it is the same everywhere.
    """
    x, term = concrete(operands[position]), terms[position]
    dtype = x.dtype if isinstance(x, np.ndarray) else np.float64
    factors = [g, *operands[:position], *operands[position + 1 :]]
    names = [target, *terms[:position], *terms[position + 1 :]]
    letters = "".join(names)
    wanted = ""
    for letter, length in zip(term, shape_of(x)[len(shape_of(x)) - len(term) :], strict=True):
        if letter in wanted:
            fresh = unused(letters + term + wanted, 1)
            factors.append(np.eye(length, dtype=dtype))
            names.append(letter + fresh)
            wanted += fresh
            continue
        if letter not in letters:
            factors.append(np.ones(length, dtype))
            names.append(letter)
        wanted += letter
    return einsum(*factors, subscripts=f"{','.join(names)}->{wanted}")


einsum = _Einsum()
