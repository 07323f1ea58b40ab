"""First values of parameters: ``initialiser(key, shape, dtype) -> array``.

The shapes are those of weights, ``(out, in, *window)``: what goes into a unit is ``fan_in = in * window``, what a value
of the input goes to is ``fan_out = out * window``. The variance of

    lecun      1 / fan_in                 LeCun et al. 1998, "Efficient BackProp"
    glorot     2 / (fan_in + fan_out)     Glorot and Bengio 2010
    he         2 / fan_in                 He et al. 2015, for units that are zero half of the time, as with relu

keeps the scale of what goes through a network, or of gradients on the way back. A uniform distribution between plus and
minus l has the variance l^2 / 3. Normal ones are not truncated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad import random
from tapegrad.errors import LayerError, SettingError
from tapegrad.nn.layer import Weights
from tapegrad.random import Key, split

__all__ = [
    "Initialiser", "Made", "constant", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal",
    "lecun_uniform", "normal", "ones", "orthogonal", "standard_normal", "uniform", "weight_and_bias", "zeros",
]  # fmt: skip

Shape = tuple[int, ...]
Floats = npt.NDArray[np.float64]


class Initialiser(Protocol):
    """What makes the first values of a parameter; a plain function will do."""

    def __call__(self, key: Key, shape: Shape, dtype: npt.DTypeLike, /) -> Floats:
        """Make them, of this shape and dtype, from random numbers of `key`."""


@attrs.frozen(repr=False)
class Made:
    """The initialiser of a name: numbers are made in double precision, and rounded to the dtype that is asked for."""

    name: str
    make: Callable[[Key, Shape], Floats]

    def __call__(self, key: Key, shape: Shape, dtype: npt.DTypeLike = np.float64, /) -> Floats:
        """Make them, of this shape and dtype, from random numbers of `key`."""
        return self.make(key, shape).astype(dtype, copy=False)

    def __repr__(self) -> str:
        return self.name


def constant(value: float) -> Made:
    """That number everywhere."""
    number = float(value)
    return Made(f"constant({value})", lambda key, shape: np.full(shape, number))


def normal(std: float = 1.0) -> Made:
    """Numbers of mean 0 and this standard deviation."""
    _require_scale("normal", "std", std)
    return Made(f"normal({std})", lambda key, shape: std * _normal(key, shape))


def uniform(limit: float = 1.0) -> Made:
    """Numbers spread evenly between ``-limit`` and ``limit``."""
    _require_scale("uniform", "limit", limit)
    return Made(f"uniform({limit})", lambda key, shape: _uniform(key, shape, limit))


def orthogonal(gain: float = 1.0) -> Made:
    """Matrices ``(out, in * window)`` whose rows, or columns if those are fewer, are orthogonal, of length `gain`.

    The Q of a QR decomposition of a normal matrix, with the signs that make it uniformly distributed (Saxe et al. 2014;
    Mezzadri 2007, "How to generate random matrices from the classical compact groups"). The last bits are LAPACK's.
    """
    _require_scale("orthogonal", "gain", gain)

    def make(key: Key, shape: Shape) -> Floats:
        rows, columns = _matrix("orthogonal", shape)
        q, r = np.linalg.qr(_normal(key, (max(rows, columns), min(rows, columns))))
        q = q * np.where(np.diagonal(r) < 0.0, -gain, gain)
        return (q if rows >= columns else q.T).reshape(shape)

    return Made(f"orthogonal({gain})", make)


def _fans(name: str, shape: Shape) -> tuple[int, int]:
    """How many values go into a unit, and to how many units a value goes."""
    out, inputs = _matrix(name, shape)
    return inputs, out * math.prod(shape[2:])


def _matrix(name: str, shape: Shape) -> tuple[int, int]:
    if len(shape) < 2 or 0 in shape:
        msg = f"{name}: it is for weights (out, in, *window), none of them zero, not {shape}; take normal or uniform"
        raise SettingError(msg)
    return shape[0], math.prod(shape[1:])


def _scaled(family: str, variance: Callable[[int, int], float]) -> tuple[Made, Made]:
    """The normal and the uniform initialiser whose numbers have ``variance(fan_in, fan_out)``."""

    def scale(shape: Shape) -> float:
        return math.sqrt(variance(*_fans(family, shape)))

    return (
        Made(f"{family}_normal", lambda key, shape: scale(shape) * _normal(key, shape)),
        Made(f"{family}_uniform", lambda key, shape: _uniform(key, shape, math.sqrt(3.0) * scale(shape))),
    )


def _normal(key: Key, shape: Shape) -> Floats:
    return np.asarray(random.normal(key, shape))


def _uniform(key: Key, shape: Shape, limit: float) -> Floats:
    return np.asarray(random.uniform(key, shape, -limit, limit))


def _require_scale(name: str, what: str, value: float) -> None:
    if not 0.0 < value < math.inf:
        msg = f"{name}: {what} is a positive number, not {value!r:.60}"
        raise SettingError(msg)


zeros = attrs.evolve(constant(0.0), name="zeros")
ones = attrs.evolve(constant(1.0), name="ones")
standard_normal = attrs.evolve(normal(1.0), name="standard_normal")
lecun_normal, lecun_uniform = _scaled("lecun", lambda fan_in, fan_out: 1.0 / fan_in)
glorot_normal, glorot_uniform = _scaled("glorot", lambda fan_in, fan_out: 2.0 / (fan_in + fan_out))
he_normal, he_uniform = _scaled("he", lambda fan_in, fan_out: 2.0 / fan_in)


def weight_and_bias(
    name: str, key: Key, shape: Shape, dtype: np.dtype[np.generic], weight: Initialiser, bias: Initialiser | None
) -> Weights:
    """The parameters of the layer called `name`: a weight of this shape, and a number for each unit.

    Raises LayerError if an initialiser makes something else.
    """
    wanted = {"weight": (weight, shape)}
    if bias is not None:
        wanted["bias"] = (bias, shape[:1])
    made: dict[str, Floats] = {}
    for its_key, (parameter, (initialiser, its_shape)) in zip(split(key), wanted.items(), strict=False):
        numbers: object = initialiser(its_key, its_shape, dtype)
        if not isinstance(numbers, np.ndarray) or numbers.shape != its_shape or numbers.dtype != dtype:
            found = (
                f"{numbers.dtype} of shape {numbers.shape}" if isinstance(numbers, np.ndarray) else f"{numbers!r:.60}"
            )
            msg = f"{name}: the initialiser of {parameter} made {found}, not {dtype} of shape {its_shape}"
            raise LayerError(msg)
        made[parameter] = numbers
    return made
