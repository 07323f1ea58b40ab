"""What a network is to learn, from a known data set and from a table alike: its examples, network, loss and score."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, cast

import attrs
import numpy as np

from tapegrad import datasets, encoding, nn, optim, random, training
from tapegrad.arrays import AnyArray, Floats
from tapegrad.datasets import Dataset, Scaler, Settings
from tapegrad.encoding import Feature, Numeric, Target, Task
from tapegrad.errors import DataError
from tapegrad.nn.compose import Part
from tapegrad.nn.layer import Layer, Params
from tapegrad.nn.layer import State as LayerState
from tapegrad.optim import Optimiser
from tapegrad.tables import Table
from tapegrad.training import Accuracy, Examples, Fit, Loss, Objective, State

__all__ = [
    "OPTIMISERS", "Job", "Score", "drawn_points", "examples_of", "feature_maps", "first_filters", "first_state",
    "from_bundled", "from_files", "from_points", "from_table", "in_the_plane", "loss_of", "objective_of",
    "optimiser_of", "outputs", "predictions", "probabilities", "recommended_for_table", "score",
]  # fmt: skip

Score = Accuracy | Fit


# ---- settings -----------------------------------------------------------------------------------


TABLE_EXAMPLES: Final = 4000  # that a training on a table sees by default, each as often as it takes
TEST_SHARE: Final = 0.25  # of a known data set
CONVOLUTIONS: Final = {"the first convolution": 2, "the second convolution": 5}  # and how many layers lead there
SPLIT: Final = random.key(0)  # what is held out of a known data set is the same for every seed

OPTIMISERS: Final[Mapping[str, Callable[[float], Optimiser]]] = {
    "sgd": optim.sgd,
    "momentum": optim.momentum,
    "nesterov": optim.nesterov,
    "rmsprop": optim.rmsprop,
    "adam": optim.adam,
    "adamw": optim.adamw,
    "lion": optim.lion,
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
    train: Dataset
    test: Dataset | None  # held out; None for a data set that is only to be told apart
    axes: tuple[Numeric, Numeric] | None = None  # how to draw the inputs, where they are two numbers
    square: tuple[tuple[float, float], tuple[float, float]] | None = None  # corners of the plane they are drawn on

    @property
    def scored(self) -> Dataset:
        """The examples that the result is judged by."""
        return self.train if self.test is None else self.test

    @property
    def of_images(self) -> bool:
        """Whether an example is ``(channels, height, width)``."""
        return self.train.inputs.ndim == 4

    @property
    def layers(self) -> tuple[Part, ...]:
        """Convolutions for images, and layers of units; an output for each class, or one for the number."""
        last = nn.linear(len(self.target.classes) or 1)
        hidden = self.settings.hidden
        return (*(_for_images(hidden) if self.of_images else _for_rows(hidden)), last)

    @property
    def model(self) -> Layer:
        """The network."""
        return nn.serial(*self.layers)


def from_points(name: str, points: int, seed: int, settings: Settings) -> Job:
    """The job of learning a data set in the plane by heart. Raises what `tapegrad.datasets.make` raises."""
    data = datasets.make(name, _keys(seed)[0], points)
    scaled = (data.inputs - datasets.CENTRE) / datasets.SPREAD
    first, second = (Numeric(feature, datasets.CENTRE, datasets.SPREAD) for feature in data.features)
    return Job(
        name=name,
        facts={"data": name, "points": points},
        settings=settings,
        seed=seed,
        target=Target("class", data.classes),
        train=attrs.evolve(data, inputs=scaled),
        test=None,
        axes=(first, second),
        square=((0.0, 0.0), (1.0, 1.0)),
    )


def from_bundled(name: str, seed: int, settings: Settings) -> Job:
    """The job of learning a data set of scikit-learn, of which a part is held out that is the same for every seed.

    Raises MissingExtraError where scikit-learn is not installed.
    """
    train, test = datasets.split(datasets.load(name), SPLIT, TEST_SHARE)
    if train.inputs.ndim == 2:
        train, test = datasets.standardise(train, test)
    target = Target("class", train.classes)
    if not train.classes:
        numbers = [np.asarray(part.labels, np.float64) for part in (train, test)]
        scaler = Scaler.of(numbers[0])
        target = Target(name, (), float(scaler.mean), float(scaler.scale))
        train, test = (
            attrs.evolve(part, labels=scaler.standardise(labels))
            for part, labels in zip((train, test), numbers, strict=True)
        )
    return Job(name, {"data": name}, settings, seed, target, train, test)


def from_files(name: str, folder: Path, seed: int, settings: Settings) -> Job:
    """The job of learning MNIST or Fashion-MNIST from files. Raises what `tapegrad.datasets.load_mnist` raises.

    So it does for images of two sizes, which come of the files of two data sets in one folder.
    """
    load = {"mnist": datasets.load_mnist, "fashion_mnist": datasets.load_fashion_mnist}[name]
    train, test = load(folder, "float32")
    shapes = train.inputs.shape[1:], test.inputs.shape[1:]
    if shapes[0] != shapes[1]:
        msg = (
            f"the images to train on are of shape {shapes[0]} and those to test with of shape {shapes[1]}; "
            f"put the files of one data set into the folder {str(folder)!r:.200}"
        )
        raise DataError(msg)
    return Job(name, {"data": name}, settings, seed, Target("class", train.classes), train, test)


def from_table(table: Table, target: str, task: Task | None, seed: int, settings: Settings) -> Job:
    """The job of predicting a column from the others. Raises DataError as `tapegrad.encoding` does."""
    problem = encoding.prepare(table, target, _keys(seed)[0], task)
    path = Path(table.path)
    facts = {"data": path.name, "features": [attrs.asdict(feature) for feature in problem.features]}
    return Job(
        name=path.stem.encode(errors="backslashreplace").decode(),  # a name of a file may be no text
        facts={**facts, "target": attrs.asdict(problem.target)},
        settings=settings,
        seed=seed,
        target=problem.target,
        train=problem.train,
        test=problem.test,
        axes=_axes(problem.features),
    )


def _axes(features: Sequence[Feature]) -> tuple[Numeric, Numeric] | None:
    numeric = [feature for feature in features if isinstance(feature, Numeric)]
    return (numeric[0], numeric[1]) if len(features) == len(numeric) == 2 else None


def _keys(seed: int) -> tuple[random.Key, ...]:
    """Three keys: of the data, of the network, and of the training."""
    return random.split(random.key(seed), 3)


# ---- the network --------------------------------------------------------------------------------


def _for_rows(hidden: Sequence[int]) -> tuple[Part, ...]:
    layers: list[Part] = []
    for units in hidden:
        layers += [nn.linear(units), nn.tanh]
    return tuple(layers)


def _for_images(hidden: Sequence[int]) -> tuple[Part, ...]:
    """After LeNet-5 (LeCun et al. 1998), with the layers of today."""
    layers: list[Part] = [
        nn.conv2d(16, 3, padding="same"),
        nn.relu,
        nn.max_pool2d(2),
        nn.conv2d(32, 3, padding="same"),
        nn.relu,
        nn.max_pool2d(2),
        nn.flatten,
    ]
    for units in hidden:
        layers += [nn.linear(units), nn.relu, nn.dropout(0.5)]
    return tuple(layers)


def optimiser_of(job: Job) -> Optimiser:
    """The optimiser that the settings name."""
    return OPTIMISERS[job.settings.optimiser](job.settings.rate)


def first_state(job: Job) -> State[Params]:
    """The state before the first epoch: random parameters."""
    _, network_key, training_key = _keys(job.seed)
    params, layer_state = job.model.init(network_key, job.train.inputs[:1])
    return training.start(params, optimiser_of(job), training_key, layer_state)


def loss_of(target: Target) -> Loss:
    """The cross-entropy of classes, the squared error of a number."""
    if target.classes:
        return nn.losses.cross_entropy
    return lambda out, labels: nn.losses.mse(out[:, 0], labels)


def objective_of(job: Job) -> Objective[Params, Examples]:
    """What the training minimises."""
    return training.objective(job.model, loss_of(job.target))


def examples_of(data: Dataset) -> Examples:
    """A data set as the objective takes it."""
    return data.inputs, data.labels


# ---- what it gives ------------------------------------------------------------------------------


def outputs(job: Job, state: State[Params], inputs: Floats) -> Floats:
    """Logits of the classes, or standardised numbers: ``(examples, outputs)``."""
    return training.outputs(job.model, state.params, state.layer_state, inputs)


def probabilities(logits: Floats) -> Floats:
    """Those of the classes, ``(examples, classes)``, from their logits."""
    return np.asarray(nn.softmax(logits))


def drawn_points(job: Job, axes: tuple[Numeric, Numeric]) -> Floats:
    """The scored examples in the units of the person who gave them: ``(examples, 2)``."""
    mean, scale = _mean_and_scale(axes)
    return mean + scale * job.scored.inputs


def in_the_plane(job: Job, state: State[Params], axes: tuple[Numeric, Numeric]) -> Callable[[Floats], Floats]:
    """The probabilities of the classes, ``(points, classes)``, at points in those units, ``(points, 2)``."""
    mean, scale = _mean_and_scale(axes)
    return lambda points: probabilities(outputs(job, state, (points - mean) / scale))


def _mean_and_scale(axes: tuple[Numeric, Numeric]) -> tuple[Floats, Floats]:
    return np.array([axis.mean for axis in axes]), np.array([axis.scale for axis in axes])


def feature_maps(job: Job, state: State[Params], image: Floats) -> dict[str, Floats]:
    """What the two convolutions of a network for images find in one: ``(1, channels, height, width)`` to maps each."""
    params, layer_state = cast(tuple[Params, ...], state.params), cast(tuple[LayerState, ...], state.layer_state)
    found = {}
    for name, count in CONVOLUTIONS.items():
        beginning = nn.serial(*job.layers[:count])  # the first layers of a network are a network
        maps, _ = beginning.apply(params[:count], layer_state[:count], image)
        found[name] = np.asarray(maps)[0]
    return found


def first_filters(state: State[Params]) -> Floats:
    """The weights of the first convolution: ``(out, in, height, width)``."""
    params = cast(tuple[Mapping[str, Floats], ...], state.params)
    return params[0]["weight"]


def predictions(target: Target, out: Floats) -> AnyArray:
    """The likeliest class, or the number in its unit, from the outputs: ``(examples, outputs) -> (examples,)``."""
    return out.argmax(axis=1) if target.classes else target.decode(out[:, 0])


def score(target: Target, out: Floats, labels: AnyArray) -> Score:
    """How good the outputs are for examples with these labels."""
    predicted = predictions(target, out)
    return training.accuracy(predicted, labels) if target.classes else training.fit(predicted, target.decode(labels))
