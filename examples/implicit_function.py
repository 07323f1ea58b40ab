"""The implicit function theorem: the derivative of a root, without the iteration that found it.

Kepler's equation, E - e sin E = M, gives the place E of a planet on an orbit of eccentricity e at time M.
There is no formula for E, so it is found by iteration. Where F(E, M, e) = 0, a change of M and e moves E by

    t_E = - (dF along the tangents of M and e) / (dF/dE)

which is all that the forward rule below says. It asks tapegrad for the derivatives of F, so it is itself
differentiable, and reverse mode follows from it. On the tape the solver is one record, however long it ran.

    python examples/implicit_function.py
"""

from __future__ import annotations

import math

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.testing import central_difference


def residual(anomaly: float, time: float, eccentricity: float) -> float:
    """F(E, M, e) = E - e sin E - M, which is zero on the orbit."""
    return anomaly - eccentricity * tnp.sin(anomaly) - time


def iterate(time: float, eccentricity: float) -> float:
    """E by the fixed-point iteration E <- M + e sin E, a factor e more exact each time."""
    anomaly = time
    for _ in range(100):
        anomaly = time + eccentricity * tnp.sin(anomaly)
    return anomaly


def implicit_rule(primals: tuple[float, float], tangents: tuple[float, float]) -> tuple[float, float]:
    """The root and its tangent."""
    anomaly = place(*primals)
    _, moved = tg.jvp(lambda time, e: residual(anomaly, time, e), primals, tangents)
    return anomaly, -moved / tg.grad(residual)(anomaly, *primals)


place = tg.custom_jvp(iterate).defjvp(implicit_rule)


def main() -> None:
    """Print the derivatives by the theorem, through the loop, and by central differences."""
    time, e = 1.0, 0.3
    anomaly = place(time, e)
    print(f"E = {anomaly:.12f}, residual {residual(anomaly, time, e):.1e}")
    for argnums, name in ((0, "dE/dM"), (1, "dE/de")):
        by_theorem = tg.grad(place, argnums)(time, e)
        difference = central_difference(iterate, time, e, arg=argnums)
        print(f"{name}  theorem {by_theorem:.9f}   central difference {difference:.9f}")
    by_hand = 1.0 / (1.0 - e * math.cos(anomaly))
    print(f"dE/dM  by hand {by_hand:.9f}")
    second = tg.grad(tg.grad(place))(time, e)
    difference = central_difference(tg.grad(place), time, e)
    print(f"d2E/dM2  theorem {second:.9f}   central difference {difference:.9f}")
    whole, implicit = tg.trace(iterate, time, e), tg.trace(place, time, e)
    print(f"records on the tape: {len(whole.tape)} through the loop, {len(implicit.tape)} with the rule")


if __name__ == "__main__":
    main()
