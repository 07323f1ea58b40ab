"""How the pages on networks for images look, after `tapegrad.view.page.COLOURS`."""

from __future__ import annotations

from typing import Final

__all__ = ["PARTS_STYLE", "PROGRESS_STYLE"]

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

PARTS_STYLE: Final = """
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
.track { height: .7rem; background: var(--rule); border-radius: 3px; overflow: hidden; }
.track i { display: block; height: 100%; background: var(--c0); }
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
"""Of the sections below."""
