"""What decides whether an answer is right."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.program import Answer, Floats
from benchmarks.works import AnyTask

__all__ = ["agrees_with_differences", "relative_error"]


def relative_error(answer: Answer, expected: Answer) -> float:
    """The largest difference of value and gradient, each relative to the largest number expected.

    Infinite where the answer is not finite, or the gradient has another length or shape.
    """
    (value, gradient), (true_value, true_gradient) = answer, expected
    found, true = [np.asarray(g) for g in gradient], [np.asarray(g) for g in true_gradient]
    if [g.shape for g in found] != [g.shape for g in true]:
        return math.inf
    numbers, true_numbers = (np.concatenate([np.ravel(g) for g in arrays]) for arrays in (found, true))
    if not (math.isfinite(value) and np.isfinite(numbers).all()):
        return math.inf
    of_gradient = float(np.abs(numbers - true_numbers).max() / np.abs(true_numbers).max())
    return max(abs(value - true_value) / abs(true_value), of_gradient)


def agrees_with_differences(task: AnyTask, step: float = 1e-6, tolerance: float = 1e-7) -> bool:
    """Whether the gradient by hand is that of the program: central differences, on plain floats and arrays.

    They are taken by each argument; by an array along one direction.
    """
    program: Callable[..., float] = task.value
    point: Sequence[float | Floats] = task.point
    value, gradient = task.program.by_hand(*task.point)
    random = np.random.default_rng(0)
    directions: list[float | Floats] = [
        random.normal(size=x.shape) if isinstance(x, np.ndarray) else 1.0 for x in point[: task.program.count]
    ]

    def moved(position: int, by: float) -> float:
        there = [x + by * directions[i] if i == position else x for i, x in enumerate(point)]
        return program(*there)

    differences = [(moved(i, step) - moved(i, -step)) / (2.0 * step) for i in range(len(directions))]
    slopes = [float(np.sum(v * g)) for v, g in zip(directions, gradient, strict=True)]
    return relative_error((program(*point), differences), (value, slopes)) <= tolerance
