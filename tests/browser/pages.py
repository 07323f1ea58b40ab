"""What the tests of pages share.

With ``TAPEGRAD_SCREENSHOTS=FOLDER`` they leave pictures of the pages there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeAlias

__all__ = ["CHROMIUM", "OPTIONS", "Browser", "Page", "keep", "listen", "settle", "slider"]

Browser: TypeAlias = Any  # playwright need not be installed where types are checked
Page: TypeAlias = Any

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SCREENSHOTS = os.environ.get("TAPEGRAD_SCREENSHOTS")
SETTLED = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def listen(page: Page, complaints: list[str]) -> None:
    """Have what the page writes to its console, or throws, added to the complaints."""
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))


def keep(page: Page, name: str) -> None:
    """Leave a picture of the whole page where pictures are asked for."""
    if not SCREENSHOTS:
        return
    size = page.viewport_size
    inside = page.evaluate("document.querySelector('[data-testid=stMain]')?.scrollHeight ?? 0")  # which scrolls itself
    page.set_viewport_size({**size, "height": max(size["height"], inside)})
    page.wait_for_timeout(300)
    page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)
    page.set_viewport_size(size)


def slider(page: Page, name: str) -> Page:
    """The slider of this name, to be moved by the keys."""
    return page.get_by_role("group", name=name, exact=True).locator("input")


def settle(page: Page) -> None:
    """Wait until the server has answered the last move, and the page shows it."""
    page.wait_for_timeout(250)  # the move is on its way: that of a slider waits 200 ms for the next
    page.wait_for_selector(SETTLED, state="attached")
    page.wait_for_timeout(100)  # what came last is drawn
