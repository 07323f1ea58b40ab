"""Buttons and a slider to move through a page that has many moments, and the script by which they do.

The script is written for a `root`: the document, or the element that holds the markup.
"""

from __future__ import annotations

from typing import Final

__all__ = ["SCRIPT", "STYLE", "buttons"]

STYLE: Final = """
.buttons { display: flex; gap: .4rem; }
.buttons button { font: inherit; font-size: 14px; flex: 1 1 0; max-width: 6.5rem; min-width: 0; padding: .4rem 0;
                  color: var(--ink); background: var(--panel); border: 1px solid var(--outline); border-radius: 6px; }
.buttons button:enabled { cursor: pointer; }
.buttons button:enabled:hover { border-color: var(--ink); }
.buttons button:disabled { opacity: .45; }
"""


def buttons() -> str:
    """A button for each move; the script finds them by their ids."""
    words = ("First", "Previous", "Play", "Next", "Last")
    row = "".join(f'<button type="button" id="{word.lower()}">{word}</button>' for word in words)
    return f'<div class="buttons">{row}</div>'


# `show(at)` shows the moment `at`, from 0 to `last`; while it plays, the next one follows after so many milliseconds.
# `playing(whether)` is called when it begins and when it ends.
SCRIPT: Final = """
const steering = (root, last, show, milliseconds, playing = () => {}) => {
  const slider = root.querySelector("input[type=range]");
  const play = root.querySelector("#play");
  let at = last;
  let timer = 0;

  const move = (wanted) => {
    at = Math.min(Math.max(wanted, 0), last);
    slider.value = at;
    show(at);
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
    playing(false);
  };
  const start = () => {
    if (at === last) move(0);
    play.textContent = "Pause";
    playing(true);
    timer = setInterval(() => {
      move(at + 1);
      if (at === last) stop();
    }, milliseconds);
  };
  const toggle = () => (timer ? stop() : start());
  const go = (wanted) => { stop(); move(wanted); };
  const ways = { first: () => go(0), previous: () => go(at - 1), next: () => go(at + 1), last: () => go(last) };

  for (const [word, way] of Object.entries(ways)) root.querySelector(`#${word}`).addEventListener("click", way);
  play.addEventListener("click", toggle);
  slider.addEventListener("input", () => go(slider.valueAsNumber));
  slider.max = last;
  return { ways, go, toggle, stop, place: () => at, last };
};
"""
