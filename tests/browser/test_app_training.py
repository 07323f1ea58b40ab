"""The training page of the playground: what it shows and hands out at any epoch is what the library says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
import pytest

from browser.pages import Page, keep, settle
from tapegrad import jobs, results, training
from tapegrad.courses import Course, advanced, begun, film_of, frame_at, parameters, state_at
from tapegrad.datasets import RECOMMENDED
from tapegrad.view.film import film_page
from tapegrad.view.training_panels import picture

playwright = pytest.importorskip("playwright.sync_api")

Visit = Callable[..., Page]


def trained(seed: int, epochs: int, points: int = 50) -> Course:
    """What the page trains: the recommended way to learn xor, up to this epoch."""
    job = jobs.from_points("xor", points, seed, attrs.evolve(RECOMMENDED["xor"], epochs=epochs))
    return advanced(begun(job), np.inf)


AFTER = {"Pause": "Continue", "Stop": "Start anew"}


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    page.mouse.move(1, 1)  # a tip would cover what is below it
    if name in AFTER:
        playwright.expect(page.get_by_role("button", name=AFTER[name], exact=True).first).to_be_visible()
        settle(page)


def start(page: Page) -> None:
    """Start a short training, and wait for its end."""
    press(page, "Start")
    playwright.expect(page.get_by_role("button", name="Start anew")).to_be_visible(timeout=20_000)
    settle(page)


def fill(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).fill(text)
    page.keyboard.press("Enter")
    settle(page)


def shown(page: Page, name: str, course: int = 0) -> str:
    return str(page.locator(f"#course-{course}-{name}").inner_text())


def wait_for_epoch(page: Page, least: int) -> None:
    page.wait_for_function(
        """least => [...document.querySelectorAll("*")].some(
             (e) => e.shadowRoot && +(e.shadowRoot.querySelector("#course-0-epoch")?.textContent ?? 0) >= least)""",
        arg=least,
    )


def scrub(page: Page, key: str) -> None:
    """Press a key on the slider, which waits a little for more before it tells the server."""
    page.get_by_role("slider").focus()
    page.keyboard.press(key)
    page.wait_for_timeout(200)
    settle(page)


def check(page: Page, course: Course, epoch: int, at: int = 0) -> None:
    """Every number that is shown of the course, against the library."""
    frame = frame_at(course, epoch)
    playwright.expect(page.locator(f"#course-{at}-epoch")).to_have_text(str(epoch))
    assert shown(page, "loss", at) == (f"{frame.row.loss:#.4g}" if epoch else "–")
    assert shown(page, "score", at) == f"{frame.row.score:.0f} of {len(course.job.train)}"
    for number, layer in enumerate(frame.layers):
        assert shown(page, f"gradient-{number}", at) == f"{layer.gradient:#.4g}"
        assert shown(page, f"norm-{number}", at) == f"{layer.parameters:#.4g}"
    for number, units in enumerate(frame.activations):
        assert shown(page, f"units-{number}", at) == f"{units.dead} of {units.units}"


def test_start_pause_scrub_continue_and_stop(visit: Visit) -> None:
    page = visit("training?epochs_xor=4000")
    check(page, trained(0, 1), 0)  # the network before its training is there from the beginning
    assert page.get_by_role("button", name="Stop").is_disabled()
    assert page.get_by_role("slider").is_disabled()
    press(page, "Start")
    wait_for_epoch(page, 5)
    press(page, "Pause")
    held = int(shown(page, "epoch"))
    page.wait_for_timeout(600)
    assert int(shown(page, "epoch")) == held  # nothing goes on
    course = trained(0, held)
    check(page, course, held)
    scrub(page, "Home")
    check(page, course, 0)
    scrub(page, "ArrowRight")
    check(page, course, 1)
    scrub(page, "End")
    check(page, course, held)
    scrub(page, "ArrowLeft")
    press(page, "Continue")
    wait_for_epoch(page, held + 5)
    press(page, "Stop")
    stopped = int(shown(page, "epoch"))
    assert stopped > held
    check(page, trained(0, stopped), stopped)
    assert page.get_by_role("button", name="Stop").is_disabled()
    press(page, "Start anew")
    wait_for_epoch(page, 1)
    press(page, "Pause")
    assert int(shown(page, "epoch")) < stopped


def test_a_training_ends_by_itself_and_two_seeds_stand_side_by_side(visit: Visit) -> None:
    page = visit("training?seeds=0, 3&epochs_xor=12&points=30")
    start(page)
    courses = [trained(seed, 12, 30) for seed in (0, 3)]
    for at, course in enumerate(courses):
        check(page, course, 12, at)
    scrub(page, "Home")
    for _ in range(3):
        scrub(page, "ArrowRight")
    for at, course in enumerate(courses):
        check(page, course, 3, at)
    left, right = (page.get_by_role("heading", name=name).bounding_box() for name in ("Seed 0", "Seed 3"))
    assert left["y"] == right["y"]
    assert left["x"] + 300 < right["x"]


def test_files_are_those_of_the_library(visit: Visit, tmp_path: Path) -> None:
    page = visit("training?epochs_xor=8&points=30&seeds=2, 5")
    start(page)
    scrub(page, "ArrowLeft")
    course = trained(2, 8, 30)
    check(page, course, 7)

    def file(name: str) -> bytes:
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert download.value.suggested_filename == f"xor-seed-{course.job.seed}-{name}"
        path = tmp_path / name
        download.value.save_as(path)
        return path.read_bytes()

    assert file("log.csv").decode() == results.log_text(course.job, course.log)
    assert file("parameters.npz") == parameters(course, 7)
    template, facts = jobs.first_state(course.job), results.facts_of(course.job)
    assert training.load(tmp_path / "parameters.npz", template, facts) == state_at(course, 7)
    assert file("picture.svg").decode() == picture(course, 7)
    assert file("training.html").decode() == film_page(course.job, film_of(course), course.log)
    page.get_by_label("Files of seed", exact=True).click()
    page.get_by_role("option", name="5").click()
    settle(page)
    course = trained(5, 8, 30)
    assert file("log.csv").decode() == results.log_text(course.job, course.log)


def test_new_settings_wait_until_a_person_starts_anew(visit: Visit) -> None:
    page = visit("training?epochs_xor=4000")
    press(page, "Start")
    wait_for_epoch(page, 2)
    press(page, "Pause")
    held = shown(page, "epoch")
    fill(page, "Hidden units", "4, 3, 2")
    note = page.get_by_role("status").filter(has_text="Below is the training of xor, 50 points, hidden 10, 10")
    playwright.expect(note).to_be_visible()
    assert shown(page, "epoch") == held  # nothing is lost
    press(page, "Start anew")
    playwright.expect(note).to_have_count(0)
    press(page, "Stop")
    other = visit("training" + page.url.partition("/training")[2])
    playwright.expect(other.get_by_label("Hidden units", exact=True)).to_have_value("4, 3, 2")
    playwright.expect(other.get_by_label("Epochs", exact=True)).to_have_value("4000")


def test_a_data_set_brings_its_settings(visit: Visit) -> None:
    page = visit("training")
    page.get_by_label("Data set", exact=True).click()
    page.get_by_role("option", name="spiral").click()
    settle(page)
    for label, value in {"Hidden units": "20, 20", "Rate": "0.02", "Batch size": "10", "Epochs": "500"}.items():
        playwright.expect(page.get_by_label(label, exact=True)).to_have_value(value)
    again = visit("training" + page.url.partition("/training")[2])
    playwright.expect(again.get_by_label("Hidden units", exact=True)).to_have_value("20, 20")
    playwright.expect(again.get_by_label("Rate", exact=True)).to_have_value("0.02")


@pytest.mark.parametrize(
    ("label", "text", "message"),
    [
        ("Hidden units", "8, <b>x</b>", "hidden units: '<b>x</b>' is not a whole number from 1 to 128"),
        ("Seeds", "0, 0", "seeds: 0, 0 has one twice"),
    ],
)
def test_a_mistake_is_told_once(visit: Visit, label: str, text: str, message: str) -> None:
    page = visit("training")
    fill(page, label, text)
    playwright.expect(page.get_by_role("alert").filter(has_text=message)).to_have_count(1)
    assert page.get_by_role("button", name="Start").is_disabled()


def test_a_training_that_diverges_says_so(visit: Visit) -> None:
    pytest.importorskip("sklearn")
    page = visit("training?data=diabetes&optimiser_diabetes=sgd&rate_diabetes=1000")
    start(page)
    settings = attrs.evolve(RECOMMENDED["diabetes"], optimiser="sgd", rate=1000.0)
    course = advanced(begun(jobs.from_bundled("diabetes", 0, settings)), np.inf)
    assert course.divergence is not None
    playwright.expect(page.get_by_role("alert").filter(has_text=course.divergence)).to_be_visible()
    assert shown(page, "loss") == f"{course.log[-1].loss:#.4g}"
    keep(page, "training-diverged")
