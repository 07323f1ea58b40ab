"""The film of a training as one self-contained page, on which a person moves through its frames.

Without JavaScript the page shows the last frame. Names come from a person's files and are escaped; the script reads
numbers and formatted numbers alone, out of a block of JSON.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tapegrad.jobs import Job
from tapegrad.recording import Film, Frame, Row, examined, scene_of
from tapegrad.view.curves import Line, curves
from tapegrad.view.film_plane import TINT, legend, plane
from tapegrad.view.film_script import SCRIPT, STYLE
from tapegrad.view.page import buttons, document, embedded
from tapegrad.view.plots.style import PALETTE
from tapegrad.view.svg import clean

__all__ = ["film_page"]

MOST_PLACES: Final = 800  # of a curve, which is not wider than that


def film_page(job: Job, film: Film, log: Sequence[Row]) -> str:
    """The page of a film with at least one frame; `log` has the rows of all epochs, also of those before the film."""
    title = f"{job.name:.50}, seed {job.seed}"
    parts = [
        f"<h1>{clean(title)}</h1>",
        f"<p>{_about(film)}</p>",
        "<noscript><p>Without JavaScript this page shows the last frame alone.</p></noscript>",
        _controls(job, film),
        '<main class="panels">',
        *_plane_panel(job, film),
        f'<div class="stack">{_curve_panels(job, film, log)}</div>',
        f'<div class="stack">{_layer_panel(job, film)}{_unit_panel(film)}</div>',
        "</main>",
        embedded("film", _data(job, film)),
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
    numbers = "".join(
        f'<div><dt>{clean(name)}</dt><dd id="{key}">{clean(text)}</dd></div>'
        for (key, name), text in zip(_measures(job).items(), _numbers(job, film.frames[-1].row).values(), strict=True)
    )
    return (
        f'<div class="bar-of-controls"><div id="controls" hidden>{buttons()}'
        f'<div class="slide"><label for="slider">Frame</label><input type="range" id="slider" min="0" max="{last}" '
        f'value="{last}" autocomplete="off"></div></div><dl>{numbers}</dl></div>'
    )


# ---- the numbers of an epoch --------------------------------------------------------------------


def _measures(job: Job) -> dict[str, str]:
    """What the numbers of an epoch are called, by the names of their elements."""
    test = "test_loss" if job.test is not None else None
    score = ("test " if test else "") + ("correct" if job.target.classes else "RMSE")
    return {"epoch": "epoch", "loss": "loss", **({test: "test loss"} if test else {}), "score": score}


def _numbers(job: Job, row: Row) -> dict[str, str]:
    """The numbers of an epoch as they are shown, which is how the lines of the log have them."""
    score = f"{row.score:.0f} of {len(job.scored)}" if job.target.classes else _written(row.score)
    tested = {} if row.test_loss is None else {"test_loss": _written(row.test_loss)}
    return {"epoch": str(row.epoch), "loss": _written(row.loss), **tested, "score": score}


def _written(number: float) -> str:
    """To four digits; of what is no number, such as the loss before the first epoch, a dash."""
    return f"{number:#.4g}".rstrip(".") if math.isfinite(number) else "–"


# ---- panels -------------------------------------------------------------------------------------


def _plane_panel(job: Job, film: Film) -> list[str]:
    scene = scene_of(job)
    seen = film.frames[-1].seen
    if scene is None or seen is None:
        return []
    names = job.target.classes
    count = len(job.scored)
    some = f" Of {count} points {len(scene.points)} are drawn." if count > len(scene.points) else ""
    return [
        '<section class="panel"><h2>What the network says where</h2>',
        f"<p>Colour by class, stronger where the network is certain.{some}</p>",
        plane(scene, seen, len(names)),
        legend(names),
        "</section>",
    ]


def _curve_panels(job: Job, film: Film, log: Sequence[Row]) -> str:
    every = math.ceil(len(log) / MOST_PLACES) or 1
    rows = [*log[::every], *(log[-1:] if (len(log) - 1) % every else ())]
    epochs = [row.epoch for row in (*log[:1], film.frames[0].row, *log[-1:], film.frames[-1].row)]
    of_classes, is_tested = bool(job.target.classes), job.test is not None
    losses = {"training": _line((row.epoch, row.loss) for row in rows)}
    if is_tested:
        losses["test"] = _line((row.epoch, row.test_loss) for row in rows)
    scores = _line((row.epoch, row.score / len(job.scored) if of_classes else row.score) for row in rows)
    measure = "Accuracy" if of_classes else "RMSE"
    panels: list[tuple[str, Mapping[str, Line], bool]] = [
        ("Loss", losses, False),
        (measure, {"test" if is_tested else "training": scores}, of_classes),
    ]
    drawn = []
    for name, lines, percent in panels:
        swatches = "".join(
            f'<li><svg viewBox="0 0 26 10" aria-hidden="true"><line class="line {line}" x2="26" y1="5" y2="5"/></svg>'
            f"{line}</li>"
            for line in lines
        )
        picture = curves(name, lines, min(epochs), max(epochs), percent=percent)
        drawn.append(f'<section class="panel"><h2>{name}</h2>{picture}<ul class="legend">{swatches}</ul></section>')
    return "".join(drawn)


def _line(places: Iterable[tuple[int, float | None]]) -> Line:
    return [(epoch, value) for epoch, value in places if value is not None and math.isfinite(value)]


def _layer_panel(job: Job, film: Film) -> str:
    frame = film.frames[-1]
    if not frame.layers:
        return ""
    low, high = _decades(film)
    rows = "".join(
        f'<tr><th scope="row">{layer.place} {clean(layer.name)}</th><td class="wide">'
        f"{_bar('gradient', at, width, gradient)}</td>"
        f'<td id="norm-{at}">{norm}</td></tr>'
        for at, (layer, (width, gradient, norm)) in enumerate(zip(frame.layers, _layers(film, frame), strict=True))
    )
    count = len(examined(job)[1])
    of_which = "all" if count == len(job.train) else f"{count} of {len(job.train)}"
    return (
        '<section class="panel"><h2>Layers</h2><table><caption>Norms, by '
        f"{of_which} training examples. The bars are logarithmic, from 1e{low} to 1e{high}.</caption>"
        '<thead><tr><th scope="col">layer</th><th scope="col">gradient</th><th scope="col">parameters</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></section>"
    )


def _unit_panel(film: Film) -> str:
    frame = film.frames[-1]
    if not frame.activations:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{layer.place} {clean(layer.name)}</th><td class="wide">'
        f"{_bar('units', at, width, text)}</td></tr>"
        for at, (layer, (width, text)) in enumerate(zip(frame.activations, _units(frame), strict=True))
    )
    return (
        '<section class="panel units"><h2>Units at rest</h2><table><caption>On every one of these examples: a relu '
        "that gives 0, a tanh beyond ±0.99. Such units learn next to nothing.</caption>"
        '<thead><tr><th scope="col">activation</th><th scope="col">units at rest</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></section>"
    )


def _bar(kind: str, at: int, width: float, text: str) -> str:
    bar = f'<div class="track" aria-hidden="true"><i id="{kind}-bar-{at}" style="width: {width}%"></i></div>'
    return f'{bar}<span id="{kind}-{at}">{text}</span>'


# ---- the frames ---------------------------------------------------------------------------------


def _decades(film: Film) -> tuple[int, int]:
    """Powers of ten around all norms of gradients that have a logarithm."""
    norms = [layer.gradient for frame in film.frames for layer in frame.layers if 0.0 < layer.gradient < math.inf]
    low, high = math.floor(math.log10(min(norms, default=1.0))), math.ceil(math.log10(max(norms, default=1.0)))
    return low, max(high, low + 1)


def _layers(film: Film, frame: Frame) -> list[tuple[float, str, str]]:
    """Of every layer the width of its bar in percent, and the norms of its gradient and of its parameters."""
    low, high = _decades(film)
    return [
        (
            round(100.0 * (math.log10(layer.gradient) - low) / (high - low), 1)
            if 0.0 < layer.gradient < math.inf
            else 0.0,
            _written(layer.gradient),
            _written(layer.parameters),
        )
        for layer in frame.layers
    ]


def _units(frame: Frame) -> list[tuple[float, str]]:
    """Of every activation the width of its bar in percent, and how many of its units rest."""
    return [(round(100.0 * one.dead / one.units, 1), f"{one.dead} of {one.units}") for one in frame.activations]


def _data(job: Job, film: Film) -> dict[str, object]:
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
            "numbers": _numbers(job, frame.row),
            "layers": _layers(film, frame),
            "units": _units(frame),
            "wrong": frame.seen and frame.seen.wrong,
            "certainty": frame.seen and base64.b64encode(frame.seen.certainty.tobytes()).decode(),
        }
        for frame in film.frames
    ]
    return {"scene": facts, "frames": frames}
