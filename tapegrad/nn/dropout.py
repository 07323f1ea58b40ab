"""The layer that leaves out elements at random while a network is trained."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from tapegrad.errors import LayerError
from tapegrad.nn import functional
from tapegrad.nn.functional.dropout import require_rate
from tapegrad.nn.layer import Input, Layer, Params, State, state_of, weights_of, written
from tapegrad.random import Key, bits_of
from tapegrad.variables import Array

__all__ = ["dropout"]


def dropout(rate: float = 0.5) -> Layer:
    """In training each element is left out with probability `rate`, and the others are divided by ``1 - rate``.

    An evaluation, and a rate of 0, leave the batch as it is. A rate of 1, which torch allows, is refused: it leaves
    nothing. The state is ``last_key``, the 128 bits of the key of the call before as two numbers, zeros at first: a
    training that forgets to change its key would leave out the same elements at every step, and is refused.

    Raises SettingError for a rate that is not ``0 <= rate < 1``; in training, LayerError without a key, or with the key
    of the call before.
    """
    name = written(dropout, rate)
    require_rate(name, rate)

    def init(key: Key, x: Input, /) -> tuple[Params, State]:
        del key, x
        return (), {"last_key": np.zeros(2, np.uint64)}

    def apply(
        params: Params, state: State, x: Input, /, *, training: bool = False, key: Key | None = None
    ) -> tuple[Array, State]:
        weights_of(name, params, ())
        last = state_of(name, state, ("last_key",))["last_key"]
        if not training or rate == 0.0:
            return cast(Array, x), state
        if key is None:
            msg = f"{name}: in training it draws random numbers; call apply(..., training=True, key=key)"
            raise LayerError(msg)
        bits = _words(key)
        if np.array_equal(bits, last):
            msg = (
                f"{name}: it was given the key of the call before, and would leave out the same elements again; take a "
                "new key for each step, such as fold_in(key, step)"
            )
            raise LayerError(msg)
        return functional.dropout(x, rate, key), {"last_key": bits}

    return Layer(name, init, apply, random=True)


def _words(key: Key) -> npt.NDArray[np.uint64]:
    """The bits of a key: the higher 64, and the lower."""
    bits = bits_of(key)
    return np.array([bits >> 64, bits & (2**64 - 1)], np.uint64)
