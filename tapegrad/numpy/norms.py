"""Numbers that say how large a vector or a matrix is: norms and condition numbers, as in `numpy.linalg`.

Where a norm has a kink its derivative is one of those beside it, and that of a norm which is zero is zero.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Concatenate, Literal, ParamSpec, Protocol, TypeAlias, TypeVar, cast, overload

import numpy as np
import numpy.typing as npt

from tapegrad import dispatch
from tapegrad.maps import shape_of
from tapegrad.methods import Axis
from tapegrad.numpy.factors import svdvals
from tapegrad.numpy.reductions import max as largest
from tapegrad.numpy.reductions import min as smallest
from tapegrad.numpy.reductions import sum as total
from tapegrad.numpy.shapes import reshape, transpose
from tapegrad.numpy.signatures import Numbers, operand
from tapegrad.ops.arithmetic import absolute, divide
from tapegrad.ops.linalg import inv, root
from tapegrad.ops.selection import is_not_equal
from tapegrad.ops.shape import astype, from_the_end, kept
from tapegrad.variables import Var

__all__ = ["cond", "matrix_norm", "measuring", "norm", "vector_norm"]

P = ParamSpec("P")
Kind = TypeVar("Kind", bound=np.generic)

Order: TypeAlias = float | Literal["fro", "nuc"] | None
"""Which norm: the p of a vector's, ``inf`` and ``-inf``, or a name."""


class Measuring(Protocol[P]):
    """Each matrix gives a number: one matrix a float, many an array, whatever the type checker is told."""

    @overload
    def __call__(self, x: Var, /, *args: P.args, **keywords: P.kwargs) -> Var: ...
    @overload
    def __call__(self, x: npt.NDArray[np.generic] | Numbers, /, *args: P.args, **keywords: P.kwargs) -> float: ...


def measuring(original: object) -> Callable[[Callable[Concatenate[Var, P], object]], Measuring[P]]:
    """Give a function the form `Measuring`, and let it answer for `original` of NumPy, under the name ``linalg.f``."""

    def registered(function: Callable[Concatenate[Var, P], object]) -> Measuring[P]:
        @functools.wraps(function)
        def called(x: Var, /, *args: P.args, **keywords: P.kwargs) -> object:
            return function(operand(x), *args, **keywords)

        dispatch.register(f"linalg.{function.__name__}", called, original)
        return cast(Measuring[P], called)

    return registered


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

    Raises ValueError for an order that is none.
    """
    x = operand(x)
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


norm = cast(Norm, _norm)
dispatch.register("linalg.norm", _norm, np.linalg.norm)


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
        return cast(Var, root(total(x * x, axis, keepdims), 2.0))
    if ord == 0.0:
        nonzero = cast(Var, is_not_equal(x, 0.0))
        return total(astype(nonzero, dtype=x.dtype.str), axis, keepdims)
    sizes = absolute(x)
    if ord == 1.0:
        return total(sizes, axis, keepdims)
    if math.isinf(ord):
        return _largest(sizes, axis, keepdims) if ord > 0.0 else smallest(sizes, axis, keepdims)
    return cast(Var, root(total(sizes ** float(ord), axis, keepdims), float(ord)))


def _largest(sizes: Var, axis: Axis, keepdims: bool = False) -> Var:
    """The largest of some positive numbers; 0 of none."""
    shape = shape_of(sizes)
    if 0 in [shape[i] for i in from_the_end(axis, len(shape))]:
        return total(sizes, axis, keepdims)
    return largest(sizes, axis, keepdims)


def _matrix_norm(x: Var, ord: Order) -> Var:
    """The norm of matrices, ``(..., n, m) -> (...)``."""
    if ord is None or ord == "fro":
        return cast(Var, root(total(x * x, (-2, -1)), 2.0))
    if ord == "nuc":
        return total(svdvals(x), -1)
    if ord not in {1.0, 2.0, math.inf, -1.0, -2.0, -math.inf}:
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
