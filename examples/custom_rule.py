"""Rules of your own: a new operation, and a function with another derivative than its own.

`elementwise` declares an operation that is no composition of known ones; `check_rule` holds its derivative
against central differences, in both modes and to second order. `custom_vjp` gives a function a backward
rule: here the identity, which clips the gradient on its way back.

    python examples/custom_rule.py
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import cast

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import Scalar
from tapegrad.errors import RuleError
from tapegrad.extend import check_rule, elementwise

# The quantile of the standard normal distribution, x with Phi(x) = p. By the inverse function theorem its
# derivative is 1 / phi(x): stated with `out`, and in tapegrad's operations, so that it has derivatives too.
normal_quantile = elementwise(
    "normal_quantile",
    NormalDist().inv_cdf,
    lambda out, _p: {0: math.sqrt(2.0 * math.pi) * tnp.exp(0.5 * out * out)},
)

# Two mistakes that happen: a wrong sign, and a forgotten position.
wrong_sign = elementwise("wrong_sign", lambda x, y: x * y - y, lambda _out, x, y: {0: y, 1: x + 1.0})
forgetful = elementwise("forgetful", lambda x, y: x * y, lambda _out, _x, y: {0: y})


def quantile(p: Scalar) -> Scalar:
    """The operation, with the types of tapegrad.numpy."""
    return cast(Scalar, normal_quantile(p))


@tg.custom_vjp
def clip_gradient(x: Scalar) -> Scalar:
    """The identity; what comes back through it is at most 1 in size."""
    return x


# forward(x) -> (output, what backward needs); backward(that, cotangent) -> one cotangent per argument
clip_gradient.defvjp(lambda x: (x, None), lambda _, g: (tnp.clip(g, -1.0, 1.0),))


def quartic(x: Scalar) -> Scalar:
    """The fourth power, with its own derivative."""
    return x**4


def clipped_quartic(x: Scalar) -> Scalar:
    """The fourth power of a number whose derivative is clipped."""
    return clip_gradient(x) ** 4


def main() -> None:
    """Print derivatives of both, and what the check says about the mistakes."""
    check_rule(normal_quantile, 0.975)
    p = 0.975
    print(f"quantile({p}) = {quantile(p):.6f}")
    print(f"  first derivative   {tg.grad(quantile)(p):.6f}")
    print(f"  second derivative  {tg.grad(tg.grad(quantile))(p):.6f}")

    print("the slope of x^4 at 3:")
    print(f"  its own            {tg.grad(quartic)(3.0):.6f}")
    print(f"  clipped on the way {tg.grad(clipped_quartic)(3.0):.6f}")

    for operation in (wrong_sign, forgetful):
        try:
            check_rule(operation, 2.0, 3.0)
        except (AssertionError, RuleError) as error:
            print(f"{operation}: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
