"""Small parts that several pages have: numbers below what they are called, legends, and bars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tapegrad.view.svg import clean

__all__ = ["STYLE", "bar", "legend", "terms"]

STYLE: Final = """
.terms { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: 0; }
.terms dt { font-size: .8rem; color: var(--faint); }
.terms dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: .4rem 0 0; padding: 0; list-style: none;
          font-size: .85rem; }
.legend li { display: flex; align-items: center; gap: .35rem; min-width: 0; overflow-wrap: anywhere; }
.legend svg { width: 1.6rem; flex: none; }
.track { height: .6rem; background: var(--rule); border-radius: 3px; overflow: hidden; }
.track i { display: block; height: 100%; background: var(--c0); }
"""


def terms(numbers: Mapping[str, str], ids: Iterable[str] = ()) -> str:
    """Each text below what it is called; by its id, if it has one, a script finds it."""
    attributes = [f' id="{name}"' for name in ids] or [""] * len(numbers)
    items = zip(numbers.items(), attributes, strict=True)
    inner = "".join(f"<div><dt>{clean(name)}</dt><dd{own}>{clean(text)}</dd></div>" for (name, text), own in items)
    return f'<dl class="terms">{inner}</dl>'


def legend(width: int, height: int, items: Iterable[tuple[str, str]]) -> str:
    """Small drawings of this size, each before its words."""
    start = f'<li><svg viewBox="0 0 {width} {height}" aria-hidden="true">'
    return f'<ul class="legend">{"".join(f"{start}{drawn}</svg>{clean(words)}</li>" for drawn, words in items)}</ul>'


def bar(percent: float, name: str = "") -> str:
    """A bar that is filled so far; what it says stands beside it. A script finds the filled part by its id, `name`."""
    own = f' id="{name}"' if name else ""
    return f'<div class="track" aria-hidden="true"><i{own} style="width: {percent:.1f}%"></i></div>'
