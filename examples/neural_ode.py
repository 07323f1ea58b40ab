"""A network that is a law of motion: how a pendulum swings, learned from noisy places on its way.

In a neural ordinary differential equation (Chen et al. 2018) a network says how things change. The solver below is the
classical one of Runge and Kutta, in plain Python. Its loop is on the tape, so the gradient of where it leads with
respect to the weights is that of what was computed, and there is no adjoint equation to write. From every place that
was seen the network is to lead to the next ones; then it is asked for a swing that it has not seen, and for far longer.

    pip install "tapegrad[special]"
    python examples/neural_ode.py
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
from tapegrad.random import key, normal

Floats = npt.NDArray[np.float64]
Law = Callable[[Floats], Floats]  # (angle, speed) to how fast both change: (..., 2) -> (..., 2)

RELEASED = np.array([[angle, 0.0] for angle in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0)])  # (swings, 2), all at rest
DELTA, TIMES, AHEAD, NOISE = 0.1, 60, 8, 0.01
STEPS = 200

FORCE = nn.serial(nn.linear(32), nn.tanh, nn.linear(1))  # (..., 2) -> (..., 1)
UNTRAINED, STATE = FORCE.init(key(0), RELEASED)


def pendulum(x: Floats) -> Floats:
    """The law behind the data: gravity, and a little friction."""
    angle, speed = x[..., :1], x[..., 1:]
    changes: Floats = tnp.concatenate([speed, -np.sin(angle) - 0.1 * speed], axis=-1)
    return changes


def learned(params: nn.Params) -> Law:
    """The law whose force is the network's. That the speed is the change of the angle need not be learned."""

    def law(x: Floats) -> Floats:
        force, _ = FORCE.apply(params, STATE, x)
        changes: Floats = tnp.concatenate([x[..., 1:], cast(Floats, force)], axis=-1)
        return changes

    return law


def follow(law: Law, x: Floats, steps: int) -> Floats:
    """Where a law leads to, in steps of `DELTA`: ``(..., 2) -> (steps, ..., 2)``."""
    places = []
    for _ in range(steps):
        k1 = law(x)
        k2 = law(x + 0.5 * DELTA * k1)
        k3 = law(x + 0.5 * DELTA * k2)
        k4 = law(x + DELTA * k3)
        x = x + DELTA / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        places.append(x)
    return tnp.stack(places)


def main() -> None:
    """Learn the law, and follow it on a swing of its own."""
    seen = follow(pendulum, RELEASED, TIMES + AHEAD)
    seen = seen + NOISE * normal(key(1), seen.shape)
    beginnings = seen[:TIMES]  # (times, swings, 2)
    following = np.stack([seen[ahead : ahead + TIMES] for ahead in range(1, AHEAD + 1)])  # (ahead, times, swings, 2)

    def loss(law: Law) -> float:
        return tnp.mean((follow(law, beginnings, AHEAD) - following) ** 2)

    start, unravel = tree.ravel(UNTRAINED)

    def of_vector(vector: Floats) -> float:
        return loss(learned(unravel(vector)))

    options = {"maxiter": STEPS, "maxcor": 30, "ftol": 0.0, "gtol": 0.0}
    found = minimize(tg.value_and_grad(of_vector), start, jac=True, method="L-BFGS-B", options=options)
    law = learned(unravel(found.x))
    print(f"untrained network      loss {of_vector(start):.6f}")
    print(f"after {found.nit} steps        loss {found.fun:.6f}")
    print(f"the law of the data    loss {loss(pendulum):.6f}, which is the noise")

    beginning = np.array([[2.25, 0.0]])
    true, its = follow(pendulum, beginning, 200)[:, 0], follow(law, beginning, 200)[:, 0]
    print(f"\na swing from {beginning[0, 0]}\n time    angle    by the network")
    for at in (9, 49, 99, 149, 199):
        print(f"{DELTA * (at + 1):5.1f} {true[at, 0]:8.3f} {its[at, 0]:8.3f}")
    print(f"largest difference {np.abs(true - its)[:, 0].max():.3f}")


if __name__ == "__main__":
    main()
