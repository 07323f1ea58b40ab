"""Check derivatives: central differences, `check_grads`, and random programs for hypothesis.

The check holds the directional derivative against a central difference, and forward against reverse
mode by the adjoint identity ``<J t, g> == <t, J^T g>``, along one random direction; one direction
tests all partial derivatives at once, since a wrong one changes the sum almost surely.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, cast, overload

import numpy as np
import numpy.typing as npt

from tapegrad import tree
from tapegrad.errors import SettingError
from tapegrad.numpy import exp, log, sigmoid, sin, sqrt, tanh
from tapegrad.transforms import jvp, vjp
from tapegrad.variables import Scalar

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["central_difference", "check_grads", "programs"]

Mode = Literal["fwd", "rev"]


@overload
def central_difference(function: Callable[..., Scalar], *vals: float, arg: int = 0, epsilon: float = 1e-6) -> float: ...
@overload
def central_difference(
    function: Callable[..., Scalar],
    *vals: float | npt.NDArray[np.float64],
    arg: int = 0,
    epsilon: float = 1e-6,
) -> float | npt.NDArray[np.float64]: ...
def central_difference(
    function: Callable[..., Scalar],
    *vals: float | npt.NDArray[np.float64],
    arg: int = 0,
    epsilon: float = 1e-6,
) -> float | npt.NDArray[np.float64]:
    """The slope of `function` along argument `arg`: (f(x + e) - f(x - e)) / 2e, wrong by O(e**2).

    Of an array argument, the slope along each element. Raises SettingError if x + e is x: the step is lost in
    rounding, or is no step.

    >>> round(central_difference(lambda x, y: x * x * y, 3.0, 2.0), 6)
    12.0
    """
    x = vals[arg]

    def moved(above: object, below: object, step: float) -> float:
        around = [[*vals[:arg], side, *vals[arg + 1 :]] for side in (above, below)]
        return cast(float, (function(*around[0]) - function(*around[1])) / step)

    if not isinstance(x, np.ndarray):
        return moved(x + epsilon, x - epsilon, _step(x, epsilon))
    slopes = np.empty(x.shape)
    for at in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[at] += epsilon
        below[at] -= epsilon
        slopes[at] = moved(above, below, _step(float(x[at]), epsilon))
    return slopes


def _step(x: float, epsilon: float) -> float:
    """The step that is taken, which rounding makes differ from 2 epsilon."""
    step = (x + epsilon) - (x - epsilon)
    if not step > 0.0:
        msg = f"a step of {epsilon!r} from {x!r} is lost in rounding; choose a larger epsilon"
        raise SettingError(msg)
    return step


def check_grads(
    function: Callable[..., object],
    args: Sequence[object],
    order: int = 2,
    modes: Sequence[Mode] = ("fwd", "rev"),
    tolerance: float = 1e-5,
    seed: int = 0,
) -> None:
    """Check the derivatives of a function of trees of floats and arrays, up to `order`, along random directions.

    Raises AssertionError that names the mode, the order, and the numbers that differ.

    >>> check_grads(lambda x, y: x * y + y * y, (2.0, 3.0))
    """
    if order < 1 or not modes or not set(modes) <= {"fwd", "rev"}:
        msg = f"check_grads checks orders from 1 on in the modes 'fwd' and 'rev', not order {order} in modes {modes}"
        raise SettingError(msg)
    generator = random.Random(seed)  # noqa: S311  # a direction, not a secret
    _check(function, tuple(args), order, modes, tolerance, generator, path="")


def _check(
    function: Callable[..., object],
    args: tuple[object, ...],
    order: int,
    modes: Sequence[Mode],
    tolerance: float,
    generator: random.Random,
    path: str,
) -> None:
    def direction(like: object) -> object:
        return tree.map_leaves(lambda leaf: _random_like(leaf, generator), like)

    tangents = cast(tuple[object, ...], direction(args))
    g = direction(function(*args))
    numeric = _slope(function, args, tangents, g)
    if "fwd" in modes:
        _compare(_dot(g, jvp(function, args, tangents)[1]), numeric, tolerance, f"{path}fwd", args)
    if "rev" in modes:
        cotangents = vjp(function, *args)[1](g)
        _compare(_dot(cotangents, tangents), numeric, tolerance, f"{path}rev", args)
    if order > 1:
        if "fwd" in modes:
            _check(
                lambda *xs: jvp(function, xs, tangents)[1],
                args, order - 1, modes, 30 * tolerance, generator, f"{path}fwd of ",
            )  # fmt: skip
        if "rev" in modes:
            _check(
                lambda *xs: vjp(function, *xs)[1](g),
                args, order - 1, modes, 30 * tolerance, generator, f"{path}rev of ",
            )  # fmt: skip


def _slope(function: Callable[..., object], args: tuple[object, ...], tangents: tuple[object, ...], g: object) -> float:
    """The central difference of <g, f> along `tangents`."""
    scale = max([1.0, *(float(np.max(np.abs(cast(float, x)), initial=0.0)) for x in tree.leaves(args))])

    def along(step: float) -> float:
        moved = tree.map_leaves(lambda x, t: x + step * t, args, tangents)
        return _dot(g, function(*moved))

    return central_difference(along, 0.0, epsilon=1e-6 * scale)


def _random_like(leaf: object, generator: random.Random) -> object:
    """A number between 1/2 and 3/2 of either sign for each element of `leaf`."""

    def number() -> float:
        return generator.uniform(0.5, 1.5) * generator.choice((-1.0, 1.0))

    if not isinstance(leaf, np.ndarray):
        return number()
    return np.array([number() for _ in range(leaf.size)], leaf.dtype).reshape(leaf.shape)


def _dot(first: object, second: object) -> float:
    pairs = zip(tree.leaves(first), tree.leaves(second), strict=True)
    return math.fsum(float(np.sum(cast(float, x) * cast(float, y))) for x, y in pairs)


def _compare(found: float, expected: float, tolerance: float, mode: str, args: tuple[object, ...]) -> None:
    if not math.isclose(found, expected, rel_tol=tolerance, abs_tol=tolerance):
        msg = (
            f"{mode}: along a random direction at {args} the derivative is {found!r}, a central difference {expected!r}"
        )
        raise AssertionError(msg)


def programs(inputs: int = 3, most: int = 12) -> SearchStrategy[Callable[..., Scalar]]:
    """Random smooth programs of `inputs` numbers, for hypothesis: bounded, differentiable everywhere.

    Each is a straight line of at most `most` operations, which may read any earlier value, any number
    of times. Its ``__doc__`` is its listing. Values stay small for inputs in [-2, 2].
    """
    from hypothesis import strategies as st  # noqa: PLC0415  # a development library, loaded when used

    earlier = st.integers(min_value=0, max_value=10_000)
    step = st.tuples(st.sampled_from(sorted(_STEPS)), earlier, earlier)
    return st.lists(step, min_size=1, max_size=most).map(lambda steps: _program(steps, inputs))


# Bounded functions of two bounded numbers, so that no program overflows or loses its derivative.
_STEPS: dict[str, Callable[[Scalar, Scalar], Scalar]] = {
    "product": lambda x, y: tanh(x * y),
    "mean": lambda x, y: 0.5 * (x + y),
    "wave": lambda x, y: sin(x - y),
    "ratio": lambda x, y: x / (2.0 + y * y),
    "growth": lambda x, y: exp(-x * x) * y,
    "root": lambda x, y: sqrt(1.0 + x * x) - 0.5 * y,
    "logarithm": lambda x, y: log(2.0 + x * x + y * y),
    "squash": lambda x, y: sigmoid(x) * y,
    # one smooth function on both sides of the branch
    "branch": lambda x, y: y / (1.0 + exp(-x)) if x > 0.0 else y * exp(x) / (1.0 + exp(x)),
}


def _program(steps: Sequence[tuple[str, int, int]], inputs: int) -> Callable[..., Scalar]:
    def program(*args: Scalar) -> Scalar:
        values = list(args)
        for name, first, second in steps:
            values.append(_STEPS[name](values[first % len(values)], values[second % len(values)]))
        return values[-1]

    sizes = range(inputs, inputs + len(steps))
    program.__doc__ = "\n".join(
        f"%{size} = {name} %{first % size} %{second % size}"
        for size, (name, first, second) in zip(sizes, steps, strict=True)
    )
    return program
