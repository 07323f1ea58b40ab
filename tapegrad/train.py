"""The command ``tapegrad train``: a network on a known data set or on a person's own table.

    tapegrad train xor                                  points in the unit square, made from a seed
    tapegrad train flowers.csv --target species         a table: a third of its rows is held out as a test

Settings and the output folder are checked before any training. A run leaves in its folder log.csv,
parameters.json, and pictures as PNG and SVG, each written whole or not at all.
"""

from __future__ import annotations

import argparse
import difflib
import math
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tapegrad import datasets, jobs, results, tables
from tapegrad.datasets import Settings
from tapegrad.errors import DataError, SettingError
from tapegrad.jobs import OPTIMISERS, Accuracy, Job
from tapegrad.nn.mlp import MLP
from tapegrad.results import Row
from tapegrad.training import State, early_stopping, train
from tapegrad.view import plots

__all__ = ["INTERRUPTED", "add_parser"]

INTERRUPTED: Final = 130  # 128 + the number of the interrupt signal, as shells count
TABLE_SUFFIXES: Final = (".csv", ".tsv", ".txt")


# ---- options ------------------------------------------------------------------------------------


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``train`` among the commands; ``args.run(args)`` gives the exit status."""
    parser = commands.add_parser(
        "train",
        help="train a network on a known data set or on a table of yours",
        description="Train a network; write its log, its parameters and pictures to a folder.",
        epilog="Defaults in brackets are for the plane data sets; spiral and tables have their own.",
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    whole, usual, add = _whole_number, datasets.RECOMMENDED["xor"], parser.add_argument
    add("data", metavar="NAME|FILE.csv", help=f"{', '.join(datasets.NAMES)}; or a CSV table with a header")
    add("--points", type=whole(1, 10**6), metavar="N", help=f"points of a known data set [{datasets.POINTS}]")
    add("--hidden", type=whole(1, 10**4), metavar="N", help=f"units of a hidden layer [{usual.hidden[0]}]")
    add("--layers", type=whole(1, 100), metavar="N", help=f"hidden layers [{len(usual.hidden)}]")
    add("--rate", type=_positive_number, metavar="R", help=f"learning rate [{usual.rate}]")
    add("--epochs", type=whole(1, 10**9), metavar="N", help=f"epochs, from the very first [{usual.epochs}]")
    add("--batch", type=whole(1, 10**9), metavar="N", help=f"examples for one step [{usual.batch_size}]")
    add("--patience", type=whole(1, 10**9), metavar="N", help="stop when N epochs in a row bring no better loss")
    add("--optimiser", choices=OPTIMISERS, help=f"[{usual.optimiser}]")
    add("--seed", type=whole(0, 2**64), default=0, metavar="N", help="of the points, split and network [0]")
    add("--log-every", type=whole(1, 10**9), metavar="N", help="epochs between lines [a tenth of all]")
    add("--out", type=_folder, metavar="DIR", help="folder for the results [runs/NAME]")
    add("--resume", action="store_true", help="continue from the parameters in the folder")
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
        msg = "the empty text is no folder; leave --out out for runs/NAME"
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
    path = Path(args.data)
    if args.data in datasets.NAMES:
        for option in ("target", "task", "drop"):
            if getattr(args, option):
                msg = f"--{option} is for tables, and {args.data} is a known data set; leave --{option} out"
                raise SettingError(msg)
        settings = _settings(args, datasets.RECOMMENDED[args.data])
        return jobs.from_data_set(args.data, args.points or datasets.POINTS, args.seed, settings)
    if args.target is None and path.suffix.lower() not in TABLE_SUFFIXES:
        near = difflib.get_close_matches(args.data.lower(), datasets.NAMES, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        names = ", ".join(datasets.NAMES)
        msg = f"there is no data set {args.data!r}; {hint}choose {names}, or a CSV table with --target"
        raise DataError(msg)
    table = tables.read(path)
    if args.target is None:
        msg = f"which column of {path} is to be predicted? name it: --target, one of {table.columns}"
        raise SettingError(msg)
    if args.points is not None:
        msg = f"--points is for the known data sets, and {path} has its own rows; leave --points out"
        raise SettingError(msg)
    settings = _settings(args, jobs.recommended_for_table(table))
    return jobs.from_table(table.without(args.drop), args.target, args.task, args.seed, settings)


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


def run(args: argparse.Namespace) -> int:
    """Train as the arguments say, write the results, and return the exit status."""
    began = time.perf_counter()
    job = _job(args)
    folder = Path("runs", job.name) if args.out is None else args.out
    plots.require_matplotlib()
    with results.writable(folder):
        state, log = results.read(job, folder) if args.resume else (jobs.first_state(job), ())
        console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        log_every = args.log_every or max(1, job.settings.epochs // 10)
        state, log, finished = _trained(job, state, log, args.patience, log_every, console)
        if log:
            results.write(job, state, log, folder)
    if not finished:
        kept = f"continue with --resume; results in {folder}" if log else "nothing to keep yet"
        console.print(f"{job.name}: stopped after epoch {state.epoch}; {kept}")
        return INTERRUPTED
    seconds = time.perf_counter() - began
    early = (
        f"no better for {args.patience} epochs at epoch {state.epoch}; " if state.epoch < job.settings.epochs else ""
    )
    console.print(f"{job.name}: {early}{_summary(job, state)}, {seconds:.1f} s; results in {folder}")
    return 0


def _trained(
    job: Job, state: State[MLP], log: tuple[Row, ...], patience: int | None, log_every: int, console: Console
) -> tuple[State[MLP], tuple[Row, ...], bool]:
    """The last state, the log of every epoch, and whether the training came to its end: an interrupt ends it early."""
    settings = job.settings
    examples = list(zip(job.train.points, job.train.labels, strict=True))
    states = train(
        jobs.loss_of(job.target),
        examples,
        state,
        jobs.optimiser_of(job),
        batch_size=settings.batch_size,
        epochs=settings.epochs,
    )
    if patience is not None:
        states = early_stopping(states, patience)
    rows = list(log)
    finished = False
    with suppress(KeyboardInterrupt), _progress(console) as progress:
        bar = progress.add_task(job.name, total=settings.epochs, completed=state.epoch)
        for following in states:
            row = _row(job, following)
            rows.append(row)
            state = following
            progress.update(bar, completed=row.epoch)
            if row.epoch % log_every == 0 or row.epoch == settings.epochs:
                console.print(_line(job, row))
        finished = True
    return state, tuple(rows[: state.epoch]), finished  # an interrupt may fall between state and row


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


def _row(job: Job, state: State[MLP]) -> Row:
    _, result = jobs.examined(job, state.params, job.train)
    return Row(state.epoch, state.loss, result.correct if isinstance(result, Accuracy) else result.rmse)


def _line(job: Job, row: Row) -> str:
    width = len(str(job.settings.epochs))
    result = f"rmse {row.score:.4g}"
    if job.target.classes:
        result = f"correct {row.score:.0f} of {len(job.train.labels)}"
    return f"epoch {row.epoch:{width}d}   loss {row.loss:<#9.4g}   {result}"


def _summary(job: Job, state: State[MLP]) -> str:
    _, training = jobs.examined(job, state.params, job.train)
    if job.test is None:
        return str(training)
    _, test = jobs.examined(job, state.params, job.test)
    return f"test {test}, training {training}"
