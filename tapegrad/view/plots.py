"""Pictures of a training: loss curve, decision boundary, confusion matrix, predicted against true values.

Each function takes plain numbers and returns a figure; `render` gives its bytes, the same for the same
numbers. matplotlib is loaded when the first figure is made, and drawn without a screen.

The colours are those of Okabe and Ito, which people with any colour vision can tell apart
(https://jfly.uni-koeln.de/color/); classes differ by their markers as well.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs
import numpy as np

from tapegrad.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "Guesses",
    "Plane",
    "Point",
    "confusion_matrix",
    "decision_boundary",
    "frame",
    "loss_curve",
    "predicted_against_true",
    "render",
    "require_matplotlib",
    "sample",
]

Point: TypeAlias = tuple[float, float]

GRID = 81  # points along each side of the square on which a boundary is sampled
HIGHEST_LOSS = 1e100  # matplotlib's margins around larger numbers overflow
TINT = 0.38  # how strongly a region is coloured where the network is certain
INK = "#333333"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#B8A900")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
STYLE: dict[str, object] = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 11,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "figure.dpi": 150,
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "svg.fonttype": "path",  # looks the same whatever fonts the reader has
    "svg.hashsalt": "tapegrad",  # element names that do not change from run to run
    "text.color": INK,
    "text.parse_math": False,  # a dollar in the name of a column is a dollar
    "xtick.color": INK,
    "ytick.color": INK,
}


def require_matplotlib() -> None:
    """Load matplotlib. Raises MissingExtraError where it is not installed."""
    try:
        import matplotlib.figure  # noqa: F401, PLC0415  # loaded when used: importing tapegrad stays fast
    except ImportError as error:
        msg = f'pictures need matplotlib ({error}); install it with: pip install "tapegrad[plot]"'
        raise MissingExtraError(msg) from None


# ---- the shared style ---------------------------------------------------------------------------


def _style() -> AbstractContextManager[None]:
    """The project's look, for as long as a figure is made or drawn; the user's settings come back after."""
    require_matplotlib()
    from matplotlib import style  # noqa: PLC0415  # loaded when used

    return style.context(["default", STYLE])


def _figure(title: str, width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure of this size in inches, and its axes; no window is opened."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # loaded when used

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, pad=10)
    return figure, axes


def render(figure: Figure, form: Literal["png", "svg"]) -> bytes:
    """The figure as a file: the same bytes for the same figure."""
    buffer = io.BytesIO()
    with _style():
        figure.savefig(buffer, format=form, metadata={"Date": None} if form == "svg" else {"Software": None})
    return buffer.getvalue()


# ---- the decision boundary ----------------------------------------------------------------------


@attrs.frozen
class Plane:
    """The probabilities of the classes over a rectangle.

    x: ``(GRID,)``, y: ``(GRID,)``, probabilities: ``(GRID * GRID, classes)``, x running fastest.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    probabilities: tuple[tuple[float, ...], ...]


@attrs.frozen
class Guesses:
    """Points with their classes, true and predicted, counted from 0. All but `classes`: ``(points,)``."""

    points: tuple[Point, ...]
    labels: tuple[int, ...]
    predicted: tuple[int, ...]
    classes: tuple[str, ...]


def frame(points: Sequence[Point], square: tuple[Point, Point] | None = None) -> tuple[Point, Point]:
    """Two corners of the rectangle to draw: `square`, moved out on the sides where points lie outside of it.

    Where there is no square, a margin of a tenth is left around the points.
    """
    corners = []
    for axis in (0, 1):
        low, high = min(point[axis] for point in points), max(point[axis] for point in points)
        margin = 0.1 * (high - low) or 1.0
        start, end = low - margin, high + margin
        if square is not None:
            start = square[0][axis] if low >= square[0][axis] else low - 0.5 * margin
            end = square[1][axis] if high <= square[1][axis] else high + 0.5 * margin
        corners.append((start, end))
    (left, right), (bottom, top) = corners
    return (left, bottom), (right, top)


def sample(network: Callable[[Point], tuple[float, ...]], low: Point, high: Point) -> Plane:
    """The plane between two corners; `network` gives the probabilities of the classes at a point."""
    x, y = (np.linspace(start, end, GRID).tolist() for start, end in zip(low, high, strict=True))
    return Plane(tuple(x), tuple(y), tuple(network((at_x, at_y)) for at_y in y for at_x in x))


def decision_boundary(title: str, plane: Plane, guesses: Guesses, axis_names: tuple[str, str]) -> Figure:
    """Where the network says which class, with the points; those it gets wrong are ringed."""
    with _style():
        figure, axes = _figure(title, 6.4, 6.8)
        _draw_regions(axes, plane)
        _draw_points(axes, guesses)
        axes.set_xlim(plane.x[0], plane.x[-1])
        axes.set_ylim(plane.y[0], plane.y[-1])
        axes.set_box_aspect(1.0)
        axes.set_xlabel(axis_names[0])
        axes.set_ylabel(axis_names[1])
        for side in ("top", "right"):
            axes.spines[side].set_visible(True)
        figure.legend(loc="outside lower center", ncols=4, handletextpad=0.3, columnspacing=1.4)
        return figure


def _draw_regions(axes: Axes, plane: Plane) -> None:
    """Tint every place by its probabilities, and draw a line where the likeliest class changes."""
    from matplotlib.colors import to_rgb  # noqa: PLC0415  # loaded when used

    sampled = np.array(plane.probabilities).reshape(len(plane.y), len(plane.x), -1)
    count = sampled.shape[2]
    colours = np.array([to_rgb(_colour(one)) for one in range(count)])
    doubt = 1.0 / count  # the probability at which a class says nothing
    certainty = np.clip((sampled - doubt) / (1.0 - doubt), 0.0, 1.0)
    tint = 1.0 - TINT * np.einsum("yxc,ck->yxk", certainty, 1.0 - colours)
    extent = (plane.x[0], plane.x[-1], plane.y[0], plane.y[-1])
    axes.imshow(tint, origin="lower", extent=extent, interpolation="bilinear", aspect="auto")
    for one in range(1 if count == 2 else 0, count):  # two classes share one line
        lead = sampled[:, :, one] - np.delete(sampled, one, axis=2).max(axis=2)
        if lead.min() < 0.0 < lead.max():
            axes.contour(plane.x, plane.y, lead, levels=[0.0], colors=[INK], linewidths=1.2)


def _draw_points(axes: Axes, guesses: Guesses) -> None:
    size = 42.0 if len(guesses.points) <= 200 else 20.0
    points, labels = np.array(guesses.points), np.array(guesses.labels)
    for one, name in enumerate(guesses.classes):
        axes.scatter(
            points[labels == one, 0],
            points[labels == one, 1],
            s=size,
            color=_colour(one),
            marker=MARKERS[one % len(MARKERS)],
            edgecolors="white",
            linewidths=0.8,
            label=name,
            clip_on=False,
            zorder=3,
        )
    wrong = labels != np.array(guesses.predicted)
    if wrong.any():
        axes.scatter(
            points[wrong, 0],
            points[wrong, 1],
            s=4.0 * size,
            facecolors="none",
            edgecolors="black",
            linewidths=1.4,
            label="misclassified",
            clip_on=False,
            zorder=4,
        )


def _colour(one: int) -> str:
    return PALETTE[one % len(PALETTE)]


# ---- the other pictures -------------------------------------------------------------------------


def loss_curve(title: str, epochs: Sequence[int], losses: Sequence[float]) -> Figure:
    """The loss over the epochs, on a logarithmic axis where it falls by more than tenfold."""
    with _style():
        figure, axes = _figure(title, 6.4, 4.0)
        losses = [min(loss, HIGHEST_LOSS) for loss in losses]
        axes.plot(epochs, losses, color=PALETTE[0], linewidth=1.6, marker="o" if len(epochs) == 1 else None)
        if 0.0 < 10.0 * min(losses) < max(losses):
            _use_decades(axes, min(losses), max(losses))
        else:
            axes.set_ylim(bottom=0.0)
        axes.set_xlabel("epoch")
        axes.set_ylabel("mean loss")
        axes.grid(visible=True, axis="y", color="#DDDDDD", linewidth=0.7)
        axes.margins(x=0.02)
        return figure


def _use_decades(axes: Axes, low: float, high: float) -> None:
    """A logarithmic vertical axis with plain decimal numbers, which also spells out 2 and 5 if short."""
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter  # noqa: PLC0415  # loaded when used

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if high > 1e4 * low else (1.0, 2.0, 5.0)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))


def confusion_matrix(title: str, labels: Sequence[int], predicted: Sequence[int], classes: Sequence[str]) -> Figure:
    """How many rows of each true class were given each class; a row of the picture is a true class."""
    count = len(classes)
    table = np.zeros((count, count), dtype=int)
    np.add.at(table, (np.array(labels), np.array(predicted)), 1)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    with _style():
        side = max(4.6, 0.75 * count + 2.2)
        figure, axes = _figure(title, side + 0.8, side + 0.4)
        axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.25)
        for row, column in np.ndindex(count, count):
            colour = "white" if shares[row, column] > 0.6 else INK
            text = str(table[row, column])
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=13 if count < 8 else 9)
        turned = max(map(len, classes)) * count > 45
        axes.set_xticks(range(count), classes, rotation=45 if turned else 0, ha="right" if turned else "center")
        axes.set_yticks(range(count), classes)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        return figure


def predicted_against_true(title: str, name: str, truths: Sequence[float], predictions: Sequence[float]) -> Figure:
    """Each test row as a point; on the diagonal the prediction is exact."""
    low, high = min(*truths, *predictions), max(*truths, *predictions)
    margin = 0.05 * (high - low) or 1.0
    ends = (low - margin, high + margin)
    with _style():
        figure, axes = _figure(title, 5.8, 6.0)
        axes.plot(ends, ends, color=INK, linewidth=1.0, linestyle="--", label="exact")
        axes.scatter(truths, predictions, s=30, color=PALETTE[0], edgecolors="white", linewidths=0.6, label="test row")
        axes.set_xlim(ends)
        axes.set_ylim(ends)
        axes.set_box_aspect(1.0)
        axes.set_xlabel(f"true {name}")
        axes.set_ylabel(f"predicted {name}")
        figure.legend(loc="outside lower center", ncols=2)
        return figure
