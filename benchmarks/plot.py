"""The picture: the time per operation of each work, the same as the work grows, and the memory that is kept."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import attrs
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from benchmarks.contestants import BASELINE
from benchmarks.measure import Row, Study
from benchmarks.report import Result, duration
from benchmarks.worker import Held

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
    """The times of all works in the first row; a row below for each work whose growth was measured."""
    detailed = {name: study for name, study in result.studies.items() if study.growth}
    figure = Figure(figsize=(5.4 * max(2, len(result.studies)), 4.4 * (1 + len(detailed))), layout="constrained")
    FigureCanvasAgg(figure)
    first, *others = figure.subfigures(1 + len(detailed), 1, squeeze=False).flat
    panels = first.subplots(1, len(result.studies), squeeze=False, sharex=True).flat
    for axes, (name, study) in zip(panels, result.studies.items(), strict=True):
        _times(axes, name, study)
    panels[0].set_xlim(*_limits(result))
    first.supxlabel("time per operation; a line to a mark begins at the time without garbage collection", fontsize=10)
    for row, (name, study) in zip(others, detailed.items(), strict=True):
        growth, memory = row.subplots(1, 2, width_ratios=[2, 1])
        _growth(growth, name, study.growth)
        _memory(memory, name, study.held)
    return figure


def _limits(result: Result) -> tuple[float, float]:
    """From below the least time to so much above the greatest that its label has room."""
    times = [_seconds(row) for study in result.studies.values() for row in study.rows]
    return min(times) / 2.0, max(times) * 25.0


def _seconds(row: Row) -> float:
    return row.seconds / row.operations


def _times(axes: Axes, name: str, study: Study) -> None:
    """The fastest at the top; a line leads from the time without the garbage collector to the time with it."""
    rows = sorted(study.rows, key=_seconds, reverse=True)
    for place, row in enumerate(rows):
        without = min(row.seconds, row.seconds_without_collector) / row.operations
        _mark(axes, place, row.name, (without, _seconds(row)), duration(_seconds(row)))
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(TIME)
    _finish(axes, f"{name}: {study.title}", [row.name for row in rows])


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
    for contestant, rows in sorted(lines.items(), key=lambda line: -_seconds(line[1][-1])):
        drawn = look(contestant)
        axes.plot(
            [row.operations for row in rows],
            [_seconds(row) for row in rows],
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
