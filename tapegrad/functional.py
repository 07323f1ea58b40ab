"""Higher-order functions, typed and curried: the façade over toolz, which ships no types.

>>> from operator import add, mul
>>> negate_all = map(lambda x: -x)
>>> list(negate_all([1.0, 2.0]))
[-1.0, -2.0]
>>> list(zip_with(mul)([1.0, 2.0], [3.0, 4.0]))
[3.0, 8.0]
>>> reduce(add)(0.0)([1.0, 2.0, 3.0])
6.0
"""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar, cast

import toolz

__all__ = ["accumulate", "map", "partition_all", "reduce", "zip_with"]

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


def map(function: Callable[[A], B]) -> Callable[[Iterable[A]], Iterator[B]]:
    """The function that applies `function` to every item."""
    return functools.partial(builtins.map, function)


def zip_with(function: Callable[[A, B], C]) -> Callable[[Iterable[A], Iterable[B]], Iterator[C]]:
    """The function that combines two sequences item by item, which must be equally long."""

    def combine(first: Iterable[A], second: Iterable[B]) -> Iterator[C]:
        return (function(x, y) for x, y in zip(first, second, strict=True))

    return combine


def reduce(function: Callable[[B, A], B]) -> Callable[[B], Callable[[Iterable[A]], B]]:
    """``reduce(function)(start)(items)``: the left fold."""

    def starting_at(start: B) -> Callable[[Iterable[A]], B]:
        return lambda items: functools.reduce(function, items, start)

    return starting_at


def accumulate(function: Callable[[B, A], B], items: Iterable[A], start: B) -> Iterator[B]:
    """Every state of the left fold, the start first, made as they are asked for.

    >>> list(accumulate(lambda total, x: total + x, [1, 2, 3], 0))
    [0, 1, 3, 6]
    """
    return cast(Iterator[B], toolz.accumulate(function, items, start))


def partition_all(size: int, items: Sequence[A]) -> Iterator[tuple[A, ...]]:
    """Consecutive runs of `size` items; the last may be shorter.

    >>> list(partition_all(2, [1, 2, 3]))
    [(1, 2), (3,)]
    """
    return cast(Iterator[tuple[A, ...]], toolz.partition_all(size, items))
