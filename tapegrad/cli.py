"""The command line: ``tapegrad train``, ``tapegrad show`` and ``tapegrad app``.

Exit status 0 is success; 2 is a mistake, told in one line on the standard error stream; 130 is ctrl-C.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import tapegrad
from tapegrad import show, train
from tapegrad.app import launch
from tapegrad.errors import SettingError, TapegradError

__all__ = ["main"]

MISTAKE = 2
BROKEN_PIPE = 141


class _Parser(argparse.ArgumentParser):
    """An argument parser whose own complaints are one line, like every other mistake."""

    def error(self, message: str) -> NoReturn:
        msg = f"{message} (`{self.prog} --help` shows the usage)"
        raise SettingError(msg)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. `argv` is without the program's name."""
    parser: argparse.ArgumentParser = _Parser(
        prog="tapegrad",
        description="Automatic differentiation on a tape that you can read.",
        allow_abbrev=False,
    )
    for stream in (sys.stdout, sys.stderr):  # a terminal without a letter, or a name of a file that is no text
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    engine = "compiled" if tapegrad.compiled else "interpreted"
    parser.add_argument("--version", action="version", version=f"tapegrad {tapegrad.__version__} ({engine} core)")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    train.add_parser(commands)
    show.add_parser(commands)
    launch.add_parser(commands)
    try:
        args = parser.parse_args(argv)
        status: int = args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of a pipe has seen enough, as in `tapegrad ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except (TapegradError, OSError) as error:
        return _complain(error)
    except KeyboardInterrupt:
        return train.INTERRUPTED
    return status


def _complain(error: TapegradError | OSError) -> int:
    """One line on the standard error stream."""
    message = str(error)
    if isinstance(error, OSError) and error.strerror and error.filename:
        message = f"{error.filename}: {error.strerror}"
    print(f"tapegrad: {' '.join(message.splitlines())}", file=sys.stderr)
    return MISTAKE
