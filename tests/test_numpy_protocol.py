"""Plain NumPy on traced scalars: universal functions are answered by tapegrad's operations of that name."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.elementwise import Elementwise
from tapegrad.errors import OperandError

AT = {"arccosh": 1.75}  # elsewhere 0.625 is inside every domain
UNARY = (
    "absolute", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "ceil", "cos", "cosh",
    "exp", "exp2", "expm1", "floor", "log", "log10", "log1p", "log2", "negative", "reciprocal", "sign", "sin",
    "sinh", "sqrt", "square", "tan", "tanh",
)  # fmt: skip
BINARY = (
    "add", "arctan2", "divide", "floor_divide", "hypot", "logaddexp", "maximum", "minimum", "multiply",
    "power", "remainder", "subtract",
)  # fmt: skip
COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
# NumPy's second names for functions of the table
ALIASES = {
    "abs": "absolute",
    "true_divide": "divide",
    "mod": "remainder",
    "pow": "power",
    "acos": "arccos",
    "fabs": "absolute",
}

Ufunc = Callable[..., tg.Scalar]


def numpys(name: str) -> Ufunc:
    return cast(Ufunc, getattr(np, name))


def ours(name: str) -> Ufunc:
    return cast(Ufunc, getattr(tnp, name))


def test_every_ufunc_that_tapegrad_has_is_listed() -> None:
    shared = {
        name
        for name in tnp.__all__
        if isinstance(getattr(np, name, None), np.ufunc) and isinstance(getattr(tnp, name), Elementwise)
    }
    assert {getattr(tnp, name).name for name in shared} == {*UNARY, *BINARY}


@pytest.mark.parametrize("name", UNARY)
def test_unary(name: str) -> None:
    x = AT.get(name, 0.625)
    value, slope = tg.value_and_grad(lambda x: numpys(name)(x))(x)
    assert (value, slope) == tg.value_and_grad(lambda x: ours(name)(x))(x)
    assert value == pytest.approx(float(numpys(name)(x)), rel=4 * 2.0**-52, abs=0.0)
    assert type(value) is float
    assert type(slope) is float


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("other", [2.0, 3, np.float64(2.0)], ids=lambda other: type(other).__name__)
def test_binary_with_a_plain_number_on_either_side(name: str, other: float) -> None:
    x = 0.625
    assert tg.value_and_grad(lambda x: numpys(name)(x, other))(x) == tg.value_and_grad(lambda x: ours(name)(x, other))(
        x
    )
    assert tg.value_and_grad(lambda x: numpys(name)(other, x))(x) == tg.value_and_grad(lambda x: ours(name)(other, x))(
        x
    )
    value = tg.trace(lambda x: numpys(name)(x, other), x).output
    assert value == pytest.approx(float(numpys(name)(x, other)), rel=4 * 2.0**-52, abs=0.0)


@pytest.mark.parametrize("name", BINARY)
def test_binary_with_both_traced(name: str) -> None:
    def slopes(f: Ufunc) -> object:
        return tg.derivatives(lambda x, y: f(x, y))(0.625, 1.5)

    assert slopes(numpys(name)) == slopes(ours(name))


@pytest.mark.parametrize("name", COMPARISONS)
@pytest.mark.parametrize("other", [0.5, 0.625, 1, np.float64(2.0)])
def test_comparisons_answer_with_bools(name: str, other: float) -> None:
    def f(x: tg.Scalar) -> tg.Scalar:
        assert numpys(name)(x, other) is bool(numpys(name)(0.625, other))
        assert numpys(name)(other, x) is bool(numpys(name)(other, 0.625))
        return x

    assert tg.grad(f)(0.625) == 1.0


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_second_names(alias: str, name: str) -> None:
    if not hasattr(np, alias):  # np.pow and np.acos came with NumPy 2
        assert np.lib.NumpyVersion(np.__version__) < "2.0.0"
        return
    operands = (0.625,) if name in UNARY else (0.625, 1.5)
    first, second = (tg.derivatives(f)(*operands).values() for f in (numpys(alias), ours(name)))
    assert [*first] == [*second]  # NumPy names the arguments otherwise


def test_numpy_scalars_meet_traced_values_from_the_left() -> None:
    two = np.float64(2.0)
    assert tg.grad(lambda x: two * x + two / x - two**x + (two - x))(3.0) == pytest.approx(
        2.0 - 2.0 / 9.0 - 8.0 * math.log(2.0) - 1.0, rel=1e-14
    )


def test_the_record_is_the_operation_at_the_users_line() -> None:
    line = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]  # CPython has frames
    record = tg.trace(lambda x: np.sin(x), 0.5).tape[1]
    assert record.primitive is tnp.sin
    assert record.where is not None
    assert (Path(record.where.file).name, record.where.line) == (Path(__file__).name, line)


def test_nested_transforms_through_numpy() -> None:
    assert tg.grad(tg.grad(lambda x: np.sin(x) * np.multiply(2.0, x)))(0.5) == pytest.approx(
        4.0 * math.cos(0.5) - math.sin(0.5), rel=1e-14
    )
    assert tg.jvp(tg.grad(numpys("exp")), (0.5,), (1.0,))[1] == math.exp(0.5)


REFUSED: list[tuple[str, Callable[..., object]]] = [
    ("numpy.sin with dtype=", lambda x: np.sin(x, dtype=np.float32)),
    ("numpy.sin with where=", lambda x: np.sin(x, where=np.array(True))),
    ("numpy.maximum.accumulate", np.maximum.accumulate),
    ("numpy.multiply.reduceat", lambda x: np.multiply.reduceat(x, [0])),
    ("numpy.spacing", lambda x: np.spacing(x)),
    ("numpy.nextafter", lambda x: np.nextafter(x, 1.0)),
    ("numpy.bitwise_or", lambda x: np.bitwise_or(x, 1)),
    ("numpy.frexp", lambda x: np.frexp(x)),
]


@pytest.mark.parametrize(("named", "f"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_traced_is_refused_by_name(named: str, f: Callable[..., object]) -> None:
    with pytest.raises(OperandError, match="is not among the operations that can be traced") as caught:
        tg.grad(cast(Ufunc, f))(0.5)
    assert str(caught.value).startswith(f"{named} ")
    if f.__name__ == "<lambda>":
        assert f"{Path(__file__).name}:{f.__code__.co_firstlineno}" in str(caught.value)


@pytest.mark.parametrize("other", ["2", None, np.array(["2"])], ids=["str", "None", "array of text"])
def test_other_operands_are_refused(other: object) -> None:
    with pytest.raises(OperandError, match="expected a number, an array or a traced value"):
        tg.grad(lambda x: numpys("add")(x, other))(0.5)


def test_a_name_shared_with_an_internal_operation_is_no_door() -> None:
    """Only ufuncs come in here; `chain`, `share` and their kind have no NumPy name to be reached by."""
    internal = ("chain", "zeros_win", "share", "is_zero", "step", "normal_pdf", "normal_cdf", "stop_gradient")
    assert not any(hasattr(np, name) for name in internal)


@pytest.mark.parametrize("change", [np.put_along_axis, np.copyto, np.fill_diagonal, np.put, np.putmask])
def test_changes_in_place_are_refused_with_the_cure(change: Callable[..., object]) -> None:
    arguments = {np.put_along_axis: (np.zeros((1, 2), int), 1.0, 0), np.put: (0, 1.0), np.putmask: (True, 1.0)}
    with pytest.raises(OperandError, match=rf"{change.__name__} .* x = x\.at\[i\]\.set\(v\)"):
        tg.trace(lambda x: change(x, *arguments.get(change, (1.0,))), np.ones((2, 2)))
