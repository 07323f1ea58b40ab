"""The look of the page of a training, and the script by which a person moves through its frames."""

from __future__ import annotations

from typing import Final

from tapegrad.view import curves, elements, film_plane, steering

__all__ = ["SCRIPT", "STYLE"]

STYLE: Final = (
    elements.STYLE
    + curves.STYLE
    + film_plane.STYLE
    + steering.STYLE
    + """
h2 { font-size: 1rem; margin: 0 0 .4rem; }
p { margin: .2rem 0 .6rem; color: var(--faint); }
.bar-of-controls { position: sticky; top: 0; z-index: 2; padding: .6rem 0; background: var(--paper);
                   border-bottom: 1px solid var(--rule); }
.slide { display: flex; align-items: center; gap: .7rem; margin-top: .5rem; }
.slide input { flex: 1; min-width: 0; accent-color: var(--c0); }
.terms { gap: .2rem .5rem; margin-top: .5rem; }
.terms div { flex: 0 0 5.2rem; }
.terms div:first-child { flex-basis: 3.4rem; }
.terms div:last-child { flex-basis: 7rem; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 1rem;
          margin-top: 1rem; align-items: start; }
.panel { min-width: 0; padding: .8rem; background: var(--panel); border: 1px solid var(--rule); border-radius: 8px; }
.stack { display: grid; gap: 1rem; min-width: 0; }
.panels > .stack:first-child { display: contents; }
svg { display: block; width: 100%; height: auto; }
.plane { position: relative; }
.plane canvas { position: absolute; }
.plane svg { position: relative; }
table { width: 100%; border-collapse: collapse; font-size: .85rem; }
caption { text-align: left; color: var(--faint); padding-bottom: .3rem; }
th, td { padding: .3rem .4rem; text-align: left; border-top: 1px solid var(--rule); vertical-align: top; }
th { font-weight: 500; overflow-wrap: anywhere; }
thead th { color: var(--faint); border: 0; white-space: nowrap; }
td { width: 5.5rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.wide { width: 38%; }
.track { margin-bottom: .15rem; }
.units .track i { background: var(--c1); }
[hidden] { display: none; }
@media (max-width: 30rem) { .terms dd { font-size: .9rem; } }
"""
)

SCRIPT: Final = (
    '"use strict";'
    + steering.SCRIPT
    + """
const film = JSON.parse(document.getElementById("film").textContent);
const find = (id) => document.getElementById(id);
const slider = find("slider"), canvas = find("certainty");
const last = film.frames.length - 1;

// ---- the frame that is shown

function show(at) {
  const frame = film.frames[at];
  slider.setAttribute("aria-valuetext", `epoch ${frame.epoch}`);
  for (const [id, text] of Object.entries(frame.numbers)) find(id).textContent = text;
  frame.layers.forEach(([width, gradient, norm], row) => {
    find(`gradient-${row}`).textContent = gradient;
    find(`gradient-bar-${row}`).style.width = `${width}%`;
    find(`norm-${row}`).textContent = norm;
  });
  frame.units.forEach(([width, text], row) => {
    find(`units-${row}`).textContent = text;
    find(`units-bar-${row}`).style.width = `${width}%`;
  });
  for (const svg of document.querySelectorAll("svg.curves")) {
    const { left, width, first, last: end } = svg.dataset;
    const x = +left + (width * (frame.epoch - first)) / Math.max(end - first, 1);
    const cursor = svg.querySelector(".cursor");
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
  }
  if (canvas) {
    const wrong = new Set(frame.wrong);
    for (const ring of document.querySelectorAll("#rings .ring"))
      ring.style.visibility = wrong.has(+ring.dataset.point) ? "visible" : "hidden";
    paint(frame);
  }
}

// ---- the plane: probabilities between the points of the grid, and a line where the likeliest class changes

const style = getComputedStyle(document.documentElement);
const rgb = (name) => {
  const hex = style.getPropertyValue(name).trim();
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
};

function paint(frame) {
  const { side, classes, tint } = film.scene;
  const grid = Uint8Array.from(atob(frame.certainty), (letter) => letter.charCodeAt(0));
  const colours = Array.from({ length: classes }, (_, one) => rgb(`--c${one % film.scene.colours}`));
  const ink = rgb("--ink");
  const size = canvas.width, context = canvas.getContext("2d");
  const image = context.createImageData(size, size), pixels = image.data;
  const likeliest = new Uint8Array(size * size);
  const doubt = 1 / classes;
  for (let y = 0; y < size; y++) {
    const v = (1 - y / (size - 1)) * (side - 1), row = Math.min(Math.floor(v), side - 2), up = v - row;
    for (let x = 0; x < size; x++) {
      const u = (x / (size - 1)) * (side - 1), column = Math.min(Math.floor(u), side - 2), along = u - column;
      const corner = (row * side + column) * classes, above = corner + side * classes;
      let best = -1, sum = 0, red = 0, green = 0, blue = 0;
      for (let one = 0; one < classes; one++) {
        const low = grid[corner + one] * (1 - along) + grid[corner + classes + one] * along;
        const high = grid[above + one] * (1 - along) + grid[above + classes + one] * along;
        const p = (low * (1 - up) + high * up) / 255;
        if (p > best) { best = p; likeliest[y * size + x] = one; }
        const certainty = Math.max((p - doubt) / (1 - doubt), 0);
        sum += certainty;
        red += certainty * colours[one][0];
        green += certainty * colours[one][1];
        blue += certainty * colours[one][2];
      }
      const share = sum || 1;
      pixels.set([red / share, green / share, blue / share, 255 * tint * Math.min(sum, 1)], 4 * (y * size + x));
    }
  }
  for (let y = 0; y < size - 2; y++)
    for (let x = 0; x < size - 2; x++) {
      const here = y * size + x;
      if (likeliest[here] !== likeliest[here + 2] || likeliest[here] !== likeliest[here + 2 * size])
        pixels.set([...ink, 255], 4 * here);
    }
  context.putImageData(image, 0, 0);
}

// ---- moving through the frames

const steer = steering(document, last, show, 120);
document.onkeydown = (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const onSlider = event.target === slider;
  if (event.key === "ArrowLeft" && !onSlider) steer.ways.previous();
  else if (event.key === "ArrowRight" && !onSlider) steer.ways.next();
  else if (event.key === " " && event.target.tagName !== "BUTTON") steer.toggle();
  else return;
  event.preventDefault();
};
const scheme = matchMedia("(prefers-color-scheme: dark)");
scheme.onchange = () => show(steer.place());

find("controls").hidden = false;
if (canvas) {
  canvas.hidden = false;
  find("regions").remove();
}
steer.go(last);
"""
)
