"""The derivative rules in formulas, written by running each declaration on symbols.

So the table cannot differ from the rules.
"""

from __future__ import annotations

from collections.abc import Iterable

from tapegrad.elementwise import Elementwise
from tapegrad.ops import activation, arithmetic, exponential, selection, trigonometric
from tapegrad.primitive import ARGUMENTS
from tapegrad.symbols import Infix, declared, partials_of, written

__all__ = ["as_formula", "formulas", "markdown", "operations"]

_INFIXES = {
    "add": Infix(" + ", 1),
    "subtract": Infix(" - ", 1, grouping=True),
    "multiply": Infix(" * ", 2),
    "divide": Infix(" / ", 2, grouping=True),
    "negative": Infix("-", 3),
    "power": Infix("**", 4, grouping=True),
}


def formulas(operation: Elementwise) -> tuple[str, ...]:
    """The partial derivative by each argument, as a formula of ``out`` and the arguments ``x``, ``y``.

    >>> from tapegrad.ops.arithmetic import divide
    >>> formulas(divide)
    ('1 / y', '-out / y')
    """
    return tuple(map(as_formula, partials_of(operation)))


def as_formula(symbol: object) -> str:
    """A symbol, or a number, as mathematics writes it."""
    return written(symbol, _INFIXES, lambda primitive: primitive.name, ".6g")


def operations() -> list[Elementwise]:
    """The operations of `tapegrad.numpy`, in the order of their declaration, and what their rules lean on."""
    return list(declared((arithmetic, exponential, trigonometric, activation, selection)).values())


def markdown(operations: Iterable[Elementwise]) -> str:
    """A Markdown table of rules: one row for each operation."""
    rows = ["| operation | d out / dx | d out / dy |", "| --- | --- | --- |"]
    for operation in operations:
        partials = formulas(operation) if operation.rule is not None else ("0",) * (operation.arity or 0)
        cells = [f"`{cell}`" for cell in partials] + [""] * (2 - len(partials))
        arguments = ", ".join(ARGUMENTS[: operation.arity])
        rows.append(f"| `{operation.name}({arguments})` | {' | '.join(cells)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(markdown(operations()))
