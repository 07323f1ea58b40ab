"""A tape laid out on the plane: every record once, in tape order from left to right.

Columns are filled in tape order: a record that reads one of the current column starts the next. So edges go
from left to right, and reading the columns in turn is reading the tape. An edge that passes columns on its
way is given a lane in each, one for all edges from the same record, and lanes and nodes share the column
without overlapping. Within a column they are ordered by barycentre (Sugiyama, Tagawa and Toda 1981) and
placed by least squares as near to their neighbours as the spacing allows.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, groupby, pairwise
from typing import Final, TypeAlias

import attrs

from tapegrad.errors import DrawingError
from tapegrad.trace import Trace
from tapegrad.view.steps import Step, steps_of

__all__ = ["MOST_RECORDS", "Drawing", "Edge", "Node", "Point", "draw", "shortened", "subtitle", "text_width"]

MOST_RECORDS: Final = 400
"""A longer tape is refused: nobody could read its drawing."""

# Lengths are in SVG user units (px).
CHARACTER: Final = 7.4  # the widest common monospace font at 12 px
LINE: Final = 16.0
PADDING: Final = 10.0
PORT: Final = 18.0  # between the ends of edges at one node
SPACING: Final = 16.0  # between nodes or lanes of one column
LANE: Final = 2.0
BEND: Final = 64.0  # the width in which edges change height
ARROW: Final = 12.0
MARGIN: Final = 20.0
ORDERING: Final = 10  # sweeps that order the columns by one side's neighbours
STRAIGHTENING: Final = 24  # sweeps after that, which keep the order and pull from both sides
LONGEST_TITLE: Final = 24

Point: TypeAlias = tuple[float, float]
Item: TypeAlias = tuple[int, int]  # a record and a column: its node in its own column, else its lane


@attrs.frozen
class Node:
    """A record in its box; ``x, y`` is the upper left corner."""

    step: Step
    column: int
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The height at which edges leave."""
        return self.y + self.height / 2.0


@attrs.frozen
class Edge:
    """What record `target` reads at `position`: a path of sections that bend and are level in turn.

    ``points`` go from the right side of the source to the left side of the target; the last section is
    level and has room for ``label``, the local derivative; "" where that is no number.
    """

    source: int
    target: int
    position: int
    label: str
    points: tuple[Point, ...]


@attrs.frozen
class Drawing:
    """Nodes in tape order, edges in the order they are read, and the size of the whole."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: float
    height: float

    @property
    def steps(self) -> tuple[Step, ...]:
        """The records, in tape order."""
        return tuple(node.step for node in self.nodes)


def draw(trace: Trace, labels: Mapping[int, str] | None = None, sources: Mapping[int, str] | None = None) -> Drawing:
    """The drawing of `trace`, with the names and sources of `steps_of`.

    Raises DrawingError for more than `MOST_RECORDS` records.

    >>> from tapegrad import trace
    >>> drawing = draw(trace(lambda x, y: x * y + x, 2.0, 3.0))
    >>> [(node.column, node.step.title) for node in drawing.nodes]
    [(0, 'x'), (0, 'y'), (1, 'multiply'), (2, 'add')]
    """
    count = len(trace.tape)
    if count > MOST_RECORDS:
        msg = (
            f"a tape of {count} records is too long to draw (at most {MOST_RECORDS}); "
            "trace a smaller part of the program, or print the tape"
        )
        raise DrawingError(msg)
    steps = steps_of(trace, labels, sources)
    columns = _columns_of(steps)
    links = _links(steps, columns)
    middles = _place(steps, columns, links)
    extents = _extents(steps, columns)
    nodes = _nodes(steps, columns, extents, middles)
    width = max((extent.right for extent in extents), default=0.0) + MARGIN
    bottoms = (middles[item] + _size(item, steps, columns) / 2.0 for item in middles)
    return Drawing(nodes, tuple(_edges(nodes, extents, middles)), width, max(bottoms, default=0.0) + MARGIN)


# ---- columns and lanes ---------------------------------------------------------------------------


def _columns_of(steps: Sequence[Step]) -> list[int]:
    """The column of each record, never falling along the tape, and rising along each edge."""
    columns: list[int] = []
    current = 0
    for step in steps:
        if any(columns[i] == current for i in step.inputs):
            current += 1
        columns.append(current)
    return columns


@attrs.frozen
class _Links:
    """The items of each column; between neighbouring columns, (left item, right item, port) of each link.

    The port is where the link ends, relative to the middle of the right item.
    """

    columns: list[list[Item]]
    to_left: Mapping[Item, list[tuple[Item, float]]]
    to_right: Mapping[Item, list[tuple[Item, float]]]


def _links(steps: Sequence[Step], columns: Sequence[int]) -> _Links:
    items: dict[Item, None] = {(step.index, columns[step.index]): None for step in steps}
    to_left: dict[Item, list[tuple[Item, float]]] = defaultdict(list)
    to_right: dict[Item, list[tuple[Item, float]]] = defaultdict(list)

    def link(left: Item, right: Item, port: float) -> None:
        to_left[right].append((left, port))
        to_right[left].append((right, port))

    for step in steps:
        column = columns[step.index]
        for position, source in enumerate(step.inputs):
            for at in range(columns[source] + 1, column):
                if (source, at) not in items:
                    items[source, at] = None
                    link((source, at - 1), (source, at), 0.0)
            link((source, column - 1), (step.index, column), _port(step, position))
    by_column: list[list[Item]] = [[] for _ in range(max(columns, default=-1) + 1)]
    for item in items:
        by_column[item[1]].append(item)
    return _Links(by_column, to_left, to_right)


def _port(step: Step, position: int) -> float:
    """Where the edge at `position` ends, relative to the middle of the node."""
    return (position - (len(step.inputs) - 1) / 2.0) * PORT


# ---- heights -------------------------------------------------------------------------------------


def _place(steps: Sequence[Step], columns: Sequence[int], links: _Links) -> dict[Item, float]:
    """The middle of every node and lane: alternating sweeps that pull items towards their neighbours."""
    sizes = {item: _size(item, steps, columns) for column in links.columns for item in column}
    middles: dict[Item, float] = {}
    for column in links.columns:
        stacked = _spread([0.0] * len(column), [sizes[item] for item in column])
        middles.update(zip(column, stacked, strict=True))
    for sweep in range(ORDERING + STRAIGHTENING):
        rightwards, ordering = sweep % 2 == 0, sweep < ORDERING
        for column in links.columns if rightwards else reversed(links.columns):
            wanted = {item: _wanted(item, links, middles, rightwards, not ordering) for item in column}
            if ordering:
                column.sort(key=wanted.__getitem__)
            placed = _spread([wanted[item] for item in column], [sizes[item] for item in column])
            middles.update(zip(column, placed, strict=True))
    top = min((middle - sizes[item] / 2.0 for item, middle in middles.items()), default=0.0)
    return {item: middle - top + MARGIN for item, middle in middles.items()}


def _wanted(item: Item, links: _Links, middles: Mapping[Item, float], rightwards: bool, both_sides: bool) -> float:
    """The mean height of the neighbours on one side or on both; where there are none, its own."""
    from_left = [middles[left] - port for left, port in links.to_left.get(item, ())]
    from_right = [middles[right] + port for right, port in links.to_right.get(item, ())]
    heights = from_left + from_right if both_sides else from_left if rightwards else from_right
    return sum(heights) / len(heights) if heights else middles[item]


def _spread(wanted: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """The heights nearest to `wanted`, in the same order, at which items of these sizes do not overlap.

    Least squares under order constraints: isotonic regression, by pooling adjacent violators.
    """
    gaps = [0.0, *((above + below) / 2.0 + SPACING for above, below in pairwise(sizes))]
    shifts = list(accumulate(gaps))[: len(sizes)]
    pools: list[tuple[float, int]] = []  # mean and number of items that stand together
    for height, shift in zip(wanted, shifts, strict=True):
        mean, count = height - shift, 1
        while pools and pools[-1][0] > mean:
            above, among = pools.pop()
            mean, count = (above * among + mean * count) / (among + count), among + count
        pools.append((mean, count))
    means = (mean for mean, count in pools for _ in range(count))
    return [mean + shift for mean, shift in zip(means, shifts, strict=True)]


# ---- sizes and paths -----------------------------------------------------------------------------


def _size(item: Item, steps: Sequence[Step], columns: Sequence[int]) -> float:
    """The height of a node or lane."""
    index, column = item
    return _height(steps[index]) if columns[index] == column else LANE


def text_width(text: str) -> float:
    """The width of `text` in 12 px monospace; East Asian characters are twice as wide."""
    return CHARACTER * sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def shortened(title: str) -> str:
    """`title` as it is drawn: what is too long ends in three dots."""
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 3]}..."


def subtitle(step: Step) -> str:
    """What stands beside the title: the index, and the operation unless that is the title."""
    return f"{step.operation} %{step.index}" if step.name else f"%{step.index}"


def _height(step: Step) -> float:
    return max((1 + len(step.rows)) * LINE + PADDING, (len(step.inputs) - 1) * PORT + 2.0 * PADDING)


def _width(step: Step) -> float:
    rows = ((shortened(step.title), subtitle(step)), *step.rows)
    return max(text_width(f"{word}   {text}") for word, text in rows) + 2.0 * PADDING


@attrs.frozen
class _Column:
    """The horizontal extent of a column: edges to it are level from `level` on, and end at `left`."""

    level: float
    left: float
    right: float


def _extents(steps: Sequence[Step], columns: Sequence[int]) -> list[_Column]:
    """The columns side by side; between them room for the bends, the labels and the arrows."""
    extents: list[_Column] = []
    for _, group in groupby(steps, key=lambda step: columns[step.index]):
        members = list(group)
        label = max((text_width(text) for step in members for text in step.partial_texts), default=0.0)
        level = extents[-1].right + BEND if extents else MARGIN
        left = level + label + ARROW if extents else MARGIN
        extents.append(_Column(level, left, left + max(map(_width, members))))
    return extents


def _nodes(
    steps: Sequence[Step], columns: Sequence[int], extents: Sequence[_Column], middles: Mapping[Item, float]
) -> tuple[Node, ...]:
    """Every record in its box; the boxes of a column are equally wide."""
    nodes = []
    for step, column in zip(steps, columns, strict=True):
        at, height = extents[column], _height(step)
        top = middles[step.index, column] - height / 2.0
        nodes.append(Node(step, column, at.left, top, at.right - at.left, height))
    return tuple(nodes)


def _edges(nodes: Sequence[Node], extents: Sequence[_Column], middles: Mapping[Item, float]) -> Iterator[Edge]:
    """Every reading of a record by another, through its lanes."""
    for node in nodes:
        step = node.step
        for position, (source, label) in enumerate(zip(step.inputs, step.partial_texts, strict=True)):
            start = nodes[source]
            points = [(start.x + start.width, start.middle)]
            for column in range(start.column + 1, node.column):
                height = middles[source, column]
                points += [(extents[column].level, height), (extents[column].right, height)]
            end = node.middle + _port(step, position)
            points += [(extents[node.column].level, end), (node.x, end)]
            yield Edge(source, step.index, position, label, tuple(points))
