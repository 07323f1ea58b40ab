"""The playground as a whole: what every page of it keeps to."""

from __future__ import annotations

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from browser.conftest import Server
from browser.pages import Page, settle

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect


def test_every_page_is_a_click_away_and_has_a_help_for_each_control(visit: Callable[..., Page]) -> None:
    page = visit()
    titles = page.get_by_role("navigation").get_by_role("link").all_inner_texts()
    assert titles == ["Tape", "Functions", "Training", "By hand", "Arrays", "Images"]
    for title in titles:
        page.get_by_role("navigation").get_by_role("link", name=title, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        settle(page)
        assert page.get_by_role("alert").count() == 0
        controls = page.locator('[data-testid="stWidgetLabel"]:visible')
        for control in controls.all():
            assert control.locator('[data-testid="stTooltipIcon"]').count() == 1, control.inner_text()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_navigation_shows_where_the_keyboard_is(visit: Callable[..., Page], width: int) -> None:
    page = visit("arrays", width=width)
    if width == 390:
        page.get_by_test_id("stExpandSidebarButton").click()
    link = page.get_by_role("link", name="Functions", exact=True)
    expect(link).not_to_have_css("outline-style", "solid")
    page.get_by_role("link", name="Tape", exact=True).focus()
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(link).to_have_css("outline-style", "solid")


def test_the_first_page_is_found_by_its_name_too(visit: Callable[..., Page]) -> None:
    page = visit("tape?f=x*x&at_x=1.5")
    expect(page.locator("tbody td .value").last).to_have_text("2.25")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert urlsplit(page.url).path == "/"


def test_two_visitors_do_not_see_each_other(visit: Callable[..., Page]) -> None:
    one, two = visit("?f=x*x&at_x=1.5"), visit("?f=exp(y)")
    expect(one.locator("tbody td .value").last).to_have_text("2.25")
    two.get_by_role("textbox").fill("y + 1")
    two.keyboard.press("Control+Enter")
    expect(two.locator("tbody td .value").last).to_have_text("3")
    one.reload()
    expect(one.locator("tbody td .value").last).to_have_text("2.25")
    expect(one.get_by_role("textbox")).to_have_value("x*x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os').system('true')", "is an attribute"),
        ("x.__class__", "x.__class__"),
        ("for i in range(9**9**9): a = x\na", "range takes whole numbers"),
        ("(" * 900 + "x" + ")" * 900, "too many nested parentheses"),
        ("s = 0\nfor i in range(1000000000):\n s += x\ns", "1000000000 turns"),
        ("while True: x", "may never end"),
        ("</p><img src=x onerror=alert(1)>", "not well formed"),
    ],
)
def test_what_is_hostile_gets_a_message_and_the_page_stays(visit: Callable[..., Page], text: str, message: str) -> None:
    page = visit()
    page.get_by_role("textbox").fill(text)
    page.keyboard.press("Control+Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(message)
    assert alert.locator("*").count() == 0
    page.get_by_role("textbox").fill("x*x")
    page.keyboard.press("Control+Enter")
    expect(page.locator("tbody td .value").last).to_have_text("4")


def test_it_is_served_to_this_machine_alone(server: Server) -> None:
    port = urlsplit(server.address).port
    addresses = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)}
    for address in addresses - {"127.0.0.1", "127.0.1.1"}:
        with socket.socket() as attempt:
            attempt.settimeout(1.0)
            assert attempt.connect_ex((address, port)) != 0
