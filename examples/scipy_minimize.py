"""SciPy's minimisers with tapegrad's derivatives, on parameters that have a structure.

A spectrum of two peaks on a sloping ground is fitted by least squares. The parameters are a dictionary of arrays
and floats; SciPy wants one vector. `tapegrad.tree.ravel` goes both ways and can be differentiated, so the loss
of a vector is the loss of what it unravels to. The Hessian is never written down: the methods that use it ask
for its product with a vector.

    pip install "tapegrad[special]"
    python examples/scipy_minimize.py
"""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import tree

Floats = npt.NDArray[np.float64]


class Peaks(TypedDict):
    """What is fitted."""

    centres: Floats  # (peaks,)
    heights: Floats  # (peaks,)
    width: float
    ground: Floats  # (2,): the level at 0, and the slope


TRUTH = Peaks(centres=np.array([3.0, 6.0]), heights=np.array([2.0, 1.0]), width=0.8, ground=np.array([0.5, 0.05]))
START = Peaks(centres=np.array([2.5, 6.5]), heights=np.array([1.0, 1.0]), width=1.0, ground=np.zeros(2))


def spectrum(p: Peaks, x: Floats) -> Floats:
    """(points,) -> (points,)."""
    distances = (tnp.expand_dims(x, 1) - p["centres"]) / p["width"]  # (points, peaks)
    heights: Floats = np.exp(-0.5 * distances**2) @ p["heights"] + p["ground"][0] + p["ground"][1] * x
    return heights


def row(name: str, counts: str, p: Peaks) -> str:
    """One line of the table."""
    return f"{name:10} {counts}" + "".join(f"{x:9.4f}" for x in (*p["centres"], *p["heights"], p["width"]))


def main() -> None:
    """Print what three methods find, and how often they ask."""
    x = np.linspace(0.0, 10.0, 80)
    y = spectrum(TRUTH, x) + np.random.default_rng(0).normal(0.0, 0.02, x.size)
    start, unravel = tree.ravel(START)

    def loss(vector: Floats) -> float:
        return tnp.sum((spectrum(unravel(vector), x) - y) ** 2)

    def hessian_product(vector: Floats, direction: Floats) -> Floats:
        return tg.hvp(loss, (vector,), (direction,))

    print("method     steps products      loss  centres           heights            width")
    for method in ("L-BFGS-B", "Newton-CG", "trust-ncg"):
        products = None if method == "L-BFGS-B" else hessian_product
        found = minimize(tg.value_and_grad(loss), start, jac=True, hessp=products, method=method)
        counts = f"{found.nit:5} {found.get('nhev', 0):8} {found.fun:9.6f}"
        print(row(method, counts, unravel(found.x)))
    print(row("the truth", f"{loss(tree.ravel(TRUTH)[0]):24.6f}", TRUTH))


if __name__ == "__main__":
    main()
