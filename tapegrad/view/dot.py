"""A drawing as text in the DOT language, for those who have Graphviz or another reader of it."""

from __future__ import annotations

from itertools import groupby

from tapegrad.view.drawing import Drawing
from tapegrad.view.steps import Step

__all__ = ["dot"]

_SHAPES = {
    "input": 'style="rounded,bold"',
    "constant": 'style="dashed"',
    "operation": 'style="solid"',
    "guard": 'style="dashed", shape="hexagon"',
}


def dot(drawing: Drawing) -> str:
    """The directed graph: a node for each record, in the columns of the drawing, an edge for each reading."""
    lines = ["digraph tape {", "  rankdir=LR;", '  node [shape="box", fontname="monospace"];']
    for _, column in groupby(drawing.nodes, key=lambda node: node.column):
        lines.append("  { rank=same;")
        lines += [f"    {_node(node.step)}" for node in column]
        lines.append("  }")
    for edge in drawing.edges:
        lines.append(f"  r{edge.source} -> r{edge.target} [label={quoted(edge.label)}];")
    lines.append("}")
    return "\n".join(lines) + "\n"


def _node(step: Step) -> str:
    rows = [f"{step.name}: {step.operation}" if step.name else step.operation]
    rows += [f"{word} {text}" for word, text in step.rows]
    label, tooltip = quoted("\n".join(rows)), quoted(step.source or step.title)
    output = ', peripheries="2"' if step.is_output else ""
    return f"r{step.index} [label={label}, tooltip={tooltip}, {_SHAPES[step.kind]}{output}];"


def quoted(text: str) -> str:
    r"""`text` as a double-quoted string of DOT.

    >>> print(quoted('a "b"'))
    "a \"b\""
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
