"""The arrays page: two shapes and an operation between them; strides, broadcasting, and the sums of the gradient."""

from __future__ import annotations

import streamlit as st

from tapegrad.app.look import begin, complaining, download, markup
from tapegrad.view import broadcasting_page as view
from tapegrad.view.broadcasting_lesson import (
    LAYOUTS,
    MOST_AXES,
    MOST_ELEMENTS,
    OPERATIONS,
    Index,
    Lesson,
    index_from,
    indices,
    lesson_of,
    shape_from,
)

__all__ = ["show"]


def show() -> None:
    """The page."""
    begin(
        "Arrays",
        "Two arrays are broadcast to one shape: follow an element through memory, to the result and back.",
    )
    with complaining():
        lesson = _lesson()
        markup(view.shapes(lesson), "shapes", view.STYLE)
        index = _chosen(lesson)
        sections = (view.told, view.forward, view.backward, view.memory)
        markup("".join(section(lesson, index) for section in sections), "lesson", view.STYLE)
        download("Download as a page", lambda: view.broadcasting_page(lesson, index), "arrays.html")


def _lesson() -> Lesson:
    left, middle, right = st.columns(3)
    limits = (
        f"Lengths with commas between, or nothing for a number; {MOST_AXES} axes and {MOST_ELEMENTS} elements at most."
    )
    with left:
        first = st.text_input("Shape of left", "3, 1", 60, key="left", bind="query-params", help=limits)
        first_layout = _layout("left")
    with middle:
        operation = st.selectbox(
            "Operation", list(OPERATIONS), 2, key="between", bind="query-params", help="A function of tapegrad.numpy."
        )
        cotangent = st.text_input(
            "Cotangent of the result",
            "1",
            2000,
            key="cotangent",
            bind="query-params",
            help="The derivatives of a loss by the result: one number for all, or one for each element.",
        )
    with right:
        second = st.text_input("Shape of right", "1, 4", 60, key="right", bind="query-params", help=limits)
        second_layout = _layout("right")
    shapes = shape_from(first), shape_from(second)
    return lesson_of(shapes, operation, (first_layout, second_layout), cotangent)


def _layout(side: str) -> str:
    return st.selectbox(
        f"Memory of {side}",
        list(LAYOUTS),
        key=f"{side}_memory",
        bind="query-params",
        help="How the array lies in memory: "
        + "; ".join(f"{name}: {what.split(':')[0]}" for name, what in LAYOUTS.items()),
    )


def _chosen(lesson: Lesson) -> Index | None:
    """The element of the result to follow."""
    texts = indices(lesson.result.shape)
    if len(texts) < 2:
        return index_from(texts[0], lesson.result.shape) if texts else None
    text = st.select_slider(
        "Element of the result", texts, key="element", bind="query-params", help="It is followed through both passes."
    )
    return index_from(text, lesson.result.shape)
