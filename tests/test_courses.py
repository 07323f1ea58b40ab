"""Courses: trainings in slices, their states, and what the training page of the playground makes of them."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import attrs
import numpy as np
import pytest

from tapegrad import jobs, results, training
from tapegrad.app.training_plan import DATA, Plan, begin, checked, described, whole_numbers
from tapegrad.cli import main
from tapegrad.courses import Course, abreast, advanced, begun, film_of, frame_at, parameters, state_at
from tapegrad.datasets import RECOMMENDED, Settings
from tapegrad.errors import SettingError
from tapegrad.recording import examined, measured, scene_of
from tapegrad.view.film import film_page
from tapegrad.view.film_plane import TINT, shaded
from tapegrad.view.page import DARK, LIGHT
from tapegrad.view.training_panels import panels, picture

SMALL = Settings(hidden=(4, 3), optimiser="adam", rate=0.02, batch_size=5, epochs=6)
DIVERGING = attrs.evolve(SMALL, optimiser="sgd", rate=1e308)


def xor(settings: Settings = SMALL, seed: int = 0) -> Course:
    return begun(jobs.from_points("xor", 20, seed, settings))


def slices(course: Course, most_steps: int | None = None) -> Iterator[Course]:
    while not course.is_over:
        course = advanced(course, np.inf if most_steps else 0.0, most_steps)
        yield course


def finished(course: Course) -> Course:
    return advanced(course, np.inf)


# ---- the same as the command --------------------------------------------------------------------


@pytest.mark.parametrize("slice_of", [3, 1000])
@pytest.mark.parametrize(
    ("data", "options"),
    [
        ("xor", ["--points", "18", "--batch", "5", "--epochs", "64", "--hidden", "3"]),  # a film with a frame left out
        ("spiral", ["--points", "30", "--epochs", "5"]),
        ("wine", ["--epochs", "2"]),
    ],
)
def test_files_are_to_the_byte_those_of_the_command(
    data: str, options: list[str], slice_of: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if data == "wine":
        pytest.importorskip("sklearn")
    monkeypatch.setattr("tapegrad.results._pictures", lambda *_: {})
    assert main(["train", data, *options, "--seed", "7", "--html", "--out", str(tmp_path)]) == 0
    given = dict(zip(options[::2], map(int, options[1::2]), strict=True))
    settings = RECOMMENDED[data]
    hidden = (given.get("--hidden", settings.hidden[0]),) * len(settings.hidden)
    batch_size = given.get("--batch", settings.batch_size)
    settings = attrs.evolve(settings, hidden=hidden, batch_size=batch_size, epochs=given["--epochs"])
    (course,) = begin(Plan(data, given.get("--points", 1), settings, (7,)))
    *_, course = slices(course, slice_of)
    assert results.log_text(course.job, course.log) == (tmp_path / "log.csv").read_text()
    assert parameters(course, course.epoch) == (tmp_path / "parameters.npz").read_bytes()
    page = film_page(course.job, film_of(course), course.log)
    assert page.encode() == (tmp_path / "training.html").read_bytes()


def test_every_state_is_that_of_the_fold() -> None:
    course = finished(xor())
    job = course.job
    examples, optimiser = jobs.examples_of(job.train), jobs.optimiser_of(job)
    states = training.train(
        jobs.objective_of(job), examples, jobs.first_state(job), optimiser, batch_size=5, epochs=SMALL.epochs
    )
    for state in states:
        assert state_at(course, state.epoch) == state
        assert course.log[state.epoch - 1] == measured(job, state)
    assert state_at(course, 0) == jobs.first_state(job)


def test_the_parameters_of_an_epoch_are_loaded_again(tmp_path: Path) -> None:
    course = finished(xor())
    (tmp_path / "p.npz").write_bytes(parameters(course, 3))
    loaded = training.load(tmp_path / "p.npz", jobs.first_state(course.job), results.facts_of(course.job))
    assert loaded == state_at(course, 3)


# ---- slices -------------------------------------------------------------------------------------


def test_a_slice_is_one_step_at_least_and_a_course_stays_what_it_was() -> None:
    course = xor()
    many = [course, *slices(course)]
    assert [one.state.step for one in many] == list(range(6 * 4 + 1))
    assert [one.epoch for one in many] == [step // 4 for step in range(25)]
    assert [len(one.log) for one in many] == [step // 4 for step in range(25)]
    again = advanced(many[10], np.inf, 1)
    assert again.state == many[11].state
    assert advanced(many[-1], 1.0) is many[-1]


def test_courses_abreast_take_the_same_steps() -> None:
    courses = tuple(xor(seed=seed) for seed in range(3))
    while not all(course.is_over for course in courses):
        before = courses
        courses = abreast(courses, 0.003)
        assert len({course.state.step for course in courses}) == 1
        assert courses[0].state.step > before[0].state.step
    for seed, course in enumerate(courses):
        assert course.state == finished(xor(seed=seed)).state
    assert abreast(courses, 1.0) == courses


def test_states_are_thinned_where_they_take_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    course = xor(attrs.evolve(SMALL, epochs=50))
    one = sum(np.asarray(x).nbytes + 200 for x in training_leaves(course))
    monkeypatch.setattr("tapegrad.courses.MOST_BYTES", 8 * one)
    epochs = [[state.epoch for state in now.kept] for now in [course, *slices(course, 4)]]
    assert [len(kept) for kept in epochs] == [min(now + 1, len(epochs[now])) for now in range(51)]
    for now, kept in enumerate(epochs):
        assert (kept[0], kept[-1]) == (0, now)
        assert len(kept) <= 8
        gaps = [after - before for before, after in pairwise(kept)]
        assert len(set(gaps[:-1])) <= 1  # evenly spread, but for the last
    last = finished(course)
    assert last.stride == 8
    assert [state_at(last, epoch).epoch for epoch in (0, 7, 8, 49, 50)] == [0, 0, 8, 48, 50]
    assert [frame.row.epoch for frame in film_of(last).frames] == [0, 8, 16, 24, 32, 40, 48, 50]


def training_leaves(course: Course) -> list[object]:
    from tapegrad import tree  # noqa: PLC0415  # here alone

    state = course.state
    return tree.leaves((state.params, state.optimiser_state, state.layer_state))


def test_divergence_ends_a_course_and_keeps_the_state_before() -> None:
    course = finished(xor(DIVERGING))
    assert "left the range of numbers in epoch 1" in str(course.divergence)
    assert course.is_over
    assert course.state.step == len(course.log) * 4 + course.state.batch
    assert all(np.isfinite(leaf).all() for leaf in training_leaves(course) if isinstance(leaf, np.ndarray))
    assert "left the range of numbers" in panels([course], 6, LIGHT)
    both: tuple[Course, ...] = (xor(DIVERGING), xor())
    for _ in range(200):
        both = abreast(both, 0.01)
    assert both[0].divergence == course.divergence
    assert both[1].state == finished(xor()).state


# ---- plans --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("8", (8,)), ("8, 8", (8, 8)), (" 8 ;9,10, ", (8, 9, 10)), ("1,2,3,4,5,6", (1, 2, 3, 4, 5, 6))],
)
def test_whole_numbers_are_read(text: str, numbers: tuple[int, ...]) -> None:
    assert whole_numbers(text, "hidden units", 1, 128, 6) == numbers


@pytest.mark.parametrize("text", ["", "0", "129", "8 8", "8,,8", "-1", "1.5", "x" * 999, "9" * 5000, "²", "٣", "<b>"])
def test_what_is_no_whole_number_is_told(text: str) -> None:
    with pytest.raises(SettingError, match="is not a whole number from 1 to 128; write for example 1, 2") as raised:
        whole_numbers(text, "hidden units", 1, 128, 6)
    assert len(str(raised.value)) < 200


USUAL: dict[str, object] = {
    "data": "xor", "points": 50, "hidden": "8, 8", "optimiser": "sgd", "rate": 0.5, "batch": 10, "epochs": 5,
    "seeds": "0",
}  # fmt: skip


def plan_of(**changes: object) -> Plan:
    given = USUAL | changes
    settings = tuple(given[name] for name in ("hidden", "optimiser", "rate", "batch", "epochs"))
    return checked(given["data"], given["points"], settings, given["seeds"])  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": "mnist"}, "there is no data set 'mnist'"),
        ({"optimiser": "newton"}, "optimiser 'newton'"),
        ({"points": 2001}, "points: 2001 is not from 1 to 2000"),
        ({"batch": 0}, "batch size: 0 is not from 1 to 2000"),
        ({"epochs": 5001}, "epochs: 5001 is not from 1 to 5000"),
        ({"rate": float("nan")}, "rate: nan is not a positive number"),
        ({"rate": 0.0}, "rate: 0.0 is not a positive number"),
        ({"hidden": "8,8,8,8,8,8,8"}, "hidden units: 7 numbers are more than this page takes; give at most 6"),
        ({"hidden": "512"}, "hidden units: '512' is not a whole number from 1 to 128"),
        ({"seeds": ""}, "seeds: '' is not a whole number"),
        ({"seeds": "1,2,1"}, "seeds: 1, 2, 1 has one twice"),
        ({"seeds": "0,1,2,3,4"}, "seeds: 5 numbers are more than this page takes; give at most 4"),
    ],
)
def test_a_plan_that_a_server_cannot_bear_is_told(changes: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError, match=re.escape(message)):
        plan_of(**changes)


def test_a_plan_begins_a_course_for_each_seed() -> None:
    plan = plan_of(hidden="", seeds="3, 1")
    courses = begin(plan)
    assert [course.job.seed for course in courses] == [3, 1]
    assert all(course.job.settings == Settings((), "sgd", 0.5, 10, 5) for course in courses)
    assert described(plan) == "xor, 50 points, hidden none, sgd at 0.5, batches of 10, 5 epochs, seed 3, 1"


@pytest.mark.parametrize("data", DATA)
def test_every_data_set_can_be_trained_as_recommended(data: str) -> None:
    usual = RECOMMENDED[data]
    plan = Plan(data, 50, attrs.evolve(usual, epochs=1), (0,))
    assert plan == plan_of(
        data=data, hidden=", ".join(map(str, usual.hidden)), optimiser=usual.optimiser, rate=usual.rate,
        batch=usual.batch_size, epochs=1,
    )  # fmt: skip
    (course,) = begin(plan)
    course = finished(course)
    drawn = panels([course], 1, LIGHT)
    assert ("<image" in drawn) == (data not in {"digits", "iris", "wine", "breast_cancer", "diabetes"})
    assert "nan" not in drawn
    ElementTree.fromstring(picture(course, 1))  # noqa: S314  # our own


# ---- what is drawn ------------------------------------------------------------------------------


def ids(markup: str) -> dict[str, str]:
    return dict(re.findall(r' id="([^"]+)">([^<]*)<', markup))


def test_panels_show_the_numbers_of_each_course_at_the_epoch() -> None:
    courses = tuple(finished(xor(seed=seed)) for seed in (0, 1))
    for epoch in (0, 2, 6):
        shown = ids(panels(courses, epoch, DARK))
        for at, course in enumerate(courses):
            job, state = course.job, state_at(course, epoch)
            row, place = measured(job, state), f"course-{at}-"
            assert shown[f"{place}epoch"] == str(epoch)
            assert shown[f"{place}loss"] == (f"{row.loss:#.4g}" if epoch else "–")
            assert shown[f"{place}score"] == f"{row.score:.0f} of 20"
            loss = jobs.loss_of(job.target)
            slopes = training.gradient(job.model, loss, state.params, state.layer_state, examined(job))
            norms = training.layer_norms(job.model, state.params, slopes)
            for number, layer in enumerate(norms):
                assert shown[f"{place}gradient-{number}"] == f"{layer.gradient:#.4g}"
                assert shown[f"{place}norm-{number}"] == f"{layer.parameters:#.4g}"
            resting = training.dead_units(job.model, state.params, state.layer_state, job.train.inputs)
            assert [shown[f"{place}units-{number}"] for number in range(2)] == [
                f"{layer.dead} of {layer.units}" for layer in resting
            ]


def test_no_id_is_twice_and_a_ring_is_around_every_wrong_point() -> None:
    courses = tuple(finished(xor(seed=seed)) for seed in (0, 1))
    drawn = panels(courses, 1, LIGHT)
    found = re.findall(r' id="([^"]+)"', drawn)
    assert len(set(found)) == len(found) > 20
    wrong = sum(20 - measured(course.job, state_at(course, 1)).score for course in courses)
    assert drawn.count('class="ring" data-point') == wrong > 0


@pytest.mark.parametrize("ground", [LIGHT, DARK])
def test_the_image_is_what_the_network_says_the_top_row_first(ground: dict[str, str]) -> None:
    course = finished(begun(jobs.from_points("split", 50, 0, attrs.evolve(RECOMMENDED["split"], epochs=60))))
    frame, scene = frame_at(course, 60), scene_of(course.job)
    assert scene is not None
    assert frame.seen is not None
    pixels = shaded(frame.seen.certainty, ground)
    side, size = scene.side, len(pixels)
    for row, column in ((0, 0), (0, side - 1), (side - 1, 0), (side - 1, side - 1)):  # the corners of the grid
        chances = frame.seen.certainty[row, column] / 255.0
        winner = int(chances.argmax())
        pixel = pixels[(size - 1) * (1 - row // (side - 1)), (size - 1) * (column // (side - 1))]
        colour = ground[f"c{winner}"]
        assert [*pixel[:3]] == [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        assert pixel[3] == int(255.0 * TINT * (2.0 * chances[winner] - 1.0) + 1e-9)
    line = (pixels[:, :, 3] == 255).any(axis=1)  # where the likeliest class changes, which it does
    assert line.any()


def test_the_picture_is_one_file_that_needs_no_style_sheet() -> None:
    course = finished(xor())
    file = picture(course, 2)
    assert "var(" not in file
    assert "xor, seed 0" in file
    row = measured(course.job, state_at(course, 2))
    assert f"epoch 2, loss {row.loss:#.4g}, correct {row.score:.0f} of 20" in file
    root = ElementTree.fromstring(file)  # noqa: S314  # our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(root.findall("{http://www.w3.org/2000/svg}svg")) == 3
