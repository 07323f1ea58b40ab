"""A first gradient: derivatives of ordinary Python functions.

Shows `grad`, `value_and_grad`, second derivatives, a tree of parameters, and a branch: what is
differentiated is the program as it ran.

    python examples/first_gradient.py
"""

from __future__ import annotations

import math

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import Scalar


def f(x: Scalar, y: Scalar) -> Scalar:
    """The sum of x y and sin x, whose derivatives are y + cos x and x."""
    return x * y + tnp.sin(x)


def line(params: dict[str, Scalar], x: float) -> Scalar:
    """A straight line, with its slope and its height at 0 in a dictionary."""
    return params["slope"] * x + params["height"]


def steps_to_one(x: Scalar) -> Scalar:
    """Halve a number until it is below 1: a loop whose length depends on its argument."""
    while x >= 1.0:
        x = x / 2.0
    return x


def main() -> None:
    """Print each derivative beside the one known from calculus."""
    x, y = 2.0, 3.0
    print(f"f(2, 3)              {f(x, y):.6f}")
    print(f"df/dx                {tg.grad(f)(x, y):.6f}   by hand {y + math.cos(x):.6f}")
    print(f"df/dy                {tg.grad(f, argnums=1)(x, y):.6f}   by hand {x:.6f}")
    value, (dx, dy) = tg.value_and_grad(f, argnums=(0, 1))(x, y)
    print(f"all in one call      {value:.6f}, ({dx:.6f}, {dy:.6f})")
    print(f"second derivative    {tg.grad(tg.grad(f))(x, y):.6f}   by hand {-math.sin(x):.6f}")
    print(f"of a dictionary      {tg.grad(line)({'slope': 0.5, 'height': 1.0}, 4.0)}")
    print(f"of a loop, at 10     {tg.grad(steps_to_one)(10.0)}   four halvings: 1/16")


if __name__ == "__main__":
    main()
