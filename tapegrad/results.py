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

from tapegrad import jobs, training
from tapegrad.arrays import AnyArray
from tapegrad.encoding import Numeric
from tapegrad.errors import OutputFolderError, ParameterFileError, SettingError
from tapegrad.files import write_whole
from tapegrad.jobs import Job
from tapegrad.nn.layer import Params
from tapegrad.recording import Film, Row
from tapegrad.training import State
from tapegrad.view import plots
from tapegrad.view.film import film_page
from tapegrad.view.images_page import images_page

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["facts_of", "keep", "log_text", "read", "writable", "write", "write_film"]

PARAMETERS: Final = "parameters.npz"
LOG: Final = "log.csv"
FILM: Final = "training.html"
IMAGES: Final = "images.html"
FORMS: Final[tuple[Literal["png", "svg"], ...]] = ("png", "svg")
SHOWN_IMAGES: Final = 24


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


def keep(job: Job, state: State[Params], log: Sequence[Row], folder: Path) -> None:
    """Write the log and the parameters, from which a run continues. Raises OutputFolderError."""
    # The log first: an interrupt between the two leaves a log that is long enough for the parameters.
    write_whole(folder / LOG, log_text(job, log))
    training.save(folder / PARAMETERS, state, facts_of(job))


def write(job: Job, state: State[Params], log: Sequence[Row], folder: Path) -> None:
    """Write the results, what took longest to make before the pictures of it. Raises OutputFolderError."""
    keep(job, state, log, folder)
    figures = _pictures(job, state, log) if log else {}
    files = {f"{stem}.{form}": plots.render(figure, form) for stem, figure in figures.items() for form in FORMS}
    for name, content in files.items():
        write_whole(folder / name, content)


def write_film(job: Job, film: Film, log: Sequence[Row], folder: Path) -> None:
    """Write the page of a training, and of a network for images what it sees. Raises OutputFolderError."""
    write_whole(folder / FILM, film_page(job, film.ended(job), log))
    if job.of_images and film.last is not None:
        write_whole(folder / IMAGES, images_page(job, log, *film.last))


# ---- the log and the parameters -----------------------------------------------------------------


def _columns(job: Job) -> tuple[str, ...]:
    """The header of the log."""
    measure = "correct" if job.target.classes else "rmse"
    return ("epoch", "loss", measure) if job.test is None else ("epoch", "loss", "test_loss", f"test_{measure}")


def log_text(job: Job, log: Sequence[Row]) -> str:
    """The log as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_columns(job))
    for row in log:
        test_loss = () if row.test_loss is None else (row.test_loss,)
        writer.writerow((row.epoch, row.loss, *test_loss, int(row.score) if job.target.classes else row.score))
    return text.getvalue()


def read(job: Job, folder: Path) -> tuple[State[Params], tuple[Row, ...]]:
    """The state and the log that an earlier run left. Raises ParameterFileError or SettingError."""
    state = training.load(folder / PARAMETERS, jobs.first_state(job), facts_of(job))
    if state.epoch >= job.settings.epochs:
        more = f"ask for more: --epochs {2 * state.epoch}"
        msg = f"{folder} already holds {state.epoch} epochs, and --epochs is {job.settings.epochs}; {more}"
        raise SettingError(msg)
    path = folder / LOG
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        log = tuple(_row(job, cells) for cells in rows[: state.epoch]) if tuple(header) == _columns(job) else ()
    except (OSError, ValueError, csv.Error):
        log = ()
    if [row.epoch for row in log] != list(range(1, state.epoch + 1)):
        msg = f"{path} is not the log of epochs 1 to {state.epoch}; start again without --resume"
        raise ParameterFileError(msg)
    return state, log


def _row(job: Job, cells: Sequence[str]) -> Row:
    """The row of the log in these cells. Raises ValueError if it is none."""
    named = dict(zip(_columns(job), cells, strict=True))
    test_loss = float(named["test_loss"]) if "test_loss" in named else None
    score = int(cells[-1]) if job.target.classes else float(cells[-1])
    return Row(int(named["epoch"]), float(named["loss"]), test_loss, score)


def facts_of(job: Job) -> dict[str, object]:
    """What a state must belong to for the training to continue from it: all but the number of epochs."""
    settings = attrs.asdict(job.settings)
    del settings["epochs"]
    return {**job.facts, **settings, "seed": job.seed}


# ---- the pictures -------------------------------------------------------------------------------


def _pictures(job: Job, state: State[Params], log: Sequence[Row]) -> dict[str, Figure]:
    """The figures of a run, by the names of their files."""
    heading = f"{job.name:.50}, seed {job.seed}"
    scored, target = job.scored, job.target
    out = jobs.outputs(job, state, scored.inputs)
    predicted = jobs.predictions(target, out)
    title = f"{heading}\n{'' if job.test is None else 'test: '}{jobs.score(target, out, scored.labels)}"
    figures = {"loss": _curves(job, heading, log)}
    if not target.classes:
        truths = target.decode(scored.labels)
        figures["predicted"] = plots.predicted_against_true(title, target.name, truths.tolist(), predicted.tolist())
        return figures
    if job.test is not None:
        table = training.confusion_matrix(scored.labels, predicted, len(target.classes))
        figures["confusion"] = plots.confusion_matrix(title, table, target.classes)
    if job.axes is not None:
        figures["boundary"] = _boundary(title, job, state, job.axes, predicted)
    if job.of_images:
        figures["samples"] = plots.samples(
            f"{heading}: the first images to train on", job.train.inputs[:SHOWN_IMAGES],
            job.train.labels[:SHOWN_IMAGES], target.classes,
        )  # fmt: skip
        figures["misclassified"] = plots.misclassified(
            heading, scored.inputs, scored.labels, predicted, jobs.probabilities(out), target.classes, len(scored)
        )
        figures |= _inside(heading, job, state)
    return figures


def _curves(job: Job, heading: str, log: Sequence[Row]) -> Figure:
    """The losses and the scores of all epochs; a number of correct answers is drawn as their share."""
    known = "training" if job.test is None else "test"
    of_classes = bool(job.target.classes)
    losses: plots.Curves = {"training": [row.loss for row in log], "test": [row.test_loss for row in log]}
    scores: plots.Curves = {known: [row.score / len(job.scored) if of_classes else row.score for row in log]}
    epochs = [row.epoch for row in log]
    return plots.learning_curve(heading, epochs, losses, scores, "accuracy" if of_classes else "RMSE")


def _inside(heading: str, job: Job, state: State[Params]) -> dict[str, Figure]:
    """What the first layer looks for, and what the layers of convolutions make of the first image held out."""
    image = job.scored.inputs[:1]
    maps = jobs.feature_maps(job, state, image)
    return {
        "filters": plots.filters(f"{heading}: the filters of the first layer", jobs.first_filters(state)),
        "feature_maps": plots.feature_maps(f"{heading}: what the layers see", image[0], maps),
    }


def _boundary(title: str, job: Job, state: State[Params], axes: tuple[Numeric, Numeric], predicted: AnyArray) -> Figure:
    """The plane of the two inputs, in the units of the person who gave them."""
    points = [(x, y) for x, y in jobs.drawn_points(job, axes).tolist()]
    plane = plots.plane(jobs.in_the_plane(job, state, axes), *plots.frame(points, job.square))
    labels = tuple(job.scored.labels.tolist())
    guesses = plots.Guesses(tuple(points), labels, tuple(predicted.tolist()), job.target.classes)
    return plots.decision_boundary(title, plane, guesses, (axes[0].name, axes[1].name))
