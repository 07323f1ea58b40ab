"""The picture: the time of each work, the time per operation as a work grows, and the memory that is kept."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence

import attrs
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import EngFormatter

from benchmarks.contestants import BASELINE
from benchmarks.measure import Row, Study
from benchmarks.report import Result, duration
from benchmarks.worker import Held
from benchmarks.works import WORKS

__all__ = ["draw", "encoded"]

# The colours of Okabe and Ito (2008), which people with any colour vision tell apart, but for their yellow,
# which is faint on white. Each library has a marker of its own too.
LIBRARIES: Mapping[str, tuple[str, str]] = {
    "tapegrad": ("#0072B2", "o"),
    "by hand": ("#8C8C8C", "s"),
    "object graph": ("#E69F00", "D"),
    "micrograd": ("#CC79A7", "^"),
    "xad": ("#009E73", "v"),
    "autograd": ("#D55E00", "P"),
    "torch": ("#56B4E9", "<"),
    "casadi": ("#5D3A9B", "X"),
    "jax": ("#000000", ">"),
}
GUIDE = "#E0E0E0"
BAND = "#E8F2F9"  # behind the baseline
TIME = EngFormatter(unit="s", sep=" ")


@attrs.frozen
class Look:
    """How a contestant is drawn: the colour and the marker of its library, hollow if it is another way to use it."""

    colour: str
    marker: str
    face: str


def look(name: str) -> Look:
    """The look of a contestant."""
    library, other_way, _ = name.partition(",")
    colour, marker = LIBRARIES[library]
    return Look(colour, marker, "white" if other_way else colour)


def draw(result: Result) -> Figure:
    """The times of the works over numbers, then over arrays; below, the works whose growth was measured."""
    shown = [studies for studies in (_of_sort(result, False), _of_sort(result, True)) if studies]
    detailed = {name: study for name, study in result.studies.items() if study.growth}
    heights = [*map(_height, shown), *[4.4] * len(detailed)]
    figure = Figure(figsize=(16.2, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    parts = list(figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights).flat)
    for part, studies in zip(parts, shown, strict=False):
        _group(part, studies)
    for part, (name, study) in zip(parts[len(shown) :], detailed.items(), strict=True):
        growth, memory = part.subplots(1, 2, width_ratios=[2, 1])
        _growth(growth, name, study.growth)
        _memory(memory, name, study.held)
    return figure


def _of_sort(result: Result, over_arrays: bool) -> dict[str, Study]:
    return {name: study for name, study in result.studies.items() if WORKS[name].over_arrays == over_arrays}


def _grid(studies: Mapping[str, Study]) -> tuple[int, int]:
    """Rows and columns of panels: no more than three beside each other."""
    rows = math.ceil(len(studies) / 3)
    return rows, math.ceil(len(studies) / rows)


def _height(studies: Mapping[str, Study]) -> float:
    """In inches, by how many contestants there are."""
    return _grid(studies)[0] * (1.0 + 0.3 * max(len(study.rows) for study in studies.values()))


def _group(part: SubFigure, studies: Mapping[str, Study]) -> None:
    """A panel for each work, on one scale."""
    rows, columns = _grid(studies)
    panels = list(part.subplots(rows, columns, squeeze=False, sharex=True).flat)
    for axes, (name, study) in zip(panels, studies.items(), strict=False):
        _times(axes, name, study)
    for axes in panels[len(studies) :]:
        axes.remove()
    ends = [_line(name, row)[1] for name, study in studies.items() for row in study.rows]
    panels[0].set_xlim(min(ends) / 2.0, max(ends) * 25.0)  # the label of the greatest has room
    what = "time of one run" if any(WORKS[name].over_arrays for name in studies) else "time per operation"
    part.supxlabel(f"{what}; a line to a mark begins at the time without garbage collection", fontsize=10)


def _line(name: str, row: Row) -> tuple[float, float]:
    """Seconds without the garbage collector and with it: for an operation of numbers, or a whole run over arrays."""
    parts = 1 if WORKS[name].over_arrays else row.operations
    return min(row.seconds, row.seconds_without_collector) / parts, row.seconds / parts


def _times(axes: Axes, name: str, study: Study) -> None:
    """The fastest at the top; a line leads from the time without the garbage collector to the time with it."""
    lines = {row.name: _line(name, row) for row in study.rows}
    names = sorted(lines, key=lambda contestant: lines[contestant][1], reverse=True)
    for place, contestant in enumerate(names):
        _mark(axes, place, contestant, lines[contestant], duration(lines[contestant][1]))
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(TIME)
    axes.tick_params(labelbottom=True)
    _finish(axes, f"{name}: {study.title}", names)


def _mark(axes: Axes, place: int, name: str, line: tuple[float, float], label: str) -> None:
    """A contestant: a line with its marker at the end, and a label to the right."""
    drawn = look(name)
    background, width = (BAND, 16.0) if name == BASELINE else (GUIDE, 0.8)
    axes.axhline(place, color=background, linewidth=width, zorder=0)
    axes.plot(
        line, [place, place], color=drawn.colour, linewidth=2.5,
        marker=drawn.marker, markerfacecolor=drawn.face, markersize=7.5, markevery=[1],
    )  # fmt: skip
    axes.annotate(
        label, (line[1], place), (9, 0), textcoords="offset points", va="center", fontsize=9, weight=_weight(name),
        bbox={"facecolor": BAND if name == BASELINE else "white", "edgecolor": "none", "pad": 1.0},
    )  # fmt: skip


def _weight(name: str) -> str:
    return "bold" if name == BASELINE else "normal"


def _finish(axes: Axes, title: str, names: Sequence[str]) -> None:
    """The names at the left, and no more lines than needed."""
    axes.set_yticks(range(len(names)), names)
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_fontweight(_weight(name))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.set_title(title, fontsize=11, loc="left")
    axes.spines[["top", "right", "left"]].set_visible(False)


def _growth(axes: Axes, name: str, growth: Mapping[int, Sequence[Row]]) -> None:
    """One line for each contestant; a flat one costs the same per operation at every size."""
    lines: dict[str, list[Row]] = {}
    for row in (row for rows in growth.values() for row in rows):
        lines.setdefault(row.name, []).append(row)
    for contestant, rows in sorted(lines.items(), key=lambda line: -line[1][-1].nanoseconds):
        drawn = look(contestant)
        axes.plot(
            [row.operations for row in rows],
            [row.nanoseconds * 1e-9 for row in rows],
            label=contestant,
            color=drawn.colour,
            marker=drawn.marker,
            markerfacecolor=drawn.face,
            markersize=7.5,
            linestyle="-" if drawn.face == drawn.colour else "--",
            linewidth=3.0 if contestant == BASELINE else 1.5,
        )
    axes.set_xscale("log")
    axes.set_xticks(list(growth), [f"{most:,}" for most in growth])
    axes.set_yscale("log")
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(TIME)
    axes.grid(axis="y", color=GUIDE, linewidth=0.8)
    axes.set_title(f"{name} as it grows: time per operation", fontsize=11, loc="left")
    axes.set_xlabel("operations")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, labelspacing=0.8)


def _memory(axes: Axes, name: str, held: Sequence[Held]) -> None:
    """The smallest at the top."""
    sizes = {kept.name: kept.bytes_per_operation for kept in held if kept.bytes_per_operation is not None}
    names = sorted(sizes, key=lambda name: sizes[name], reverse=True)
    for place, contestant in enumerate(names):
        _mark(axes, place, contestant, (0.0, sizes[contestant]), f"{sizes[contestant]:,.0f}")
    axes.set_xlim(0.0, max(sizes.values(), default=1.0) * 1.2)
    axes.set_xlabel("bytes per operation")
    _finish(axes, f"{name}, kept for the backward pass", names)


def encoded(figure: Figure, file_format: str) -> bytes:
    """The figure as the bytes of a file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=file_format, dpi=150)
    return buffer.getvalue()
