"""What the pages have in common that a person moves through step by step: the buttons, and the data for the script."""

from __future__ import annotations

import json

__all__ = ["buttons", "embedded"]


def buttons() -> str:
    """A button for each move; a script finds them by their ids."""
    words = ("First", "Previous", "Play", "Next", "Last")
    row = "".join(f'<button type="button" id="{word.lower()}">{word}</button>' for word in words)
    return f'<div class="buttons">{row}</div>'


def embedded(name: str, data: object) -> str:
    """The element of this name that holds `data` as JSON; no text in it can end the element."""
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>'
