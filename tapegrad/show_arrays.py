"""``tapegrad show --shapes "3, 1" "1, 4"``: an operation between two arrays, what it reads, and where that lies."""

from __future__ import annotations

import argparse

import numpy as np

from tapegrad.arrays import Floats
from tapegrad.files import write_whole
from tapegrad.view.broadcasting_lesson import LAYOUTS, OPERATIONS, index_from, lesson_of, shape_from
from tapegrad.view.broadcasting_page import broadcasting_page
from tapegrad.view.strides import strides

__all__ = ["add_options", "run"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give ``show`` the options for two arrays."""
    group = parser.add_argument_group("two arrays in place of an expression")
    group.add_argument(
        "--shapes",
        nargs=2,
        metavar="SHAPE",
        help='show how two arrays are broadcast, as in "3, 1" "1, 4"; "" is a number',
    )
    group.add_argument(
        "--operation-between",
        choices=list(OPERATIONS),
        default="multiply",
        metavar="NAME",
        help="the operation between them [multiply]",
    )
    group.add_argument(
        "--layouts",
        nargs=2,
        choices=list(LAYOUTS),
        default=["C", "C"],
        metavar="LAYOUT",
        help=f"how they lie in memory: {', '.join(LAYOUTS)} [C C]",
    )
    group.add_argument(
        "--cotangent", default="1", metavar="NUMBERS", help="of the result: one number for all, or all of them [1]"
    )
    group.add_argument(
        "--element", metavar="INDEX", help='the element of the result to follow, as in "1, 2" [the first]'
    )


def run(args: argparse.Namespace) -> int:
    """Write the page if it is asked for, print shapes, memory and both passes. Returns the exit status."""
    left, right = map(shape_from, args.shapes)
    lesson = lesson_of((left, right), args.operation_between, args.layouts, args.cotangent)
    shape = lesson.result.shape
    first = ", ".join("0" for _ in shape)
    index = index_from(first if args.element is None else args.element, shape) if lesson.result.size else None
    if args.html is not None:
        write_whole(args.html, broadcasting_page(lesson, index))
    print(lesson.shapes)
    for side in lesson.sides:
        print(f"\n{side.name} in memory\n{strides(side.x)}")
    _print_array("result", lesson.result)
    _print_array("cotangent", lesson.cotangent)
    for side, operand in zip(lesson.sides, lesson.shapes.operands, strict=True):
        axes = ", ".join(map(str, operand.summed)) or "none"
        _print_array(f"gradient of {side.name}, summed over axes: {axes}", side.gradient)
    return 0


def _print_array(heading: str, x: Floats) -> None:
    print(f"\n{heading}\n{np.array2string(x, precision=6)}")
