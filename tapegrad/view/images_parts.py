"""The sections of the page on a network for images, each as markup."""

from __future__ import annotations

from typing import Final

import numpy as np

from tapegrad import jobs
from tapegrad.arrays import Floats
from tapegrad.jobs import Job
from tapegrad.nn.layer import Params
from tapegrad.training import State
from tapegrad.view import elements
from tapegrad.view.features import Feature, Filters, Verdicts, features, filters
from tapegrad.view.images import beside, extent, grid, picture, signed, tile
from tapegrad.view.steps import format_number
from tapegrad.view.svg import clean

__all__ = ["STYLE", "confusion", "filter_rows", "layer_maps", "misclassified", "one_image", "samples"]

MOST_IMAGES: Final = 24  # of the samples, and of those misclassified
STRIP: Final = 32  # units in a line
SIGNS: Final = "Vermilion is above 0, blue with a hole is below, the ground is 0."

STYLE: Final = (
    elements.STYLE
    + """
h2 { font-size: 1.05rem; margin: 0 0 .3rem; }
h3 { font-size: .95rem; font-weight: 600; margin: 1.1rem 0 0; overflow-wrap: anywhere; }
p { margin: .15rem 0 .5rem; color: var(--faint); max-width: 46rem; }
.grid { display: flex; flex-wrap: wrap; gap: .45rem; align-items: flex-start; }
.grid.rows { flex-direction: column; gap: .2rem; }
.grid.rows .tile { display: flex; align-items: center; gap: .5rem; }
.grid.rows figcaption { order: -1; min-width: 1.2rem; text-align: right; }
.tile { margin: 0; }
.tile img { display: block; max-width: 100%; image-rendering: pixelated; outline: 1px solid var(--rule); }
figcaption { font-size: .8rem; line-height: 1.3; color: var(--faint); font-variant-numeric: tabular-nums; }
.pictures { gap: .7rem; }
.pictures img { margin: 0 auto; }
.pictures figcaption { text-align: center; color: var(--ink); }
.image { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: flex-start; margin-bottom: 1rem; }
.bars, .confusion { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); padding-bottom: .3rem; }
.bars th { text-align: right; padding: 0 .6rem 0 0; font-weight: 500; }
.bars td { padding: 0; white-space: nowrap; }
.bars .said { font-weight: 700; }
.bars td:nth-child(2) { width: 8.5rem; }
.bars td:nth-child(3) { width: 7rem; padding-left: .6rem; }
.bars td:nth-child(4) { width: 4.2rem; color: var(--faint); font-weight: 400; }
.scroll { overflow-x: auto; max-width: 100%; }
.confusion th { font-weight: 500; color: var(--faint); padding: .2rem .4rem; }
.confusion td { width: 2.5rem; padding: .25rem .3rem; text-align: right; border: 1px solid var(--rule); }
.confusion td.none { color: var(--faint); }
.confusion td.right { font-weight: 600; background: color-mix(in srgb, var(--c0) var(--tint), transparent); }
.confusion td.wrong { background: color-mix(in srgb, var(--c1) var(--tint), transparent);
                      box-shadow: inset 0 0 0 2px var(--c1); }
@media (max-width: 30rem) { .confusion td, .confusion th { padding: .2rem .15rem; } .confusion td { width: 1.8rem; }
                            .bars td:nth-child(2) { width: 5rem; } .bars td:nth-child(3) { width: 6.2rem; } }
"""
)


# ---- one image ----------------------------------------------------------------------------------


def one_image(job: Job, state: State[Params], at: int) -> str:
    """The scored image `at`, counted from 0, with the probabilities of the classes."""
    image, label = job.scored.inputs[at], int(job.scored.labels[at])
    logits = features(job, state, image)[-1].values
    shares = jobs.probabilities(logits[None])[0]
    said, classes = int(shares.argmax()), job.target.classes
    true, given = clean(classes[label]), clean(classes[said])
    verdict = "which it is" if said == label else f"but it is <b>{true}</b>"
    drawn = tile(picture(image), _zoom(image, 144), f"image {at}", f"true class: {classes[label]}")
    return (
        f'<div class="image">{drawn}<div><p>The network says <b>{given}</b>, {verdict}.</p>'
        f"{_bars(shares, classes, said, label)}</div></div>"
    )


def _bars(shares: Floats, classes: tuple[str, ...], said: int, label: int) -> str:
    rows = []
    for at, (name, share) in enumerate(zip(classes, shares.tolist(), strict=True)):
        note = " and ".join(word for word, which in (("said", said), ("true", label)) if which == at)
        rows.append(
            f'<tr{_kind("said" if at == said else "")}><th scope="row">{clean(name)}</th>'
            f"<td>{elements.bar(100.0 * share)}</td>"
            f"<td>{format_number(share)}</td><td>{note}</td></tr>"
        )
    return f'<table class="bars"><caption>Probability of each class</caption><tbody>{"".join(rows)}</tbody></table>'


def _kind(name: str) -> str:
    return f' class="{name}"' if name else ""


def layer_maps(job: Job, state: State[Params], at: int, *, own_scale: bool) -> str:
    """What every layer makes of the scored image `at`; each map scaled on its own, or those of a layer together."""
    scale = "each map by its own largest number" if own_scale else "the maps of a layer by their largest number"
    found = features(job, state, job.scored.inputs[at])
    return f"<p>{SIGNS} Opacity: {scale}.</p>" + "".join(_layer(feature, own_scale) for feature in found)


def _layer(feature: Feature, own_scale: bool) -> str:
    values = feature.values
    shape = " × ".join(map(str, values.shape))
    kind = f"{len(values)} maps of {' × '.join(map(str, values.shape[1:]))}" if values.ndim == 3 else f"{shape} units"
    head = f"<h3>{feature.place} {clean(feature.name)}</h3><p>{kind}, {extent(values)}</p>"
    if values.ndim == 1:
        pad = np.zeros(-len(values) % min(STRIP, len(values)))
        lines = np.concatenate([values, pad]).reshape(-1, min(STRIP, len(values)))
        strip = tile(signed(lines, _limit(values)), _zoom(lines, 96), f"layer {feature.place}")
        return head + grid([strip], f"outputs of layer {feature.place}")
    zoom = _zoom(values, 16)
    tiles = [
        tile(signed(one, _limit(one if own_scale else values)), zoom, name, hint=f"{name}: {extent(one)}")
        for name, one in ((f"map {channel}", one) for channel, one in enumerate(values))
    ]
    return head + grid(tiles, f"maps of layer {feature.place}")


def _zoom(images: Floats, width: int) -> int:
    """How many times to enlarge images ``(..., height, width)`` to be about so wide."""
    wide: int = images.shape[-1]
    return max(round(width / wide), 1)


def _limit(values: Floats) -> float:
    return float(np.abs(values).max())


# ---- the network --------------------------------------------------------------------------------


def filter_rows(job: Job, state: State[Params]) -> str:
    """The filters of every convolution: one for each output, or a row of them where there are many inputs."""
    return f"<p>{SIGNS} Opacity: by the largest weight of the layer.</p>" + "".join(
        _filters(one) for one in filters(job, state)
    )


def _filters(one: Filters) -> str:
    outs, ins, height, width = one.weight.shape
    limit = _limit(one.weight)
    each = "a filter for each output" if ins == 1 else f"a row for each output: a filter for each of the {ins} inputs"
    head = (
        f"<h3>{one.place} {clean(one.name)}</h3>"
        f"<p>{outs} outputs, {height} × {width} weights {extent(one.weight)}; {each}</p>"
    )
    tiles = []
    for out, kernels in enumerate(one.weight):
        row = beside([signed(kernel, limit) for kernel in kernels])
        hint = f"output {out}: {extent(kernels)}"
        tiles.append(tile(row, 5 if ins == 1 else 2, f"filter {out}", str(out), hint))
    return head + grid(tiles, f"filters of layer {one.place}", "" if ins == 1 else "rows")


# ---- the test set -------------------------------------------------------------------------------


def confusion(job: Job, found: Verdicts) -> str:
    """The confusion matrix as a table."""
    classes, table = job.target.classes, found.confusion
    total = int(table.sum())
    heads = "".join(f'<th scope="col">{clean(name)}</th>' for name in classes)
    rows = []
    for label, counts in enumerate(table.tolist()):
        whole = max(sum(counts), 1)
        cells = "".join(_count(count, whole, is_right=said == label) for said, count in enumerate(counts))
        rows.append(f'<tr><th scope="row">{clean(classes[label])}</th>{cells}</tr>')
    caption = (
        f"{total} images: {found.correct} correct, {total - found.correct} wrong. A row for each true class, a column "
        "for what the network says; tinted by the share of the row, and framed where it is wrong."
    )
    return (
        f'<p>{caption}</p><div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">'
        f'<table class="confusion"><thead><tr><th scope="col">true \\ said</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _count(count: int, whole: int, *, is_right: bool) -> str:
    kind = "right" if is_right else "wrong" if count else "none"
    return f'<td class="{kind}" style="--tint: {50.0 * (count / whole) ** 0.5:.0f}%">{count}</td>'


def misclassified(job: Job, found: Verdicts) -> str:
    """The scored images that are given a wrong class, those it is surest of first."""
    labels, classes = np.asarray(job.scored.labels, np.intp), job.target.classes
    wrong = np.flatnonzero(found.said != labels)
    shown = wrong[np.argsort(-found.surety[wrong], kind="stable")][:MOST_IMAGES]
    some = f" The {len(shown)} that the network is surest of are shown." if len(wrong) > len(shown) else ""
    tiles = [
        tile(
            picture(job.scored.inputs[at]), _zoom(job.scored.inputs, 64), f"image {at}",
            f"said {classes[found.said[at]]}, true {classes[labels[at]]}",
            f"image {at}: {classes[found.said[at]]} with probability {format_number(float(found.surety[at]))}",
        )
        for at in shown.tolist()
    ]  # fmt: skip
    return f"<p>{len(wrong)} of {len(labels)} images are given a wrong class.{some}</p>" + grid(
        tiles, "misclassified images", "pictures"
    )


def samples(job: Job) -> str:
    """The first images to train on, with their classes."""
    count = min(MOST_IMAGES, len(job.train))
    shape = " × ".join(map(str, job.train.inputs.shape[2:]))
    held_out = f"; {len(job.test)} more are held out" if job.test is not None else ""
    tiles = [
        tile(picture(image), _zoom(image, 64), f"training image {at}", job.target.classes[label])
        for at, (image, label) in enumerate(zip(job.train.inputs[:count], job.train.labels[:count], strict=True))
    ]
    about = f"The first {count} of {len(job.train)} images to train on, {shape} pixels each{held_out}."
    return f"<p>{about}</p>" + grid(tiles, "samples", "pictures")
