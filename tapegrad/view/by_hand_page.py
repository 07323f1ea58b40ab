"""The network that is trained by hand as markup: its numbers, an arrow for each parameter, a page, and a picture file.

An arrow points to where the loss falls: to the right if the parameter is to grow, to the left if it is to shrink.
"""

from __future__ import annotations

from typing import Final

from tapegrad.view import elements
from tapegrad.view.by_hand import Sight, groups
from tapegrad.view.by_hand_plane import STYLE as PLANE_STYLE
from tapegrad.view.by_hand_plane import plane
from tapegrad.view.film_plane import marker
from tapegrad.view.page import COLOURS, document
from tapegrad.view.steps import format_number
from tapegrad.view.svg import clean

__all__ = ["STYLE", "arrow", "by_hand_page", "by_hand_svg", "legend", "longest", "numbers", "table"]

WIDTH: Final = 200  # of the picture of an arrow
REST: Final = 3  # on both sides
HEAD: Final = 9
LEAST_LENGTH: Final = 4.0  # in which a direction can be seen
LEAST: Final = 0.02
"""Where no derivative is larger, the arrows get shorter with it; otherwise the largest has the full length."""

STYLE: Final = (
    PLANE_STYLE
    + elements.STYLE
    + """
.terms { gap: .2rem 1.6rem; margin-bottom: .5rem; }
.terms dd { font-size: 1.5rem; font-weight: 400; line-height: 1.3; min-width: 6.2rem; }
.legend svg { width: 18px; }
.legend .ring { fill: none; stroke: var(--ink); stroke-width: 2; }
.legend .boundary { stroke: var(--ink); stroke-width: 2.6; }
.legend .line { stroke: var(--outline); stroke-width: 1.6; stroke-dasharray: 6 3; }
.arrow svg { display: block; width: 100%; height: 14px; }
.arrow .zero { stroke: var(--rule); stroke-width: 1; }
.arrow .shaft { stroke: var(--c1); stroke-width: 3; }
.arrow .head { fill: var(--c1); }
.arrow span { display: block; font: 12px/1.4 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
              text-align: center; color: var(--ink); white-space: nowrap; }
"""
)

_PAGE_STYLE: Final = (
    STYLE
    + """
body { max-width: 68rem; }
main { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; }
main > * { flex: 1 1 min(20rem, 100%); min-width: 0; max-width: 32rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .15rem .5rem; border-bottom: 1px solid var(--rule); text-align: right; font-weight: normal;
         font-variant-numeric: tabular-nums; }
th[scope=row], th[scope=rowgroup] { text-align: left; }
th[scope=rowgroup] { font-weight: 600; padding-top: .6rem; }
td.wide, th.wide { width: 45%; min-width: 4rem; text-align: center; }
@media (max-width: 30rem) { table { font-size: 12px; } th, td { padding: .2rem .25rem; } }
"""
)


def by_hand_page(sight: Sight) -> str:
    """What there is to see now, as a page."""
    a = sight.settings
    title = f"{a.data}, {a.count} points, seed {a.seed}: {a.hidden} {a.activation} units"
    body = f"<section>{numbers(sight)}{plane(sight)}{legend()}</section><section>{table(sight)}</section>"
    return document(title, _PAGE_STYLE, f"<h1>{clean(title)}</h1><main>{body}</main>")


def by_hand_svg(sight: Sight) -> str:
    """The plane alone, as a picture file."""
    return plane(sight, f"{COLOURS}{PLANE_STYLE}")


def numbers(sight: Sight) -> str:
    """Loss, points that are right, and the length of the gradient."""
    shown = {
        "loss": format_number(sight.loss),
        "correct": f"{int(sight.right.sum())} of {len(sight.right)}",
        "length of the gradient": format_number(sight.size),
    }
    return elements.terms(shown)


def legend() -> str:
    """What the marks in the plane are."""
    marks = {
        "class 0": marker(0, 9.0, 8.0),
        "class 1": marker(1, 9.0, 8.0),
        "wrong": '<circle class="ring" cx="9" cy="8" r="6"/>',
        "boundary": '<line class="boundary" x2="18" y1="8" y2="8"/>',
        "a hidden unit is 0; it grows along the arrow": '<line class="line" x2="18" y1="8" y2="8"/>',
    }
    return elements.legend(18, 16, ((mark, words) for words, mark in marks.items()))


def longest(sight: Sight) -> float:
    """The derivative whose arrow has the full length."""
    return max(LEAST, *map(abs, sight.gradient.values()))


def table(sight: Sight) -> str:
    """Every parameter with its value, its derivative and its arrow, layer by layer."""
    rows = []
    for group, names in groups(sight.settings.hidden).items():
        rows.append(f'<tr><th scope="rowgroup" colspan="4">{group}</th></tr>')
        rows += [
            f'<tr><th scope="row">{name}</th><td>{format_number(sight.values[name])}</td>'
            f'<td class="wide arrow">{_picture(name, sight.gradient[name], longest(sight))}</td>'
            f"<td>{format_number(sight.gradient[name])}</td></tr>"
            for name in names
        ]
    heads = (
        '<th scope="col">parameter</th><th scope="col">value</th><th scope="col" class="wide">the loss falls to</th>'
        '<th scope="col">derivative</th>'
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def arrow(name: str, derivative: float, longest: float) -> str:
    """The arrow of one parameter, with its derivative below."""
    text = f"∂loss = {format_number(derivative)}"
    return f'<div class="arrow">{_picture(name, derivative, longest)}<span>{text}</span></div>'


def _picture(name: str, derivative: float, longest: float) -> str:
    """From the middle to where the loss falls; the length is in proportion to the derivative."""
    middle = WIDTH / 2.0
    way = 1.0 if derivative < 0.0 else -1.0
    tip = middle + way * max(LEAST_LENGTH, (middle - REST) * min(1.0, abs(derivative) / longest))
    start = tip - way * min(HEAD, abs(tip - middle))  # of the head, which is small where the arrow is
    half = 5.5 * abs(tip - start) / HEAD
    said = "is level" if derivative == 0.0 else f"falls as {name} {'shrinks' if derivative > 0.0 else 'grows'}"
    drawn = (
        ""
        if derivative == 0.0
        else (
            f'<line class="shaft" x1="{middle:.1f}" x2="{start:.1f}" y1="7" y2="7"/>'
            f'<path class="head" d="M{tip:.1f} 7L{start:.1f} {7.0 - half:.1f}V{7.0 + half:.1f}z"/>'
        )
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} 14" role="img" aria-label="the loss {said}">'
        f'<line class="zero" x1="{middle:.1f}" x2="{middle:.1f}" y1="0" y2="14"/>{drawn}</svg>'
    )
