"""The decision boundary of a network of two inputs: the plane, tinted by what the network says there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import attrs
import numpy as np

from tapegrad.view.plots.checks import Floats
from tapegrad.view.plots.style import INK, MARKERS, colour, look, single

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Guesses", "Plane", "Point", "decision_boundary", "frame", "plane"]

Point: TypeAlias = tuple[float, float]

GRID = 81  # points along each side of the square on which a boundary is sampled
TINT = 0.38  # how strongly a region is coloured where the network is certain


@attrs.frozen
class Plane:
    """The probabilities of the classes over a rectangle.

    x: ``(side,)``, y: ``(side,)``, probabilities: ``(side * side, classes)``, x running fastest.
    """

    x: Floats
    y: Floats
    probabilities: Floats


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


def plane(network: Callable[[Floats], Floats], low: Point, high: Point, side: int = GRID) -> Plane:
    """The plane between two corners, by the probabilities of a network, ``(points, 2) -> (points, classes)``."""
    x, y = (np.linspace(start, end, side) for start, end in zip(low, high, strict=True))
    points = np.stack([part.ravel() for part in np.meshgrid(x, y)], axis=-1)
    return Plane(x, y, network(points))


def decision_boundary(title: str, plane: Plane, guesses: Guesses, axis_names: tuple[str, str]) -> Figure:
    """Where the network says which class, with the points; those it gets wrong are ringed."""
    with look():
        figure, axes = single(title, 6.4, 6.8)
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

    sampled = plane.probabilities.reshape(len(plane.y), len(plane.x), -1)
    count = sampled.shape[2]
    colours = np.array([to_rgb(colour(one)) for one in range(count)])
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
            color=colour(one),
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
