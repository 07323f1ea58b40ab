"""``python -m benchmarks``: check every contestant, measure them, print the tables, write figures and plot."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import attrs
from rich.console import Console

import tapegrad
from benchmarks import report
from benchmarks.contestants import BASELINE, BY_HAND, INTERPRETED, PEERS
from benchmarks.measure import Effort, MismatchError, Study, study, weigh
from benchmarks.team import workers
from benchmarks.works import WORKS
from tapegrad.files import write_whole

__all__ = ["main"]

EFFORTS = {"full": Effort(rounds=5, seconds=0.05), "small": Effort(rounds=1, seconds=0.005)}


@attrs.frozen
class Options:
    """What was asked for on the command line."""

    size: str
    works: tuple[str, ...]
    peers: tuple[str, ...]
    out: Path


def parsed(words: Sequence[str] | None) -> Options:
    """The command line. A mistake ends the program with one line and exit status 2."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=sorted(EFFORTS), default="full", help="small: for a test")
    parser.add_argument("--work", metavar="A,B", default=",".join(WORKS), help="default: %(default)s")
    parser.add_argument("--peers", metavar="A,B", default=",".join(PEERS), help="default: %(default)s")
    parser.add_argument("--out", metavar="DIR", default="runs/benchmarks", help="default: %(default)s")
    found = parser.parse_args(words)
    chosen: dict[str, tuple[str, ...]] = {}
    for option, known in (("work", tuple(WORKS)), ("peers", PEERS)):
        chosen[option] = tuple(name for name in getattr(found, option).split(",") if name)
        for name in chosen[option]:
            if name not in known:
                parser.error(f"argument --{option}: there is no {name!r}; choose from {', '.join(known)}")
    out = Path(found.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"argument --out: cannot make the folder {out}: {error.strerror}")
    if not os.access(out, os.W_OK):
        parser.error(f"argument --out: the folder {out} is not writable")
    return Options(found.size, chosen["work"], chosen["peers"], out)


def chosen(peers: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Those that take part, the reference and tapegrad first; of the others, the reason."""
    skipped = {} if tapegrad.compiled else {INTERPRETED: "tapegrad has no compiled core here to compare with"}
    return [name for name in (BY_HAND, BASELINE, *peers) if name not in skipped], skipped


def run(options: Options, console: Console) -> report.Result:
    """Check and measure everything that was asked for. Raises MismatchError."""
    names, skipped = chosen(options.peers)
    studies: dict[str, Study] = {}
    with workers(names) as (team, missing):
        skipped |= missing
        for name, reason in skipped.items():
            console.print(f"{name} is left out: {reason}")
        held = {name: weigh(team, name, options.size) for name in options.works}  # while the processes are fresh
        for name in options.works:
            console.print(f"{name}: {WORKS[name].title} ...")
            studies[name] = study(team, name, options.size, EFFORTS[options.size], held[name])
        contestants = [worker.introduction for worker in team]
    uses = {contestant.name: f"{contestant.version}; {contestant.use}" for contestant in contestants}
    return report.Result(report.environment(), uses, skipped, studies)


def show(result: report.Result, console: Console) -> None:
    """Print the machine and the tables."""
    for key, text in (*result.environment.items(), *result.contestants.items()):
        console.print(f"{key}: {text}", highlight=False)
    for name, found in result.studies.items():
        for sheet in report.sheets(name, found):
            console.print(report.table(sheet))


def save(result: report.Result, out: Path, console: Console) -> None:
    """Write results.md, results.json, and where matplotlib is installed comparison.svg and comparison.png."""
    write_whole(out / "results.md", report.markdown(result).encode())
    write_whole(out / "results.json", report.to_json(result).encode())
    try:
        from benchmarks import plot  # noqa: PLC0415  # matplotlib is an extra: without it, no picture
    except ImportError as error:
        console.print(f"no plot is drawn: {error}; pip install matplotlib")
    else:
        figure = plot.draw(result)
        for suffix in ("svg", "png"):
            write_whole(out / f"comparison.{suffix}", plot.encoded(figure, suffix))
    console.print(f"written to {out}")


def main(words: Sequence[str] | None = None) -> int:
    """Run the benchmarks; 0 if all went well, 1 if an answer was wrong."""
    options = parsed(words)
    console = Console()
    try:
        result = run(options, console)
    except MismatchError as error:
        print(f"python -m benchmarks: error: {error}", file=sys.stderr)
        return 1
    show(result, console)
    save(result, options.out, console)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
