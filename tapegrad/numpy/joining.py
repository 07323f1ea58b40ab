"""Arrays put together, and taken apart."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import TypeAlias, cast, overload

import numpy as np
import numpy.typing as npt

from tapegrad.arrays import AnyArray, FrozenIndex
from tapegrad.maps import shape_of
from tapegrad.numpy.shapes import atleast_1d, atleast_2d, atleast_3d, ravel
from tapegrad.numpy.signatures import ArrayLike, answers, joining, operand, splitting
from tapegrad.ops import shape as moves
from tapegrad.ops.shape import from_the_end
from tapegrad.variables import Array, Var

__all__ = [
    "append", "array_split", "block", "column_stack", "concat", "concatenate", "dsplit", "dstack", "hsplit", "hstack",
    "row_stack", "split", "stack", "unstack", "vsplit", "vstack",
]  # fmt: skip

# ---- together -----------------------------------------------------------------------------------


@joining(np.concatenate)
def concatenate(xs: Sequence[Var], axis: int | None = 0) -> Var:
    """Along an axis that they have; flattened, if that is None. Raises ValueError if other lengths differ."""
    if not xs:
        msg = "concatenate needs at least one array"
        raise ValueError(msg)
    if axis is None:
        return moves.concatenate(*[cast(Var, ravel(x)) for x in xs], axis=-1)
    shapes = [shape_of(x) for x in xs]
    (place,) = from_the_end(axis, len(shapes[0]))
    others = {(*shape[:place], *shape[len(shape) + place + 1 :], len(shape)) for shape in shapes}
    if len(others) > 1:
        msg = f"arrays of the shapes {', '.join(map(str, shapes))} cannot be concatenated along axis {axis}"
        raise ValueError(msg)
    return moves.concatenate(*xs, axis=place)


concat = concatenate


@joining(np.stack)
def stack(xs: Sequence[Var], axis: int = 0) -> Var:
    """Arrays of one shape, along a new axis. Raises ValueError if the shapes differ."""
    shapes = sorted({shape_of(x) for x in xs})
    if len(shapes) != 1:
        found = f"not some of {', '.join(map(str, shapes))}" if shapes else "and at least one of them"
        msg = f"stack needs arrays of one shape, {found}"
        raise ValueError(msg)
    (place,) = from_the_end(axis, len(shapes[0]) + 1)
    return moves.stack(*xs, axis=place)


@joining(np.vstack)
def vstack(xs: Sequence[Var]) -> Var:
    """Along the first axis, where a vector is a row."""
    return cast(Var, concatenate([cast(Var, atleast_2d(x)) for x in xs], 0))


row_stack = vstack


@joining(np.hstack)
def hstack(xs: Sequence[Var]) -> Var:
    """Along the second axis; vectors along their only one."""
    parts = [cast(Var, atleast_1d(x)) for x in xs]
    return cast(Var, concatenate(parts, 0 if len(shape_of(parts[0])) == 1 else 1))


@joining(np.dstack)
def dstack(xs: Sequence[Var]) -> Var:
    """Along the third axis."""
    return cast(Var, concatenate([cast(Var, atleast_3d(x)) for x in xs], 2))


@joining(np.column_stack)
def column_stack(xs: Sequence[Var]) -> Var:
    """Along the second axis, where a vector is a column."""
    columns = [x if len(shape_of(x)) > 1 else moves.reshape(x, shape=(-1, 1)) for x in xs]
    return cast(Var, concatenate(columns, 1))


Blocks: TypeAlias = "ArrayLike | list[Blocks]"


@answers(np.block)
def block(arrays: Blocks) -> Array:
    """Blocks in lists: those of the innermost stand side by side along the last axis, the next along the one before.

    Raises ValueError if lists are nested unequally deep.
    """
    depth = _depth(arrays)
    return cast(Array, _joined(arrays, depth, max(depth, _most_axes(arrays))))


def _depth(arrays: object) -> int:
    if not isinstance(arrays, list):
        return 0
    depths = {_depth(item) for item in arrays}
    if len(depths) != 1:
        msg = "block: every list must be nested equally deep, and hold something"
        raise ValueError(msg)
    return depths.pop() + 1


def _most_axes(arrays: object) -> int:
    return max(map(_most_axes, arrays)) if isinstance(arrays, list) else len(shape_of(operand(arrays)))


def _joined(arrays: object, depth: int, ndim: int) -> Var:
    if isinstance(arrays, list):
        return cast(Var, concatenate([_joined(item, depth - 1, ndim) for item in arrays], -depth))
    x = operand(arrays)
    shape = shape_of(x)
    return moves.reshape(x, shape=(1,) * (ndim - len(shape)) + shape)


@answers(np.append)
def append(x: ArrayLike, values: ArrayLike, axis: int | None = None) -> Array:
    """`values` behind `x`, along an axis; flattened, if that is None."""
    return cast(Array, concatenate([operand(x), operand(values)], axis))


# ---- apart --------------------------------------------------------------------------------------


@splitting(np.array_split)
def array_split(x: Var, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Var]:
    """Parts along `axis`: a number of them, nearly equal, the longer ones first; or from one index to the next."""
    shape = shape_of(x)
    (place,) = from_the_end(axis, len(shape))
    length = shape[place]
    if isinstance(indices_or_sections, (Sequence, np.ndarray)):
        cuts = [0, *map(operator.index, indices_or_sections), length]
    else:
        sections = operator.index(indices_or_sections)
        if sections < 1:
            msg = f"an array is split into one part at least, not {sections}"
            raise ValueError(msg)
        each, longer = divmod(length, sections)
        cuts = [i * each + min(i, longer) for i in range(sections + 1)]
    behind = (slice(None),) * (-place - 1)
    return [
        moves.take_index(x, index=FrozenIndex((Ellipsis, slice(start, stop), *behind)))
        for start, stop in itertools.pairwise(cuts)
    ]


@splitting(np.split)
def split(x: Var, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Var]:
    """As `array_split`. Raises ValueError if the parts cannot be equal."""
    shape = shape_of(x)
    (place,) = from_the_end(axis, len(shape))
    if not isinstance(indices_or_sections, (Sequence, np.ndarray)):
        sections = operator.index(indices_or_sections)
        if sections < 1 or shape[place] % sections:
            msg = (
                f"axis {axis} of an array of shape {shape} is not split into {sections} equal parts; "
                "array_split makes unequal ones"
            )
            raise ValueError(msg)
    return cast(list[Var], array_split(x, indices_or_sections, axis))


def _with_axes(x: Var, least: int, name: str) -> Var:
    if len(shape_of(x)) < least:
        msg = f"{name} needs an array of {least} axes at least, not of shape {shape_of(x)}"
        raise ValueError(msg)
    return x


@splitting(np.vsplit)
def vsplit(x: Var, indices_or_sections: int | Sequence[int]) -> list[Var]:
    """Parts along the first axis of two or more."""
    return cast(list[Var], split(_with_axes(x, 2, "vsplit"), indices_or_sections, 0))


@splitting(np.hsplit)
def hsplit(x: Var, indices_or_sections: int | Sequence[int]) -> list[Var]:
    """Parts along the second axis, or the only one."""
    axis = 1 if len(shape_of(_with_axes(x, 1, "hsplit"))) > 1 else 0
    return cast(list[Var], split(x, indices_or_sections, axis))


@splitting(np.dsplit)
def dsplit(x: Var, indices_or_sections: int | Sequence[int]) -> list[Var]:
    """Parts along the third axis."""
    return cast(list[Var], split(_with_axes(x, 3, "dsplit"), indices_or_sections, 2))


@overload
def unstack(x: Var, axis: int = 0) -> tuple[Var, ...]: ...
@overload
def unstack(x: AnyArray, axis: int = 0) -> tuple[npt.NDArray[np.float64], ...]: ...
@answers(getattr(np, "unstack", None))  # since NumPy 2.1
def unstack(x: Var | AnyArray, axis: int = 0) -> tuple[object, ...]:
    """The parts along an axis, without that axis: what `stack` put together."""
    whole = operand(x)
    (place,) = from_the_end(axis, len(shape_of(whole)))
    behind = (slice(None),) * (-place - 1)
    return tuple(
        [moves.take_index(whole, index=FrozenIndex((Ellipsis, i, *behind))) for i in range(shape_of(whole)[place])]
    )
