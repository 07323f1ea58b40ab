"""The lesson on two arrays as markup: how they lie in memory, what is read from where, and what is summed to where.

Every cell says its number and its place in memory. The chosen element of the result and all that it touches have a
thick border; a broken border is around the other places that read the same element.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Final

import numpy as np

from tapegrad.arrays import Floats
from tapegrad.view.broadcasting_lesson import LAYOUTS, Index, Lesson, Side, written
from tapegrad.view.page import document
from tapegrad.view.steps import format_number
from tapegrad.view.strides import strides
from tapegrad.view.svg import clean

__all__ = ["STYLE", "backward", "broadcasting_page", "forward", "memory", "shapes", "told"]

STYLE: Final = """
.lesson { display: flex; flex-direction: column; gap: .9rem; }
.lesson p { margin: 0; max-width: 46rem; }
.lesson h2, .lesson h3 { font-size: .95rem; margin: 0; font-weight: 600; }
.lesson h2 { font-size: 1.15rem; margin-top: 1rem; }
.lesson .told { max-width: none; padding: .6rem .9rem; background: var(--panel); min-height: 4.4em;
                border-left: 5px solid var(--c0); font-variant-numeric: tabular-nums; }
.lesson .row { display: flex; flex-wrap: wrap; gap: .9rem 1.4rem; align-items: flex-start; }
.lesson .sign { align-self: center; font-size: 1.3rem; color: var(--faint); }
.lesson .part { max-width: 100%; min-width: 0; }
.lesson .part > p { color: var(--faint); font-size: .85rem; }
.lesson .planes { display: flex; flex-wrap: wrap; gap: .4rem 1rem; overflow-x: auto; max-width: 100%; padding: 3px; }
.lesson table { border-collapse: separate; border-spacing: 3px; font: 13px/1.25 ui-monospace, "DejaVu Sans Mono", Menlo,
                Consolas, monospace; }
.lesson caption { text-align: left; white-space: nowrap; color: var(--faint); padding: 0 3px; }
.lesson th { font-weight: normal; color: var(--faint); text-align: left; padding: .1rem .3rem; white-space: nowrap; }
.lesson td { border: 1px solid var(--rule); border-radius: 4px; padding: .2rem .45rem; text-align: right;
             min-width: 2.7rem; white-space: nowrap; }
.lesson td small, .lesson .memory small { display: block; font-size: 11px; color: var(--faint); }
.lesson .chosen { outline: 3px solid var(--c1); outline-offset: -1px; background: var(--mark); font-weight: bold; }
.lesson .also { outline: 2px dashed var(--c0); outline-offset: -1px; }
.lesson .aligned td { text-align: right; }
.lesson .aligned .repeated { border: 1px dashed var(--outline); background: var(--panel); }
.lesson .aligned .result td { border-width: 2px; }
.lesson .memory { display: flex; flex-wrap: wrap; list-style: none; margin: .3rem 0 0; padding: 2px; gap: 3px;
                  font: 13px/1.25 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.lesson .memory li { border: 1px solid var(--outline); border-radius: 4px; padding: .15rem .4rem; text-align: center;
                     background: var(--panel); min-width: 2.7rem; }
.lesson .memory .gap { border: 1px dashed var(--rule); background: none; }
.lesson dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: .2rem 0;
             font-size: .9rem; }
.lesson dt { color: var(--faint); }
.lesson dd { margin: 0; overflow-wrap: anywhere; }
"""

_SIGNS: Final = {"add": "+", "subtract": "−", "multiply": "×", "divide": "÷", "power": "**"}


def broadcasting_page(lesson: Lesson, index: Index | None) -> str:
    """The whole lesson as a page, with this element of the result chosen."""
    left, right = (str(side.x.shape) for side in lesson.sides)
    title = f"{lesson.operation}: {left} and {right}"
    body = [shapes(lesson), told(lesson, index), forward(lesson, index), backward(lesson, index), memory(lesson, index)]
    return document(title, STYLE, f"<h1>{clean(title)}</h1><main>{''.join(body)}</main>")


# ---- sections ------------------------------------------------------------------------------------


def shapes(lesson: Lesson) -> str:
    """The shapes below each other, from their last axes on."""
    names = [*(side.name for side in lesson.sides), "result"]
    operands = [*lesson.shapes.operands, None]
    first, *headings = lesson.shapes.headings()
    rows = []
    for name, operand, (shape, *lengths, summed) in zip(names, operands, lesson.shapes.rows(), strict=True):
        marked: Sequence[int] = () if operand is None else operand.summed
        text = str(lesson.shapes.shape) if operand is None else shape
        cells = "".join(
            f'<td class="repeated">{clean(length)}</td>' if axis in marked else f"<td>{clean(length)}</td>"
            for axis, length in enumerate(lengths)
        )
        kind = ' class="result"' if operand is None else ""
        rows.append(f'<tr{kind}><th scope="row">{name} {text}</th>{cells}<th>{summed}</th></tr>')
    heads = "".join(f'<th scope="col">{heading}</th>' for heading in (first, *headings))
    table = f'<table class="aligned"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return (
        '<section class="lesson"><h2>Shapes</h2><p>They are aligned from the last axis. 1->4 is an axis of one element '
        "that is repeated, +4 one that is put in front.</p>"
        f"{_scrolled(table)}</section>"
    )


def told(lesson: Lesson, index: Index | None) -> str:
    """Both passes through the chosen element in words."""
    if index is None:
        return '<section class="lesson"><p class="told">The result has no elements.</p></section>'
    at = written(index)
    names = [f"{side.name}[{written(side.read_at(index))}]" for side in lesson.sides]
    numbers = [_number(side.x, side.read_at(index)) for side in lesson.sides]
    sign = _SIGNS.get(lesson.operation)
    ways = [
        f" {sign} ".join(words) if sign else f"{lesson.operation}({', '.join(words)})" for words in (names, numbers)
    ]
    backwards = ", and ".join(
        f"{_number(side.contributions, index)} to the gradient of {name} "
        f"(in all {_number(side.gradient, side.read_at(index))})"
        for side, name in zip(lesson.sides, names, strict=True)
    )
    text = f"result[{at}] = {ways[0]} = {ways[1]} = {_number(lesson.result, index)}."
    back = f"Its cotangent {_number(lesson.cotangent, index)} adds {backwards}."
    return f'<section class="lesson"><p class="told">{clean(text)}<br>{clean(back)}</p></section>'


def forward(lesson: Lesson, index: Index | None) -> str:
    """The operands and the result; each element of the result says from which places it was read."""
    left, right = lesson.sides
    places = [strides(side.repeated) for side in lesson.sides]
    result = _array(lesson.result, index, note=lambda at: " ".join(f"@{x.position(*at):g}" for x in places))
    sign = clean(_SIGNS.get(lesson.operation, lesson.operation))
    return (
        '<section class="lesson"><h2>Forwards: what is read from where</h2><p>@2 is place 2 in the memory of an '
        "operand; an element of the result names the place it reads on the left, and that on the right.</p>"
        f'<div class="row">{_operand(left, index)}<div class="sign">{sign}</div>{_operand(right, index)}'
        f'<div class="sign">=</div>{_part("result", result, "result")}</div></section>'
    )


def backward(lesson: Lesson, index: Index | None) -> str:
    """The cotangent, what each element of the result contributes, and the sums of it."""
    cotangent = _array(lesson.cotangent, index)
    rows = []
    for side, operand in zip(lesson.sides, lesson.shapes.operands, strict=True):
        among = lesson.readers(side, index) if index is not None else frozenset()
        contributions = _array(side.contributions, index, among)
        own = None if index is None else side.read_at(index)
        gradient = _array(side.gradient, own)
        axes = ", ".join(map(str, operand.summed))
        said = f"summed over axis {axes}" if len(operand.summed) == 1 else f"summed over axes {axes}"
        said = said if operand.summed else "nothing to sum"
        before = _part(f"cotangent × ∂result/∂{side.name}", contributions, f"contributions-{side.name}")
        after = _part(f"gradient of {side.name}", gradient, f"gradient-{side.name}", said)
        rows.append(f'<div class="row">{before}<div class="sign">→</div>{after}</div>')
    return (
        '<section class="lesson"><h2>Backwards: what is summed to where</h2><p>An element that was read many times '
        "gets a contribution from each of them, and its derivative is their sum.</p>"
        f'<div class="row">{_part("cotangent of the result", cotangent, "cotangent")}</div>{"".join(rows)}</section>'
    )


def memory(lesson: Lesson, index: Index | None) -> str:
    """Of each operand the strides and the memory, with what lies at each place."""
    parts = "".join(_memory(side, index) for side in lesson.sides)
    return (
        '<section class="lesson"><h2>Memory</h2><p>The element x[i, j] lies at the place offset + i × stride of axis 0 '
        "+ j × stride of axis 1, for any number of axes. A stride of 0 repeats an element without a copy.</p>"
        f'<div class="row">{parts}</div></section>'
    )


# ---- parts ---------------------------------------------------------------------------------------


def _operand(side: Side, index: Index | None) -> str:
    places = strides(side.x)
    own = None if index is None else side.read_at(index)
    grid = _array(side.x, own, note=lambda at: f"@{places.position(*at):g}")
    return _part(f"{side.name} {side.x.shape}", grid, f"operand-{side.name}")


def _part(heading: str, markup: str, name: str, said: str = "") -> str:
    note = f"<p>{clean(said)}</p>" if said else ""
    return f'<div class="part" data-part="{name}"><h3>{clean(heading)}</h3>{note}{markup}</div>'


def _memory(side: Side, index: Index | None) -> str:
    places, repeated = strides(side.x), strides(side.repeated)
    own = None if index is None else side.read_at(index)
    facts = dict(places.facts)
    shown = {
        **({"layout": f"{side.layout}, {LAYOUTS[side.layout]}"} if side.x.ndim > 1 else {}),
        **{word: facts[word] for word in ("strides", "offset", "order")},
        "in the result": f"shape {side.repeated.shape}, strides {repeated.steps} elements",
    }
    rows = "".join(f"<dt>{word}</dt><dd>{clean(text)}</dd>" for word, text in shown.items())
    there = {places.position(*at): at for at in np.ndindex(side.x.shape)}
    cells = []
    for place in range(places.capacity):
        at = there.get(place)
        if at is None:
            cells.append(f'<li class="gap"><small>@{place}</small>·<small>&nbsp;</small></li>')
        else:
            kind = ' class="chosen"' if at == own else ""
            cells.append(
                f"<li{kind}><small>@{place}</small>{clean(_number(side.x, at))}<small>[{written(at)}]</small></li>"
            )
    strip = f'<ol class="memory" aria-label="memory of {side.name}">{"".join(cells)}</ol>'
    return _part(f"{side.name} {side.x.shape}", f"<dl>{rows}</dl>{strip}", f"memory-{side.name}")


def _array(
    x: Floats, chosen: Index | None, also: Set[Index] = frozenset(), note: Callable[[Index], str] | None = None
) -> str:
    """The array as planes of its last two axes, each with its place among the axes in front."""
    if not x.size:
        return "<p>no elements</p>"
    *front, rows, columns = (1, 1, *x.shape)[-max(2, x.ndim) :]
    planes = []
    for start in np.ndindex(*front):
        caption = f"<caption>[{', '.join(map(str, start))}, :, :]</caption>" if front else ""
        lines = []
        for row in range(rows):
            whole = [(*start, row, column)[max(0, 2 - x.ndim) :] if x.ndim else () for column in range(columns)]
            lines.append(f"<tr>{''.join(_cell(x, at, chosen, also, note) for at in whole)}</tr>")
        planes.append(f"<table>{caption}<tbody>{''.join(lines)}</tbody></table>")
    return _scrolled("".join(planes))


def _cell(x: Floats, at: Index, chosen: Index | None, also: Set[Index], note: Callable[[Index], str] | None) -> str:
    kind = ' class="chosen"' if at == chosen else ' class="also"' if at in also else ""
    small = "" if note is None else f"<small>{clean(note(at))}</small>"
    return f'<td{kind} title="[{written(at)}]">{clean(_number(x, at))}{small}</td>'


def _scrolled(markup: str) -> str:
    """Wide markup in a frame that can be scrolled, also by keys."""
    return f'<div class="planes" tabindex="0" role="group">{markup}</div>'


def _number(x: Floats, at: Index) -> str:
    return format_number(float(x[at]))
