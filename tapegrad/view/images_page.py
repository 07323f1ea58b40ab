"""A network for images as one self-contained page: what it makes of an image, its filters, and where it is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tapegrad.jobs import Job
from tapegrad.nn.layer import Params
from tapegrad.recording import Row
from tapegrad.training import State
from tapegrad.view import curves, elements, images_parts
from tapegrad.view.features import verdicts
from tapegrad.view.film_panels import curve_pictures, line_legend
from tapegrad.view.page import document
from tapegrad.view.steps import format_number
from tapegrad.view.svg import clean

__all__ = ["PROGRESS_STYLE", "images_page", "progress"]

PROGRESS_STYLE: Final = (
    elements.STYLE
    + curves.STYLE
    + """
.terms { margin-bottom: .6rem; }
.terms div { flex: 0 0 6.5rem; }
.pair { display: flex; flex-wrap: wrap; gap: .6rem 2rem; }
.pair figure { flex: 1 1 18rem; max-width: 26rem; margin: 0; }
.pair figcaption { font-size: .8rem; color: var(--faint); }
.pair .legend { display: inline-flex; margin: 0 0 0 1rem; font-size: inherit; vertical-align: top; }
.curves { display: block; width: 100%; height: auto; }
"""
)
"""Of the numbers and the curves of an epoch."""

_STYLE: Final = (
    """
body { max-width: 64rem; }
section { margin: 1rem 0; padding: .8rem; background: var(--panel); border: 1px solid var(--rule); border-radius: 8px; }
"""
    + images_parts.STYLE
    + PROGRESS_STYLE
)


def images_page(job: Job, log: Sequence[Row], row: Row, state: State[Params]) -> str:
    """The page of a state at the end of an epoch, whose numbers are `row`; `log` has those of all epochs."""
    title = f"{job.name:.50}, seed {job.seed}"
    found = verdicts(job, state)
    first = "The first image held out" if job.test is not None else "The first image"
    sections = {
        "Training": progress(job, log, row),
        first: images_parts.one_image(job, state, 0),
        "What each layer makes of it": images_parts.layer_maps(job, state, 0, own_scale=False),
        "Filters": images_parts.filter_rows(job, state),
        "Confusion": images_parts.confusion(job, found),
        "Misclassified": images_parts.misclassified(job, found),
        "Samples": images_parts.samples(job),
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
    pictures = curve_pictures(job, log, 0, max(job.settings.epochs, row.epoch), row.epoch)
    figures = (
        f"<figure>{picture}<figcaption>{name}{line_legend(lines)}</figcaption></figure>"
        for name, (picture, lines) in pictures.items()
    )
    return f'{elements.terms(numbers)}<div class="pair">{"".join(figures)}</div>'
