"""Reverse mode: the cotangents of the inputs of a tape, by the engine that is faster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np

from tapegrad.columns import Values
from tapegrad.cotangents import settled
from tapegrad.primitive import Operand
from tapegrad.pullback import pull_back
from tapegrad.sweeps import pull_numbers, pull_plain
from tapegrad.tape import Tape
from tapegrad.vectors import COMPILED

__all__ = ["cotangents_of"]


def cotangents_of(
    tape: Tape, values: Values, seeds: Mapping[int, object], count: int, spend: bool = False
) -> list[object]:
    """The cotangents of the first `count` records, by the engine that is faster; what is zero is 0.0.

    That of an array is an array of its shape and dtype, which belongs to the caller. With `spend` the values are not
    needed any more, and each array is dropped when the sweep has passed it.
    """
    if COMPILED and not values.nested and not any(isinstance(seed, (Operand, tuple)) for seed in seeds.values()):
        if not values.outers and all(type(seed) is float for seed in seeds.values()):
            numbers = pull_numbers(values.columns, len(tape), cast(Mapping[int, float], seeds), count)
            if numbers is not None:
                return [numbers[i] + 0.0 for i in range(count)]
        elif values.outers:
            return pull_plain(tape, values, seeds, count, spend)
    if values.outers:
        with np.errstate(all="ignore"):
            cotangents = pull_back(tape, values.as_list(), seeds, count)
    else:
        cotangents = pull_back(tape, values.as_list(), seeds, count)
    return [settled(cotangents[i], values.outers.get(i)) for i in range(count)]
