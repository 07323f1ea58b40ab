"""What the playground's pages share: how they show markup on light and on dark ground, and how they complain.

Markup comes from `tapegrad.view`, which escapes every text of a person in it. It stands in a shadow root: its style
sheet holds for nothing else on the page.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Literal, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tapegrad.errors import SettingError, TapegradError
from tapegrad.view.page import BASE, themed
from tapegrad.view.svg import clean

__all__ = [
    "STYLE", "begin", "choice", "complain", "complaining", "download", "is_dark", "markup", "plain", "whole_number",
]  # fmt: skip

STYLE: Final = (
    BASE
    + """
:host { font: 15px/1.5 var(--st-font, system-ui, sans-serif); color: var(--ink); }
.complaint { margin: 0; padding: .6rem .9rem; overflow-wrap: anywhere; background: var(--panel);
             border-left: 5px solid var(--c1); }
"""
)

_AROUND: Final = """
.stMainBlockContainer { padding-top: 4.5rem; padding-bottom: 3rem; }
.stApp nav a:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
"""
"""What Streamlit leaves open of its own parts: room, and where the keyboard is in the navigation."""

_SHOW: Final = """
export default function ({ parentElement, data }) {
  if (parentElement.shown === data.markup) return;  // a rerun that changes nothing keeps what is scrolled and selected
  parentElement.shown = data.markup;
  let room = parentElement.querySelector("#room");
  if (!room) {
    room = document.createElement("div");
    room.id = "room";
    parentElement.append(room);
  }
  room.innerHTML = data.markup;
}
"""

Option = TypeVar("Option")

_markup = st.components.v2.component("tapegrad_markup", js=_SHOW)


def is_dark() -> bool:
    """Whether the visitor's page is dark."""
    return st.context.theme.type == "dark"


def markup(text: str, key: str, style: str = "") -> None:
    """Show markup of `tapegrad.view`, with the colours of the pages and the style sheet `style`.

    `key` tells the places of a page apart: markup that comes at the same place replaces what is there.
    """
    sheet = themed(f"<style>{STYLE}{style}</style>{text}", dark=is_dark())
    _markup(key=key, data={"markup": sheet})


def begin(title: str, about: str) -> None:
    """The head of a page: its title, and a sentence on what there is to see and to do."""
    st.html(f"<style>{_AROUND}</style>")
    st.title(title, anchor=False)
    st.caption(about)


def download(
    label: str, make: Callable[[], str | bytes], name: str, about: str = "One file that needs no server.",
    *, key: str | None = None, width: int | Literal["content"] = "content", disabled: bool = False,
) -> None:  # fmt: skip
    """A button for the file `name`, which is made when it is asked for."""
    kind, _ = mimetypes.guess_type(name)
    st.download_button(label, make, name, kind, on_click="ignore", help=about, key=key, width=width, disabled=disabled)


def whole_number(
    place: DeltaGenerator, label: str, bounds: tuple[int, int], start: int, *, key: str, about: str,
    width: int | Literal["stretch"] = "stretch", disabled: bool = False,
) -> int:  # fmt: skip
    """A control for a whole number. Raises SettingError where the address says that it is infinite."""
    try:
        return place.number_input(
            label, *bounds, start, key=key, bind="query-params", help=about, width=width, disabled=disabled
        )
    except OverflowError:  # Streamlit drops whatever else is no whole number
        msg = f"{label.lower()}: the address says that it is infinite; write {key}={start} there, or leave it out"
        raise SettingError(msg) from None


def choice(
    label: str, options: Sequence[Option], start: Option, *, key: str, about: str,
    format_func: Callable[[Option], str] = str,
) -> Option:  # fmt: skip
    """A control for one of a few options. Streamlit takes none at all from the address, even where one is required."""
    if st.session_state.get(key, start) is None:
        st.session_state[key] = start
    chosen = st.segmented_control(
        label, options, default=start, required=True, key=key, bind="query-params", help=about, format_func=format_func
    )
    if chosen is None:
        st.rerun()
    return chosen


def plain(text: str) -> str:
    r"""`text` for a label, which Streamlit reads as Markdown: nothing in it is taken for markup.

    >>> plain("a_1 * [b]")
    'a\\_1 \\* \\[b\\]'
    """
    return re.sub(r"([^\w\s]|_)", r"\\\1", text)


def complain(message: str, key: str = "complaint") -> None:
    """Show a mistake as text, in which nothing is taken for markup."""
    markup(f'<p class="complaint" role="alert">{clean(message)}</p>', key)


@contextmanager
def complaining(key: str = "complaint") -> Iterator[None]:
    """Show a TapegradError that is raised within as a message, and leave out the rest of the block."""
    try:
        yield
    except TapegradError as error:
        complain(str(error), key)
