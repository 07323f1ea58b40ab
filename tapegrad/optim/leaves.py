"""The leaves of several trees side by side: floats and arrays, with plain words for those that do not fit.

>>> (weights, gradients), _ = aligned({"w": 1.0, "b": 2.0}, {"gradient": {"w": 0.5, "b": 0.0}})
>>> weights, gradients
([2.0, 1.0], [0.0, 0.5])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

import numpy as np

from tapegrad import tree
from tapegrad.errors import ArgumentTypeError, IntegerArgumentError, StructureError
from tapegrad.maps import shape_of
from tapegrad.variables import Var

__all__ = ["Leaf", "aligned", "like"]

Leaf: TypeAlias = Var
"""A leaf, as the type checker sees it; plain floats and arrays pass through the same lines."""


def aligned(params: object, others: Mapping[str, object]) -> tuple[list[list[Leaf]], tree.Structure]:
    """The leaves of `params` and of each of the others, and the structure that they all have.

    Raises IntegerArgumentError or ArgumentTypeError for a parameter that is not made of floats, and StructureError,
    which calls the odd one by its name, for another structure or for a leaf of another shape.
    """
    leaves, structure = tree.flatten(params)
    if not all(map(_is_float, leaves)):
        _refuse_kind(leaves, structure)
    shapes = list(map(shape_of, leaves))
    columns = [leaves]
    for name, other in others.items():
        found = structure.floats_of(other) or _leaves_of(name, other, structure)
        its_shapes = list(map(shape_of, found))
        if its_shapes != shapes:
            _refuse_shape(name, its_shapes, shapes, structure)
        columns.append(found)
    return cast(list[list[Leaf]], columns), structure


def like(leaf: object, x: object) -> Leaf:
    """`x` as a leaf of the same kind: of NumPy's numbers a float, or an array without axes; in the same dtype."""
    if isinstance(x, Var) or isinstance(leaf, Var):
        return cast(Leaf, x)
    if isinstance(leaf, np.ndarray):
        return cast(Leaf, np.asarray(x, leaf.dtype))
    return cast(Leaf, type(leaf)(x))  # type: ignore[call-arg]  # a float, or a scalar of NumPy


def _is_float(leaf: object) -> bool:
    return isinstance(leaf, (float, Var)) or (isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind == "f")


def _leaves_of(name: str, other: object, structure: tree.Structure) -> list[object]:
    found, its_structure = tree.flatten(other)
    if its_structure != structure:
        msg = f"{name} has the structure {its_structure}, but the parameters have {structure}"
        raise StructureError(msg)
    return found


def _refuse_kind(leaves: Sequence[object], structure: tree.Structure) -> None:
    name, leaf = next(
        (name, leaf) for name, leaf in zip(structure.names("params"), leaves, strict=True) if not _is_float(leaf)
    )
    if np.asarray(leaf).dtype.kind in "iub":
        cure = f"{name}.astype(float)" if isinstance(leaf, np.ndarray) else f"float({name})"
        msg = f"{name} is {leaf!r:.60}, which no small step can change; write {cure}"
        raise IntegerArgumentError(msg)
    msg = f"{name} is {leaf!r:.60}, of type {type(leaf).__name__}; parameters are floats and arrays of floats"
    raise ArgumentTypeError(msg)


def _refuse_shape(
    name: str,
    found: Sequence[tuple[int, ...]],
    wanted: Sequence[tuple[int, ...]],
    structure: tree.Structure,
) -> None:
    rows = zip(structure.names("params"), found, wanted, strict=True)
    leaf, its_shape, shape = next(row for row in rows if row[1] != row[2])
    msg = f"{name} has the shape {its_shape} where {leaf} has {shape}"
    raise StructureError(msg)
