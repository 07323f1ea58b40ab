"""The film of a training, and the page that shows it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from test_train_command import interrupted_after

from tapegrad import jobs, training
from tapegrad.cli import main
from tapegrad.datasets import Settings
from tapegrad.jobs import Job
from tapegrad.nn.layer import Params
from tapegrad.recording import GRID, Film, examined, measured, scene_of
from tapegrad.training import State
from tapegrad.view.curves import curves
from tapegrad.view.film import film_page

SMALL = Settings(hidden=(3,), optimiser="adam", rate=0.02, batch_size=10, epochs=1)


@pytest.fixture(autouse=True)
def _quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tapegrad.results._pictures", lambda *_: {})


def states_of(job: Job, epochs: int) -> Iterator[State[Params]]:
    state = jobs.first_state(job)
    yield state
    objective, examples = jobs.objective_of(job), jobs.examples_of(job.train)
    yield from training.train(objective, examples, state, jobs.optimiser_of(job), batch_size=10, epochs=epochs)


def filmed(job: Job, epochs: int) -> Film:
    film = Film()
    for state in states_of(job, epochs):
        film = film.after(job, measured(job, state), state)
    return film.ended(job)


def frames_of(path: str) -> list[dict[str, object]]:
    page = Path(path).read_text(encoding="utf-8")
    (block,) = re.findall(r'<script type="application/json" id="film">(.*?)</script>', page)
    frames: list[dict[str, object]] = json.loads(block)["frames"]
    return frames


# ---- frames -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("epochs", "stride"), [(0, 1), (1, 1), (58, 1), (59, 2), (117, 2), (118, 4), (235, 4), (300, 8)]
)
def test_frames_are_evenly_spread_with_the_first_and_the_last(
    epochs: int, stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tapegrad.recording._seen", lambda *_: None)
    found = [frame.row.epoch for frame in filmed(jobs.from_points("xor", 10, 0, SMALL), epochs).frames]
    assert len(found) <= 60
    assert found == sorted({*range(0, epochs + 1, stride), epochs})


def test_a_frame_holds_what_the_functions_of_the_state_give() -> None:
    job = jobs.from_points("circle", 30, 0, SMALL)
    *_, state = states_of(job, 3)
    frame = filmed(job, 3).frames[-1]
    assert frame.row == measured(job, state)
    slopes = training.gradient(job.model, jobs.loss_of(job.target), state.params, state.layer_state, examined(job))
    assert frame.layers == training.layer_norms(job.model, state.params, slopes)
    assert frame.activations == training.dead_units(job.model, state.params, state.layer_state, job.train.inputs)


def test_the_plane_of_a_frame_is_what_the_network_says() -> None:
    job = jobs.from_points("xor", 30, 0, SMALL)
    *_, state = states_of(job, 30)
    scene, seen = scene_of(job), filmed(job, 30).frames[-1].seen
    assert scene is not None
    assert seen is not None
    assert (scene.low, scene.high, scene.side) == ((0.0, 0.0), (1.0, 1.0), GRID)
    for row, column in ((0, 0), (0, GRID - 1), (10, 33)):  # a row is a height, a column is a place along it
        x, y = column / (GRID - 1), row / (GRID - 1)
        inputs = np.array([[axis.standardise(value) for axis, value in zip(job.axes or (), (x, y), strict=True)]])
        expected = 255.0 * jobs.probabilities(jobs.outputs(job, state, inputs))[0]
        assert np.abs(seen.certainty[row, column] - expected).max() <= 0.5 + 1e-9
    predicted = jobs.outputs(job, state, job.train.inputs).argmax(axis=1)
    assert list(seen.wrong) == np.flatnonzero(predicted != job.train.labels).tolist()
    assert len(seen.wrong) == 30 - measured(job, state).score


def test_many_points_and_examples_are_thinned_evenly() -> None:
    job = jobs.from_points("xor", 1501, 0, SMALL)
    scene = scene_of(job)
    assert scene is not None
    assert scene.labels.tolist() == np.asarray(job.train.labels)[::3].tolist()
    assert len(scene.points) == len(scene.labels)
    assert len(examined(job)[1]) == 376  # every fourth


def test_an_epoch_that_is_there_is_not_filmed_again() -> None:
    job = jobs.from_points("xor", 10, 0, SMALL)
    film = filmed(job, 2)
    *_, state = states_of(job, 2)
    assert film.after(job, measured(job, state), state) is film


# ---- the command --------------------------------------------------------------------------------


QUICK = ["--points", "20", "--hidden", "3", "--layers", "1", "--batch", "5"]


def test_without_the_option_there_is_no_page_and_with_it_all_else_is_the_same() -> None:
    for folder, options in {"without": [], "with": ["--html"], "again": ["--html"]}.items():
        assert main(["train", "xor", *QUICK, "--epochs", "4", "--out", folder, *options]) == 0
    assert {path.name for path in Path("without").iterdir()} == {"log.csv", "parameters.npz"}
    for path in Path("without").iterdir():
        assert path.read_bytes() == Path("with", path.name).read_bytes()
    page = Path("with", "training.html").read_bytes()
    assert page == Path("again", "training.html").read_bytes()
    assert b"5 frames, from epoch 0 to 4. Epoch 0 is the network before its training." in page


def test_a_resumed_run_says_where_its_film_begins() -> None:
    main(["train", "xor", *QUICK, "--epochs", "3"])
    assert main(["train", "xor", *QUICK, "--epochs", "6", "--resume", "--html"]) == 0
    page = Path("runs/xor/training.html").read_text(encoding="utf-8")
    assert "4 frames, from epoch 3 to 6. The run was resumed, and the film begins there" in page
    assert [frame["epoch"] for frame in frames_of("runs/xor/training.html")] == [3, 4, 5, 6]


@pytest.mark.parametrize(("step", "epochs"), [(1, [0]), (4, [0, 1]), (11, [0, 1, 2])])
def test_an_interrupt_leaves_the_film_of_what_was_trained(
    step: int, epochs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tapegrad.train.steps", interrupted_after(step))
    assert main(["train", "xor", *QUICK, "--epochs", "9", "--html"]) == 130
    assert [frame["epoch"] for frame in frames_of("runs/xor/training.html")] == epochs


def test_an_interrupt_while_a_frame_is_made_does_not_lose_the_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    after = Film.after
    calls = iter(range(10))

    def interrupted(film: Film, *args: object) -> Film:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return after(film, *args)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(Film, "after", interrupted)
    assert main(["train", "xor", *QUICK, "--epochs", "9", "--html"]) == 130
    assert [frame["epoch"] for frame in frames_of("runs/xor/training.html")] == [0, 1, 2]


def test_a_training_that_diverges_leaves_the_film_up_to_there(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text("x,y\n" + "".join(f"{i},{i}\n" for i in range(40)), encoding="utf-8")
    command = ["train", "t.csv", "--target", "y", "--optimiser", "sgd", "--rate", "2", "--epochs", "400", "--html"]
    assert main([*command, "--task", "regression", "--batch", "40"]) == 2
    assert "left the range of numbers" in capsys.readouterr().err
    frames = frames_of("runs/t/training.html")
    assert frames[0]["epoch"] == 0
    assert len(frames) > 3


# ---- the page -----------------------------------------------------------------------------------


def test_numbers_without_a_plane() -> None:
    Path("t.csv").write_text("x,z,y\n" + "".join(f"{i},{i % 7},{3 * i}\n" for i in range(40)), encoding="utf-8")
    assert main(["train", "t.csv", "--target", "y", "--epochs", "2", "--html"]) == 0
    numbers = frames_of("runs/t/training.html")[2]["numbers"]
    last = Path("runs/t/log.csv").read_text(encoding="utf-8").splitlines()[-1].split(",")
    assert numbers == dict(
        zip(("epoch", "loss", "test_loss", "score"), ["2", *(f"{float(cell):#.4g}" for cell in last[1:])], strict=True)
    )
    page = Path("runs/t/training.html").read_text(encoding="utf-8")
    assert '{"scene":null,' in page
    assert "<canvas" not in page


def test_nothing_that_a_file_says_is_read_as_markup() -> None:
    hostile = "</script><b onclick='x'>&quot;\"<!--"
    cells = [f'{i},{i % 5},"{hostile.replace(chr(34), chr(34) * 2)} {i % 2}"\n' for i in range(30)]
    Path("<u>&.csv").write_text('<i>x</i>,"<s>"" onload=""x",kind\n' + "".join(cells), encoding="utf-8")
    assert main(["train", "<u>&.csv", "--target", "kind", "--epochs", "1", "--html", "--out", "out"]) == 0
    page = Path("out/training.html").read_text(encoding="utf-8")
    assert page.count("</script>") == page.count("<script") == 2
    assert not re.search(r"<(b|i|s|u)[ >](?!style|d=)", page.replace("<i id=", ""))
    assert "<!--" not in page
    assert "&lt;i&gt;x&lt;/i&gt;" in page
    assert 'onload="' not in page
    assert "<title>&lt;u&gt;&amp;, seed 0: training</title>" in page


def test_a_page_with_many_classes_and_points_is_of_bounded_size() -> None:
    rows = [f"{i * 37 % 101},{i * 53 % 97},class {i % 50}\n" for i in range(2000)]
    Path("t.csv").write_text("x,y,kind\n" + "".join(rows), encoding="utf-8")
    command = ["train", "t.csv", "--target", "kind", "--batch", "2000", "--hidden", "3", "--html"]
    assert main([*command, "--epochs", "58"]) == 0
    assert len(frames_of("runs/t/training.html")) == 59
    assert Path("runs/t/training.html").stat().st_size < 1_500_000


def test_the_log_of_a_long_run_is_thinned_and_keeps_its_end() -> None:
    job = jobs.from_points("xor", 10, 0, SMALL)
    film = filmed(job, 1)
    row = film.frames[-1].row
    page = film_page(job, film, [row] * 100_000)
    assert len(page) < 100_000


# ---- curves -------------------------------------------------------------------------------------


def points(svg: str, name: str) -> list[tuple[float, float]]:
    (text,) = re.findall(rf'<polyline class="line {name}" points="([^"]*)"', svg)
    return [(float(x), float(y)) for x, y in (place.split(",") for place in text.split())]


def test_a_curve_spans_its_epochs_and_a_decade_is_as_high_as_the_next() -> None:
    (x0, y0), (x1, y1), (x2, y2) = points(
        curves("Loss", {"training": [(0, 1.0), (5, 0.1), (10, 0.01)]}, 0, 10), "training"
    )
    assert x1 - x0 == pytest.approx(x2 - x1)
    assert y1 - y0 == pytest.approx(y2 - y1, abs=0.11)


@pytest.mark.parametrize("line", [[], [(1, 0.0)], [(1, 3.0)], [(1, 1e300), (2, 1e-300)], [(1, 0.0), (2, 1e300)]])
def test_any_numbers_can_be_drawn(line: list[tuple[int, float]]) -> None:
    for percent in (False, True) if all(value <= 1.0 for _, value in line) else (False,):
        svg = curves("Loss", {"training": line}, 1, max(len(line), 1), percent=percent)
        assert "nan" not in svg
        assert len(points(svg, "training")) == len(line)
        assert all(-1.0 <= y <= 171.0 for _, y in points(svg, "training"))
