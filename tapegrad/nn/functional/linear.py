"""Affine maps of features, tables of vectors, and the shapes around them."""

from __future__ import annotations

import math
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt

import tapegrad.numpy as tnp
from tapegrad.errors import LayerError
from tapegrad.maps import shape_of
from tapegrad.nn.functional.sliding import floats, whole
from tapegrad.numpy.signatures import ArrayLike, combining, operand, shaping
from tapegrad.ops.products import matvec, product_of_rows
from tapegrad.ops.shape import reshape
from tapegrad.primitive import concrete
from tapegrad.variables import Array, ArrayVar, Var

__all__ = ["affine", "embedding", "flatten", "linear", "looked_up", "one_hot", "require_indices"]

Indices: TypeAlias = npt.NDArray[np.integer] | ArrayVar
"""Whole numbers, plain or, as in lanes of `vmap`, traced."""


@combining(None)
def linear(x: Var, weight: Var, bias: ArrayLike | None = None) -> Var:
    """``x @ weight.T + bias``: ``(..., in), (out, in) -> (..., out)``.

    Raises LayerError where the shapes do not fit.
    """
    shape, matrix = shape_of(x), shape_of(weight)
    if len(matrix) != 2 or shape[-1:] != matrix[1:]:
        msg = f"linear: a weight is (out, in) and x (..., in), not {matrix} and {shape}"
        raise LayerError(msg)
    if bias is not None and shape_of(bias := operand(bias)) != matrix[:1]:
        msg = f"linear: a bias is ({matrix[0]},) for a weight {matrix}, not {shape_of(bias)}"
        raise LayerError(msg)
    floats("linear", x)
    return affine(x, weight, cast("Var | None", bias))


def affine(x: Var, weight: Var, bias: Var | None) -> Var:
    """`linear` of shapes that fit."""
    shape = shape_of(x)
    if len(shape) == 1:
        out = matvec(weight, x)
    elif len(shape) == 2:
        out = product_of_rows(x, weight)
    else:  # one product of matrices, and not as many as there are examples
        rows = product_of_rows(reshape(x, shape=(math.prod(shape[:-1]), shape[-1])), weight)
        out = reshape(rows, shape=(*shape[:-1], shape_of(weight)[0]))
    return out if bias is None else out + bias


def embedding(indices: Indices, weight: Array) -> Array:
    """The rows of a table: ``(...), (count, features) -> (..., features)``.

    Raises LayerError for what is no array of integers, and for integers beyond the table.
    """
    if len(shape_of(weight)) != 2:
        msg = f"embedding: a weight is (count, features), not {shape_of(weight)}"
        raise LayerError(msg)
    return looked_up("embedding", indices, weight)


def looked_up(name: str, indices: Indices, weight: Array) -> Array:
    """`embedding`, under the name of a layer."""
    require_indices(name, indices, shape_of(weight)[0])
    return cast(Array, tnp.take(cast(ArrayVar, weight), indices, 0))


def one_hot(indices: Indices, classes: int, dtype: npt.DTypeLike = np.float64) -> Array:
    """1 at the index of the class and 0 elsewhere: ``(...) -> (..., classes)``. Errors as of `embedding`.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    classes = whole("one_hot", "the number of classes", classes, 1)
    return looked_up("one_hot", indices, np.eye(classes, dtype=dtype))


def require_indices(name: str, indices: object, count: int) -> None:
    """Raises LayerError unless `indices` are whole numbers from 0 to ``count - 1``."""
    plain = concrete(indices)
    if not isinstance(plain, np.ndarray) or plain.dtype.kind not in "iu":
        found = f"{plain.dtype} of shape {plain.shape}" if isinstance(plain, np.ndarray) else f"{plain!r:.60}"
        msg = f"{name}: indices are an array of integers, not {found}"
        raise LayerError(msg)
    if plain.size and (plain.min() < 0 or plain.max() >= count):
        wrong = plain.max() if plain.max() >= count else plain.min()
        msg = f"{name}: the index {wrong} is out of range; indices lie between 0 and {count - 1}"
        raise LayerError(msg)


@shaping(None)
def flatten(x: Var) -> Var:
    """Every example as one vector: ``(batch, ...) -> (batch, n)``. Raises LayerError for a number."""
    shape = shape_of(x)
    if not shape:
        msg = "flatten: it takes a batch, (batch, ...), not a number"
        raise LayerError(msg)
    return reshape(x, shape=(shape[0], math.prod(shape[1:])))
