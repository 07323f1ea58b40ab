"""Operations that move values without computing: taking from a tuple, and cutting the derivative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from tapegrad import arrays, floats
from tapegrad.elementwise import unary
from tapegrad.primitive import Params, Primitive, newest_recording
from tapegrad.typing import Traced

__all__ = ["item", "items", "stop_gradient"]


class _Item(Primitive):
    """One value of a record whose value is a tuple: number `index` of `count`.

    Transposed, it puts the cotangent in its place among None, the symbolic zero.
    """

    def __init__(self) -> None:
        super().__init__("item", 1, {"index": int, "count": int})

    def evaluate(self, operands: Sequence[object], params: Params) -> object:
        recording = newest_recording(operands)
        if recording is not None:  # a tuple that is traced further out
            return recording.record(self, operands, params)
        index = cast(int, dict(params)["index"])
        return cast(Sequence[object], operands[0])[index]

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        del out, operands
        return None if tangents[0] is None else self.evaluate((tangents[0],), params)

    def batch(self, operands: Sequence[object], lanes: Sequence[bool], size: int, params: Params) -> object:
        del lanes, size
        return self.evaluate(operands, params)

    def pull(
        self, g: object, out: object, operands: Sequence[object], params: Params, wanted: Sequence[int]
    ) -> Mapping[int, object]:
        del out, operands, wanted  # the one there is
        facts = dict(params)
        return {0: tuple(g if i == facts["index"] else None for i in range(cast(int, facts["count"])))}


item = _Item()


def items(whole: object, count: int) -> tuple[Traced, ...]:
    """The `count` values of a tuple, plain or traced; to the type checker they are traced."""
    if isinstance(whole, tuple):
        return whole
    return tuple([cast(Traced, item.evaluate((whole,), (("index", i), ("count", count)))) for i in range(count)])


# Declared piecewise constant, so that no derivative flows in either mode.
stop_gradient = unary("stop_gradient", floats.identity, arrays.identity, None, holomorphic=True)
