"""The images page of the playground: what is on it is what the library computes for the same epoch."""

from __future__ import annotations

import base64
import io
import re
import sys
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest

from browser.pages import Page, keep, settle
from tapegrad import jobs, training
from tapegrad.datasets import RECOMMENDED
from tapegrad.jobs import Job
from tapegrad.nn.layer import Params
from tapegrad.recording import measured
from tapegrad.training import State
from tapegrad.view.features import verdicts
from tapegrad.view.steps import format_number

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("sklearn")
image_library = pytest.importorskip("PIL.Image")

Visit = Callable[..., Page]
SEED = 4
PATIENCE = 20_000  # milliseconds for some epochs on a slow machine


@pytest.fixture(scope="module")
def job() -> Job:
    return jobs.from_bundled("digits", SEED, RECOMMENDED["digits"])


def states_of(job: Job, epochs: int) -> list[State[Params]]:
    """Those at the end of every epoch, from the first on, as `tapegrad train` has them."""
    first = jobs.first_state(job)
    states = training.train(
        jobs.objective_of(job), jobs.examples_of(job.train), first, jobs.optimiser_of(job),
        batch_size=job.settings.batch_size, epochs=epochs,
    )  # fmt: skip
    return [first, *states]


def numbers(job: Job, state: State[Params]) -> list[str]:
    row = measured(job, state)
    loss = format_number(row.loss) if state.epoch else "–"
    assert row.test_loss is not None
    return [f"{state.epoch} of 40", loss, format_number(row.test_loss), f"{row.score:.0f} of {len(job.scored)}"]


def shares(job: Job, state: State[Params], at: int) -> list[str]:
    out = jobs.outputs(job, state, job.scored.inputs[at : at + 1])
    return [format_number(share) for share in jobs.probabilities(out)[0].tolist()]


def run(page: Page, name: Literal["Start", "Pause", "Continue", "Start over"]) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def look_at(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).click()
    settle(page)


def slide(page: Page, name: str, *keys: str) -> None:
    page.get_by_role("slider", name=name).focus()
    for key in keys:
        page.keyboard.press(key)
        settle(page)


def pixels(page: Page, group: str) -> list[Any]:
    """The images in a group, as they lie in its addresses, and as the browser has read them."""
    images = page.get_by_role("group", name=group, exact=True).locator("img")
    sizes = images.evaluate_all("images => images.map(image => [image.naturalHeight, image.naturalWidth])")
    addresses = images.evaluate_all("images => images.map(image => image.src.split(',')[1])")
    decoded = [np.asarray(image_library.open(io.BytesIO(base64.b64decode(data)))) for data in addresses]
    assert [list(image.shape[:2]) for image in decoded] == sizes
    return decoded


def trained(page: Page) -> int:
    """Train for two epochs or some more, pause, and give the epoch reached."""
    run(page, "Start")
    numbers = page.locator("dd")
    playwright.expect(numbers.first).to_have_text(re.compile(r"^([2-9]|\d\d) of 40"), timeout=PATIENCE)
    run(page, "Pause")
    playwright.expect(page.get_by_role("button", name="Continue")).to_be_visible(timeout=PATIENCE)
    settle(page)
    return int(numbers.first.inner_text().split()[0])


def test_every_epoch_is_the_librarys(visit: Visit, job: Job) -> None:
    page = visit(f"images?seed={SEED}")
    said = page.locator("dd")
    playwright.expect(said).to_have_text(numbers(job, jobs.first_state(job)), timeout=PATIENCE)  # before the training
    last = trained(page)
    states = states_of(job, last)
    playwright.expect(said).to_have_text(numbers(job, states[last]))
    playwright.expect(page.locator(".bars td:nth-child(3)")).to_have_text(shares(job, states[last], 0))
    slide(page, "Epoch", "ArrowLeft")
    playwright.expect(said).to_have_text(numbers(job, states[last - 1]))
    playwright.expect(page.locator(".bars td:nth-child(3)")).to_have_text(shares(job, states[last - 1], 0))
    slide(page, "Epoch", "Home")
    playwright.expect(said).to_have_text(numbers(job, states[0]))
    slide(page, "Epoch", "End")  # to where the training has not come yet
    playwright.expect(said).to_have_text(numbers(job, states[last]))
    playwright.expect(page.get_by_role("slider", name="Epoch")).to_have_value(str(last))
    for other in ("Tape", "Images"):  # a visit to another page takes nothing away
        page.get_by_role("link", name=other, exact=True).click()
        settle(page)
    playwright.expect(said).to_have_text(numbers(job, states[last]))
    run(page, "Start over")
    playwright.expect(said).to_have_text(numbers(job, states[0]))
    playwright.expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()


def test_all_that_there_is_to_look_at(visit: Visit, job: Job) -> None:
    page = visit(f"images?seed={SEED}")
    last = trained(page)
    state = states_of(job, last)[-1]
    playwright.expect(page.locator("dd")).to_have_text(numbers(job, state))
    found = verdicts(job, state)
    maps = "maps of layer 0"
    of_first = pixels(page, maps)
    assert len(of_first) == 16
    assert all(image.std() > 0.0 for image in of_first)
    slide(page, "Test image", "ArrowRight", "ArrowRight", "ArrowRight")
    playwright.expect(page.locator(".bars td:nth-child(3)")).to_have_text(shares(job, state, 3))
    assert "image=3" in page.url
    of_fourth = pixels(page, maps)
    assert any(not np.array_equal(one, other) for one, other in zip(of_first, of_fourth, strict=True))
    page.get_by_text("Scale each map on its own").click()
    settle(page)
    own_scale = pixels(page, maps)
    assert all(image[..., 3].max() == 255 for image in own_scale)
    assert any(image[..., 3].max() < 255 for image in of_fourth)
    look_at(page, "Filters")
    for place, count in ((0, 16), (3, 32)):
        kernels = pixels(page, f"filters of layer {place}")
        assert len(kernels) == count
        assert all(image.std() > 0.0 for image in kernels)
    look_at(page, "Confusion")
    counts = [int(text) for text in page.locator(".confusion td").all_inner_texts()]
    assert counts == found.confusion.ravel().tolist()
    assert sum(counts) == len(job.scored)
    look_at(page, "Misclassified")
    wrong = np.flatnonzero(found.said != job.scored.labels)
    playwright.expect(page.get_by_text(f"{len(wrong)} of {len(job.scored)} images")).to_be_visible()
    captions = {f"said {found.said[at]}, true {job.scored.labels[at]}" for at in wrong}
    assert set(page.locator("figcaption", has_text="said").all_inner_texts()) <= captions
    look_at(page, "Samples")
    assert len(pixels(page, "samples")) == 24
    assert "view=Samples" in page.url


def test_an_address_holds_what_is_looked_at(visit: Visit, job: Job) -> None:
    page = visit(f"images?seed={SEED}&image=9&own=true")
    playwright.expect(page.locator(".bars td:nth-child(3)")).to_have_text(
        shares(job, jobs.first_state(job), 9), timeout=PATIENCE
    )
    playwright.expect(page.get_by_text("each map by its own")).to_be_visible()
    page = visit(f"images?seed={SEED}&view=Confusion")
    playwright.expect(page.locator(".confusion td")).to_have_count(100)


def test_every_view_fits(visit: Visit) -> None:
    page = visit("images", height=2400, dark=True)
    playwright.expect(page.locator(".tile").first).to_be_visible(timeout=PATIENCE)
    for view in ("One image", "Filters", "Confusion", "Misclassified", "Samples"):
        look_at(page, view)
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 2400})
            page.wait_for_timeout(100)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            keep(page, f"images-{view.split()[0].lower()}-{width}")


def test_without_scikit_learn_there_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    testing = pytest.importorskip("streamlit.testing.v1")

    def page() -> None:
        from tapegrad.app import images_page  # noqa: PLC0415  # the function is run as a file of its own

        images_page.show()

    for module in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "sklearn", None)  # which makes its import fail
    shown = testing.AppTest.from_function(page).run(timeout=60)
    assert not shown.exception
    complaint = str(shown.main[len(shown.main) - 1].proto)
    assert "digits comes with scikit-learn" in complaint
    assert "tapegrad[data]" in complaint
