"""Many calls at once: `vmap`, for functions of numbers and arrays, with plain ``if`` and ``while`` inside.

The function is traced in one lane, and its tape replayed in all (`tapegrad.batch`). Lanes that go another way are
traced again, as often as there are ways.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ParamSpec, cast

import attrs
import numpy as np

from tapegrad import tree
from tapegrad.arrays import AnyArray, FrozenIndex
from tapegrad.batch import replay
from tapegrad.calls import Transform
from tapegrad.errors import StructureError
from tapegrad.maps import shape_of
from tapegrad.ops.shape import concatenate, take_index, transpose
from tapegrad.primitive import as_value, concrete
from tapegrad.recorder import Recorder, Var
from tapegrad.trace import handed_out, name_of, output_index
from tapegrad.tree import Structure

__all__ = ["Axes", "Vmap", "batched_calls", "vmap"]

P = ParamSpec("P")

Axes = int | None | tuple["Axes", ...] | list["Axes"] | dict[str, "Axes"]
"""An axis, None where there are no lanes; or a tree of them, of whose leaves each stands for a whole tree."""


@attrs.frozen
class Vmap(Transform):
    """What `vmap` returns."""

    function: Callable[..., object]
    in_axes: Axes
    out_axes: Axes

    def __call__(self, *args: object, **keywords: object) -> object:
        leaves, structure = tree.flatten(args)
        axes = spread_axes(self.in_axes, args, "in_axes")
        lanes = [axis is not None for axis in axes]
        moved = [_to_front(leaf, axis, i) for i, (leaf, axis) in enumerate(zip(leaves, axes, strict=True))]
        sizes = {shape_of(leaf)[0] for leaf, has_lanes in zip(moved, lanes, strict=True) if has_lanes}
        if len(sizes) != 1:
            found = ", ".join(map(str, sorted(sizes))) or "none"
            msg = (
                f"vmap of {name_of(self.function)} needs one number of lanes, but the axes that in_axes={self.in_axes} "
                f"names have the lengths: {found}"
            )
            raise StructureError(msg)
        (size,) = sizes

        def call(values: Sequence[object]) -> object:
            return self.function(*cast(tuple[object, ...], structure.unflatten(values)), **keywords)

        outputs, returned = batched_calls(call, moved, lanes, size, self.function)
        result = returned.unflatten(outputs)
        out_axes = spread_axes(self.out_axes, result, "out_axes")
        placed = [handed_out(_from_front(x, axis, self)) for x, axis in zip(outputs, out_axes, strict=True)]
        return returned.unflatten(placed)


def spread_axes(axes: Axes, of: object, name: str) -> list[int | None]:
    """One axis for each leaf of a tree. Raises StructureError if `axes` does not fit it."""
    if axes is None or isinstance(axes, int):
        return [axes] * len(tree.leaves(of))
    children = _children(of)
    parts = [axes[key] for key in sorted(axes)] if isinstance(axes, dict) else list(axes)
    if children is None or len(children) != len(parts):
        msg = f"{name}={axes} does not fit {tree.flatten(of)[1]}; give one axis for each, or one for all"
        raise StructureError(msg)
    return [axis for part, child in zip(parts, children, strict=True) for axis in spread_axes(part, child, name)]


def _children(of: object) -> list[object] | None:
    if isinstance(of, dict):
        return [of[key] for key in sorted(of)]
    return list(of) if isinstance(of, (tuple, list)) else None


def _to_front(leaf: object, axis: int | None, position: int) -> object:
    """A leaf with its lanes as the first axis."""
    value = leaf if isinstance(leaf, Var) else as_value(leaf)
    if axis is None:
        return value
    ndim = len(shape_of(value))
    if not -ndim <= axis < ndim:
        msg = f"vmap: leaf {position} of the arguments has shape {shape_of(value)} and no axis {axis}; see in_axes"
        raise StructureError(msg)
    at = axis % ndim
    return value if at == 0 else transpose(value, axes=(at, *(i for i in range(ndim) if i != at)))


def _from_front(x: object, axis: int | None, vmapped: Vmap) -> object:
    """An output with its lanes at `axis`; with None the first lane, if all are alike."""
    ndim = len(shape_of(x))
    if axis is None:
        value = cast(AnyArray, concrete(x))
        if not np.array_equal(value, np.broadcast_to(value[:1], value.shape), equal_nan=True):
            msg = f"vmap of {name_of(vmapped.function)}: out_axes=None asks for an output that is the same in all lanes"
            raise StructureError(msg)
        return take_index(x, index=FrozenIndex(0))
    if not -ndim <= axis < ndim:
        msg = f"vmap of {name_of(vmapped.function)}: the output has {ndim} axes with its lanes, and no axis {axis}"
        raise StructureError(msg)
    at = axis % ndim
    return x if at == 0 else transpose(x, axes=(*range(1, at + 1), 0, *range(at + 1, ndim)))


def batched_calls(
    call: Callable[[Sequence[object]], object],
    leaves: Sequence[object],
    lanes: Sequence[bool],
    size: int,
    function: Callable[..., object],
) -> tuple[list[object], Structure]:
    """``call(leaves)`` in every lane: the leaves of what it returns, lanes first, and its structure.

    `function` is what an error speaks of. Raises StructureError if the lanes return different structures.
    """
    if size == 0:
        msg = f"vmap of {name_of(function)} in no lanes: without a call nothing says what it returns"
        raise StructureError(msg)
    rest = np.arange(size)
    found: Structure
    parts: list[tuple[AnyArray, list[object]]] = []
    structure: Structure | None = None
    with np.errstate(all="ignore"):  # lanes that go another way compute what they would never have computed
        while rest.size:
            whole = rest.size == size
            these = [_chosen(x, rest) if flag and not whole else x for x, flag in zip(leaves, lanes, strict=True)]
            recorder, outputs, found = _traced_lane(call, these, lanes, function)
            if structure is not None and found != structure:
                msg = f"vmap of {name_of(function)}: one lane returns {structure}, another {found}"
                raise StructureError(msg)
            structure = found
            tape = recorder.seal()
            replayed = replay(tape, recorder.values, outputs, these, lanes, rest.size)
            agree = replayed.agree
            agree[0] = True  # it is the lane that was traced
            kept = replayed.outputs if agree.all() else [_chosen(x, agree.nonzero()[0]) for x in replayed.outputs]
            parts.append((rest[agree], kept))
            rest = rest[~agree]
    return _in_order(parts), found


def _traced_lane(
    call: Callable[[Sequence[object]], object],
    leaves: Sequence[object],
    lanes: Sequence[bool],
    function: Callable[..., object],
) -> tuple[Recorder, list[int], Structure]:
    """Trace the call in the first lane."""
    recorder = Recorder()
    plain = [cast(AnyArray, concrete(x))[0] if flag else concrete(x) for x, flag in zip(leaves, lanes, strict=True)]
    variables = recorder.inputs(plain)
    try:
        found, structure = tree.flatten(call(variables))
        return recorder, [output_index(recorder, leaf, function) for leaf in found], structure
    finally:
        recorder.end()


def _chosen(x: object, lanes: AnyArray) -> object:
    return take_index(x, index=FrozenIndex(lanes))


def _in_order(parts: Sequence[tuple[AnyArray, list[object]]]) -> list[object]:
    """The outputs of groups of lanes, as all lanes in their order."""
    if len(parts) == 1:
        return parts[0][1]
    order = np.argsort(np.concatenate([lanes for lanes, _ in parts]))
    joined: list[object] = []
    for column in zip(*[outputs for _, outputs in parts], strict=True):
        if len({shape_of(x)[1:] for x in column}) > 1:
            msg = f"vmap: lanes return arrays of different shapes: {sorted({shape_of(x)[1:] for x in column})}"
            raise StructureError(msg)
        joined.append(_chosen(concatenate(*column, axis=-len(shape_of(column[0]))), order))
    return joined


def vmap(function: Callable[P, object], in_axes: Axes = 0, out_axes: Axes = 0) -> Callable[..., object]:
    """`function`, called in many lanes at once: along axis ``in_axes`` of its arguments, to ``out_axes`` of its result.

    ``in_axes`` is an axis for all arguments, or a tuple with one for each: None where every lane gets the whole
    argument, a tree where parts of an argument differ. The function may use plain ``if`` and ``while`` on numbers.

    >>> import numpy as np
    >>> vmap(lambda x: x * x if x > 0.0 else -x)(np.array([1.0, -2.0, 3.0]))
    array([1., 2., 9.])
    >>> vmap(lambda x, w: x @ w, in_axes=(0, None))(np.eye(2), np.array([3.0, 4.0]))
    array([3., 4.])

    Raises StructureError if the axes do not fit the arguments, or the lanes return different structures.
    """
    return Vmap(function, in_axes, out_axes)
