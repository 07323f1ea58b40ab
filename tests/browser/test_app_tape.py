"""The tape page of the playground: typed into, moved, stepped through; its numbers are the library's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from browser.pages import Page, settle, slider
from tapegrad.app.tape_page import EXAMPLES
from tapegrad.cli import main
from tapegrad.expression import read
from tapegrad.parser import parse
from tapegrad.variables import Scalar
from tapegrad.view.conventions import warnings
from tapegrad.view.moments import moments
from tapegrad.view.player import dictionary
from tapegrad.view.replay import checks, replay, second_derivatives
from tapegrad.view.steps import format_number

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

BODY = "s = 0\nfor i in range(3):\n    s += sin(x)**i\nreturn s*y"


def type_in(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Expression, or body of a function").fill(text)
    page.keyboard.press("Control+Enter")
    settle(page)


def column(page: Page, kind: str) -> Page:
    return page.locator(f"tbody td .{kind}")


def test_a_typed_body_is_the_librarys_at_every_step(visit: Callable[..., Page]) -> None:
    page = visit()
    type_in(page, BODY)
    reading = read(parse(BODY), {"x": 2.0, "y": 3.0})
    both = replay(reading.trace, reading.names, reading.sources)
    told = moments(both)
    expect(page.locator(".place")).to_have_text(f"{len(told)} of {len(told)}, reverse")
    expect(column(page, "value")).to_have_text([step.value_text for step in both.steps])
    expect(column(page, "adjoint")).to_have_text([step.adjoint_text for step in both.steps])
    expect(column(page, "partials")).to_have_text([", ".join(filter(None, step.partial_texts)) for step in both.steps])
    page.get_by_role("button", name="First", exact=True).click()
    for moment in told:
        expect(page.locator(".sentence")).to_have_text(moment.sentence)
        expect(page.locator(".rule")).to_have_text(
            f"derivative dictionary {dictionary(moment.partials)}" if moment.partials else ""
        )
        lines = [str(reading.lines[moment.record])] if moment.record in reading.lines else []
        assert [line.get_attribute("data-line") for line in page.locator(".program li.current").all()] == lines
        if moment is not told[-1]:
            page.get_by_role("button", name="Next", exact=True).click()


def test_sliders_move_the_inputs_and_not_the_step(visit: Callable[..., Page]) -> None:
    page = visit("?f=x*y+%2B+sin(x)&step=3")
    expect(page.locator(".place")).to_have_text("4 of 9, forward")
    for _ in range(5):
        slider(page, "x").press("ArrowRight")
        settle(page)
    expect(column(page, "value").first).to_have_text("2.05")
    reading = read(parse("x*y + sin(x)"), {"x": 2.05, "y": 3.0})
    both = replay(reading.trace, reading.names, reading.sources)
    expect(page.locator(".place")).to_have_text("4 of 9, forward")
    expect(page.locator(".sentence")).to_have_text(moments(both)[3].sentence)
    page.get_by_role("button", name="Last", exact=True).click()
    expect(column(page, "adjoint")).to_have_text([step.adjoint_text for step in both.steps])


def test_a_move_of_an_input_keeps_the_drawing_where_it_is(visit: Callable[..., Page]) -> None:
    page = visit("?f=sin(sin(sin(sin(x))))&at_x=2", 390)
    picture = page.locator(".picture")
    expect(picture).to_be_visible()
    picture.evaluate("e => { e.scrollLeft = 120; }")
    slider(page, "x").press("ArrowRight")
    expect(column(page, "value").first).to_have_text("2.01")
    assert picture.evaluate("e => e.scrollLeft") == 120


def test_the_address_reproduces_the_page(visit: Callable[..., Page]) -> None:
    page = visit()
    type_in(page, "größe = x_1*y; größe*größe")
    slider(page, "y").press("ArrowLeft")
    page.wait_for_url("**at_y=2.99*")
    page.get_by_role("radio", name="dL/dx_1").click(force=True)
    page.wait_for_url("**of=*")
    settle(page)
    page.get_by_role("button", name="First", exact=True).click()
    page.get_by_role("button", name="Next", exact=True).click()
    page.wait_for_url("**step=1*")  # the server hears of the step when it rests
    again = visit(page.url.partition("/?")[2].join(("?", "")))
    for kind in ("value", "adjoint"):
        expect(column(again, kind)).to_have_text(column(page, kind).all_text_contents())
    expect(again.locator(".place")).to_have_text(page.locator(".place").inner_text())
    assert page.locator(".place").inner_text().startswith("2 of ")
    assert slider(again, "y").input_value() == slider(page, "y").input_value() == "2.99"


def test_the_tape_of_a_derivative_checks_and_second_derivatives(visit: Callable[..., Page]) -> None:
    page = visit("?f=x*x*x*y&at_x=1.5&at_y=-2")
    point = {"x": 1.5, "y": -2.0}
    expression = parse("x*x*x*y")

    def cube(x: Scalar, y: Scalar) -> Scalar:
        return x * x * x * y

    expect(page.locator("table.checks tbody tr")).to_have_count(2)
    rows = [row.split("\t") for row in page.locator("table.checks tbody tr").all_inner_texts()]
    assert [row[:4] for row in rows] == [
        [check.name, *map(format_number, (check.value, check.derivative, check.difference))]
        for check in checks(cube, point)
    ]
    second = second_derivatives(cube, point)
    page.get_by_text("Second derivatives", exact=True).click()
    told = [row.split("\t") for row in page.locator("table.hessian tbody tr").all_inner_texts()]
    assert told == [[name, *map(format_number, row.values())] for name, row in second.items()]
    page.get_by_role("radio", name="dL/dx").click(force=True)
    settle(page)
    gradient = read(expression, point, "x")
    expect(column(page, "value").nth(gradient.trace.outputs[0])).to_have_text(format_number(3 * 1.5**2 * -2))
    expect(column(page, "adjoint").first).to_have_text(format_number(second["x"]["x"]))
    expect(column(page, "adjoint").nth(1)).to_have_text(format_number(second["x"]["y"]))


def test_kinks_and_numbers_that_are_not_finite_are_told(visit: Callable[..., Page]) -> None:
    page = visit("?f=abs(x)+%2B+log(y)&at_x=0&at_y=0")
    reading = read(parse("abs(x) + log(y)"), {"x": 0.0, "y": 0.0})
    told = [notice.sentence for notice in warnings(reading.trace, reading.names, reading.sources)]
    assert len(told) > 3
    expect(page.locator(".warnings li")).to_have_text(told)


def test_the_page_to_take_away_is_that_of_the_command(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit("?f=x*y&at_x=1.5")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download this page").click()
    main(["show", "x*y", "x=1.5", "y=3", "--html", str(tmp_path / "tape.html")])
    assert Path(download.value.path()).read_bytes() == (tmp_path / "tape.html").read_bytes()


def test_every_example_has_a_tape(visit: Callable[..., Page]) -> None:
    page = visit()
    for example in EXAMPLES:
        page.get_by_role("combobox", name="Examples").click()
        page.get_by_role("option", name=example.title, exact=True).click()
        expression = parse(example.text)
        point = {name: 2.0 + at % 3 for at, name in enumerate(expression.names)}  # where the sliders begin
        count = len(read(expression, point).trace.tape)
        expect(page.locator("tbody tr[data-record]")).to_have_count(count)
        expect(page.locator("svg.tape")).to_be_visible()
        assert page.get_by_role("alert").count() == 0
