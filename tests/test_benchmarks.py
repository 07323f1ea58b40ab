import gc
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import attrs
import numpy as np
import pytest
from rich.console import Console

import tapegrad
from benchmarks import measure, plot, report
from benchmarks.__main__ import Options, chosen, main, parsed, run
from benchmarks.chains import ArrayChain
from benchmarks.checks import agrees_with_differences, relative_error
from benchmarks.contestants import BASELINE, BY_HAND, INTERPRETED, PEERS, Contestant, load
from benchmarks.object_graph import Value, exp, log, relu, sin
from benchmarks.program import Answer, ArrayOperations, Differentiated, Floats, Program
from benchmarks.team import Worker, workers
from benchmarks.worker import Entry, hold, introduce, take_turn
from benchmarks.works import WORKS, ArrayTask, Task

ROOT = Path(__file__).parents[1]
NUMBERS = [name for name, work in WORKS.items() if not work.over_arrays]
ARRAYS = [name for name, work in WORKS.items() if work.over_arrays]


def numbers_task(name: str, most: int) -> Task:
    task = WORKS[name].task(most)
    assert isinstance(task, Task)
    return task


def arrays_task(name: str, most: int) -> ArrayTask:
    task = WORKS[name].task(most)
    assert isinstance(task, ArrayTask)
    return task


@pytest.mark.parametrize("most", [8, 96, 600])
@pytest.mark.parametrize("name", WORKS)
def test_the_gradient_by_hand_agrees_with_central_differences(name: str, most: int) -> None:
    assert agrees_with_differences(WORKS[name].task(most))


@attrs.frozen
class Off(ArrayChain):
    """A chain whose gradient by hand is wrong in one element of one array, by a thousandth."""

    def by_hand(self, *arrays: Floats) -> Answer:
        value, (gx, gy) = super().by_hand(*arrays)
        return value, [gx, gy * (1.0 + 1e-3 * (np.arange(10) == 3))]


def test_a_wrong_gradient_by_hand_disagrees_with_central_differences() -> None:
    task = arrays_task("A1", 31)
    assert not agrees_with_differences(attrs.evolve(task, program=Off(10)))


@pytest.mark.parametrize(
    ("name", "operations"),
    [("W1", 100_000), ("W2", 14_250), ("W5", 3), ("A1", 301), ("A2", 15), ("A3", 27), ("A4", 14)],
)
def test_the_full_works_have_the_stated_number_of_operations(name: str, operations: int) -> None:
    work = WORKS[name]
    assert work.sizes["full"].operations == work.task(operations).program.operations == operations


class Counted(float):
    """A float that counts what is done to it."""

    count = 0

    def _tally(self, other: float) -> "Counted":
        del other
        Counted.count += 1
        return self

    def __neg__(self) -> "Counted":
        return self._tally(self)

    __add__ = __radd__ = __sub__ = __mul__ = __rmul__ = __truediv__ = _tally


def counting(x: Counted, *_: object, **__: object) -> Counted:
    Counted.count += 1
    return x


@pytest.mark.parametrize("name", WORKS)
def test_the_stated_number_of_operations_is_what_the_program_performs(name: str) -> None:
    operations = ArrayOperations(*[counting] * 11)
    task = WORKS[name].task(600)
    Counted.count = 0
    task.program(operations, *[Counted(0.5)] * len(task.point))
    assert Counted.count == task.program.operations


@pytest.fixture(params=[BY_HAND, BASELINE, *PEERS])
def contestant(request: pytest.FixtureRequest) -> Contestant:
    try:
        return load(request.param)
    except ImportError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", NUMBERS)
def test_contestants_agree_with_the_gradient_by_hand(contestant: Contestant, name: str) -> None:
    task = numbers_task(name, 96)
    differentiated = contestant.differentiate(task.program)
    for _ in range(2):  # what is used again must not remember
        assert relative_error(differentiated(*task.point), task.program.by_hand(*task.point)) <= measure.TOLERANCE


@pytest.mark.parametrize("name", ARRAYS)
def test_contestants_that_know_arrays_agree_too(contestant: Contestant, name: str) -> None:
    way = contestant.over_arrays
    if way is None:
        pytest.skip(f"{contestant.name} knows numbers only")
    task = arrays_task(name, 96)
    differentiated, point = way.differentiate(task.program), [way.own(x) for x in task.point]
    for _ in range(2):
        assert relative_error(differentiated(*point), task.program.by_hand(*task.point)) <= measure.TOLERANCE


@pytest.mark.parametrize("name", ["A2", "A4"])
def test_a_step_of_its_own_is_that_of_the_gradient(contestant: Contestant, name: str) -> None:
    way = contestant.over_arrays
    if way is None or way.step is None:
        pytest.skip(f"{contestant.name} has no step of its own")
    task = arrays_task(name, 96)
    value, gradient = task.program.by_hand(*task.point)
    stepped = way.step(task.program, 0.5)(*[way.own(x) for x in task.point])
    expected = value, [w - 0.5 * g for w, g in zip(task.point, gradient, strict=False)]
    assert relative_error(stepped, expected) <= measure.TOLERANCE


def test_what_is_kept_has_a_record_for_each_operation(contestant: Contestant) -> None:
    if contestant.keep is None:
        pytest.skip(f"{contestant.name} keeps nothing that can be told from the rest")
    task = numbers_task("W1", 96)
    kept = contestant.keep(task.program, task.point)
    assert 96 <= kept.count() <= 96 + 3 * 24 + 3  # up to two constants and a negation an iteration, three inputs


@pytest.mark.parametrize(("name", "records"), [("tapegrad", 96 + 24 + 3), ("object_graph", 96 + 24 + 3)])
def test_constants_and_inputs_are_records_too(name: str, records: int) -> None:
    held = hold(Entry(name, "W1", 96))
    assert held is not None
    assert (held.operations, held.records) == (96, records)


def test_every_contestant_has_a_look_in_the_picture(contestant: Contestant) -> None:
    assert (plot.look(contestant.name).face == "white") == ("," in contestant.name)


def test_no_two_libraries_look_alike() -> None:
    colours, markers = zip(*plot.LIBRARIES.values(), strict=True)
    assert len(set(colours)) == len(set(markers)) == len(plot.LIBRARIES)


@pytest.mark.parametrize(("collecting", "expected"), [(True, True), (False, False)])
def test_a_turn_is_with_the_garbage_collector_or_without(collecting: bool, expected: bool) -> None:
    turn = take_turn(Entry("object_graph", "W1", 8_000), 1, collecting)
    assert (turn.collections > 0) == expected
    assert gc.isenabled()


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A contestant, not in a process of its own, whose every derivative is 1."""

    def differentiate(program: Program) -> Differentiated:
        return lambda *_: (1.0, [1.0] * program.count)

    module = SimpleNamespace(CONTESTANT=Contestant("wrong", "1", "as nobody should", differentiate))
    monkeypatch.setitem(sys.modules, "benchmarks.contestants.wrong", module)
    with ThreadPoolExecutor(1) as thread:
        yield Worker("wrong", introduce("wrong"), thread)
    gc.unfreeze()  # a worker keeps what it has when it is checked from the collector


def test_a_wrong_contestant_is_not_timed(wrong: Worker) -> None:
    with pytest.raises(measure.MismatchError, match=r"wrong: relative error .* 1e-09 is allowed"):
        measure.measure([wrong], "W5", 3, measure.Effort(1, 0.001))


def test_a_missing_library_is_left_out_with_its_reason() -> None:
    with workers(["nobody", "object_graph"]) as (team, skipped):
        assert [worker.introduction.name for worker in team] == ["object graph"]
    assert skipped == {"nobody": "No module named 'benchmarks.contestants.nobody'"}


def test_every_contestant_has_one_thread() -> None:
    with workers(["object_graph", INTERPRETED]) as (team, _):
        assert [worker.call(os.getenv, "OMP_NUM_THREADS") for worker in team] == ["1", "1"]


def test_the_interpreted_core_has_a_process_that_knows_of_it() -> None:
    before = dict(os.environ)
    with workers([INTERPRETED]) as (team, skipped):
        assert [worker.introduction.name for worker in team] == ["tapegrad, interpreted"]
        assert team[0].introduction.version == f"{tapegrad.__version__}, interpreted"
    assert skipped == {}
    assert dict(os.environ) == before


@pytest.mark.parametrize("compiled", [True, False])
def test_the_interpreted_core_takes_part_beside_a_compiled_one(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tapegrad, "compiled", compiled)
    names, skipped = chosen([INTERPRETED, "xad"])
    assert names == [BY_HAND, BASELINE, *[INTERPRETED] * compiled, "xad"]
    assert list(skipped) == [INTERPRETED] * (not compiled)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((2.0, [3.0, 4.0]), 0.0),
        ((2.0, [3.0, 4.4]), 0.1),
        ((3.0, [3.0, 4.0]), 0.5),
        ((2.0, [3.0]), math.inf),
        ((math.nan, [3.0, 4.0]), math.inf),
        ((2.0, [3.0, math.inf]), math.inf),
        ((2.0, [np.array([3.0, 4.0])]), math.inf),
    ],
)
def test_relative_error(answer: Answer, error: float) -> None:
    assert relative_error(answer, (2.0, [3.0, 4.0])) == pytest.approx(error)


@pytest.mark.parametrize(
    ("gradient", "error"),
    [
        ([np.array([3.0, 4.0]), np.array([[8.0]])], 0.0),
        ([np.array([3.0, 4.0]), np.array([[6.0]])], 0.25),
        ([np.array([3.0, 4.8]), np.array([[8.0]])], 0.1),
        ([np.array([3.0, 4.0]), np.array([8.0])], math.inf),
        ([np.array([3.0, math.nan]), np.array([[8.0]])], math.inf),
    ],
)
def test_relative_error_of_arrays(gradient: list[Floats], error: float) -> None:
    expected = 2.0, [np.array([3.0, 4.0]), np.array([[8.0]])]
    assert relative_error((2.0, gradient), expected) == pytest.approx(error)


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
    task = numbers_task("W1", 100_000)
    answer = load("object_graph").differentiate(task.program)(*task.point)
    assert relative_error(answer, task.program.by_hand(*task.point)) <= measure.TOLERANCE


def test_micrograd_leaves_the_recursion_limit_as_it_was() -> None:
    pytest.importorskip("micrograd")
    task = numbers_task("W1", 20_000)  # far more than the default limit allows
    before = sys.getrecursionlimit()
    answer = load("micrograd").differentiate(task.program)(*task.point)
    assert sys.getrecursionlimit() == before
    assert relative_error(answer, task.program.by_hand(*task.point)) <= measure.TOLERANCE


def test_a_tape_of_xad_does_not_grow_with_the_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    adjoint = pytest.importorskip("xad.adj_1st")
    tape = adjoint.Tape()
    contestant = load("xad")
    monkeypatch.setattr("benchmarks.contestants.xad.Tape", lambda: tape)
    task = numbers_task("W5", 3)
    differentiated = contestant.differentiate(task.program)
    differentiated(*task.point)
    before = tape.getMemory()
    for _ in range(10):
        differentiated(*task.point)
    assert tape.getMemory() == before


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> report.Result:
    options = Options("small", tuple(WORKS), (INTERPRETED, "object_graph"), tmp_path_factory.mktemp("out"))
    return run(options, Console(quiet=True))


OVER_ARRAYS = {"by hand", "tapegrad", *["tapegrad, interpreted"] * tapegrad.compiled}
NAMES = OVER_ARRAYS | {"object graph"}


def test_the_reports_state_every_contestant_with_its_ratio(result: report.Result) -> None:
    sections = report.markdown(result).split("\n## ")[1:]
    assert [section[:3] for section in sections] == ["W1:", "W2:", "W5:", "A1:", "A2:", "A3:", "A4:", "A5:"]
    for section in sections:
        (row,) = [line for line in section.split("\n###")[0].splitlines() if line.startswith("| tapegrad |")]
        assert row.endswith("| 1.00 |")
        assert ("Absent, since for numbers only: object graph." in section) == section.startswith("A")
    studies = json.loads(report.to_json(result))["studies"]
    for name, study in studies.items():
        assert {row["name"] for row in study["rows"]} == (NAMES if name in NUMBERS else OVER_ARRAYS)
        assert all(row["error"] <= measure.TOLERANCE for row in study["rows"])
    assert set(result.contestants) == NAMES
    assert "Python" in result.environment["python"]


def test_the_growth_has_a_column_for_each_size(result: report.Result) -> None:
    _, growth, _ = report.sheets("W1", result.studies["W1"])
    assert growth.headings == ("contestant", "24", "96", "400")
    assert {line[0] for line in growth.cells} == NAMES
    assert all(all(line) for line in growth.cells)


def test_the_memory_is_that_of_a_tape_and_of_a_graph(result: report.Result) -> None:
    held = {kept.name: kept for kept in result.studies["W1"].held}
    assert set(held) == NAMES - {"by hand"}
    tape, graph = held["tapegrad"], held["object graph"]
    assert tape.tracked_per_operation < 0.1
    assert graph.tracked_per_operation > 5.0  # nodes, their parents' tuples, closures and cells
    if tape.bytes_per_record is None or graph.bytes_per_record is None:
        pytest.skip("this system does not tell how much memory a process uses")
    assert tape.bytes_per_record < (60.0 if tapegrad.compiled else 160.0) < 300.0 < graph.bytes_per_record


def test_the_plot_has_panels_for_time_growth_and_memory(result: report.Result) -> None:
    figure = plot.draw(result)
    *times, growth, memory = figure.axes
    assert [axes.get_title(loc="left")[:2] for axes in times] == list(WORKS)
    for axes, name in zip(times, WORKS, strict=True):
        names = NAMES if name in NUMBERS else OVER_ARRAYS
        assert {label.get_text() for label in axes.get_yticklabels()} == names
    assert {line.get_label() for line in growth.get_lines()} == NAMES
    assert {label.get_text() for label in memory.get_yticklabels()} <= NAMES - {"by hand"}
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
        (["--work", "W9"], "argument --work: there is no 'W9'; choose from W1, W2, W5, A1"),
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
