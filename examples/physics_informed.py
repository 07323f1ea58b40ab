"""A network that solves a differential equation, without having seen a solution.

A swing that is damped obeys u'' + 2 z u' + u = 0. A network stands for u, and what is minimised is the square of the
left side, at some moments (Lagaris et al. 1998; Raissi et al. 2019, who call it physics-informed). Forward mode twice
gives u' and u'' of all moments at once; reverse mode through both gives the gradient for the weights, which SciPy's
L-BFGS takes as one vector. The beginning, u(0) = 1 and u'(0) = 0, is built in: 1 + tanh(t)^2 n(t) has it for every n.

    pip install "tapegrad[special]"
    python examples/physics_informed.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import nn, tree
from tapegrad.random import key

Floats = npt.NDArray[np.float64]
Curve = Callable[[Floats], Floats]  # moments to heights, each by itself: (moments, 1) -> (moments, 1)

DAMPING, END, STEPS = 0.15, 10.0, 1000
NETWORK = nn.serial(nn.linear(20), nn.tanh, nn.linear(20), nn.tanh, nn.linear(1))
UNTRAINED, STATE = NETWORK.init(key(0), np.zeros((1, 1)))


def curve(params: nn.Params) -> Curve:
    """What the network takes for the solution."""

    def u(t: Floats) -> Floats:
        n, _ = NETWORK.apply(params, STATE, 2.0 * t / END - 1.0)
        return 1.0 + np.tanh(t) ** 2 * cast(Floats, n)

    return u


def slope(u: Curve) -> Curve:
    """The derivative: each height depends on its own moment alone, so one tangent of ones serves them all."""
    return lambda t: tg.jvp(u, (t,), (np.ones_like(t),))[1]


def residual(u: Curve, t: Floats) -> Floats:
    """What is left of the equation, which is zero for its solution."""
    return slope(slope(u))(t) + 2.0 * DAMPING * slope(u)(t) + u(t)


def exact(t: Floats) -> Floats:
    """The solution in the books: a cosine and a sine that fade."""
    frequency = np.sqrt(1.0 - DAMPING**2)
    u: Floats = np.exp(-DAMPING * t) * (np.cos(frequency * t) + DAMPING / frequency * np.sin(frequency * t))
    return u


def main() -> None:
    """Solve, and compare with the solution at moments between those of the training."""
    moments = np.linspace(0.0, END, 60)[:, None]
    start, unravel = tree.ravel(UNTRAINED)

    def loss(vector: Floats) -> float:
        return tnp.mean(residual(curve(unravel(vector)), moments) ** 2)

    path = [start]
    minimize(
        tg.value_and_grad(loss),
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": STEPS, "maxcor": 50, "ftol": 0.0, "gtol": 0.0},
        callback=lambda vector: path.append(vector.copy()),
    )
    between = np.linspace(0.0, END, 397)[:, None]
    print(f"steps   loss       largest error in 0 <= t <= {END:g}")
    for steps in (0, 10, 100, 300, len(path) - 1):
        vector = path[steps]
        error = np.abs(curve(unravel(vector))(between) - exact(between)).max()
        print(f"{steps:5}   {loss(vector):.2e}   {error:.2e}")

    print("\n  t      u       u'     u''+2zu'+u")
    t = np.arange(0.0, END + 0.1, 2.5)[:, None]
    u = curve(unravel(path[-1]))
    for row in np.concatenate([t, u(t), slope(u)(t), residual(u, t)], axis=1):
        print("{:4.1f} {:8.4f} {:8.4f} {:10.1e}".format(*row))


if __name__ == "__main__":
    main()
