"""The film of a training as one self-contained page, on which a person moves through its frames.

Without JavaScript the page shows the last frame. Names come from a person's files and are escaped; the script reads
numbers and formatted numbers alone, out of a block of JSON.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence

from tapegrad.jobs import Job
from tapegrad.recording import Film, Row, scene_of
from tapegrad.view.film_panels import (
    Decades,
    curve_panels,
    layer_bars,
    layer_panel,
    number_list,
    numbers,
    unit_bars,
    unit_panel,
)
from tapegrad.view.film_plane import TINT, plane, plane_panel
from tapegrad.view.film_script import SCRIPT, STYLE
from tapegrad.view.page import document, embedded
from tapegrad.view.plots.style import PALETTE
from tapegrad.view.steering import buttons
from tapegrad.view.svg import clean

__all__ = ["film_page"]


def film_page(job: Job, film: Film, log: Sequence[Row]) -> str:
    """The page of a film with at least one frame; `log` has the rows of all epochs, also of those before the film."""
    title = f"{job.name:.50}, seed {job.seed}"
    last, decades = film.frames[-1], _decades(film)
    parts = [
        f"<h1>{clean(title)}</h1>",
        f"<p>{_about(film)}</p>",
        "<noscript><p>Without JavaScript this page shows the last frame alone.</p></noscript>",
        _controls(job, film),
        '<main class="panels">',
        _plane_panel(job, film),
        f'<div class="stack">{_curve_panels(job, film, log)}</div>',
        f'<div class="stack">{layer_panel(job, last, decades)}{unit_panel(last)}</div>',
        "</main>",
        embedded("film", _data(job, film, decades)),
        f"<script>{SCRIPT}</script>",
    ]
    return document(f"{title}: training", STYLE, "\n".join(parts))


def _about(film: Film) -> str:
    first, last = film.frames[0].row.epoch, film.frames[-1].row.epoch
    count = len(film.frames)
    frames = f"{count} frame{'' if count == 1 else 's'}, from epoch {first} to {last}."
    resumed = f" The run was resumed, and the film begins there: what came before epoch {first} has no frames."
    start = " Epoch 0 is the network before its training."
    return frames + (resumed if first else start)


def _controls(job: Job, film: Film) -> str:
    last = len(film.frames) - 1
    return (
        f'<div class="bar-of-controls"><div id="controls" hidden>{buttons()}'
        f'<div class="slide"><label for="slider">Frame</label><input type="range" id="slider" min="0" max="{last}" '
        f'value="{last}" autocomplete="off"></div></div>{number_list(job, film.frames[-1].row)}</div>'
    )


# ---- panels -------------------------------------------------------------------------------------


def _plane_panel(job: Job, film: Film) -> str:
    scene, seen = scene_of(job), film.frames[-1].seen
    if scene is None or seen is None:
        return ""
    names = job.target.classes
    return plane_panel(plane(scene, seen, len(names)), names, len(job.scored), len(scene.points))


def _curve_panels(job: Job, film: Film, log: Sequence[Row]) -> str:
    epochs = [row.epoch for row in (*log[:1], film.frames[0].row, *log[-1:], film.frames[-1].row)]
    return curve_panels(job, log, min(epochs), max(epochs), max(epochs))


# ---- the frames ---------------------------------------------------------------------------------


def _decades(film: Film) -> Decades:
    """Powers of ten around all norms of gradients that have a logarithm."""
    norms = [layer.gradient for frame in film.frames for layer in frame.layers if 0.0 < layer.gradient < math.inf]
    low, high = math.floor(math.log10(min(norms, default=1.0))), math.ceil(math.log10(max(norms, default=1.0)))
    return low, max(high, low + 1)


def _data(job: Job, film: Film, decades: Decades) -> dict[str, object]:
    """The frames, as the script takes them."""
    scene = scene_of(job)
    facts = scene and {
        "side": scene.side,
        "classes": len(job.target.classes),
        "colours": len(PALETTE),
        "tint": TINT,
    }
    frames = [
        {
            "epoch": frame.row.epoch,
            "numbers": numbers(job, frame.row),
            "layers": layer_bars(frame, decades),
            "units": unit_bars(frame),
            "wrong": frame.seen and frame.seen.wrong,
            "certainty": frame.seen and base64.b64encode(frame.seen.certainty.tobytes()).decode(),
        }
        for frame in film.frames
    ]
    return {"scene": facts, "frames": frames}
