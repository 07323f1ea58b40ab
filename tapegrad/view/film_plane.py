"""The plane of two inputs on the page of a training: points by class, rings around the wrong ones, regions below.

The script paints the regions, shaded by certainty, on a canvas below the points. Without it they are plain.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from tapegrad.recording import Scene, Seen
from tapegrad.view.curves import ticks
from tapegrad.view.plots.style import PALETTE
from tapegrad.view.svg import clean

__all__ = ["TINT", "legend", "plane"]

TINT: Final = 0.42  # how opaque a region is where the network is certain
WIDTH, HEIGHT, SIDE = 380, 368, 320  # of the picture, and of the square in it
LEFT, TOP = 48, 8
PIXELS: Final = 480  # of the canvas along each side
FEW_POINTS: Final = 200  # more are drawn smaller
FEW_CLASSES: Final = 8  # of more, half as many: every one of them is looked at for every pixel

# Eight shapes around the origin, as the pictures of matplotlib have them, and so told apart without colour.
MARKERS: Final = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "M-3.6-3.6h7.2v7.2h-7.2z",
    "M0-4.6L4.4 3.6H-4.4z",
    "M0-5L5 0L0 5L-5 0z",
    "M0 4.6L4.4-3.6H-4.4z",
    "M-1.6-4.6h3.2v3h3v3.2h-3v3h-3.2v-3h-3v-3.2h3z",
    "M-4.4-2.4l2-2L0-2l2.4-2.4l2 2L2 0l2.4 2.4l-2 2L0 2l-2.4 2.4l-2-2L-2 0z",
    "M0-5.2L1.4-1.6L5-1.6L2.2.8L3.2 4.4L0 2.2L-3.2 4.4L-2.2.8L-5-1.6L-1.4-1.6z",
)


def plane(scene: Scene, seen: Seen, classes: int) -> str:
    """The picture of a frame. The canvas is shown by the script, which takes the plain regions away."""
    pixels = PIXELS if classes <= FEW_CLASSES else PIXELS // 2
    place = {"left": LEFT / WIDTH, "top": TOP / HEIGHT, "width": SIDE / WIDTH, "height": SIDE / HEIGHT}
    style = "; ".join(f"{name}: {100.0 * share:.4f}%" for name, share in place.items())
    first, second = (f"{name:.80}" for name in scene.names)
    label = clean(f"the plane of {first} and {second}: the points, and the class that the network gives to every place")
    return (
        f'<div class="plane"><canvas id="certainty" width="{pixels}" height="{pixels}" style="{style}" hidden></canvas>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f"{_regions(seen)}{_axes(scene)}{_points(scene, seen)}</svg></div>"
    )


def legend(names: Sequence[str]) -> str:
    """The classes by their markers, and what a ring says."""
    items = [f"{_marker(one, 8.0, 8.0)}</svg>{clean(name[:80])}" for one, name in enumerate(names)]
    items.append('<circle class="ring" cx="8" cy="8" r="6.5"/></svg>misclassified')
    start = '<li><svg viewBox="0 0 16 16" aria-hidden="true">'
    return f'<ul class="legend">{"".join(f"{start}{item}</li>" for item in items)}</ul>'


def _marker(one: int, x: float, y: float, scale: float = 1.0) -> str:
    fill, shape = f"var(--c{one % len(PALETTE)})", MARKERS[one % len(MARKERS)]
    return f'<path class="point" fill="{fill}" transform="translate({x:.1f} {y:.1f}) scale({scale})" d="{shape}"/>'


def _regions(seen: Seen) -> str:
    """A rectangle for every run of places in a row that are given the same class."""
    likeliest = seen.certainty.argmax(axis=2)
    size = SIDE / len(likeliest)
    parts = []
    for row, classes in enumerate(likeliest.tolist()):
        column, y = 0, TOP + SIDE - (row + 1) * size
        for one, run in groupby(classes):
            count = len(list(run))
            parts.append(
                f'<rect x="{LEFT + column * size:.2f}" y="{y:.2f}" width="{count * size:.2f}" height="{size:.2f}" '
                f'fill="var(--c{one % len(PALETTE)})"/>'
            )
            column += count
    return f'<g id="regions" opacity="{TINT}" shape-rendering="crispEdges">{"".join(parts)}</g>'


def _axes(scene: Scene) -> str:
    right, bottom = LEFT + SIDE, TOP + SIDE
    parts = [f'<rect class="edge" x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}"/>']
    for tick in ticks(scene.low[0], scene.high[0], False):
        x = _across(scene, tick)
        parts.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{tick:.4g}</text>')
    for tick in ticks(scene.low[1], scene.high[1], False):
        y = _upwards(scene, tick)
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4.0:.1f}" text-anchor="end">{tick:.4g}</text>')
    names = [clean(name if len(name) <= 40 else f"{name[:39]}…") for name in scene.names]
    parts.append(f'<text x="{(LEFT + right) / 2}" y="{bottom + 34}" text-anchor="middle">{names[0]}</text>')
    middle = (TOP + bottom) / 2
    parts.append(f'<text transform="translate(12 {middle}) rotate(-90)" text-anchor="middle">{names[1]}</text>')
    return "".join(parts)


def _points(scene: Scene, seen: Seen) -> str:
    """The points, and around each a ring, which is seen where the network is wrong."""
    places = [(_across(scene, x), _upwards(scene, y)) for x, y in scene.points.tolist()]
    wrong = set(seen.wrong)
    scale = 1.0 if len(places) <= FEW_POINTS else 0.6
    points = "".join(_marker(one, x, y, scale) for one, (x, y) in zip(scene.labels.tolist(), places, strict=True))
    rings = "".join(
        f'<circle class="ring" data-point="{at}" cx="{x:.1f}" cy="{y:.1f}" r="{7.5 * scale}" '
        f'style="visibility: {"visible" if at in wrong else "hidden"}"/>'
        for at, (x, y) in enumerate(places)
    )
    return f'{points}<g id="rings">{rings}</g>'


def _across(scene: Scene, x: float) -> float:
    return LEFT + SIDE * (x - scene.low[0]) / (scene.high[0] - scene.low[0])


def _upwards(scene: Scene, y: float) -> float:
    return TOP + SIDE * (scene.high[1] - y) / (scene.high[1] - scene.low[1])
