"""Many calls at once: `vmap`, for functions of numbers and arrays, with plain ``if`` and ``while`` inside.

The function is traced in one lane, and its tape replayed in all (`tapegrad.batch`). Lanes that go another way are
traced again, as often as there are ways.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ParamSpec, Protocol, TypeVar, cast, overload

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad import tree
from tapegrad.arrays import AnyArray, FrozenIndex
from tapegrad.batch import replay
from tapegrad.calls import Transform
from tapegrad.errors import StructureError
from tapegrad.maps import shape_of
from tapegrad.masks import observe
from tapegrad.ops.shape import concatenate, take_index, transpose
from tapegrad.primitive import as_value, concrete
from tapegrad.recorder import Recorder
from tapegrad.trace import Parameters, handed_out, name_of, output_index
from tapegrad.tree import Structure
from tapegrad.variables import Array, Scalar, Var

__all__ = ["Axes", "Vmap", "batched_calls", "vmap"]

P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)
Kind = TypeVar("Kind", bound=np.generic)

Axes = int | None | tuple["Axes", ...] | list["Axes"] | dict[str, "Axes"]
"""An axis, None where there are no lanes; or a tree of them, of whose leaves each stands for a whole tree."""


class Mapped(Protocol[T_co]):
    """A function of arguments that have lanes."""

    def __call__(self, *args: object, **keywords: object) -> T_co: ...


@attrs.frozen
class Vmap(Transform):
    """What `vmap` returns."""

    function: Callable[..., object]
    in_axes: Axes
    out_axes: Axes

    def __call__(self, *args: object, **keywords: object) -> object:
        leaves, structure = tree.flatten(args)
        axes = spread_axes(self.in_axes, args, "in_axes")
        with_lanes = [(i, axis) for i, axis in enumerate(axes) if axis is not None]
        size = number_of_lanes(self, args, axes)

        def call(values: Sequence[object]) -> object:
            every = list(leaves)
            for (i, _), value in zip(with_lanes, values, strict=True):
                every[i] = value
            return self.function(*cast(tuple[object, ...], structure.unflatten(every)), **keywords)

        moved = [_to_front(leaves[i], axis) for i, axis in with_lanes]
        outputs, returned = batched_calls(call, moved, size, self.function)
        out_axes = spread_axes(self.out_axes, returned.unflatten(outputs), "out_axes")
        placed = [handed_out(_from_front(x, axis, self)) for x, axis in zip(outputs, out_axes, strict=True)]
        return returned.unflatten(placed)


def number_of_lanes(vmapped: Vmap, args: tuple[object, ...], axes: Sequence[int | None]) -> int:
    """How many lanes there are along `axes`, one for each leaf. Raises StructureError if arguments differ in it."""
    spoken = f"vmap of {name_of(vmapped.function)}"
    roots = Parameters.of(vmapped.function).first(len(args))
    names = [name for arg, root in zip(args, roots, strict=True) for name in tree.leaf_names(arg, root)]
    found: list[tuple[int, str]] = []
    for leaf, axis, name in zip(tree.leaves(args), axes, names, strict=True):
        if axis is None:
            continue
        shape = shape_of(leaf if isinstance(leaf, Var) else as_value(leaf))
        if not -len(shape) <= axis < len(shape):
            msg = f"{spoken}: {name} has shape {shape} and no axis {axis}; in_axes has None where all lanes share"
            raise StructureError(msg)
        found.append((shape[axis], f"{name} has {shape[axis]} along axis {axis}"))
    if len({size for size, _ in found}) != 1:
        known = ", ".join(words for _, words in found) or f"in_axes={vmapped.in_axes} names no axis"
        msg = f"{spoken} needs one number of lanes, but {known}"
        raise StructureError(msg)
    return found[0][0]


def spread_axes(axes: Axes, of: object, name: str) -> list[int | None]:
    """One axis for each leaf of a tree. Raises StructureError if `axes` does not fit it."""
    if axes is None or isinstance(axes, int):
        return [axes] * len(tree.leaves(of))
    parts, whole = tree.children(axes), tree.children(of)
    if parts is None or whole is None or parts.keys() != whole.keys():
        msg = f"{name}={axes} does not fit {tree.flatten(of)[1]}; give one axis for each, or one for all"
        raise StructureError(msg)
    return [axis for key, child in whole.items() for axis in spread_axes(cast(Axes, parts[key]), child, name)]


def _to_front(leaf: object, axis: int) -> object:
    """A leaf with its lanes as the first axis."""
    value = leaf if isinstance(leaf, Var) else as_value(leaf)
    ndim = len(shape_of(value))
    at = axis % ndim
    return value if at == 0 else transpose(value, axes=(at, *(i for i in range(ndim) if i != at)))


def _from_front(x: object, axis: int | None, vmapped: Vmap) -> object:
    """An output with its lanes at `axis`; with None the first lane, if all are alike."""
    ndim = len(shape_of(x))
    if axis is None:
        value = cast(AnyArray, observe(x))
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
    size: int,
    function: Callable[..., object],
) -> tuple[list[object], Structure]:
    """``call(lane of leaves)`` in every lane: the leaves of what it returns, lanes first, and its structure.

    In no lanes it is traced on zeros, which tells shapes. `function` is what an error speaks of.
    Raises StructureError if the lanes return different structures.
    """
    if size == 0:
        zeros = [np.zeros_like(cast(AnyArray, concrete(x)), shape=shape_of(x)[1:]) for x in leaves]
        recorder, outputs, structure = _traced(call, zeros, function)
        return [_no_lanes(recorder.values[i]) for i in outputs], structure
    rest = np.arange(size)
    parts: list[tuple[AnyArray, list[object]]] = []
    found: Structure | None = None
    with np.errstate(all="ignore"):  # lanes that go another way compute what they would never have computed
        while True:
            these = leaves if rest.size == size else [_chosen(x, rest) for x in leaves]
            recorder, outputs, structure = _traced(call, [cast(AnyArray, concrete(x))[0] for x in these], function)
            if found is not None and found != structure:
                msg = f"vmap of {name_of(function)}: one lane returns {found}, another {structure}"
                raise StructureError(msg)
            found = structure
            lanes = replay(recorder.seal(), recorder.values, outputs, these, rest.size)
            agree = lanes.agree
            agree[0] = True  # it is the lane that was traced
            kept = lanes.outputs if agree.all() else [_chosen(x, agree.nonzero()[0]) for x in lanes.outputs]
            parts.append((rest[agree], kept))
            rest = rest[~agree]
            if not rest.size:
                return _in_order(parts, function), structure


def _traced(
    call: Callable[[Sequence[object]], object], lane: Sequence[object], function: Callable[..., object]
) -> tuple[Recorder, list[int], Structure]:
    """The trace of one lane, the records that it returned, and their structure."""
    recorder = Recorder()
    variables = recorder.inputs(lane)
    try:
        found, structure = tree.flatten(call(variables))
        # Of what a guard has seen, as of an index, the kind of number is kept.
        leaves = [np.asarray(leaf) if isinstance(leaf, (int, np.integer, np.bool_)) else leaf for leaf in found]
        return recorder, [output_index(recorder, leaf, function) for leaf in leaves], structure
    finally:
        recorder.end()


def _no_lanes(x: object) -> AnyArray:
    return np.zeros((0, *shape_of(x)), np.asarray(concrete(x)).dtype)


def _chosen(x: object, lanes: AnyArray) -> object:
    return take_index(x, index=FrozenIndex(lanes))


def _in_order(parts: Sequence[tuple[AnyArray, list[object]]], function: Callable[..., object]) -> list[object]:
    """The outputs of groups of lanes, as all lanes in their order."""
    if len(parts) == 1:
        return parts[0][1]
    order = np.argsort(np.concatenate([lanes for lanes, _ in parts]))
    joined: list[object] = []
    for column in zip(*[outputs for _, outputs in parts], strict=True):
        shapes = {shape_of(x)[1:] for x in column}
        if len(shapes) > 1:
            words = ", ".join(map(str, sorted(shapes)))
            msg = f"vmap of {name_of(function)}: lanes return arrays of different shapes: {words}"
            raise StructureError(msg)
        joined.append(_chosen(concatenate(*column, axis=-len(shape_of(column[0]))), order))
    return joined


# Parameters are not kept: where the function takes a float, its lanes are an array.
@overload
def vmap(function: Callable[P, float], in_axes: Axes = 0, out_axes: Axes = 0) -> Mapped[npt.NDArray[np.float64]]: ...
@overload
def vmap(
    function: Callable[P, npt.NDArray[Kind]], in_axes: Axes = 0, out_axes: Axes = 0
) -> Mapped[npt.NDArray[Kind]]: ...
@overload
def vmap(function: Callable[P, Scalar | Array], in_axes: Axes = 0, out_axes: Axes = 0) -> Mapped[Array]: ...
@overload
def vmap(function: Callable[P, object], in_axes: Axes = 0, out_axes: Axes = 0) -> Mapped[object]: ...
def vmap(function: Callable[P, object], in_axes: Axes = 0, out_axes: Axes = 0) -> Callable[..., object]:
    """`function`, called in many lanes at once: along axis ``in_axes`` of its arguments, to ``out_axes`` of its result.

    ``in_axes`` is an axis for all arguments, or a tuple with one for each: None where every lane gets the whole
    argument, a tree where parts of an argument differ; likewise ``out_axes``, where None asks for a result that is
    the same in all lanes. Keyword arguments are passed on to every lane as they are. The function may use plain
    ``if`` and ``while`` on numbers: it is traced once for each way that lanes go.
    >>> import numpy as np
    >>> vmap(lambda x: x * x if x > 0.0 else -x)(np.array([1.0, -2.0, 3.0]))
    array([1., 2., 9.])
    >>> vmap(lambda x, w: x @ w, in_axes=(0, None))(np.eye(2), np.array([3.0, 4.0]))
    array([3., 4.])

    Raises StructureError if the axes do not fit the arguments, or the lanes return different structures.
    """
    return Vmap(function, in_axes, out_axes)
