"""``tapegrad show --by-hand circle hidden=3 "w2[0]=1.5"``: a tiny network with these parameters, and its gradient."""

from __future__ import annotations

import argparse
import difflib
import math
from collections.abc import Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tapegrad.errors import SettingError
from tapegrad.files import write_whole
from tapegrad.view.by_hand import LIMIT, Settings, Sight, groups, look_at, start
from tapegrad.view.by_hand_page import by_hand_page, by_hand_svg
from tapegrad.view.steps import format_number

__all__ = ["run"]

WHOLE: Final = {"count": (1, 1000), "seed": (0, 2**63), "hidden": (2, 3)}
"""The settings that are whole numbers, with their bounds."""


def run(args: argparse.Namespace, words: Sequence[str]) -> int:
    """Write what is asked for, print the loss and the derivative by each parameter. Returns the exit status.

    Raises SettingError, DataError (no such points), OutputFolderError.
    """
    sight = look_at(*_given(args.by_hand, words))
    if args.html is not None:
        write_whole(args.html, by_hand_page(sight))
    if args.svg is not None:
        write_whole(args.svg, by_hand_svg(sight))
    Console(highlight=False).print(_table(sight))
    print(f"correct {int(sight.right.sum())} of {len(sight.right)}")
    print(f"loss {sight.loss!r}")
    return 0


def _table(sight: Sight) -> Table:
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    drawn.add_column("parameter")
    drawn.add_column("value", justify="right")
    drawn.add_column("derivative", justify="right")
    for name, value in sight.values.items():
        # Text, not str: rich would read markup into brackets.
        drawn.add_row(Text(name), format_number(value), format_number(sight.gradient[name]))
    return drawn


def _given(data: str, words: Sequence[str]) -> tuple[Settings, dict[str, float]]:
    """Settings and parameters from ``name=value`` words; what is not given is as the page begins."""
    given = dict(_pair(word) for word in words)
    usual = Settings(data)
    count, seed, hidden = (
        _whole(name, given.pop(name, str(number)))
        for name, number in zip(WHOLE, (usual.count, usual.seed, usual.hidden), strict=True)
    )
    settings = Settings(data, count, seed, hidden, given.pop("activation", usual.activation))
    values = start(settings.hidden)
    for name, text in given.items():
        if name not in values:
            raise SettingError(_unknown(name, settings.hidden))
        values[name] = _parameter(name, text)
    return settings, values


def _pair(word: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    if not equals:
        msg = f'{word!r:.60} gives no name a value; write hidden=3 or "w1[0,0]=1.5"'
        raise SettingError(msg)
    return name.replace(" ", ""), text


def _unknown(name: str, hidden: int) -> str:
    known = [*WHOLE, "activation", *(each for names in groups(hidden).values() for each in names)]
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{name!r:.60} is neither a setting nor a parameter of the network; {hint}there are {', '.join(known)}"


def _whole(name: str, text: str) -> int:
    low, high = WHOLE[name]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else low - 1
    if not low <= number <= high:
        msg = f"{name}={text:.40} is not a whole number from {low} to {high}"
        raise SettingError(msg)
    return number


def _parameter(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= LIMIT:
        msg = f"{name}={text:.40} is not a number from {-LIMIT:g} to {LIMIT:g}"
        raise SettingError(msg)
    return number
