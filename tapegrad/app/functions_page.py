"""The functions page: any operation of one number or two, its values and derivatives, and its rule."""

from __future__ import annotations

import math

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tapegrad.app.look import begin, complaining, markup
from tapegrad.view.functions import Operation, Window, find, named, window
from tapegrad.view.functions_page import STYLE, body, middle
from tapegrad.view.functions_sample import check_window

__all__ = ["show"]


def show() -> None:
    """The page."""
    begin("Functions", "Choose an operation: its value, its first and second derivatives, and its rule in the source.")
    row = st.container(horizontal=True)
    names = sorted(named())
    name = row.selectbox(
        "Operation",
        names,
        names.index("sin"),
        key="operation",
        bind="query-params",
        help="Every operation of one real number or two, by all its names. Type to search.",
        width=260,
    )
    operation = find(name)
    with complaining():
        seen = tuple(_ends(row, operation, at) for at in range(len(operation.arguments)))
        check_window(seen)
        markup(body(operation, seen, _point(operation, seen)), "functions", STYLE)


def _ends(row: DeltaGenerator, operation: Operation, at: int) -> tuple[float, float]:
    """What is shown of an argument. Each operation has its own ends, so that another one begins with its own."""
    argument = operation.arguments[at]
    low, high = (
        float(
            row.number_input(
                f"{word} {argument}",
                value=end,
                step=0.5,
                format="%g",
                key=f"{operation.name}.{argument}.{word.lower()}",
                bind="query-params",
                help=f"The {word.lower()}est {argument} that is shown.",
                width=150,
            )
        )
        for word, end in zip(("Low", "High"), window(operation)[at], strict=True)
    )
    return low, high


def _point(operation: Operation, seen: Window) -> tuple[float, ...]:
    """Where the marker is: a slider for each argument."""
    return tuple(
        st.slider(
            argument,
            low,
            high,
            start,
            10.0 ** math.floor(math.log10((high - low) / 99.0)),
            format="%g",
            key=f"{operation.name}.{argument}",
            bind="query-params",
            help="The marker, at which the numbers are; the arrow keys move it.",
        )
        for argument, (low, high), start in zip(operation.arguments, seen, middle(seen), strict=True)
    )
