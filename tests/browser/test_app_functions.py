"""The functions page of the playground: its numbers against the library's, and every control driven as by a person."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from browser.pages import Browser, Page, keep, listen, settle
from tapegrad import grad
from tapegrad.cli import main
from tapegrad.view.functions import find, window
from tapegrad.view.functions_page import middle
from tapegrad.view.functions_sample import numbers
from tapegrad.view.steps import format_number

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("scipy")

Visit = Callable[..., Page]


def told(page: Page) -> list[str]:
    """The numbers on the page, the arguments first."""
    texts: list[str] = page.locator(".numbers dd").all_text_contents()
    return texts


def librarys(name: str, *point: float) -> list[str]:
    found = numbers(find(name), point).values()
    return [*map(format_number, point), *("refused" if x is None else format_number(x) for x in found)]


def test_the_marker_moves_by_the_keyboard_and_the_address_tells_where(visit: Visit) -> None:
    page = visit("functions")
    playwright.expect(page.locator("svg.function .curve.second")).to_be_attached()
    assert told(page) == librarys("sin", 1.25)
    slider = page.get_by_role("slider")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    settle(page)
    x = float(told(page)[0])
    assert 1.25 < x < 1.6
    sine = find("sin").function
    slope = grad(sine)
    assert told(page)[1:] == [format_number(float(f(x))) for f in (sine, slope, grad(slope))]
    assert page.url.endswith(f"functions?sin.x={x:g}")
    again = visit(page.url.rpartition("/")[2])
    playwright.expect(again.locator(".numbers dd").first).to_have_text(f"{x:g}")
    assert told(again) == told(page)


def test_another_operation_comes_with_its_own_window_and_rule(visit: Visit) -> None:
    page = visit("functions")
    box = page.get_by_role("combobox")
    box.click()
    box.fill("acosh")
    page.keyboard.press("Enter")
    settle(page)
    playwright.expect(page.locator(".rule-text")).to_contain_text("arccosh = unary(")
    playwright.expect(page.get_by_label("Low x", exact=True)).to_have_value("1")
    playwright.expect(page.locator(".notes")).to_contain_text("At x = 1: its tangent is upright here")
    assert told(page) == librarys("arccosh", *middle(window(find("arccosh"))))
    assert "operation=acosh" in page.url


def test_two_arguments_have_maps_and_cuts(visit: Visit) -> None:
    page = visit("functions?operation=power&power.x=2&power.y=3")
    playwright.expect(page.locator("figure svg.map")).to_have_count(6)
    playwright.expect(page.locator("svg.function")).to_have_count(2)
    assert told(page) == librarys("power", 2.0, 3.0)
    before = page.locator(".map .cursor").first.get_attribute("x1")
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    assert told(page) == librarys("power", float(told(page)[0]), 3.0)
    assert page.locator(".map .cursor").first.get_attribute("x1") != before


def test_the_window_is_chosen_and_a_mistake_is_told(visit: Visit) -> None:
    page = visit("functions?operation=exp")
    high = page.get_by_label("High x", exact=True)
    high.fill("2")
    high.press("Enter")
    settle(page)
    playwright.expect(page.locator("svg.function text", has_text="2").first).to_be_attached()
    assert "exp.x.high=2" in page.url
    high.fill("-7")
    high.press("Enter")
    settle(page)
    playwright.expect(page.locator(".complaint")).to_have_text(
        "a window from -5 to -7 shows nothing; choose a low end below the high one"
    )
    high.fill("1e308")
    high.press("Enter")
    settle(page)
    playwright.expect(page.locator(".complaint")).to_contain_text("choose ends between -1e+300 and 1e+300")
    high.fill("7")
    high.press("Enter")
    settle(page)
    playwright.expect(page.locator(".complaint")).to_have_count(0)
    playwright.expect(page.locator("svg.function")).to_have_count(1)


@pytest.mark.parametrize(
    ("operation", "width", "dark"),
    [("gamma", 390, True), ("gamma", 1280, False), ("arctan2", 390, False), ("arctan2", 1280, True)],
)
def test_it_fits(visit: Visit, operation: str, width: int, dark: bool) -> None:
    name = find(operation).name
    page = visit(f"functions?operation={name}", width, dark=dark)
    playwright.expect(page.locator(".rule-text").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    right = page.evaluate(
        """Math.max(...[...document.querySelectorAll("*")].filter((e) => e.shadowRoot).flatMap((e) =>
           [...e.shadowRoot.querySelectorAll("svg, pre, dl, li")].map((e) => e.getBoundingClientRect().right)))"""
    )
    assert width / 2 < right <= width
    keep(page, f"functions-{operation}-{width}-{'dark' if dark else 'light'}")


def test_the_page_without_a_server_says_the_same(
    browser: Browser, visit: Visit, complaints: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "power.html"
    assert main(["show", "--operation", "power", "x=2", "y=3", "--html", str(path)]) == 0
    page = browser.new_page(viewport={"width": 390, "height": 900})
    listen(page, complaints)
    page.goto(path.as_uri())
    assert told(page) == librarys("power", 2.0, 3.0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shown = page.locator(".functions").inner_html()
    page.close()
    served = visit("functions?operation=power&power.x=2&power.y=3").locator(".functions")
    playwright.expect(served).to_be_attached()
    assert served.inner_html() == shown
