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

import attrs
import numpy as np

from tapegrad.arrays import Floats
from tapegrad.maps import Multilinear, shape_of
from tapegrad.ops.shape import reshape, transpose
from tapegrad.ops.windows import Pairs, Shape, Sliding
from tapegrad.typing import Static

__all__ = ["convolution", "convolution_of_kernel", "convolution_transposed"]

_BLOCK: Final = 1 << 20  # bytes of patches at a time, which stay in the cache


@attrs.frozen
class _Plan(Sliding):
    """As matrices: in memory channels stand last, ``(batch, *space, channels)``."""

    groups: int

    def pad(self, x: Floats) -> Floats:
        """Zeros around: ``(batch, channels, *space) -> (batch, *padded, channels)``."""
        x = np.moveaxis(x, 1, -1)
        if self.padded == self.space:
            return x
        padded: Floats = np.zeros((len(x), *self.padded, x.shape[-1]), x.dtype)
        padded[:, *self.inside] = x
        return padded

    def rows(self, padded: Floats) -> Floats:
        """What lies under the window at each place: ``(groups, batch * places, window * channels / groups)``."""
        batch, *along, channel = padded.strides
        steps = (far * one for far, one in zip(self.strides, along, strict=True))
        inner = (far * one for far, one in zip(self.dilation, along, strict=True))
        shape = (len(padded), *self.places, *self.window, padded.shape[-1])
        patches = np.lib.stride_tricks.as_strided(padded, shape, (batch, *steps, *inner, channel), writeable=False)
        count, size = math.prod(shape[: 1 + len(self.space)]), math.prod(self.window)
        by_group = np.moveaxis(patches.reshape(count, size, self.groups, shape[-1] // self.groups), 2, 0)
        return by_group.reshape(self.groups, count, -1)

    def outputs(self, g: Floats) -> Floats:
        """By place and group: ``(batch, features, *places) -> (groups, batch * places, features / groups)``."""
        features = g.shape[1]
        by_group = np.moveaxis(g, 1, -1).reshape(math.prod(g.shape) // features, self.groups, features // self.groups)
        return np.moveaxis(by_group, 1, 0)

    def blocks(self, padded: Floats) -> Iterator[slice]:
        """The examples of a batch, a few at a time."""
        bytes_of_one = padded.itemsize * padded.shape[-1] * math.prod(self.places) * math.prod(self.window)
        size = max(1, _BLOCK // max(1, bytes_of_one))
        return (slice(start, start + size) for start in range(0, len(padded), size))


def _convolved(x: Floats, w: Floats, strides: Shape, padding: Pairs, dilation: Shape, groups: int) -> Floats:
    plan = _Plan(x.shape[2:], w.shape[2:], strides, padding, dilation, groups)
    padded, features = plan.pad(x), len(w)
    kernel = np.moveaxis(w, 1, -1).reshape(groups, features // groups, -1).swapaxes(1, 2)
    out: Floats = np.empty((len(x), *plan.places, features), np.result_type(x, w))
    for block in plan.blocks(padded):
        products = np.matmul(plan.rows(padded[block]), kernel)
        out[block] = np.moveaxis(products, 0, 1).reshape(-1, *plan.places, features)
    return np.moveaxis(out, -1, 1)


def _of_kernel(
    x: Floats, g: Floats, window: Shape, strides: Shape, padding: Pairs, dilation: Shape, groups: int
) -> Floats:
    plan = _Plan(x.shape[2:], window, strides, padding, dilation, groups)
    padded, features, channels = plan.pad(x), g.shape[1], x.shape[1] // groups
    total: Floats = np.zeros((groups, features // groups, math.prod(window) * channels), np.result_type(x, g))
    for block in plan.blocks(padded):
        total += np.matmul(plan.outputs(g[block]).swapaxes(1, 2), plan.rows(padded[block]))
    return np.moveaxis(total.reshape(features, *window, channels), -1, 1)


def _transposed(
    g: Floats, w: Floats, space: Shape, strides: Shape, padding: Pairs, dilation: Shape, groups: int
) -> Floats:
    plan = _Plan(space, w.shape[2:], strides, padding, dilation, groups)
    features, channels = len(w) // groups, w.shape[1]
    kernels = np.moveaxis(w.reshape(groups, features, channels, -1), -1, 0)
    rows = plan.outputs(g)
    total: Floats = np.zeros((len(g), *plan.padded, groups * channels), np.result_type(g, w))
    for kernel, under in zip(kernels, plan.under(), strict=True):
        # One element of the window at a time: the rows of all, added up, would be as many times as large.
        products = np.matmul(rows, kernel)
        total[:, *under] += np.moveaxis(products, 0, 1).reshape(len(g), *plan.places, -1)
    return np.moveaxis(total[:, *plan.inside], -1, 1)


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
