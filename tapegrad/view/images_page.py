"""A network for images as one self-contained page: what it makes of an image, its filters, and where it is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tapegrad.jobs import Job
from tapegrad.nn.layer import Params
from tapegrad.recording import Row
from tapegrad.training import State
from tapegrad.view import images_parts as parts
from tapegrad.view.features import verdicts
from tapegrad.view.film_panels import curve_pictures
from tapegrad.view.page import document
from tapegrad.view.steps import format_number
from tapegrad.view.svg import clean

__all__ = ["PROGRESS_STYLE", "images_page", "progress"]

PROGRESS_STYLE: Final = """
dl { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: 0 0 .6rem; }
dl div { flex: 0 0 6.5rem; }
dt { font-size: .8rem; color: var(--faint); }
dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.pair { display: flex; flex-wrap: wrap; gap: .6rem 2rem; }
.pair figure { flex: 1 1 18rem; max-width: 26rem; margin: 0; }
.pair figcaption { font-size: .8rem; color: var(--faint); }
.pair figcaption svg { width: 1.6rem; height: .6rem; margin: 0 .2rem 0 .8rem; }
.curves { display: block; width: 100%; height: auto; }
.curves text { font-size: 12px; fill: var(--faint); }
.curves .rule { stroke: var(--rule); }
.curves .cursor { stroke: var(--ink); stroke-width: 1.5; }
.line { fill: none; stroke-width: 1.8; stroke: var(--c0); }
.line.test { stroke: var(--c1); stroke-dasharray: 6 3; }
"""
"""Of the numbers and the curves of an epoch."""

_STYLE: Final = (
    """
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 64rem;
       color: var(--ink); background: var(--paper); }
h1 { font-size: 1.3rem; margin: .3rem 0; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--c5); outline-offset: 2px; }
section { margin: 1rem 0; padding: .8rem; background: var(--panel); border: 1px solid var(--rule); border-radius: 8px; }
"""
    + parts.STYLE
    + PROGRESS_STYLE
)


def images_page(job: Job, log: Sequence[Row], row: Row, state: State[Params]) -> str:
    """The page of a state at the end of an epoch, whose numbers are `row`; `log` has those of all epochs."""
    title = f"{job.name:.50}, seed {job.seed}"
    found = verdicts(job, state)
    sections = {
        "Training": progress(job, log, row),
        "The first image held out" if job.test is not None else "The first image": parts.one_image(job, state, 0),
        "What each layer makes of it": parts.layer_maps(job, state, 0, own_scale=False),
        "Filters": parts.filter_rows(job, state),
        "Confusion": parts.confusion(job, found),
        "Misclassified": parts.misclassified(job, found),
        "Samples": parts.samples(job),
    }
    body = "".join(f"<section><h2>{heading}</h2>{markup}</section>" for heading, markup in sections.items())
    return document(f"{title}: images", _STYLE, f"<h1>{clean(title)}</h1>{body}")


def progress(job: Job, log: Sequence[Row], row: Row) -> str:
    """The numbers of an epoch, and the curves of all epochs up to the last that the settings ask for."""
    count = len(job.scored)
    whose = "test" if job.test is not None else "training"
    numbers = {
        "epoch": f"{row.epoch} of {job.settings.epochs}",
        "loss": format_number(row.loss) if row.epoch else "–",
        **({} if row.test_loss is None else {"test loss": format_number(row.test_loss)}),
        f"{whose} correct": f"{row.score:.0f} of {count}",
    }
    terms = "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in numbers.items())
    pictures = curve_pictures(job, log, 0, max(job.settings.epochs, row.epoch), row.epoch)
    figures = (
        f"<figure>{picture}<figcaption>{name}{''.join(map(_swatch, lines))}</figcaption></figure>"
        for name, (picture, lines) in pictures.items()
    )
    return f'<dl>{terms}</dl><div class="pair">{"".join(figures)}</div>'


def _swatch(line: str) -> str:
    return f'<svg viewBox="0 0 26 10" aria-hidden="true"><line class="line {line}" x2="26" y1="5" y2="5"/></svg>{line}'
