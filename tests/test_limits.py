"""Long programs, many threads: no recursion over the program, no global state."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.extend import elementwise
from tapegrad.forward import push_forward
from tapegrad.pullback import pull_back


def chain(x: tg.Scalar, length: int, c: tg.Scalar = 0.999999) -> tg.Scalar:
    for _ in range(length):
        x = x * c
    return x


@pytest.mark.slow
def test_a_chain_of_a_million_operations() -> None:
    length = 1_000_000
    trace = tg.trace(lambda x, c: chain(x, length, c), 0.5, 0.999999)
    assert repr(trace.tape) == "<Tape of 1000002 records: 1000000 multiply, 2 input>"
    cotangents = pull_back(trace.tape, trace.values, {length + 1: 1.0})
    assert cotangents[0] == pytest.approx(0.999999**length, rel=1e-9)
    tangents = push_forward(trace.tape, trace.values, {1: 1.0})
    assert tangents[-1] == pytest.approx(cotangents[1], rel=1e-9)
    columns = trace.tape.columns
    del trace
    assert sys.getrefcount(columns) == 2, "nobody else holds them: they are freed at once, by counting references"


def test_depth_does_not_depend_on_the_recursion_limit() -> None:
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(150)
        trace = tg.trace(lambda x: chain(x, 2000), 0.5)
        tape = tg.Tape.from_json(trace.tape.to_json())
        assert tape == trace.tape
        assert len(str(tape).splitlines()) == len(tape)
        assert tg.evaluate(tape, [0.5])[-1] == trace.output
        assert tg.grad(tg.grad(lambda x: chain(x * x, 2000)))(0.5) == pytest.approx(2.0 * 0.999999**2000)
    finally:
        sys.setrecursionlimit(limit)


def test_twenty_threads_at_once() -> None:
    answers: dict[int, list[object]] = {}

    def f(x: tg.Scalar, k: float) -> tg.Scalar:
        def inner(y: tg.Scalar) -> tg.Scalar:
            return tnp.sin(k * y) * x

        return tg.grad(inner)(0.3) * x + chain(x, 200)

    def work(number: int) -> None:
        answers[number] = [tg.grad(f)(1.5, float(number)) for _ in range(20)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(20):
        assert answers[number] == [tg.grad(f)(1.5, float(number))] * 20


def test_a_variable_may_be_used_by_another_thread_while_its_trace_lasts() -> None:
    def f(x: tg.Scalar) -> tg.Scalar:
        results: list[tg.Scalar] = []
        thread = threading.Thread(target=lambda: results.append(x * x))
        thread.start()
        thread.join()
        return results[0]

    assert tg.grad(f)(3.0) == 6.0


fused = elementwise("test_fused", lambda x, y, z: x * y + z, lambda out, x, y, z: {0: y, 1: x, 2: 1.0})


def test_threads_may_record_on_one_tape_at_once() -> None:
    def work(x: tg.Scalar, k: float) -> tg.Scalar:
        total: tg.Scalar = 0.0
        for _ in range(100):
            total = fused(x, k, total)
            total = total if total > 0.0 else -total
        return total

    def f(x: tg.Scalar) -> tg.Scalar:
        with ThreadPoolExecutor(4) as pool:
            first, *others = pool.map(lambda k: work(x, k), [1.0, 2.0, 3.0, 4.0])
        for other in others:
            first = first + other
        return first

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        trace = tg.trace(f, 0.5)
    finally:
        sys.setswitchinterval(interval)
    assert tg.evaluate(trace.tape.check(), [0.5])[-1] == trace.output == pytest.approx(500.0)


def test_a_tape_of_numbers_gives_the_collector_nothing_to_scan() -> None:
    trace = tg.trace(lambda x: chain(x, 100), 0.5)
    columns = trace.tape.columns
    for column in (columns.lefts, columns.rights, columns.instructions):
        assert all(type(entry) is int for entry in column)
    assert all(type(value) is float for value in trace.values)


def test_threads_may_record_in_a_nested_trace() -> None:
    def product(y: tg.Scalar, factor: float) -> tg.Scalar:
        for _ in range(60):
            y = y * factor
        return y

    def f(y: tg.Scalar) -> tg.Scalar:
        factors = [1.0 + 0.001 * k for k in range(4)]
        with ThreadPoolExecutor(4) as pool:
            first, *rest = pool.map(product, [y] * 4, factors)
        for part in rest:
            first = first + part
        return first * y

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            second = tg.grad(tg.grad(f))(2.0)
            assert second == pytest.approx(2.0 * sum((1.0 + 0.001 * k) ** 60 for k in range(4)), rel=1e-12)
    finally:
        sys.setswitchinterval(interval)
