"""The page of `tapegrad show --html` in a browser: every number it shows at every step, against `replay`."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser.pages import Browser, Page, listen
from tapegrad.cli import main
from tapegrad.expression import read
from tapegrad.parser import parse
from tapegrad.view.moments import moments
from tapegrad.view.replay import replay
from tapegrad.view.steps import format_number

playwright = pytest.importorskip("playwright.sync_api")

PROGRAMS = [
    ("x3 = x1*x2; x5 = x4 + x3; x5*x6", {"x1": 3.0, "x2": 4.0, "x4": 5.0, "x6": 2.0}),
    ("u = x*x if x > y else y; abs(u - x*x) + maximum(x, y) + log(x - x)", {"x": 2.0, "y": 1.0}),
    ("s = x*1e-7 - 123456.789*y; s*s - s/3 + floor(s)*x", {"x": 1 / 3, "y": -2 / 7}),
    ("a = abs(x); a*y - a*y", {"x": 2.0, "y": -1.234567e-160}),  # an adjoint on the way is longer than the last
    ("x", {"x": 1.5}),
    ("2*3", {}),
]

# What is shown of every record, in the drawing and in the table: "" for what is hidden.
SHOWN = """() => {
  const told = (element) => element.classList.contains("later") ? "" : element.textContent;
  const by = (selector) => Object.fromEntries([...document.querySelectorAll(selector)].map(
    (e) => [e.closest("[data-record]").dataset.record, told(e)]));
  const edges = [...document.querySelectorAll(".edge")].filter((e) => e.querySelector("text"));
  return {
    drawnValues: by(".node .value"), drawnAdjoints: by(".node .adjoint"),
    values: by("td .value"), adjoints: by("td .adjoint"), partials: by("td .partials"),
    edges: edges.map((e) => [e.dataset.to, told(e.querySelector("text"))]),
    current: [...document.querySelectorAll(".node.current, tr.current")].map((e) => e.dataset.record),
    arrows: [...document.querySelectorAll(".edge.current")].map((e) => e.dataset.to),
    overlapping: [...document.querySelectorAll(".node .adjoint")].filter((e) => {
      const word = e.previousElementSibling.getBBox();
      return e.getBBox().x < word.x + word.width;
    }).length,
    panel: document.querySelector(".sentence").textContent,
    rule: document.querySelector(".rule").textContent, gradient: document.querySelector(".so-far").textContent,
    height: document.documentElement.scrollHeight, width: document.documentElement.scrollWidth,
  };
}"""


def page_of(text: str, values: dict[str, float], folder: Path) -> str:
    path = folder / "tape.html"
    assert main(["show", text, *(f"{name}={value!r}" for name, value in values.items()), "--html", str(path)]) == 0
    return path.as_uri()


def opened(browser: Browser, address: str, complaints: list[str], **options: object) -> Page:
    page = browser.new_page(**options)
    listen(page, complaints)
    page.on("request", lambda request: complaints.extend({request.url} - {address}))
    page.goto(address)
    return page


@pytest.mark.parametrize(("text", "values"), PROGRAMS, ids=range(len(PROGRAMS)))
def test_every_number_at_every_step(
    browser: Browser, tmp_path: Path, complaints: list[str], text: str, values: dict[str, float]
) -> None:
    reading = read(parse(text), values)
    both = replay(reading.trace, reading.names, reading.sources)
    told = moments(both)
    records = [str(step.index) for step in both.steps]
    count = len(records)
    page = opened(browser, page_of(text, values, tmp_path), complaints, viewport={"width": 390, "height": 844})
    finished = page.evaluate(SHOWN)
    page.focus("input[type=range]")
    page.keyboard.press("Home")
    for at, moment in enumerate(told):
        shown = page.evaluate(SHOWN)
        assert shown["panel"] == moment.sentence
        expected = {str(s.index): s.value_text if s.index <= at else "" for s in both.steps}
        assert shown["values"] == shown["drawnValues"] == expected
        pulled = {step.index for step in both.reverse[: max(0, at - count)]}
        adjoints = both.adjoints(len(pulled))
        settled = {
            str(s.index): format_number(adjoints[s.index]) if at >= count and s.kind != "guard" else ""
            for s in both.steps
        }
        assert shown["adjoints"] == settled
        assert shown["drawnAdjoints"] == {
            key: told for key, told in settled.items() if both.steps[int(key)].adjoint_text
        }
        rule = both.reverse[at - count - 1].partials if pulled else {}
        inner = ", ".join(f"{position}: {format_number(partial)}" for position, partial in rule.items())
        assert shown["rule"] == (f"derivative dictionary {{{inner}}}" if inner else "")
        inner = ", ".join(f"{name}: {settled[str(i)]}" for i, name in enumerate(values))
        assert shown["gradient"] == (f"derivatives so far {{{inner}}}" if inner and at >= count else "")
        partials = {str(s.index): ", ".join(filter(None, s.partial_texts)) for s in both.steps}
        assert shown["partials"] == {key: told if int(key) in pulled else "" for key, told in partials.items()}
        assert all((label != "") == (int(target) in pulled) for target, label in shown["edges"])
        assert shown["current"] == [str(moment.record)] * 2
        assert shown["arrows"] == [str(moment.record)] * len(both.steps[moment.record].inputs)
        assert shown["overlapping"] == 0
        assert (shown["height"], shown["width"]) == (finished["height"], 390)  # no layout jumps
        page.keyboard.press("ArrowRight")
    assert page.evaluate(SHOWN) == finished  # at the end, what the page arrived with
    assert [format_number(x) for x in both.adjoints()] == [finished["adjoints"][record] or "0" for record in records]
    page.close()


def test_buttons_and_arrow_keys(browser: Browser, tmp_path: Path, complaints: list[str]) -> None:
    page = opened(browser, page_of("x*y + sin(x)", {"x": 2.0, "y": 3.0}, tmp_path), complaints)
    slider = page.get_by_role("slider")
    last = int(slider.get_attribute("max"))
    assert last + 1 == 5 + 1 + 3
    assert slider.input_value() == str(last)
    for button, place in [("First", 0), ("Next", 1), ("Next", 2), ("Previous", 1), ("Last", last)]:
        page.get_by_role("button", name=button, exact=True).click()
        assert slider.input_value() == str(place)
    assert page.get_by_role("button", name="Next", exact=True).is_disabled()
    page.evaluate("document.activeElement.blur()")
    for key, place in [("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", last)]:
        page.keyboard.press(key)
        assert slider.input_value() == str(place)
    assert page.get_by_text("adds 1·3 = 3 to %0, 1·2 = 2 to %1").is_visible()
    page.get_by_role("button", name="Play", exact=True).press("Enter")
    assert slider.input_value() == "0"
    playwright.expect(slider).to_have_value("2")
    page.get_by_role("button", name="Pause", exact=True).press("Enter")
    assert slider.input_value() == "2"
    page.close()


def test_checks_and_second_derivatives(browser: Browser, tmp_path: Path, complaints: list[str]) -> None:
    page = opened(browser, page_of("x*x*y", {"x": 2.0, "y": 3.0}, tmp_path), complaints)
    rows = [row.split("\t") for row in page.locator("table.checks tbody tr").all_inner_texts()]
    assert [row[:4] for row in rows] == [["x", "2", "12", "12"], ["y", "3", "4", "4"]]
    assert all(float(row[4]) < 1e-8 for row in rows)
    hessian = page.locator("table.hessian")
    assert not hessian.is_visible()
    page.get_by_text("Second derivatives").press("Enter")
    assert hessian.is_visible()
    assert hessian.locator("tbody tr").all_inner_texts() == ["x\t6\t4", "y\t4\t0"]
    page.close()


def test_without_javascript_the_page_shows_the_finished_state(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(page_of("x*y + sin(x)", {"x": 2.0, "y": 3.0}, tmp_path))
    assert not page.locator(".player").is_visible()
    assert page.locator("td .adjoint").all_inner_texts() == ["2.58385", "2", "1", "1", "1"]
    assert page.locator(".node .adjoint").all_text_contents() == ["2.58385", "2", "1", "1", "1"]
    page.close()


def test_hostile_names_stay_text(browser: Browser, tmp_path: Path, complaints: list[str]) -> None:
    text = "x < 1 if False else x # </script><script>alert(1)</script><img src=x onerror=alert(2)>"
    text = text.replace("x < 1 if False else x", "x if x < 1 else 2*x")
    page = opened(browser, page_of(text, {"x": 2.0}, tmp_path), complaints)
    assert page.locator("h1").inner_text() == text
    assert page.locator("img").count() == 0
    assert page.get_by_role("slider").input_value() == page.get_by_role("slider").get_attribute("max")
    page.close()
