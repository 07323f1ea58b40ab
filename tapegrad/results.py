"""What a run leaves in its folder: the log, the parameters and the pictures; and reading them to go on."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import attrs

from tapegrad import jobs, states
from tapegrad.encoding import Numeric
from tapegrad.errors import OutputFolderError, ParameterFileError, SettingError
from tapegrad.files import write_whole
from tapegrad.jobs import Job
from tapegrad.nn.mlp import MLP
from tapegrad.training import State
from tapegrad.view import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Row", "read", "writable", "write"]

PARAMETERS: Final = "parameters.json"
LOG: Final = "log.csv"
FORMS: Final[tuple[Literal["png", "svg"], ...]] = ("png", "svg")


@attrs.frozen
class Row:
    """One epoch of the log."""

    epoch: int
    loss: float
    score: float  # how many examples are given their class; of numbers, the root mean square error


# ---- the folder ---------------------------------------------------------------------------------


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Make sure of a folder to write to, and take it away again if nothing was written.

    Raises OutputFolderError before anything else is done.
    """
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = "it is a file" if isinstance(error, FileExistsError) else getattr(error, "strerror", error)
        msg = f"cannot write to the folder {folder}: {reason}; choose another with --out"
        raise OutputFolderError(msg) from None
    try:
        yield
    finally:
        for place in made:
            with suppress(OSError):  # it holds results
                place.rmdir()


def write(job: Job, state: State[MLP], log: Sequence[Row], folder: Path) -> None:
    """Make all results, then write them. Raises OutputFolderError."""
    figures = _pictures(job, state, log)
    files = {f"{stem}.{form}": plots.render(figure, form) for stem, figure in figures.items() for form in FORMS}
    # The log first: an interrupt between the two leaves a log that is long enough for the parameters.
    write_whole(folder / LOG, _log_text(job, log))
    states.save(folder / PARAMETERS, state, _facts(job))
    for name, content in files.items():
        write_whole(folder / name, content)


# ---- the log and the parameters -----------------------------------------------------------------


def _log_text(job: Job, log: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("epoch", "loss", "correct" if job.target.classes else "rmse"))
    for row in log:
        writer.writerow((row.epoch, row.loss, int(row.score) if job.target.classes else row.score))
    return text.getvalue()


def read(job: Job, folder: Path) -> tuple[State[MLP], tuple[Row, ...]]:
    """The state and the log that an earlier run left. Raises ParameterFileError or SettingError."""
    state = states.load(folder / PARAMETERS, jobs.first_state(job), _facts(job))
    if state.epoch >= job.settings.epochs:
        more = f"ask for more: --epochs {2 * state.epoch}"
        msg = f"{folder} already holds {state.epoch} epochs, and --epochs is {job.settings.epochs}; {more}"
        raise SettingError(msg)
    path = folder / LOG
    try:
        with path.open(encoding="utf-8", newline="") as file:
            cells = list(csv.reader(file))
        log = tuple(Row(int(epoch), float(loss), float(result)) for epoch, loss, result in cells[1:])
        log = log[: state.epoch]
    except (OSError, ValueError, csv.Error):
        log = ()
    if [row.epoch for row in log] != list(range(1, state.epoch + 1)):
        msg = f"{path} is not the log of epochs 1 to {state.epoch}; start again without --resume"
        raise ParameterFileError(msg)
    return state, log


def _facts(job: Job) -> dict[str, object]:
    """What a state must belong to for the training to continue from it: all but the number of epochs."""
    settings = attrs.asdict(job.settings)
    del settings["epochs"]
    return {**job.facts, **settings, "seed": job.seed}


# ---- the pictures -------------------------------------------------------------------------------


def _pictures(job: Job, state: State[MLP], log: Sequence[Row]) -> dict[str, Figure]:
    """The figures of a run, by the names of their files."""
    heading = f"{job.name:.50}, seed {job.seed}"
    examples, target = job.scored, job.target
    guesses, result = jobs.examined(job, state.params, examples)
    title = f"{heading}\n{'' if job.test is None else 'test: '}{result}"
    shares = [row.score / len(job.train.labels) if target.classes else row.score for row in log]
    loss = plots.learning_curve(
        heading,
        [row.epoch for row in log],
        {"training": [row.loss for row in log]},
        {"training": shares},
        "accuracy" if target.classes else "RMSE",
    )
    if not target.classes:
        truths, predicted = target.decode(examples.labels), target.decode(guesses)
        return {
            "loss": loss,
            "predicted": plots.predicted_against_true(title, target.name, truths, predicted),
        }
    labels, classes = tuple(map(int, examples.labels)), tuple(map(int, guesses))
    figures = {"loss": loss}
    if job.test is not None:
        figures["confusion"] = plots.confusion_matrix(
            title, plots.confusion_table(labels, classes, len(target.classes)), target.classes
        )
    if job.axes is not None:
        figures["boundary"] = _boundary(title, state.params, job, job.axes, classes)
    return figures


def _boundary(title: str, params: MLP, job: Job, axes: tuple[Numeric, Numeric], predicted: tuple[int, ...]) -> Figure:
    """The plane of the two inputs, in the units of the person who gave them."""
    first, second = axes
    points = [(first.decode(x), second.decode(y)) for x, y in job.scored.points]

    def network(point: plots.Point) -> tuple[float, ...]:
        return jobs.probabilities(params, (first.standardise(point[0]), second.standardise(point[1])))

    plane = plots.sample(network, *plots.frame(points, job.square))
    labels = tuple(map(int, job.scored.labels))
    guesses = plots.Guesses(tuple(points), labels, predicted, job.target.classes)
    return plots.decision_boundary(title, plane, guesses, (first.name, second.name))
