import csv
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import tapegrad
from tapegrad.cli import main
from tapegrad.training import State, train

QUICK = ["--points", "12", "--hidden", "3", "--layers", "1", "--epochs", "4"]
PICTURES = {"loss", "boundary"}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of something else: drawing takes longer than the training."""
    monkeypatch.setattr("tapegrad.results._pictures", lambda *_: {})


def files(stems: set[str]) -> set[str]:
    return {f"{stem}.{form}" for stem in stems for form in ("png", "svg")} | {"log.csv", "parameters.json"}


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
    assert {path.name for path in Path("runs/xor").iterdir()} == files(PICTURES)


def test_the_log_holds_every_epoch_and_the_last_line_its_numbers(
    no_pictures: None, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["train", "diag", *QUICK])
    log = log_of("runs/diag")
    assert log[0] == ["epoch", "loss", "correct"]
    assert [int(row[0]) for row in log[1:]] == [1, 2, 3, 4]
    printed = capsys.readouterr().out.splitlines()[-2].split()
    assert printed == ["epoch", "4", "loss", f"{float(log[4][1]):#.4g}", "correct", log[4][2], "of", "12"]


@pytest.mark.parametrize("name", ["simple", "diag", "split", "xor", "circle", "spiral"])
def test_every_data_set_trains_with_its_own_settings(no_pictures: None, name: str) -> None:
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


@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "adam"])
def test_resuming_gives_the_same_bytes_as_never_having_stopped(no_pictures: None, optimiser: str) -> None:
    settings = ["--points", "12", "--hidden", "3", "--optimiser", optimiser, "--rate", "0.1"]
    main(["train", "xor", *settings, "--epochs", "5", "--out", "whole"])
    main(["train", "xor", *settings, "--epochs", "2", "--out", "parts"])
    assert main(["train", "xor", *settings, "--epochs", "5", "--out", "parts", "--resume"]) == 0
    for name in ("log.csv", "parameters.json"):
        assert Path("whole", name).read_bytes() == Path("parts", name).read_bytes()


def test_an_interrupt_keeps_the_last_state(
    no_pictures: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["train", "xor", *QUICK, "--out", "whole"])

    def interrupted(*args: object, **keywords: object) -> Iterator[State[object]]:
        for state in train(*args, **keywords):  # type: ignore[arg-type, var-annotated]  # passed on
            if state.epoch == 3:
                raise KeyboardInterrupt
            yield state

    with monkeypatch.context() as patch:
        patch.setattr("tapegrad.train.train", interrupted)
        assert main(["train", "xor", *QUICK, "--out", "parts"]) == 130
    assert "stopped after epoch 2" in capsys.readouterr().out
    assert main(["train", "xor", *QUICK, "--out", "parts", "--resume"]) == 0
    assert Path("whole/parameters.json").read_bytes() == Path("parts/parameters.json").read_bytes()


# ---- tables -------------------------------------------------------------------------------------


def test_a_table_of_classes(capsys: pytest.CaptureFixture[str]) -> None:
    classes_table()
    assert main(["train", "table.csv", "--target", "kind", "--epochs", "40", "--batch", "4"]) == 0
    assert "test 8 of 8 correct (100.0 %), training 16 of 16" in capsys.readouterr().out
    assert {path.name for path in Path("runs/table").iterdir()} == files({"loss", "confusion"})
    saved = json.loads(Path("runs/table/parameters.json").read_text(encoding="utf-8"))["settings"]
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
    assert log_of("runs/table")[0] == ["epoch", "loss", "rmse"]


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
        (["xor", "--optimiser", "rmsprop"], "invalid choice: 'rmsprop'"),
        (["xor", "--target", "y"], "--target is for tables"),
        (["xor", "--drop", "y"], "--drop is for tables"),
        (["xor", "--hiden", "3"], "unrecognized arguments: --hiden 3"),
        (["spiral", "--points", "7"], "even number of points"),
        ([], "the following arguments are required"),
        (["none.csv", "--target", "y"], "there is no file none.csv; check its name"),
        (["none", "--target", "y"], "there is no file none; check its name"),
        (["xor", "--patience", "0"], "'0' is not a whole number"),
        (["xor", "--out", ""], "the empty text is no folder"),
        (["xor", "--resume"], "runs/xor/parameters.json"),
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
        ("parameters.json", "{", [], "parameters.json"),
        ("parameters.json", "[]", [], "parameters.json"),
        ("parameters.json", None, ["--hidden", "4"], "parameters.json"),
        ("parameters.json", None, ["--seed", "4"], "seed"),
        ("parameters.json", None, ["--rate", "0.25"], "rate"),
        ("parameters.json", None, ["--epochs", "4"], "already holds 4 epochs"),
        ("log.csv", "epoch,loss,correct\n1,?,3\n", [], "log.csv is not the log of epochs 1 to 4"),
        ("log.csv", "epoch,loss,correct\n1,0.5,3\n", [], "log.csv is not the log of epochs 1 to 4"),
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


def test_a_failed_training_leaves_earlier_results(no_pictures: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "xor", *QUICK, "--out", "done"]) == 0
    capsys.readouterr()
    diverging = ["xor", *QUICK, "--rate", "1e308", "--log-every", "9"]
    assert_refused([*diverging, "--out", "done"], "smaller learning rate", capsys)
    assert_refused(diverging, "smaller learning rate", capsys)


def test_pictures_need_matplotlib_and_say_so_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert_refused(["xor", *QUICK], 'pip install "tapegrad[plot]"', capsys)


# ---- the process --------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
def test_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tapegrad", "train", "xor", *QUICK, "--epochs", "1000000"]
    with subprocess.Popen(  # noqa: S603  # our own program
        [*command, "--log-every", "1"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(tapegrad.__file__).parents[1])},
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
    assert {path.name for path in Path("runs/xor").iterdir()} == files(PICTURES)


def test_patience_ends_a_training_that_no_longer_improves(capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--points", "10", "--hidden", "2", "--rate", "5", "--epochs", "300", "--out", "early"]
    assert main(["train", "xor", *settings, "--patience", "5"]) == 0
    out = capsys.readouterr().out
    rows = Path("early/log.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert len(rows) < 300
    assert f"xor: no better for 5 epochs at epoch {len(rows)}; " in out
    losses = [float(row.split(",")[1]) for row in rows]
    assert min(losses[:-5]) <= min(losses[-5:])
