"""The shortest way from a function of floats to its derivative: no trees, no names, no tape to look at.

What `tapegrad.trace` and `tapegrad.reverse` do in general is done here in one compiled piece for the commonest
call, ``grad(f)(2.0, 3.0)``: there the mathematics of a small function takes less time than a Python function
that prepares it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, cast, final

from tapegrad.kernels import INPUT, NONE
from tapegrad.recorder import Recorder
from tapegrad.reverse import cotangents_of
from tapegrad.sweeps import sweep_numbers
from tapegrad.tape import Tape
from tapegrad.trace import number_returned
from tapegrad.variables import Var
from tapegrad.vectors import COMPILED

__all__ = ["value_and_gradient"]


@final
class _Again:
    """The call that a recorder has recorded, to be traced once more."""

    __slots__ = ("args", "function", "positions")

    def __init__(self, function: Callable[..., object], args: tuple[object, ...], positions: Sequence[int]) -> None:
        self.function: Final = function
        self.args: Final = args
        self.positions: Final = positions

    def __call__(self, recorder: Recorder) -> object:
        arguments = list(self.args)
        for position in self.positions:
            arguments[position] = recorder.write(INPUT, NONE, NONE, cast(float, self.args[position]))
        return self.function(*arguments)


def value_and_gradient(
    function: Callable[..., object], positions: Sequence[int], args: tuple[object, ...]
) -> tuple[object, list[object]] | None:
    """The value of ``function(*args)``, and its derivatives by the arguments at `positions`.

    None, and nothing is called, unless each of those is a float. Raises NonScalarOutputError and
    OutputTypeError as `grad` does.
    """
    for position in positions:
        if not 0 <= position < len(args) or type(args[position]) is not float:
            return None
    arguments = list(args)
    recorder = Recorder()  # not before it is needed: it takes columns that the general way could reuse
    for position in positions:
        arguments[position] = recorder.write(INPUT, NONE, NONE, cast(float, args[position]))
    recorder.again = _Again(function, args, positions)
    try:
        returned = function(*arguments)
        if type(returned) is Var and returned._recorder is recorder:
            output: int = returned._index
        else:
            output = number_returned(recorder, returned, function)
    finally:
        recorder.end()
    columns = recorder.columns
    if COMPILED and not recorder.outers:
        cotangents = columns.zeros(max(output + 1, len(positions)))
        cotangents[output] = 1.0
        if sweep_numbers(columns, cotangents, output, len(positions)):
            value = columns.numbers[output]
            gradients: list[object] = [cotangents[i] + 0.0 for i in range(len(positions))]
            recorder.release()
            return value, gradients
    tape = Tape.over(columns, columns.length)
    return recorder.values[output], cotangents_of(tape, recorder.values, {output: 1.0}, len(positions))
