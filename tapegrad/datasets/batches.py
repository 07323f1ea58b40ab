"""A data set in batches, made as they are asked for, or by a thread while the ones before are worked on.

for inputs, labels in prefetch(batches((data.inputs, data.labels), 64, key)):
    ...
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar, cast

from tapegrad import tree
from tapegrad.arrays import Floats, is_array
from tapegrad.errors import DataError, SettingError
from tapegrad.random import Key, order

__all__ = ["batches", "count_examples", "prefetch"]

A = TypeVar("A")
T = TypeVar("T")


def batches(data: T, size: int, key: Key | None = None, *, drop_last: bool = False) -> Iterator[T]:
    """Trees of the form of `data` with `size` examples each, which together hold every example once.

    `data` is any tree of arrays whose first axis counts the examples: a tuple of inputs and labels, or a `Dataset`.
    The examples are in the order of the data, as views of it, or in the order that `key` gives, the same every time.
    A last batch that is shorter is left out by `drop_last`.

    Raises DataError, naming the leaf, for one that is no array, for no examples and for different numbers of them;
    SettingError for a size below 1, or one that leaves no batch.

    >>> import numpy as np
    >>> [batch.tolist() for batch in batches(np.arange(5), 2)]
    [[0, 1], [2, 3], [4]]
    """
    examples = count_examples(data)
    if type(size) is not int or size < 1:
        msg = f"the size of a batch is a number of examples from 1 on, not {size!r:.60}"
        raise SettingError(msg)
    end = examples - examples % size if drop_last else examples
    if end == 0:
        msg = f"{examples} examples make no whole batch of {size}; take smaller ones, or do without drop_last"
        raise SettingError(msg)
    chosen = None if key is None else order(key, examples)

    def taken(start: int) -> T:
        index = slice(start, start + size) if chosen is None else chosen[start : start + size]
        return tree.map_leaves(lambda leaf: cast(Floats, leaf)[index], data)

    return map(taken, range(0, end, size))


def count_examples(data: object) -> int:
    """How many examples a tree of arrays holds. Raises DataError as `batches` does."""
    counts: dict[str, int] = {}
    for name, leaf in zip(tree.leaf_names(data, "data"), tree.leaves(data), strict=True):
        if not is_array(leaf) or leaf.ndim == 0:
            msg = f"{name} is {leaf!r:.60}, a {type(leaf).__name__}; batches are cut from arrays of examples"
            raise DataError(msg)
        counts[name] = len(leaf)
    if not any(counts.values()):
        msg = f"there are no examples in {', '.join(counts) or 'data'}"
        raise DataError(msg)
    if len(set(counts.values())) > 1:
        lengths = ", ".join(f"{name} has {count}" for name, count in counts.items())
        msg = f"every array holds the same examples, but {lengths}"
        raise DataError(msg)
    return next(iter(counts.values()))


def prefetch(items: Iterable[A], count: int = 2) -> Generator[A]:
    """The same items; a thread makes up to `count` of them ready ahead, from the moment the first is asked for.

    An exception comes out where its item would have been. Closing the generator, or leaving it to the garbage
    collector, ends the thread. Raises SettingError for a count below 1.
    """
    if type(count) is not int or count < 1:
        msg = f"the number of items made ready is from 1 on, not {count!r:.60}"
        raise SettingError(msg)
    return _prefetched(iter(items), count)


def _prefetched(items: Iterator[A], count: int) -> Generator[A]:
    worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tapegrad-prefetch")
    try:
        # one item, or none at the end
        ready = deque(worker.submit(lambda: list(islice(items, 1))) for _ in range(count))
        while item := ready.popleft().result():
            ready.append(worker.submit(lambda: list(islice(items, 1))))
            yield from item
    finally:
        worker.shutdown(cancel_futures=True)
