"""How a window slides over images, as it is said in a call: one number or one for each axis, padding also by name.

"valid"        no padding: the window stays on the image
"same"         as much as gives ceil(n / stride) places; what is odd goes behind
"anchored"     the window lies behind the place that it is for, and zeros behind the image: MiniTorch's convolution
1, (1, 2)      before and behind, for all axes or for each
((0, 1), (2, 2))    before and behind, each
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Final, Literal, SupportsIndex, TypeAlias, cast

import attrs
import numpy as np

from tapegrad import dispatch
from tapegrad.errors import LayerError, SettingError
from tapegrad.maps import shape_of
from tapegrad.ops.windows import Pairs, Shape
from tapegrad.primitive import concrete

__all__ = ["SPACES", "Padding", "PerAxis", "Slide", "floats", "whole"]

PerAxis: TypeAlias = int | tuple[int, ...]
"""A number for all axes of space, or one for each."""

Padding: TypeAlias = PerAxis | tuple[tuple[int, int], ...] | Literal["anchored", "same", "valid"]
"""What is around an image: see the module."""

SPACES: Final = ("", "length", "height, width")
"""The axes of space of images, by their number."""

_FLOATS: Final = (np.dtype(np.float64), np.dtype(np.float32))
_NAMES: Final = ("anchored", "same", "valid")


@attrs.frozen
class Slide:
    """A window, and how it slides. Made by `Slide.of`."""

    name: str  # of the layer or the function, for errors
    window: Shape
    strides: Shape
    dilation: Shape
    padding: Pairs | None  # None is "same", which depends on the image

    @classmethod
    def of(
        cls, name: str, axes: int, window: PerAxis, stride: PerAxis, padding: Padding, dilation: PerAxis = 1
    ) -> Slide:
        """The window over so many axes of space. Raises SettingError for a setting that has no meaning."""
        lengths = _per_axis(name, "window", window, axes, 1)
        far = _per_axis(name, "dilation", dilation, axes, 1)
        strides = _per_axis(name, "stride", stride, axes, 1)
        return cls(name, lengths, strides, far, _pairs(name, padding, _spans(lengths, far)))

    @property
    def spans(self) -> Shape:
        """How long the window is with what lies between its elements."""
        return _spans(self.window, self.dilation)

    def around(self, space: Shape) -> Pairs:
        """The padding of images of this space. Raises LayerError if the window has no place there."""
        spans = self.spans
        padding = self.padding
        if padding is None:
            padding = tuple(map(_same, space, spans, self.strides))
        if any(length + sum(both) < span for length, both, span in zip(space, padding, spans, strict=True)):
            padded = tuple(length + sum(both) for length, both in zip(space, padding, strict=True))
            msg = (
                f"{self.name}: the window spans {spans}, which is more than images of {padded}, padding included; "
                "take larger images, a smaller window or padding='same'"
            )
            raise LayerError(msg)
        return padding


def _spans(window: Shape, dilation: Shape) -> Shape:
    return tuple([far * (length - 1) + 1 for length, far in zip(window, dilation, strict=True)])


def _same(length: int, span: int, stride: int) -> tuple[int, int]:
    places = -(-length // stride)
    total = max(0, (places - 1) * stride + span - length)
    return total // 2, total - total // 2


def _pairs(name: str, padding: object, spans: Shape) -> Pairs | None:
    """The padding that was asked for, as pairs; None for "same"."""
    if padding == "same":
        return None
    if padding == "valid":
        return ((0, 0),) * len(spans)
    if padding == "anchored":
        return tuple((0, span - 1) for span in spans)
    if isinstance(padding, str):
        cure = dispatch.nearest(padding.lower(), _NAMES)
        msg = f"{name}: padding is a number, or one of {', '.join(map(repr, _NAMES))}, not {padding!r:.60}{cure}"
        raise SettingError(msg)
    if isinstance(padding, Sequence) and any(isinstance(both, Sequence) for both in padding):
        if len(padding) != len(spans) or not all(isinstance(both, Sequence) and len(both) == 2 for both in padding):
            msg = f"{name}: padding by pairs is ({', '.join(['(before, behind)'] * len(spans))}), not {padding!r:.60}"
            raise SettingError(msg)
        return tuple((whole(name, "padding", both[0], 0), whole(name, "padding", both[1], 0)) for both in padding)
    return tuple((each, each) for each in _per_axis(name, "padding", padding, len(spans), 0))


def _per_axis(name: str, what: str, value: object, axes: int, least: int) -> Shape:
    if not isinstance(value, (tuple, list)):
        return (whole(name, what, value, least),) * axes
    if len(value) != axes:
        numbers = "one number" if axes == 1 else f"{axes} numbers"
        msg = f"{name}: {what} is a whole number, or a tuple of {numbers}, one for each axis, not {value!r:.60}"
        raise SettingError(msg)
    return tuple([whole(name, what, each, least) for each in value])


def whole(name: str, what: str, value: object, least: int) -> int:
    """`value` as a whole number from `least` on. Raises SettingError if it is not one."""
    if type(value) is int and value >= least:
        return value
    if isinstance(value, SupportsIndex) and not isinstance(value, bool) and operator.index(value) >= least:
        return operator.index(value)
    msg = f"{name}: {what} is a whole number from {least} on, not {value!r:.60}"
    raise SettingError(msg)


def floats(name: str, x: object) -> np.dtype[np.floating]:
    """The dtype of an array of float64 or float32, plain or traced. Raises LayerError for one of other things."""
    dtype = getattr(concrete(x), "dtype", None)
    if dtype is None or dtype not in _FLOATS:
        found = f"{dtype} of shape {shape_of(x)}" if dtype is not None else f"{x!r:.60}"
        cure = "x.astype(np.float64)" if dtype is not None else "np.asarray(x, np.float64)"
        if isinstance(x, tuple) and all(isinstance(length, int) for length in x):
            cure = f"np.zeros({x})"  # the shape of a batch, for init
        msg = f"{name}: it computes with arrays of floats, not {found}; write {cure}"
        raise LayerError(msg)
    return cast("np.dtype[np.floating]", dtype)
