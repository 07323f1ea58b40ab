"""What the checker knows about `grad`, `value_and_grad` and their nesting: see tests/test_types.py."""

from __future__ import annotations

from typing import reveal_type

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import Scalar, Var


def scalars(x: Scalar, y: Scalar) -> Scalar:
    return x * tnp.sin(y)


def floats(x: float, y: float) -> float:
    return x * tnp.sin(y)


def power(x: float, *, exponent: int = 2) -> float:
    return x**exponent


def with_aux(x: float, scale: float) -> tuple[float, str]:
    return scale * x, "linear"


def scalar_with_aux(x: Scalar) -> tuple[Scalar, dict[str, int]]:
    return x * x, {"degree": 2}


def numbers(traced: Var, either: Scalar) -> None:
    reveal_type(tg.grad(floats)(2.0, 3.0))  # R: float
    reveal_type(tg.grad(floats)(2, 3))  # R: float
    reveal_type(tg.grad(floats))  # R: def (float, y: float) -> float
    reveal_type(tg.grad(scalars)(2.0, 3.0))  # R: Scalar
    reveal_type(tg.grad(scalars)(either, traced))  # R: Scalar
    reveal_type(tg.grad(scalars))  # R: def (Scalar, y: Scalar) -> Scalar
    reveal_type(tg.grad(scalars)(2.0, y=3.0))  # R: Scalar


def keyword_settings() -> None:
    reveal_type(tg.grad(power))  # R: def (float, *, exponent: int =) -> float
    reveal_type(tg.grad(power)(2.0))  # R: float
    reveal_type(tg.grad(power)(2.0, exponent=3))  # R: float
    reveal_type(tg.value_and_grad(power)(2.0, exponent=3))  # R: tuple[float, float]


def chosen_arguments() -> None:
    reveal_type(tg.grad(floats, 1)(2.0, 3.0))  # R: float
    reveal_type(tg.grad(floats, argnums=1))  # R: def (float, float) -> float
    reveal_type(tg.grad(floats, argnums=(0, 1))(2.0, 3.0))  # R: tuple[float, float]
    reveal_type(tg.grad(scalars, argnums=1)(2.0, 3.0))  # R: Scalar
    reveal_type(tg.grad(scalars, argnums=(0, 1))(2.0, 3.0))  # R: tuple[Scalar, Scalar]


def values() -> None:
    reveal_type(tg.value_and_grad(floats)(2.0, 3.0))  # R: tuple[float, float]
    reveal_type(tg.value_and_grad(floats, argnums=1)(2.0, 3.0))  # R: tuple[float, float]
    reveal_type(tg.value_and_grad(floats, argnums=(0, 1))(2.0, 3.0))  # R: tuple[float, tuple[float, float]]
    reveal_type(tg.value_and_grad(scalars)(2.0, 3.0))  # R: tuple[Scalar, Scalar]


def auxiliary_results() -> None:
    reveal_type(tg.grad(with_aux, has_aux=True)(2.0, 3.0))  # R: tuple[float, str]
    reveal_type(tg.grad(scalar_with_aux, has_aux=True)(2.0))  # R: tuple[Scalar, dict[str, int]]
    reveal_type(tg.value_and_grad(with_aux, has_aux=True)(2.0, 3.0))  # R: tuple[tuple[float, str], float]


def higher_orders() -> None:
    reveal_type(tg.grad(tg.grad(power)))  # R: def (float, *, exponent: int =) -> float
    reveal_type(tg.grad(tg.grad(power))(2.0, exponent=5))  # R: float
    reveal_type(tg.grad(tg.grad(tg.grad(scalars)))(2.0, 3.0))  # R: Scalar
    reveal_type(tg.grad(tg.grad(scalars, argnums=1))(2.0, 3.0))  # R: Scalar


def operations_of_the_library() -> None:
    reveal_type(tg.grad(tnp.sin)(2.0))  # R: float
