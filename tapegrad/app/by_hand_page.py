"""The by-hand page: a slider for each parameter of a tiny network, and what the loss says about each."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tapegrad.app.look import begin, complaining, download, markup, whole_number
from tapegrad.datasets.plane import NAMES
from tapegrad.view import by_hand_page as view
from tapegrad.view.by_hand import (
    ACTIVATIONS,
    LIMIT,
    Settings,
    Sight,
    groups,
    logits,
    look_at,
    loss,
    meaning,
    moved,
    start,
)
from tapegrad.view.by_hand_plane import plane

__all__ = ["show"]

_STEPS: Final = "by_hand_steps"
"""The place in a visitor's state for the values before each step: a tuple of tuples of names and numbers."""


def show() -> None:
    """The page."""
    begin(
        "By hand",
        "Train a tiny network yourself: each arrow points to where the loss falls, and is as long as it falls fast.",
    )
    with complaining():
        settings = _settings()
        left, right = st.columns([2, 3], gap="large")
        with right:
            values, places = _sliders(settings.hidden)
        sight = look_at(settings, values)
        for name, derivative in sight.gradient.items():
            with places[name]:
                markup(view.arrow(name, derivative, view.longest(sight)), f"arrow_{name}", view.STYLE)
        with left:
            markup(f"{view.numbers(sight)}{plane(sight)}{view.legend()}", "plane", view.STYLE)
            _moves(sight)
            _downloads(sight)
    with st.expander("The network and its loss, in Python"):
        st.code(f"{inspect.getsource(logits)}\n\n{inspect.getsource(loss)}")


def _settings() -> Settings:
    data, count, seed, hidden, activation = st.columns(5)
    with data:
        name = st.selectbox("Points", NAMES, NAMES.index("xor"), key="data", bind="query-params", help="Six data sets.")
    with count:
        points = st.slider("How many", 10, 60, 24, 2, key="count", bind="query-params", help="The number of points.")
    number = whole_number(seed, "Seed", (0, 9999), 0, key="seed", about="Other points of that kind.")
    with hidden:
        units = st.slider("Hidden units", 2, 3, 2, key="hidden", bind="query-params", help="Each draws one line.")
    with activation:
        kind = st.selectbox("Activation", ACTIVATIONS, key="activation", bind="query-params", help="Of hidden units.")
    return Settings(name, points, number, units, kind)


# ---- parameters ----------------------------------------------------------------------------------


def _key(name: str) -> str:
    """The name of a parameter as the address has it: ``w1_0_1``."""
    return name.replace("[", "_").replace(",", "_").replace("]", "")


def _sliders(hidden: int) -> tuple[dict[str, float], dict[str, DeltaGenerator]]:
    """The values of the parameters, and below each slider a place for its arrow."""
    values, places, begun = {}, {}, start(hidden)
    for group, names in groups(hidden).items():
        st.markdown(f"**{group}**")
        for name, column in zip(names, st.columns(len(names)), strict=True):
            with column:
                values[name] = st.slider(
                    name,
                    -LIMIT,
                    LIMIT,
                    begun[name],
                    0.05,
                    format="%.3f",
                    help=meaning(name),
                    key=_key(name),
                    bind="query-params",
                )
                places[name] = st.container()
    return values, places


def _set(values: Mapping[str, float]) -> None:
    for name, value in values.items():
        st.session_state[_key(name)] = value


# ---- moves ---------------------------------------------------------------------------------------


def _moves(sight: Sight) -> None:
    earlier = st.session_state.get(_STEPS, ())
    rate = st.slider(
        "Rate",
        0.1,
        10.0,
        1.0,
        0.1,
        key="rate",
        bind="query-params",
        help="A step moves each slider by -rate × derivative.",
    )
    row = st.container(horizontal=True)
    row.button(
        "One step down the gradient", on_click=_step, args=(sight, rate), type="primary", help="All sliders at once."
    )
    row.button("Back", on_click=_back, disabled=not earlier, help="To before the last step.")
    row.button("Reset", on_click=_reset, args=(sight.settings.hidden,), help="To where the sliders began.")
    st.caption(f"{len(earlier)} step{'' if len(earlier) == 1 else 's'} so far.")


def _step(sight: Sight, rate: float) -> None:
    st.session_state[_STEPS] = (*st.session_state.get(_STEPS, ()), tuple(sight.values.items()))
    _set(moved(sight.values, sight.gradient, rate))


def _back() -> None:
    *earlier, last = st.session_state[_STEPS]
    st.session_state[_STEPS] = tuple(earlier)
    _set(dict(last))


def _reset(hidden: int) -> None:
    st.session_state[_STEPS] = ()
    _set(start(hidden))


def _downloads(sight: Sight) -> None:
    with st.container(horizontal=True):
        download("Download as a page", lambda: view.by_hand_page(sight), "by_hand.html")
        download("Download the plane", lambda: view.by_hand_svg(sight), "by_hand.svg", "The picture alone, as SVG.")
