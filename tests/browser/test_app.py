"""The playground as a whole: what every page of it keeps to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from browser.pages import Page

playwright = pytest.importorskip("playwright.sync_api")


def test_the_drawing_is_the_librarys(visit: Callable[..., Page]) -> None:
    page = visit("?f=x*x*y&at_x=2&at_y=3")
    playwright.expect(page.locator(".node.input .adjoint")).to_have_text(["12", "4"])
