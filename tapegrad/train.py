"""The command ``tapegrad train``: a network on a known data set or on a person's own table.

    tapegrad train xor                                  points in the unit square, made from a seed
    tapegrad train digits                               images that come with scikit-learn; also tables of it
    tapegrad train mnist --data FOLDER                  images from files that a person has
    tapegrad train flowers.csv --target species         a table: a third of its rows is held out as a test

Settings and the output folder are checked before any training. A run leaves in its folder log.csv,
parameters.npz, and pictures as PNG and SVG, with --html training.html and for images images.html, each written whole
or not at all.
"""

from __future__ import annotations

import argparse
import difflib
import math
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

import attrs
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from threadpoolctl import threadpool_limits

from tapegrad import datasets, jobs, results, tables
from tapegrad.datasets import RECOMMENDED, Dataset, Settings
from tapegrad.errors import DataError, DivergenceError, SettingError
from tapegrad.jobs import OPTIMISERS, Job
from tapegrad.nn.layer import Params
from tapegrad.recording import Film, Row, measured
from tapegrad.training import State, early_stopping, steps
from tapegrad.view import plots

__all__ = ["INTERRUPTED", "add_parser"]

INTERRUPTED: Final = 130  # 128 + the number of the interrupt signal, as shells count
FILES: Final = ("mnist", "fashion_mnist")  # data sets that are read from files
KEPT_EVERY: Final = 60.0  # seconds
TABLE_SUFFIXES: Final = (".csv", ".tsv", ".txt")

End: TypeAlias = KeyboardInterrupt | DivergenceError | BrokenPipeError
"""What ends a training before its time."""


# ---- options ------------------------------------------------------------------------------------


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``train`` among the commands; ``args.run(args)`` gives the exit status."""
    parser = commands.add_parser(
        "train",
        help="train a network on a known data set or on a table of yours",
        description="Train a network; write its log, its parameters and pictures to a folder.",
        epilog="Defaults in brackets are for most data sets in the plane; the others have their own.",
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    whole, usual, add = _whole_number, RECOMMENDED["xor"], parser.add_argument
    add("data", metavar="NAME|FILE.csv", help=f"{', '.join(RECOMMENDED)}; or a CSV table with a header")
    add("--data", dest="folder", type=_folder, metavar="DIR", help="of mnist, fashion_mnist: the folder of its files")
    add("--points", type=whole(1, 10**6), metavar="N", help=f"points of a data set in the plane [{datasets.POINTS}]")
    add("--hidden", type=whole(1, 10**4), metavar="N", help=f"units of a hidden layer [{usual.hidden[0]}]")
    add("--layers", type=whole(1, 100), metavar="N", help=f"hidden layers [{len(usual.hidden)}]")
    add("--rate", type=_positive_number, metavar="R", help=f"learning rate [{usual.rate}]")
    add("--epochs", type=whole(1, 10**9), metavar="N", help=f"epochs, from the very first [{usual.epochs}]")
    add("--batch", type=whole(1, 10**9), metavar="N", help=f"examples for one step [{usual.batch_size}]")
    add(
        "--patience",
        type=whole(1, 10**9),
        metavar="N",
        help="stop when N epochs in a row bring no better training loss",
    )
    add("--optimiser", choices=OPTIMISERS, metavar="NAME", help=f"{', '.join(OPTIMISERS)} [{usual.optimiser}]")
    add("--seed", type=whole(0, 2**64), default=0, metavar="N", help="of the points, split and network [0]")
    add("--log-every", type=whole(1, 10**9), metavar="N", help="epochs between lines [a tenth of all]")
    add("--out", type=_folder, metavar="DIR", help="folder for the results [runs/NAME]")
    add("--resume", action="store_true", help="continue from the parameters in the folder of the results")
    add(
        "--html",
        action="store_true",
        help="leave training.html, a page to move through the training on; of a network for images also images.html",
    )
    add("--target", metavar="COLUMN", help="of a table: the column to predict")
    add("--task", choices=("classification", "regression"), help="of a table: [as the target looks]")
    add("--drop", action="append", default=[], metavar="COLUMN", help="of a table: leave this column out")


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        with suppress(ValueError):
            if low <= int(text) <= high:
                return int(text)
        msg = f"{text!r:.40} is not a whole number from {low} to {high}"
        raise argparse.ArgumentTypeError(msg)

    return parse


def _folder(text: str) -> Path:
    if not text:
        msg = "the empty text is no folder"
        raise argparse.ArgumentTypeError(msg)
    return Path(text)


def _positive_number(text: str) -> float:
    with suppress(ValueError):
        if 0.0 < float(text) < math.inf:
            return float(text)
    msg = f"{text!r:.40} is not a positive number; write for example 0.5"
    raise argparse.ArgumentTypeError(msg)


def _job(args: argparse.Namespace) -> Job:
    """What the arguments ask for. Raises SettingError or DataError."""
    name = args.data
    if name not in RECOMMENDED:
        return _job_of_table(args)
    is_plane, is_in_files = name in datasets.NAMES, name in FILES
    _refuse(args, f"{name} is a known data set", target="is for tables", task="is for tables", drop="is for tables")
    if not is_plane:
        _refuse(args, f"{name} has its own examples", points="is for the data sets in the plane")
    if not is_in_files:
        _refuse(args, f"{name} needs no files", folder="is for mnist and fashion_mnist")
    settings = _settings(args, RECOMMENDED[name])
    if is_plane:
        return jobs.from_points(name, args.points or datasets.POINTS, args.seed, settings)
    if not is_in_files:
        return jobs.from_bundled(name, args.seed, settings)
    if args.folder is None:
        msg = f"where are the files of {name}? nothing is downloaded: name the folder that holds them with --data"
        raise SettingError(msg)
    return jobs.from_files(name, args.folder, args.seed, settings)


def _job_of_table(args: argparse.Namespace) -> Job:
    path = Path(args.data)
    if args.target is None and path.suffix.lower() not in TABLE_SUFFIXES:
        near = difflib.get_close_matches(args.data.lower(), RECOMMENDED, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        msg = f"there is no data set {args.data!r}; {hint}choose {', '.join(RECOMMENDED)}, or a CSV table with --target"
        raise DataError(msg)
    table = tables.read(path)
    if args.target is None:
        msg = f"which column of {path} is to be predicted? name it: --target, one of {table.columns}"
        raise SettingError(msg)
    for_planes = "is for the data sets in the plane"
    _refuse(args, f"{path} has its own rows", points=for_planes, folder="is for mnist and fashion_mnist")
    settings = _settings(args, jobs.recommended_for_table(table))
    return jobs.from_table(table.without(args.drop), args.target, args.task, args.seed, settings)


def _refuse(args: argparse.Namespace, reason: str, **options: str) -> None:
    """Raise SettingError if one of these options was given, which are for something else."""
    for name, purpose in options.items():
        if getattr(args, name):
            option = {"folder": "data"}.get(name, name)
            msg = f"--{option} {purpose}, and {reason}; leave --{option} out"
            raise SettingError(msg)


def _settings(args: argparse.Namespace, defaults: Settings) -> Settings:
    """`defaults`, but for the settings that were given."""
    layers = args.layers or len(defaults.hidden)
    return Settings(
        hidden=(args.hidden or defaults.hidden[0],) * layers,
        optimiser=args.optimiser or defaults.optimiser,
        rate=args.rate or defaults.rate,
        batch_size=args.batch or defaults.batch_size,
        epochs=args.epochs or defaults.epochs,
    )


# ---- the run ------------------------------------------------------------------------------------


@np.errstate(over="ignore", invalid="ignore")  # a network that diverges is told of in one line
def run(args: argparse.Namespace) -> int:
    """Train as the arguments say, write the results, and return the exit status."""
    began = time.perf_counter()
    job = _job(args)
    folder = Path("runs", job.name) if args.out is None else args.out
    plots.require_matplotlib()
    with results.writable(folder):
        state, log = results.read(job, folder) if args.resume else (jobs.first_state(job), ())
        console = _Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        log_every = args.log_every or max(1, job.settings.epochs // 10)
        # Matrices of this size gain next to nothing by a second thread, and wait for it where its core is busy.
        with threadpool_limits(1, "blas"):
            stage = Stage(state, log, Film() if args.html else None)
            stage, end = _trained(job, stage, folder, args.patience, log_every, console)
            state, log, film = stage.state, stage.log, stage.film
            if state.step:
                results.write(job, state, log, folder)
                if film is not None and film.frames:
                    results.write_film(job, film, log, folder)
    if isinstance(end, BrokenPipeError):
        raise end
    if isinstance(end, DivergenceError):
        kept = f"the state before is kept in {folder}" if state.step else "there is nothing to keep"
        msg = f"{end}; {kept}"
        raise DivergenceError(msg)
    if end is not None:
        within = f" and {state.batch} of {_batches(job)} batches" if state.batch else ""
        kept = f"the state is kept in {folder}, continue with --resume" if state.step else "there is nothing to keep"
        console.print(f"{job.name}: stopped after epoch {state.epoch}{within}; {kept}")
        return INTERRUPTED
    seconds = time.perf_counter() - began
    is_early = state.epoch < job.settings.epochs
    early = f"no better for {args.patience} epochs at epoch {state.epoch}; " if is_early else ""
    console.print(f"{job.name}: {early}{_summary(job, state)}, {seconds:.1f} s; results in {folder}")
    return 0


@attrs.frozen
class Stage:
    """How far a run has come: its state, a row for every whole epoch, and its film if there is to be one."""

    state: State[Params]
    log: tuple[Row, ...]
    film: Film | None


class _Console(Console):
    """A console that tells when the reader of its pipe has gone, and does not end the process."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _batches(job: Job) -> int:
    """How many make an epoch."""
    return math.ceil(len(job.train) / job.settings.batch_size)


def _trained(
    job: Job,
    stage: Stage,
    folder: Path,
    patience: int | None,
    log_every: int,
    console: Console,
) -> tuple[Stage, End | None]:
    """How far the run has come in the end, and what ended the training before its time.

    What a long training has come to is kept every minute, so that a machine that fails takes no more with it.
    """
    settings, state, film = job.settings, stage.state, stage.film
    states = steps(
        jobs.objective_of(job),
        jobs.examples_of(job.train),
        state,
        jobs.optimiser_of(job),
        batch_size=settings.batch_size,
        epochs=settings.epochs,
    )
    if patience is not None:
        states = early_stopping(states, patience)
    rows = list(stage.log)
    end: End | None = None
    kept = time.monotonic()
    with _progress(console) as progress:
        bar = progress.add_task(job.name, total=settings.epochs)
        try:
            if film is not None and state.batch == 0:
                film = film.after(job, measured(job, state), state)
            for following in states:
                if following.batch == 0:
                    rows.append(measured(job, following))
                state = following
                if film is not None and state.batch == 0:
                    film = film.after(job, rows[-1], state)
                progress.update(bar, completed=state.epoch + state.batch / _batches(job))
                if state.batch == 0 and (state.epoch % log_every == 0 or state.epoch == settings.epochs):
                    console.print(_line(job, rows[-1]))
                if time.monotonic() - kept > KEPT_EVERY:
                    results.keep(job, state, rows, folder)
                    kept = time.monotonic()
        except (KeyboardInterrupt, DivergenceError, BrokenPipeError) as error:
            end = error
    rows = rows[: state.epoch]  # an interrupt may fall between row and state,
    if film is not None and state.batch == 0 and rows:  # and between the state and its frame
        film = film.after(job, rows[-1], state)
    return Stage(state, tuple(rows), film), end


def _progress(console: Console) -> Progress:
    """A bar below the lines on a terminal, nothing in a pipe or a file."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _line(job: Job, row: Row) -> str:
    width = len(str(job.settings.epochs))
    score = f"rmse {row.score:.4g}"
    if job.target.classes:
        score = f"correct {row.score:.0f} of {len(job.scored)}"
    test = "" if row.test_loss is None else f"test loss {row.test_loss:<#9.4g}   test "
    return f"epoch {row.epoch:{width}d}   loss {row.loss:<#9.4g}   {test}{score}"


def _summary(job: Job, state: State[Params]) -> str:
    """The scores of the last state."""
    training = _score(job, state, job.train)
    return training if job.test is None else f"test {_score(job, state, job.test)}, training {training}"


def _score(job: Job, state: State[Params], data: Dataset) -> str:
    return str(jobs.score(job.target, jobs.outputs(job, state, data.inputs), data.labels))
