"""A leaked variable is traced back to its line, also by transforms that do not note lines while they run."""

from __future__ import annotations

import gc
import math
import re
from collections.abc import Callable
from typing import TypeAlias

import pytest

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.errors import LeakedVariableError
from tapegrad.recorder import Recorder

# A lambda has no annotations for a transform to keep.
# mypy: disable-error-code="no-untyped-call"

Keep: TypeAlias = Callable[[tg.Scalar], tg.Scalar]
Run: TypeAlias = Callable[[Keep], object]

# Each leaks from a transform that stands on its line alone.
# fmt: off
LEAKS: dict[str, Run] = {
    "trace": lambda keep: tg.trace(lambda x: keep(x * 2.0), 3.0),
    "grad": lambda keep: tg.grad(lambda x: keep(x * 2.0))(3.0),
    "grad by two": lambda keep: tg.grad(lambda x, y: keep(x * y), argnums=(0, 1))(3.0, 2.0),
    "grad by one of two": lambda keep: tg.grad(lambda n, x: keep(x * n), argnums=1)(2, 3.0),
    "grad of trees": lambda keep: tg.grad(lambda p: keep(p["w"] * 2.0) + p["b"][0])({"w": 3.0, "b": [1.0]}),
    "grad with keywords": lambda keep: tg.grad(lambda x, *, k, add: keep(x * k) + add)(3.0, k=2.0, add=1.0),
    "grad with aux": lambda keep: tg.grad(lambda x: (keep(x * 2.0), "aux"), has_aux=True)(3.0),
    "value_and_grad": lambda keep: tg.value_and_grad(lambda x: keep(x * 2.0))(3.0),
    "derivatives": lambda keep: tg.derivatives(lambda x, y: keep(x * y))(y=3.0, x=2.0),
    "intermediates": lambda keep: tg.derivatives(lambda x: keep(x * 2.0), intermediates=True)(3.0),
    "vjp": lambda keep: tg.vjp(lambda x: keep(x * 2.0), 3.0),
    "jvp": lambda keep: tg.jvp(lambda x: keep(x * 2.0), (3.0,), (1.0,)),
    "jacrev": lambda keep: tg.jacrev(lambda v: [keep(v[0] * 2.0), v[1]])([3.0, 1.0]),
    "jacfwd": lambda keep: tg.jacfwd(lambda v: [keep(v[0] * 2.0), v[1]])([3.0, 1.0]),
    "hessian": lambda keep: tg.hessian(lambda x: keep(x * x))(3.0),
    "outer of two": lambda keep: tg.grad(lambda x: keep(x * 2.0) * tg.grad(lambda y: y * y)(1.0))(3.0),
    "inner of two": lambda keep: tg.grad(lambda x: x * tg.grad(lambda y: keep(y * 2.0))(1.0))(3.0),
    "inner of two, at a variable": lambda keep: tg.grad(lambda x: tg.grad(lambda y: keep(y * 2.0))(x * x))(3.0),
    "after a guard": lambda keep: tg.grad(lambda x: keep(x * 2.0) if x > 1.0 else x)(3.0),
    "of a function that raises": lambda keep: refused(lambda x: failing(keep(x * 2.0))),
}
# fmt: on


def failing(x: tg.Scalar) -> tg.Scalar:
    raise KeyError(x)


def refused(f: Callable[[tg.Scalar], tg.Scalar]) -> None:
    with pytest.raises(KeyError):
        tg.grad(f)(3.0)


def leaked_by(run: Run) -> tg.Var:
    """The first variable that is kept."""
    kept: list[tg.Scalar] = []

    def keep(value: tg.Scalar) -> tg.Scalar:
        if not kept:
            kept.append(value)
        return value

    run(keep)
    assert isinstance(kept[0], tg.Var)
    return kept[0]


def places(variable: tg.Var) -> tuple[str, str]:
    """Where the error says that a leaked variable was recorded and used."""
    with pytest.raises(LeakedVariableError) as caught:
        variable + 1.0
    found = re.match(
        r"a traced value recorded at (.*) was used at (.*), after its trace had ended; ", str(caught.value)
    )
    assert found is not None
    return found[1], found[2]


@pytest.mark.parametrize("run", LEAKS.values(), ids=LEAKS.keys())
def test_both_lines_are_named(run: Run) -> None:
    recorded, used = places(leaked_by(run))
    assert recorded.startswith(f"test_leaks.py:{run.__code__.co_firstlineno}: ")
    assert used == f"test_leaks.py:{places.__code__.co_firstlineno + 3}: variable + 1.0"


def test_the_very_record_is_found_among_others() -> None:
    def run(keep: Keep) -> None:
        def f(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
            product = x * y
            for _ in range(3):
                product = product * 2.0 if product < 100.0 else product / y
            total = keep(product + 1.0)
            return total * product

        tg.grad(f)(3.0, 2.0)

    assert places(leaked_by(run))[0].endswith(": total = keep(product + 1.0)")


def test_an_argument_was_recorded_where_the_trace_started() -> None:
    assert places(leaked_by(lambda keep: tg.grad(lambda x: keep(x) * 2.0)(3.0)))[0] == "the start of a trace"


# ---- what tracing once more cannot find --------------------------------------------------------


CHANGES: dict[str, Callable[[tg.Scalar], tg.Scalar]] = {
    "raises": failing,
    "records less": lambda x: x,
    "records another operation": lambda x: x / 2.0,
    "records another constant": lambda x: x * 5.0,
    "records other operands": lambda x: x * x * x,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_function_that_changes_is_given_no_wrong_line(change: Callable[[tg.Scalar], tg.Scalar]) -> None:
    def run(keep: Keep) -> None:
        remaining = [lambda x: keep(x * 2.0)]
        tg.grad(lambda x: (remaining.pop() if remaining else change)(x))(3.0)

    recorded, used = places(leaked_by(run))
    assert "test_leaks.py" not in recorded
    assert used.endswith("variable + 1.0")


# Run alone, these are not what they were: the variables around them have ended.
# fmt: off
ENCLOSED: dict[str, Run] = {
    "inner of two": lambda keep: tg.grad(lambda x: tg.grad(lambda y: keep(y * x))(1.0))(3.0),
    "checkpoint": lambda keep: tg.grad(lambda x: tg.checkpoint(lambda y: keep(y * x))(1.0 * x))(3.0),
}
# fmt: on


@pytest.mark.parametrize("run", ENCLOSED.values(), ids=ENCLOSED.keys())
def test_a_function_that_reads_a_variable_from_around_it_is_given_no_wrong_line(run: Run) -> None:
    recorded, used = places(leaked_by(run))
    assert recorded.startswith(f"test_leaks.py:{run.__code__.co_firstlineno}: ") or "test_leaks.py" not in recorded
    assert used.endswith("variable + 1.0")


# ---- what tracing once more leaves behind ------------------------------------------------------


def test_it_happens_once_and_only_for_an_error() -> None:
    kept: list[tg.Scalar] = []
    calls = 0

    def f(x: tg.Scalar) -> tg.Scalar:
        nonlocal calls
        calls += 1
        kept.append(x * 2.0)
        return kept[0] * x  # from the second call on a variable that has leaked

    tg.grad(f)(3.0)
    assert calls == 1
    calls = 0
    with pytest.raises(
        LeakedVariableError, match=r"recorded at test_leaks.py:\d+: kept.append\(x \* 2.0\) was used at"
    ):
        tg.grad(f)(3.0)
    assert calls == 2


def test_what_it_records_has_ended_too() -> None:
    kept: list[tg.Scalar] = []

    def f(x: tg.Scalar) -> tg.Scalar:
        kept.append(x * 2.0)
        return kept[-1]

    tg.grad(f)(3.0)
    for count in (1, 2):
        assert len(kept) == count
        with pytest.raises(LeakedVariableError):
            kept[-1] + 1.0


def live_recorders() -> int:
    return sum(isinstance(x, Recorder) for x in gc.get_objects())


@pytest.mark.parametrize("run", LEAKS.values(), ids=LEAKS.keys())
def test_no_recorder_is_left(run: Run) -> None:
    variable = leaked_by(run)
    gc.collect()
    before = live_recorders()
    assert before >= 1, "of the variable"
    places(variable)
    gc.collect()
    assert live_recorders() == before


# ---- names, which need the lines while tracing -------------------------------------------------


def test_intermediate_values_are_named() -> None:
    def f(x: tg.Scalar, y: tg.Scalar) -> tg.Scalar:
        product = x * y
        wave = tnp.sin(product)
        return wave + product

    slope = 1.0 + math.cos(6.0)
    expected = {"x": slope * 3.0, "y": slope * 2.0, "product": slope, "wave": 1.0}
    assert tg.derivatives(f, intermediates=True)(2.0, y=3.0) == expected
    assert tg.derivatives(f)(2.0, y=3.0) == {"x": slope * 3.0, "y": slope * 2.0}
