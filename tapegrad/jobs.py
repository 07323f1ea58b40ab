"""What a network is to learn, from a known data set and from a table alike: its examples, loss and score."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import attrs

import tapegrad.numpy as tnp
from tapegrad import datasets, encoding, random
from tapegrad.datasets import Settings
from tapegrad.encoding import Examples, Feature, Numeric, Target, Task
from tapegrad.nn import mlp
from tapegrad.nn.losses import binary_cross_entropy, cross_entropy, mse
from tapegrad.nn.mlp import MLP
from tapegrad.optim import Optimiser, adam, momentum, sgd
from tapegrad.tables import Table
from tapegrad.training import State, start
from tapegrad.variables import Scalar

__all__ = [
    "OPTIMISERS",
    "Accuracy",
    "Example",
    "Fit",
    "Job",
    "examined",
    "first_state",
    "from_data_set",
    "from_table",
    "loss_of",
    "optimiser_of",
    "probabilities",
    "recommended_for_table",
    "score",
]

Example: TypeAlias = tuple[tuple[float, ...], float]
"""A point and its label: the index of its class, or a standardised number."""


# ---- settings -----------------------------------------------------------------------------------


TABLE_EXAMPLES: Final = 4000  # that a training on a table sees by default, each as often as it takes

OPTIMISERS: Final[Mapping[str, Callable[[float], Optimiser]]] = {
    "sgd": sgd,
    "momentum": momentum,
    "adam": adam,
}


def recommended_for_table(table: Table) -> Settings:
    """Settings that suit tables of some hundred to some thousand rows: small ones take more epochs."""
    epochs = math.ceil(1.5 * TABLE_EXAMPLES / len(table.rows))  # a third of the rows is held out
    return Settings(hidden=(10,), optimiser="adam", rate=0.01, batch_size=8, epochs=min(max(epochs, 10), 200))


# ---- jobs ---------------------------------------------------------------------------------------


@attrs.frozen
class Job:
    """One training. `facts` say in JSON's terms what the parameters belong to, and are kept with them."""

    name: str
    facts: Mapping[str, object]
    settings: Settings
    seed: int
    target: Target
    train: Examples
    test: Examples | None  # held out; None for a data set that is only to be told apart
    axes: tuple[Numeric, Numeric] | None  # how to draw the inputs, where they are two numbers
    square: tuple[tuple[float, float], tuple[float, float]] | None  # corners of the plane they are drawn on

    @property
    def scored(self) -> Examples:
        """The examples that the result is judged by."""
        return self.train if self.test is None else self.test


def from_data_set(name: str, points: int, seed: int, settings: Settings) -> Job:
    """The job of learning a known data set by heart. Raises what `tapegrad.datasets.make` raises."""
    data = datasets.make(name, _keys(seed)[0], points)
    return Job(
        name=name,
        facts={"data": name, "points": points},
        settings=settings,
        seed=seed,
        target=Target("class", ("class 0", "class 1")),
        train=Examples(tuple(map(datasets.standardised, data.points)), tuple(map(float, data.labels))),
        test=None,
        axes=(_coordinate("x₁"), _coordinate("x₂")),
        square=((0.0, 0.0), (1.0, 1.0)),
    )


def from_table(table: Table, target: str, task: Task | None, seed: int, settings: Settings) -> Job:
    """The job of predicting a column from the others. Raises DataError as `tapegrad.encoding` does."""
    problem = encoding.prepare(table, target, _keys(seed)[0], task)
    path = Path(table.path)
    facts = {"data": path.name, "features": [attrs.asdict(feature) for feature in problem.features]}
    return Job(
        name=path.stem,
        facts={**facts, "target": attrs.asdict(problem.target)},
        settings=settings,
        seed=seed,
        target=problem.target,
        train=problem.train,
        test=problem.test,
        axes=_axes(problem.features),
        square=None,
    )


def _coordinate(name: str) -> Numeric:
    return Numeric(name, datasets.CENTRE, datasets.SPREAD)


def _axes(features: Sequence[Feature]) -> tuple[Numeric, Numeric] | None:
    numeric = [feature for feature in features if isinstance(feature, Numeric)]
    return (numeric[0], numeric[1]) if len(features) == len(numeric) == 2 else None


def _keys(seed: int) -> tuple[random.Key, ...]:
    """Three keys: of the data, of the network, and of the order of the examples."""
    return random.split(random.key(seed), 3)


# ---- the network --------------------------------------------------------------------------------


def optimiser_of(job: Job) -> Optimiser:
    """The optimiser that the settings name."""
    return OPTIMISERS[job.settings.optimiser](job.settings.rate)


def first_state(job: Job) -> State[MLP]:
    """The state before the first epoch: random parameters. Two classes share one logit."""
    _, network_key, order_key = _keys(job.seed)
    inputs, classes = len(job.train.points[0]), len(job.target.classes)
    sizes = (inputs, *job.settings.hidden, classes if classes > 2 else 1)
    return start(mlp.init(network_key, sizes), optimiser_of(job), order_key)


def loss_of(target: Target) -> Callable[[MLP, Example], Scalar]:
    """The loss of one example: the squared error of a number, the log loss of a class."""

    def loss(params: MLP, example: Example) -> Scalar:
        point, label = example
        outputs = mlp.apply(params, point)
        if not target.classes:
            return mse(outputs[0], label)
        if len(outputs) == 1:
            return binary_cross_entropy(outputs[0], int(label))
        return cross_entropy(tnp.stack(outputs), int(label))

    return loss


def probabilities(params: MLP, point: Sequence[float]) -> tuple[float, ...]:
    """Those of the classes: ``(classes,)``.

    The softmax of the logits; one logit is that of the second of two classes, where the first has 0.
    """
    outputs = [float(output) for output in mlp.apply(params, point)]
    logits = [0.0, *outputs] if len(outputs) == 1 else outputs
    weights = [math.exp(logit - max(logits)) for logit in logits]
    return tuple(weight / sum(weights) for weight in weights)


def _prediction(params: MLP, target: Target, point: Sequence[float]) -> float:
    """The index of the likeliest class, or the standardised number."""
    outputs = [float(output) for output in mlp.apply(params, point)]
    if not target.classes:
        return outputs[0]
    return float(outputs[0] > 0.0) if len(outputs) == 1 else float(outputs.index(max(outputs)))


# ---- the score ----------------------------------------------------------------------------------


@attrs.frozen
class Accuracy:
    """How many of the examples are given their class."""

    correct: int
    count: int

    def __str__(self) -> str:
        return f"{self.correct} of {self.count} correct ({100.0 * self.correct / self.count:.1f} %)"


@attrs.frozen
class Fit:
    """How well numbers are predicted: the share of their variance, and the root mean square error."""

    r2: float
    rmse: float  # in the unit of the target

    def __str__(self) -> str:
        return f"R² {self.r2:.3f}, RMSE {self.rmse:.4g}"


def examined(job: Job, params: MLP, examples: Examples) -> tuple[tuple[float, ...], Accuracy | Fit]:
    """The predictions for some examples, ``(points,)`` as labels are, and how good they are."""
    guesses = tuple(_prediction(params, job.target, point) for point in examples.points)
    return guesses, score(guesses, job.target, examples.labels)


def score(guesses: Sequence[float], target: Target, labels: Sequence[float]) -> Accuracy | Fit:
    """How good the predictions of examples with these labels are.

    R² = 1 - sum (label - guess)² / sum (label - mean)²; of labels that are all equal it is 0, or 1 where
    every guess is exact.
    """
    if target.classes:
        return Accuracy(sum(map(float.__eq__, guesses, labels)), len(labels))
    residual = math.fsum((label - guess) ** 2 for label, guess in zip(labels, guesses, strict=True))
    mean = math.fsum(labels) / len(labels)
    total = math.fsum((label - mean) ** 2 for label in labels)
    r2 = 1.0 - residual / total if total else float(residual == 0.0)
    return Fit(r2, target.scale * math.sqrt(residual / len(labels)))
