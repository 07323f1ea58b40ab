"""What a trace holds, how long it holds it, and what NumPy sees of it."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pytest

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import tree
from tapegrad.columns import Columns
from tapegrad.ops.arithmetic import negative
from tapegrad.recorder import recorder_of

# A lambda has no annotations for a transform to keep.
# mypy: disable-error-code="no-untyped-call"

Watch: TypeAlias = Callable[[tg.Scalar], tg.Scalar]

COMPILED_ONLY = pytest.mark.skipif(not tg.compiled, reason="interpreted, a column is a list of Python's own numbers")
NAMES = ("codes", "lefts", "rights", "numbers", "instructions")


def program(x: tg.Scalar, operations: int) -> tg.Scalar:
    for _ in range(operations // 4):
        x = tnp.sin(x * 1.5) + x  # one of the four is the constant
    return x


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def in_use() -> int:
    """How many columns hold records; some that are empty wait for another trace."""
    return sum(isinstance(x, Columns) and x.length > 0 for x in gc.get_objects())


# ---- freed by counting references --------------------------------------------------------------


def failing(x: tg.Scalar) -> tg.Scalar:
    raise KeyError(x)


def refused(f: Callable[[tg.Scalar], tg.Scalar]) -> None:
    try:
        tg.grad(f)(0.5)
    except KeyError:
        return
    pytest.fail("the function raises")


RUNS: dict[str, Callable[[Watch], object]] = {
    "trace": lambda watch: tg.trace(lambda x: program(watch(x), 100), 0.5),
    "grad": lambda watch: tg.grad(lambda x: program(watch(x), 100))(0.5),
    "grad of trees": lambda watch: tg.grad(lambda v: program(watch(v[0]), 100))([0.5, 1.0]),
    "vjp": lambda watch: tg.vjp(lambda x: program(watch(x), 100), 0.5),
    "jvp": lambda watch: tg.jvp(lambda x: program(watch(x), 100), (0.5,), (1.0,)),
    "jacobian": lambda watch: tg.jacobian(lambda x: program(watch(x), 100))(0.5),
    "hessian": lambda watch: tg.hessian(lambda x: program(watch(x), 100))(0.5),
    "grad of grad": lambda watch: tg.grad(tg.grad(lambda x: program(watch(x), 100)))(0.5),
    "grad within": lambda watch: tg.grad(lambda x: x * tg.grad(lambda y: watch(y * x))(1.0))(0.5),
    "checkpoint": lambda watch: tg.grad(lambda x: tg.checkpoint(lambda x: program(watch(x), 100))(x))(0.5),
    "an exception": lambda watch: refused(lambda x: failing(program(watch(x), 100))),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS.keys())
def test_columns_are_freed_without_the_collector(run: Callable[[Watch], object], no_collector: None) -> None:
    before = in_use()
    meanwhile = 0

    def watch(x: tg.Scalar) -> tg.Scalar:
        nonlocal meanwhile
        meanwhile = in_use()
        return x

    result = run(watch)
    assert meanwhile > before
    del result
    assert in_use() == before


def test_few_columns_wait_for_another_trace(no_collector: None) -> None:
    def nest(x: tg.Scalar, depth: int) -> tg.Scalar:
        return tg.grad(lambda y: y * nest(2.0, depth - 1))(3.0) * x if depth else x

    before = sum(isinstance(x, Columns) for x in gc.get_objects())
    assert tg.grad(lambda x: nest(x, 20))(1.0) == 2.0**20
    assert sum(isinstance(x, Columns) for x in gc.get_objects()) - before < 8


# ---- nothing for the collector to scan ---------------------------------------------------------


def objects_while_tracing(transform: Callable[[Watch], object], operations: int) -> int:
    """How many objects the collector knows at the end of a program of so many operations."""
    count = 0

    def f(x: tg.Scalar) -> tg.Scalar:
        nonlocal count
        y = program(x, operations)
        count = len(gc.get_objects())
        return y

    transform(f)
    return count


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: tg.grad(f)(0.5),
        lambda f: tg.trace(f, 0.5),
        lambda f: tg.vjp(f, 0.5),
        lambda f: tg.derivatives(f, intermediates=True)(0.5),
    ],
    ids=["grad", "trace", "vjp", "intermediates"],
)
def test_tracing_gives_the_collector_nothing_to_scan(transform: Callable[[Watch], object], no_collector: None) -> None:
    objects_while_tracing(transform, 100)  # what is made once
    assert abs(objects_while_tracing(transform, 20_000) - objects_while_tracing(transform, 100)) < 100


def test_what_has_kept_a_variable_can_be_collected() -> None:
    class Model:
        def loss(self, w: tg.Scalar) -> tg.Scalar:
            self.last = w * 2.0
            return self.last * w

    for call in (lambda loss: tg.grad(loss)(1.0), lambda loss: tg.vjp(lambda p: loss(p[0]), [1.0])):
        model = Model()
        alive = weakref.ref(model)
        call(model.loss)
        del model
        gc.collect()
        assert alive() is None


# ---- columns -----------------------------------------------------------------------------------


def arrays(columns: Columns) -> dict[str, npt.NDArray[np.generic]]:
    return {name: np.asarray(getattr(columns, name)) for name in NAMES}


@COMPILED_ONLY
def test_a_record_takes_forty_bytes_at_most() -> None:
    tg.trace(program, 0.5, operations=100)  # what is made once
    tracemalloc.start()
    try:
        trace = tg.trace(program, 0.5, operations=100_000)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(trace.tape) == 100_001
    packed = sum(array.nbytes for array in arrays(trace.tape.columns).values())
    assert packed <= 40 * len(trace.tape)
    assert packed <= held < packed + 10_000, "nothing else grows with the program"


@COMPILED_ONLY
@pytest.mark.parametrize("name", NAMES)
def test_numpy_reads_a_column_in_place(name: str) -> None:
    tape = tg.trace(program, 0.5, operations=100).tape
    column = getattr(tape.columns, name)
    view = np.asarray(column)
    assert view.tolist() == list(column)
    assert np.shares_memory(view, np.asarray(column))
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    with pytest.raises(ValueError, match="cannot set WRITEABLE flag"):
        view.flags.writeable = True


@COMPILED_ONLY
@pytest.mark.parametrize("name", NAMES)
def test_what_numpy_reads_stays_when_the_tape_goes(name: str) -> None:
    trace = tg.trace(program, 0.5, operations=100)
    view = arrays(trace.tape.columns)[name]
    entries = view.tolist()
    longer = trace.tape.append(tg.Record(negative, (0,)))
    assert longer.columns is trace.tape.columns
    del trace, longer
    assert view.tolist() == entries


@COMPILED_ONLY
@pytest.mark.parametrize("argument", [2.0, (2.0,), [2.0]])
def test_the_columns_of_one_gradient_serve_the_next(argument: object) -> None:
    def f(x: object) -> tg.Scalar:
        (number,) = tree.leaves(x)
        seen.append(id(recorder_of(cast(tg.Var, number)).columns))
        return cast(tg.Var, number) * 2.0

    seen: list[int] = []
    for _ in range(3):
        tg.grad(f)(argument)
    assert len(set(seen)) == 1
