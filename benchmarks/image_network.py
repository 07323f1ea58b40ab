"""A network for images, and its gradient by hand: two convolutions with pools, then two layers of units."""

from __future__ import annotations

import attrs
import numpy as np

from benchmarks.program import A, Answer, ArrayOperations, Floats

__all__ = ["ImageNetwork", "convolved", "image_data", "image_parameters", "pooled"]

BATCH, CLASSES = 64, 10
SHAPES = ((16, 1, 3, 3), (16, 1, 1), (32, 16, 3, 3), (32, 1, 1), (128, 64), (64,), (64, CLASSES), (CLASSES,))
"""Kernels ``(out, in, height, width)`` and matrices ``(in, out)``, each with the biases behind it."""


def image_parameters() -> tuple[Floats, ...]:
    """Weights whose sums have about the length of what they are sums of, and small biases."""
    random = np.random.default_rng(4)
    fans = (9, 9, 144, 144, 128, 128, 64, 64)
    return tuple(random.normal(size=shape) / np.sqrt(fan) for shape, fan in zip(SHAPES, fans, strict=True))


def image_data() -> tuple[Floats, Floats]:
    """A batch of pictures ``(batch, 1, 8, 8)``, and their classes as rows of zeros and a one."""
    random = np.random.default_rng(5)
    return random.uniform(size=(BATCH, 1, 8, 8)), np.eye(CLASSES)[random.integers(CLASSES, size=BATCH)]


@attrs.frozen
class ImageNetwork:
    """The mean cross entropy of the network: (batch, 1, 8, 8) -> (batch, 10)."""

    count: int = attrs.field(default=8, init=False)
    operations: int = attrs.field(default=24, init=False)

    def __call__(self, using: ArrayOperations[A], *arrays: A) -> A:
        k1, c1, k2, c2, w1, b1, w2, b2, images, labels = arrays
        x = using.pool(using.relu(using.convolve(images, k1) + c1))
        x = using.pool(using.relu(using.convolve(x, k2) + c2))
        x = using.relu(using.matmul(using.flatten(x), w1) + b1)
        z = using.matmul(x, w2) + b2
        z = z - using.max(z, axis=1, keepdims=True)
        losses = using.log(using.sum(using.exp(z), axis=1)) - using.sum(z * labels, axis=1)
        return using.sum(losses) / float(BATCH)

    def by_hand(self, *arrays: Floats) -> Answer:
        """Backpropagation, written out."""
        k1, c1, k2, c2, w1, b1, w2, b2, images, labels = arrays
        x1 = np.maximum(convolved(images, k1) + c1, 0.0)
        p1 = pooled(x1)
        x2 = np.maximum(convolved(p1, k2) + c2, 0.0)
        p2 = pooled(x2)
        flat = p2.reshape(BATCH, -1)
        hidden = np.maximum(flat @ w1 + b1, 0.0)
        z = hidden @ w2 + b2
        z = z - z.max(axis=1, keepdims=True)
        e = np.exp(z)
        sums = e.sum(axis=1, keepdims=True)
        loss = (np.log(sums).sum() - (z * labels).sum()) / BATCH
        g = (e / sums - labels) / BATCH
        g_hidden = (g @ w2.T) * (hidden > 0.0)
        g_x2 = unpooled((g_hidden @ w1.T).reshape(p2.shape), x2, p2) * (x2 > 0.0)
        g_p1 = convolved(g_x2, k2.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1])
        g_x1 = unpooled(g_p1, x1, p1) * (x1 > 0.0)
        kernels = [kernel_gradient(images, g_x1), kernel_gradient(p1, g_x2)]
        biases = [g_x1.sum(axis=(0, 2, 3)).reshape(c1.shape), g_x2.sum(axis=(0, 2, 3)).reshape(c2.shape)]
        dense = [flat.T @ g_hidden, g_hidden.sum(axis=0), hidden.T @ g, g.sum(axis=0)]
        return float(loss), [kernels[0], biases[0], kernels[1], biases[1], *dense]


def patches(x: Floats) -> Floats:
    """What a window of 3 x 3 sees at every place, with zeros around: ``(batch, channels, 3, 3, height, width)``."""
    around = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return np.lib.stride_tricks.sliding_window_view(around, x.shape[2:], axis=(2, 3))


def convolved(x: Floats, kernel: Floats) -> Floats:
    """``(batch, in, height, width), (out, in, 3, 3) -> (batch, out, height, width)``."""
    sums: Floats = np.tensordot(patches(x), kernel, axes=((1, 2, 3), (1, 2, 3)))
    return sums.transpose(0, 3, 1, 2)


def kernel_gradient(x: Floats, g: Floats) -> Floats:
    """The derivative by the kernel, where `g` is that by what was convolved."""
    sums: Floats = np.tensordot(g, patches(x), axes=((0, 2, 3), (0, 4, 5)))
    return sums


def quarters(x: Floats) -> list[Floats]:
    """The four elements of every square of 2 x 2."""
    return [x[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)]


def pooled(x: Floats) -> Floats:
    """The largest of every square of 2 x 2."""
    one, two, three, four = quarters(x)
    return np.maximum(np.maximum(one, two), np.maximum(three, four))


def unpooled(g: Floats, x: Floats, largest: Floats) -> Floats:
    """`g` where the largest is; equal shares where several are, all of which a relu then sets to zero."""
    found = np.zeros_like(x)
    masks = [part == largest for part in quarters(x)]
    shared = g / np.sum(masks, axis=0)
    for part, mask in zip(quarters(found), masks, strict=True):
        part[...] = shared * mask
    return found
