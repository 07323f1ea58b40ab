"""What is computed: the works, their sizes, and what decides whether an answer is right."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import attrs

from benchmarks.network import Network, starting_parameters, xor_points
from benchmarks.program import Answer, Differentiated, N, Operations, Program

__all__ = ["WORKS", "Size", "Task", "Work", "agrees_with_differences", "relative_error"]


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
class Task:
    """One work at one size: the program, and where it is evaluated."""

    program: Program
    point: tuple[float, ...]
    rate: float | None = None  # of the gradient step that belongs to the work, if one does

    def job(self, differentiated: Differentiated) -> Callable[[], object]:
        """What is timed: value and gradient at the point, and the gradient step."""
        point, rate = self.point, self.rate
        if rate is None:
            return lambda: differentiated(*point)

        def step() -> Answer:
            value, gradient = differentiated(*point)
            return value, [w - rate * g for w, g in zip(point, gradient, strict=True)]

        return step


@attrs.frozen
class Size:
    """How much of a work is measured, in operations."""

    operations: int
    growth: Sequence[int] = ()  # for the time per operation as it grows
    kept: int | None = None  # for the memory


@attrs.frozen
class Work:
    """A family of tasks: ``task(most)`` is the largest of at most `most` operations."""

    title: str
    task: Callable[[int], Task]
    sizes: Mapping[str, Size]  # for each ``--size``


def _chain(most: int) -> Task:
    return Task(Chain(max(1, most // 8)), (0.5, 0.3, 0.8))


def _network(most: int) -> Task:
    network = Network((2, 10, 10, 1), xor_points(max(1, min(50, most // 285))))
    return Task(network, starting_parameters(network.count), rate=0.5)


def _small(most: int) -> Task:
    del most  # it has one size
    return Task(Small(), (2.0, 3.0))


WORKS: Mapping[str, Work] = {
    "W1": Work(
        "gradient of a scalar chain, 8 operations an iteration",
        _chain,
        {
            "full": Size(100_000, growth=(96, 1_000, 10_000, 100_000, 1_000_000), kept=100_000),
            "small": Size(400, growth=(24, 96, 400), kept=4_000),
        },
    ),
    "W2": Work(
        "scalar network 2-10-10-1 on 50 points, one gradient step",
        _network,
        {"full": Size(14_250), "small": Size(285)},
    ),
    "W5": Work("value and gradient of x*y + sin(x)", _small, {"full": Size(3), "small": Size(3)}),
}


def relative_error(answer: Answer, expected: Answer) -> float:
    """The largest difference of value and gradient, each relative to the largest number expected.

    Infinite where the answer is not finite or has another length.
    """
    (value, gradient), (true_value, true_gradient) = answer, expected
    if len(gradient) != len(true_gradient) or not all(map(math.isfinite, (value, *gradient))):
        return math.inf
    of_gradient = max(abs(g - true) for g, true in zip(gradient, true_gradient, strict=True))
    return max(abs(value - true_value) / abs(true_value), of_gradient / max(map(abs, true_gradient)))


FLOATS = Operations[float](sin=math.sin, exp=math.exp, log=math.log, relu=lambda x: max(x, 0.0))


def agrees_with_differences(task: Task, step: float = 1e-5, tolerance: float = 1e-7) -> bool:
    """Whether the gradient by hand is that of the program: central differences, on plain floats."""
    value, gradient = task.program.by_hand(*task.point)

    def moved(position: int, by: float) -> float:
        return task.program(FLOATS, *(x + by * (i == position) for i, x in enumerate(task.point)))

    differences = [(moved(i, step) - moved(i, -step)) / (2.0 * step) for i in range(len(task.point))]
    return relative_error((task.program(FLOATS, *task.point), differences), (value, gradient)) <= tolerance
