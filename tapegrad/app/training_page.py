"""The training page: networks that learn before one's eyes, a seed beside another, and every state of them so far."""

from __future__ import annotations

from typing import Final

import attrs
import streamlit as st

from tapegrad import datasets
from tapegrad.app.look import begin, complain, is_dark, markup
from tapegrad.app.training_panels import STYLE, panels, picture
from tapegrad.app.training_plan import (
    DATA,
    MOST_BATCH,
    MOST_EPOCHS,
    MOST_POINTS,
    MOST_RATE,
    Plan,
    checked,
    described,
    listed,
)
from tapegrad.app.training_plan import begin as begin_plan
from tapegrad.courses import Course, abreast, film_of, parameters, state_at
from tapegrad.datasets import RECOMMENDED
from tapegrad.errors import SettingError
from tapegrad.jobs import OPTIMISERS
from tapegrad.results import log_text
from tapegrad.view.film import film_page
from tapegrad.view.page import DARK, LIGHT
from tapegrad.view.svg import clean

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
    plan = _plan()
    run: Run | None = st.session_state.get(RUN)
    _buttons(plan, run)
    if run is None and plan is not None:
        _look(Run(plan, begin_plan(plan), is_running=False))
    elif run is not None:
        if plan is not None and plan != run.plan:
            advice = "Start anew takes the settings above, and drops these states."
            _note(f"Below is the training of {described(run.plan)}. {advice}", "older")
        st.fragment(_live, run_every=PAUSE if run.is_running else None)()


def _note(text: str, key: str) -> None:
    markup(f'<p class="complaint" role="status">{clean(text)}</p>', key, ".complaint { border-color: var(--c0); }")


# ---- settings -----------------------------------------------------------------------------------


def _plan() -> Plan | None:
    """What the controls ask for; None where it cannot be, which is told."""
    try:
        return _settings()
    except SettingError as error:
        complain(str(error), "settings")
        return None


def _settings() -> Plan:
    """The controls, and the plan they make; what suits a data set is its own. Raises SettingError."""
    with st.container(horizontal=True, gap="small"):
        data = st.selectbox(
            "Data set", DATA, DATA.index("xor"), key="data", bind="query-params", width=150,
            help="Points in the plane, or tables and digits that come with scikit-learn.",
        )  # fmt: skip
        usual = RECOMMENDED[data]
        points = st.number_input(
            "Points", 1, MOST_POINTS, datasets.POINTS, key="points", bind="query-params", width=120,
            disabled=data not in datasets.NAMES, help="How many are drawn in the plane. Other sets have their own.",
        )  # fmt: skip
        hidden = st.text_input(
            "Hidden units", listed(usual.hidden), key=f"hidden_{data}", bind="query-params", width=120, max_chars=80,
            help="Of each hidden layer: 8, 8. Without any, the network is one linear layer.",
        )  # fmt: skip
        optimiser = st.selectbox(
            "Optimiser", OPTIMISERS, list(OPTIMISERS).index(usual.optimiser), key=f"optimiser_{data}",
            bind="query-params", width=120, help="How a step is made of a gradient.",
        )  # fmt: skip
        rate = st.number_input(
            "Rate", 1e-9, MOST_RATE, usual.rate, 0.01, "%g", key=f"rate_{data}", bind="query-params", width=120,
            help="How long a step is. Too long, and the training diverges.",
        )  # fmt: skip
        batch_size = st.number_input(
            "Batch size", 1, MOST_BATCH, usual.batch_size, key=f"batch_{data}", bind="query-params", width=120,
            help="Examples for one step.",
        )  # fmt: skip
        epochs = st.number_input(
            "Epochs", 1, MOST_EPOCHS, usual.epochs, key=f"epochs_{data}", bind="query-params", width=120,
            help="How often every example is seen.",
        )  # fmt: skip
        seeds = st.text_input(
            "Seeds", "0", key="seeds", bind="query-params", width=120, max_chars=80,
            help="Of points and network, up to four side by side: 0, 1, 2.",
        )  # fmt: skip
    return checked(data, points, (hidden, optimiser, rate, batch_size, epochs), seeds)


# ---- start, pause, continue, stop ---------------------------------------------------------------


def _buttons(plan: Plan | None, run: Run | None) -> None:
    with st.container(horizontal=True, gap="small"):
        if run is None or run.is_over:
            word, about = (
                ("Start", "Begin to train.") if run is None else ("Start anew", "Drop these, and train again.")
            )
            st.button(
                word,
                key="go",
                type="primary",
                on_click=_start,
                args=(plan,),
                disabled=plan is None,
                width=130,
                help=about,
            )
            st.button("Stop", key="stop", disabled=True, width=130, help="End the training.")
            return
        word, about = (
            ("Pause", "Hold the training.") if run.is_running else ("Continue", "Go on from where it was held.")
        )
        st.button(
            word, key="go", type="primary", on_click=_change, args=(not run.is_running, False), width=130, help=about
        )
        st.button(
            "Stop", key="stop", on_click=_change, args=(False, True), width=130,
            help="End the training. Its states stay, to be looked at.",
        )  # fmt: skip
        if plan is not None and plan != run.plan:
            st.button(
                "Start anew", key="anew", on_click=_start, args=(plan,), width=130,
                help="Drop what is trained, and train with the settings above.",
            )  # fmt: skip


def _start(plan: Plan) -> None:
    st.session_state[RUN] = Run(plan, begin_plan(plan))
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
            st.download_button(
                name, make, f"{job.name}-seed-{seed}-{name}", on_click="ignore", key=f"file_{name}", width=150,
                disabled=run.is_running, help=about,
            )  # fmt: skip
