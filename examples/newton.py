"""Newton's method: the Hessian turns a long descent into a few steps.

Minimises Rosenbrock's banana valley, (1 - x)^2 + 100 (y - x^2)^2, from its usual start (-1.2, 1). The
number of right digits doubles with each of the last steps; gradient descent is shown for comparison.

    python examples/newton.py
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import tapegrad as tg

Point = tuple[float, float]
Matrix = tuple[Point, Point]


def rosenbrock(point: Point) -> float:
    """The valley: its floor is the parabola y = x^2, its lowest point (1, 1)."""
    x, y = point
    return (1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2


def solve(matrix: Matrix, right: Point) -> Point:
    """The solution of two linear equations, by Cramer's rule."""
    (a, b), (c, d) = matrix
    determinant = a * d - b * c
    return (right[0] * d - b * right[1]) / determinant, (a * right[1] - right[0] * c) / determinant


def newton(function: Callable[[Point], float], point: Point, tolerance: float) -> Iterator[tuple[Point, float]]:
    """Each point with the length of the gradient there, until that is below `tolerance`."""
    gradient, hessian = tg.grad(function), tg.hessian(function)
    slope = gradient(point)
    yield point, math.hypot(*slope)
    while math.hypot(*slope) > tolerance:
        step = solve(hessian(point), slope)
        point = (point[0] - step[0], point[1] - step[1])
        slope = gradient(point)
        yield point, math.hypot(*slope)


def descend(function: Callable[[Point], float], point: Point, rate: float, steps: int) -> Point:
    """Where gradient descent is after `steps` steps."""
    gradient = tg.grad(function)
    for _ in range(steps):
        slope = gradient(point)
        point = (point[0] - rate * slope[0], point[1] - rate * slope[1])
    return point


def main() -> None:
    """Print Newton's path, and where gradient descent is after a thousand steps."""
    start = (-1.2, 1.0)
    print("step            x            y        value   |gradient|")
    for step, (point, length) in enumerate(newton(rosenbrock, start, tolerance=1e-9)):
        print(f"{step:>4} {point[0]:12.8f} {point[1]:12.8f} {rosenbrock(point):12.3e} {length:12.3e}")
    x, y = descend(rosenbrock, start, rate=0.001, steps=1000)
    print(f"gradient descent, 1000 steps: ({x:.4f}, {y:.4f}), value {rosenbrock((x, y)):.3e}")


if __name__ == "__main__":
    main()
