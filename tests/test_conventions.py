from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.elementwise import Elementwise, evaluated
from tapegrad.errors import DrawingError
from tapegrad.expression import read
from tapegrad.generator import elementwise_operations
from tapegrad.parser import parse
from tapegrad.primitive import lookup
from tapegrad.view.conventions import KINKS, warnings

GRID = (-2.0, -1.25, -1.0, 0.0, 0.5, 1.0, 2.0)
STEP = 1e-6

# Rules lean on the first three, and what the last says is wrong on purpose.
EXEMPT = {"chain", "zeros_win", "share", "stop_gradient"}
OPERATIONS = {operation.name: operation for operation in elementwise_operations() if operation.name not in EXEMPT}
OPERATIONS |= {name: found for name in KINKS if isinstance(found := lookup(name), Elementwise)}


def told(text: str, **values: float) -> list[str]:
    reading = read(parse(text), values)
    return [warning.sentence for warning in warnings(reading.trace, reading.names, reading.sources)]


def is_smooth(operation: Elementwise, point: tuple[float, ...]) -> bool | None:
    """Whether the slopes on both sides agree with each other and with the rule; None outside of the domain."""

    def at(*place: float) -> float:
        return operation.checked(operation.bind(place), "value")

    value = at(*point)
    if math.isnan(value):
        return None
    partials = operation.partials(value, point) or dict.fromkeys(range(len(point)), 0.0)
    smooth = math.isfinite(value)
    for position, partial in partials.items():
        slope = evaluated(partial)
        assert isinstance(slope, float)
        before, x, after = point[:position], point[position], point[position + 1 :]
        slopes = [(at(*before, x + e, *after) - value) / e for e in (STEP, -STEP)]
        if all(map(math.isnan, slopes)):
            continue  # a power of a negative number, whose exponent cannot be moved
        smooth &= all(abs(found - slope) < 1e-3 for found in slopes)
    return smooth


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_a_record_is_warned_of_where_its_slopes_disagree_and_nowhere_else(operation: Elementwise) -> None:
    kinks = KINKS.get(operation.name, ())
    for point in itertools.product(GRID, repeat=operation.arity or 0):
        smooth = is_smooth(operation, point)
        if smooth is not None:
            assert any(kink.holds(*point) for kink in kinks) != smooth, point


@pytest.mark.parametrize("name", KINKS)
def test_every_name_is_that_of_an_operation_with_a_kink_on_the_grid(name: str) -> None:
    operation = lookup(name)
    assert operation is not None
    points = list(itertools.product((*GRID, 3.0, 4.0), repeat=operation.arity or 0))
    for kink in KINKS[name]:
        held = [kink.holds(*point) for point in points]
        assert any(held)
        assert not all(held)
        arity = operation.arity or 0
        assert not kink.holds(*[math.nan] * arity)
        assert not kink.holds(*[math.inf] * (arity - 1), math.nan)


@pytest.mark.parametrize(
    ("text", "values", "sentences"),
    [
        ("x*y + sin(x)", {"x": 2.0, "y": 3.0}, []),
        ("a = abs(x); a", {"x": 0.0}, ["%1 absolute (a): a kink at 0; the derivative there is 0."]),
        ("relu(x)", {"x": -0.0}, ["%1 relu (L): a kink at 0; the derivative there is 0."]),
        ("maximum(x, 3)", {"x": 3.0}, ["%2 maximum (L): both sides are equal, and each gets half of the derivative."]),
        ("x**2 + x**3", {"x": 0.0}, []),
        ("(-x)**2", {"x": 2.0}, []),
        ("floor(x)", {"x": 2.0}, ["%1 floor (L): it jumps here; its derivative is 0, as everywhere."]),
        ("floor(x)", {"x": 2.5}, []),
        (
            "x if x >= 2 else y",
            {"x": 2.0, "y": 1.0},
            [f"%3 greater_equal: {KINKS['greater_equal'][0].convention}."],
        ),
        (
            "sqrt(x)",
            {"x": 0.0},
            ["%0 input (x): its adjoint is inf.", f"%1 sqrt (L): {KINKS['sqrt'][0].convention}."],
        ),
        (
            "log(x)",
            {"x": 0.0},
            [
                "%0 input (x): its adjoint is inf.",
                "%1 log (L): the value here is -inf, and the derivative inf.",
                "%1 log (L): its value is -inf.",
            ],
        ),
        ("x + inf", {"x": 1.0}, ["%2 add (L): its value is inf."]),
        ("y = sqrt(x); 2*y", {"x": -1.0}, [
            "%0 input (x): its adjoint is nan.", "%1 sqrt (y): its value is nan.", "%3 multiply (L): its value is nan.",
        ]),
    ],
)  # fmt: skip
def test_warnings(text: str, values: dict[str, float], sentences: list[str]) -> None:
    assert told(text, **values) == sentences


def test_warnings_are_of_numbers() -> None:
    with pytest.raises(DrawingError, match="only a tape of numbers"):
        warnings(tg.trace(lambda x: tnp.sum(x), np.ones(2)))
