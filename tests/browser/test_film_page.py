"""The page of a training in a browser: what a person sees at each frame is what the log says."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

import pytest

from browser.pages import Browser, Page, keep, listen
from tapegrad.cli import main

playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 100 epochs in the plane, and one on a table of one input with names that a page must escape."""
    folder = tmp_path_factory.mktemp("runs")
    main(["train", "xor", "--epochs", "100", "--html", "--out", str(folder / "xor")])
    hostile = "</script><img src=x onerror=alert(1)>"
    rows = [f"{i},{i % 5},{hostile if i > 14 else 'plain & <b>'}" for i in range(30)]
    path = folder / "table.csv"
    path.write_text("\n".join([f"<i>x</i>,y,{hostile}", *rows]), encoding="utf-8")
    command = ["train", str(path), "--target", hostile, "--epochs", "20", "--html"]
    main([*command, "--out", str(folder / "plane")])
    main([*command, "--drop", "y", "--out", str(folder / "line")])
    return folder


class Opened(Protocol):
    """Opens the page of a run."""

    def __call__(self, run: Path, width: int = ..., scheme: Literal["light", "dark"] = ...) -> Page: ...


@pytest.fixture
def opened(browser: Browser, complaints: list[str]) -> Iterator[Opened]:
    """Opens the page of a run; what it writes to its console, throws or asks for is a complaint."""
    pages = []

    def visit(run: Path, width: int = 1280, scheme: Literal["light", "dark"] = "light") -> Page:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        pages.append(page)
        address = (run / "training.html").as_uri()
        listen(page, complaints)
        page.on("request", lambda request: complaints.extend({request.url} - {address}))
        page.goto(address)
        return page

    yield visit
    for page in pages:
        page.close()


def logged(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "log.csv").open(encoding="utf-8", newline="") as file:
        return {row["epoch"]: row for row in csv.DictReader(file)}


def text(page: Page, name: str) -> str:
    return str(page.locator(f"#{name}").inner_text())


def test_every_frame_shows_the_numbers_of_the_log(runs: Path, opened: Opened) -> None:
    log = logged(runs / "xor")
    page = opened(runs / "xor")
    slider = page.get_by_label("Frame", exact=True)
    slider.focus()
    page.keyboard.press("Home")
    assert (text(page, "epoch"), text(page, "loss")) == ("0", "–")
    epochs = []
    for _ in range(50):
        page.keyboard.press("ArrowRight")
        row = log[text(page, "epoch")]
        epochs.append(int(row["epoch"]))
        assert text(page, "loss") == f"{float(row['loss']):#.4g}"
        assert text(page, "score") == f"{row['correct']} of 50"
        assert slider.get_attribute("aria-valuetext") == f"epoch {row['epoch']}"
        rings = page.locator("#rings .ring").evaluate_all(
            "rings => rings.filter(ring => ring.style.visibility === 'visible').length"
        )
        assert rings == 50 - int(row["correct"])
    assert epochs == list(range(2, 101, 2))


def test_buttons_and_arrow_keys_move_and_the_cursor_follows(runs: Path, opened: Opened) -> None:
    page = opened(runs / "xor")
    cursor = page.locator("svg.curves .cursor").first
    assert text(page, "epoch") == "100"
    end = cursor.get_attribute("x1")
    for button, epoch in {"First": "0", "Next": "2", "Last": "100", "Previous": "98"}.items():
        page.get_by_role("button", name=button, exact=True).click()
        assert text(page, "epoch") == epoch
    page.keyboard.press("ArrowLeft")
    assert text(page, "epoch") == "96"
    assert cursor.get_attribute("x1") != end


def test_play_runs_to_the_end_and_pauses(runs: Path, opened: Opened) -> None:
    page = opened(runs / "xor")
    button = page.locator("#play")
    button.click()  # from the last frame: starts over
    playwright.expect(button).to_have_text("Pause")
    playwright.expect(page.locator("#epoch")).not_to_have_text("0")
    button.click()
    playwright.expect(button).to_have_text("Play")
    stopped = text(page, "epoch")
    assert 0 < int(stopped) < 100
    page.wait_for_timeout(400)
    assert text(page, "epoch") == stopped
    page.locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press("Space")
    playwright.expect(page.locator("#epoch")).to_have_text("100", timeout=20_000)
    playwright.expect(button).to_have_text("Play")


def test_the_canvas_shows_the_classes_where_the_network_says_them(runs: Path, opened: Opened) -> None:
    """In the corners of xor: equal signs are one class, different ones the other; the colours are those of the page."""
    page = opened(runs / "xor")
    corners = page.locator("#certainty").evaluate(
        """canvas => {
            const {data} = canvas.getContext("2d").getImageData(0, 0, 480, 480);
            const places = [[40, 40], [440, 440], [40, 440], [440, 40]].map(([x, y]) => 4 * (480 * y + x));
            return places.map((place) => [...data.slice(place, place + 4)]);
        }"""
    )
    is_blue = [corner[2] > corner[0] for corner in corners]
    assert is_blue[0] == is_blue[1] != is_blue[2] == is_blue[3]
    assert all(corner[3] > 60 for corner in corners)  # the network is certain there


@pytest.mark.parametrize("name", ["plane", "line"])
def test_names_are_text_and_nothing_else(name: str, runs: Path, opened: Opened) -> None:
    page = opened(runs / name)
    assert page.locator("img").count() == 0
    assert page.locator("i:not(.track i), b").count() == 0
    page.keyboard.press("ArrowLeft")
    assert text(page, "epoch") == "19"
    row = logged(runs / name)["19"]
    assert text(page, "test_loss") == f"{float(row['test_loss']):#.4g}"
    assert text(page, "score") == f"{row['test_correct']} of 10"
    assert page.locator("#certainty").count() == (1 if name == "plane" else 0)


def test_without_javascript_the_last_frame_is_there(runs: Path, browser: Browser) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto((runs / "xor" / "training.html").as_uri())
    playwright.expect(page.locator("noscript p")).to_be_visible()
    playwright.expect(page.locator("#epoch")).to_have_text("100")
    playwright.expect(page.locator("#play")).to_be_hidden()
    playwright.expect(page.locator("#regions")).to_be_visible()
    keep(page, "plain")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["xor", "plane", "line"])
def test_nothing_is_wider_than_the_window_or_jumps(
    name: str, width: int, scheme: Literal["light", "dark"], runs: Path, opened: Opened
) -> None:
    page = opened(runs / name, width, scheme)
    sizes = []
    for button in ("First", "Next", "Last", "Previous"):
        page.get_by_role("button", name=button, exact=True).click()
        sizes.append(page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"))
    assert sizes[0][0] <= width
    assert len({tuple(size) for size in sizes}) == 1
    keep(page, f"{name}-{width}-{scheme}")
