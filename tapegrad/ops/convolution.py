"""Convolution of images of any rank, and its two transposes. Each is linear in both operands, and the three are closed.

For an input x, a kernel w and a cotangent g of their convolution there is one number, ``sum(g * convolution(x, w))``.
It is linear in each of the three; `convolution` is its derivative by g, `convolution_transposed` by x and
`convolution_of_kernel` by w. So the derivative of each of them by one operand is another one of them.

Images are ``(batch, channels, *space)``, kernels ``(features, channels / groups, *window)``. Facts: `strides` and
`dilation`, one number for each axis of space; `padding`, how many zeros before and behind in each; `groups`, into which
the channels and the features are parted, each group of features seeing its group of channels.

The work is done by BLAS: the patches of the image under the kernel, a strided view, become rows of a matrix, and the
kernel is a matrix too. Channels lie innermost in memory, whatever the order of the axes says, so that a patch is copied
in long runs; what comes out lies so already.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from tapegrad.arrays import Floats
from tapegrad.maps import Multilinear, shape_of
from tapegrad.ops.shape import reshape, transpose
from tapegrad.ops.windows import Pairs, Shape, Sliding, sliding
from tapegrad.typing import Static

__all__ = ["convolution", "convolution_of_kernel", "convolution_transposed"]

_BLOCK: Final = 1 << 20  # bytes of patches at a time, which stay in the cache


def _channels_last(x: Floats) -> Floats:
    """(batch, channels, *space) -> (batch, *space, channels)."""
    return x.transpose(0, *range(2, x.ndim), 1)


def _channels_second(x: Floats) -> Floats:
    """The way back."""
    return x.transpose(0, x.ndim - 1, *range(1, x.ndim - 1))


def _padded(x: Floats, over: Sliding) -> Floats:
    """Zeros around: ``(batch, *space, channels) -> (batch, *padded, channels)``."""
    if over.padded == over.space:
        return x
    padded: Floats = np.zeros((len(x), *over.padded, x.shape[-1]), x.dtype)
    padded[:, *over.inside] = x
    return padded


def _patches(padded: Floats, over: Sliding, groups: int) -> Floats:
    """What the window sees at each place: ``(groups, batch * places, window * channels / groups)``."""
    batch, *along, channel = padded.strides
    steps = (far * one for far, one in zip(over.strides, along, strict=True))
    inner = (far * one for far, one in zip(over.dilation, along, strict=True))
    shape = (len(padded), *over.places, *over.window, padded.shape[-1])
    seen = np.lib.stride_tricks.as_strided(padded, shape, (batch, *steps, *inner, channel), writeable=False)
    count = len(padded) * math.prod(over.places)
    by_group = seen.reshape(count, math.prod(over.window), groups, padded.shape[-1] // groups)
    return by_group.transpose(2, 0, 1, 3).reshape(groups, count, -1)


def _outputs(g: Floats, groups: int) -> Floats:
    """By place and group: ``(batch, features, *places) -> (groups, batch * places, features / groups)``."""
    features = g.shape[1]
    return _channels_last(g).reshape(g.size // features, groups, features // groups).swapaxes(0, 1)


def _blocks(padded: Floats, over: Sliding) -> Iterator[slice]:
    """The examples of a batch, a few at a time."""
    bytes_of_one = padded.itemsize * padded.shape[-1] * math.prod(over.places) * math.prod(over.window)
    size = max(1, _BLOCK // max(1, bytes_of_one))
    return (slice(start, min(start + size, len(padded))) for start in range(0, len(padded), size))


def _convolved(x: Floats, w: Floats, strides: Shape, padding: Pairs, dilation: Shape, groups: int) -> Floats:
    over = sliding(x.shape[2:], w.shape[2:], strides, padding, dilation)
    padded, features, count = _padded(_channels_last(x), over), len(w), math.prod(over.places)
    kernel = _channels_last(w).reshape(groups, features // groups, -1).swapaxes(1, 2)
    out: Floats = np.empty((len(x) * count, groups, features // groups), np.result_type(x, w))
    for block in _blocks(padded, over):
        part = out[block.start * count : block.stop * count]
        np.matmul(_patches(padded[block], over, groups), kernel, out=part.swapaxes(0, 1))
    return _channels_second(out.reshape(len(x), *over.places, features))


def _of_kernel(
    x: Floats, g: Floats, window: Shape, strides: Shape, padding: Pairs, dilation: Shape, groups: int
) -> Floats:
    over = sliding(x.shape[2:], window, strides, padding, dilation)
    padded, features, channels = _padded(_channels_last(x), over), g.shape[1], x.shape[1] // groups
    total: Floats = np.zeros((groups, features // groups, math.prod(window) * channels), np.result_type(x, g))
    for block in _blocks(padded, over):
        total += np.matmul(_outputs(g[block], groups).swapaxes(1, 2), _patches(padded[block], over, groups))
    return _channels_second(total.reshape(features, *window, channels))


def _transposed(
    g: Floats, w: Floats, space: Shape, strides: Shape, padding: Pairs, dilation: Shape, groups: int
) -> Floats:
    over = sliding(space, w.shape[2:], strides, padding, dilation)
    features, channels = len(w) // groups, w.shape[1]
    kernels = w.reshape(groups, features, channels, -1).transpose(3, 0, 1, 2)
    rows = _outputs(g, groups)
    total: Floats = np.zeros((len(g), *over.padded, groups * channels), np.result_type(g, w))
    for kernel, under in zip(kernels, over.under, strict=True):
        # One element of the window at a time: the patches of all would be as many times as large as the image.
        products = np.matmul(rows, kernel).swapaxes(0, 1)
        total[:, *under] += products.reshape(len(g), *over.places, groups * channels)
    return _channels_second(total[:, *over.inside])


# ---- lanes --------------------------------------------------------------------------------------
# The lanes of `vmap` are further groups: each has an image and a kernel of its own, and sees no other.

_IMAGES: Final = 1  # the axis of images, and of kernels, that is parted into groups
_KERNELS: Final = 0


def _merged(x: object, axis: int) -> object:
    """(lanes, ...) -> (...), with the lanes of an axis one after the other."""
    lanes, *lane = shape_of(x)
    order = (*range(1, axis + 1), 0, *range(axis + 1, len(lane) + 1))
    return reshape(transpose(x, axes=order), shape=(*lane[:axis], lanes * lane[axis], *lane[axis + 1 :]))


def _parted(x: object, axis: int, lanes: int) -> object:
    """The way back: (...) -> (lanes, ...)."""
    shape = shape_of(x)
    apart = reshape(x, shape=(*shape[:axis], lanes, shape[axis] // lanes, *shape[axis + 1 :]))
    return transpose(apart, axes=(axis, *range(axis), *range(axis + 1, len(shape) + 1)))


def _in_lanes(operation: Callable[[], Multilinear], x_axis: int, y_axis: int, out_axis: int) -> Callable[..., object]:
    """The batch rule of an operation whose operands and output are parted into groups along these axes."""

    def batched(size: int, x: object, y: object, groups: int, **facts: Static) -> object:
        out = operation()(_merged(x, x_axis), _merged(y, y_axis), groups=size * groups, **facts)
        return _parted(out, out_axis, size)

    return batched


# ---- the three operations -----------------------------------------------------------------------

_FACTS: Final[dict[str, type]] = {"strides": tuple, "padding": tuple, "dilation": tuple, "groups": int}


def _window(w: object) -> Shape:
    """The space of an image, or the window of a kernel."""
    return shape_of(w)[2:]


# x (batch, channels, *space), w (features, channels / groups, *window) -> (batch, features, *places)
convolution: Multilinear = Multilinear(
    "convolution",
    _convolved,
    (
        lambda g, x, w, **facts: convolution_transposed(g, w, space=_window(x), **facts),
        lambda g, x, w, **facts: convolution_of_kernel(x, g, window=_window(w), **facts),
    ),
    _FACTS,
    _in_lanes(lambda: convolution, _IMAGES, _KERNELS, _IMAGES),
)

# g (batch, features, *places), w (features, channels / groups, *window) -> (batch, channels, *space)
convolution_transposed: Multilinear = Multilinear(
    "convolution_transposed",
    _transposed,
    (
        lambda t, g, w, space, **facts: convolution(t, w, **facts),
        lambda t, g, w, space, **facts: convolution_of_kernel(t, g, window=_window(w), **facts),
    ),
    {"space": tuple, **_FACTS},
    _in_lanes(lambda: convolution_transposed, _IMAGES, _KERNELS, _IMAGES),
)

# x (batch, channels, *space), g (batch, features, *places) -> (features, channels / groups, *window)
convolution_of_kernel: Multilinear = Multilinear(
    "convolution_of_kernel",
    _of_kernel,
    (
        lambda t, x, g, window, **facts: convolution_transposed(g, t, space=_window(x), **facts),
        lambda t, x, g, window, **facts: convolution(x, t, **facts),
    ),
    {"window": tuple, **_FACTS},
    _in_lanes(lambda: convolution_of_kernel, _IMAGES, _IMAGES, _KERNELS),
)
