"""The programs whose structure is simple, so that the cost is that of recording and sweeping: chains, and one line."""

from __future__ import annotations

import math

import attrs
import numpy as np

from benchmarks.program import A, Answer, ArrayOperations, Floats, N, Operations

__all__ = ["ArrayChain", "Chain", "Small"]


@attrs.frozen
class Chain:
    """A scalar recurrence of 8 operations an iteration; 0.999 keeps it from growing, whatever its length."""

    iterations: int
    count: int = attrs.field(default=3, init=False)

    @property
    def operations(self) -> int:
        """Products, sums, a difference, a quotient and a sine."""
        return 8 * self.iterations

    def __call__(self, using: Operations[N], *numbers: N) -> N:
        x, y, c = numbers
        sin = using.sin
        s = x
        for _ in range(self.iterations):
            x = x * 0.999 + y
            y = sin(x) * c - y / 1.5
            s = s + x * y
        return s

    def by_hand(self, *numbers: float) -> Answer:
        """The reverse sweep, written out."""
        x, y, c = numbers
        s, before = x, []
        for _ in range(self.iterations):
            before.append((x, y))
            x = x * 0.999 + y
            y = math.sin(x) * c - y / 1.5
            s = s + x * y
        gx = gy = gc = 0.0  # the cotangents of x, y, c; that of s stays 1
        for x_before, y_before in reversed(before):
            gx, gy = gx + y, gy + x
            gc += gy * math.sin(x)
            gx += gy * c * math.cos(x)
            gx, gy = 0.999 * gx, gx - gy / 1.5
            x, y = x_before, y_before
        return s, [gx + 1.0, gy, gc]


@attrs.frozen
class Small:
    """x * y + sin(x): so little that the cost is what a call costs."""

    count: int = attrs.field(default=2, init=False)
    operations: int = attrs.field(default=3, init=False)

    def __call__(self, using: Operations[N], *numbers: N) -> N:
        x, y = numbers
        return x * y + using.sin(x)

    def by_hand(self, *numbers: float) -> Answer:
        """As one writes it."""
        x, y = numbers
        return x * y + math.sin(x), [y + math.cos(x), x]


@attrs.frozen
class ArrayChain:
    """y -> x sin(y) + y for each element, and the sum in the end; where x is small, so are all derivatives."""

    iterations: int
    count: int = attrs.field(default=2, init=False)

    @property
    def operations(self) -> int:
        """A sine, a product and a sum in each iteration; the sum."""
        return 3 * self.iterations + 1

    def __call__(self, using: ArrayOperations[A], *arrays: A) -> A:
        x, y = arrays
        sin = using.sin
        for _ in range(self.iterations):
            y = sin(y) * x + y
        return using.sum(y)

    def by_hand(self, *arrays: Floats) -> Answer:
        """The reverse sweep, written out."""
        x, y = arrays
        before = []
        for _ in range(self.iterations):
            sine = np.sin(y)
            before.append((y, sine))
            y = sine * x + y
        gx, gy = np.zeros_like(x), np.ones_like(y)
        for y_before, sine in reversed(before):
            gx += gy * sine
            gy = gy * x * np.cos(y_before) + gy
        return float(y.sum()), [gx, gy]
