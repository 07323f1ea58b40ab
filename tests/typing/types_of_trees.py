"""A gradient has the type of its argument, whatever tree that is: see tests/test_types.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, reveal_type

import attrs

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import Scalar, nn, tree
from tapegrad.nn.mlp import MLP
from tapegrad.random import key


@dataclass(frozen=True)
class Line:
    slope: Scalar
    height: Scalar


@attrs.frozen
class Spring:
    stiffness: float
    rest: float


class Point(NamedTuple):
    x: float
    y: float


Layers: TypeAlias = dict[str, tuple[list[float], float]]


def of_dict(params: dict[str, Scalar], x: float) -> Scalar:
    return params["w"] * x + params["b"]


def of_pair(pair: tuple[float, Scalar]) -> Scalar:
    return pair[0] * pair[1]


def of_tuple(xs: tuple[float, ...]) -> float:
    return sum(x * x for x in xs)


def of_list(xs: list[Scalar]) -> Scalar:
    return sum(xs)


def of_named_tuple(point: Point) -> float:
    return point.x * point.y


def of_dataclass(line: Line, x: float) -> Scalar:
    return line.slope * x + line.height


def of_attrs(spring: Spring, x: float) -> float:
    return 0.5 * spring.stiffness * (x - spring.rest) ** 2


def of_nested(layers: Layers) -> float:
    return sum(sum(weights) + bias for weights, bias in layers.values())


def of_network(network: MLP, x: Sequence[float]) -> Scalar:
    return tnp.square(nn.mlp.apply(network, x)[0])


def gradients() -> None:
    reveal_type(tg.grad(of_dict)({"w": 1.0, "b": 2.0}, 3.0))  # R: dict[str, Scalar]
    reveal_type(tg.grad(of_dict, argnums=1)({"w": 1.0, "b": 2.0}, 3.0))  # R: float
    reveal_type(tg.grad(of_dict, argnums=(0, 1))({}, 3.0))  # R: tuple[dict[str, Scalar], float]
    reveal_type(tg.grad(of_pair)((1.0, 2.0)))  # R: tuple[float, Scalar]
    reveal_type(tg.grad(of_tuple)((1.0, 2.0, 3.0)))  # R: tuple[float, ...]
    reveal_type(tg.grad(of_list)([1.0, 2.0]))  # R: list[Scalar]
    reveal_type(tg.grad(of_named_tuple)(Point(1.0, 2.0)).y)  # R: float
    reveal_type(tg.grad(of_dataclass)(Line(1.0, 2.0), 3.0))  # R: Line
    reveal_type(tg.grad(of_dataclass)(Line(1.0, 2.0), 3.0).slope)  # R: Scalar
    reveal_type(tg.grad(of_attrs)(Spring(1.0, 2.0), 3.0))  # R: Spring
    reveal_type(tg.grad(of_attrs)(Spring(1.0, 2.0), 3.0).rest)  # R: float
    reveal_type(tg.grad(of_nested)({}))  # R: dict[str, tuple[list[float], float]]
    reveal_type(tg.grad(of_network)(nn.mlp.init(key(0), (2, 1)), (0.0, 1.0)))  # R: tuple[Layer, ...]


def values_and_gradients() -> None:
    reveal_type(tg.value_and_grad(of_dict)({"w": 1.0, "b": 2.0}, 3.0))  # R: tuple[Scalar, dict[str, Scalar]]
    reveal_type(tg.value_and_grad(of_attrs)(Spring(1.0, 2.0), 3.0))  # R: tuple[float, Spring]


def a_step_of_descent(spring: Spring) -> None:
    gradient = tg.grad(of_attrs)(spring, 3.0)
    reveal_type(tree.map_leaves(lambda w, g: w - 0.1 * g, spring, gradient))  # R: Spring
