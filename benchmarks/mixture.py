"""The log-likelihood of a mixture of normal distributions, and its gradient by hand.

The density of a point x is sum_k w_k prod_d N(x_d; mean_kd, scale_kd), and w = softmax(logits). The logarithm of a
sum of exponentials is that of the largest, plus what the others add, so that none overflows.
"""

from __future__ import annotations

import math

import attrs
import numpy as np

from benchmarks.program import A, Answer, ArrayOperations, Floats

__all__ = ["Mixture", "mixture_data", "mixture_parameters"]

POINTS, COMPONENTS, DIMENSIONS = 2000, 10, 5
CONSTANT = POINTS * DIMENSIONS * 0.5 * math.log(2.0 * math.pi)


def mixture_parameters() -> tuple[Floats, ...]:
    """Logits (k,), means (k, d) and log scales (k, d)."""
    random = np.random.default_rng(4)
    shape = (COMPONENTS, DIMENSIONS)
    return random.normal(size=COMPONENTS), random.normal(size=shape), 0.3 * random.normal(size=shape)


def mixture_data() -> tuple[Floats]:
    """Points (n, 1, d): the axis in the middle is for the components."""
    return (np.random.default_rng(5).normal(size=(POINTS, 1, DIMENSIONS)),)


def total_logsumexp(using: ArrayOperations[A], x: A) -> A:
    """log(sum(exp(x))) along the last axis, and the sum of that."""
    largest = using.max(x, axis=-1, keepdims=True)
    return using.sum(using.log(using.sum(using.exp(x - largest), axis=-1, keepdims=True)) + largest)


@attrs.frozen
class Mixture:
    """The log-likelihood of all points."""

    count: int = attrs.field(default=3, init=False)
    operations: int = attrs.field(default=27, init=False)

    def __call__(self, using: ArrayOperations[A], *arrays: A) -> A:
        logits, means, log_scales, points = arrays
        z = (points - means) * using.exp(-log_scales)  # (n, k, d)
        joint = logits - using.sum(log_scales, axis=1) - using.sum(z * z, axis=2) * 0.5  # (n, k)
        return total_logsumexp(using, joint) - total_logsumexp(using, logits) * float(POINTS) - CONSTANT

    def by_hand(self, *arrays: Floats) -> Answer:
        """By the shares of the components in the density of each point."""
        logits, means, log_scales, points = arrays
        inverse_scales = np.exp(-log_scales)
        z = (points - means) * inverse_scales  # (n, k, d)
        joint = logits - log_scales.sum(axis=1) - 0.5 * (z * z).sum(axis=2)  # (n, k)
        largest = joint.max(axis=1, keepdims=True)
        e = np.exp(joint - largest)
        sums = e.sum(axis=1, keepdims=True)
        weights = np.exp(logits - logits.max())
        total = weights.sum()
        value = (np.log(sums) + largest).sum() - POINTS * (np.log(total) + logits.max()) - CONSTANT
        shares = e / sums
        counts = shares.sum(axis=0)
        shared = shares[:, :, None] * z
        by_means = shared.sum(axis=0) * inverse_scales
        by_scales = (shared * z).sum(axis=0) - counts[:, None]
        return float(value), [counts - POINTS * weights / total, by_means, by_scales]
