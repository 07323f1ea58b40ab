"""The arrays page of the playground: every number on it, the chosen element, and what a person may get wrong."""

from __future__ import annotations

import pytest

from browser.conftest import Visit
from browser.pages import Page, settle, slider
from tapegrad.arrays import Floats
from tapegrad.view.broadcasting_lesson import Index, Lesson, lesson_of
from tapegrad.view.broadcasting_page import broadcasting_page
from tapegrad.view.steps import format_number
from tapegrad.view.strides import strides

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect


def write(page: Page, name: str, text: str) -> None:
    box = page.get_by_role("textbox", name=name, exact=True)
    box.fill(text)
    box.press("Enter")
    settle(page)


def texts(x: Floats) -> list[str]:
    return [format_number(float(number)) for number in x.ravel()]


def expect_lesson(page: Page, lesson: Lesson, index: Index) -> None:
    """The numbers are the lesson's, and the cells with a thick border those that the element touches."""
    whole = {"cotangent": lesson.cotangent}
    for side in lesson.sides:
        whole |= {f"contributions-{side.name}": side.contributions, f"gradient-{side.name}": side.gradient}
    for name, x in whole.items():
        expect(page.locator(f"[data-part={name}] td")).to_have_text(texts(x))
    for name, x in {"result": lesson.result, **{f"operand-{side.name}": side.x for side in lesson.sides}}.items():
        shown = page.locator(f"[data-part={name}] td").evaluate_all("(all) => all.map((e) => e.firstChild.textContent)")
        assert shown == texts(x)
    for side in lesson.sides:
        own, places = side.read_at(index), strides(side.x)
        expect(page.locator(f"[data-part=gradient-{side.name}] .chosen")).to_have_text(texts(side.gradient[own]))
        expect(page.locator(f"[data-part=memory-{side.name}] .chosen small").first).to_have_text(
            f"@{places.position(*own):g}"
        )
        also = page.locator(f"[data-part=contributions-{side.name}] .also")
        expect(also).to_have_count(len(lesson.readers(side, index)) - 1)
        labels = page.locator(f"[data-part=operand-{side.name}] small").all_inner_texts()
        assert labels == [f"@{place:g}" for place in places.positions().ravel()]


def test_the_numbers_and_the_chosen_element(visit: Visit) -> None:
    page = visit("arrays")
    expect_lesson(page, lesson_of(((3, 1), (1, 4)), "multiply"), (0, 0))
    element = slider(page, "Element of the result")
    for _ in range(5):
        element.press("ArrowRight")
    expect(page.locator("[data-part=result] .chosen")).to_have_attribute("title", "[1, 1]")
    expect_lesson(page, lesson_of(((3, 1), (1, 4)), "multiply"), (1, 1))
    write(page, "Shape of left", "2, 1, 3")
    write(page, "Shape of right", "2, 1")
    write(page, "Cotangent of the result", "1 2 3 4 5 6 7 8 9 10 11 -0.5")
    lesson = lesson_of(((2, 1, 3), (2, 1)), "multiply", cotangent="1 2 3 4 5 6 7 8 9 10 11 -0.5")
    expect_lesson(page, lesson, (0, 0, 0))
    element.press("End")
    expect_lesson(page, lesson, (1, 1, 2))
    page.goto(page.url)
    expect_lesson(page, lesson, (1, 1, 2))


def test_memory_and_operations(visit: Visit) -> None:
    page = visit("arrays?left=2,3&right=&between=power&element=1,+2")
    for layout in ("reversed", "sliced", "F"):
        page.get_by_role("combobox", name="Memory of left").click()
        page.get_by_role("option", name=layout, exact=True).click()
        settle(page)
        lesson = lesson_of(((2, 3), ()), "power", (layout, "C"))
        expect(page.locator("[data-part=memory-left] li:not(.gap)")).to_have_count(6)
        expect(page.locator("[data-part=memory-left] dd").nth(1)).to_contain_text(
            str(tuple(int(step) for step in strides(lesson.sides[0].x).steps))
        )
    page.get_by_role("combobox", name="Operation").click()
    page.get_by_role("option", name="arctan2").click()
    settle(page)
    expect_lesson(page, lesson_of(((2, 3), ()), "arctan2", ("F", "C")), (1, 2))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Shape of left", "5, 3", "the shapes (5, 3), (1, 4) do not broadcast"),
        ("Shape of left", "<img src=x>", "'<img src=x>' is no shape"),
        ("Shape of right", "1000, 1000", "take 128 at most"),
        ("Cotangent of the result", "1, 2", "2 numbers are given for 12 elements"),
    ],
)
def test_a_mistake_is_one_message(visit: Visit, name: str, text: str, said: str) -> None:
    page = visit("arrays")
    write(page, name, text)
    expect(page.locator(".complaint")).to_contain_text(said)
    assert page.locator("img").count() == 0


def test_the_download_is_the_page_of_the_command(visit: Visit) -> None:
    page = visit("arrays?left=&right=")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as a page", exact=True).click()
    assert download.value.path().read_text() == broadcasting_page(lesson_of(((), ()), "multiply"), ())
