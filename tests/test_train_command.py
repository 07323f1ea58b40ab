import csv
import gzip
import json
import math
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import tapegrad
from tapegrad import jobs, training
from tapegrad.arrays import AnyArray
from tapegrad.cli import main
from tapegrad.datasets import NAMES, POINTS, RECOMMENDED
from tapegrad.training import Accuracy, State, steps

QUICK = ["--points", "12", "--hidden", "3", "--layers", "1", "--epochs", "4"]
PICTURES = {"loss", "boundary"}
IMAGE_PICTURES = {"loss", "confusion", "samples", "misclassified", "filters", "feature_maps"}
IDX_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of something else: drawing takes longer than the training."""
    monkeypatch.setattr("tapegrad.results._pictures", lambda *_: {})


def files(stems: set[str]) -> set[str]:
    return {f"{stem}.{form}" for stem in stems for form in ("png", "svg")} | {"log.csv", "parameters.npz"}


def facts_of(folder: str) -> dict[str, object]:
    with np.load(Path(folder, "parameters.npz"), allow_pickle=False) as file:
        header: dict[str, dict[str, object]] = json.loads(bytes(file["training.json"]))
    return header["settings"]


def assert_all_are_pictures(folder: str, stems: set[str]) -> None:
    from matplotlib.image import imread  # noqa: PLC0415  # not for the tests without pictures

    assert {path.name for path in Path(folder).iterdir()} == files(stems)
    for stem in stems:
        pixels = imread(Path(folder, f"{stem}.png"))
        assert min(pixels.shape[:2]) > 100
        assert np.ptp(pixels) > 0.5  # something is drawn
        root = ElementTree.parse(Path(folder, f"{stem}.svg")).getroot()  # noqa: S314  # our own
        assert root.tag == "{http://www.w3.org/2000/svg}svg"


def log_of(folder: str) -> list[list[str]]:
    with Path(folder, "log.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def table(rows: Sequence[str], name: str = "table.csv") -> None:
    Path(name).write_text("\n".join(rows) + "\n", encoding="utf-8")


def classes_table() -> None:
    """Three classes by two numbers and a text."""
    kinds = [("north", 0.0), ("east", 2.0), ("south", 4.0)]
    cells = [f"{x + 0.01 * i},{i % 5},{'ab'[i % 2]},{kind}" for i in range(8) for kind, x in kinds]
    table(["width,height,sort,kind", *cells])


def idx(array: AnyArray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def mnist_files(folder: str, *, packed: bool = False, train: int = 20, test: int = 8) -> None:
    """Images of 28 x 28 in which the place of a bright bar is the class."""
    Path(folder).mkdir()
    contents = []
    for count in (train, test):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.random.default_rng(count).integers(0, 60, (count, 28, 28), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[2 * label : 2 * label + 5] += 180
        contents += [idx(images), idx(labels)]
    for name, content in zip(IDX_FILES, contents, strict=True):
        path = Path(folder, f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content) if packed else content)


def numbers_table() -> None:
    table(["x,y", *(f"{i / 10},{3 * i / 10 + 1.25}" for i in range(30))])


# ---- known data sets ----------------------------------------------------------------------------


def test_a_run_leaves_its_results(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "xor", *QUICK, "--log-every", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["epoch", "2"], ["epoch", "4"]]
    assert lines[2].startswith("xor: ")
    assert lines[2].endswith("results in runs/xor")
    assert len(lines) == 3  # and no progress bar in a pipe
    assert_all_are_pictures("runs/xor", PICTURES)


def test_the_log_holds_every_epoch_and_the_last_line_its_numbers(
    no_pictures: None, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["train", "diag", *QUICK])
    log = log_of("runs/diag")
    assert log[0] == ["epoch", "loss", "correct"]
    assert [int(row[0]) for row in log[1:]] == [1, 2, 3, 4]
    printed = capsys.readouterr().out.splitlines()[-2].split()
    assert printed == ["epoch", "4", "loss", f"{float(log[4][1]):#.4g}", "correct", log[4][2], "of", "12"]


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_in_the_plane_trains_with_its_own_settings(no_pictures: None, name: str) -> None:
    assert main(["train", name, "--points", "12", "--epochs", "1"]) == 0
    assert len(log_of(f"runs/{name}")) == 2


def test_the_same_command_writes_the_same_bytes() -> None:
    for folder in ("first", "second"):
        main(["train", "circle", *QUICK, "--out", folder])
    for path in Path("first").iterdir():
        assert path.read_bytes() == Path("second", path.name).read_bytes(), path.name


def test_seeds_differ(no_pictures: None) -> None:
    for seed in ("1", "2"):
        main(["train", "xor", *QUICK, "--seed", seed, "--out", seed])
    assert log_of("1") != log_of("2")


@pytest.mark.parametrize("optimiser", jobs.OPTIMISERS)
def test_resuming_gives_the_same_bytes_as_never_having_stopped(no_pictures: None, optimiser: str) -> None:
    settings = ["--points", "12", "--hidden", "3", "--optimiser", optimiser, "--rate", "0.01"]
    main(["train", "xor", *settings, "--epochs", "5", "--out", "whole"])
    main(["train", "xor", *settings, "--epochs", "2", "--out", "parts"])
    assert main(["train", "xor", *settings, "--epochs", "5", "--out", "parts", "--resume"]) == 0
    for name in ("log.csv", "parameters.npz"):
        assert Path("whole", name).read_bytes() == Path("parts", name).read_bytes()


def interrupted_after(step: int) -> Callable[..., Iterator[State[object]]]:
    """The steps of a training, and ctrl-C within the one after `step`."""

    def until(*args: object, **keywords: object) -> Iterator[State[object]]:
        for state in steps(*args, **keywords):  # type: ignore[arg-type, var-annotated]  # passed on
            if state.step == step + 1:
                raise KeyboardInterrupt
            yield state

    return until


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (1, "stopped after epoch 0 and 1 of 3 batches; the state is kept in parts, continue with --resume"),
        (3, "stopped after epoch 1; the state is kept in parts"),
        (7, "stopped after epoch 2 and 1 of 3 batches; "),
        (11, "stopped after epoch 3 and 2 of 3 batches; "),
    ],
)
def test_an_interrupt_keeps_the_last_step(
    step: int, told: str, no_pictures: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Within an epoch too: what is continued from there is, to the byte, what never stopped."""
    command = ["train", "xor", *QUICK, "--batch", "5"]
    main([*command, "--out", "whole"])
    with monkeypatch.context() as patch:
        patch.setattr("tapegrad.train.steps", interrupted_after(step))
        assert main([*command, "--out", "parts"]) == 130
    assert told in capsys.readouterr().out
    assert len(log_of("parts")) == 1 + step // 3
    assert main([*command, "--out", "parts", "--resume"]) == 0
    for name in ("log.csv", "parameters.npz"):
        assert Path("whole", name).read_bytes() == Path("parts", name).read_bytes()


def test_an_interrupt_before_the_first_step_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tapegrad.train.steps", interrupted_after(0))
    assert main(["train", "xor", *QUICK, "--out", "made/for/this"]) == 130
    assert capsys.readouterr().out == "xor: stopped after epoch 0; there is nothing to keep\n"
    assert not Path("made").exists()


def test_a_log_that_is_longer_than_the_training_is_cut(no_pictures: None) -> None:
    """As an interrupt leaves it that falls between the log and the parameters."""
    main(["train", "xor", *QUICK, "--out", "whole"])
    main(["train", "xor", *QUICK, "--epochs", "2", "--out", "parts"])
    Path("parts/log.csv").write_bytes(Path("whole/log.csv").read_bytes().replace(b"\n4,", b"\n9,"))
    assert main(["train", "xor", *QUICK, "--out", "parts", "--resume"]) == 0
    assert Path("whole/log.csv").read_bytes() == Path("parts/log.csv").read_bytes()


def test_an_interrupt_of_the_drawing_keeps_what_was_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tapegrad.results._pictures", interrupted)
    assert main(["train", "xor", *QUICK]) == 130
    assert {path.name for path in Path("runs/xor").iterdir()} == files(set())
    assert len(log_of("runs/xor")) == 5


# ---- data sets of scikit-learn, and files of MNIST ----------------------------------------------


@pytest.mark.parametrize(
    ("name", "epochs", "columns"),
    [
        ("iris", 2, ["epoch", "loss", "test_loss", "test_correct"]),
        ("wine", 2, ["epoch", "loss", "test_loss", "test_correct"]),
        ("breast_cancer", 1, ["epoch", "loss", "test_loss", "test_correct"]),
        ("diabetes", 2, ["epoch", "loss", "test_loss", "test_rmse"]),
        ("digits", 1, ["epoch", "loss", "test_loss", "test_correct"]),
    ],
)
def test_bundled_data_sets(
    name: str, epochs: int, columns: list[str], no_pictures: None, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sklearn")
    assert main(["train", name, "--epochs", str(epochs)]) == 0
    header, *rows = log_of(f"runs/{name}")
    assert header == columns
    assert [row[0] for row in rows] == [str(epoch) for epoch in range(1, epochs + 1)]
    assert all(0.0 < float(row[1]) < 10.0 and 0.0 < float(row[2]) < 10.0 for row in rows)
    out, err = capsys.readouterr()
    *lines, last = out.splitlines()
    assert err == ""
    assert len(lines) == epochs
    assert f"test loss {float(rows[-1][2]):<#9.4g}" in lines[-1]
    score = f"RMSE {float(rows[-1][3]):.4g}" if name == "diabetes" else f"test {rows[-1][3]} of "
    assert score in last
    assert facts_of(f"runs/{name}")["data"] == name


def test_what_is_held_out_is_the_same_for_every_seed() -> None:
    pytest.importorskip("sklearn")
    first, second = (jobs.from_bundled("iris", seed, RECOMMENDED["iris"]) for seed in (0, 1))
    assert (first.train, first.test) == (second.train, second.test)
    assert jobs.first_state(first) != jobs.first_state(second)


@pytest.mark.parametrize("name", ["diabetes", "wine"])
def test_a_bundled_data_set_resumes(name: str, no_pictures: None) -> None:
    pytest.importorskip("sklearn")
    main(["train", name, "--epochs", "3", "--out", "whole"])
    main(["train", name, "--epochs", "1", "--out", "parts"])
    assert main(["train", name, "--epochs", "3", "--out", "parts", "--resume"]) == 0
    for file in ("log.csv", "parameters.npz"):
        assert Path("whole", file).read_bytes() == Path("parts", file).read_bytes()


def test_a_run_on_images_leaves_its_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    mnist_files("files")
    assert main(["train", "mnist", "--data", "files", "--epochs", "2", "--batch", "8", "--hidden", "8"]) == 0
    assert_all_are_pictures("runs/mnist", IMAGE_PICTURES)
    out, err = capsys.readouterr()
    assert " of 8 correct (" in out
    assert err == ""
    assert facts_of("runs/mnist") == {
        "data": "mnist", "hidden": [8], "optimiser": "adam", "rate": RECOMMENDED["mnist"].rate, "batch_size": 8,
        "seed": 0,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_images_resume_within_an_epoch(name: str, no_pictures: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """In single precision, with dropout; from packed files what was begun from others."""
    mnist_files("files")
    mnist_files("packed", packed=True)
    command = ["train", name, "--batch", "8", "--hidden", "8", "--epochs", "2"]
    assert main([*command, "--data", "files", "--out", "whole"]) == 0
    with monkeypatch.context() as patch:
        patch.setattr("tapegrad.train.steps", interrupted_after(4))
        assert main([*command, "--data", "files", "--out", "parts"]) == 130
    assert main([*command, "--data", "packed", "--out", "parts", "--resume"]) == 0
    for file in ("log.csv", "parameters.npz"):
        assert Path("whole", file).read_bytes() == Path("parts", file).read_bytes()


def test_pictures_of_a_network_that_gets_all_right_can_be_drawn() -> None:
    mnist_files("files", train=10, test=10)
    for name in IDX_FILES[:2]:
        Path("files", name.replace("train", "t10k")).write_bytes(Path("files", name).read_bytes())
    assert main(["train", "mnist", "--data", "files", "--epochs", "40", "--hidden", "64", "--batch", "5"]) == 0
    assert log_of("runs/mnist")[-1][3] == "10"
    assert_all_are_pictures("runs/mnist", IMAGE_PICTURES)


# ---- tables -------------------------------------------------------------------------------------


def test_a_table_of_classes(capsys: pytest.CaptureFixture[str]) -> None:
    classes_table()
    assert main(["train", "table.csv", "--target", "kind", "--epochs", "40", "--batch", "4"]) == 0
    assert "test 8 of 8 correct (100.0 %), training 16 of 16" in capsys.readouterr().out
    assert {path.name for path in Path("runs/table").iterdir()} == files({"loss", "confusion"})
    saved = json.loads(json.dumps(facts_of("runs/table")))
    assert saved["target"]["classes"] == ["east", "north", "south"]
    assert [feature["name"] for feature in saved["features"]] == ["width", "height", "sort"]
    assert saved["features"][0]["scale"] > 0.0


def test_a_table_of_two_numbers_has_a_boundary_too() -> None:
    classes_table()
    assert main(["train", "table.csv", "--target", "kind", "--drop", "sort", "--epochs", "2"]) == 0
    assert {path.name for path in Path("runs/table").iterdir()} == files({"loss", "confusion", "boundary"})


def test_a_table_of_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    numbers_table()
    assert main(["train", "table.csv", "--target", "y", "--epochs", "60"]) == 0
    summary = capsys.readouterr().out.splitlines()[-1]
    assert float(summary.split("R² ")[1].split(",")[0]) > 0.95
    assert {path.name for path in Path("runs/table").iterdir()} == files({"loss", "predicted"})
    assert log_of("runs/table")[0] == ["epoch", "loss", "test_loss", "test_rmse"]


def test_a_table_resumes(no_pictures: None) -> None:
    numbers_table()
    command = ["train", "table.csv", "--target", "y"]
    main([*command, "--epochs", "4", "--out", "whole"])
    main([*command, "--epochs", "2"])
    assert main([*command, "--epochs", "4", "--resume"]) == 0
    assert Path("runs/table/log.csv").read_bytes() == Path("whole/log.csv").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("iris", 93.0), ("breast_cancer", 94.0)])
def test_real_tables(name: str, least: float, no_pictures: None, capsys: pytest.CaptureFixture[str]) -> None:
    bundled = pytest.importorskip("sklearn.datasets")
    data = getattr(bundled, f"load_{name}")()
    cells = [
        ",".join([*map(repr, map(float, row)), str(data.target_names[label])])
        for row, label in zip(data.data, data.target, strict=True)
    ]
    table([",".join([*data.feature_names, "kind"]), *cells], f"{name}.csv")
    assert main(["train", f"{name}.csv", "--target", "kind"]) == 0
    summary = capsys.readouterr().out.splitlines()[-1]
    assert float(summary.split("(")[1].split(" %")[0]) >= least


# ---- how well it learns -------------------------------------------------------------------------


def share_right(job: jobs.Job) -> float:
    """Of the scored examples, after the training that the settings ask for."""
    *_, last = steps(
        jobs.objective_of(job), jobs.examples_of(job.train), jobs.first_state(job), jobs.optimiser_of(job),
        batch_size=job.settings.batch_size, epochs=job.settings.epochs,
    )  # fmt: skip
    found = jobs.score(job.target, jobs.outputs(job, last, job.scored.inputs), job.scored.labels)
    assert isinstance(found, Accuracy)
    return found.share


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_in_the_plane_is_learned(name: str) -> None:
    assert share_right(jobs.from_points(name, POINTS, 0, RECOMMENDED[name])) >= 0.96


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_digits_are_learned(seed: int) -> None:
    pytest.importorskip("sklearn")
    assert share_right(jobs.from_bundled("digits", seed, RECOMMENDED["digits"])) >= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_breast_cancer_is_learned(seed: int) -> None:
    pytest.importorskip("sklearn")
    assert share_right(jobs.from_bundled("breast_cancer", seed, RECOMMENDED["breast_cancer"])) >= 0.96


# ---- mistakes -----------------------------------------------------------------------------------


def assert_refused(arguments: Sequence[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, one line on the error stream and nothing else, and no file touched."""
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    assert main(["train", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert message in err
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["xro"], "no data set 'xro'; did you mean xor?"),
        (["Spirals"], "did you mean spiral?"),
        (["zzz"], "choose simple, diag, split, xor, circle, spiral"),
        (["xor", "--hidden", "0"], "--hidden: '0' is not a whole number from 1"),
        (["xor", "--hidden", "ten"], "--hidden: 'ten' is not a whole number"),
        (["xor", "--hidden", "1" + 5000 * "0"], "--hidden"),
        (["xor", "--layers", "0"], "--layers"),
        (["xor", "--rate", "nan"], "--rate: 'nan' is not a positive number"),
        (["xor", "--rate", "-1"], "--rate"),
        (["xor", "--rate", "inf"], "--rate"),
        (["xor", "--rate", "0"], "--rate"),
        (["xor", "--epochs", "0"], "--epochs"),
        (["xor", "--epochs", "-5"], "--epochs"),
        (["xor", "--points", "0"], "--points"),
        (["xor", "--batch", "0"], "--batch"),
        (["xor", "--seed", "-1"], "--seed"),
        (["xor", "--log-every", "0"], "--log-every"),
        (["xor", "--optimiser", "adm"], "invalid choice: 'adm' (choose from"),
        (["xor", "--data", "folder"], "--data is for mnist and fashion_mnist, and xor needs no files"),
        (["digits", "--data", "folder"], "--data is for mnist and fashion_mnist, and digits needs no files"),
        (["digits", "--points", "9"], "--points is for the data sets in the plane, and digits has its own examples"),
        (["mnist"], "where are the files of mnist? nothing is downloaded: name the folder that holds them with --data"),
        (["fashion_mnist"], "where are the files of fashion_mnist?"),
        (["mnist", "--data", "nowhere"], "there is no file train-images-idx3-ubyte.gz"),
        (["mnist", "--data", ""], "the empty text is no folder"),
        (["mnist", "--data", ".", "--target", "y"], "--target is for tables"),
        (["minst"], "did you mean mnist?"),
        (["Digits"], "did you mean digits?"),
        (["breast-cancer"], "did you mean breast_cancer?"),
        (["fashion-mnist"], "did you mean fashion_mnist?"),
        (["diabets"], "did you mean diabetes?"),
        (["xor", "--target", "y"], "--target is for tables"),
        (["xor", "--drop", "y"], "--drop is for tables"),
        (["xor", "--hiden", "3"], "unrecognized arguments: --hiden 3"),
        (["spiral", "--points", "7"], "even number of points"),
        ([], "the following arguments are required"),
        (["none.csv", "--target", "y"], "there is no file none.csv; check its name"),
        (["none", "--target", "y"], "there is no file none; check its name"),
        (["xor", "--patience", "0"], "'0' is not a whole number"),
        (["xor", "--out", ""], "the empty text is no folder"),
        (["xor", "--resume"], "runs/xor/parameters.npz"),
    ],
)
def test_settings_without_meaning(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(arguments, message, capsys)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "which column of table.csv is to be predicted? name it: --target, one of 'x', 'y'"),
        (["--target", "z"], "no column 'z'; the columns are 'x', 'y'"),
        (["--target", "y", "--drop", "y"], "no column 'y'"),
        (["--target", "y", "--drop", "x"], "nothing to predict it from"),
        (["--target", "y", "--points", "5"], "leave --points out"),
        (["--target", "y", "--task", "guess"], "invalid choice: 'guess'"),
    ],
)
def test_a_table_asked_for_what_it_has_not(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers_table()
    assert_refused(["table.csv", *options], message, capsys)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"x,y\n", "no rows"),
        (b"x,y\n1,2\n3\n", "line 3: 2 cells are needed"),
        (b"x,y\n1,2\n,3\n", "line 3: the cell of column 'x' is empty"),
        (b"x,x\n1,2\n", "two columns are named 'x'"),
        (b"x,y\n1,\xff\n", "line 2: not UTF-8"),
        (b"x,y\n1,a\n2,b\n", "2 rows are too few"),
        (b"x,y\n" + b"1,a\n" * 9, "'a' in every row"),
        (b"x,y\n" + b"1,a\n2,b\n" * 4 + b"?,a\n", "line 10, column 'x': '?' is not a number"),
    ],
)
def test_a_table_with_a_mistake_in_it(content: bytes, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("table.csv").write_bytes(content)
    assert_refused(["table.csv", "--target", "y"], message, capsys)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (IDX_FILES[0], None, "there is no file train-images-idx3-ubyte.gz; put it, as it was published, into"),
        (IDX_FILES[3], None, "there is no file t10k-labels-idx1-ubyte.gz; put it"),
        (IDX_FILES[0], b"", "train-images-idx3-ubyte' cannot be read: it is empty"),
        (IDX_FILES[1], b"<html>", "it is not an IDX file"),
        (IDX_FILES[2], idx(np.zeros((8, 28, 28), np.uint8))[:-1], "it is cut off"),
        (IDX_FILES[1], idx(np.zeros((20, 28, 28), np.uint8)), "put the right file there"),
        (IDX_FILES[1], idx(np.zeros(19, np.uint8)), "20 inputs and 19 labels"),
        (IDX_FILES[3], idx(np.full(8, 10, np.uint8)), "labels[0] is 10; the 10 classes count from 0"),
    ],
)
def test_files_of_images_with_a_mistake_in_them(
    name: str, content: bytes | None, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mnist_files("files")
    if content is None:
        Path("files", name).unlink()
    else:
        Path("files", name).write_bytes(content)
    assert_refused(["mnist", "--data", "files"], message, capsys)


def test_a_test_set_of_another_size_of_image_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    mnist_files("files")
    Path("files", IDX_FILES[2]).write_bytes(idx(np.zeros((8, 20, 20), np.uint8)))
    message = "the images to train on are of shape (1, 28, 28) and those to test with of shape (1, 20, 20)"
    assert_refused(["mnist", "--data", "files"], message, capsys)


def test_a_folder_that_is_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("kept", encoding="utf-8")
    assert_refused(["xor", "--out", "file"], "cannot write to the folder file: it is a file", capsys)
    assert_refused(["xor", "--out", "file/inside"], "cannot write to the folder file/inside", capsys)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that nobody may write to")
def test_a_folder_that_nobody_may_write_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(["xor", "--out", "/proc/here"], "cannot write to the folder /proc/here", capsys)


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("parameters.npz", "{", [], "parameters.npz: it is damaged, cut off, or not a training state"),
        ("parameters.npz", "", [], "parameters.npz: it is damaged"),
        ("parameters.npz", None, ["--hidden", "4"], "made with hidden [3], not [4]"),
        ("parameters.npz", None, ["--optimiser", "adam"], "made with optimiser 'sgd', not 'adam'"),
        ("parameters.npz", None, ["--points", "13"], "made with points 12, not 13"),
        ("parameters.npz", None, ["--batch", "4"], "made with batch_size 10, not 4"),
        ("parameters.npz", None, ["--seed", "4"], "made with seed 0, not 4"),
        ("parameters.npz", None, ["--rate", "0.25"], "made with rate 0.5, not 0.25"),
        ("parameters.npz", None, ["--epochs", "4"], "done already holds 4 epochs, and --epochs is 4; ask for more"),
        ("log.csv", "", [], "log.csv is not the log of epochs 1 to 4; start again without --resume"),
        ("log.csv", "epoch,loss,correct\n1,?,3\n", [], "log.csv is not the log of epochs 1 to 4"),
        ("log.csv", "epoch,loss,correct\n1,0.5,3\n", [], "log.csv is not the log of epochs 1 to 4"),
        ("log.csv", "epoch,loss,correct\n1,1,3\n2,1,3\n3,1,3\n4,1,nan\n", [], "log.csv is not the log"),
        ("log.csv", "epoch,loss,correct\n1,1,3\n2,1,3\n3,1,3\n4,1,inf\n", [], "log.csv is not the log"),
        ("log.csv", "epoch,loss,correct\n1,1,3\n2,1,3\n3,1,3\n4,1,1,3\n", [], "log.csv is not the log"),
        ("log.csv", "epoch,loss,correct\n1,1,3\n2,1,3\n3,1,3\n5,1,3\n", [], "log.csv is not the log"),
        ("log.csv", "epoch,loss,rmse\n1,1,3\n2,1,3\n3,1,3\n4,1,3\n", [], "log.csv is not the log"),
        ("log.csv", "epoch,loss,correct\n1,1,3\n2,1,3\n3,1,3\n4,\0,3\n", [], "log.csv is not the log"),
    ],
)
def test_nothing_to_resume_from(
    no_pictures: None,
    name: str,
    content: str | None,
    options: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", "xor", *QUICK, "--out", "done"]) == 0
    if content is not None:
        Path("done", name).write_text(content, encoding="utf-8")
    capsys.readouterr()
    assert_refused(["xor", *QUICK, "--epochs", "8", "--out", "done", "--resume", *options], message, capsys)


def test_a_refused_run_leaves_earlier_results(no_pictures: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "xor", *QUICK, "--out", "done"]) == 0
    Path("done/notes.txt").write_text("of mine", encoding="utf-8")
    capsys.readouterr()
    for arguments, message in (
        (["xro", "--out", "done"], "did you mean xor?"),
        (["mnist", "--data", "nowhere", "--out", "done"], "there is no file"),
        (["circle", *QUICK, "--epochs", "9", "--out", "done", "--resume"], "made with data 'xor', not 'circle'"),
        (["xor", *QUICK, "--rate", "1e-400", "--out", "done"], "is not a positive number"),
    ):
        assert_refused(arguments, message, capsys)


@pytest.mark.parametrize("resumed", [False, True])
def test_a_divergence_is_told_in_one_line_and_the_last_finite_state_is_kept(
    resumed: bool, no_pictures: None, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "xor", *QUICK, "--rate", "1e308", "--batch", "4", "--log-every", "9"]
    assert main(command) == 2
    if resumed:
        capsys.readouterr()
        assert main([*command, "--resume"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("tapegrad: the training left the range of numbers in epoch 1, at step ")
    assert "take a smaller learning rate" in err
    assert err.endswith("; the state before is kept in runs/xor\n")
    settings = tapegrad.datasets.Settings(hidden=(3,), rate=1e308, batch_size=4, epochs=4)
    job = jobs.from_points("xor", 12, 0, settings)
    facts = facts_of("runs/xor")
    state = training.load("runs/xor/parameters.npz", jobs.first_state(job), facts)
    assert f"at step {state.step + 1} " in err
    assert state.step > 0
    assert math.isfinite(state.loss)
    with np.errstate(over="ignore", invalid="ignore"):
        assert jobs.outputs(job, state, job.train.inputs).shape == (12, 2)


def test_what_overflows_in_the_test_is_no_warning(no_pictures: None, capsys: pytest.CaptureFixture[str]) -> None:
    """The state after the first epoch is finite, and what it gives is not."""
    command = ["train", "xor", *QUICK, "--hidden", "5000", "--rate", "1.7e308", "--batch", "12"]
    assert main([*command, "--log-every", "9"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert len(log_of("runs/xor")) == 2


def test_a_divergence_is_drawn_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the numbers: here errors of 1e102."""
    numbers_table()
    options = ["--target", "y", "--optimiser", "sgd", "--rate", "1e6", "--batch", "20", "--epochs", "200"]
    assert main(["train", "table.csv", *options, "--log-every", "999"]) == 2
    assert "the training left the range of numbers in epoch " in capsys.readouterr().err
    assert len(log_of("runs/table")) > 1
    assert_all_are_pictures("runs/table", {"loss", "predicted"})


def test_a_divergence_in_the_first_step_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    numbers_table()
    options = ["--target", "y", "--optimiser", "nesterov", "--rate", "1.7e308", "--batch", "1"]
    assert_refused(["table.csv", *options], "the training left the range of numbers in epoch 1, at step 1 ", capsys)


def test_pictures_need_matplotlib_and_say_so_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert_refused(["xor", *QUICK], 'pip install "tapegrad[plot]"', capsys)


# ---- the process --------------------------------------------------------------------------------


@pytest.fixture
def process_settings() -> dict[str, str]:
    """The environment in which a process finds this copy of the program."""
    return {**os.environ, "PYTHONPATH": str(Path(tapegrad.__file__).parents[1])}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
def test_ctrl_c(tmp_path: Path, process_settings: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tapegrad", "train", "xor", *QUICK, "--epochs", "1000000"]
    with subprocess.Popen(  # noqa: S603  # our own program
        [*command, "--log-every", "1"],
        cwd=tmp_path,
        env=process_settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # the first epoch has passed
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err == ""
    assert "stopped after epoch" in out
    assert_all_are_pictures("runs/xor", PICTURES)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="pipes are those of POSIX")
def test_a_reader_who_has_seen_enough_ends_the_training_and_it_is_kept(
    tmp_path: Path, process_settings: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "tapegrad", "train", "xor", *QUICK, "--epochs", "1000000", "--log-every", "1"]
    with subprocess.Popen(  # noqa: S603  # our own program
        command, cwd=tmp_path, env=process_settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=60) == 141
        assert process.stderr.read() == ""
    assert len(log_of("runs/xor")) > 1


@pytest.mark.slow
def test_a_terminal_without_our_letters(tmp_path: Path, process_settings: dict[str, str]) -> None:
    numbers_table()
    command = [sys.executable, "-m", "tapegrad", "train", "table.csv", "--target", "y", "--epochs", "1"]
    settings = {**process_settings, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=tmp_path, env=settings, capture_output=True, text=True, check=True)  # noqa: S603
    assert r"test R\xb2 " in done.stdout
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are text")
def test_a_table_whose_name_is_no_text(no_pictures: None, capsys: pytest.CaptureFixture[str]) -> None:
    numbers_table()
    name = os.fsdecode(b"caf\xe9.csv")
    Path("table.csv").rename(name)
    for options in (["--epochs", "1"], ["--epochs", "2", "--resume"]):
        assert main(["train", name, "--target", "y", *options]) == 0
    assert r"results in runs/caf\udce9" in capsys.readouterr().out
    assert Path(r"runs/caf\udce9").is_dir()  # a backslash, not half a letter


def test_patience_ends_a_training_that_no_longer_improves(capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--points", "10", "--hidden", "2", "--rate", "5", "--epochs", "300", "--out", "early"]
    assert main(["train", "xor", *settings, "--patience", "5"]) == 0
    out = capsys.readouterr().out
    rows = Path("early/log.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert len(rows) < 300
    assert f"xor: no better for 5 epochs at epoch {len(rows)}; " in out
    losses = [float(row.split(",")[1]) for row in rows]
    assert min(losses[:-5]) <= min(losses[-5:])


def test_a_long_training_is_kept_on_its_way(no_pictures: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a failing machine leaves is what the training had come to, and it continues with the same bits."""
    main(["train", "xor", *QUICK, "--out", "whole"])
    monkeypatch.setattr("tapegrad.train.KEPT_EVERY", -1.0)

    def failing(*args: object, **keywords: object) -> Iterator[State[object]]:
        for state in steps(*args, **keywords):  # type: ignore[arg-type, var-annotated]  # passed on
            if state.epoch == 3:
                raise SystemExit(1)  # which nobody waits for
            yield state

    with monkeypatch.context() as patch:
        patch.setattr("tapegrad.train.steps", failing)
        with pytest.raises(SystemExit):
            main(["train", "xor", *QUICK, "--out", "parts"])
    assert {path.name for path in Path("parts").iterdir()} == {"log.csv", "parameters.npz"}
    assert main(["train", "xor", *QUICK, "--out", "parts", "--resume"]) == 0
    for name in ("log.csv", "parameters.npz"):
        assert Path("whole", name).read_bytes() == Path("parts", name).read_bytes()
