"""A page of small images in rows, with captions: sections below each other, measured in inches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import attrs

from tapegrad.view.plots.checks import Floats
from tapegrad.view.plots.style import INK, PALE, TITLE_SIZE, blank, look, shortened, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MARGIN", "Section", "page", "tidy", "tile_width"]

MARGIN: Final = 0.25
GAP: Final = 0.14
CAPTION_SIZE: Final = 8.5
HEADING_SIZE: Final = 10.0
NARROWEST: Final = 5.0  # of a page: room for the title
USUAL: Final = 8.0  # as wide as rows should be
SLIMMEST: Final = 1.0 / 8.0  # an image longer than this is drawn shorter, that it can be seen


@attrs.frozen(eq=False)
class Section:
    """Images of one size with a heading above, ``(n, height, width)`` or ``(n, height, width, 3)``.

    Grey levels are numbers between `limits`, coloured by the colour map. A caption may have several lines.
    """

    images: Floats
    captions: Sequence[str]
    columns: int
    heading: str = ""
    colours: str = "gray"
    limits: tuple[float, float] = (0.0, 1.0)


def tidy(count: int, most: int = 12) -> int:
    """How many columns hold so many images in a block a little wider than high, with the fewest gaps."""
    narrow, wide = math.isqrt(max(count - 1, 0)) + 1, math.isqrt(2 * count) + 1
    return min(range(min(narrow, most), min(wide, most) + 1), key=lambda columns: (-count % columns, columns))


def tile_width(columns: int) -> float:
    """How wide an image is, in inches, where so many stand beside each other."""
    return min(max(USUAL / max(columns, 4) - GAP, 0.42), 1.3)


def page(title: str, note: str, sections: Sequence[Section], below: float = 0.0) -> Figure:
    """The sections under the title and a smaller note; `below` inches are left free at the foot."""
    with look():
        widest = max((section.columns for section in sections), default=0)
        tile = tile_width(widest)
        width = max(2.0 * MARGIN + widest * (tile + GAP) - GAP, NARROWEST)
        heading = wrapped(title, width - 2.0 * MARGIN)
        top = MARGIN + (heading.count("\n") + 1) * _line(TITLE_SIZE) + (_line(HEADING_SIZE) if note else 0.0) + GAP
        starts = [top]
        for section in sections:
            starts.append(starts[-1] + _height(section, tile))
        height = starts[-1] + below + MARGIN
        figure = blank(width, height, layout=None)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(0.0, width), ylim=(height, 0.0))
        axes.set_axis_off()
        axes.text(MARGIN, MARGIN, heading, fontsize=TITLE_SIZE, va="top", linespacing=1.3)
        axes.text(MARGIN, top - GAP, note, fontsize=HEADING_SIZE, va="bottom", color="#666666")
        for section, start in zip(sections, starts[:-1], strict=True):
            _draw(axes, section, tile, start)
        return figure


def _line(size: float) -> float:
    """The height of a line of text, in inches."""
    return 1.35 * size / 72.0


def _slot(section: Section, tile: float) -> tuple[float, float]:
    """The height of an image, and of the row that it is in."""
    high, wide = section.images.shape[1:3]
    height = tile * min(max(high / wide, SLIMMEST), 1.0)
    lines = max((caption.count("\n") + 1 for caption in section.captions if caption), default=0)
    return height, height + lines * _line(CAPTION_SIZE) + GAP


def _height(section: Section, tile: float) -> float:
    rows = math.ceil(len(section.images) / section.columns)
    return rows * _slot(section, tile)[1] + (_line(HEADING_SIZE) + 0.5 * GAP if section.heading else 0.0)


def _draw(axes: Axes, section: Section, tile: float, top: float) -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415  # loaded when used

    if section.heading:
        room = 72.0 * (axes.get_xlim()[1] - 2.0 * MARGIN)
        axes.text(MARGIN, top, shortened(section.heading, HEADING_SIZE, room), fontsize=HEADING_SIZE, va="top")
        top += _line(HEADING_SIZE) + 0.5 * GAP
    high, wide = section.images.shape[1:3]
    height, row_height = _slot(section, tile)
    width = tile * min(max(wide / high, SLIMMEST), 1.0)
    low, high = section.limits
    for at, (image, caption) in enumerate(zip(section.images, section.captions, strict=True)):
        row, column = divmod(at, section.columns)
        middle = MARGIN + column * (tile + GAP) + 0.5 * tile
        left, upper = middle - 0.5 * width, top + row * row_height
        extent = (left, left + width, upper + height, upper)
        axes.imshow(image, cmap=section.colours, vmin=low, vmax=high, extent=extent, aspect="auto")
        axes.add_patch(Rectangle((left, upper), width, height, fill=False, edgecolor=PALE, linewidth=0.6))
        room = 72.0 * (tile + 0.5 * GAP)
        text = "\n".join(shortened(line, CAPTION_SIZE, room) for line in caption.split("\n"))
        axes.text(middle, upper + height + 0.04, text, fontsize=CAPTION_SIZE, ha="center", va="top", color=INK)
