"""The derivative rules in formulas, written by running each declaration on symbols.

A `Symbol` is an operand that records text: the rule ``lambda out, x, y: {0: y, 1: x}`` of ``multiply``,
called with the symbols out, x and y, answers with the formulas of its partials. So the table cannot
differ from the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NoReturn

from tapegrad.elementwise import Elementwise
from tapegrad.ops import activation, arithmetic, exponential, selection, trigonometric
from tapegrad.primitive import Comparison, Operand, Params, Primitive, Recording
from tapegrad.typing import Number

__all__ = ["Symbol", "formulas", "markdown", "operations"]

_INFIX = {"add": (" + ", 1), "subtract": (" - ", 1), "multiply": (" * ", 2), "divide": (" / ", 2), "power": ("**", 4)}
_NEGATION, _ATOM = 3, 5  # how tightly a formula binds, beside those of _INFIX


class _Writer(Recording):
    """The writer of symbols: an operation becomes its formula."""

    __slots__ = ()
    serial = 0

    def record(self, primitive: Primitive, operands: Sequence[object], params: Params = ()) -> Symbol:
        del params
        if primitive.name in _INFIX:
            sign, strength = _INFIX[primitive.name]
            left, right = operands
            # x - (y - z) and x / (y / z) need their parentheses, x + y + z and x * y * z do not
            tight = strength + (primitive.name in {"subtract", "divide", "power"})
            return Symbol(f"{_text(left, strength)}{sign}{_text(right, tight)}", strength)
        if primitive is arithmetic.negative:
            return Symbol(f"-{_text(operands[0], _NEGATION)}", _NEGATION)
        return Symbol(f"{primitive.name}({', '.join(_text(x, 0) for x in operands)})", _ATOM)

    def guard(self, comparison: Comparison, operands: Sequence[object]) -> NoReturn:
        msg = f"a rule is a formula and cannot branch on {comparison.name}{tuple(operands)}"
        raise TypeError(msg)


def _text(x: object, strength: int) -> str:
    """The formula of an operand, in parentheses if it binds less tightly than its place asks for."""
    if isinstance(x, Symbol):
        return x.text if x.strength >= strength else f"({x.text})"
    return f"{x:.6g}" if isinstance(x, float) else str(x)


class Symbol(Operand):
    """A formula, such as ``x`` or ``1 / (x + y)``."""

    __slots__ = ("strength", "text")

    def __init__(self, text: str, strength: int = _ATOM) -> None:
        self.text = text
        self.strength = strength

    @property
    def recording(self) -> _Writer:
        return _WRITER

    def apply(self, primitive: Primitive, compute: Callable[[float], float]) -> Symbol:
        del compute
        return _WRITER.record(primitive, (self,))

    def __repr__(self) -> str:
        return self.text

    def __add__(self, other: Number) -> Symbol:
        return _WRITER.record(arithmetic.add, (self, other))

    def __radd__(self, other: float) -> Symbol:
        return _WRITER.record(arithmetic.add, (other, self))

    def __sub__(self, other: Number) -> Symbol:
        return _WRITER.record(arithmetic.subtract, (self, other))

    def __rsub__(self, other: float) -> Symbol:
        return _WRITER.record(arithmetic.subtract, (other, self))

    def __mul__(self, other: Number) -> Symbol:
        return _WRITER.record(arithmetic.multiply, (self, other))

    def __rmul__(self, other: float) -> Symbol:
        return _WRITER.record(arithmetic.multiply, (other, self))

    def __truediv__(self, other: Number) -> Symbol:
        return _WRITER.record(arithmetic.divide, (self, other))

    def __rtruediv__(self, other: float) -> Symbol:
        return _WRITER.record(arithmetic.divide, (other, self))

    def __neg__(self) -> Symbol:
        return arithmetic.negative(self)

    def __lt__(self, other: Number) -> bool:
        return selection.less(self, other)

    def __le__(self, other: Number) -> bool:
        return selection.less_equal(self, other)

    def __gt__(self, other: Number) -> bool:
        return selection.greater(self, other)

    def __ge__(self, other: Number) -> bool:
        return selection.greater_equal(self, other)


_WRITER = _Writer()


def formulas(operation: Elementwise) -> tuple[str, ...]:
    """The partial derivative by each argument, as a formula of ``out`` and the arguments ``x``, ``y``.

    >>> from tapegrad.ops.arithmetic import divide
    >>> formulas(divide)
    ('1 / y', '-out / y')
    """
    names = [Symbol(name) for name in "xyzuvw"[: operation.arity]]
    partials = operation.partials(Symbol("out"), names)
    return tuple(_text(partials[position], 0) for position in sorted(partials))


def operations() -> list[Elementwise]:
    """The operations of `tapegrad.numpy`, in the order of their declaration, and what their rules lean on."""
    found: dict[str, Elementwise] = {}
    for family in (arithmetic, exponential, trigonometric, activation, selection):
        found |= {x.name: x for x in vars(family).values() if isinstance(x, Elementwise)}
    return list(found.values())


def markdown(operations: Iterable[Elementwise]) -> str:
    """A Markdown table of rules: one row for each operation."""
    rows = ["| operation | d out / dx | d out / dy |", "| --- | --- | --- |"]
    for operation in operations:
        partials = formulas(operation) if operation.rule is not None else ("0",) * (operation.arity or 0)
        cells = [f"`{cell}`" for cell in partials] + [""] * (2 - len(partials))
        arguments = ", ".join("xyzuvw"[: operation.arity])
        rows.append(f"| `{operation.name}({arguments})` | {' | '.join(cells)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(markdown(operations()))
