"""The tape page: an expression, its inputs as sliders, and both passes over its tape, record by record."""

from __future__ import annotations

import streamlit as st

from tapegrad.app.look import begin, complaining, markup
from tapegrad.expression import read
from tapegrad.parser import parse
from tapegrad.view.drawing import draw
from tapegrad.view.svg import svg

__all__ = ["show"]


def show() -> None:
    """The page."""
    begin("Tape", "Type an expression or the body of a function; its tape is drawn, and replayed record by record.")
    text = st.text_area("Expression", "x*y + sin(x)", key="f", bind="query-params", help="Arithmetic and functions.")
    with complaining():
        expression = parse(text)
        values = {
            name: st.slider(name, -5.0, 5.0, 1.0, 0.01, key=f"at_{name}", bind="query-params")
            for name in expression.names
        }
        reading = read(expression, values)
        markup(svg(draw(reading.trace, reading.names, reading.sources)), "tape")
