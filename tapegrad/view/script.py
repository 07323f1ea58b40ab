"""Style and script of a page that replays a tape. Both stand in the page: it needs nothing from elsewhere."""

from __future__ import annotations

from typing import Final

from tapegrad.view import steering

__all__ = ["SCRIPT", "STYLE"]

STYLE: Final = (
    steering.STYLE
    + """
h2 { font-size: 1.1rem; margin: 1.5rem 0 .3rem; }
h2 + p { margin-top: .3rem; }
[hidden] { display: none !important; }
.player { position: sticky; top: var(--above, 0); z-index: 1; background: var(--paper); padding: .5rem 0; }
.player .slider { display: flex; align-items: center; gap: .8rem; margin: .6rem 0; }
.player .place { flex: none; width: 9em; font-variant-numeric: tabular-nums; }
.player input { flex: 1 1 0; min-width: 0; accent-color: var(--c0); }
.player .panel { font: 14px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; height: 6.4em;
                 margin: 0; padding: .4rem .7rem; overflow-y: auto; overflow-wrap: anywhere;
                 border-left: 5px solid var(--c0); background: var(--panel); }
.player .panel p { margin: 0; }
.player .panel .rule, .player .panel .so-far { color: var(--faint); }
.program { margin: .6rem 0; padding: .4rem 0 .4rem 2.6em; background: var(--panel); overflow-x: auto; }
.program li { padding-left: .4rem; border-left: 3px solid transparent; }
.program li.current { background: var(--mark); border-color: var(--c1); }
.program li::marker { color: var(--faint); }
.program code { font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre; }
.player[data-phase=seed] .panel { border-color: var(--c2); }
.player[data-phase=reverse] .panel { border-color: var(--c1); }
.later { visibility: hidden; }
.tape .node.current rect.box { stroke: var(--c1); stroke-width: 4; }
.tape .edge.current path { stroke: var(--c1); stroke-width: 3; }
.tape .edge.current .arrow { fill: var(--c1); }
tr.current td { background: var(--mark); }
tr.current td:first-child { box-shadow: inset 5px 0 var(--c1); }
th[scope=row] { font-weight: normal; font-size: 13px; }
.warnings li { overflow-wrap: anywhere; }
summary { font-size: 1.1rem; font-weight: bold; margin: 1.5rem 0 .3rem; cursor: pointer; }
@media (max-width: 600px) {
  th, td { padding: .25rem .45rem; }
  th { font-size: 13px; }
  td.source { min-width: 8em; }
  .checks th { white-space: normal; }
  .player .place { font-size: 13px; }
  .player .panel { font-size: 13px; height: 8.5em; }
}
"""
)

# `root` is the document, or the element that holds the markup. `replay` begins at a moment, and calls `moved(at, last)`
# after every move. Everything about a record carries data-record, in the drawing and in the table; see `view.moments`.
SCRIPT: Final = (
    steering.SCRIPT
    + """
const replay = (root, begin = Infinity, moved = () => {}) => {
  const moments = JSON.parse(root.querySelector("#moments").textContent);
  const player = root.querySelector(".player");
  const slider = player.querySelector("input");
  const place = player.querySelector(".place");
  const panel = player.querySelector(".panel");
  const [sentence, rule, gradient] = panel.children;
  const lines = root.querySelectorAll(".program li");
  const picture = root.querySelector(".picture");
  const last = moments.length - 1;
  const words = { forward: "forward", seed: "output", reverse: "reverse" };

  // ---- what a moment shows ----

  const group = (selector, key) => {
    const found = new Map();
    for (const element of root.querySelectorAll(selector)) {
      const record = Number(element.closest(`[data-${key}]`).getAttribute(`data-${key}`));
      found.set(record, [...(found.get(record) || []), element]);
    }
    return found;
  };
  const owners = group(".node, tr[data-record]", "record");
  const edges = group(".edge", "to");
  const values = group(".node .value, td .value", "record");
  const adjoints = group(".node .adjoint, td .adjoint", "record");
  const partials = group("td .partials", "record");
  const labels = group(".edge text", "to");
  const width = new Map(); // the room that the final text of an adjoint has in its box
  for (const text of root.querySelectorAll(".node .adjoint")) {
    const word = text.previousElementSibling.getBBox();
    width.set(text, Number(text.getAttribute("x")) - word.x - word.width - 7);
  }

  const reveal = (groups, shown) => {
    for (const [record, elements] of groups) {
      for (const element of elements) element.classList.toggle("later", !shown.has(record));
    }
  };
  const write = (element, text) => {
    if (element.textContent === text) return;
    element.textContent = text;
    if (!width.has(element)) return;
    const room = width.get(element);
    element.removeAttribute("textLength");
    if (element.getComputedTextLength() > room) { // narrower letters rather than a box that grows
      element.setAttribute("textLength", room);
      element.setAttribute("lengthAdjust", "spacingAndGlyphs");
    }
  };

  const show = (at) => {
    const moment = moments[at];
    const computed = new Set();
    const pulled = new Set();
    const reached = new Map();
    for (const past of moments.slice(0, at + 1)) {
      if (past.phase === "forward") computed.add(past.record);
      if (past.phase === "reverse") pulled.add(past.record);
      for (const [record, text] of Object.entries(past.adjoints)) reached.set(Number(record), text);
    }
    reveal(values, computed);
    reveal(partials, pulled);
    reveal(labels, pulled);
    reveal(adjoints, reached);
    for (const [record, text] of reached) for (const element of adjoints.get(record) || []) write(element, text);
    for (const groups of [owners, edges]) {
      for (const [record, elements] of groups) {
        for (const element of elements) element.classList.toggle("current", record === moment.record);
      }
    }
    for (const line of lines) line.classList.toggle("current", Number(line.dataset.line) === moment.line);
    player.dataset.phase = moment.phase;
    sentence.textContent = moment.sentence;
    rule.textContent = moment.rule && `derivative dictionary ${moment.rule}`;
    gradient.textContent = moment.gradient && `derivatives so far ${moment.gradient}`;
    panel.scrollTop = 0;
    place.textContent = `${at + 1} of ${last + 1}, ${words[moment.phase]}`;
    slider.setAttribute("aria-valuetext", `${place.textContent}: ${moment.sentence}`);
    for (const word of ["first", "previous"]) root.querySelector(`#${word}`).disabled = at === 0;
    for (const word of ["next", "last"]) root.querySelector(`#${word}`).disabled = at === last;
    moved(at, last);
    const box = root.querySelector(".node.current .box");
    if (box) {
      const middle = box.x.baseVal.value + box.width.baseVal.value / 2;
      picture.scrollLeft = middle - picture.clientWidth / 2;
    }
  };

  // ---- who moves it ----

  const playing = (whether) => { // a screen reader would never come to an end
    panel.setAttribute("aria-live", whether ? "off" : "polite");
  };
  const steer = steering(root, last, show, 1000, playing);
  const { previous, next, first, last: end } = steer.ways;
  const keys = { ArrowLeft: previous, ArrowRight: next, Home: first, End: end };
  root.addEventListener("keydown", (event) => {
    const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey);
    const taken = event.target.closest("input, .picture, .rows, .panel"); // they move by these keys themselves
    if (!plain || taken || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });

  player.hidden = false;
  steer.go(begin);
  if (steer.place() === last) picture.scrollLeft = 0;
  return steer;
};
"""
)
