"""How a training went: losses and scores over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from tapegrad.errors import DataError
from tapegrad.view.plots.style import blank, colour, look, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Curves", "learning_curve"]

Curves: TypeAlias = Mapping[str, Sequence[float | None]]
"""By its name ("training", "test") a curve with a number for each epoch, or None where none was taken."""

FEW = 20  # a curve of no more points shows each
HIGHEST = 1e100  # matplotlib's margins around larger numbers overflow


def learning_curve(
    title: str,
    epochs: Sequence[int],
    losses: Curves,
    scores: Curves | None = None,
    measure: Literal["accuracy", "RMSE"] = "accuracy",
) -> Figure:
    """The losses over the epochs, and the scores below them. An accuracy is a share, from 0 to 1.

    What falls by more than tenfold gets a logarithmic axis. A curve of which no number is known is left out,
    and so is the lower panel where no score is. Raises DataError if a curve has not one value for each epoch.
    """
    panels = {"loss": _known(epochs, losses), measure: _known(epochs, scores or {})}
    panels = {quantity: curves for quantity, curves in panels.items() if curves or quantity == "loss"}
    names = list(dict.fromkeys([*losses, *(scores or {})]))
    with look():
        figure = blank(6.4, 4.0 if len(panels) == 1 else 5.8)
        stack = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
        for axes, (quantity, curves) in zip(stack, panels.items(), strict=True):
            for name, line in curves.items():
                _draw(axes, line, name, colour(names.index(name)))
            _scale(axes, [value for _, values in curves.values() for value in values], percent=quantity == "accuracy")
            axes.set_ylabel(f"{next(iter(curves))} {quantity}" if len(curves) == 1 else quantity)
        stack[0].set_title(wrapped(title, 5.4), pad=10)
        stack[-1].set_xlabel("epoch")
        stack[-1].xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        figure.align_ylabels(list(stack))
        if any(len(curves) > 1 for curves in panels.values()):
            lines = {str(line.get_label()): line for axes in stack for line in axes.lines}
            figure.legend(handles=list(lines.values()), loc="outside lower center", ncols=4)
        return figure


Line: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""The epochs of a curve at which there is a number, and those numbers."""


def _known(epochs: Sequence[int], curves: Curves) -> dict[str, Line]:
    lines = {}
    for name, values in curves.items():
        if len(values) != len(epochs):
            msg = f"the curve {name!r} has {len(values)} values for {len(epochs)} epochs; give one for each, or None"
            raise DataError(msg)
        numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
        known = ~np.isnan(numbers)
        if known.any():
            lines[name] = np.array(epochs)[known], np.clip(numbers[known], -HIGHEST, HIGHEST)
    return lines


def _draw(axes: Axes, line: Line, name: str, shade: str) -> None:
    at, values = line
    marker = "o" if len(at) <= FEW else None
    axes.plot(at, values, color=shade, linewidth=1.6, marker=marker, markersize=4.5, label=name, clip_on=False)
    axes.grid(visible=True, axis="y", color="#DDDDDD", linewidth=0.7)
    axes.margins(x=0.02)


def _scale(axes: Axes, values: Sequence[float], *, percent: bool) -> None:
    """The vertical axis: of shares in percent, else from 0 on, or logarithmic if that tells more."""
    if not values:
        axes.text(0.5, 0.5, "no number is known", transform=axes.transAxes, ha="center", va="center")
        axes.set_yticks([])
        return
    low, high = min(values), max(values)
    if percent:
        margin = max(0.05 * (high - low), 0.01)
        axes.set_ylim(max(low - margin, 0.0), min(high + margin, 1.0))
        axes.yaxis.set_major_formatter(lambda share, _: f"{100.0 * share:.6g} %")
    elif 0.0 < 10.0 * low < high:
        _use_decades(axes, low, high)
    elif low >= 0.0:
        axes.set_ylim(bottom=0.0)


def _use_decades(axes: Axes, low: float, high: float) -> None:
    """A logarithmic vertical axis with plain decimal numbers, which also spells out 2 and 5 if short."""
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter  # noqa: PLC0415  # loaded when used

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if high > 1e4 * low else (1.0, 2.0, 5.0)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
