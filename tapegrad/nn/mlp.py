"""The fully connected network (multilayer perceptron), on one example at a time.

    params = init(key(0), (2, 10, 10, 1))        two features, two hidden layers of ten units, one logit
    (logit,) = apply(params, (0.1, 0.9))

A hidden unit is tanh(b + w . x), an output plain b + w . x: a logit, or the estimate of a number. The
parameters are a tuple of layers, which is a tree: `tapegrad.grad` of a loss has the same form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

import attrs
import numpy as np

import tapegrad.numpy as tnp
from tapegrad.errors import SettingError, StructureError
from tapegrad.random import Key, split, uniform
from tapegrad.recorder import Scalar

__all__ = ["MLP", "Activation", "Layer", "apply", "init", "sizes"]

Activation: TypeAlias = Callable[[Scalar], Scalar]


@attrs.frozen
class Layer:
    """An affine map (in) -> (out): weights (out, in), a row for each unit, and biases (out,)."""

    weights: tuple[tuple[Scalar, ...], ...]
    biases: tuple[Scalar, ...]


MLP: TypeAlias = tuple[Layer, ...]


def init(key: Key, sizes: Sequence[int]) -> MLP:
    """Random parameters of a network with layers of these sizes, the input first and the output last.

    Weights and biases are uniform between plus and minus sqrt(3 / in), so that a unit's sum has about the
    scale of its inputs (LeCun et al. 1998, "Efficient BackProp"); spread biases place the bends of the
    first layer all over the unit square. tanh has no dead region: no seed makes a network that cannot learn.

    Raises SettingError for fewer than two sizes, or one below 1.
    """
    if len(sizes) < 2 or any(isinstance(size, bool) or not isinstance(size, int) or size < 1 for size in sizes):
        msg = (
            f"a network has two sizes or more, each a whole number from 1 on, such as (2, 10, 10, 1); "
            f"not {tuple(sizes)!r:.60}"
        )
        raise SettingError(msg)
    keys = split(key, len(sizes) - 1)
    return tuple(_layer(k, fan_in, out) for k, (fan_in, out) in zip(keys, pairwise(sizes), strict=True))


def _layer(key: Key, fan_in: int, out: int) -> Layer:
    limit = float(np.sqrt(3.0 / fan_in))
    rows = uniform(key, (out, fan_in + 1), -limit, limit).tolist()  # the last column holds the biases
    return Layer(tuple(tuple(row[:-1]) for row in rows), tuple(row[-1] for row in rows))


def sizes(params: MLP) -> tuple[int, ...]:
    """The sizes of the layers of a network, as `init` takes them."""
    return (len(params[0].weights[0]), *(len(layer.biases) for layer in params))


def apply(params: MLP, x: Sequence[Scalar], activation: Activation = tnp.tanh) -> tuple[Scalar, ...]:
    """The outputs of the network for one example: (in) -> (out). Raises StructureError for another length.

    >>> from tapegrad.random import key
    >>> len(apply(init(key(0), (2, 10, 3)), (0.1, 0.9)))
    3
    """
    if len(x) != sizes(params)[0]:
        msg = f"the network takes {sizes(params)[0]} numbers, but the example has {len(x)}"
        raise StructureError(msg)
    *hidden, last = params
    for layer in hidden:
        x = [activation(total) for total in _affine(layer, x)]
    return tuple(_affine(last, x))


def _affine(layer: Layer, x: Sequence[Scalar]) -> list[Scalar]:
    """b + w . x for every unit: (in) -> (out)."""
    totals = []
    for row, bias in zip(layer.weights, layer.biases, strict=True):
        total = bias
        for weight, feature in zip(row, x, strict=True):
            total = total + weight * feature
        totals.append(total)
    return totals
