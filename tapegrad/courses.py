"""Trainings that are run a slice of time at a time, and every state of them that is kept.

    course = begun(job)
    while not course.is_over:
        course = advanced(course, seconds=0.2)
    frame = frame_at(course, epoch=3)

A course is a value, as its states are: an earlier one stays what it was, and can be looked at or gone on from again.
Its states are to the bit those of `tapegrad train` with the same settings and seed.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Sequence
from itertools import islice
from typing import Final, cast

import attrs
import numpy as np
from threadpoolctl import threadpool_limits

from tapegrad import jobs, results, training, tree
from tapegrad.arrays import AnyArray
from tapegrad.errors import DivergenceError
from tapegrad.jobs import Job
from tapegrad.nn.layer import Params
from tapegrad.recording import MOST_FRAMES, Film, Frame, Row, frame_of, measured
from tapegrad.training import State

__all__ = ["Course", "abreast", "advanced", "begun", "film_of", "frame_at", "parameters", "state_at"]

MOST_BYTES: Final = 1 << 25  # of the states that are kept of a course
LEAF_BYTES: Final = 200  # that a number or an array takes beside its own


@attrs.frozen(eq=False)
class Course:
    """How far a training has come: its state, a row for every whole epoch, and the states at the end of epochs.

    kept: those of epoch 0, of every `stride`-th, and of the last whole epoch.
    """

    job: Job
    state: State[Params]
    log: tuple[Row, ...]
    kept: tuple[State[Params], ...]
    stride: int = 1
    divergence: str | None = None  # what ended it before its time; `state` is the one before

    @property
    def epoch(self) -> int:
        """The last whole epoch."""
        return self.kept[-1].epoch

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be trained."""
        return self.divergence is not None or self.epoch >= self.job.settings.epochs


# ---- training -----------------------------------------------------------------------------------


def begun(job: Job) -> Course:
    """The course before its first step."""
    state = jobs.first_state(job)
    return Course(job, state, (), (state,))


@np.errstate(over="ignore", invalid="ignore")  # a network that diverges is told of in one line
def advanced(course: Course, seconds: float, most_steps: int | None = None) -> Course:
    """The course after some seconds of training, or so many steps if that is sooner; after one step at least."""
    if course.is_over:
        return course
    until = time.perf_counter() + seconds
    job, settings = course.job, course.job.settings
    states = training.steps(
        jobs.objective_of(job),
        jobs.examples_of(job.train),
        course.state,
        jobs.optimiser_of(job),
        batch_size=settings.batch_size,
        epochs=settings.epochs,
    )
    # Matrices of this size gain next to nothing by a second thread, and wait for it where its core is busy.
    with threadpool_limits(1, "blas"):
        try:
            for state in islice(states, most_steps):
                course = _after(course, state)
                if time.perf_counter() >= until:
                    break
        except DivergenceError as error:
            course = attrs.evolve(course, divergence=str(error))
    return course


def abreast(courses: Sequence[Course], seconds: float) -> tuple[Course, ...]:
    """Courses with the same settings after some seconds for all, each after as many steps as the others."""
    leader = next((course for course in courses if not course.is_over), None)
    if leader is None:
        return tuple(courses)
    first = advanced(leader, seconds / len(courses))
    count = max(first.state.step - leader.state.step, 1)  # the step at which it diverges is one that others may take
    return tuple(first if course is leader else advanced(course, np.inf, count) for course in courses)


def _after(course: Course, state: State[Params]) -> Course:
    """The course with one more state."""
    if state.batch:
        return attrs.evolve(course, state=state)
    stride, kept = course.stride, course.kept
    kept = (*(kept[:-1] if kept[-1].epoch % stride else kept), state)
    while len(kept) > _most_kept(state):
        stride *= 2
        kept = tuple(one for one in kept if one.epoch % stride == 0 or one is state)
    log = (*course.log, measured(course.job, state))
    return attrs.evolve(course, state=state, log=log, kept=kept, stride=stride)


def _most_kept(state: State[Params]) -> int:
    """How many states of this size are kept: the first and the last at least."""
    leaves = cast(list[AnyArray], tree.leaves((state.params, state.optimiser_state, state.layer_state)))
    return max(MOST_BYTES // sum(np.asarray(leaf).nbytes + LEAF_BYTES for leaf in leaves), 2)


# ---- looking back -------------------------------------------------------------------------------


def state_at(course: Course, epoch: int) -> State[Params]:
    """The last state that is kept up to the end of this epoch."""
    return course.kept[max(bisect_right(course.kept, epoch, key=lambda state: state.epoch) - 1, 0)]


@np.errstate(over="ignore", invalid="ignore")
def frame_at(course: Course, epoch: int) -> Frame:
    """What there is to see of that state."""
    state = state_at(course, epoch)
    with threadpool_limits(1, "blas"):  # as in a training
        row = course.log[state.epoch - 1] if state.epoch else measured(course.job, state)
        return frame_of(course.job, row, state)


def film_of(course: Course) -> Film:
    """The film of the course: that of `tapegrad train --html`, as long as all its frames are kept."""
    stride = course.stride
    while course.epoch // stride + 1 >= MOST_FRAMES:
        stride *= 2
    frames = [frame_at(course, epoch) for epoch in range(0, course.epoch + 1, stride)]
    if frames[-1].row.epoch != course.epoch:
        frames.append(frame_at(course, course.epoch))
    return Film(tuple(frames), stride)


def parameters(course: Course, epoch: int) -> bytes:
    """The file of parameters of `state_at`, as `tapegrad train` leaves one: `training.load` reads it."""
    return training.packed(state_at(course, epoch), results.facts_of(course.job))
