"""Operations on their page: which there are, what is shown of them, against the library and against differences."""

from __future__ import annotations

import inspect
import math
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import tapegrad.numpy as tnp
from tapegrad import grad, special
from tapegrad.cli import main
from tapegrad.elementwise import Binary, Unary
from tapegrad.errors import OperandError, SettingError
from tapegrad.nn import activations
from tapegrad.view.functions import Operation, find, named, operations, window
from tapegrad.view.functions_map import ground
from tapegrad.view.functions_page import body, html, middle, picture, symbol
from tapegrad.view.functions_sample import along, check_window, derivatives, kinks, notes, numbers, sample
from tapegrad.view.functions_source import PACKAGE, excerpts
from tapegrad.view.isolines import Relief
from tapegrad.view.scale import multiples, runs, span

pytest.importorskip("scipy")

EVERY = list(operations().values())
each = pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.name)


# ---- which there are -----------------------------------------------------------------------------


def test_every_declared_operation_of_one_or_two_numbers_is_there() -> None:
    for module in (tnp, special, activations):
        for name in module.__all__:
            if isinstance(getattr(module, name), (Unary, Binary)):
                assert find(name).function is getattr(module, name)


@pytest.mark.parametrize(
    ("name", "shown", "arguments"),
    [
        ("abs", "absolute", ("x",)),
        ("arctan2", "arctan2", ("y", "x")),
        ("gamma", "special.gamma", ("x",)),
        ("tapegrad.special.gamma", "special.gamma", ("x",)),
        ("i0", "i0", ("x",)),
        ("special.i0", "special.i0", ("x",)),
        ("expit", "sigmoid", ("x",)),
        ("elu", "nn.elu", ("x",)),
        ("zeta", "special.zeta", ("x", "q")),
    ],
)
def test_an_operation_is_found_by_all_its_names(name: str, shown: str, arguments: tuple[str, ...]) -> None:
    assert (find(name).name, find(name).arguments) == (shown, arguments)


@pytest.mark.parametrize("name", ["sum", "cumsum", "ravel", "cross", "modf", "isnan", "less", "matmul", "softmax"])
def test_what_is_no_function_of_numbers_is_not_there(name: str) -> None:
    assert name not in named()


def test_a_wrong_name_gets_a_near_one() -> None:
    with pytest.raises(OperandError, match=r"'sni' is no operation .* sin$"):
        find("sni")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sin", ((-5.0, 5.0),)),
        ("log", ((0.0, 5.0),)),
        ("sqrt", ((0.0, 5.0),)),
        ("arcsin", ((-1.0, 1.0),)),
        ("arccosh", ((1.0, 5.0),)),
        ("log1p", ((-1.0, 5.0),)),
        ("logit", ((0.0, 1.0),)),
        ("erfinv", ((-1.0, 1.0),)),
        ("gamma", ((-5.0, 5.0),)),
        ("xlogy", ((-5.0, 5.0), (0.0, 5.0))),
        ("power", ((0.0, 5.0), (-5.0, 5.0))),
    ],
)
def test_the_window_is_where_values_are_finite(name: str, expected: tuple[tuple[float, float], ...]) -> None:
    assert window(find(name)) == expected


# ---- the rule ------------------------------------------------------------------------------------


@each
def test_the_rule_is_the_text_at_the_place_that_is_told(operation: Operation) -> None:
    found = excerpts(operation)
    assert found
    for excerpt in found:
        lines = (PACKAGE / excerpt.file).read_text().splitlines()
        count = excerpt.text.count("\n") + 1
        assert "\n".join(lines[excerpt.line - 1 : excerpt.line - 1 + count]) == excerpt.text
    if operation.itself is not None:
        assert re.search(rf"^{operation.itself.name}(:| =)", found[-1].text, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("tanh", ["def _slope_of_tanh", "tanh = unary("]),
        ("divide", ["# -out / y rather than"]),
        ("gamma", ["def digamma", "gamma = _declared("]),
        ("elu", ["def elu", "is_greater =", "class _Select", "select =", "expm1 =", "multiply ="]),
        ("j0", ["def j0", "def _bessel_tangent", "bessel: General"]),
    ],
)
def test_the_rule_comes_with_what_it_leans_on(name: str, parts: list[str]) -> None:
    found = [excerpt.text for excerpt in excerpts(find(name))]
    assert len(found) >= len(parts)
    for part, text in zip(parts, found, strict=len(parts) == len(found)):
        assert part in text


# ---- numbers -------------------------------------------------------------------------------------


@each
def test_values_and_derivatives_are_the_librarys(operation: Operation) -> None:
    point = middle(window(operation))
    found = numbers(operation, point)
    assert list(found) == list(derivatives(operation))
    for by, number in found.items():
        many = sample(operation, by, *(np.array([x, x]) for x in point))
        assert (many is None) == (number is None)
        if many is not None and number is not None:
            assert many.tolist() == pytest.approx([number] * 2, rel=1e-12, abs=1e-13)
    assert found[()] == operation.function(*point)
    if found[0,] is not None:
        assert found[0,] == grad(operation.function)(*point)
        assert found[0, 0] == grad(grad(operation.function))(*point)


@each
def test_derivatives_are_slopes(operation: Operation) -> None:
    point = middle(window(operation))
    step = 1e-5
    for by in derivatives(operation)[1:]:
        slope = numbers(operation, point)[by]
        if slope is None:
            continue
        *before, last = by
        ends = []
        for sign in (-1.0, 1.0):
            moved = list(point)
            moved[last] += sign * step
            ends.append(numbers(operation, moved)[tuple(before)])
        low, high = ends
        assert low is not None
        assert high is not None
        assert (high - low) / (2.0 * step) == pytest.approx(slope, rel=2e-5, abs=2e-5)


def test_a_refused_derivative_is_left_out() -> None:
    operation = find("gammainc")
    assert numbers(operation, (2.0, 1.0))[0,] is None
    assert [curve is None for curve in along(operation, 0, np.array([1.0, 2.0]), (2.0, 1.0))] == [False, True, True]
    assert "Its derivative by a is refused: nobody has a formula for it." in notes(
        operation, window(operation), (2.0, 1.0)
    )
    shown = body(operation, window(operation), (2.0, 1.0))
    assert shown.count("<figure>") == 3
    assert shown.count("refused</dd>") == 3


@pytest.mark.parametrize("name", ["log", "special.gamma", "divide", "tan"])
def test_what_is_not_finite_stays_so(name: str) -> None:
    operation = find(name)
    zeros = [np.zeros(1)] * len(operation.arguments)
    value, plain = sample(operation, (), *zeros), operation.function(*(0.0 for _ in zeros))
    assert value is not None
    np.testing.assert_array_equal(value, [plain])


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("relu", "At x = 0: a kink at 0; the derivative there is 0."),
        ("arcsin", "At x = -1, 1: its tangent is upright here, and the derivative is infinite."),
        ("floor", "At x = -5, -4, -3, -2, …: it jumps here; its derivative is 0, as everywhere."),
        ("floor", "It is declared piecewise constant: its derivative is 0 everywhere, at its jumps by convention."),
        ("hypot", "At x = 0, y = 0: a kink at the origin; both derivatives there are 0."),
        ("maximum", "At x = 0, y = 0, for one: both sides are equal, and each gets half of the derivative."),
    ],
)
def test_kinks_are_told(name: str, sentence: str) -> None:
    operation = find(name)
    point = middle(window(operation))
    assert sentence in notes(operation, window(operation), point)
    assert all(not told.endswith("It is here.") for told in notes(operation, window(operation), point))


def test_a_kink_is_told_where_the_point_is() -> None:
    assert list(notes(find("abs"), ((-5.0, 5.0),), (0.0,)))[-1].endswith("there is 0. It is here.")
    assert kinks(find("abs"), ((1.0, 5.0),)) == ()


@pytest.mark.parametrize(
    "ends",
    [(1.0, 1.0), (2.0, 1.0), (0.0, math.inf), (math.nan, 1.0), (-1.7e308, 1.7e308), (1.0, 1.0 + 1e-15), (0.0, 5e-324)],
)
def test_an_empty_window_is_refused(ends: tuple[float, float]) -> None:
    with pytest.raises(SettingError, match="shows nothing; choose"):
        check_window((ends,))


# ---- scales and pictures -------------------------------------------------------------------------


def test_a_pole_does_not_flatten_the_rest() -> None:
    x = np.linspace(-5.0, 5.0, 601)
    with np.errstate(all="ignore"):
        low, high = span(1.0 / x)
    assert -12.0 < low < -1.0 < 1.0 < high < 12.0


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (-5.0, 5.0), (0.0, 1e-7), (-3e9, 2.0), (0.123, 0.124), (-1.0, 1e300), (0.0, 1.0), (0.95, 1.0), (-3.0, 5.0),
        (1e-9, 2e-9), (50.0, 56.3),
    ],
)  # fmt: skip
@pytest.mark.parametrize("most", [4, 5, 8])
def test_ticks_are_round_few_and_inside(low: float, high: float, most: int) -> None:
    found = multiples(low, high, most)
    assert 2 <= len(found) <= most
    assert low - 1e-9 * (high - low) <= found[0] <= found[-1] <= high + 1e-9 * (high - low)
    step = found[1] - found[0]
    assert f"{step:e}"[0] in "125"
    assert np.diff(found) == pytest.approx(step)


@pytest.mark.parametrize(
    ("name", "gaps"),
    [
        ("sin", 0),
        ("exp", 0),
        ("tanh", 0),
        ("absolute", 0),
        ("floor", 9),
        ("sign", 1),
        ("tan", 4),
        ("reciprocal", 1),
        ("gamma", 5),
    ],
)
def test_curves_have_gaps_at_poles_and_jumps_and_nowhere_else(name: str, gaps: int) -> None:
    values = sample(find(name), (), np.linspace(-5.0, 5.0, 600))  # 0 is between two places
    assert values is not None
    parts = list(runs(values, *span(values)))
    assert len([part for part in parts if part.stop - part.start > 1]) == gaps + 1


def test_isolines_are_where_the_level_is() -> None:
    x, y = np.meshgrid(np.linspace(-2.0, 2.0, 41), np.linspace(-2.0, 2.0, 41), indexing="ij")
    segments = list(Relief.of(x * x + y * y, math.inf).isoline(1.0))
    ends = np.array(segments).reshape(-1, 2) * 0.1 - 2.0
    assert np.hypot(*ends.T) == pytest.approx(1.0, abs=2e-3)
    assert sum(math.dist(one, other) for one, other in segments) * 0.1 == pytest.approx(2.0 * math.pi, rel=3e-3)


@pytest.mark.parametrize("saddle", [[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]])
def test_a_saddle_has_two_isolines(saddle: list[list[float]]) -> None:
    relief = Relief.of(np.array(saddle), math.inf)
    assert len(list(relief.isoline(0.5))) == 2
    assert len(relief.outline(0.5, 0, 0)[0]) == 6


def test_a_jump_has_no_isoline() -> None:
    relief = Relief.of(np.array([[0.0, 0.0], [0.1, 0.1], [1.0, 1.0], [1.1, 1.1]]), 0.5)
    assert list(relief.isoline(0.5)) == []
    assert relief.above(0.5)[0].tolist() == [[False], [False], [True]]


def test_a_steep_place_is_no_jump() -> None:
    relief = Relief.of(np.array([[0.0, 0.0], [0.4, 0.4], [1.0, 1.0], [1.4, 1.4]]), 0.5)
    assert len(list(relief.isoline(0.5))) == 1


def test_a_map_tells_its_colours_by_number() -> None:
    places = np.linspace(-1.0, 1.0, 9)
    x, y = np.meshgrid(places, places, indexing="ij")
    drawn = ground(("x", "y"), (places, places), x + y)
    key = drawn[drawn.index('height="10"') :]
    assert re.findall(r"color-mix[^)]*--c(.)\) (\d+)%", key)[0] != re.findall(r"color-mix[^)]*--c(.)\) (\d+)%", key)[-1]
    assert re.findall(r">([-.\d]+)</text>", ground(("x", "y"), (places, places), 0.0 * x + 7.0))[-1] == "7"
    assert re.findall(r">([-.\d]+)</text>", key)[:5] == ["-2", "-1", "0", "1", "2"]


def parsed(markup: str) -> str:
    """The name of the outermost element, all of them being closed as they should."""
    return ElementTree.fromstring(markup).tag  # noqa: S314  # our own


@each
def test_every_operation_has_a_page(operation: Operation) -> None:
    seen = window(operation)
    page = html(operation, seen, middle(seen))
    assert parsed(body(operation, seen, middle(seen))) == "div"
    assert parsed(picture(operation, seen, middle(seen))) == "{http://www.w3.org/2000/svg}svg"
    assert not re.search(r'(x|y|x1|y1|cx|cy|d)="[^"]*(nan|inf)', page)
    assert symbol(operation, ()) in page


@pytest.mark.parametrize("ends", [(-1e300, 1e300), (-1e-300, 1e-300), (1e6, 1e6 + 0.01), (-1e5, 3.0)])
@pytest.mark.parametrize("name", ["sin", "floor", "gamma", "power", "remainder"])
def test_windows_of_any_size_are_drawn(name: str, ends: tuple[float, float]) -> None:
    operation = find(name)
    seen = (ends,) * len(operation.arguments)
    check_window(seen)
    drawn = body(operation, seen, middle(seen))
    assert parsed(drawn) == "div"
    assert not re.search(r'(x|y|x1|y1|cx|cy|d)="[^"]*(nan|inf)', drawn)


# ---- the command ---------------------------------------------------------------------------------


def test_the_command_prints_rule_numbers_and_notes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--operation", "power", "x=2", "y=3"]) == 0
    out = capsys.readouterr().out
    assert inspect.getsource(find("power").itself.rule) in out  # type: ignore[union-attr]  # it has one
    assert ["2", "3", "8", "12", "5.54518", "12", "12.3178", "3.84362"] in [line.split() for line in out.splitlines()]
    assert out.splitlines()[-1].startswith("At x = 0, y = 0: 0 to the power 0 is 1")


def test_the_command_prints_a_table_over_the_window(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--operation", "log"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["0", "-inf", "inf", "-inf"] in rows
    assert ["5", "1.60944", "0.2", "-0.04"] in rows


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    page, drawn = tmp_path / "page.html", tmp_path / "drawn.svg"
    assert main(["show", "--operation", "sqrt", "x=-3", "--html", str(page), "--svg", str(drawn)]) == 0
    assert page.read_text("utf-8") == html(find("sqrt"), ((-4.5, 5.0),), (-3.0,))
    assert parsed(drawn.read_text("utf-8")) == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sni"], "the nearest that is supported: sin"),
        (["power", "x=2"], "power is not given 'y'; give it x=2 y=2"),
        (["sin", "z=2"], "sin has no argument 'z'; give it x=2"),
        (["sin", "x=two"], "'two' is not a number"),
        (["sin", "x=1e308"], "shows nothing"),
        (["sin", "--dot", "x.dot"], "--dot does not go with --operation"),
        (["sin", "--file", "x"], "--file does not go with --operation"),
        (["sin", "--shorten"], "--shorten does not go with --operation"),
        (["sin", "--derivative", "x"], "--derivative does not go with --operation"),
    ],
)
def test_a_mistake_is_one_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--operation", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1
