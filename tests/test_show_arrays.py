"""Two arrays, an operation between them, and the sums of their gradients: the lesson, its page, and the command."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.cli import main
from tapegrad.errors import SettingError
from tapegrad.view.broadcasting_lesson import (
    LAYOUTS,
    MOST_ELEMENTS,
    OPERATIONS,
    index_from,
    indices,
    laid_out,
    lesson_of,
    numbers_from,
    shape_from,
)
from tapegrad.view.broadcasting_page import broadcasting_page
from tapegrad.view.steps import format_number
from tapegrad.view.strides import strides

SHAPES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((3, 1), (1, 4)), ((), ()), ((), (2, 2)), ((0, 3), (1,)), ((2, 1, 3), (4, 1)), ((2, 1, 2, 1, 2, 1), (3, 1, 3)),
]  # fmt: skip


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_numbers_are_the_librarys(shapes: tuple[tuple[int, ...], tuple[int, ...]], operation: str) -> None:
    whole = np.broadcast_shapes(*shapes)
    numbers = np.random.default_rng(0).normal(size=whole).round(3)
    lesson = lesson_of(shapes, operation, cotangent=", ".join(map(repr, numbers.ravel().tolist())) or "1")
    left, right = (np.arange(1.0, math.prod(shape) + 1.0).reshape(shape) for shape in shapes)
    function = getattr(tnp, operation)
    expected = tg.vjp(function, left, 0.5 * right)[1](numbers)
    np.testing.assert_array_equal(lesson.result, getattr(np, operation)(left, 0.5 * right))
    for side, operand, gradient in zip(lesson.sides, lesson.shapes.operands, expected, strict=True):
        np.testing.assert_allclose(side.gradient, gradient, rtol=1e-15)
        summed = side.contributions.sum(axis=operand.summed, keepdims=True).reshape(side.x.shape)
        np.testing.assert_allclose(side.gradient, summed, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_the_element_that_is_read_is_that_of_the_repeated_array(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    lesson = lesson_of(shapes, "add", ("sliced", "reversed"))
    for side, index in itertools.product(lesson.sides, np.ndindex(lesson.result.shape)):
        own = side.read_at(index)
        assert side.x[own] == side.repeated[index]
        assert strides(side.x).position(*own) == strides(side.repeated).position(*index)
        readers = {other for other in np.ndindex(lesson.result.shape) if side.repeated[other] == side.x[own]}
        assert lesson.readers(side, index) == readers


@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (3, 1, 2)], ids=str)
def test_a_layout_changes_the_memory_and_no_number(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).normal(size=shape)
    for layout in LAYOUTS:
        np.testing.assert_array_equal(laid_out(values, layout), values)


def test_the_strides_of_the_layouts() -> None:
    found = {layout: strides(laid_out(np.zeros((2, 3, 4)), layout)) for layout in LAYOUTS}
    assert {layout: (place.steps, place.offset) for layout, place in found.items()} == {
        "C": ((12, 4, 1), 0),
        "F": ((1, 2, 6), 0),
        "transposed": ((12, 1, 3), 0),
        "sliced": ((24, 8, 2), 1),
        "reversed": ((-12, -4, -1), 23),
    }


@pytest.mark.parametrize(
    ("text", "shape"), [(" 3,1 ", (3, 1)), ("(3,)", (3,)), ("()", ()), ("  ", ()), ("0, 7", (0, 7))]
)
def test_shapes_as_they_are_written(text: str, shape: tuple[int, ...]) -> None:
    assert shape_from(text) == shape


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3 1", "no shape"),
        ("3,,1", "no shape"),
        ("-1", "no shape"),
        ("2.5", "no shape"),
        ("²", "no shape"),
        ("9" * 5000, "no shape"),
        ("1,1,1,1,1,1,1", "7 axes"),
        ("64, 3", f"has 192 elements; take {MOST_ELEMENTS}"),
    ],
)
def test_what_is_no_shape(text: str, said: str) -> None:
    with pytest.raises(SettingError, match=said) as caught:
        shape_from(text)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1, 2", "2 numbers are given for 3"),
        ("", "0 numbers"),
        ("x", "'x'"),
        ("nan", "finite"),
        ("1 2 1e999", "finite"),
    ],
)
def test_what_are_no_numbers(text: str, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        numbers_from(text, (3,))


def test_indices_are_read_as_they_are_written() -> None:
    for shape in [(), (3,), (2, 1, 3)]:
        assert [index_from(text, shape) for text in indices(shape)] == list(np.ndindex(shape))
    assert index_from("[1,0 ,2]", (2, 1, 3)) == (1, 0, 2)
    for text in ("3", "0, 0", "-1", "x", ""):
        with pytest.raises(SettingError, match="no element"):
            index_from(text, (3,))


def test_a_result_that_is_too_large_or_does_not_fit() -> None:
    with pytest.raises(SettingError, match="has 400 elements"):
        lesson_of(((20, 1), (20,)), "add")
    with pytest.raises(SettingError, match="do not broadcast"):
        lesson_of(((2,), (3,)), "add")
    with pytest.raises(SettingError, match="no operation 'mod'"):
        lesson_of(((2,), (2,)), "mod")
    with pytest.raises(SettingError, match="no layout 'Z'"):
        lesson_of(((2,), (2,)), "add", ("C", "Z"))


# ---- page and command ----------------------------------------------------------------------------


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_the_page_has_every_number_once_in_its_place(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    lesson = lesson_of(shapes, "logaddexp", ("sliced", "F"))
    places = list(np.ndindex(lesson.result.shape))
    page = broadcasting_page(lesson, places[-1] if places else None)
    parts = dict(re.findall(r'data-part="([^"]+)">(.*?)(?=data-part|$)', page, re.DOTALL))
    found = re.findall(r"<td[^>]*>([^<]+)<", parts["cotangent"])
    assert found == ["1"] * len(places)
    for side in lesson.sides:
        numbers = re.findall(r"<td[^>]*>([^<]+)<", parts[f"gradient-{side.name}"])
        assert numbers == [format_number(float(x)) for x in side.gradient.ravel()]
    assert page.count('class="chosen"') == (10 if places else 0)


def test_the_command_prints_and_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["show", "--shapes", "3, 1", "1, 4", "--layouts", "reversed", "C", "--element", "1, 2"]
    assert main([*words, "--html", str(tmp_path / "page.html")]) == 0
    printed = capsys.readouterr().out
    assert "(3, 1)        3    1->4  1" in printed
    assert "strides    (-1, -1) elements" in printed
    assert printed.endswith("gradient of right, summed over axes: 0\n[[6. 6. 6. 6.]]\n")
    lesson = lesson_of(((3, 1), (1, 4)), "multiply", ("reversed", "C"))
    assert (tmp_path / "page.html").read_text() == broadcasting_page(lesson, (1, 2))


@pytest.mark.parametrize("shapes", [["", ""], ["0, 3", "1"], ["2,1,2,1,2,1", "3"]])
def test_the_command_takes_any_shape(shapes: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--shapes", *shapes, "--operation-between", "hypot", "--cotangent", "2"]) == 0
    assert "gradient of right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["3", "4"], "do not broadcast"),
        (["3", "x"], "no shape"),
        (["3", "1", "--element", "7"], "no element [7]"),
        (["3", "1", "--svg", "a.svg"], "--svg does not go with --shapes"),
        (["3", "1", "--shorten"], "--shorten does not go with --shapes"),
        (["3", "1", "--by-hand", "xor"], "--by-hand does not go with --shapes"),
        (["3", "1", "--cotangent", ""], "0 numbers"),
    ],
)
def test_mistakes_are_one_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--shapes", *words]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_an_expression_does_not_go_with_shapes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "x*y", "--shapes", "3", "1"]) == 2
    assert "an expression does not go with --shapes" in capsys.readouterr().err
