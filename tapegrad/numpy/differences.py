"""Differences of neighbours, slopes, and sums and products on the way: calculus on samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from tapegrad.arrays import AnyArray, FrozenIndex
from tapegrad.maps import shape_of
from tapegrad.methods import Axis
from tapegrad.numpy.reductions import sum, without_nan
from tapegrad.numpy.signatures import ArrayLike, answers, operand, shaping, weighing
from tapegrad.numpy.sorting import flattened
from tapegrad.ops.reductions import cumulate
from tapegrad.ops.shape import astype, broadcast_to, concatenate, from_the_end, kept, reshape, take_index
from tapegrad.variables import ArrayVar, Var

__all__ = [
    "cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "cumulative_trapezoid", "diff", "ediff1d", "gradient",
    "nancumprod", "nancumsum", "trapezoid",
]  # fmt: skip


def part(x: Var, axis: int, start: int | None, stop: int | None = None) -> Var:
    """``x[start:stop]`` along an axis that is counted from the end."""
    return take_index(x, index=FrozenIndex((Ellipsis, slice(start, stop), *[slice(None)] * (-axis - 1))))


def joined(parts: list[Var], axis: int) -> Var:
    """Arrays put together along an axis that is counted from the end."""
    return concatenate(*parts, axis=axis)


# ---- on the way ---------------------------------------------------------------------------------


@shaping(np.cumsum)
def cumsum(x: Var, axis: int | None = None) -> Var:
    """The sums of the elements up to each, along `axis` or in the flattened array."""
    x, at = flattened(x, axis)
    return cumulate(x, axis=at, reverse=False)


@shaping(np.cumprod)
def cumprod(x: Var, axis: int | None = None) -> Var:
    """The products of the elements up to each. No division: the derivatives are right where some are zero."""
    x, at = flattened(x, axis)
    reach = 1  # each element is the product of that many, up to itself
    while reach < shape_of(x)[at]:
        x = joined([part(x, at, 0, reach), part(x, at, reach) * part(x, at, 0, -reach)], at)
        reach *= 2
    return x


@shaping(np.nancumsum)
def nancumsum(x: Var, axis: int | None = None) -> Var:
    """The sums on the way, with 0 instead of nan."""
    return cast(Var, cumsum(without_nan(operand(x), 0.0), axis))


@shaping(np.nancumprod)
def nancumprod(x: Var, axis: int | None = None) -> Var:
    """The products on the way, with 1 instead of nan."""
    return cast(Var, cumprod(without_nan(operand(x), 1.0), axis))


def _behind(initial: float | None, x: Var, axis: int | None, on_the_way: Callable[..., object]) -> Var:
    """Sums or products on the way along `axis`, or the one there is, behind `initial` if that is given."""
    if axis is None and len(shape_of(x)) > 1:
        msg = f"cumulative sums and products of an array of shape {shape_of(x)} take an axis"
        raise ValueError(msg)
    x, at = flattened(x, axis)
    found = cast(Var, on_the_way(x, at))
    if initial is None:
        return found
    start = np.full(kept(shape_of(x), (at,)), initial, x.dtype)
    return joined([cast(Var, start), found], at)


@shaping(np.cumulative_sum)
def cumulative_sum(x: Var, *, axis: int | None = None, include_initial: bool = False) -> Var:
    """As `cumsum`, but of several axes one is to be named; with `include_initial` a 0 comes first."""
    return _behind(0.0 if include_initial else None, operand(x), axis, cumsum)


@shaping(np.cumulative_prod)
def cumulative_prod(x: Var, *, axis: int | None = None, include_initial: bool = False) -> Var:
    """As `cumprod`, but of several axes one is to be named; with `include_initial` a 1 comes first."""
    return _behind(1.0 if include_initial else None, operand(x), axis, cumprod)


# ---- differences --------------------------------------------------------------------------------


def _edge(x: object, shape: tuple[int, ...], axis: int) -> Var:
    """What is put before or behind an array of `shape`: a number is one element along the axis."""
    x = operand(x)
    return x if shape_of(x) else broadcast_to(x, shape=kept(shape, (axis,)))


@shaping(np.diff)
def diff(x: Var, n: int = 1, axis: int = -1, prepend: ArrayLike | None = None, append: ArrayLike | None = None) -> Var:
    """Each element less the one before it along `axis`, `n` times over: ``(..., m) -> (..., m - n)``.

    `prepend` and `append` are put before and behind `x` first.
    """
    if n < 0:
        msg = f"diff is taken a number of times, not n={n}"
        raise ValueError(msg)
    x = operand(x)
    shape = shape_of(x)
    (at,) = from_the_end(axis, len(shape))
    pieces = [_edge(piece, shape, at) for piece in (prepend, x, append) if piece is not None]
    if n and len(pieces) > 1:
        x = joined(pieces, at)
    for _ in range(n):
        x = part(x, at, 1) - part(x, at, 0, -1)
    return x


@shaping(np.ediff1d)
def ediff1d(x: Var, to_end: ArrayLike | None = None, to_begin: ArrayLike | None = None) -> Var:
    """The differences of neighbours in the flattened array, between `to_begin` and `to_end`."""
    x, at = flattened(x, None)
    differences = part(x, at, 1) - part(x, at, 0, -1)
    before, after = ([] if edge is None else [_in_dtype_of(x, edge)] for edge in (to_begin, to_end))
    return joined([*before, differences, *after], at) if before or after else differences


def _in_dtype_of(x: Var, edge: ArrayLike) -> Var:
    """`edge` in one axis, in which a float has no dtype of its own."""
    flat, _ = flattened(edge, None)
    return astype(flat, dtype=x.dtype.str) if x.dtype.kind in "fc" else flat


# ---- slopes -------------------------------------------------------------------------------------


@answers(np.gradient)
def gradient(
    f: ArrayLike, *varargs: ArrayLike, axis: Axis = None, edge_order: int = 1
) -> ArrayVar | AnyArray | tuple[ArrayVar | AnyArray, ...]:
    """The slopes of samples along each axis, in the shape of `f`: central inside, one-sided at the edges.

    `varargs` is the spacing: one number for all axes, or for each axis a number or the coordinates along it, which
    may be unequally spaced. `edge_order` is 1 or 2. Raises ValueError if an axis is too short, TypeError if the number
    of spacings does not fit.
    """
    f = operand(f)
    shape = shape_of(f)
    stated = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = [from_the_end(at, len(shape))[0] for at in stated]
    spacings = [operand(spacing) for spacing in varargs] or [operand(1.0)]
    if len(spacings) == 1 and not shape_of(spacings[0]):
        spacings *= len(axes)
    if len(spacings) != len(axes):
        msg = f"gradient along {len(axes)} axes of an array of shape {shape} takes as many spacings, or one number"
        raise TypeError(msg)
    if edge_order not in {1, 2}:
        msg = f"gradient takes edge_order=1 or 2, not {edge_order}"
        raise ValueError(msg)
    slopes = [_slope(f, at, spacing, edge_order) for at, spacing in zip(axes, spacings, strict=True)]
    return cast("ArrayVar | tuple[ArrayVar, ...]", slopes[0] if len(slopes) == 1 else tuple(slopes))


def _slope(f: Var, axis: int, spacing: Var, edge_order: int) -> Var:
    """The slope along one axis."""
    shape = shape_of(f)
    length = shape[axis]
    if length < edge_order + 1:
        msg = f"gradient with edge_order={edge_order} takes {edge_order + 1} elements along an axis, not shape {shape}"
        raise ValueError(msg)
    if shape_of(spacing):
        if shape_of(spacing) != (length,):
            msg = f"gradient: coordinates of shape {shape_of(spacing)} do not fit an axis of length {length}"
            raise ValueError(msg)
        steps = reshape(part(spacing, -1, 1) - part(spacing, -1, 0, -1), shape=(length - 1, *[1] * (-axis - 1)))
        before, after = part(steps, axis, 0, -1), part(steps, axis, 1)
        inside = (
            part(f, axis, 0, -2) * (-after / (before * (before + after)))
            + part(f, axis, 1, -1) * ((after - before) / (before * after))
            + part(f, axis, 2) * (before / (after * (before + after)))
        )
        ends = [[part(steps, axis, i, i + 1) for i in order] for order in ((0, 1), (length - 2, length - 3))]
    else:
        inside = (part(f, axis, 2) - part(f, axis, 0, -2)) / (2.0 * spacing)
        ends = [[spacing, spacing]] * 2
    first = [part(f, axis, i, i + 1) for i in range(edge_order + 1)]
    last = [part(f, axis, length - 1 - i, length - i) for i in range(edge_order + 1)]
    return joined([_one_sided(first, ends[0]), inside, -_one_sided(last, ends[1])], axis)


def _one_sided(f: list[Var], steps: list[Var]) -> Var:
    """The slope at the first of two or three samples, by the polynomial through them."""
    near, far = steps
    if len(f) == 2:
        return (f[1] - f[0]) / near
    both = near + far
    return f[0] * (-(near + both) / (near * both)) + f[1] * (both / (near * far)) - f[2] * (near / (far * both))


# ---- integrals ----------------------------------------------------------------------------------


def _areas(y: Var, x: ArrayLike | None, dx: ArrayLike, axis: int) -> Var:
    """The areas under straight lines between neighbours along `axis`."""
    width = operand(dx)
    if x is not None:
        points = operand(x)
        along = axis if len(shape_of(points)) > 1 else -1
        width = part(points, along, 1) - part(points, along, 0, -1)
        if along != axis:
            width = reshape(width, shape=(*shape_of(width), *[1] * (-axis - 1)))
    return width * (part(y, axis, 1) + part(y, axis, 0, -1)) * 0.5


@weighing(np.trapezoid)
def trapezoid(y: Var, x: ArrayLike | None = None, dx: ArrayLike = 1.0, axis: int = -1) -> Var:
    """The integral of samples along `axis` at the points `x`, or `dx` apart, by the trapezoidal rule."""
    y = operand(y)
    (at,) = from_the_end(axis, len(shape_of(y)))
    return sum(_areas(y, x, dx, at), axis=at)


@shaping(None)
def cumulative_trapezoid(
    y: Var, x: ArrayLike | None = None, dx: ArrayLike = 1.0, axis: int = -1, initial: float | None = None
) -> Var:
    """The integrals up to each sample but the first, where it is `initial` if that is given. SciPy's name."""
    y = operand(y)
    (at,) = from_the_end(axis, len(shape_of(y)))
    areas = _areas(y, x, dx, at)
    total = cumulate(areas, axis=at, reverse=False)
    if initial is None:
        return total
    start = np.full(kept(shape_of(areas), (at,)), initial, areas.dtype)
    return joined([cast(Var, start), total], at)
