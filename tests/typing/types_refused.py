"""Mistakes that the checker finds: each line must fail with exactly the code that it ignores.

Strict mypy holds an ignored line to its word: another error on it is reported, and so is an ignore that
nothing needs. See tests/test_types.py.
"""

from __future__ import annotations

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import Scalar, Var


def floats(x: float, y: float) -> float:
    return x * y


def power(x: float, *, exponent: int = 2) -> float:
    return x**exponent


def of_dict(params: dict[str, float]) -> float:
    return params["w"]


def text(x: float) -> str:
    return f"{x}"


@tg.custom_vjp
def with_rule(x: float) -> float:
    return x


def arguments() -> None:
    tg.grad(floats)("2.0", 3.0)  # type: ignore[arg-type]  # a str is not a number
    tg.grad(floats)(2.0)  # type: ignore[call-arg]  # the second argument is missing
    tg.grad(floats)(2.0, 3.0, 4.0)  # type: ignore[call-arg]  # one too many
    tg.grad(of_dict)({"w": "1.0"})  # type: ignore[dict-item]  # a str among the parameters
    tg.grad(of_dict)([1.0])  # type: ignore[arg-type]  # a list for a dictionary
    tg.grad(power)(2.0, exponent="3")  # type: ignore[arg-type]  # a setting of another type
    tg.grad(power)(2.0, power=3)  # type: ignore[call-arg]  # a setting of another name
    tg.grad(power)(2.0, 3)  # type: ignore[call-arg]  # a setting by position
    tg.value_and_grad(floats)(None, 1.0)  # type: ignore[arg-type]  # nothing at all
    tg.checkpoint(floats)(2.0)  # type: ignore[call-arg]  # checkpoint keeps the signature
    with_rule("2.0")  # type: ignore[arg-type]  # so does custom_vjp


def functions(x: Scalar) -> None:
    tg.grad(text)  # type: ignore[arg-type]  # it returns a str
    tg.hessian(text)  # type: ignore[arg-type]  # it returns a str
    tg.derivatives(text)  # type: ignore[arg-type]  # it returns a str
    tg.hvp(text, (1.0,), (1.0,))  # type: ignore[arg-type]  # it returns a str
    tg.grad(x)  # type: ignore[call-overload]  # a number is not a function
    tg.grad(floats(2.0, 3.0))  # type: ignore[call-overload]  # nor is what it returned


def results() -> None:
    slope: str = tg.grad(floats)(2.0, 3.0)  # type: ignore[assignment]  # a gradient is like its argument
    gradient: list[float] = tg.grad(of_dict)({"w": 1.0})  # type: ignore[assignment]
    rest = tg.grad(floats)(2.0, 3.0)[1]  # type: ignore[index]  # without has_aux there is no pair
    print(slope, gradient, rest)


def mathematics(x: Scalar, traced: Var) -> None:
    tnp.sin("1")  # type: ignore[call-overload]  # a str is not a number
    tnp.maximum(x, None)  # type: ignore[call-overload]  # nor is None
    tnp.maximum(x)  # type: ignore[call-overload]  # one is missing
    traced + "1"  # type: ignore[operator]
    plain: float = traced  # type: ignore[assignment]  # x.value is the plain number
    traced.value = 2.0  # type: ignore[misc]  # a traced value is immutable
    print(plain)
