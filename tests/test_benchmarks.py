import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import measure, plot, report
from benchmarks.__main__ import Options, installed, main, parsed, run
from benchmarks.contestants import BASELINE, PEERS, Contestant, load
from benchmarks.object_graph import Value, exp, log, relu, sin
from benchmarks.program import Answer, Differentiated, Operations, Program
from benchmarks.works import WORKS, agrees_with_differences, relative_error

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("most", [8, 96, 600])
@pytest.mark.parametrize("name", WORKS)
def test_the_gradient_by_hand_agrees_with_central_differences(name: str, most: int) -> None:
    assert agrees_with_differences(WORKS[name].task(most))


@pytest.mark.parametrize(("name", "operations"), [("W1", 100_000), ("W2", 14_250), ("W5", 3)])
def test_the_full_works_have_the_stated_number_of_operations(name: str, operations: int) -> None:
    work = WORKS[name]
    assert work.sizes["full"] == work.task(operations).program.operations == operations


class Counted(float):
    """A float that counts what is done to it."""

    count = 0

    def _tally(self, other: float) -> "Counted":
        del other
        Counted.count += 1
        return self

    __add__ = __radd__ = __sub__ = __mul__ = __rmul__ = __truediv__ = _tally


@pytest.mark.parametrize("name", WORKS)
def test_the_stated_number_of_operations_is_what_the_program_performs(name: str) -> None:
    def function(x: Counted) -> Counted:
        Counted.count += 1
        return x

    program = WORKS[name].task(600).program
    Counted.count = 0
    program(Operations(function, function, function, function), *[Counted(0.5)] * program.count)
    assert Counted.count == program.operations


@pytest.mark.parametrize("name", WORKS)
@pytest.mark.parametrize("contestant", [BASELINE, *PEERS])
def test_contestants_agree_with_the_gradient_by_hand(contestant: str, name: str) -> None:
    found, skipped = installed([contestant])
    if skipped:
        pytest.skip(skipped[contestant])
    task = WORKS[name].task(96)
    answer = found[-1].differentiate(task.program)(*task.point)
    assert relative_error(answer, task.by_hand(*task.point)) <= measure.TOLERANCE


def test_a_wrong_contestant_is_not_timed() -> None:
    def differentiate(program: Program) -> Differentiated:
        return lambda *_: (1.0, [1.0] * program.count)

    wrong = Contestant("wrong", "1", "as nobody should", differentiate)
    with pytest.raises(measure.MismatchError, match=r"wrong: relative error .* 1e-09 is allowed"):
        measure.enter(WORKS["W5"], 3, [wrong])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((2.0, [3.0, 4.0]), 0.0),
        ((2.0, [3.0, 4.4]), 0.1),
        ((3.0, [3.0, 4.0]), 0.5),
        ((2.0, [3.0]), math.inf),
        ((math.nan, [3.0, 4.0]), math.inf),
        ((2.0, [3.0, math.inf]), math.inf),
    ],
)
def test_relative_error(answer: Answer, error: float) -> None:
    assert relative_error(answer, (2.0, [3.0, 4.0])) == pytest.approx(error)


def test_the_object_graph_differentiates_each_operation() -> None:
    x, y = Value(2.0), Value(3.0)
    out = relu(sin(x) * y) + exp(x - y) / log(x) + 1.0 * x - 2.0 + (1.0 + y / 4.0)
    out.backward()
    e, l2 = math.exp(-1.0), math.log(2.0)
    assert out.data == pytest.approx(3.0 * math.sin(2.0) + e / l2 + 1.75)
    assert x.grad == pytest.approx(3.0 * math.cos(2.0) + e / l2 - e / (2.0 * l2**2) + 1.0)
    assert y.grad == pytest.approx(math.sin(2.0) - e / l2 + 0.25)


def test_the_object_graph_adds_up_what_reaches_a_number_twice() -> None:
    x = Value(3.0)
    out = x * x + x
    out.backward()
    assert (out.data, x.grad) == (12.0, 7.0)


def test_the_object_graph_does_not_recurse() -> None:
    task = WORKS["W1"].task(100_000)
    answer = load("object_graph").differentiate(task.program)(*task.point)
    assert relative_error(answer, task.by_hand(*task.point)) <= measure.TOLERANCE


def test_micrograd_leaves_the_recursion_limit_as_it_was() -> None:
    pytest.importorskip("micrograd")
    task = WORKS["W1"].task(20_000)  # far more than the default limit allows
    before = sys.getrecursionlimit()
    answer = load("micrograd").differentiate(task.program)(*task.point)
    assert sys.getrecursionlimit() == before
    assert relative_error(answer, task.by_hand(*task.point)) <= measure.TOLERANCE


def test_a_missing_library_is_left_out_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "benchmarks.contestants.xad", raising=False)
    monkeypatch.setitem(sys.modules, "xad.math", None)
    monkeypatch.setitem(sys.modules, "xad", None)
    found, skipped = installed(["xad", "object_graph"])
    assert [contestant.name for contestant in found] == ["tapegrad", "object graph"]
    assert "xad" in skipped["xad"]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> report.Result:
    options = Options("small", tuple(WORKS), ("object_graph",), tmp_path_factory.mktemp("out"))
    return run(options, Console(quiet=True))


def test_the_reports_state_every_contestant_with_its_ratio(result: report.Result) -> None:
    page = report.markdown(result)
    for name in WORKS:
        (row,) = [line for line in page.split(f"## {name}")[1].splitlines() if line.startswith("| tapegrad")][:1]
        assert row.endswith("| 1.00 |")
    figures = json.loads(report.to_json(result))
    assert {row["name"] for row in figures["rows"]["W5"]} == {"by hand", "tapegrad", "object graph"}
    assert all(row["error"] <= measure.TOLERANCE for rows in figures["rows"].values() for row in rows)
    assert "Python" in result.environment["python"]


def test_the_plot_has_a_panel_for_each_work_and_one_for_the_growth(result: report.Result) -> None:
    figure = plot.draw(result)
    assert [axes.get_title(loc="left")[:2] for axes in figure.axes] == ["W1", "W2", "W5", "W1"]
    assert len(figure.axes[-1].get_lines()) == 3
    assert plot.encoded(figure, "png").startswith(b"\x89PNG")
    assert b"<svg" in plot.encoded(figure, "svg")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.5, "2.50 s"), (0.0123, "12.3 ms"), (4.56e-6, "4.56 µs"), (1.5e-7, "150 ns"), (0.123, "123 ms")],
)
def test_durations_have_three_digits(seconds: float, text: str) -> None:
    assert report.duration(seconds) == text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--work", "W9"], "argument --work: there is no 'W9'; choose from W1, W2, W5"),
        (["--peers", "cobol"], "argument --peers: there is no 'cobol'"),
        (["--size", "huge"], "argument --size: invalid choice: 'huge'"),
    ],
)
def test_a_mistake_on_the_command_line_is_status_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parsed(words)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit) as caught:
        parsed(["--out", str(tmp_path / "file" / "inside")])
    assert caught.value.code == 2
    assert "argument --out: cannot make the folder" in capsys.readouterr().err


def test_a_wrong_answer_is_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measure, "TOLERANCE", -1.0)  # nothing is right enough
    assert main(["--size", "small", "--work", "W5", "--peers", "", "--out", str(tmp_path)]) == 1
    assert "python -m benchmarks: error: by hand: relative error" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_tables_and_leaves_files(tmp_path: Path) -> None:
    words = ["--size", "small", "--work", "W5", "--peers", "object_graph", "--out", str(tmp_path)]
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "tapegrad" in done.stdout
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "comparison.png", "comparison.svg", "results.json", "results.md",
    ]  # fmt: skip
