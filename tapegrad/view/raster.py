"""Pixels as an image that stands inside a page."""

from __future__ import annotations

import base64
import io

import numpy as np
import numpy.typing as npt

from tapegrad.errors import MissingExtraError

__all__ = ["data_address", "rgb"]


def rgb(colour: str) -> tuple[int, ...]:
    """Red, green and blue of a colour that is written ``#rrggbb``.

    >>> rgb("#0072b2")
    (0, 114, 178)
    """
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def data_address(pixels: npt.NDArray[np.uint8]) -> str:
    """The pixels as a PNG in the address of an image: ``src`` of an ``img``, ``href`` of an ``image`` in SVG.

    pixels: ``(height, width)`` of grey, ``(height, width, 3)`` of red, green and blue, or ``(height, width, 4)`` of
    these and opacity, the first row on top. Raises MissingExtraError where Pillow is not installed, which comes with
    matplotlib and with Streamlit.
    """
    try:
        from PIL import Image  # noqa: PLC0415  # loaded when used: importing tapegrad stays fast
    except ImportError as error:
        msg = f'images need Pillow ({error}); install it with: pip install "tapegrad[plot]"'
        raise MissingExtraError(msg) from None
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
