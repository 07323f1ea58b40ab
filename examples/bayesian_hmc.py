"""How sure can one be? Bayesian logistic regression by Hamiltonian Monte Carlo.

A maximum of the posterior is one set of weights; the posterior is all of them, each as often as the data allow it. A
puck that slides over -log(posterior), and is given a random push now and then, visits each place in that proportion
(Neal 2011, "MCMC using Hamiltonian dynamics"). All that it needs is the gradient.

The data are the tumours of the breast cancer set, with five of their features. Newton's method finds the maximum, and
the Hessian there a normal distribution that is near the posterior: Laplace's approximation. It serves twice, for the
coordinates in which the puck slides, where no direction is steeper than another, and to compare with.

    pip install "tapegrad[data]"
    python examples/bayesian_hmc.py
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypedDict

import attrs
import numpy as np
import numpy.typing as npt

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import datasets, tree
from tapegrad.datasets import Scaler
from tapegrad.random import Key, fold_in, key, normal, split, uniform

Floats = npt.NDArray[np.float64]
Slope = Callable[[Floats], tuple[float, Floats]]  # a place to the height there, and the gradient

FEATURES = ("mean radius", "mean texture", "mean smoothness", "mean concavity", "mean symmetry")
PRIOR = 3.0  # the standard deviation of every weight before the data are seen
CHAINS, WARM_UP, SAMPLES, LEAPS, STEP = 4, 100, 600, 5, 0.4


class Weights(TypedDict):
    """What is uncertain: how much each standardised feature speaks for a benign tumour."""

    features: Floats  # (features,)
    bias: float


@attrs.frozen
class Puck:
    """Where a puck lies, how high, how steep it is there, and whether the last push brought it there."""

    place: Floats
    height: float
    gradient: Floats
    accepted: bool


def leapfrog(slope: Slope, puck: Puck, momentum: Floats) -> tuple[Puck, Floats]:
    """Where a puck with this momentum slides in `LEAPS` leaps, and the momentum that it has there."""
    place, height, gradient = puck.place, puck.height, puck.gradient
    momentum = momentum - 0.5 * STEP * gradient
    for leap in range(1, LEAPS + 1):
        place = place + STEP * momentum
        height, gradient = slope(place)
        momentum = momentum - (0.5 if leap == LEAPS else 1.0) * STEP * gradient
    return Puck(place, height, gradient, accepted=True), momentum


def sample(slope: Slope, place: Floats, key: Key) -> Iterator[Puck]:
    """The chain of places that begins at `place`, without end: a new push each time."""
    puck = Puck(place, *slope(place), accepted=True)
    for number in range(2**32):
        for_momentum, for_choice = split(fold_in(key, number))
        momentum = normal(for_momentum, place.shape)
        proposal, end = leapfrog(slope, puck, momentum)
        # With no error of the steps the energy would stay the same; as it is, a rise is accepted less often.
        rise = proposal.height + 0.5 * end @ end - puck.height - 0.5 * momentum @ momentum
        is_accepted = math.log(1.0 - uniform(for_choice)) < -rise
        puck = proposal if is_accepted else attrs.evolve(puck, accepted=False)
        yield puck


def laplace(energy: Callable[[Floats], float], place: Floats) -> tuple[Floats, Floats]:
    """The mean, by Newton's method, and the covariance, the inverse Hessian there, of the approximation."""
    for _ in range(10):
        place = place - np.linalg.solve(tg.hessian(energy)(place), tg.grad(energy)(place))
    return place, np.linalg.inv(tg.hessian(energy)(place)).astype(np.float64)


def spread_ratio(chains: Floats) -> Floats:
    """R of Gelman and Rubin 1992: the spread of all against that within chains, 1 where the chains agree.

    ``(chains, samples, weights) -> (weights,)``.
    """
    within = chains.var(axis=1, ddof=1).mean(axis=0)
    between = chains.mean(axis=1).var(axis=0, ddof=1)
    ratio: Floats = np.sqrt(1.0 - 1.0 / chains.shape[1] + between / within)
    return ratio


def main() -> None:
    """Sample, and print each weight with how sure it is, by both ways."""
    data = datasets.load("breast_cancer")
    columns = data.inputs[:, [data.features.index(name) for name in FEATURES]]
    inputs = Scaler.of(columns).standardise(columns)
    signs = np.where(data.labels == data.classes.index("benign"), -1.0, 1.0)
    origin, unravel = tree.ravel(Weights(features=np.zeros(len(FEATURES)), bias=0.0))

    def energy(vector: Floats) -> float:
        """-log of the posterior, but for a constant: of the data given the weights, and of the weights."""
        weights = unravel(vector)
        logits = inputs @ weights["features"] + weights["bias"]
        # -log(sigmoid(logit)) is softplus(-logit), and with the other sign for the other class
        return tnp.sum(tnp.softplus(signs * logits)) + 0.5 * tnp.sum((vector / PRIOR) ** 2)

    maximum, covariance = laplace(energy, origin)
    factor = np.linalg.cholesky(covariance)
    slope = tg.value_and_grad(lambda z: energy(maximum + factor @ z))

    chains = []
    for its_key in split(key(0), CHAINS):
        for_start, for_pushes = split(its_key)
        chain = sample(slope, 2.0 * normal(for_start, origin.shape), for_pushes)  # begins far out
        chains.append(list(islice(chain, WARM_UP, WARM_UP + SAMPLES)))
    samples = np.array([[maximum + factor @ puck.place for puck in chain] for chain in chains])
    accepted = np.mean([puck.accepted for chain in chains for puck in chain])
    print(f"{CHAINS} chains of {SAMPLES} samples, {100.0 * accepted:.1f} % of the pushes accepted")

    print("                       sampled              Laplace")
    print("weight              mean      std       mean      std        R")
    names = ("bias", *FEATURES)  # a dictionary is raveled in the alphabetical order of its keys
    mean, std, deviations = samples.mean(axis=(0, 1)), samples.std(axis=(0, 1)), np.sqrt(np.diag(covariance))
    for row in zip(names, mean, std, maximum, deviations, spread_ratio(samples), strict=True):
        print("{:16}{:8.3f} {:8.3f}   {:8.3f} {:8.3f} {:8.3f}".format(*row))


if __name__ == "__main__":
    main()
