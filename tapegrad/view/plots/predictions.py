"""What a network predicts against what is true: of classes a table, of numbers a cloud of points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tapegrad.errors import DataError
from tapegrad.view.plots.checks import Floats, Integers
from tapegrad.view.plots.style import INK, PALE, PALETTE, look, points_wide, shortened, single, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["confusion_matrix", "predicted_against_true"]

LONGEST_NAME: Final = 130.0  # points that the name of a class may take
FEW: Final = 10  # a table of no more classes shows its zeros


def confusion_matrix(title: str, table: npt.ArrayLike, classes: Sequence[str]) -> Figure:
    """How often each true class, a row, was given each class, a column: blue if right, red if wrong.

    The tint is the square root of the share of the true class, so that a rare mistake is seen. Raises DataError for a
    table that is not ``(classes, classes)`` of counts.
    """
    counts = np.asarray(table)
    count = len(classes)
    if counts.shape != (count, count) or counts.dtype.kind not in "iu" or not count or counts.min() < 0:
        msg = f"a confusion matrix is ({count}, {count}) of counts, not {counts.dtype} of shape {counts.shape}"
        raise DataError(msg + (", with numbers below 0" if counts.size and counts.min() < 0 else ""))
    strength = np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    with look():
        side = min(max(0.75 * count, 3.2), 10.2)
        cell = 72.0 * side / count  # in points
        size = min(10.0, 0.8 * cell)
        names = [shortened(name, size, LONGEST_NAME) for name in classes]
        longest = max(points_wide(name, size) for name in names)
        turned = longest > 0.9 * cell
        width = side + longest / 72.0 + 1.0
        figure, axes = single("", width, side + (0.71 * longest if turned else size) / 72.0 + 1.2)
        figure.suptitle(wrapped(title, width - 0.2), x=0.1 / width, ha="left")
        axes.imshow(_tints(strength))
        _write_counts(axes, counts, strength, cell)
        axes.set_xticks(range(count), names, fontsize=size)
        if turned:
            for tick in axes.get_xticklabels():
                tick.set(rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(count), names, fontsize=size)
        edges = np.arange(count + 1) - 0.5
        axes.set_xticks(edges, minor=True)
        axes.set_yticks(edges, minor=True)
        axes.grid(which="minor", color="#E4E4E4", linewidth=0.6)
        axes.tick_params(which="both", length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        return figure


def _tints(strength: Floats) -> Floats:
    """``(classes, classes, 3)``: white where the strength is 0, blue and red where it is 1."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415  # loaded when used

    right, wrong = (1.0 - np.array(to_rgb(PALETTE[one])) for one in (0, 1))
    missing = np.where(np.eye(len(strength), dtype=bool)[:, :, None], right, wrong)
    tints: Floats = 1.0 - strength[:, :, None] * missing
    return tints


def _write_counts(axes: Axes, counts: Integers, strength: Floats, cell: float) -> None:
    """The number in each cell that is `cell` points wide, where one can be read."""
    size = min(13.0, 0.9 * cell / (0.64 * len(str(counts.max()))), 0.6 * cell)  # a digit is 0.64 as wide as high
    if size < 4.0:
        return
    for row, column in np.ndindex(*counts.shape):
        number = counts[row, column]
        if number or len(counts) <= FEW:
            shade = PALE if not number else "white" if strength[row, column] > 0.7 else INK
            axes.text(column, row, str(number), ha="center", va="center", color=shade, fontsize=size)


def predicted_against_true(title: str, name: str, truths: Sequence[float], predictions: Sequence[float]) -> Figure:
    """Each test row as a point; on the diagonal the prediction is exact."""
    low, high = min(*truths, *predictions), max(*truths, *predictions)
    margin = 0.05 * (high - low) or 1.0
    ends = (low - margin, high + margin)
    with look():
        figure, axes = single(title, 5.8, 6.0)
        axes.plot(ends, ends, color=INK, linewidth=1.0, linestyle="--", label="exact")
        axes.scatter(truths, predictions, s=30, color=PALETTE[0], edgecolors="white", linewidths=0.6, label="test row")
        axes.set_xlim(ends)
        axes.set_ylim(ends)
        axes.set_box_aspect(1.0)
        axes.set_xlabel(f"true {name}")
        axes.set_ylabel(f"predicted {name}")
        figure.legend(loc="outside lower center", ncols=2)
        return figure
