"""``python -m benchmarks``: check every contestant, time them, print the tables, write figures and plot."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import attrs
from rich.console import Console

from benchmarks import report
from benchmarks.contestants import BASELINE, PEERS, Contestant, load
from benchmarks.measure import Effort, MismatchError, Row, enter, measure
from benchmarks.works import WORKS, agrees_with_differences
from tapegrad.files import write_whole

__all__ = ["main"]

EFFORTS = {"full": Effort(rounds=4, seconds=0.1), "small": Effort(rounds=1, seconds=0.005)}


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


def installed(peers: Sequence[str]) -> tuple[list[Contestant], dict[str, str]]:
    """tapegrad and those peers whose libraries are here; of the others, the reason."""
    contestants, skipped = [load(BASELINE)], {}
    for name in peers:
        try:
            contestants.append(load(name))
        except ImportError as error:
            skipped[name] = str(error)
    return contestants, skipped


def run(options: Options, console: Console) -> report.Result:
    """Check and time everything that was asked for. Raises MismatchError."""
    contestants, skipped = installed(options.peers)
    for name, reason in skipped.items():
        console.print(f"{name} is left out: {reason}")
    effort = EFFORTS[options.size]
    rows: dict[str, list[Row]] = {}
    growth: dict[str, dict[int, list[Row]]] = {}
    for name in options.works:
        work = WORKS[name]
        if not agrees_with_differences(work.task(600)):
            msg = f"the gradient of {name} by hand disagrees with central differences"
            raise MismatchError(msg)
        console.print(f"{name}: {work.title} ...")
        largest = work.sizes[options.size]
        rows[name] = measure(enter(work, largest, contestants), effort)
        growth[name] = {}
        for most in work.growth.get(options.size, ()):
            able = [contestant for contestant in contestants if contestant.most >= most]
            growth[name][most] = measure(enter(work, most, able), effort)
        if growth[name]:
            growth[name][largest] = [row for row in rows[name] if row.operations == largest]
    titles = {name: WORKS[name].title for name in options.works}
    uses = {contestant.name: f"{contestant.version}; {contestant.use}" for contestant in contestants}
    return report.Result(report.environment(), uses, skipped, titles, rows, growth)


def show(result: report.Result, console: Console) -> None:
    """Print the machine and the tables."""
    for key, text in (*result.environment.items(), *result.contestants.items()):
        console.print(f"{key}: {text}", highlight=False)
    for name in result.rows:
        console.print(report.work_table(result, name))
        if result.growth[name]:
            console.print(report.growth_table(result, name))


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
