"""What the pages have in common: frame, colours, and the data for a script."""

from __future__ import annotations

import json
from typing import Final

from tapegrad.view.plots.style import PALETTE
from tapegrad.view.svg import clean

__all__ = ["BASE", "COLOURS", "DARK", "LIGHT", "document", "embedded", "themed"]

LIGHT: Final = {
    "ink": "#1b1f24", "faint": "#57606a", "rule": "#d0d7de", "outline": "#6e7781", "paper": "#ffffff",
    "panel": "#f6f8fa", "mark": "#fff0d6", **{f"c{at}": colour for at, colour in enumerate(PALETTE)},
}  # fmt: skip
"""The colours on light ground, by the names that style sheets use: ``var(--ink)``; ``c0`` to ``c7`` are of classes."""

DARK: Final = {
    **LIGHT,
    "ink": "#e6edf3", "faint": "#9da7b3", "rule": "#30363d", "outline": "#8b949e", "paper": "#0d1117",
    "panel": "#161b22", "mark": "#3d2a07", "c0": "#3d9fd9", "c1": "#f0803c", "c6": "#ffffff",
}  # fmt: skip
"""The same on dark ground."""

_DARK_GROUND: Final = "@media (prefers-color-scheme: dark)"


def _variables(colours: dict[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


COLOURS: Final = (
    f":root, :host {{ color-scheme: light dark; {_variables(LIGHT)} }}\n"
    f"{_DARK_GROUND} {{ :root, :host {{ {_variables(DARK)} }} }}\n"
)
"""The beginning of every style sheet: of a page, of a part with a shadow root of its own, of a picture."""


BASE: Final = (
    COLOURS
    + """* { box-sizing: border-box; }
:focus-visible { outline: 3px solid var(--c0); outline-offset: 2px; }
"""
)
"""What holds for every part of a page as well."""

_FRAME: Final = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 76rem;
       color: var(--ink); background: var(--paper); }
h1 { font-size: 1.3rem; margin: .3rem 0 .8rem; overflow-wrap: anywhere; }
"""


def themed(markup: str, *, dark: bool) -> str:
    """Style sheets, or markup that holds some, for a ground that is known rather than asked of the browser."""
    return markup.replace(_DARK_GROUND, "@media all" if dark else "@media not all")


POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""Nothing is fetched."""


def document(title: str, style: str, body: str) -> str:
    """A page that needs nothing from elsewhere: `title` is text, `style` that of the `body`."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            f"<title>{clean(title)}</title>",
            f"<style>{BASE}{_FRAME}{style}</style></head>",
            f"<body>{body}</body></html>\n",
        ]
    )


def embedded(name: str, data: object) -> str:
    """The element of this name that holds `data` as JSON; no text in it can end the element."""
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>'
