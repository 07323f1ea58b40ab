"""Dropout: elements left out at random, so that no unit of a network relies on another."""

from __future__ import annotations

from typing import cast

from tapegrad.errors import SettingError
from tapegrad.maps import shape_of
from tapegrad.numpy.signatures import ArrayLike, operand
from tapegrad.random import Key, uniform
from tapegrad.variables import Array

__all__ = ["dropout", "require_rate"]


def dropout(x: ArrayLike, rate: float, key: Key) -> Array:
    """Each element with probability ``1 - rate``, divided by that so that the mean stays; else zero. Any shape.

    The same key leaves out the same elements. (Srivastava et al. 2014.) Raises SettingError for a rate that is not
    ``0 <= rate < 1``.
    """
    require_rate("dropout", rate)
    x = operand(x)
    if rate == 0.0:
        return cast(Array, x)
    kept = uniform(key, (shape_of(x) or (1,))) >= rate
    factors = (kept / (1.0 - rate)).astype(x.dtype).reshape(shape_of(x))
    return cast(Array, x * factors)


def require_rate(name: str, rate: float) -> None:
    """Raise SettingError for a share of the elements to leave out that is not a number from 0 to below 1."""
    if not 0.0 <= rate < 1.0:
        msg = (
            f"{name}: the rate is the share of elements left out, 0 <= rate < 1, not {rate!r}; of all, nothing is left"
        )
        raise SettingError(msg)
