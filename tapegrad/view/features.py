"""What a network for images holds and does: its filters, what each layer makes of an image, what it says of a test set.

    for feature in features(job, state, job.scored.inputs[0]):
        print(feature.place, feature.name, feature.values.shape)

All are functions of a state; the network is evaluated: nothing is left out at random.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad import jobs, training
from tapegrad.arrays import Floats
from tapegrad.jobs import Job
from tapegrad.nn.layer import Input, Params
from tapegrad.nn.layer import State as LayerState
from tapegrad.training import State

__all__ = ["Feature", "Filters", "Verdicts", "features", "filters", "verdicts"]


@attrs.frozen(eq=False)
class Feature:
    """What a layer makes of one image."""

    place: int  # of the layer, counted from 0
    name: str  # as it is written: conv2d(16, 3, padding='same')
    values: Floats  # (channels, height, width), or (units,)


def features(job: Job, state: State[Params], image: Floats) -> tuple[Feature, ...]:
    """The output of every layer for an image ``(channels, height, width)``; the last is of the logits."""
    parts, params = job.model.parts, cast(tuple[Params, ...], state.params)
    found = []
    x: Input = image[None]
    for place, (layer, own, its) in enumerate(
        zip(parts, params, cast(tuple[LayerState, ...], state.layer_state), strict=True)
    ):
        out, _ = layer.apply(own, its, x)
        x = np.asarray(out)
        found.append(Feature(place, layer.name, x[0]))
    return tuple(found)


@attrs.frozen(eq=False)
class Filters:
    """The weights of a convolution."""

    place: int
    name: str
    weight: Floats  # (out, in, height, width)


def filters(job: Job, state: State[Params]) -> tuple[Filters, ...]:
    """Those of every convolution, in the order of the network."""
    params = cast(tuple[Mapping[str, Floats], ...], state.params)
    return tuple(
        Filters(place, layer.name, own["weight"])
        for place, (layer, own) in enumerate(zip(job.model.parts, params, strict=True))
        if own and own["weight"].ndim == 4
    )


@attrs.frozen(eq=False)
class Verdicts:
    """What a network says of every scored example.

    said: ``(examples,)``, the likeliest class; surety: ``(examples,)``, its probability; confusion: how many of each
    class, by row, were given each class, by column.
    """

    said: npt.NDArray[np.intp]
    surety: Floats
    confusion: npt.NDArray[np.intp]

    @property
    def correct(self) -> int:
        """How many are given their class."""
        return int(np.trace(self.confusion))


def verdicts(job: Job, state: State[Params]) -> Verdicts:
    """Those of a state on the examples that the result is judged by."""
    out = jobs.outputs(job, state, job.scored.inputs)
    said = np.asarray(jobs.predictions(job.target, out), np.intp)
    confusion = training.confusion_matrix(job.scored.labels, said, len(job.target.classes))
    return Verdicts(said, jobs.probabilities(out).max(axis=1), confusion)
