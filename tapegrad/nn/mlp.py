"""The fully connected network (multilayer perceptron), on one example at a time.

    params = init(key(0), (2, 10, 10, 1))        two features, two hidden layers of ten units, one logit
    (logit,) = apply(params, (0.1, 0.9))

A hidden unit is tanh(b + w . x), an output plain b + w . x: a logit, or the estimate of a number. The
parameters are a tuple of layers, which is a tree: the gradient of a loss has the same form.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

import attrs

import tapegrad.numpy as tnp
from tapegrad.errors import SettingError, StructureError
from tapegrad.random import Key, split, uniform
from tapegrad.variables import Scalar

__all__ = ["MLP", "Activation", "Layer", "apply", "init"]

Activation: TypeAlias = Callable[[Scalar], Scalar]
"""What bends the sums of a hidden layer, such as ``tnp.tanh`` or ``tnp.relu``."""


@attrs.frozen
class Layer:
    """An affine map (in) -> (out): weights (out, in), a row for each unit, and biases (out,).

    Raises StructureError if the rows differ in length, or there is not one bias for each.
    """

    weights: tuple[tuple[Scalar, ...], ...]
    biases: tuple[Scalar, ...]

    def __attrs_post_init__(self) -> None:
        lengths = sorted(set(map(len, self.weights)))
        if len(lengths) != 1 or len(self.weights) != len(self.biases):
            msg = (
                f"a layer has rows of weights of one length and a bias for each, not {len(self.weights)} rows "
                f"of lengths {lengths} and {len(self.biases)} biases"
            )
            raise StructureError(msg)


MLP: TypeAlias = tuple[Layer, ...]
"""The parameters of a network: its layers, the first one first."""


def init(key: Key, sizes: Sequence[int]) -> MLP:
    """Random parameters of a network with layers of these sizes, the input first and the output last.

    Weights and biases are uniform between plus and minus sqrt(3 / in), which gives a weight the variance
    1 / in (LeCun et al. 1998, "Efficient BackProp"): sums have about the scale of the inputs, best when
    those are standardised. tanh has no dead region: there is no seed from which a network cannot learn.

    Raises SettingError for fewer than two sizes, or one that is not a whole number from 1 on.
    """
    if len(sizes) < 2 or any(type(size) is not int or size < 1 for size in sizes):
        msg = (
            "a network has two sizes or more, each a whole number from 1 on, such as (2, 10, 10, 1), "
            f"not {tuple(sizes)}"
        )
        raise SettingError(msg)
    keys = split(key, len(sizes) - 1)
    return tuple(_layer(k, fan_in, out) for k, (fan_in, out) in zip(keys, pairwise(sizes), strict=True))


def _layer(key: Key, fan_in: int, out: int) -> Layer:
    limit = math.sqrt(3.0 / fan_in)
    rows = uniform(key, (out, fan_in + 1), -limit, limit).tolist()  # the last column holds the biases
    return Layer(tuple(tuple(row[:-1]) for row in rows), tuple(row[-1] for row in rows))


def apply(params: MLP, x: Sequence[Scalar], activation: Activation = tnp.tanh) -> tuple[Scalar, ...]:
    """The outputs of the network for one example: (in) -> (out).

    Raises StructureError if a layer takes another number of values than it is given.

    >>> from tapegrad.random import key
    >>> len(apply(init(key(0), (2, 10, 3)), (0.1, 0.9)))
    3
    """
    *hidden, last = params
    for layer in hidden:
        x = [activation(total) for total in _affine(layer, x)]
    return tuple(_affine(last, x))


def _affine(layer: Layer, x: Sequence[Scalar]) -> list[Scalar]:
    """The sum b + w . x of every unit: (in) -> (out). It starts at the bias, so that no record is wasted.

    Not Python's ``sum``, which adds floats, but not traced values, with compensation.
    """
    fan_in = len(layer.weights[0])
    if len(x) != fan_in:
        msg = f"a layer ({fan_in}) -> ({len(layer.biases)}) was given {len(x)} numbers"
        raise StructureError(msg)
    return [
        functools.reduce(operator.add, map(operator.mul, row, x), bias)
        for row, bias in zip(layer.weights, layer.biases, strict=True)
    ]
