"""Parameters and states by name, as torch's ``state_dict`` has them; and a network as a table.

    named(params)                         {"0.weight": ..., "0.bias": ..., "3.weight": ...}
    from_named(params, {...})             parameters of that form again
    print(summary(model, params, state, x))

A name is the way to a layer, counted from 0 in each `serial` and `parallel`, and the name that the layer has for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from tapegrad.arrays import AnyArray
from tapegrad.errors import LayerError
from tapegrad.maps import shape_of
from tapegrad.nn.layer import Input, Layer, Params, State
from tapegrad.variables import Array, ArrayVar

__all__ = ["count", "from_named", "named", "summary"]

T = TypeVar("T", bound=Params | State)


def named(params: Params | State) -> dict[str, Array]:
    """Every array of a tree of parameters, or of a state, under its name.

    >>> sorted(named(({"weight": np.ones((2, 3)), "bias": np.ones(2)}, (), ({"weight": np.ones(2)},))))
    ['0.bias', '0.weight', '2.0.weight']
    """
    return dict(_named(params, ""))


def _named(node: object, path: str) -> Iterator[tuple[str, Array]]:
    for name, part in _children(node):
        if isinstance(part, (tuple, Mapping)):
            yield from _named(part, f"{path}{name}.")
        else:
            yield f"{path}{name}", cast(Array, part)


def _children(node: object) -> Iterator[tuple[str, object]]:
    """The parts of a tuple, counted, or of a dictionary, by name."""
    if isinstance(node, Mapping):
        yield from node.items()
    else:
        yield from ((str(at), part) for at, part in enumerate(cast(tuple[object, ...], node)))


def from_named(like: T, arrays: Mapping[str, npt.ArrayLike | ArrayVar]) -> T:
    """The tree of the form of `like`, with these arrays, by the names that `named` gives.

    Each is copied, in the dtype that `like` has there. Raises LayerError that lists which names are missing, which
    belong to nothing, and which arrays have another shape or kind.
    """
    wanted = named(like)
    found = {name: np.asarray(array) for name, array in arrays.items()}
    faults = [f"{name} is missing" for name in wanted if name not in found]
    faults += [f"{name} belongs to nothing" for name in found if name not in wanted]
    for name in (name for name in wanted if name in found):
        shape, dtype = shape_of(wanted[name]), wanted[name].dtype
        if found[name].shape != shape:
            faults.append(f"{name} has the shape {found[name].shape}, not {shape}")
        elif not np.can_cast(found[name].dtype, dtype, "same_kind"):
            faults.append(f"{name} is of {found[name].dtype}, not {dtype}")
    if faults:
        msg = f"the arrays are not those of this network: {'; '.join(faults)}"
        raise LayerError(msg)
    return cast(T, _filled(like, "", {name: found[name].astype(wanted[name].dtype) for name in wanted}))


def _filled(node: object, path: str, arrays: Mapping[str, AnyArray]) -> object:
    parts = {
        name: _filled(part, f"{path}{name}.", arrays) if isinstance(part, (tuple, Mapping)) else arrays[f"{path}{name}"]
        for name, part in _children(node)
    }
    return parts if isinstance(node, Mapping) else tuple(parts.values())


def count(params: Params) -> int:
    """How many numbers the parameters are."""
    return sum(math.prod(shape_of(array)) for array in named(params).values())


# ---- a network as a table -----------------------------------------------------------------------


def summary(model: Layer, params: Params, state: State, x: Input) -> str:
    """A table of the layers: where each stands, what it makes of the batch `x`, and how many parameters it has.

    The network is evaluated. Raises LayerError where the parameters or the batch do not fit.
    """
    rows = [("", "batch", str(shape_of(x)), "")]
    out = _rows(model, params, state, x, "", rows)
    rows.append(("", "all", str(shape_of(out)), f"{count(params):,}"))
    head = ("", "layer", "output", "parameters")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    line = "  ".join("-" * width for width in widths)
    head_line, *lines = (
        "  ".join((row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2].ljust(widths[2]), row[3].rjust(widths[3])))
        for row in (head, *rows)
    )
    return "\n".join(each.rstrip() for each in (head_line, line, *lines[:-1], line, lines[-1]))


def _rows(
    layer: Layer, params: Params, state: State, x: Input, path: str, rows: list[tuple[str, str, str, str]]
) -> Array:
    """What the layer makes of `x`; on the way a row is added to `rows` for it, or for each of its parts."""
    out, _ = layer.apply(params, state, x)
    if not layer.parts:
        size = count(params)
        rows.append((path, layer.name, str(shape_of(out)), f"{size:,}" if size else ""))
        return out
    if path:  # a network in a network
        rows.append((path, layer.name.partition("(")[0], str(shape_of(out)), ""))
    of_parts = cast(tuple[Params, ...], params), cast(tuple[State, ...], state)
    for at, (part, own, its_state) in enumerate(zip(layer.parts, *of_parts, strict=True)):
        made = _rows(part, own, its_state, x, f"{path}.{at}" if path else str(at), rows)
        x = x if layer.side_by_side else made
    return out
