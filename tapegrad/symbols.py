"""Formulas: operands that record what is done to them, so that running a declaration writes it down.

The rule ``lambda out, x, y: {0: y, 1: x}`` of ``multiply``, called with the symbols out, x and y, answers with
the formulas of its partials. What is printed or generated from them cannot differ from the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import NoReturn

import attrs

from tapegrad.elementwise import Binary, Elementwise, Unary, evaluated
from tapegrad.operators import Operators
from tapegrad.primitive import ARGUMENTS, Comparison, Params, Primitive, Recording

__all__ = ["Infix", "Symbol", "declared", "partials_of", "written"]


@attrs.frozen
class Infix:
    """An operator: its sign, how tightly it binds, and whether x - (y - z) needs its parentheses."""

    sign: str
    strength: int
    grouping: bool = False


class _Writer(Recording):
    """The writer of symbols: an operation becomes a formula."""

    __slots__ = ()

    def __init__(self) -> None:
        self.serial = 0
        self.sealed = True  # there is no tape to write to

    def record(self, primitive: Primitive, operands: Sequence[object], params: Params = ()) -> Symbol:
        del params
        return Symbol(primitive.name, primitive, operands)

    def guard(self, comparison: Comparison, operands: Sequence[object]) -> NoReturn:
        msg = f"a rule is a formula and cannot branch on {comparison.name}{tuple(operands)}"
        raise TypeError(msg)


_WRITER = _Writer()


class Symbol(Operators):
    """A formula: a name, or an operation on formulas and numbers."""

    __slots__ = ("name", "operands", "primitive")

    def __init__(self, name: str, primitive: Primitive | None = None, operands: Iterable[object] = ()) -> None:
        super().__init__(_WRITER, 0, 0.0, None)
        self.name = name
        self.primitive = primitive
        self.operands = tuple(operands)

    def __repr__(self) -> str:
        return f"{self.name}{self.operands}" if self.primitive else self.name


def declared(families: Iterable[ModuleType]) -> dict[str, Elementwise]:
    """The operations of one number or two of these modules by name, in the order of their declaration."""
    found: dict[str, Elementwise] = {}
    for family in families:
        found |= {x.name: x for x in vars(family).values() if isinstance(x, (Unary, Binary))}
    return found


def partials_of(operation: Elementwise) -> list[object]:
    """The partial derivative by each argument: a `Symbol` of ``out`` and the `ARGUMENTS`, or a float."""
    names = [Symbol(name) for name in ARGUMENTS[: operation.arity]]
    partials = operation.partials(Symbol("out"), names)
    return [evaluated(partials[position]) for position in sorted(partials)]


def written(
    formula: object, infixes: Mapping[str, Infix], call: Callable[[Primitive], str], number: str = "r", least: int = 0
) -> str:
    """A formula as text, in parentheses if it binds less tightly than `least`.

    Operations are written with the sign that `infixes` has for their name, or else as the function that `call`
    names; a sign for one operand is a prefix. `number` is the format of a constant: ``"r"`` for all its digits.
    """
    if not isinstance(formula, Symbol):
        return repr(formula) if number == "r" or not isinstance(formula, float) else format(formula, number)
    if formula.primitive is None:
        return formula.name
    infix = infixes.get(formula.name)
    if infix is None:
        operands = ", ".join(written(x, infixes, call, number) for x in formula.operands)
        return f"{call(formula.primitive)}({operands})"
    *first, last = formula.operands
    text = infix.sign + written(last, infixes, call, number, infix.strength + infix.grouping)
    if first:
        text = written(first[0], infixes, call, number, infix.strength) + text
    return text if infix.strength >= least else f"({text})"
