"""What a convolutional network has learnt: its filters, and what they make of an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tapegrad.errors import DataError
from tapegrad.view.plots.checks import Floats, numeric, pictures, stretched
from tapegrad.view.plots.grid import MARGIN, Section, page, tidy
from tapegrad.view.plots.style import look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["feature_maps", "filters"]

MOST_FILTERS: Final = 100  # of one channel, in a block
MOST_IN_A_ROW: Final = 16
MOST_ROWS: Final = 6
MOST_MAPS: Final = 32
SIGNED: Final = "RdBu_r"  # blue below 0, white at 0, red above
BAR: Final = (2.2, 0.14, 0.3, 0.5)  # the colour bar: width, height, indent, and the height with its numbers


def filters(title: str, weights: npt.ArrayLike) -> Figure:
    """The weights of a convolution as images, blue below 0 and red above, all on one scale.

    weights: ``(out, in, height, width)``. The filters of one channel stand in a block; of several channels,
    each has its row. Of many, the first are shown. Raises DataError for another shape.
    """
    array = numeric("weights", weights)
    if array.ndim != 4 or 0 in array.shape:
        msg = f"weights are (out, in, height, width), and not empty; their shape is {array.shape}"
        raise DataError(msg)
    count, channels, high, wide = array.shape
    finite = np.abs(array[np.isfinite(array)])
    reach = float(finite.max(initial=0.0)) or 1.0
    scaled = np.clip(array / reach, -1.0, 1.0)
    shown = min(count, MOST_FILTERS if channels == 1 else MOST_IN_A_ROW)
    columns = tidy(shown) if channels == 1 else shown
    headings = [""] if channels == 1 else [f"channel {one}" for one in range(min(channels, MOST_ROWS))]
    names = [str(one) for one in range(shown)]
    sections = [
        Section(scaled[:shown, one], names, columns, heading, SIGNED, (-1.0, 1.0))
        for one, heading in enumerate(headings)
    ]
    note = f"{_first(shown, count, 'filter')} of {high} × {wide}"
    if channels > 1:
        note += f", {_first(len(headings), channels, 'channel')}"
    figure = page(title, note, sections, below=BAR[3])
    _add_bar(figure, reach)
    return figure


def _first(shown: int, count: int, thing: str) -> str:
    """How many of these things are shown, in words."""
    things = thing if count == 1 else f"{thing}s"
    return f"{count} {things}" if shown == count else f"the first {shown} of {count} {things}"


def _add_bar(figure: Figure, reach: float) -> None:
    """The scale of the colours, at the foot of the page."""
    page_width, page_height = figure.get_size_inches()
    width, height, indent, free = BAR
    place = (
        (MARGIN + indent) / page_width,
        (MARGIN + free - height - 0.1) / page_height,
        width / page_width,
        height / page_height,
    )
    with look():
        bar = figure.colorbar(figure.axes[0].images[0], cax=figure.add_axes(place), orientation="horizontal")
        bar.set_ticks([-1.0, 0.0, 1.0], labels=[f"−{reach:.2g}", "0", f"{reach:.2g}"])
        bar.ax.tick_params(length=0)


def feature_maps(title: str, image: npt.ArrayLike, layers: Mapping[str, npt.ArrayLike]) -> Figure:
    """An image, and what each of the named layers makes of it; the darkest and brightest are said above.

    image: ``(height, width)`` or ``(1 or 3, height, width)``; maps of a layer: ``(channels, height, width)``.
    Raises DataError for other shapes.
    """
    shown = numeric("an image", image)
    if shown.ndim not in {2, 3}:
        msg = f"an image is (height, width) or (channels, height, width) with 1 or 3 channels, not {shown.shape}"
        raise DataError(msg)
    sections = [Section(pictures("images", shown[None]), [""], 1, "input")]
    for name, maps in layers.items():
        array = numeric(f"the maps of {name}", maps)
        if array.ndim != 3 or 0 in array.shape:
            msg = f"the maps of {name} are (channels, height, width), and not empty; their shape is {array.shape}"
            raise DataError(msg)
        sections.append(_layer(name, array))
    return page(title, "", sections)


def _layer(name: str, maps: Floats) -> Section:
    count, high, wide = maps.shape
    shown = min(count, MOST_MAPS)
    span = f"from {maps.min():.2g} to {maps.max():.2g}" if maps.min() < maps.max() else f"all {maps.flat[0]:.2g}"
    heading = f"{name}: {_first(shown, count, 'map')} of {high} × {wide}, {span}"
    columns = min(shown, 8)
    return Section(stretched(maps)[:shown], [str(one) for one in range(shown)], columns, heading, "viridis")
