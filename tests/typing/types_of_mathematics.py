"""Arithmetic, comparisons, tapegrad.numpy: a float gives a float, a Var a Var. See tests/test_types.py."""

from __future__ import annotations

from typing import reveal_type

import tapegrad.numpy as tnp
from tapegrad import Scalar, Var


def functions_of_one_number(plain: float, traced: Var, either: Scalar) -> None:
    reveal_type(tnp.sin(plain))  # R: float
    reveal_type(tnp.sin(traced))  # R: Var
    reveal_type(tnp.sin(either))  # R: Scalar
    reveal_type(tnp.sin(2))  # R: float
    reveal_type(tnp.exp(tnp.log(traced)))  # R: Var
    reveal_type(tnp.abs(either))  # R: Scalar
    reveal_type(tnp.floor(traced))  # R: Var


def functions_of_two_numbers(plain: float, traced: Var, either: Scalar) -> None:
    reveal_type(tnp.maximum(plain, 0.0))  # R: float
    reveal_type(tnp.maximum(0, 1))  # R: float
    reveal_type(tnp.maximum(traced, 0.0))  # R: Var
    reveal_type(tnp.maximum(0.0, traced))  # R: Var
    reveal_type(tnp.maximum(traced, traced))  # R: Var
    reveal_type(tnp.maximum(traced, 1))  # R: Var
    reveal_type(tnp.maximum(either, 0.0))  # R: Scalar
    reveal_type(tnp.maximum(0.0, either))  # R: Scalar
    reveal_type(tnp.hypot(either, either))  # R: Scalar
    reveal_type(tnp.power(2.0, either))  # R: Scalar


def selections(plain: float, traced: Var, either: Scalar) -> None:
    reveal_type(tnp.clip(plain, 0.0, 1.0))  # R: float
    reveal_type(tnp.clip(traced, 0.0, 1.0))  # R: Var
    reveal_type(tnp.clip(either, 0.0, 1.0))  # R: Scalar
    reveal_type(tnp.where(plain > 0.0, plain, 1))  # R: float
    reveal_type(tnp.where(traced > 0.0, traced, 0.0))  # R: Scalar
    reveal_type(tnp.where(either > 0.0, 0.0, either))  # R: Scalar
    reveal_type(tnp.is_close(either, traced))  # R: bool


def arithmetic_of_either(x: Scalar) -> None:
    reveal_type(x + 1.0)  # R: Scalar
    reveal_type(1.0 + x)  # R: Scalar
    reveal_type(x - 1)  # R: Scalar
    reveal_type(2 * x)  # R: Scalar
    reveal_type(x * x)  # R: Scalar
    reveal_type(1.0 / x)  # R: Scalar
    reveal_type(x // 2.0)  # R: Scalar
    reveal_type(x % 2.0)  # R: Scalar
    reveal_type(x**2)  # R: Scalar
    reveal_type(-x)  # R: Scalar
    reveal_type(x if x > 0.0 else 2.0)  # R: Scalar


def arithmetic_of_traced(x: Var, y: Scalar) -> None:
    reveal_type(x + 1.0)  # R: Var
    reveal_type(1.0 + x)  # R: Var
    reveal_type(2 - x)  # R: Var
    reveal_type(x * y)  # R: Var
    reveal_type(y * x)  # R: Var
    reveal_type(x / x)  # R: Var
    reveal_type(x // 2)  # R: Var
    reveal_type(x % 2)  # R: Var
    reveal_type(x**2)  # R: Var
    reveal_type(2.0**x)  # R: Var
    reveal_type(-x)  # R: Var
    reveal_type(+x)  # R: Var
    reveal_type(abs(x))  # R: Var
    reveal_type(divmod(x, 2.0))  # R: tuple[Var, Var]
    reveal_type(x.value)  # R: float


def comparisons(x: Scalar, traced: Var) -> None:
    reveal_type(x < 1.0)  # R: bool
    reveal_type(1.0 < x)  # R: bool  # noqa: SIM300  # the plain number stands on the left on purpose
    reveal_type(x >= traced)  # R: bool
    reveal_type(traced == 1)  # R: bool
    reveal_type(traced != x)  # R: bool
    reveal_type(tnp.less(x, traced))  # R: bool


def collections(xs: list[Scalar], traced: list[Var]) -> None:
    reveal_type(sum(xs, 0.0))  # R: Scalar
    reveal_type(sum(xs))  # R: Scalar | Literal[0]
    reveal_type(sum(x * x for x in traced))  # R: Var | Literal[0]
    reveal_type(max(xs))  # R: Scalar
    reveal_type(max(xs[0], 0.0))  # R: Scalar
    reveal_type(min(traced))  # R: Var
    reveal_type(sorted(xs))  # R: list[Scalar]
    result: Scalar = sum(xs)  # the empty sum, 0, is a number like any other
    reveal_type(tnp.sqrt(result))  # R: Scalar


def telling_them_apart(x: Scalar) -> None:
    if isinstance(x, Var):
        reveal_type(x)  # R: Var
    else:
        reveal_type(x)  # R: float
