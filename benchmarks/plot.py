"""The picture: a panel of bars for each work, and lines for the growth, on logarithmic scales."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.contestants import BASELINE
from benchmarks.measure import Row
from benchmarks.report import Result, duration

__all__ = ["draw", "encoded"]

# Okabe and Ito (2008): eight colours that people with any colour vision tell apart. Lines have a marker too.
COLOURS = ("#0072B2", "#999999", "#E69F00", "#CC79A7", "#009E73", "#D55E00", "#56B4E9", "#000000", "#F0E442")
MARKERS = "osD^vP<X>"


def draw(result: Result) -> Figure:
    """Bars for every work, then lines for every growth, side by side in rows of two."""
    growths = {name: growth for name, growth in result.growth.items() if growth}
    panels = len(result.rows) + len(growths)
    columns = min(2, panels)
    rows = -(-panels // columns)
    figure = Figure(figsize=(6.4 * columns, 3.9 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    names = _names(result)
    axes = iter(figure.subplots(rows, columns, squeeze=False).flat)
    for name, measured in result.rows.items():
        _bars(next(axes), f"{name}: {result.titles[name]}", measured, names)
    for name, growth in growths.items():
        _lines(next(axes), f"{name}: time per operation as the program grows", growth, names)
    for unused in axes:
        unused.set_axis_off()
    return figure


def _names(result: Result) -> list[str]:
    """Every contestant, the baseline first: its place decides its colour and its marker."""
    found = dict.fromkeys(row.name for rows in result.rows.values() for row in rows)
    return sorted(found, key=lambda name: name != BASELINE)


def _bars(axes: Axes, title: str, rows: Sequence[Row], names: Sequence[str]) -> None:
    """Time per operation, the fastest at the top, with the time of the whole work beside it."""
    ordered = sorted(rows, key=lambda row: row.nanoseconds, reverse=True)
    bars = axes.barh(
        [row.name for row in ordered],
        [row.nanoseconds for row in ordered],
        color=[COLOURS[names.index(row.name)] for row in ordered],
    )
    labels = [f"{row.nanoseconds:,.0f} ns ({duration(row.seconds)})" for row in ordered]
    axes.bar_label(bars, labels=labels, padding=4, fontsize=8)
    axes.set_xscale("log")
    longest = max(row.nanoseconds for row in rows)
    axes.set_xlim(min(row.nanoseconds for row in rows) / 2.0, longest * 40.0)  # room for the labels
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel("nanoseconds per operation")
    axes.spines[["top", "right"]].set_visible(False)


def _lines(axes: Axes, title: str, growth: Mapping[int, Sequence[Row]], names: Sequence[str]) -> None:
    """One line for each contestant; a flat one costs the same per operation at every size."""
    for position, name in enumerate(names):
        found = [row for rows in growth.values() for row in rows if row.name == name]
        axes.plot(
            [row.operations for row in found],
            [row.nanoseconds for row in found],
            label=name,
            color=COLOURS[position],
            marker=MARKERS[position],
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel("operations")
    axes.set_ylabel("nanoseconds per operation")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


def encoded(figure: Figure, file_format: str) -> bytes:
    """The figure as the bytes of a file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=file_format, dpi=150)
    return buffer.getvalue()
