"""The images page: a network for handwritten digits while it is trained, and what it sees after each epoch."""

from __future__ import annotations

import math
from typing import Final, cast

import streamlit as st

from tapegrad import jobs
from tapegrad.app.look import begin, choice, complain, complaining, markup, whole_number
from tapegrad.courses import Course, advanced, begun, state_at
from tapegrad.datasets import RECOMMENDED
from tapegrad.jobs import Job
from tapegrad.nn.layer import Params
from tapegrad.recording import measured
from tapegrad.training import State
from tapegrad.view import images_parts as parts
from tapegrad.view.features import verdicts
from tapegrad.view.images_page import PROGRESS_STYLE, progress

__all__ = ["show"]

SLICE: Final = 0.4  # seconds of training before the page is drawn; an epoch at most
EVERY: Final = 0.25  # seconds from slice to slice
COURSE: Final = "images_course"
RUNS: Final = "images_runs"
EPOCH: Final = "epoch"
VIEWS: Final = ("One image", "Filters", "Confusion", "Misclassified", "Samples")


def show() -> None:
    """The page."""
    begin("Images", "Train a small convolutional network on handwritten digits, and see what each of its layers sees.")
    with complaining():
        bar = st.container(horizontal=True, vertical_alignment="bottom")
        seed = whole_number(
            bar, "Seed", (0, 9999), 0, key="seed", width=110,
            about="Of the first parameters and the order of the examples: the same seed trains the same network.",
        )  # fmt: skip
        if COURSE not in st.session_state or _course().job.seed != seed:
            _start_over(_job(seed))
        with bar:
            _buttons(_course())
        st.fragment(_live, run_every=EVERY if st.session_state[RUNS] else None)()


@st.cache_resource(show_spinner="Loading the digits", max_entries=8)
def _job(seed: int) -> Job:
    """Nothing in it can be changed, so all visitors may share it. Raises MissingExtraError."""
    return jobs.from_bundled("digits", seed, RECOMMENDED["digits"])


def _course() -> Course:
    return cast(Course, st.session_state[COURSE])


# ---- the training -------------------------------------------------------------------------------


def _buttons(course: Course) -> None:
    runs = st.session_state[RUNS]
    label = "Pause" if runs else "Trained" if course.is_over else "Continue" if course.state.step else "Start"
    st.button(
        label, key="run", type="primary", on_click=_toggle, disabled=course.is_over, width=110,
        help="Train epoch by epoch; pause to look back.",
    )  # fmt: skip
    st.button(
        "Start over", key="over", on_click=_start_over, args=(course.job,), disabled=not (runs or course.state.step),
        help="Forget this training and go back to the network before it.",
    )  # fmt: skip


def _toggle() -> None:
    # A pause may come between what a slice has trained and what it shows.
    st.session_state.update({RUNS: not st.session_state[RUNS], EPOCH: _course().epoch})


def _start_over(job: Job) -> None:
    st.session_state.update({COURSE: begun(job), RUNS: False, EPOCH: 0})


def _train() -> None:
    """Train for a slice of time, or to the end of the epoch."""
    course = _course()
    per_epoch = math.ceil(len(course.job.train) / course.job.settings.batch_size)
    course = advanced(course, SLICE, per_epoch - course.state.batch)
    st.session_state.update({COURSE: course, EPOCH: course.epoch})
    if course.is_over:
        st.session_state[RUNS] = False
        st.rerun()


# ---- what there is to see -----------------------------------------------------------------------


def _live() -> None:
    """What follows the training: it is run anew after every slice, and after a move of its own controls."""
    if st.session_state[RUNS]:
        _train()
    course = _course()
    # What is not reached cannot be looked at; who comes back from another page sees the last epoch.
    st.session_state[EPOCH] = min(st.session_state.get(EPOCH, course.epoch), course.epoch)
    epoch = st.slider(
        "Epoch", 0, course.job.settings.epochs, key=EPOCH, disabled=st.session_state[RUNS] or not course.epoch,
        help="Go back through the epochs; 0 is the network before its training.",
    )  # fmt: skip
    if course.divergence:
        complain(course.divergence)
    state = state_at(course, epoch)
    first = measured(course.job, course.kept[0])
    log = (first, *course.log)
    markup(progress(course.job, log, log[state.epoch]), "progress", PROGRESS_STYLE)
    view = choice(
        "Look at", VIEWS, VIEWS[0], key="view",
        about="What the network of this epoch makes of one test image; its filters; what it says of all test images.",
    )  # fmt: skip
    drawn = _one_image(course.job, state) if view == VIEWS[0] else _drawn(view, course.job, state)
    markup(drawn, "drawn", parts.STYLE)


def _one_image(job: Job, state: State[Params]) -> str:
    at = st.slider(
        "Test image", 0, len(job.scored) - 1, 0, key="image", bind="query-params",
        help="Which of the images that are held out of the training.",
    )  # fmt: skip
    own_scale = st.toggle(
        "Scale each map on its own", key="own", bind="query-params",
        help="Off: the maps of a layer share a scale and can be compared. On: faint ones show their form.",
    )  # fmt: skip
    return parts.one_image(job, state, at) + parts.layer_maps(job, state, at, own_scale=own_scale)


def _drawn(view: str, job: Job, state: State[Params]) -> str:
    if view == "Filters":
        return parts.filter_rows(job, state)
    if view == "Samples":
        return parts.samples(job)
    found = verdicts(job, state)
    return parts.confusion(job, found) if view == "Confusion" else parts.misclassified(job, found)
