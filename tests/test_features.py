"""What a network for images holds and does, and the markup that shows it."""

import base64
import io
import re
from pathlib import Path

import attrs
import numpy as np
import pytest

from tapegrad import jobs, training
from tapegrad.cli import main
from tapegrad.datasets import RECOMMENDED, Dataset, Settings
from tapegrad.encoding import Target
from tapegrad.jobs import Job
from tapegrad.nn.layer import Params
from tapegrad.recording import Row, measured
from tapegrad.training import State
from tapegrad.view import images_parts as parts
from tapegrad.view.features import Verdicts, features, filters, verdicts
from tapegrad.view.images import beside, picture, signed
from tapegrad.view.images_page import images_page, progress
from tapegrad.view.steps import format_number

image_library = pytest.importorskip("PIL.Image")

HOSTILE = "<i>&\"'"
CLASSES = ("zero", HOSTILE, "two")


def made(side: int = 8, channels: int = 1, count: int = 30) -> Job:
    """A job of noise in three classes."""
    draw = np.random.default_rng(3)
    images = draw.uniform(size=(2 * count, channels, side, side))
    labels = np.arange(2 * count) % 3
    train, test = (Dataset("noise", images[part], labels[part], CLASSES) for part in (slice(count), slice(count, None)))
    settings = Settings(hidden=(12,), optimiser="adam", rate=0.01, batch_size=8, epochs=2)
    return Job("noise", {"data": "noise"}, settings, 1, Target("class", CLASSES), train, test)


@pytest.fixture(scope="module")
def job() -> Job:
    return made()


@pytest.fixture(scope="module")
def trained(job: Job) -> State[Params]:
    objective, examples = jobs.objective_of(job), jobs.examples_of(job.train)
    states = training.train(objective, examples, jobs.first_state(job), jobs.optimiser_of(job), batch_size=8, epochs=2)
    return list(states)[-1]


def pixels(markup: str, name: str = "") -> list[np.ndarray]:
    """The images in the markup, decoded; those of this name where there is one."""
    found = re.findall(rf'<img src="data:image/png;base64,([^"]+)" alt="({re.escape(name)}[^"]*)"', markup)
    return [np.asarray(image_library.open(io.BytesIO(base64.b64decode(data)))) for data, _ in found]


# ---- what the network does ----------------------------------------------------------------------


def test_the_layers_follow_each_other(job: Job, trained: State[Params]) -> None:
    image = job.scored.inputs[4]
    found = features(job, trained, image)
    assert [feature.name for feature in found] == [layer.name for layer in job.model.parts]
    maps = jobs.feature_maps(job, trained, image[None])
    assert np.array_equal(found[1].values, maps["the first convolution"])
    assert np.array_equal(found[4].values, maps["the second convolution"])
    assert np.array_equal(found[1].values, np.maximum(found[0].values, 0.0))
    assert np.array_equal(found[6].values, found[5].values.ravel())
    assert np.array_equal(found[9].values, found[8].values), "evaluated, dropout lets all through"
    assert np.array_equal(found[-1].values, jobs.outputs(job, trained, image[None])[0])


def test_the_filters_are_the_weights_of_the_convolutions(job: Job, trained: State[Params]) -> None:
    first, second = filters(job, trained)
    assert (first.place, first.weight.shape) == (0, (16, 1, 3, 3))
    assert (second.place, second.weight.shape) == (3, (32, 16, 3, 3))
    assert np.array_equal(first.weight, jobs.first_filters(trained))


def test_the_verdicts_are_those_that_are_measured(job: Job, trained: State[Params]) -> None:
    found = verdicts(job, trained)
    out = jobs.outputs(job, trained, job.scored.inputs)
    assert found.correct == measured(job, trained).score
    assert found.confusion.sum() == len(job.scored)
    assert np.array_equal(found.said, out.argmax(axis=1))
    assert np.array_equal(found.surety, jobs.probabilities(out)[np.arange(len(out)), found.said])


# ---- pixels -------------------------------------------------------------------------------------


def test_a_picture_is_black_at_0_and_white_at_1() -> None:
    assert picture(np.array([[[0.0, 0.5], [1.0, 2.0]]])).tolist() == [[0, 128], [255, 255]]
    assert picture(np.array([[[1.0]], [[0.0]], [[0.2]]])).tolist() == [[[255, 0, 51]]]


def test_signs_differ_by_colour_and_by_a_hole() -> None:
    drawn = signed(np.array([[2.0, -1.0, 0.0]]), 2.0)
    assert drawn.shape == (3, 9, 4)
    above, below, zero = drawn[:, :3], drawn[:, 3:6], drawn[:, 6:]
    assert (above[..., 3] == 255).all()
    assert below[1, 1, 3] == 0
    assert np.count_nonzero(below[..., 3] == 128) == 8
    assert not zero[..., 3].any()
    assert tuple(above[0, 0, :3]) != tuple(below[0, 0, :3])


@pytest.mark.parametrize("limit", [0.0, 1.0])
def test_nothing_but_zeros_is_the_ground(limit: float) -> None:
    assert not signed(np.zeros((2, 2)), limit)[..., 3].any()


def test_kernels_stand_a_cell_apart() -> None:
    row = beside([signed(np.ones((3, 3)), 1.0)] * 4)
    assert row.shape == (9, 4 * 9 + 3 * 3, 4)
    assert not row[:, 9:12, 3].any()


# ---- sections -----------------------------------------------------------------------------------


def test_one_image_with_the_probabilities(job: Job, trained: State[Params]) -> None:
    markup = parts.one_image(job, trained, 7)
    shares = jobs.probabilities(jobs.outputs(job, trained, job.scored.inputs[7:8]))[0]
    assert re.findall(r"<td>([\d.e-]+)</td>", markup) == [format_number(share) for share in shares.tolist()]
    assert np.array_equal(pixels(markup)[0], picture(job.scored.inputs[7]))
    assert HOSTILE not in markup
    assert "&lt;i&gt;" in markup


@pytest.mark.parametrize("own_scale", [False, True])
def test_the_maps_of_all_layers(job: Job, trained: State[Params], own_scale: bool) -> None:
    markup = parts.layer_maps(job, trained, 2, own_scale=own_scale)
    found = features(job, trained, job.scored.inputs[2])
    first = found[0].values
    drawn = pixels(markup, "map")
    assert len(drawn) == sum(len(feature.values) for feature in found if feature.values.ndim == 3)
    assert len(pixels(markup, "layer")) == sum(feature.values.ndim == 1 for feature in found)
    for one, expected in zip(drawn, first, strict=False):
        limit = np.abs(expected if own_scale else first).max()
        assert np.array_equal(one, signed(expected, limit))
    assert ("each map by its own" in markup) is own_scale
    assert f"from {format_number(first.min())} to {format_number(first.max())}" in markup


def test_the_filters_in_rows(job: Job, trained: State[Params]) -> None:
    first, second = filters(job, trained)
    drawn = pixels(parts.filter_rows(job, trained), "filter")
    assert len(drawn) == 16 + 32
    assert np.array_equal(drawn[3], signed(first.weight[3, 0], np.abs(first.weight).max()))
    limit = np.abs(second.weight).max()
    assert np.array_equal(drawn[16 + 5], beside([signed(kernel, limit) for kernel in second.weight[5]]))


def test_the_confusion_as_a_table(job: Job, trained: State[Params]) -> None:
    found = verdicts(job, trained)
    cells = re.findall(r'<td class="(\w+)" [^>]*>(\d+)</td>', parts.confusion(job, found))
    assert [int(count) for _, count in cells] == found.confusion.ravel().tolist()
    assert sum(int(count) for kind, count in cells if kind == "right") == found.correct
    assert all((kind == "none") == (count == "0") for kind, count in cells if kind != "right")


def test_a_class_without_examples_has_a_row(job: Job) -> None:
    table = np.array([[2, 0, 0], [0, 0, 0], [0, 1, 1]])
    found = Verdicts(np.zeros(4, np.intp), np.ones(4), table)
    assert "4 images: 3 correct, 1 wrong" in parts.confusion(job, found)


def test_the_surest_mistakes_come_first(job: Job) -> None:
    labels = np.asarray(job.scored.labels, np.intp)
    said = labels.copy()
    said[[3, 8, 9]] = (labels[[3, 8, 9]] + 1) % 3
    surety = np.full(len(labels), 0.5)
    surety[9] = 0.9
    markup = parts.misclassified(job, Verdicts(said, surety, np.eye(3, dtype=np.intp)))
    assert re.findall(r'alt="image (\d+)"', markup) == ["9", "3", "8"]
    assert f"3 of {len(labels)} images are given a wrong class.</p>" in markup
    assert "with probability 0.9" in markup


@pytest.mark.parametrize(("wrong", "shown"), [(0, 0), (24, 24), (25, 24)])
def test_some_dozen_mistakes_are_shown(wrong: int, shown: int, job: Job) -> None:
    labels = np.asarray(job.scored.labels, np.intp)
    said = np.where(np.arange(len(labels)) < wrong, (labels + 1) % 3, labels)
    markup = parts.misclassified(job, Verdicts(said, np.full(len(labels), 0.5), np.eye(3, dtype=np.intp)))
    assert len(pixels(markup)) == shown
    assert f"{wrong} of {len(labels)} images" in markup
    assert ("are shown" in markup) is (wrong > shown)


def test_samples_of_the_training_set(job: Job) -> None:
    drawn = pixels(parts.samples(job))
    assert len(drawn) == 24
    assert np.array_equal(drawn[5], picture(job.train.inputs[5]))


# ---- pages --------------------------------------------------------------------------------------


def test_the_numbers_of_an_epoch(job: Job) -> None:
    log = [Row(0, float("inf"), 1.25, 9), Row(1, 0.75, 1 / 3, 12)]
    assert re.findall("<dd>(.*?)</dd>", progress(job, log, log[0])) == ["0 of 2", "–", "1.25", "9 of 30"]
    assert re.findall("<dd>(.*?)</dd>", progress(job, log, log[1])) == ["1 of 2", "0.75", "0.333333", "12 of 30"]


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (28, 1), (32, 3)])
def test_a_page_is_of_one_piece_and_small(side: int, channels: int) -> None:
    job = made(side, channels)
    job = attrs.evolve(job, settings=RECOMMENDED["mnist"])
    state = jobs.first_state(job)
    row = measured(job, state)
    page = images_page(job, [], row, state)
    assert len(page.encode()) < 600_000
    assert HOSTILE not in page
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!data:)', page)


def test_train_leaves_the_page_of_the_last_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("tapegrad.results._pictures", lambda *_: {})
    for name in ("digits", "xor"):
        assert main(["train", name, "--epochs", "2", "--html", "--out", str(tmp_path / name)]) == 0
    assert not (tmp_path / "xor" / "images.html").exists()
    page = (tmp_path / "digits" / "images.html").read_text(encoding="utf-8")
    epoch, loss, test_loss, correct = (tmp_path / "digits" / "log.csv").read_text().splitlines()[-1].split(",")
    assert re.findall("<dd>(.*?)</dd>", page) == [
        f"{epoch} of 2", format_number(float(loss)), format_number(float(test_loss)), f"{correct} of 449",
    ]  # fmt: skip
    counts = [int(count) for count in re.findall(r'<td class="(?:right|wrong|none)" [^>]*>(\d+)</td>', page)]
    assert (sum(counts), sum(counts[::11])) == (449, int(correct))
