"""What is noted of a training on its way: a row of numbers for every epoch, and a film of it, with a frame for some.

    film = Film()
    for state in states:
        film = film.after(job, measured(job, state), state)
    film = film.ended(job)

A film is a value, as the states are that it is made of. It needs not know how long the training will be: where it has
too many frames, every other one is dropped, and as many epochs are passed over from then on.
"""

from __future__ import annotations

import math
from typing import Final

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad import jobs, training
from tapegrad.arrays import Floats
from tapegrad.jobs import Job
from tapegrad.nn.layer import Params
from tapegrad.training import Accuracy, DeadUnits, Examples, LayerNorm, State
from tapegrad.view.plots.boundary import frame, plane

__all__ = ["MOST_FRAMES", "Film", "Frame", "Row", "Scene", "Seen", "examined", "frame_of", "measured", "scene_of"]

MOST_FRAMES: Final = 60
MOST_EXAMPLES: Final = 500  # by which gradients are taken and units watched
MOST_POINTS: Final = 600  # that are drawn
GRID: Final = 41  # points along each side of the square on which the probabilities are sampled
MOST_SAMPLES: Final = 14_000  # probabilities in a frame: of many classes the grid is coarser, and the page not larger


# ---- an epoch in numbers ------------------------------------------------------------------------


@attrs.frozen
class Row:
    """One epoch of the log."""

    epoch: int
    loss: float
    test_loss: float | None  # where examples are held out
    score: float  # how many of the scored examples are given their class; of numbers, the root mean square error


def measured(job: Job, state: State[Params]) -> Row:
    """The row of a state at the end of an epoch."""
    scored = job.scored
    out = jobs.outputs(job, state, scored.inputs)
    test_loss = None if job.test is None else float(jobs.loss_of(job.target)(out, scored.labels))
    score = jobs.score(job.target, out, scored.labels)
    return Row(state.epoch, state.loss, test_loss, score.correct if isinstance(score, Accuracy) else score.rmse)


# ---- a frame ------------------------------------------------------------------------------------


@attrs.frozen
class Scene:
    """What stays the same while the boundary moves: the points, in the units of the person who gave them.

    points: ``(points, 2)``, of the scored ones evenly spread and at most some hundred; labels: ``(points,)``.
    """

    names: tuple[str, str]
    low: tuple[float, float]
    high: tuple[float, float]
    side: int  # points of the grid along each side
    points: Floats
    labels: npt.NDArray[np.intp]


def scene_of(job: Job) -> Scene | None:
    """The scene of a job that tells classes apart by two numbers, else None."""
    if job.axes is None or not job.target.classes:
        return None
    points = jobs.drawn_points(job, job.axes)
    low, high = frame([(x, y) for x, y in points.tolist()], job.square)
    side = min(GRID, math.isqrt(MOST_SAMPLES // len(job.target.classes)))
    every = _every(len(points), MOST_POINTS)
    labels = np.asarray(job.scored.labels[::every], np.intp)
    return Scene((job.axes[0].name, job.axes[1].name), low, high, side, points[::every], labels)


@attrs.frozen(eq=False)
class Seen:
    """What the network says in the scene.

    certainty: ``(side, side, classes)``, the probabilities as bytes, 255 for 1, the first axis upwards.
    """

    certainty: npt.NDArray[np.uint8]
    wrong: tuple[int, ...]  # the points of the scene, counted from 0, that are given another class than theirs


@attrs.frozen(eq=False)
class Frame:
    """The training at the end of an epoch."""

    row: Row
    layers: tuple[LayerNorm, ...]
    activations: tuple[DeadUnits, ...]
    seen: Seen | None  # where there is a scene


def examined(job: Job) -> Examples:
    """Training examples, evenly spread and at most some hundred, by which the layers are looked at."""
    inputs, labels = jobs.examples_of(job.train)
    every = _every(len(job.train), MOST_EXAMPLES)
    return inputs[::every], labels[::every]


def _every(count: int, most: int) -> int:
    """Every how many-th of so many to take, to have no more than `most`."""
    return math.ceil(count / most)


def frame_of(job: Job, row: Row, state: State[Params]) -> Frame:
    """The frame of a state, whose row is known."""
    inputs, labels = examined(job)
    slopes = training.gradient(job.model, jobs.loss_of(job.target), state.params, state.layer_state, (inputs, labels))
    layers = training.layer_norms(job.model, state.params, slopes)
    activations = training.dead_units(job.model, state.params, state.layer_state, inputs)
    return Frame(row, layers, activations, _seen(job, state))


def _seen(job: Job, state: State[Params]) -> Seen | None:
    scene = scene_of(job)
    if scene is None or job.axes is None:
        return None
    network = jobs.in_the_plane(job, state, job.axes)
    out = jobs.outputs(job, state, job.scored.inputs[:: _every(len(job.scored), MOST_POINTS)])
    wrong = np.flatnonzero(jobs.predictions(job.target, out) != scene.labels)
    sampled = plane(network, scene.low, scene.high, scene.side)
    certainty = np.rint(255.0 * sampled.probabilities.reshape(scene.side, scene.side, -1)).astype(np.uint8)
    return Seen(certainty, tuple(wrong.tolist()))


# ---- the film -----------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Film:
    """At most 60 frames of a training, evenly spread, among them the first and the last."""

    frames: tuple[Frame, ...] = ()
    stride: int = 1  # epochs from frame to frame
    last: tuple[Row, State[Params]] | None = None  # what came last, with a frame or without

    def after(self, job: Job, row: Row, state: State[Params]) -> Film:
        """The film with the state at the end of an epoch, which gets a frame if it is its turn."""
        if self.last is not None and row.epoch <= self.last[0].epoch:
            return self
        first = self.frames[0].row.epoch if self.frames else row.epoch
        if (row.epoch - first) % self.stride:
            return attrs.evolve(self, last=(row, state))
        frames, stride = (*self.frames, frame_of(job, row, state)), self.stride
        if len(frames) == MOST_FRAMES:  # one is left for the last
            stride *= 2
            frames = tuple(one for one in frames if (one.row.epoch - first) % stride == 0)
        return Film(frames, stride, (row, state))

    def ended(self, job: Job) -> Film:
        """The film with a frame of what came last."""
        if self.last is None or self.frames[-1].row.epoch == self.last[0].epoch:
            return self
        return attrs.evolve(self, frames=(*self.frames, frame_of(job, *self.last)))
