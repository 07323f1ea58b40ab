"""A network small enough to be trained by hand: two inputs, two or three hidden units, one output.

The network and its loss are the first two functions; all the others look at them from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias, cast

import attrs
import numpy as np
import numpy.typing as npt

import tapegrad.numpy as tnp
from tapegrad.arrays import Floats
from tapegrad.datasets.plane import make
from tapegrad.errors import SettingError
from tapegrad.random import key
from tapegrad.transforms import value_and_grad
from tapegrad.variables import Array, Scalar

__all__ = [
    "ACTIVATIONS",
    "LIMIT",
    "REACH",
    "Settings",
    "Sight",
    "groups",
    "logits",
    "look_at",
    "loss",
    "meaning",
    "moved",
    "start",
]

Params: TypeAlias = Mapping[str, Array]

ACTIVATIONS: Final = ("tanh", "relu")


def logits(params: Params, points: Array, activation: str) -> Array:
    """``(points, 2) -> (points,)``: above 0 where the network says class 1."""
    before = points @ params["w1"].T + params["b1"]
    hidden = tnp.tanh(before) if activation == "tanh" else tnp.maximum(before, 0.0)
    return hidden @ params["w2"] + params["b2"]


def loss(params: Params, points: Array, labels: Array, activation: str) -> Scalar:
    """The mean of -log(p) for class 1 and of -log(1 - p) for class 0, where p = sigmoid(logit)."""
    z = logits(params, points, activation)
    return tnp.mean(tnp.logaddexp(0.0, z) - labels * z)


# ---- the parameters, each by its name ------------------------------------------------------------

LIMIT: Final = 8.0
"""No parameter is larger."""

_WEIGHTS: Final = ((1.0, -0.5), (0.5, 1.0), (-1.0, -0.75))
_BIASES: Final = (0.25, -0.25, 0.5)
_OUTPUT: Final = (1.0, -0.5, 0.5)

Values: TypeAlias = Mapping[str, float]
"""``{"w1[0,0]": 1.0, ...}``: one number for each slider."""


def groups(hidden: int) -> dict[str, tuple[str, ...]]:
    """The names of the parameters, layer by layer and unit by unit.

    >>> groups(2)["Output"]
    ('w2[0]', 'w2[1]', 'b2')
    """
    units = {f"Hidden unit h{h}": (f"w1[{h},0]", f"w1[{h},1]", f"b1[{h}]") for h in range(hidden)}
    return {**units, "Output": (*(f"w2[{h}]" for h in range(hidden)), "b2")}


def meaning(name: str) -> str:
    """What a parameter does.

    >>> meaning("w1[0,1]"), meaning("b2")
    ('How much input x₂ adds to hidden unit h0.', 'What is added to the output everywhere.')
    """
    array, _, index = name.rstrip("]").partition("[")
    unit, _, place = index.partition(",")
    return {
        "w1": f"How much input x{'₂' if place == '1' else '₁'} adds to hidden unit h{unit}.",
        "b1": f"What is added to hidden unit h{unit} everywhere: it moves its line.",
        "w2": f"How much hidden unit h{unit} adds to the output; above 0 it speaks for class 1.",
        "b2": "What is added to the output everywhere.",
    }[array]


def start(hidden: int) -> dict[str, float]:
    """Where the parameters begin."""
    weights = np.array(_WEIGHTS[:hidden])
    return _named(
        {"w1": weights, "b1": np.array(_BIASES[:hidden]), "w2": np.array(_OUTPUT[:hidden]), "b2": np.array(0.0)}
    )


def _named(params: Mapping[str, Floats]) -> dict[str, float]:
    """A number for each name, in the order of `groups`."""
    hidden = len(params["b1"])
    numbers = {
        f"{name}[{written}]" if (written := ",".join(map(str, index))) else name: float(array[index])
        for name, array in params.items()
        for index in np.ndindex(array.shape)
    }
    return {name: numbers[name] for names in groups(hidden).values() for name in names}


def _params(values: Values, hidden: int) -> dict[str, Floats]:
    """The arrays that the network takes."""
    units = range(hidden)
    return {
        "w1": np.array([[values[f"w1[{h},{i}]"] for i in (0, 1)] for h in units]),
        "b1": np.array([values[f"b1[{h}]"] for h in units]),
        "w2": np.array([values[f"w2[{h}]"] for h in units]),
        "b2": np.array(values["b2"]),
    }


def moved(values: Values, gradient: Values, rate: float) -> dict[str, float]:
    """One step down the gradient, which ends where a slider does."""
    return {name: min(max(x - rate * gradient[name], -LIMIT), LIMIT) for name, x in values.items()}


# ---- what there is to see ------------------------------------------------------------------------

REACH: Final = 1.15
"""The plane is seen from -REACH to REACH along both axes; the points lie between -1 and 1."""

_SAMPLES: Final = 101


@attrs.frozen
class Settings:
    """The points, and the form of the network."""

    data: str = "xor"
    count: int = 24
    seed: int = 0
    hidden: int = 2
    activation: str = "tanh"


@attrs.frozen(eq=False)
class Sight:
    """The network with these values of its parameters, seen on its points and over the plane.

    points: ``(points, 2)``; labels, right: ``(points,)``; plane: ``(samples, samples)``, the logits, where the first
    row is the lowest and the first column the leftmost.
    """

    settings: Settings
    values: Values
    loss: float
    gradient: Values
    points: Floats
    labels: npt.NDArray[np.int64]
    right: npt.NDArray[np.bool_]
    plane: Floats

    @property
    def size(self) -> float:
        """The length of the gradient."""
        return float(np.linalg.norm(list(self.gradient.values())))


def look_at(settings: Settings, values: Values) -> Sight:
    """Loss, gradient, points and plane. Raises DataError, SettingError for settings without a meaning."""
    if settings.activation not in ACTIVATIONS:
        msg = f"there is no activation {settings.activation!r:.40} here; choose {' or '.join(ACTIVATIONS)}"
        raise SettingError(msg)
    data = make(settings.data, key(settings.seed), settings.count)
    points, labels = 2.0 * data.inputs - 1.0, data.labels.astype(np.int64)
    params = _params(values, settings.hidden)
    value, gradient = cast(
        tuple[float, dict[str, Floats]],
        value_and_grad(loss)(params, points, labels.astype(np.float64), settings.activation),
    )
    axis = np.linspace(-REACH, REACH, _SAMPLES)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    plane = cast(Floats, logits(params, grid, settings.activation)).reshape(_SAMPLES, _SAMPLES)
    right = (cast(Floats, logits(params, points, settings.activation)) > 0.0) == (labels == 1)
    return Sight(settings, dict(values), value, _named(gradient), points, labels, right, plane)
