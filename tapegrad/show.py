"""``tapegrad show "x*y + sin(x)" x=2 y=3``: a tape to read, as a table and as a drawing."""

from __future__ import annotations

import argparse
import math
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tapegrad import show_arrays
from tapegrad.errors import ExpressionError, SettingError
from tapegrad.expression import Expression, Reading, read
from tapegrad.files import write_whole
from tapegrad.lessons import lesson, shortened
from tapegrad.parser import MAX_LENGTH, parse
from tapegrad.view.dot import dot
from tapegrad.view.drawing import draw
from tapegrad.view.html import html
from tapegrad.view.steps import Step, steps_of
from tapegrad.view.svg import svg
from tapegrad.view.table import print_table

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # argparse has no public name for it

__all__ = ["add_parser", "parse_values", "run"]

STRANGERS: Final = {
    "shapes": ("expression", "by_hand", "operation", "file", "derivative", "shorten", "svg", "dot"),
    "by_hand": ("operation", "file", "derivative", "shorten", "dot"),
    "operation": ("file", "derivative", "shorten", "dot"),
}
"""What is shown in place of an expression, and the options that are not for it."""


def add_parser(subparsers: Subparsers) -> None:
    """Register the command ``show``."""
    parser = subparsers.add_parser(
        "show",
        help="print and draw the tape of an expression",
        description="Record an expression at a point, differentiate it, and show its tape: "
        "every operation with its value, its local derivatives and its adjoint.",
        epilog='Several statements name their values: tapegrad show "u = x*y; u + sin(u)" x=2 y=3. '
        "The body of a function goes over several lines, with if, elif, else, for i in range(3), += and return; in a "
        "loop the name column repeats the name at every turn. "
        'An expression that begins with a minus goes into parentheses: "(-x)".',
        allow_abbrev=False,
    )
    parser.add_argument(
        "expression", nargs="?", help='arithmetic and functions of tapegrad.numpy, as in "x*y + sin(x)"'
    )
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="the number that each name stands for")
    parser.add_argument("--file", metavar="FILE", help="read the expression from FILE instead; - is standard input")
    parser.add_argument("--derivative", metavar="NAME", help="show the tape of the derivative by this input instead")
    parser.add_argument("--shorten", action="store_true", help="show a shorter tape that does the same")
    parser.add_argument(
        "--operation",
        metavar="NAME",
        help="show an operation instead, as power or special.gamma: its values, derivatives, and rule in the source",
    )
    parser.add_argument(
        "--by-hand",
        metavar="POINTS",
        help="show a tiny network on such points as xor instead; the words give settings and parameters, as in "
        'count=24 seed=0 hidden=3 activation=tanh "w1[0,0]=1.5"',
    )
    for form in ("svg", "html", "dot"):
        parser.add_argument(f"--{form}", type=Path, metavar="FILE", help=f"draw the tape as {form.upper()}")
    show_arrays.add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draw what is asked for, print the table, the result and the derivatives. Returns the exit status.

    Raises ExpressionError, SettingError (options that exclude each other), OperandError (no such operation),
    TapegradError (too long to draw), OutputFolderError, OSError (no file to read).
    """
    refuse_strangers(args)
    words = [word for word in (args.expression, *args.values) if word is not None]
    if args.shapes is not None:
        return show_arrays.run(args)
    if args.by_hand is not None:
        from tapegrad import show_by_hand  # noqa: PLC0415  # loaded when used: the command stays fast

        return show_by_hand.run(args, words)
    if args.operation is not None:
        from tapegrad import show_operation  # noqa: PLC0415  # loaded when used

        return show_operation.run(args, parse_values(words))
    if args.file is None and not words:
        msg = 'no expression is given; write one, as in "x*y + sin(x)", or name its file with --file'
        raise ExpressionError(msg)
    text, values = (words[0], words[1:]) if args.file is None else (read_text(args.file), words)
    expression = parse(text)
    reading = read(expression, parse_values(values), args.derivative)
    reading, counts = shortened(reading) if args.shorten else (reading, {})
    write_drawings(args, expression, reading)
    steps = steps_of(reading.trace, reading.names, reading.placed_sources)
    print_table(steps)
    if counts:
        print("records " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    print(f"{reading.result_name} = {reading.trace.output!r}")
    print(f"derivatives {derivative_dictionary(steps)}")
    return 0


def refuse_strangers(args: argparse.Namespace) -> None:
    """Raise SettingError where something else than an expression is shown, with an option that is not for it."""
    for shown, strangers in STRANGERS.items():
        if getattr(args, shown) is None:
            continue
        for stranger in strangers:
            if getattr(args, stranger) not in {None, False}:
                name = "an expression" if stranger == "expression" else f"--{stranger.replace('_', '-')}"
                msg = f"{name} does not go with --{shown.replace('_', '-')}; leave one of them out"
                raise SettingError(msg)


def read_text(file: str) -> str:
    """The text in `file`, in UTF-8; ``-`` is standard input. Raises ExpressionError for anything else, OSError.

    No more is read than an expression may have, from a file that never ends as well.
    """
    most = 4 * MAX_LENGTH  # bytes: a character has at most four
    name = "standard input" if file == "-" else file
    if file == "-":
        data = sys.stdin.buffer.read(most + 1)
    else:
        with Path(file).open("rb") as stream:
            data = stream.read(most + 1)
    if len(data) > most:
        msg = f"{name} has more than {MAX_LENGTH} characters, and no more are read; name the file of an expression"
        raise ExpressionError(msg)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{name} is not text in UTF-8: byte {error.start} is {data[error.start]:#04x}; save it as UTF-8"
        raise ExpressionError(msg) from None


def derivative_dictionary(steps: Sequence[Step]) -> dict[str, object]:
    """The adjoint of each input, by name."""
    return {step.name: step.adjoint for step in steps if step.kind == "input"}


def parse_values(words: Sequence[str]) -> dict[str, float]:
    """``["x=2", "y=3"]`` as numbers by name. Raises ExpressionError for anything else.

    >>> parse_values(["x=2", "y=-1e3"])
    {'x': 2.0, 'y': -1000.0}
    """
    values: dict[str, float] = {}
    for word in words:
        given, equals, number = word.partition("=")
        name = unicodedata.normalize("NFKC", given.strip())  # as the parser spells identifiers
        if not equals or not name.isidentifier():
            msg = f"{word!r} gives no name a value; write x=2"
            raise ExpressionError(msg)
        if name in values:
            msg = f"{name!r} is given two values; give one"
            raise ExpressionError(msg)
        try:
            values[name] = float(number)
        except ValueError:
            msg = f"{word!r}: {number!r} is not a number; write {name}=2.5"
            raise ExpressionError(msg) from None
        if not math.isfinite(values[name]):
            msg = f"{word!r}: {number!r} is not a finite number; write {name}=2.5"
            raise ExpressionError(msg)
    return values


def write_drawings(args: argparse.Namespace, expression: Expression, reading: Reading) -> None:
    """Write each drawing that was asked for."""
    if args.svg is None and args.html is None and args.dot is None:
        return
    drawing = draw(reading.trace, reading.names, reading.placed_sources)
    title = expression.text.strip()
    if args.derivative is not None:
        title = f"{reading.result_name} of {title}"
    if args.svg is not None:
        write_whole(args.svg, svg(drawing))
    if args.html is not None:
        write_whole(args.html, html(drawing, title, lesson(expression, reading, args.derivative)))
    if args.dot is not None:
        write_whole(args.dot, dot(drawing))
