"""What the checker knows about the other transforms: see tests/test_types.py."""

from __future__ import annotations

from typing import reveal_type

import numpy as np
import numpy.typing as npt

import tapegrad as tg
from tapegrad import Array, Scalar, Var

Floats = npt.NDArray[np.float64]


def floats(x: float, y: float) -> float:
    return x * y


def scalars(x: Scalar) -> Scalar:
    return x * x


def polar(radius: float, angle: float) -> tuple[float, float]:
    return radius * angle, radius - angle


def total(xs: list[float], *, scale: float = 1.0) -> float:
    return scale * sum(xs)


@tg.custom_vjp
def with_pullback(x: float, count: int) -> float:
    return x * count


@tg.custom_jvp
def with_pushforward(x: Scalar) -> Scalar:
    return x * x


def products() -> None:
    reveal_type(tg.vjp(floats, 2.0, 3.0)[0])  # R: float
    reveal_type(tg.vjp(scalars, 2.0)[0])  # R: Scalar
    reveal_type(tg.vjp(polar, 2.0, 3.0)[0])  # R: tuple[float, float]
    reveal_type(tg.jvp(floats, (2.0, 3.0), (1.0, 0.0)))  # R: tuple[float, float]
    reveal_type(tg.jvp(polar, (2.0, 3.0), (1.0, 0.0))[1])  # R: tuple[float, float]


def pullbacks(line: dict[str, float]) -> None:
    reveal_type(tg.vjp(scalars, 2.0)[1](1.0))  # R: tuple[float]
    reveal_type(tg.vjp(floats, 2.0, 3.0)[1](1.0))  # R: tuple[float, float]


def point(xs: list[float]) -> float:
    return xs[0] * xs[1]


def pair(xs: tuple[float, float]) -> float:
    return xs[0] * xs[1]


def named(xs: dict[str, float]) -> dict[str, float]:
    return xs


def second_derivatives(xs: list[float], ys: tuple[float, float], zs: dict[str, float]) -> None:
    reveal_type(tg.hessian(point)(xs))  # R: list[list[float]]
    reveal_type(tg.hessian(pair)(ys))  # R: tuple[tuple[float, float], tuple[float, float]]
    reveal_type(tg.hessian(scalars)(2.0))  # R: Scalar
    reveal_type(tg.hvp(point, (xs,), (xs,)))  # R: list[float]
    reveal_type(tg.hvp(floats, (2.0, 3.0), (1.0, 0.0)))  # R: tuple[float, float]
    reveal_type(tg.jacobian(named)(zs))  # R: dict[str, dict[str, float]]
    reveal_type(tg.jacobian(polar)(2.0, 3.0))  # R: tuple[float, float]


def turned(x: Array) -> Array:
    return x * 2.0


def length(x: Floats) -> float:
    return x.size * 1.0


def of_arrays(x: Floats, either: Array, params: dict[str, Floats]) -> None:
    reveal_type(tg.jacobian(turned)(x))  # R: Array
    reveal_type(tg.hessian(length)(x))  # R: NDArray[float64]
    reveal_type(tg.hvp(length, (x,), (x,)))  # R: NDArray[float64]
    reveal_type(tg.vmap(turned)(x))  # R: Array
    reveal_type(tg.vmap(floats, in_axes=(0, None))(x, 2.0))  # R: NDArray[float64]
    reveal_type(tg.vmap(polar)(x, x))  # R: object
    reveal_type(tg.tree.ravel(params)[0])  # R: NDArray[float64]
    reveal_type(tg.tree.ravel(params)[1](either))  # R: dict[str, NDArray[float64]]


def signatures() -> None:
    reveal_type(tg.checkpoint(total))  # R: def (xs: list[float], *, scale: float =) -> float
    reveal_type(with_pullback.__call__)  # R: def (x: float, count: int) -> float
    reveal_type(with_pullback(2.0, count=3))  # R: float
    reveal_type(with_pushforward.__call__)  # R: def (x: Scalar) -> Scalar
    reveal_type(with_pushforward.defjvp(lambda xs, ts: (xs, ts))(2.0))  # R: Scalar
    reveal_type(tg.grad(with_pullback)(2.0, 3))  # R: float
    reveal_type(tg.grad(with_pushforward)(2.0))  # R: Scalar
    reveal_type(tg.grad(tg.checkpoint(total))([1.0], scale=2.0))  # R: list[float]


def stopping(traced: Var, either: Scalar, params: dict[str, float]) -> None:
    reveal_type(tg.stop_gradient(2.0))  # R: float
    reveal_type(tg.stop_gradient(traced))  # R: Var
    reveal_type(tg.stop_gradient(either))  # R: Scalar
    reveal_type(tg.stop_gradient(params))  # R: dict[str, float]


def programs() -> None:
    t = tg.trace(floats, 2.0, 3.0)
    reveal_type(t)  # R: Trace
    reveal_type(t.tape)  # R: Tape
    reveal_type(t.tape[0])  # R: Record
    reveal_type(t.tape[1:])  # R: tuple[Record, ...]
    reveal_type(t.tape[0].inputs)  # R: tuple[int, ...]
    reveal_type(t.values)  # R: tuple[float, ...]
    reveal_type(tg.derivatives(floats)(x=2.0, y=3.0).keys())  # R: dict_keys[str, object]
