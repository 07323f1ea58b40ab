"""Tangents and cotangents that a user gives: one for each number or array, of its shape, brought to its dtype."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tapegrad import tree
from tapegrad.errors import StructureError
from tapegrad.maps import shape_of
from tapegrad.ops.shape import astype
from tapegrad.primitive import concrete
from tapegrad.trace import Arguments, Recorded, differentiable

__all__ = ["cotangent_leaves", "tangent_leaves"]


def tangent_leaves(arguments: Arguments, tangents: Sequence[object]) -> list[object]:
    """The leaves of `tangents`. Raises StructureError if their structure or shapes are not those of the primals."""
    if len(tangents) != len(arguments.structures):
        msg = f"{len(arguments.structures)} primals need as many tangents, not {len(tangents)}"
        raise StructureError(msg)
    for tangent, structure, name in zip(tangents, arguments.structures, arguments.roots, strict=True):
        found = tree.flatten(tangent)[1]
        if found != structure:
            msg = f"the tangent of {name} has structure {found}, but {name} has {structure}"
            raise StructureError(msg)
    given = Arguments.of(tangents, [f"tangent of {name}" for name in arguments.roots]).leaves
    if _all_numbers(given, arguments.leaves):
        return given
    return [
        _of_kind(t, x, f"the tangent of {name}", name)
        for t, x, name in zip(given, arguments.leaves, arguments.names, strict=True)
    ]


def cotangent_leaves(recorded: Recorded, g: object) -> list[object]:
    """The leaves of a cotangent. Raises StructureError if its structure or shapes are not those of the output."""
    leaves, structure = tree.flatten(g)
    if structure != recorded.structure:
        msg = f"the cotangent has structure {structure}, but the function returned {recorded.structure}"
        raise StructureError(msg)
    outputs = [recorded.values[i] for i in recorded.outputs]
    if _all_numbers(leaves, outputs):
        return leaves
    names = structure.names("cotangent")
    given = [differentiable(leaf, name) for leaf, name in zip(leaves, names, strict=True)]
    return [
        _of_kind(leaf, out, f"the {name}", "what the function returned")
        for leaf, out, name in zip(given, outputs, names, strict=True)
    ]


def _all_numbers(seeds: Sequence[object], values: Sequence[object]) -> bool:
    """Whether there is nothing to check, which is the common case."""
    return {float}.issuperset(map(type, seeds)) and {float}.issuperset(map(type, values))


def _of_kind(seed: object, x: object, spoken: str, of: str) -> object:
    """`seed`, in the dtype of the value `x`. Raises StructureError if it has another shape."""
    value, shape = concrete(x), shape_of(x)
    found = shape_of(seed)
    if found != shape:
        cure = f"give one of that shape: np.full({shape}, t) is t everywhere" if shape else "give a number"
        msg = f"{spoken} has shape {found}, but {of} has shape {shape}; {cure}"
        raise StructureError(msg)
    dtype = value.dtype if isinstance(value, np.ndarray) else np.dtype(np.float64)
    if dtype.kind != "f" or np.asarray(concrete(seed)).dtype == dtype:
        return seed
    return astype(seed, dtype=dtype.str)
