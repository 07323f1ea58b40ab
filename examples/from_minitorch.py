"""Coming from MiniTorch: operators, scalar functions and central differences, side by side.

MiniTorch asks for a function and its `..._back`, then for a class with `forward` and `backward`, a context
that saves values between them, and variables that accumulate. In tapegrad all of that is one declaration;
`Multiply` and `central_difference` below are minimal versions of the other kind, to compare with.

    operators.mul, add, neg, exp, log, inv      x * y, x + y, -x, tnp.exp(x), tnp.log(x), tnp.reciprocal(x)
    operators.max, lt, eq, is_close             tnp.maximum, x < y, x == y, tnp.is_close
    operators.log_back(x, d) and its like       tg.vjp(tnp.log, x)[1](d)
    operators.map, zipWith, reduce              tapegrad.functional.map, zip_with, reduce: curried, typed
    class Mul(ScalarFunction)                   elementwise("mul", value, partials)
    ctx.save_for_backward                       partials(out, x, y): inputs and output are at hand
    Scalar(3.0).backward(); x.derivative        tg.grad(f)(3.0)
    derivative_check(f, x)                      tapegrad.testing.check_grads(f, (x,)), to second order

    python examples/from_minitorch.py
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import functional, testing
from tapegrad.extend import check_rule, elementwise


class Multiply:
    """A scalar function in two halves, which meet in what the first one saves."""

    def forward(self, x: float, y: float) -> float:
        """The product; the factors are kept for later."""
        self.saved = (x, y)
        return x * y

    def backward(self, d: float) -> tuple[float, float]:
        """The derivative for each argument, by the chain rule."""
        x, y = self.saved
        return d * y, d * x


multiply = elementwise("product", operator.mul, lambda _out, x, y: {0: y, 1: x})


def central_difference(f: Callable[[float], float], x: float, epsilon: float = 1e-6) -> float:
    """The slope of a chord, (f(x + e) - f(x - e)) / 2e."""
    return (f(x + epsilon) - f(x - epsilon)) / (2.0 * epsilon)


OPERATORS: dict[str, Callable[[float], float]] = {
    "neg": lambda x: -x,
    "inv": lambda x: 1.0 / x,
    "exp": tnp.exp,
    "log": tnp.log,
    "relu": tnp.relu,
    "sigmoid": tnp.sigmoid,
    "max(x, 1)": lambda x: tnp.maximum(x, 1.0),
    "x < 1 ? 2x : x": lambda x: 2.0 * x if x < 1.0 else x,
}


def main() -> None:
    """Print both kinds of product, the operators with their derivatives, and the higher-order functions."""
    product = Multiply()
    print(f"class     forward {product.forward(3.0, 4.0)}   backward {product.backward(2.0)}")
    value, pullback = tg.vjp(multiply, 3.0, 4.0)
    print(f"function  forward {value}   backward {pullback(2.0)}")
    check_rule(multiply, 3.0, 4.0)

    print("operator          tapegrad   central difference   at x = 0.7")
    for name, f in OPERATORS.items():
        testing.check_grads(f, (0.7,))
        print(f"{name:<15}{tg.grad(f)(0.7):>11.6f}   {central_difference(f, 0.7):>18.6f}")

    xs, ys = [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]
    negate: Callable[[float], float] = operator.neg
    times: Callable[[float, float], float] = operator.mul
    plus: Callable[[float, float], float] = operator.add
    print("map neg     ", list(functional.map(negate)(xs)))
    print("zip_with mul", list(functional.zip_with(times)(xs, ys)))
    print("reduce add  ", functional.reduce(plus)(0.0)(xs))


if __name__ == "__main__":
    main()
