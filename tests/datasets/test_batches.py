"""Batches hold every example once, in an order that a key fixes; a thread makes them ready, and ends."""

from __future__ import annotations

import gc
import itertools
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapegrad import random
from tapegrad.datasets import Dataset, batches, prefetch
from tapegrad.errors import DataError, SettingError

SEEDS = st.integers(0, 2**32)
KEYS = st.none() | SEEDS.map(random.key)


@given(st.integers(1, 40), st.integers(1, 50), KEYS)
@settings(deadline=None, max_examples=150)
def test_every_example_is_in_one_batch(count: int, size: int, key: random.Key | None) -> None:
    numbers = np.arange(count)
    found = list(batches({"x": numbers, "y": (numbers * 10.0)[:, None]}, size, key))
    assert [len(batch["x"]) for batch in found[:-1]] == [size] * ((count - 1) // size)
    assert 1 <= len(found[-1]["x"]) <= size
    joined = [n for batch in found for n in batch["x"].tolist()]
    assert joined == (list(random.permutation(key, count)) if key else list(range(count)))
    for batch in found:
        assert np.array_equal(batch["y"], batch["x"][:, None] * 10.0)
    again = list(batches(numbers, size, key))
    assert [batch.tolist() for batch in again] == [batch["x"].tolist() for batch in found]


@given(st.integers(1, 40), st.integers(1, 40), KEYS)
@settings(deadline=None, max_examples=50)
def test_the_short_last_batch_may_be_dropped(count: int, size: int, key: random.Key | None) -> None:
    numbers = np.arange(count)
    if count < size:
        with pytest.raises(SettingError, match=f"{count} examples make no whole batch of {size}"):
            batches(numbers, size, key, drop_last=True)
        return
    every = [batch.tolist() for batch in batches(numbers, size, key)]
    dropped = [batch.tolist() for batch in batches(numbers, size, key, drop_last=True)]
    assert dropped == every[: count // size]
    assert {len(batch) for batch in dropped} == {size}


def test_another_key_is_another_order() -> None:
    numbers = np.arange(30)
    orders = {tuple(next(batches(numbers, 30, random.key(seed))).tolist()) for seed in range(20)}
    assert len(orders) == 20


def test_batches_of_a_data_set_are_data_sets() -> None:
    data = Dataset("toy", np.arange(6.0).reshape(3, 2), np.array([0, 1, 0]), ("no", "yes"))
    first, last = batches(data, 2)
    assert first == Dataset("toy", data.inputs[:2], data.labels[:2], ("no", "yes"))
    assert len(last) == 1


def test_nothing_is_copied_without_a_key_and_nothing_is_made_ahead() -> None:
    numbers = np.arange(10**6)
    stream = batches(numbers, 1)
    assert np.shares_memory(next(stream), numbers)
    numbers[1] = -5
    assert next(stream).tolist() == [-5]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((np.zeros((0, 3)), np.zeros(0)), r"no examples in data\[0\], data\[1\]"),
        ((), "no examples in data"),
        ({"x": np.zeros((3, 2)), "y": np.zeros(4)}, r"data\['x'\] has 3, data\['y'\] has 4"),
        ((np.zeros(3), np.zeros(0)), r"data\[0\] has 3, data\[1\] has 0"),
        ((np.zeros(2), [1.0, 2.0]), r"data\[1\]\[0\] is 1\.0, a float; batches are cut from arrays"),
        (np.array(1.0), r"data is array\(1\.\), a ndarray; batches are cut from arrays"),
        ("text", "data is 'text', a str"),
    ],
)
def test_data_without_a_common_first_axis_are_refused(data: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        batches(data, 1)


@pytest.mark.parametrize("size", [0, -1, 2.0, True, None])
def test_the_size_of_a_batch_is_a_number_from_1_on(size: int) -> None:
    with pytest.raises(SettingError, match=f"from 1 on, not {size}"):
        batches(np.zeros(3), size)


# ---- a thread that works ahead --------------------------------------------------------------------


def workers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("tapegrad-prefetch")]


@given(st.lists(st.none() | st.integers(), max_size=20), st.integers(1, 5))
@settings(deadline=None, max_examples=50)
def test_the_items_are_the_same_and_the_thread_ends(items: list[int | None], count: int) -> None:
    assert list(prefetch(items, count)) == items
    assert not workers()


def test_items_are_made_ahead_by_another_thread_but_not_too_many() -> None:
    made: list[tuple[int, int]] = []

    def source() -> Iterator[int]:
        for i in itertools.count():
            made.append((i, threading.get_ident()))
            yield i

    stream = prefetch(source(), 3)
    assert not made
    assert not workers()
    assert [next(stream), next(stream)] == [0, 1]
    deadline = time.monotonic() + 10.0
    while len(made) < 5 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    assert [i for i, _ in made] == [0, 1, 2, 3, 4]
    assert {thread for _, thread in made} != {threading.get_ident()}
    assert len({thread for _, thread in made}) == 1
    stream.close()
    assert not workers()
    assert len(made) == 5


def failing() -> Iterator[int]:
    yield 1
    yield 2
    raise ZeroDivisionError("in the source")


def test_an_exception_comes_where_its_item_would_have_been() -> None:
    stream = prefetch(failing(), 5)
    assert [next(stream), next(stream)] == [1, 2]
    with pytest.raises(ZeroDivisionError, match="in the source") as error:
        next(stream)
    assert "failing" in [frame.name for frame in traceback.extract_tb(error.value.__traceback__)]
    assert list(stream) == []
    assert not workers()


def test_closing_waits_for_the_item_in_the_making_and_makes_no_more() -> None:
    made: list[int] = []

    def source() -> Iterator[int]:
        for i in range(100):
            time.sleep(0.02)
            made.append(i)
            yield i

    stream = prefetch(source(), 50)
    next(stream)
    stream.close()
    assert not workers()
    assert len(made) < 51  # what had been asked for


def test_a_forgotten_generator_ends_its_thread() -> None:
    stream = prefetch(itertools.count())
    next(stream)
    assert len(workers()) == 1
    del stream
    gc.collect()
    assert not workers()


def test_an_open_generator_does_not_keep_the_interpreter() -> None:
    program = "import itertools, tapegrad.datasets as d; s = d.prefetch(itertools.count()); next(s); print('over')"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)  # noqa: S603  # our own words
    assert (done.stdout, done.stderr) == ("over\n", "")


@pytest.mark.parametrize("count", [0, -1, 1.5, True])
def test_the_items_made_ready_are_counted_from_1(count: int) -> None:
    with pytest.raises(SettingError, match=f"from 1 on, not {count}"):
        prefetch([1], count)


def test_batches_made_ahead_are_the_same_to_the_bit() -> None:
    data = (random.normal(random.key(0), (100, 3)), np.arange(100))
    ahead = list(prefetch(batches(data, 7, random.key(1))))
    for (x, labels), (other, other_labels) in zip(ahead, batches(data, 7, random.key(1)), strict=True):
        assert x.tobytes() == other.tobytes()
        assert labels.tolist() == other_labels.tolist()
