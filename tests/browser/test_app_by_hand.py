"""The by-hand page of the playground: every slider, every arrow, and the steps down the gradient."""

from __future__ import annotations

import pytest

from browser.conftest import Visit
from browser.pages import Page, settle, slider
from tapegrad.view.by_hand import Settings, Sight, look_at, moved, start
from tapegrad.view.by_hand_page import by_hand_page, by_hand_svg
from tapegrad.view.steps import format_number

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect


def button(page: Page, name: str) -> Page:
    return page.get_by_role("button", name=name, exact=True)


def expect_sight(page: Page, sight: Sight) -> None:
    """Everything on the page is what the library computes there."""
    right = f"{int(sight.right.sum())} of {len(sight.right)}"
    expect(page.locator(".terms dd")).to_have_text([format_number(sight.loss), right, format_number(sight.size)])
    texts = [f"∂loss = {format_number(derivative)}" for derivative in sight.gradient.values()]
    expect(page.locator(".arrow span")).to_have_text(texts)
    expect(page.locator(".by-hand-plane .ring")).to_have_count(int((~sight.right).sum()))
    expect(page.locator(".by-hand-plane .point")).to_have_count(len(sight.points))


def test_a_slider_moves_boundary_loss_and_arrows(visit: Visit) -> None:
    page, settings = visit("by-hand"), Settings()
    values = start(settings.hidden)
    expect_sight(page, look_at(settings, values))
    line = page.locator(".by-hand-plane .boundary").get_attribute("d")
    for name in values:
        slider(page, name).press("ArrowRight")
        values[name] = round(values[name] + 0.05, 2)
    expect_sight(page, look_at(settings, values))
    assert page.locator(".by-hand-plane .boundary").get_attribute("d") != line
    address = page.url
    assert "w1_0_1=-0.45" in address
    assert "b2=0.05" in address
    page.goto(address)
    expect_sight(page, look_at(settings, values))


def test_steps_back_and_reset(visit: Visit) -> None:
    page, settings = visit("by-hand"), Settings()
    begun = start(settings.hidden)
    expect(button(page, "Back")).to_be_disabled()
    slider(page, "Rate").press("ArrowRight")
    settle(page)
    walk = [look_at(settings, begun)]
    for _ in range(2):
        walk.append(look_at(settings, moved(walk[-1].values, walk[-1].gradient, 1.1)))
        button(page, "One step down the gradient").press("Enter")
        expect_sight(page, walk[-1])
    assert walk[2].loss < walk[1].loss < walk[0].loss
    expect(page.get_by_text("2 steps so far.")).to_be_visible()
    button(page, "Back").press("Enter")
    expect_sight(page, walk[1])
    button(page, "One step down the gradient").press("Enter")
    expect_sight(page, walk[2])
    button(page, "Reset").press("Enter")
    expect_sight(page, walk[0])
    expect(button(page, "Back")).to_be_disabled()


def test_the_other_points_and_networks(visit: Visit) -> None:
    page = visit("by-hand?hidden=3&activation=relu&data=circle&seed=4&count=40&w2_2=1.5")
    values = {**start(3), "w2[2]": 1.5}
    expect_sight(page, look_at(Settings("circle", 40, 4, 3, "relu"), values))
    slider(page, "Hidden units").press("ArrowLeft")
    expect_sight(page, look_at(Settings("circle", 40, 4, 2, "relu"), start(2)))
    slider(page, "How many").press("ArrowRight")
    expect_sight(page, look_at(Settings("circle", 42, 4, 2, "relu"), start(2)))
    button(page, "One step down the gradient").press("Enter")
    settle(page)
    slider(page, "Hidden units").press("ArrowRight")
    settle(page)
    button(page, "Back").press("Enter")  # to the values of two units; the third is as the address has it
    expect_sight(page, look_at(Settings("circle", 42, 4, 3, "relu"), values))


def test_downloads_hold_what_is_shown(visit: Visit) -> None:
    page = visit("by-hand?seed=3")
    sight = look_at(Settings(seed=3), start(2))
    for name, text in {"Download as a page": by_hand_page(sight), "Download the plane": by_hand_svg(sight)}.items():
        with page.expect_download() as download:
            button(page, name).click()
        assert download.value.path().read_text() == text


def test_the_plane_is_square_and_no_number_is_cut_off(visit: Visit) -> None:
    page = visit("by-hand?hidden=3&data=circle&w2_1=-7.65", 390)
    expect(page.locator(".arrow")).to_have_count(13)
    box = page.locator(".by-hand-plane").bounding_box()
    assert abs(box["width"] - box["height"]) < 0.02 * box["width"]
    overflowing = "(all) => all.filter((e) => e.scrollWidth > e.clientWidth + 1).length"
    assert page.locator(".arrow span").evaluate_all(overflowing) == 0
