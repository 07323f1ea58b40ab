"""Every mistake has its own class, whose message names the user's line and the cure."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import errors
from tapegrad.errors import (
    ConversionError,
    LeakedVariableError,
    MathFunctionError,
    OperandError,
    RuleError,
    SettingError,
)
from tapegrad.extend import check_rule, elementwise
from tapegrad.testing import central_difference, check_grads

CLASSES = [value for value in vars(errors).values() if isinstance(value, type)]


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_is_exported_and_documented(error: type[Exception]) -> None:
    assert issubclass(error, tg.TapegradError)
    assert error.__name__ in errors.__all__
    assert error.__doc__
    if error is not tg.TapegradError:
        assert "Example: " in error.__doc__
        assert "Cure: " in error.__doc__


# ---- what would lose a derivative --------------------------------------------------------------


@pytest.mark.parametrize(
    ("convert", "error", "fault"),
    [
        (lambda x: math.sin(x), MathFunctionError, r"math\.sin cannot be traced.*use tnp\.sin"),
        (lambda x: 2.0 * math.atan2(x, 1.0), MathFunctionError, r"math\.atan2 .*use tnp\.arctan2"),
        (lambda x: math.fabs(x), MathFunctionError, r"use tnp\.abs"),
        (lambda x: math.gamma(x), MathFunctionError, r"math\.gamma .*use tapegrad\.special\.gamma"),
        (lambda x: math.ulp(x), MathFunctionError, r"math\.ulp .*x\.value.*tapegrad\.extend"),
        (lambda x: float(x), ConversionError, r"float\(x\).*x\.value"),
        (lambda x: math.pi * float(x), ConversionError, "plain float"),
        (lambda x: int(x), ConversionError, r"an integer.*tnp\.floor"),
        (lambda x: [1.0, 2.0][x], ConversionError, "an integer"),
        (lambda x: list(range(x)), ConversionError, "an integer"),
        (lambda x: round(x), ConversionError, "rounded"),
        (lambda x: round(x, 2), ConversionError, "rounded"),
        (lambda x: math.floor(x), ConversionError, r"tnp\.floor"),
        (lambda x: math.ceil(x), ConversionError, r"tnp\.ceil"),
        (lambda x: math.trunc(x), ConversionError, "rounded"),
        (lambda x: complex(x), ConversionError, "complex"),
        (lambda x: {x: 1.0}, ConversionError, "dictionary key"),
    ],
)
def test_a_conversion_that_loses_the_derivative_is_refused(
    convert: Callable[[tg.Scalar], tg.Scalar], error: type[ConversionError], fault: str
) -> None:
    with pytest.raises(error, match=fault) as caught:
        tg.trace(convert, 2.0)
    assert type(caught.value) is error
    assert "test_errors.py:" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_conversions_are_refused_at_every_depth() -> None:
    with pytest.raises(MathFunctionError):
        tg.grad(lambda x: tg.grad(lambda y: math.exp(y) * x)(1.0))(2.0)


@pytest.mark.parametrize(
    "combine",
    [lambda x: x + "a", lambda x: None * x, lambda x: [1.0] - x, lambda x: x < "a"],
)
def test_python_refuses_operands_that_are_no_numbers(combine: Callable[[tg.Scalar], tg.Scalar]) -> None:
    with pytest.raises(TypeError, match=r"unsupported operand|not supported"):
        tg.trace(combine, 2.0)


def test_equality_with_other_things_is_false_and_leaves_no_guard() -> None:
    def f(x: tg.Scalar) -> tg.Scalar:
        assert x != "a"
        assert x != None  # noqa: E711  # the point
        return x

    assert len(tg.trace(f, 2.0).tape) == 1


@pytest.mark.parametrize(
    ("combine", "fault"),
    [
        (lambda x: tnp.sin("1"), "expected a number, an array or a traced value, got str '1'"),  # type: ignore[call-overload]
        (lambda x: tnp.maximum(x, None), "got NoneType"),
        (lambda x: tnp.hypot(x, 2j), "hypot has no complex derivative"),
        (lambda x: x * np.array(["a"]), "got an array of <U1"),
        (lambda x: np.nextafter(x, 1.0), "numpy.nextafter is not among the operations"),
        (lambda x: np.sin(x, out=np.zeros(1)), "numpy.sin was to write a traced value into a plain array"),
        (lambda x: np.add.at(np.zeros(1), 0, x), "numpy.add.at is not"),
        (lambda x: np.lexsort(x), r"numpy.lexsort .*, at test_errors\.py:"),
    ],
)
def test_operands_are_checked(combine: Callable[[tg.Scalar], tg.Scalar], fault: str) -> None:
    with pytest.raises(OperandError, match=fault):
        tg.trace(combine, 2.0)


# ---- leaks -------------------------------------------------------------------------------------


def test_a_leaked_variable_names_both_lines() -> None:
    kept: list[tg.Scalar] = []

    def f(x: tg.Scalar) -> tg.Scalar:
        y = x * 2.0
        kept.append(y)
        return y

    tg.grad(f)(3.0)
    (y,) = kept
    assert isinstance(y, tg.Var)
    assert y.value == 6.0, "its number may be read"
    for use in (
        lambda: y + 1.0,
        lambda: 1.0 - y,
        lambda: -y,
        lambda: tnp.sin(y),
        lambda: y > 0.0,
        lambda: y * y,
    ):
        with pytest.raises(
            LeakedVariableError, match=r"test_errors.py:\d+: y = x \* 2.0 was used at test_errors.py:\d+"
        ):
            use()


def test_a_leaked_variable_that_is_only_passed_on_is_noticed() -> None:
    kept: list[tg.Var] = []

    def f(x: tg.Var) -> tg.Var:
        kept.append(x)
        return x

    tg.trace(f, 3.0)
    with pytest.raises(LeakedVariableError, match=r"test_errors.py:\d+"):
        tg.trace(lambda x: kept[0], 2.0)
    with pytest.raises(LeakedVariableError, match=r"test_errors.py:\d+"):
        tg.trace(f, kept[0])


def test_a_variable_leaked_into_another_trace_is_noticed() -> None:
    kept: list[tg.Scalar] = []

    def f(x: tg.Scalar) -> tg.Scalar:
        kept.append(x)
        return x

    tg.grad(f)(3.0)
    with pytest.raises(LeakedVariableError):
        tg.grad(lambda z: z * kept[0])(2.0)


def test_an_exception_inside_a_function_leaves_nothing_behind() -> None:
    kept: list[tg.Scalar] = []

    def f(x: tg.Scalar) -> tg.Scalar:
        kept.append(x)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        tg.grad(f)(3.0)
    with pytest.raises(LeakedVariableError):
        kept[0] * 2.0
    assert tg.grad(lambda x: x * x)(3.0) == 6.0


def test_variables_are_made_by_tracing_only() -> None:
    with pytest.raises(TypeError, match="recorder"):
        tg.Var()  # type: ignore[call-arg]  # the error is the point
    with pytest.raises(AttributeError):
        tg.trace(lambda x: setattr(x, "value", 3.0), 2.0)


# ---- rules -------------------------------------------------------------------------------------

misses = elementwise("test_misses_a_position", lambda x, y: x * y, lambda out, x, y: {0: y})
extra = elementwise("test_states_a_third_position", lambda x, y: x * y, lambda out, x, y: {0: y, 1: x, 2: 1.0})
wrong = elementwise("test_wrong_derivative", lambda x: x * x, lambda out, x: {0: 3.0 * x})
right = elementwise("test_three_numbers", lambda x, y, z: x * y + z, lambda out, x, y, z: {0: y, 1: x, 2: 1.0})


def test_a_rule_with_a_missing_position_is_an_error_not_a_zero() -> None:
    with pytest.raises(RuleError, match=r"'test_misses_a_position' misses position 1.*positions \[0, 1\].*state 0\.0"):
        tg.grad(misses)(1.0, 2.0)
    with pytest.raises(RuleError, match="states position 2"):
        check_rule(extra, 1.0, 2.0)
    with pytest.raises(AssertionError, match="fwd: along a random direction"):
        check_rule(wrong, 2.0)
    check_rule(right, 1.0, 2.0, 3.0)
    assert list(tg.derivatives(right)(2.0, 3.0, 4.0).values()) == [3.0, 2.0, 1.0]


@pytest.mark.parametrize("answer", [[1.0], 1.0, None])
def test_a_rule_that_returns_no_dictionary_is_named(answer: object) -> None:
    name = f"test_rule_of_{type(answer).__name__}"
    broken = elementwise(name, abs, lambda out, x: answer)  # type: ignore[arg-type, return-value]
    with pytest.raises(RuleError, match=f"'{name}' returned a {type(answer).__name__}, not a dictionary"):
        tg.grad(broken)(2.0)


@pytest.mark.parametrize("name", ["two words", "a#b", "", "1st", "line\n"])
def test_the_name_of_an_operation_is_a_word(name: str) -> None:
    with pytest.raises(RuleError, match="is a word such as"):
        elementwise(name, abs, None)


def test_a_check_that_would_check_nothing_is_refused() -> None:
    for order, modes in ((0, ("fwd",)), (1, ()), (1, ("reverse",))):
        with pytest.raises(SettingError, match="check_grads checks orders from 1 on"):
            check_grads(tnp.sin, (1.0,), order=order, modes=modes)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="lost in rounding"):
        central_difference(tnp.sin, 1e20)
    check_grads(lambda x: x * x, (1e8,))


def test_an_operation_has_one_declaration() -> None:
    with pytest.raises(RuleError, match="'sin' exists already"):
        elementwise("sin", math.sin, None)


# ---- what a person sees ------------------------------------------------------------------------


def test_a_variable_shows_its_number() -> None:
    seen: list[str] = []

    def f(x: tg.Scalar) -> tg.Scalar:
        y = x / 3.0
        seen.extend([repr(y), f"{y:.3f}", f"{y}"])
        return y

    tg.grad(f)(2.0)
    assert seen == ["0.6666666666666666 (%2 of a tape)", "0.667", "0.6666666666666666 (%2 of a tape)"]


def test_every_record_knows_its_line() -> None:
    def f(x: tg.Scalar) -> tg.Scalar:
        y = tnp.clip(x * 2.0, 0.0, 1.0)
        return y - 3.0

    tape = tg.trace(f, 2.0).tape
    places = [record.where.text for record in tape if record.where is not None]
    assert len(places) == len(tape)
    assert places[1:] == ["y = tnp.clip(x * 2.0, 0.0, 1.0)"] * 6 + ["return y - 3.0"] * 2
    assert tape[2].where is not None
    assert tape[2].where.segment == "x * 2.0"


@pytest.mark.parametrize("value", [None, "abc", [1.0]])
def test_a_value_that_is_no_number_is_named(value: object) -> None:
    name = f"test_value_{type(value).__name__}"
    operation = elementwise(name, lambda x: value, lambda out, x: {0: 1.0})  # type: ignore[arg-type, return-value]  # wrong
    for call in (operation, tg.grad(operation)):
        with pytest.raises(RuleError, match=f"the value of '{name}' must be a float, not {type(value).__name__}"):
            call(2.0)


@pytest.mark.parametrize("partial", [None, "abc", [1.0]])
def test_a_partial_that_is_no_number_is_named(partial: object) -> None:
    name = f"test_partial_{type(partial).__name__}"
    operation = elementwise(name, lambda x: x, lambda out, x: {0: partial})  # type: ignore[dict-item]  # wrong
    for call in (tg.grad(operation), lambda x: tg.jvp(operation, (x,), (1.0,))):
        with pytest.raises(RuleError, match=f"the partial 0 of '{name}' must be a float, not {type(partial).__name__}"):
            call(2.0)


def test_other_kinds_of_numbers_become_floats() -> None:
    square = elementwise("test_numpy_square", lambda x: np.float64(x * x), lambda out, x: {0: np.float64(2.0) * x})
    three: float = np.float32(3.0)  # type: ignore[assignment]  # a promise that is not kept
    whole = elementwise("test_whole_number", lambda x: three, lambda out, x: {0: 0})
    for found in (square(2.0), tg.grad(square)(2.0), tg.grad(square)(-0.0), whole(2.0), tg.grad(whole)(2.0)):
        assert type(found) is float
    assert (square(2.0), tg.grad(square)(2.0), whole(2.0), tg.grad(whole)(2.0)) == (4.0, 4.0, 3.0, 0.0)
    assert str(tg.grad(square)(-0.0)) == "0.0"
