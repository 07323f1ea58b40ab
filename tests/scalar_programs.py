"""Scalar programs as data, which every build of tapegrad interprets alike, and all that it answers about them.

Run as a program, it reads questions and writes answers, a line of JSON each, until its input ends: this is how
a test asks the build that it does not run in itself. JSON keeps every bit of a float, inf and nan among them.
"""

from __future__ import annotations

import json
import operator
import sys
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias, cast

import attrs
import numpy as np

import tapegrad as tg
from tapegrad.extend import elementwise
from tapegrad.generator import elementwise_operations
from tapegrad.ops import selection
from tapegrad.primitive import Comparison

__all__ = ["ARITIES", "Question", "Step", "answers", "derivatives_of"]

Step: TypeAlias = tuple[str, Sequence[int | float]]
"""An operation, and its operands: an int is the index of an earlier value, a float is a constant."""

Function: TypeAlias = Callable[..., tg.Scalar]

# It has no kernel: it divides a sweep over machine numbers into two, with a call of its rule between them.
fused = elementwise("programs_fused", lambda x, y, z: x * y + z, lambda out, x, y, z: {0: y, 1: x, 2: 1.0})

_COMPARISONS: Final = [x for x in vars(selection).values() if isinstance(x, Comparison)]


def _branch(compare: Callable[..., bool]) -> Function:
    """A function that adds or subtracts, as a comparison says."""
    return lambda x, y: x + y if compare(x, y) else x - y


# Operations are called by name and, where Python has a sign for them, written with it: each has its way of recording.
_UNARY: Final[dict[str, Function]] = {
    **{x.name: cast(Function, x) for x in elementwise_operations() if x.arity == 1},
    "-x": operator.neg,
    "abs(x)": abs,
    "2 * x": lambda x: 2 * x,
    "x ** 3": lambda x: x**3,
    "True + x": lambda x: True + x,
    "x - np.float64(2.5)": lambda x: x - np.float64(2.5),
    "np.float32(2.5) / x": lambda x: np.float32(2.5) / x,
    "if x": lambda x: x or -x,
}
_BINARY: Final[dict[str, Function]] = {
    **{x.name: cast(Function, x) for x in elementwise_operations() if x.arity == 2},
    "x + y": operator.add,
    "x - y": operator.sub,
    "x * y": operator.mul,
    "x / y": operator.truediv,
    "x // y": operator.floordiv,
    "x % y": operator.mod,
    "x ** y": operator.pow,
    **{f"if {x.name}": _branch(x) for x in _COMPARISONS},
    **{f"if {x.name}, by its sign": _branch(x.compute) for x in _COMPARISONS},
}
_OPERATIONS: Final[dict[str, Function]] = _UNARY | _BINARY | {fused.name: cast(Function, fused)}
ARITIES: Final[dict[str, int]] = {name: 1 if name in _UNARY else 2 if name in _BINARY else 3 for name in _OPERATIONS}


@attrs.frozen
class Question:
    """A straight-line program, which of its values are outputs, and where and along what to differentiate it."""

    steps: Sequence[Step]
    outputs: Sequence[int]
    point: Sequence[float]
    tangents: Sequence[float]
    cotangents: Sequence[float]

    def program(self, *arguments: tg.Scalar) -> list[tg.Scalar]:
        """The outputs at these arguments, all of which are traced."""
        values = list(arguments)
        for name, operands in self.steps:
            values.append(_OPERATIONS[name](*[values[x] if isinstance(x, int) else x for x in operands]))
        return [values[index] for index in self.outputs]

    def first(self, *arguments: tg.Scalar) -> tg.Scalar:
        """The first output."""
        return self.program(*arguments)[0]


def derivatives_of(question: Question) -> dict[str, Callable[..., object]]:
    """What can be asked about a program, as functions of the point."""
    program, first, tangents = question.program, question.first, question.tangents
    every = tuple(range(len(question.point)))
    gradient = tg.grad(first, every)
    return {
        "value and gradient": tg.value_and_grad(first, every),
        "pulled back": lambda *point: tg.vjp(program, *point)[1](list(question.cotangents)),
        "pushed forward": lambda *point: tg.jvp(program, point, tangents),
        "jacobian, in reverse": tg.jacrev(program, every),
        "jacobian, forwards": tg.jacfwd(program, every),
        "hessian": tg.hessian(first, every),
        "hessian, in reverse twice": tg.jacrev(gradient, every),
        "hessian-vector product": lambda *point: tg.hvp(first, point, tangents),
    }


def answers(question: Question) -> dict[str, object]:
    """All that tapegrad says about a program: its tape, every value, the derivatives."""
    trace = tg.trace(question.program, *question.point)
    saved = trace.tape.to_json()
    replayed = tg.evaluate(tg.Tape.from_json(saved), question.point)
    return {
        "tape": saved,
        "values": trace.values,
        "replayed": [float(cast(float, value)) for value in replayed],
        **{name: derivative(*question.point) for name, derivative in derivatives_of(question).items()},
    }


def main() -> None:
    """Say which build this is, then answer."""
    print(json.dumps(tg.compiled), flush=True)
    for line in sys.stdin:
        try:
            answer = answers(Question(**json.loads(line)))
        except Exception as error:  # noqa: BLE001  # an answer like any other, which the test will show
            answer = {"raised": repr(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
