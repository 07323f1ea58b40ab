"""The network of the second work: a multilayer perceptron over single numbers, and its gradient by hand."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Sequence

import attrs
import numpy as np

from benchmarks.program import Answer, N, Operations

__all__ = ["Network", "Point", "starting_parameters", "xor_points"]

Point = tuple[tuple[float, ...], float]
"""Coordinates, and the label: 1.0 or 0.0."""


def xor_points(count: int) -> tuple[Point, ...]:
    """Points in the unit square, labelled 1.0 where exactly one coordinate is below a half."""
    drawn = np.random.default_rng(0).uniform(size=(50, 2)).tolist()[:count]
    return tuple(((x1, x2), float((x1 < 0.5) != (x2 < 0.5))) for x1, x2 in drawn)


def starting_parameters(count: int) -> tuple[float, ...]:
    """Uniform between -1 and 1."""
    return tuple(np.random.default_rng(1).uniform(-1.0, 1.0, size=count).tolist())


@attrs.frozen
class Network:
    """The mean log loss of a perceptron with relu layers and a logit, as a function of its parameters.

    The parameters stand layer by layer; in a layer unit by unit; of a unit the bias, then the weights.
    """

    sizes: tuple[int, ...]
    points: tuple[Point, ...]

    @property
    def count(self) -> int:
        return sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(self.sizes))

    @property
    def operations(self) -> int:
        """Per weight a product and a sum, per hidden unit a relu; five for a point's loss; the mean."""
        weights = sum(inputs * outputs for inputs, outputs in itertools.pairwise(self.sizes))
        return (2 * weights + sum(self.sizes[1:-1]) + 5) * len(self.points)

    def __call__(self, using: Operations[N], *numbers: N) -> N:
        layers = arranged(self.sizes, numbers)
        losses = [point_loss(using, layers, inputs, label) for inputs, label in self.points]
        return functools.reduce(operator.add, losses) / float(len(losses))

    def by_hand(self, *numbers: float) -> Answer:
        """Backpropagation, written out for one network."""
        layers = arranged(self.sizes, numbers)
        loss = 0.0
        sums = [[[0.0] * len(unit) for unit in layer] for layer in layers]
        for inputs, label in self.points:
            activations = activations_by_hand(layers, inputs)
            signed = (1.0 - 2.0 * label) * activations[-1][0]
            loss += math.log(1.0 + math.exp(signed))
            backpropagate(layers, activations, (1.0 - 2.0 * label) / (1.0 + math.exp(-signed)), sums)
        points = float(len(self.points))
        return loss / points, [g / points for layer in sums for unit in layer for g in unit]


Layers = list[list[Sequence[N]]]
"""By layer and unit: the bias, then the weights."""


def arranged(sizes: Sequence[int], numbers: Sequence[N]) -> Layers[N]:
    """A flat sequence of parameters as layers."""
    remaining = iter(numbers)
    return [
        [tuple(itertools.islice(remaining, inputs + 1)) for _ in range(outputs)]
        for inputs, outputs in itertools.pairwise(sizes)
    ]


def affine(unit: Sequence[N], inputs: Sequence[N | float]) -> N:
    """The bias, plus each weight times its input."""
    total, *weights = unit
    for weight, x in zip(weights, inputs, strict=True):
        total = total + weight * x
    return total


def point_loss(using: Operations[N], layers: Layers[N], inputs: Sequence[float], label: float) -> N:
    """``log(1 + exp(-z))`` for a point labelled 1, ``log(1 + exp(z))`` for one labelled 0."""
    relu = using.relu
    first, *hidden, last = layers
    x = [relu(affine(unit, inputs)) for unit in first]
    for layer in hidden:
        x = [relu(affine(unit, x)) for unit in layer]
    z = affine(last[0], x)
    return using.log(using.exp(z * (1.0 - 2.0 * label)) + 1.0)


def activations_by_hand(layers: list[list[Sequence[float]]], inputs: Sequence[float]) -> list[list[float]]:
    """The inputs, what each hidden layer makes of them, and the logit."""
    activations = [list(inputs)]
    for depth, layer in enumerate(layers, 1):
        x = activations[-1]
        z = [bias + sum(map(operator.mul, weights, x)) for bias, *weights in layer]
        activations.append(z if depth == len(layers) else [max(value, 0.0) for value in z])
    return activations


def backpropagate(
    layers: list[list[Sequence[float]]],
    activations: list[list[float]],
    slope: float,
    sums: list[list[list[float]]],
) -> None:
    """Add one point's gradient to `sums`; `slope` is the derivative of its loss by the logit."""
    cotangents = [slope]
    for layer, x, out in zip(reversed(layers), reversed(activations[:-1]), reversed(sums), strict=True):
        to_inputs = [0.0] * len(x)
        for (_, *weights), g, unit_sums in zip(layer, cotangents, out, strict=True):
            unit_sums[0] += g
            for i, (weight, value) in enumerate(zip(weights, x, strict=True)):
                unit_sums[i + 1] += g * value
                to_inputs[i] += g * weight
        # a hidden activation is a relu, whose slope is 1 where it let something through
        cotangents = [g if value > 0.0 else 0.0 for g, value in zip(to_inputs, x, strict=True)]
