"""Arrays that are used again: never one that somebody can still see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import spares

Floats = npt.NDArray[np.float64]

LARGE = 10_000  # elements


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    spares.clear()
    yield
    spares.clear()


def asked_in_vain(shape: tuple[int, ...] = (LARGE,), dtype: npt.DTypeLike = np.float64) -> None:
    """Only what has been is kept."""
    assert spares.take(shape, np.dtype(dtype)) is None


def numbers(seed: int) -> Floats:
    return np.random.default_rng(seed).normal(size=LARGE)


def test_an_array_that_nobody_sees_is_used_again() -> None:
    asked_in_vain()
    x = np.empty(LARGE)
    address = x.ctypes.data
    given = [x]
    del x
    spares.give_back(cast(list[npt.NDArray[np.generic]], given))
    again = spares.take((LARGE,), np.dtype(np.float64))
    assert again is not None
    assert again.ctypes.data == address
    assert spares.take((LARGE,), np.dtype(np.float64)) is None


def test_an_array_comes_back_through_its_transpose() -> None:
    asked_in_vain((100, 200))
    given = [np.empty((100, 200)).transpose()]
    spares.give_back(cast(list[npt.NDArray[np.generic]], given))
    again = spares.take((100, 200), np.dtype(np.float64))
    assert again is not None
    assert again.flags.c_contiguous


def test_an_array_whose_transpose_is_seen_does_not() -> None:
    asked_in_vain((100, 200))
    whole = np.empty((100, 200))
    given = [whole.transpose()]
    spares.give_back(cast(list[npt.NDArray[np.generic]], given))
    assert spares.take((100, 200), np.dtype(np.float64)) is None
    del whole


def test_a_value_keeps_the_order_of_its_operands_in_memory() -> None:
    spare, x = np.empty((100, 200)), np.ones((200, 100)).transpose()
    asked_in_vain((100, 200))
    spares.give_back([spare])
    del spare
    assert np.asarray(spares.computed(np.exp, (x,))).strides == x.strides
    ordered = x.copy(order="K")
    assert spares.take(x.shape, x.dtype, x.strides) is None
    address, strides = ordered.ctypes.data, ordered.strides
    given = [ordered]
    del ordered
    spares.give_back(cast(list[npt.NDArray[np.generic]], given))
    again = np.asarray(spares.computed(np.exp, (x,)))
    assert (again.ctypes.data, again.strides) == (address, strides)


@pytest.mark.parametrize(
    "seen",
    [
        lambda x: x,
        lambda x: x[3:],
        lambda x: x.reshape(2, -1).T,
        memoryview,
    ],
    ids=["a name", "a slice", "a view of a view", "a buffer"],
)
def test_an_array_that_somebody_sees_is_not(seen: Callable[[Floats], object]) -> None:
    asked_in_vain()
    x = np.empty(LARGE)
    other = seen(x)
    given = [x]
    del x
    spares.give_back(cast(list[npt.NDArray[np.generic]], given))
    assert spares.take((LARGE,), np.dtype(np.float64)) is None
    del other


@pytest.mark.parametrize(
    "x",
    [np.empty(3), np.empty((400, 400)).T, np.empty(2 * LARGE)[::2], np.broadcast_to(1.0, LARGE)],
    ids=["small", "in another order", "strided", "no memory of its own"],
)
def test_what_is_no_plain_large_array_is_not_kept(x: Floats) -> None:
    shape, dtype = x.shape, x.dtype
    asked_in_vain(shape, dtype)
    given = [x.copy(order="K") if x.flags.f_contiguous and x.ndim > 1 else x]
    del x
    spares.give_back(cast(list[npt.NDArray[np.generic]], given))
    assert spares.take(shape, dtype) is None


def test_no_more_is_kept_than_has_been_asked_for_in_vain() -> None:
    asked_in_vain()
    asked_in_vain()
    spares.give_back([np.empty(LARGE) for _ in range(5)])
    assert spares.kept_bytes() == 2 * 8 * LARGE
    taken = [spares.take((LARGE,), np.dtype(np.float64)) for _ in range(2)]
    spares.give_back([np.empty(LARGE) for _ in range(5)])
    assert spares.kept_bytes() == 2 * 8 * LARGE
    del taken


def test_what_is_kept_is_bounded() -> None:
    for _ in range(2000):
        asked_in_vain((1, LARGE))
    for _ in range(2000):
        spares.give_back([np.empty((1, LARGE))])
        assert spares.kept_bytes() <= 1 << 26
    for length in range(200):
        asked_in_vain((length, LARGE))
        spares.give_back([np.empty((length, LARGE))])
    assert len(spares._kept) <= 65


def test_gradients_of_earlier_calls_stay() -> None:
    def f(x: Floats, y: Floats) -> float:
        return tnp.sum(tnp.sin(x) * y + x * y)

    slope = tg.value_and_grad(f, (0, 1))
    kept = [slope(numbers(i), numbers(i + 10)) for i in range(4)]
    for i, (_, (gx, gy)) in enumerate(kept):
        x, y = numbers(i), numbers(i + 10)
        np.testing.assert_array_equal(gx, np.cos(x) * y + y)
        np.testing.assert_array_equal(gy, np.sin(x) + x)


def test_products_of_earlier_calls_stay() -> None:
    def f(x: tg.ArrayVar, y: tg.ArrayVar) -> tuple[tg.Scalar, tg.Var]:
        product = tnp.matmul(x, y)
        return tnp.sum(product * product), product

    slope = cast(Callable[..., tuple[tuple[Floats, Floats], Floats]], tg.grad(f, (0, 1), has_aux=True))
    operands = [(numbers(i).reshape(100, 100), numbers(i + 10).reshape(100, 100)) for i in range(4)]
    kept = [slope(x, y) for x, y in operands]
    for (x, y), ((gx, gy), product) in zip(operands, kept, strict=True):
        np.testing.assert_allclose(product, x @ y, rtol=1e-12)
        np.testing.assert_allclose(gx, 2.0 * product @ y.T, rtol=1e-12)
        np.testing.assert_allclose(gy, 2.0 * x.T @ product, rtol=1e-12)


def test_values_and_extra_results_of_earlier_calls_stay() -> None:
    seen: list[npt.NDArray[np.generic]] = []

    def f(x: tg.ArrayVar) -> tuple[tg.Scalar, tg.Scalar]:
        y = tnp.exp(x) * 2.0
        seen.append(y.value)
        return tnp.sum(y * y), y[::2]

    extras = [tg.grad(f, has_aux=True)(cast(tg.ArrayVar, numbers(i)))[1] for i in range(4)]
    for i, (value, extra) in enumerate(zip(seen, extras, strict=True)):
        np.testing.assert_array_equal(value, np.exp(numbers(i)) * 2.0)
        np.testing.assert_array_equal(cast(Floats, extra), (np.exp(numbers(i)) * 2.0)[::2])


def test_a_pullback_keeps_what_it_reads() -> None:
    _, pullback = tg.vjp(lambda x: tnp.sin(x) * x, numbers(0))
    for i in range(1, 4):
        tg.grad(lambda x: tnp.sum(tnp.sin(x) * x))(numbers(i))
    x = numbers(0)
    np.testing.assert_allclose(cast(Floats, pullback(np.ones(LARGE))[0]), np.cos(x) * x + np.sin(x), rtol=1e-14)


def test_threads_do_not_share_arrays() -> None:
    slope = tg.grad(lambda x: tnp.sum(tnp.sin(x) * x * x))

    def right(seed: int) -> bool:
        x = numbers(seed)
        expected = np.cos(x) * x * x + 2.0 * np.sin(x) * x
        return all(np.allclose(slope(x), expected, rtol=1e-12, atol=1e-12) for _ in range(5))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(right, range(16)))


def test_comparisons_answer_with_booleans_where_memory_is_used_again() -> None:
    x = numbers(0)
    tg.grad(lambda x: tnp.sum(tnp.sin(x) * tnp.exp(x)))(x)
    assert spares.kept_bytes() > 0

    def f(x: tg.Array) -> tg.Scalar:
        assert np.asarray(x > 0.0).dtype == bool
        assert np.asarray(tnp.isfinite(x)).dtype == bool
        return tnp.sum(x[x > 0.0])

    np.testing.assert_array_equal(tg.grad(f)(x), 1.0 * (x > 0.0))
