"""Small images on a page: pictures as they are, and arrays of numbers around 0, vermilion above it and blue below.

The colours of numbers are more or less opaque: 0 is the ground of the page, light or dark. A number below 0 has a hole,
so that the two signs differ without colour too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tapegrad.arrays import Floats
from tapegrad.view.page import DARK
from tapegrad.view.raster import data_address, rgb
from tapegrad.view.steps import format_number
from tapegrad.view.svg import clean

__all__ = ["beside", "extent", "grid", "picture", "signed", "tile"]

CELL: Final = 3  # pixels along each side of a number; the middle one is the hole
ABOVE, BELOW = DARK["c1"], DARK["c0"]  # which are seen well on light ground too


def picture(image: Floats) -> npt.NDArray[np.uint8]:
    """The pixels of an image ``(1 or 3, height, width)`` from 0, black, to 1."""
    levels = np.rint(255.0 * np.clip(image, 0.0, 1.0)).astype(np.uint8)
    return levels[0] if len(levels) == 1 else np.moveaxis(levels, 0, -1)


def signed(values: Floats, limit: float) -> npt.NDArray[np.uint8]:
    """The pixels of numbers ``(height, width)``: a square of three times three for each, opaque where ±`limit`.

    They are red, green, blue and opacity. Numbers beyond the limit are drawn as the limit.
    """
    strength = np.clip(np.abs(values) / limit, 0.0, 1.0) if limit > 0.0 else np.zeros_like(values)
    pixels = np.empty((*values.shape, 4), np.uint8)
    pixels[..., :3] = np.where(values[..., None] < 0.0, rgb(BELOW), rgb(ABOVE))
    pixels[..., 3] = np.rint(255.0 * strength)
    large = pixels.repeat(CELL, axis=0).repeat(CELL, axis=1)
    large[1::CELL, 1::CELL, 3][values < 0.0] = 0
    return large


def beside(kernels: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
    """Images of one height in a row, a cell apart."""
    gap = np.zeros((len(kernels[0]), CELL, 4), np.uint8)
    parts = [part for kernel in kernels for part in (gap, kernel)]
    return np.concatenate(parts[1:], axis=1)


def extent(values: Floats) -> str:
    """From where to where the numbers go, in words."""
    return f"from {format_number(float(values.min()))} to {format_number(float(values.max()))}"


def tile(pixels: npt.NDArray[np.uint8], zoom: int, name: str, caption: str = "", hint: str = "") -> str:
    """An image whose pixels are `zoom` wide, called `name`, with a caption below and a hint to hover for."""
    height, width = pixels.shape[:2]
    title = f' title="{clean(hint)}"' if hint else ""
    below = f"<figcaption>{clean(caption)}</figcaption>" if caption else ""
    return (
        f'<figure class="tile"><img src="{data_address(pixels)}" alt="{clean(name)}"{title} decoding="sync" '
        f'style="width: {zoom * width}px; aspect-ratio: {width} / {height}">{below}</figure>'
    )


def grid(tiles: Sequence[str], label: str, kind: str = "") -> str:
    """Tiles in lines, as many in each as there is room for."""
    return f'<div class="grid {kind}" role="group" aria-label="{clean(label)}">{"".join(tiles)}</div>'
