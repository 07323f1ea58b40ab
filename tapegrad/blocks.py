"""The blocks of a Jacobian where there are arrays: one sweep for many directions at once.

A sweep is a linear map, so it is traced in one lane and replayed for all unit vectors, as `vmap` does it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from tapegrad.arrays import Floats, FrozenIndex
from tapegrad.cotangents import seeds_of
from tapegrad.forward import tangents_of
from tapegrad.maps import shape_of
from tapegrad.ops.shape import astype, concatenate, reshape, take_index, transpose
from tapegrad.primitive import concrete
from tapegrad.reverse import cotangents_of
from tapegrad.trace import Arguments, Recorded
from tapegrad.vmap import batched_calls

__all__ = ["blocks_forward", "blocks_reverse", "size_of"]

Sweep = Callable[[Sequence[object]], list[object]]


def size_of(x: object) -> int:
    """The number of elements."""
    return math.prod(shape_of(x))


def blocks_reverse(
    recorded: Recorded, arguments: Arguments, chunk: int | None, function: Callable[..., object]
) -> list[list[object]]:
    """The block ``(*output, *input)`` of each output and input, from the pullback of every unit cotangent.

    `chunk` of them go at once. `function` is what an error speaks of.
    """
    inputs, outputs = arguments.leaves, [recorded.values[i] for i in recorded.outputs]

    def pull(gs: Sequence[object]) -> list[object]:
        return cotangents_of(recorded.tape, recorded.values, seeds_of(recorded.outputs, gs), len(inputs))

    columns = [_parts(rows, outputs) for rows in _of_basis(pull, outputs, chunk, function)]
    return [
        [_block(column[i], out, x) for column, x in zip(columns, inputs, strict=True)] for i, out in enumerate(outputs)
    ]


def blocks_forward(
    recorded: Recorded, arguments: Arguments, chunk: int | None, function: Callable[..., object]
) -> list[list[object]]:
    """As `blocks_reverse`, from the pushforward of every unit tangent."""
    inputs, outputs = arguments.leaves, [recorded.values[i] for i in recorded.outputs]

    def push(ts: Sequence[object]) -> list[object]:
        return tangents_of(recorded.tape, recorded.values, dict(enumerate(ts)), recorded.outputs)

    return [
        [_block(_last(part), out, x) for part, x in zip(_parts(rows, inputs), inputs, strict=True)]
        for rows, out in zip(_of_basis(push, inputs, chunk, function), outputs, strict=True)
    ]


def _of_basis(
    sweep: Sweep, operands: Sequence[object], chunk: int | None, function: Callable[..., object]
) -> list[object]:
    """Each result of a `sweep` from `operands`, for every unit vector: ``(elements of all operands, *result)``."""
    total = sum(map(size_of, operands))
    step = chunk or max(total, 1)
    parts: list[list[object]] = []
    for start in range(0, max(total, 1), step):
        stop = min(start + step, total)
        basis = _unit_vectors(operands, start, stop)
        if stop - start == 1:  # no need to find out what the sweep does in lanes
            alone = sweep([_only(rows) for rows in basis])
            parts.append([reshape(result, shape=(1, *shape_of(result))) for result in alone])
        else:
            parts.append(batched_calls(sweep, basis, stop - start, function)[0])
    if len(parts) == 1:
        return parts[0]
    return [concatenate(*column, axis=-len(shape_of(column[0]))) for column in zip(*parts, strict=True)]


def _unit_vectors(operands: Sequence[object], start: int, stop: int) -> list[Floats]:
    """Number `start` to `stop` of the unit vectors of all operands together: for each operand ``(vectors, *operand)``.

    They have the dtype of the operand; that of an integer, whose derivative is zero, is of no matter.
    """
    basis: list[Floats] = []
    offset = 0
    for x in operands:
        dtype = np.asarray(concrete(x)).dtype
        rows = np.eye(stop - start, size_of(x), start - offset, dtype if dtype.kind == "f" else np.float64)
        basis.append(rows.reshape((stop - start, *shape_of(x))))
        offset += size_of(x)
    return basis


def _only(rows: Floats) -> object:
    """The only one of the rows; a number is a float."""
    row = np.asarray(rows[0])
    return float(row) if row.shape == () and row.dtype == np.float64 else row


def _parts(rows: object, operands: Sequence[object]) -> list[object]:
    """Rows for all elements of some operands, taken apart: for each operand ``(its elements, ...)``."""
    parts: list[object] = []
    start = 0
    for x in operands:
        parts.append(take_index(rows, index=FrozenIndex(slice(start, start + size_of(x)))))
        start += size_of(x)
    return parts


def _last(part: object) -> object:
    """With the first axis behind the others."""
    ndim = len(shape_of(part))
    return transpose(part, axes=(*range(1, ndim), 0))


def _block(part: object, out: object, x: object) -> object:
    """One block, in its shape ``(*out, *x)`` and the dtype of the argument `x`; a number for two numbers."""
    block = reshape(part, shape=(*shape_of(out), *shape_of(x)))
    argument = concrete(x)
    dtype = argument.dtype if isinstance(argument, np.ndarray) else np.dtype(np.float64)
    if np.asarray(concrete(block)).dtype != dtype:
        block = astype(block, dtype=dtype.str)
    if isinstance(block, np.ndarray):
        is_number = not isinstance(argument, np.ndarray) and block.shape == ()
        return float(block) if is_number else np.array(block)  # memory of its own
    return block
