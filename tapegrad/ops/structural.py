"""Operations that move values without computing: taking from a tuple, and cutting the derivative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from tapegrad import floats
from tapegrad.elementwise import unary
from tapegrad.primitive import Linear, Params

__all__ = ["item", "stop_gradient"]


def _take(operand: object, params: Params) -> object:
    index = cast(int, dict(params)["index"])
    return None if operand is None else cast(Sequence[object], operand)[index]


def _put(g: object, params: Params) -> object:
    static = dict(params)
    return tuple(g if i == static["index"] else None for i in range(cast(int, static["count"])))


# One value of a record whose value is a tuple; params: index, count. Transposed, it puts the cotangent in
# its place among None, the symbolic zero.
item = Linear("item", _take, _put, {"index": int, "count": int})

# Declared piecewise constant, so that no derivative flows in either mode.
stop_gradient = unary("stop_gradient", floats.identity, None)
