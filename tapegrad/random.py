"""Random numbers from explicit keys: the same key gives the same numbers, and nothing is hidden anywhere.

    key(0)              a key from a seed
    split(k, 3)         three new, independent keys
    fold_in(k, 7)       the seventh of a family of keys, as for the seventh epoch
    uniform(k, (4, 2))  numbers; so do `normal`, `bernoulli` and `randint` give
    order(k, 10)        a random order of ten things

A key is a value: drawing from it twice gives the same numbers twice, so use each key for one purpose and
split it for more. Its 128 bits are the key of a Philox stream (Salmon et al. 2011, "Parallel random
numbers: as easy as 1, 2, 3"); new keys are hashed from it by NumPy's SeedSequence. Numbers are made from
the raw stream by arithmetic alone, so that no version of NumPy and no platform gives others.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final, TypeAlias, overload

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad.errors import SettingError

__all__ = [
    "Key", "bernoulli", "bits_of", "fold_in", "key", "normal", "order", "permutation", "randint", "split", "uniform",
]  # fmt: skip

Array: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Booleans: TypeAlias = npt.NDArray[np.bool_]

_SPLIT: Final = 0  # keeps the keys of `split` and those of `fold_in` apart
_FOLD: Final = 1
_NORMAL: Final = NormalDist()


@attrs.frozen
class Key:
    """A source of random numbers, as a value of 128 bits. Made by `key`, `split` and `fold_in`."""

    bits: int

    def __repr__(self) -> str:
        return f"Key({self.bits:#034x})"


def bits_of(key: object) -> int:
    """The bits of a key. Raises SettingError for what is none, such as a seed."""
    if not isinstance(key, Key):
        msg = f"random numbers come from a key, which random.key(seed) makes, not from {key!r:.60}"
        raise SettingError(msg)
    return key.bits


def key(seed: int) -> Key:
    """The key of a seed, which is any integer that is not negative.

    >>> key(0)
    Key(0xabf4641a2c71ba49db2cd7e7b0f478be)
    """
    if type(seed) is not int or seed < 0:
        msg = f"a seed is an integer that is not negative, not {seed!r:.60}; for example 0"
        raise SettingError(msg)
    return _hashed(np.random.SeedSequence(seed))


def split(key: Key, count: int = 2) -> tuple[Key, ...]:
    """`count` new keys, independent of each other and of `key`.

    >>> data, network = split(key(0))
    >>> data == network
    False
    """
    if count < 0:
        msg = f"a key is split into a number of keys that is not negative, not {count}"
        raise SettingError(msg)
    return tuple(_child(key, _SPLIT, i) for i in range(count))


def fold_in(key: Key, number: int) -> Key:
    """The new key that belongs to `key` and `number`, which is from 0 to 2**32 - 1."""
    if not 0 <= number < 2**32:
        msg = f"the number folded into a key lies between 0 and 2**32 - 1; {number} does not"
        raise SettingError(msg)
    return _child(key, _FOLD, number)


# The overlaps are meant: the empty shape is the one of a float. The shape of an array is a tuple[Any, ...] to the type
# checker, which fits them all: so the first of each is the one that gives an array.
@overload
def uniform(key: Key, shape: tuple[int, *tuple[int, ...]], low: float = 0.0, high: float = 1.0) -> Array: ...
@overload
def uniform(  # type: ignore[overload-overlap]
    key: Key, shape: tuple[()] = (), low: float = 0.0, high: float = 1.0
) -> float: ...
@overload
def uniform(key: Key, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Array: ...
def uniform(key: Key, shape: tuple[int, ...] = (), low: float = 0.0, high: float = 1.0) -> float | Array:
    """Numbers spread evenly over low <= x < high: a float for shape (), an array otherwise."""
    unit: Array = (_raw(key, math.prod(shape)) >> np.uint64(11)) * np.float64(2.0**-53)
    return _shaped(low + (high - low) * unit, shape)


@overload
def normal(key: Key, shape: tuple[int, *tuple[int, ...]]) -> Array: ...
@overload
def normal(key: Key, shape: tuple[()] = ()) -> float: ...  # type: ignore[overload-overlap]  # as above
@overload
def normal(key: Key, shape: tuple[int, ...]) -> Array: ...
def normal(key: Key, shape: tuple[int, ...] = ()) -> float | Array:
    """Numbers of mean 0 and variance 1, normally distributed: a float for shape (), an array otherwise.

    The quantile function of uniform numbers, which lie strictly between 0 and 1.
    """
    unit = ((_raw(key, math.prod(shape)) >> np.uint64(12)) + 0.5) * 2.0**-52
    return _shaped(np.array([_NORMAL.inv_cdf(p) for p in unit.tolist()], dtype=np.float64), shape)


@overload
def bernoulli(key: Key, p: float, shape: tuple[int, *tuple[int, ...]]) -> Booleans: ...
@overload
def bernoulli(key: Key, p: float, shape: tuple[()] = ()) -> bool: ...  # type: ignore[overload-overlap]  # as above
@overload
def bernoulli(key: Key, p: float, shape: tuple[int, ...]) -> Booleans: ...
def bernoulli(key: Key, p: float, shape: tuple[int, ...] = ()) -> bool | Booleans:
    """True with probability `p`: a bool for shape (), an array otherwise.

    True where `uniform` of the same key is below `p`. Raises SettingError if `p` is no probability.
    """
    if not 0.0 <= p <= 1.0:
        msg = f"a probability lies between 0 and 1; {p!r} does not"
        raise SettingError(msg)
    return uniform(key, shape) < p


@overload
def randint(key: Key, low: int, high: int, shape: tuple[int, *tuple[int, ...]]) -> Integers: ...
@overload
def randint(key: Key, low: int, high: int, shape: tuple[()] = ()) -> int: ...  # type: ignore[overload-overlap]
@overload
def randint(key: Key, low: int, high: int, shape: tuple[int, ...]) -> Integers: ...
def randint(key: Key, low: int, high: int, shape: tuple[int, ...] = ()) -> int | Integers:
    """Integers low <= n < high, all equally likely: an int for shape (), an array otherwise.

    The remainder of a random word, which favours none by more than 2**-32. Raises SettingError if there are no such
    integers, or more than 2**32, or if some do not fit into 64 bits.
    """
    if not (0 < high - low <= 2**32 and low >= -(2**63) and high <= 2**63):
        msg = f"random integers are drawn from 1 to 2**32 of 64 bits, not from {low} <= n < {high}"
        raise SettingError(msg)
    offsets = (_raw(key, math.prod(shape)) % np.uint64(high - low)).astype(np.int64)
    integers: Integers = offsets + np.int64(low)
    return integers.reshape(shape) if shape else int(integers[0])


def order(key: Key, count: int) -> Integers:
    """`permutation`, as an array to index with.

    >>> order(key(0), 5).shape
    (5,)
    """
    return np.argsort(_raw(key, count), kind="stable").astype(np.int64, copy=False)


def permutation(key: Key, count: int) -> tuple[int, ...]:
    """The numbers 0 .. count - 1 in random order: the order in which random words sort.

    >>> sorted(permutation(key(0), 5))
    [0, 1, 2, 3, 4]
    """
    return tuple(order(key, count).tolist())


def _raw(key: Key, count: int) -> npt.NDArray[np.uint64]:
    """The first `count` words of the stream."""
    return np.random.Philox(key=bits_of(key)).random_raw(count)


def _shaped(numbers: Array, shape: tuple[int, ...]) -> float | Array:
    return numbers.reshape(shape) if shape else float(numbers[0])


def _child(parent: Key, purpose: int, number: int) -> Key:
    return _hashed(np.random.SeedSequence(bits_of(parent), spawn_key=(purpose, number)))


def _hashed(sequence: np.random.SeedSequence) -> Key:
    low, high = sequence.generate_state(2, np.uint64).tolist()
    return Key(high << 64 | low)
