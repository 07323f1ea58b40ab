"""Pictures of every page, on light and dark ground, wide and narrow: nothing overlaps, sticks out or stays blank.

They are kept with ``TAPEGRAD_SCREENSHOTS=FOLDER``, and those of the README by
``TAPEGRAD_SCREENSHOTS=examples/pictures python -m pytest tests/browser/test_looks.py -k readme``.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from urllib.parse import urlencode

import numpy as np
import pytest

from browser.pages import SCREENSHOTS, Page, settle

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

BODY = "s = x\nfor i in range(2):\n    s = (s + y/s)/2\nreturn s"
PAGES = {
    "tape": "?" + urlencode({"f": BODY, "at_x": 2, "at_y": 3, "step": 15}),
    "functions": "functions?" + urlencode({"operation": "arctan2"}),
    "training": "training?" + urlencode({"data": "circle", "epochs_circle": 40, "seeds": "0, 1"}),
    "by-hand": "by-hand?" + urlencode({"data": "circle", "hidden": 3, "w2_1": -7.65}),
    "arrays": "arrays?" + urlencode({"left": "2, 2, 1, 2, 2, 3", "right": "3", "right_memory": "sliced"}),
    "images": "images",
}
MOST_BLANK = 160  # pixels of height without anything

# Pairs of texts, or of controls, one over the other: by their boxes, of which a pixel or two may touch.
OVERLAPS = """() => {
  const boxes = [];
  const visit = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.currentNode; node; node = walker.nextNode()) {
      if (node.shadowRoot) visit(node.shadowRoot);
      if (node.nodeType !== Node.TEXT_NODE || !node.textContent.trim()) continue;
      const parent = node.parentElement;
      if (!parent || parent.closest("svg, style, script, title, .later")) continue;
      if (!parent.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        if (box.width > 3 && box.height > 3) boxes.push([box, node.textContent.trim().slice(0, 40)]);
      }
    }
  };
  visit(document.querySelector("[data-testid=stMain]"));
  const found = [];
  boxes.forEach(([a, first], i) => boxes.slice(i + 1).forEach(([b, second]) => {
    const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (width > 3 && height > 5) found.push([first, second]);
  }));
  return found;
}"""

GROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"

BLANK_PARTS = """() => {
  const parts = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
  return { all: parts.length, blank: parts.filter((part) => part.getBoundingClientRect().height < 4).length };
}"""


def picture(page: Page, name: str) -> bytes:
    """The whole page, which Streamlit scrolls inside the window."""
    size = page.viewport_size
    page.set_viewport_size(
        {**size, "height": page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")}
    )
    settle(page)
    kept = {"path": f"{SCREENSHOTS}/{name}.png"} if SCREENSHOTS else {}
    return bytes(page.screenshot(**kept))


def longest_blank(png: bytes) -> int:
    """The most rows in a row that are of one colour, between the first and the last that are not."""
    image = pytest.importorskip("PIL.Image")
    pixels = np.asarray(image.open(io.BytesIO(png)).convert("L"), np.int16)
    filled = np.flatnonzero(np.ptp(pixels, axis=1) > 8)
    return int(np.diff(filled).max())


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_overlaps_sticks_out_or_stays_blank(
    visit: Callable[..., Page], name: str, width: int, dark: bool
) -> None:
    page = visit(PAGES[name], width, dark=dark)
    if name == "training":
        train(page)
    settle(page)
    png = picture(page, f"{name}-{width}-{'dark' if dark else 'light'}")
    assert page.evaluate(OVERLAPS) == []
    parts = page.evaluate(BLANK_PARTS)
    assert parts["all"] > parts["blank"] == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert longest_blank(png) < MOST_BLANK
    assert page.evaluate(GROUND) == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")


def test_what_overlaps_is_found(visit: Callable[..., Page]) -> None:
    page = visit()
    page.locator("[data-testid=stCaptionContainer]").first.evaluate("e => e.style = 'position: relative; top: 40px'")
    assert page.evaluate(OVERLAPS) != []


def train(page: Page) -> None:
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("button", name="Start anew", exact=True)).to_be_visible(timeout=60_000)


@pytest.mark.skipif(not SCREENSHOTS, reason="TAPEGRAD_SCREENSHOTS names no folder")
@pytest.mark.parametrize("name", PAGES)
def test_readme_pictures(visit: Callable[..., Page], name: str) -> None:
    page = visit(name if name == "arrays" else PAGES[name], 1280, 960)
    if name == "training":
        train(page)
    if name == "images":
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.locator("body")).to_contain_text("3 of 40", timeout=60_000)
        page.get_by_role("button", name="Pause", exact=True).click()
    page.mouse.move(0, 0)  # off the button, whose help would be in the picture
    page.wait_for_timeout(500)
    settle(page)
    png = page.screenshot(path=f"{SCREENSHOTS}/playground-{name}.png")
    assert longest_blank(png) < MOST_BLANK
