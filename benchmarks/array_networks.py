"""Networks over arrays, a batch at once, and their gradients by hand: a classifier, and the network of Xor."""

from __future__ import annotations

import attrs
import numpy as np

from benchmarks.network import xor_points
from benchmarks.program import A, Answer, ArrayOperations, Floats

__all__ = ["Classifier", "XorNetwork", "classifier_data", "classifier_parameters", "xor_data", "xor_parameters"]

CLASSES = 10


def classifier_parameters() -> tuple[Floats, ...]:
    """Weights whose sums over the inputs have about the length 1, and biases."""
    random = np.random.default_rng(2)
    weights = (random.normal(size=(784, 256)) / 28.0, random.normal(size=(256, CLASSES)) / 16.0)
    return weights[0], random.normal(size=256) / 28.0, weights[1], random.normal(size=CLASSES) / 16.0


def classifier_data() -> tuple[Floats, Floats]:
    """A batch of pictures, and their classes as rows of zeros and a one."""
    random = np.random.default_rng(3)
    return random.uniform(size=(128, 784)), np.eye(CLASSES)[random.integers(CLASSES, size=128)]


@attrs.frozen
class Classifier:
    """The mean cross entropy of a network with one layer of tanh: (batch, 784) -> (batch, 256) -> (batch, 10)."""

    count: int = attrs.field(default=4, init=False)
    operations: int = attrs.field(default=15, init=False)

    def __call__(self, using: ArrayOperations[A], *arrays: A) -> A:
        w1, b1, w2, b2, inputs, labels = arrays
        hidden = using.tanh(using.matmul(inputs, w1) + b1)
        z = using.matmul(hidden, w2) + b2
        z = z - using.max(z, axis=1, keepdims=True)
        losses = using.log(using.sum(using.exp(z), axis=1)) - using.sum(z * labels, axis=1)
        return using.sum(losses) / 128.0

    def by_hand(self, *arrays: Floats) -> Answer:
        """Backpropagation, written out."""
        w1, b1, w2, b2, inputs, labels = arrays
        hidden = np.tanh(inputs @ w1 + b1)
        z = hidden @ w2 + b2
        z = z - z.max(axis=1, keepdims=True)
        e = np.exp(z)
        sums = e.sum(axis=1, keepdims=True)
        loss = (np.log(sums).sum() - (z * labels).sum()) / 128.0
        g = (e / sums - labels) / 128.0
        g_hidden = (g @ w2.T) * (1.0 - hidden * hidden)
        return float(loss), [inputs.T @ g_hidden, g_hidden.sum(axis=0), hidden.T @ g, g.sum(axis=0)]


def xor_parameters() -> tuple[Floats, ...]:
    """Uniform between -1 and 1."""
    random = np.random.default_rng(1)
    return tuple(random.uniform(-1.0, 1.0, shape) for shape in ((2, 10), 10, (10, 10), 10, (10, 1), 1))


def xor_data() -> tuple[Floats, Floats]:
    """The points of the scalar network, (50, 2), and -1.0 for those labelled 1, else 1.0, (50, 1)."""
    points, labels = zip(*xor_points(50), strict=True)
    return np.array(points), 1.0 - 2.0 * np.array(labels)[:, None]


@attrs.frozen
class XorNetwork:
    """The mean log loss of `benchmarks.network`, with all points at once."""

    count: int = attrs.field(default=6, init=False)
    operations: int = attrs.field(default=14, init=False)

    def __call__(self, using: ArrayOperations[A], *arrays: A) -> A:
        w1, b1, w2, b2, w3, b3, points, signs = arrays
        x = using.relu(using.matmul(points, w1) + b1)
        x = using.relu(using.matmul(x, w2) + b2)
        z = using.matmul(x, w3) + b3
        return using.sum(using.log(using.exp(z * signs) + 1.0)) / 50.0

    def by_hand(self, *arrays: Floats) -> Answer:
        """Backpropagation, written out."""
        w1, b1, w2, b2, w3, b3, points, signs = arrays
        x1 = np.maximum(points @ w1 + b1, 0.0)
        x2 = np.maximum(x1 @ w2 + b2, 0.0)
        e = np.exp((x2 @ w3 + b3) * signs)
        loss = np.log(e + 1.0).sum() / 50.0
        g = signs * e / (e + 1.0) / 50.0
        g2 = (g @ w3.T) * (x2 > 0.0)
        g1 = (g2 @ w2.T) * (x1 > 0.0)
        return float(loss), [points.T @ g1, g1.sum(axis=0), x1.T @ g2, g2.sum(axis=0), x2.T @ g, g.sum(axis=0)]
