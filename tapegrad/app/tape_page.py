"""The tape page: an expression, its inputs as sliders, and both passes over its tape, record by record."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import attrs
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tapegrad.app.look import begin, choice, complaining, download, plain
from tapegrad.app.tape_player import player
from tapegrad.errors import ExpressionError
from tapegrad.expression import Expression, derivative_name, read
from tapegrad.lessons import lesson, shortened
from tapegrad.parser import MAX_LENGTH, parse
from tapegrad.view.drawing import draw
from tapegrad.view.html import html

__all__ = ["EXAMPLES", "show"]

MOST_INPUTS: Final = 12
VALUE: Final = "value"
REACHES: Final = (1.0, 5.0, 20.0, 100.0)
"""How far the sliders go to both sides of 0."""


@attrs.frozen
class Example:
    """Something to begin with."""

    title: str
    text: str


EXAMPLES: Final = (
    Example("A product and a sine", "x*y + sin(x)"),
    Example("Names for intermediates", "area = width*height\nborder = 2*(width + height)\narea/border"),
    Example("A branch", "if x > y:\n    z = x*x\nelse:\n    z = x*y\nreturn z + y"),
    Example("A loop", "s = 0\nfor i in range(3):\n    s += x**i\nreturn s*y"),
    Example("Newton's square root", "r = x\nfor i in range(4):\n    r = (r + x/r)/2\nreturn r"),
    Example("One neuron", "z = w1*x1 + w2*x2 + b\ntanh(z)"),
    Example("A kink", "abs(x) + maximum(x, y)"),
    Example("Area of a triangle", "p = (a + b + c)/2\nsqrt(p*(p - a)*(p - b)*(p - c))"),
)


def show() -> None:
    """The page."""
    begin(
        "Tape",
        "Type an expression or the body of a function, move its inputs, and step through both passes. "
        "The address of the page reproduces it.",
    )
    typed, settings = st.columns([3, 1])
    with settings:
        _example()
        reach = _reach()
    st.session_state.setdefault("f", st.query_params.get("f", EXAMPLES[0].text))
    with typed:
        text = st.text_area(
            "Expression, or body of a function",
            height=130,
            max_chars=MAX_LENGTH,
            key="f",
            bind="query-params",
            help="Arithmetic, functions of tapegrad.numpy, assignments, if, for i in range(3) and return. "
            "Ctrl-Enter applies it.",
        )
    with complaining():
        expression = parse(text or "")
        _replay(expression, _sliders(expression, reach))


def _example() -> None:
    """The choice of an example, which replaces the text."""

    def choose() -> None:
        chosen = st.session_state["example"]
        if chosen is not None:
            st.session_state["f"] = chosen.text

    st.selectbox(
        "Examples",
        EXAMPLES,
        index=None,
        placeholder="Choose one",
        format_func=lambda example: example.title,
        key="example",
        on_change=choose,
        help="Puts an example into the text, to be changed.",
    )


def _reach() -> float:
    return choice(
        "Reach of the sliders",
        REACHES,
        REACHES[1],
        format_func=lambda far: f"±{far:g}",
        key="reach",
        about="How far each slider goes to both sides of 0.",
    )


def _sliders(expression: Expression, reach: float) -> dict[str, float]:
    """A slider for each input. Raises ExpressionError where there are too many to be moved by hand."""
    names = expression.names
    if len(names) > MOST_INPUTS:
        msg = f"the expression has {len(names)} inputs, and at most {MOST_INPUTS} have sliders; give the others numbers"
        raise ExpressionError(msg)
    columns = st.columns(min(4, len(names))) if names else []
    return {name: _slider(columns[at % len(columns)], name, at, reach) for at, name in enumerate(names)}


def _slider(column: DeltaGenerator, name: str, at: int, reach: float) -> float:
    key = f"at_{name}"
    before = st.session_state.get(key, 0.0)
    if abs(before) > reach:  # the sliders reach less far than when it was moved
        st.session_state[key] = math.copysign(reach, before)
    return column.slider(
        plain(name),
        -reach,
        reach,
        min(2.0 + at % 3, reach),
        reach / 500.0,
        key=key,
        bind="query-params",
        help=f"The value of the input {plain(name)}; the arrow keys move it by {reach / 500.0:g}.",
    )


def _replay(expression: Expression, values: dict[str, float]) -> None:
    """The choice of a tape, and the replay of it."""
    inputs = {derivative_name(expression, name): name for name in expression.names}
    chosen = st.session_state.get("of", st.query_params.get("of"))
    st.session_state["of"] = chosen if chosen in inputs else VALUE  # the text may have other inputs now
    of = st.segmented_control(
        "Tape of",
        (VALUE, *inputs),
        required=True,
        key="of",
        bind="query-params",
        help="The value's own tape, or that of a derivative: its replay gives the second derivatives.",
    )
    by = inputs.get(of or VALUE)
    reading = read(expression, values, by)
    is_short = st.toggle(
        "Shorten the tape",
        key="short",
        bind="query-params",
        help="Fold constants, simplify, compute once what is computed twice, and drop what nobody needs.",
    )
    shorter, counts = shortened(reading)
    st.caption("Records: " + ", ".join(f"{count} {name}" for name, count in _told(counts)))
    reading = shorter if is_short else reading
    drawing = draw(reading.trace, reading.names, reading.placed_sources)
    told = lesson(expression, reading, by)
    _remember(player(drawing, told, _begin()))
    title = expression.text.strip() if by is None else f"{reading.result_name} of {expression.text.strip()}"
    about = "One file that needs no server: tapegrad show --html writes the same."
    download("Download this page", lambda: html(drawing, title, told), "tape.html", about)


def _told(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The counts of records with the words before them."""
    (first, *passes) = counts.items()
    return [first, *((f"after {name}", count) for name, count in passes)]


def _begin() -> int | None:
    """The moment that the address of the page names."""
    step = st.query_params.get("step", "")
    return int(step) if step.isascii() and step.isdigit() and len(step) < 6 else None


def _remember(moment: int | None) -> None:
    """Put the moment into the address."""
    if moment is not None:
        st.query_params["step"] = str(moment)
    elif "step" in st.query_params:
        del st.query_params["step"]
