"""The replay of a tape as a part of a Streamlit page: the markup and the script of the static page."""

from __future__ import annotations

from typing import Final

import streamlit as st

from tapegrad.app.look import STYLE as LOOK
from tapegrad.app.look import is_dark
from tapegrad.view import html, script
from tapegrad.view.drawing import Drawing
from tapegrad.view.page import themed
from tapegrad.view.player import Lesson

__all__ = ["player"]

_STYLE: Final = f"<style>{LOOK}{html.STYLE}{script.STYLE}:host {{ --above: 3.75rem; }}</style>"

# Other numbers at the same records leave the slider where it is; another tape begins at its end. The server hears of a
# place a moment after the last move, for the address of the page.
_MOUNT: Final = (
    script.SCRIPT
    + """
const rest = 400;  // milliseconds

export default function ({ parentElement, data, setStateValue }) {
  const before = parentElement.shown;
  if (before && before.markup === data.markup) return;
  let begin = data.begin ?? Infinity;
  let scrolled = 0;
  const room = document.createElement("div");
  room.innerHTML = data.markup;
  if (before) {
    before.player.stop();
    const same = before.records === data.records;
    begin = same && before.player.place() < before.player.last ? before.player.place() : Infinity;
    scrolled = same ? before.room.querySelector(".picture").scrollLeft : 0;
    before.room.replaceWith(room);
  } else {
    parentElement.append(room);
  }
  let timer = 0;
  let told = data.begin ?? null;
  const moved = (at, last) => {
    clearTimeout(timer);
    const place = at === last ? null : at;
    timer = setTimeout(() => {
      if (place === told) return;
      told = place;
      setStateValue("place", place);
    }, rest);
  };
  const player = replay(room, begin, moved);
  if (begin === Infinity) room.querySelector(".picture").scrollLeft = scrolled;
  parentElement.shown = { markup: data.markup, records: data.records, room, player };
}
"""
)

_player = st.components.v2.component("tapegrad_player", js=_MOUNT)


def player(drawing: Drawing, lesson: Lesson, begin: int | None) -> int | None:
    """Show the replay, at the moment `begin`, or at its end; the moment that the visitor moved it to, None at the end.

    A move of the slider does not come here: the browser shows what it has, and tells the server when it rests.
    """
    markup = themed(_STYLE + html.inside(drawing, lesson), dark=is_dark())
    records = " ".join(f"{step.operation}{step.inputs}" for step in drawing.steps)
    data = {"markup": markup, "records": records, "begin": begin}
    result = _player(key="player", data=data, default={"place": begin}, on_place_change=lambda: None)
    place = result.place
    return place if isinstance(place, int) else None
