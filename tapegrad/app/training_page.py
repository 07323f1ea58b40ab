"""The training page: networks that learn before one's eyes, a seed beside another, and every state of them so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import attrs
import streamlit as st

from tapegrad.app.look import begin, complain, download, is_dark, markup
from tapegrad.app.training_controls import settings
from tapegrad.app.training_plan import Plan, described
from tapegrad.app.training_plan import begin as begin_plan
from tapegrad.courses import Course, abreast, film_of, parameters, state_at
from tapegrad.errors import TapegradError
from tapegrad.results import log_text
from tapegrad.view.film import film_page
from tapegrad.view.page import DARK, LIGHT
from tapegrad.view.svg import clean
from tapegrad.view.training_panels import STYLE, panels, picture

__all__ = ["show"]

SLICE: Final = 0.15  # seconds of training between two pictures
PAUSE: Final = 0.1  # seconds between two slices
RUN: Final = "training_run"
EPOCH: Final = "training_epoch"


@attrs.frozen(eq=False)
class Run:
    """What is trained: for `plan`, running, or halted by a person, for a while or for good."""

    plan: Plan
    courses: tuple[Course, ...]
    is_running: bool = True
    is_stopped: bool = False

    @property
    def is_over(self) -> bool:
        """Whether it cannot be continued."""
        return self.is_stopped or all(course.is_over for course in self.courses)


def show() -> None:
    """The page."""
    begin("Training", "Watch networks learn, from one seed or several; then go back to any epoch of it.")
    run: Run | None = st.session_state.get(RUN)
    ready: Run | None = None  # to be started: nothing without a mistake in the settings
    try:
        plan = settings()
        ready = Run(plan, begin_plan(plan))
    except TapegradError as error:
        complain(str(error), "settings")
    _buttons(ready, run)
    if run is None and ready is not None:
        _look(attrs.evolve(ready, is_running=False))
    elif run is not None:
        if ready is not None and ready.plan != run.plan:
            advice = "Start anew takes the settings above, and drops these states."
            _note(f"Below is the training of {described(run.plan)}. {advice}", "older")
        st.fragment(_live, run_every=PAUSE if run.is_running else None)()


def _note(text: str, key: str) -> None:
    markup(f'<p class="complaint" role="status">{clean(text)}</p>', key, ".complaint { border-color: var(--c0); }")


# ---- start, pause, continue, stop ---------------------------------------------------------------


def _buttons(ready: Run | None, run: Run | None) -> None:
    is_over = run is None or run.is_over
    with st.container(horizontal=True, gap="small"):
        if run is None:
            _button("Start", "go", "Begin to train.", _start, ready, first=True)
        elif run.is_over:
            _button("Start anew", "go", "Drop these states, and train again.", _start, ready, first=True)
        elif run.is_running:
            _button("Pause", "go", "Hold the training.", _change, False, False, first=True)
        else:
            _button("Continue", "go", "Go on from where it was held.", _change, True, False, first=True)
        about = "End the training. Its states stay, to be looked at."
        _button("Stop", "stop", about, _change, False, True, is_meaningless=is_over)
        if run is not None and not is_over and ready is not None and ready.plan != run.plan:
            _button("Start anew", "anew", "Drop these states, and train with the settings above.", _start, ready)


def _button(
    word: str, key: str, about: str, then: Callable[..., None], *args: object, first: bool = False,
    is_meaningless: bool = False,
) -> None:  # fmt: skip
    is_disabled = is_meaningless or None in args
    kind: Literal["primary", "secondary"] = "primary" if first else "secondary"
    st.button(word, key=key, help=about, on_click=then, args=args, type=kind, disabled=is_disabled, width=130)


def _start(ready: Run) -> None:
    st.session_state[RUN] = ready
    st.session_state[EPOCH] = 0


def _change(is_running: bool, is_stopped: bool) -> None:
    run: Run = st.session_state[RUN]
    st.session_state[RUN] = attrs.evolve(run, is_running=is_running, is_stopped=is_stopped)


# ---- what is trained ----------------------------------------------------------------------------


def _live() -> None:
    """Train for a slice of time, and draw: the last epoch while training, else the one that is chosen."""
    run: Run = st.session_state[RUN]
    was_running = run.is_running
    if was_running:
        run = attrs.evolve(run, courses=abreast(run.courses, SLICE))
        run = attrs.evolve(run, is_running=not run.is_over)
        st.session_state[RUN] = run
        st.session_state[EPOCH] = max(course.epoch for course in run.courses)
    _look(run)
    if was_running and not run.is_running:
        st.rerun()  # the buttons are not part of this


def _look(run: Run) -> None:
    """The courses at the epoch that is chosen."""
    last = max(course.epoch for course in run.courses)
    stride = max(course.stride for course in run.courses)
    thinned = f" Every {stride}th is kept: all of them would take too much memory." if stride > 1 else ""
    about = f"Back to any earlier one, when the training is held.{thinned}"
    disabled = run.is_running or last == 0
    st.session_state.setdefault(EPOCH, last)  # it is forgotten while another page is open
    epoch = st.slider("Epoch", 0, max(last, 1), key=EPOCH, disabled=disabled, help=about)
    markup(panels(run.courses, epoch, DARK if is_dark() else LIGHT), "courses", STYLE)
    _downloads(run, epoch)


def _downloads(run: Run, epoch: int) -> None:
    """The files of one course, made when they are asked for."""
    courses = {str(course.job.seed): course for course in run.courses}
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        seed = next(iter(courses))
        if len(courses) > 1:
            seed = st.selectbox("Files of seed", list(courses), key="training_files", width=130, help="Whose files.")
        course = courses[seed]
        job, at = course.job, state_at(course, epoch).epoch
        of_epoch = f"of epoch {at}, which is on show."
        for name, make, about in (
            ("log.csv", lambda: log_text(job, course.log), "The numbers of all epochs."),
            ("parameters.npz", lambda: parameters(course, at), f"The state {of_epoch} training.load reads it."),
            ("picture.svg", lambda: picture(course, at), f"The picture {of_epoch}"),
            ("training.html", lambda: film_page(job, film_of(course), course.log), "A page of the training so far."),
        ):
            file, key = f"{job.name}-seed-{seed}-{name}", f"file_{name}"
            download(name, make, file, about, key=key, width=150, disabled=run.is_running)
