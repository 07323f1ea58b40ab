"""The plane of two inputs on the page of a training: points by class, rings around the wrong ones, regions below.

On the page of a film the script paints the regions, shaded by certainty, on a canvas below the points; without it they
are plain. A picture of one frame has them as an image instead, which looks the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt

from tapegrad.recording import Scene, Seen
from tapegrad.view.elements import legend
from tapegrad.view.plots.style import PALETTE
from tapegrad.view.raster import data_address, rgb
from tapegrad.view.scale import multiples
from tapegrad.view.svg import clean

__all__ = ["HEIGHT", "STYLE", "TINT", "WIDTH", "marker", "picture", "plane", "plane_panel", "shaded"]

TINT: Final = 0.42  # how opaque a region is where the network is certain
WIDTH, HEIGHT, SIDE = 380, 368, 320  # of the picture, and of the square in it
LEFT, TOP = 48, 8
MOST_TICKS: Final = 5
PIXELS: Final = 480  # of the canvas along each side
FEW_POINTS: Final = 200  # more are drawn smaller
FEW_CLASSES: Final = 8  # of more, half as many: every one of them is looked at for every pixel
SHADES: Final = 320  # pixels of the image along each side

STYLE: Final = """
.of-plane text { font-size: 12px; fill: var(--faint); }
.edge { fill: none; stroke: var(--faint); }
.point { stroke: var(--paper); stroke-width: .8; }
.ring { fill: none; stroke: var(--ink); stroke-width: 1.5; }
"""

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


def plane_panel(drawn: str, names: Sequence[str], count: int, drawn_points: int) -> str:
    """The plane as it was drawn, with a legend; it has so many of all the points."""
    some = f" Of {count} points {drawn_points} are drawn." if count > drawn_points else ""
    return (
        '<section class="panel"><h2>What the network says where</h2>'
        f"<p>Colour by class, stronger where the network is certain.{some}</p>{drawn}{_legend(names)}</section>"
    )


def plane(scene: Scene, seen: Seen, classes: int) -> str:
    """The picture of a frame. The canvas is shown by the script, which takes the plain regions away."""
    pixels = PIXELS if classes <= FEW_CLASSES else PIXELS // 2
    place = {"left": LEFT / WIDTH, "top": TOP / HEIGHT, "width": SIDE / WIDTH, "height": SIDE / HEIGHT}
    style = "; ".join(f"{name}: {100.0 * share:.4f}%" for name, share in place.items())
    points = f'{_points(scene)}<g id="rings">{_rings(scene, range(len(scene.points)), set(seen.wrong))}</g>'
    return (
        f'<div class="plane"><canvas id="certainty" width="{pixels}" height="{pixels}" style="{style}" hidden></canvas>'
        f"{_svg(scene, _regions(seen), points)}</div>"
    )


def picture(scene: Scene, seen: Seen, colours: Mapping[str, str]) -> str:
    """The picture of a frame that needs no script, in the colours of its ground."""
    address = data_address(shaded(seen.certainty, colours))
    image = f'<image x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" href="{address}"/>'
    return _svg(scene, image, _points(scene) + _rings(scene, seen.wrong, set(seen.wrong)))


def _svg(scene: Scene, below: str, points: str) -> str:
    first, second = (f"{name:.80}" for name in scene.names)
    label = clean(f"the plane of {first} and {second}: the points, and the class that the network gives to every place")
    start = f'<svg class="of-plane" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
    return f"{start}{below}{_axes(scene)}{points}</svg>"


def shaded(certainty: npt.NDArray[np.uint8], colours: Mapping[str, str]) -> npt.NDArray[np.uint8]:
    """The plane as the script paints it, ``(pixels, pixels, 4)``: red, green, blue and how opaque, the top row first.

    Probabilities are interpolated between the points of the grid; a line is where the likeliest class changes.
    """
    side, _, classes = certainty.shape
    between = _interpolation(side)
    p = np.einsum("yr,rcs,xc->yxs", between, certainty / 255.0, between, optimize=True)[::-1]
    palette = np.array([rgb(colours[f"c{one % len(PALETTE)}"]) for one in range(classes)])
    doubt = 1.0 / classes  # the probability at which a class says nothing
    certain = np.maximum((p - doubt) / (1.0 - doubt), 0.0)
    total = certain.sum(axis=2, keepdims=True)
    shade = certain @ palette / np.where(total > 0.0, total, 1.0)
    pixels = np.concatenate([shade, 255.0 * TINT * np.minimum(total, 1.0)], axis=2).astype(np.uint8)
    likeliest = p.argmax(axis=2)
    here, right, below = likeliest[:-2, :-2], likeliest[:-2, 2:], likeliest[2:, :-2]
    pixels[:-2, :-2][(here != right) | (here != below)] = (*rgb(colours["ink"]), 255)
    return pixels


def _interpolation(side: int) -> npt.NDArray[np.float64]:
    """The weights of the grid's points for every pixel along a side, ``(pixels, side)``: of the two nearest."""
    along = np.linspace(0.0, side - 1.0, SHADES)
    return np.asarray(np.maximum(1.0 - np.abs(along[:, None] - np.arange(side)), 0.0))


def _legend(names: Sequence[str]) -> str:
    """The classes by their markers, and what a ring says."""
    items = [(marker(one, 8.0, 8.0), name[:80]) for one, name in enumerate(names)]
    items.append(('<circle class="ring" cx="8" cy="8" r="6.5"/>', "misclassified"))
    return legend(16, 16, items)


def marker(one: int, x: float, y: float, scale: float = 1.0) -> str:
    """The point of a class."""
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
    for tick in multiples(scene.low[0], scene.high[0], MOST_TICKS):
        x = _across(scene, tick)
        parts.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{tick:.4g}</text>')
    for tick in multiples(scene.low[1], scene.high[1], MOST_TICKS):
        y = _upwards(scene, tick)
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4.0:.1f}" text-anchor="end">{tick:.4g}</text>')
    names = [clean(name if len(name) <= 40 else f"{name[:39]}…") for name in scene.names]
    parts.append(f'<text x="{(LEFT + right) / 2}" y="{bottom + 34}" text-anchor="middle">{names[0]}</text>')
    middle = (TOP + bottom) / 2
    parts.append(f'<text transform="translate(12 {middle}) rotate(-90)" text-anchor="middle">{names[1]}</text>')
    return "".join(parts)


def _scale(scene: Scene) -> float:
    return 1.0 if len(scene.points) <= FEW_POINTS else 0.6


def _places(scene: Scene) -> list[tuple[float, float]]:
    return [(_across(scene, x), _upwards(scene, y)) for x, y in scene.points.tolist()]


def _points(scene: Scene) -> str:
    labels, scale = scene.labels.tolist(), _scale(scene)
    return "".join(marker(one, x, y, scale) for one, (x, y) in zip(labels, _places(scene), strict=True))


def _rings(scene: Scene, which: Sequence[int], wrong: Set[int]) -> str:
    """A ring around each of these points, which is seen where the network is wrong."""
    places, radius = _places(scene), 7.5 * _scale(scene)
    return "".join(
        f'<circle class="ring" data-point="{at}" cx="{places[at][0]:.1f}" cy="{places[at][1]:.1f}" r="{radius}" '
        f'style="visibility: {"visible" if at in wrong else "hidden"}"/>'
        for at in which
    )


def _across(scene: Scene, x: float) -> float:
    return LEFT + SIDE * (x - scene.low[0]) / (scene.high[0] - scene.low[0])


def _upwards(scene: Scene, y: float) -> float:
    return TOP + SIDE * (scene.high[1] - y) / (scene.high[1] - scene.low[1])
