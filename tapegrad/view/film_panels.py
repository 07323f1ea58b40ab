"""The panels of a training that need no plane: its numbers, the curves over its epochs, its layers and its units.

A `place` begins the ids of what a script, or a test, finds in them, so that several trainings stand on one page.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from tapegrad.jobs import Job
from tapegrad.recording import Frame, Row, examined
from tapegrad.view.curves import Line, curves
from tapegrad.view.elements import bar, legend, terms
from tapegrad.view.svg import clean

__all__ = [
    "Decades", "curve_panels", "curve_pictures", "layer_bars", "layer_panel", "line_legend", "measures", "number_list",
    "numbers", "unit_bars", "unit_panel",
]  # fmt: skip

MOST_PLACES: Final = 800  # of a curve, which is not wider than that

Decades: TypeAlias = tuple[int, int]
"""Powers of ten at the two ends of a logarithmic bar."""


# ---- the numbers of an epoch --------------------------------------------------------------------


def measures(job: Job) -> dict[str, str]:
    """What the numbers of an epoch are called, by the names of their elements."""
    test = "test_loss" if job.test is not None else None
    score = ("test " if test else "") + ("correct" if job.target.classes else "RMSE")
    return {"epoch": "epoch", "loss": "loss", **({test: "test loss"} if test else {}), "score": score}


def numbers(job: Job, row: Row) -> dict[str, str]:
    """The numbers of an epoch as they are shown, which is how the lines of the log have them."""
    score = f"{row.score:.0f} of {len(job.scored)}" if job.target.classes else _written(row.score)
    tested = {} if row.test_loss is None else {"test_loss": _written(row.test_loss)}
    return {"epoch": str(row.epoch), "loss": _written(row.loss), **tested, "score": score}


def number_list(job: Job, row: Row, place: str = "") -> str:
    """These numbers, each below what it is called."""
    names = measures(job)
    shown = dict(zip(names.values(), numbers(job, row).values(), strict=True))
    return terms(shown, (f"{place}{key}" for key in names))


def _written(number: float) -> str:
    """To four digits; of what is no number, such as the loss before the first epoch, a dash."""
    return f"{number:#.4g}".rstrip(".") if math.isfinite(number) else "–"


# ---- curves -------------------------------------------------------------------------------------


def curve_pictures(
    job: Job, log: Sequence[Row], first: int, last: int, at: int
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The loss and the score over the epochs from `first` to `last`, and the names of their lines; a cursor at `at`."""
    every = math.ceil(len(log) / MOST_PLACES) or 1
    rows = [*log[::every], *(log[-1:] if (len(log) - 1) % every else ())]
    of_classes, is_tested = bool(job.target.classes), job.test is not None
    losses = {"training": _line((row.epoch, row.loss) for row in rows)}
    if is_tested:
        losses["test"] = _line((row.epoch, row.test_loss) for row in rows)
    scores = _line((row.epoch, row.score / len(job.scored) if of_classes else row.score) for row in rows)
    measure = "Accuracy" if of_classes else "RMSE"
    pictures: list[tuple[str, Mapping[str, Line], bool]] = [
        ("Loss", losses, False),
        (measure, {"test" if is_tested else "training": scores}, of_classes),
    ]
    return {
        name: (curves(name, lines, first, last, at, percent=percent), tuple(lines)) for name, lines, percent in pictures
    }


def curve_panels(job: Job, log: Sequence[Row], first: int, last: int, at: int) -> str:
    """These pictures with headings and legends."""
    drawn = []
    for name, (picture, lines) in curve_pictures(job, log, first, last, at).items():
        drawn.append(f'<section class="panel"><h2>{name}</h2>{picture}{line_legend(lines)}</section>')
    return "".join(drawn)


def line_legend(lines: Sequence[str]) -> str:
    """The lines of a picture by their dashes and colours."""
    return legend(26, 10, ((f'<line class="line {line}" x2="26" y1="5" y2="5"/>', line) for line in lines))


def _line(places: Iterable[tuple[int, float | None]]) -> Line:
    return [(epoch, value) for epoch, value in places if value is not None and math.isfinite(value)]


# ---- layers and units ---------------------------------------------------------------------------


def layer_panel(job: Job, frame: Frame, decades: Decades, place: str = "") -> str:
    """How steep the loss is in each layer, and how large its parameters are."""
    if not frame.layers:
        return ""
    low, high = decades
    rows = "".join(
        f'<tr><th scope="row">{layer.place} {clean(layer.name)}</th><td class="wide">'
        f"{_bar(place, 'gradient', at, width, gradient)}</td>"
        f'<td id="{place}norm-{at}">{norm}</td></tr>'
        for at, (layer, (width, gradient, norm)) in enumerate(
            zip(frame.layers, layer_bars(frame, decades), strict=True)
        )
    )
    count = len(examined(job)[1])
    of_which = "all" if count == len(job.train) else f"{count} of {len(job.train)}"
    return (
        '<section class="panel"><h2>Layers</h2><table><caption>Norms, by '
        f"{of_which} training examples. The bars are logarithmic, from 1e{low} to 1e{high}.</caption>"
        '<thead><tr><th scope="col">layer</th><th scope="col">gradient</th><th scope="col">parameters</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></section>"
    )


def layer_bars(frame: Frame, decades: Decades) -> list[tuple[float, str, str]]:
    """Of every layer the width of its bar in percent, and the norms of its gradient and of its parameters."""
    return [
        (_share(layer.gradient, decades), _written(layer.gradient), _written(layer.parameters))
        for layer in frame.layers
    ]


def _share(norm: float, decades: Decades) -> float:
    """How far a norm is between the powers of ten, in percent."""
    if not 0.0 < norm < math.inf:
        return 0.0
    low, high = decades
    return round(100.0 * min(max((math.log10(norm) - low) / (high - low), 0.0), 1.0), 1)


def unit_panel(frame: Frame, place: str = "") -> str:
    """How many units of each activation rest."""
    if not frame.activations:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{layer.place} {clean(layer.name)}</th><td class="wide">'
        f"{_bar(place, 'units', at, width, text)}</td></tr>"
        for at, (layer, (width, text)) in enumerate(zip(frame.activations, unit_bars(frame), strict=True))
    )
    return (
        '<section class="panel units"><h2>Units at rest</h2><table><caption>On every one of these examples: a relu '
        "that gives 0, a tanh beyond ±0.99. Such units learn next to nothing.</caption>"
        '<thead><tr><th scope="col">activation</th><th scope="col">units at rest</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></section>"
    )


def unit_bars(frame: Frame) -> list[tuple[float, str]]:
    """Of every activation the width of its bar in percent, and how many of its units rest."""
    return [(round(100.0 * one.dead / one.units, 1), f"{one.dead} of {one.units}") for one in frame.activations]


def _bar(place: str, kind: str, at: int, width: float, text: str) -> str:
    return f'{bar(width, f"{place}{kind}-bar-{at}")}<span id="{place}{kind}-{at}">{text}</span>'
