"""Writes `tapegrad.kernels`: run ``python -m tapegrad.generator``.

A derivative is stated once, in the declaration of its operation. Here every declaration is run on symbols, and
the formulas are printed as typed Python, one branch for each operation, which mypyc compiles. The output is kept
with the sources; a test holds it against the declarations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tapegrad import floats
from tapegrad.elementwise import Elementwise, chain, zeros_win
from tapegrad.files import write_whole
from tapegrad.ops import activation, arithmetic, exponential, selection, structural, trigonometric
from tapegrad.primitive import ARGUMENTS, Comparison, Primitive
from tapegrad.symbols import Infix, Symbol, declared, partials_of, written

__all__ = ["elementwise_operations", "kernels"]

Operation = TypeVar("Operation", bound=Primitive)

_FAMILIES = (arithmetic, exponential, trigonometric, activation, selection, structural)

# What floats have operators for; everything else is a function of tapegrad.floats.
_INFIXES = {
    "less": Infix(" < ", 0), "less_equal": Infix(" <= ", 0), "greater": Infix(" > ", 0),
    "greater_equal": Infix(" >= ", 0), "equal": Infix(" == ", 0), "not_equal": Infix(" != ", 0),
    "add": Infix(" + ", 1, grouping=True), "subtract": Infix(" - ", 1, grouping=True),
    "multiply": Infix(" * ", 2, grouping=True), "negative": Infix("-", 3),
}  # fmt: skip
_FUNCTIONS: dict[Callable[..., object], str] = {getattr(floats, name): f"floats.{name}" for name in floats.__all__}
_FUNCTIONS[abs] = "abs"
_FACTOR = 3  # how tightly the right factor of a product must bind

_KERNELS_HEAD = """\
\"\"\"Kernels: the value and the derivative of every operation on plain floats, one branch for each.

Written by ``python -m tapegrad.generator`` from the declarations in `tapegrad.ops`: change those, not this. The
sweeps of `tapegrad.sweeps` and `tapegrad.forward` call them where everything is a float.
\"\"\"

from __future__ import annotations

from math import nan
from typing import Final

from mypy_extensions import i32, i64

from tapegrad import floats
from tapegrad.vectors import vec

NONE: Final = -1
\"\"\"In a column of indices or offsets: there is none.\"\"\"

# What a column of operations holds.\
"""

_VALUE_OF_ONE = """\
def value_of_one(code: i32, x: float) -> float:
    \"\"\"The value of an operation of one number.\"\"\"\
"""

_VALUE_OF_TWO = """\
def value_of_two(code: i32, x: float, y: float) -> float:
    \"\"\"The value of an operation of two numbers.\"\"\"\
"""

_OUTCOME = """\
def outcome(code: i32, x: float, y: float) -> bool:
    \"\"\"The answer of a comparison.\"\"\"\
"""

_NO_VALUE = """\
    return nan  # never reached: only operations with a kernel come here\
"""

_NO_OUTCOME = """\
    return False  # never reached either\
"""

_PULL = """\
def pull(
    codes: vec[i32], lefts: vec[i32], rights: vec[i32], numbers: vec[float], cotangents: vec[float], start: i64
) -> i64:
    \"\"\"Sweep backwards from record `start`: add to the cotangents of its inputs, and so on, down to the first.

    A cotangent of exactly zero contributes nothing, even to a partial that is infinite. Returns the index of
    the first record on the way that has a cotangent but no kernel, so that the caller can go on from there;
    -1 at the end.
    \"\"\"
    for at in range(start, -1, -1):
        g = cotangents[at]
        if g == 0.0:
            continue
        code = codes[at]
        left = i64(lefts[at])
        right = i64(rights[at])\
"""

_PULL_END = """\
        elif code >= COUNT:
            return at
    return -1\
"""

_PUSH = """\
def push(
    codes: vec[i32], lefts: vec[i32], rights: vec[i32], numbers: vec[float], tangents: vec[float], start: i64, end: i64
) -> i64:
    \"\"\"Sweep forwards from record `start`: the tangent of every record before `end` whose inputs have one.

    Returns the index of the first record on the way that has no kernel, so that the caller can go on
    from there; `end` at the end.
    \"\"\"
    for at in range(start, end):
        left = i64(lefts[at])
        right = i64(rights[at])
        t = tangents[left] if left >= 0 else 0.0
        u = tangents[right] if right >= 0 else 0.0
        code = codes[at]
        if code >= COUNT:
            return at
        if t == 0.0 and u == 0.0:
            continue\
"""

_PUSH_END = """\
    return end
"""


def elementwise_operations() -> list[Elementwise]:
    """The declared operations of one number or two, in the order of their declaration."""
    products = {chain.name: chain, zeros_win.name: zeros_win}
    return list((products | declared(_FAMILIES)).values())


def _comparisons() -> list[Comparison]:
    return [x for x in vars(selection).values() if isinstance(x, Comparison)]


def _text(formula: object, least: int = 0) -> str:
    """A formula as Python on floats, its sums and products in the very order that the rule has."""
    return written(formula, _INFIXES, lambda primitive: _FUNCTIONS[_computed(primitive)], least=least)


def _computed(primitive: Primitive) -> Callable[..., object]:
    """The function that gives the value. Raises TypeError for an operation that is not of numbers to a number."""
    if isinstance(primitive, (Elementwise, Comparison)):
        return primitive.compute
    msg = f"{primitive.name} has no value on floats"
    raise TypeError(msg)


def _prepared(formulas: Sequence[object]) -> tuple[list[str], list[object]]:
    """Statements that load what `formulas` read and name what they repeat; and the formulas in those names."""
    uses = _uses(formulas)
    places = {"x": "left", "y": "right", "out": "at"}
    statements = [f"{name} = numbers[{place}]" for name, place in places.items() if name in uses]
    named: dict[str, Symbol] = {}

    def renamed(formula: object) -> object:
        if not isinstance(formula, Symbol) or formula.primitive is None:
            return formula
        text = repr(formula)
        if text in named:
            return named[text]
        renewed = Symbol(formula.name, formula.primitive, [renamed(operand) for operand in formula.operands])
        if uses[text] == 1:
            return renewed
        named[text] = Symbol(f"part{len(named)}")
        statements.append(f"{named[text]} = {_text(renewed)}")
        return named[text]

    return statements, [renamed(formula) for formula in formulas]


def _uses(formulas: Sequence[object]) -> Counter[str]:
    """How often each formula is needed, if what is needed twice is computed once."""
    uses: Counter[str] = Counter()
    remaining = list(formulas)
    while remaining:
        formula = remaining.pop()
        if isinstance(formula, Symbol):
            uses[repr(formula)] += 1
            remaining += formula.operands if uses[repr(formula)] == 1 else ()
    return uses


def _pulled(operation: Elementwise) -> Iterator[str]:
    """What the reverse sweep does at a record of `operation`."""
    statements, partials = _prepared(partials_of(operation))
    yield from statements
    for position, (side, partial) in enumerate(zip(("left", "right"), partials, strict=False)):
        product = f"floats.zeros_win(g, {_text(partial)})" if _zeros_win(operation, position) else ""
        product = product or _sign(partial, "g") or f"g * {_text(partial, _FACTOR)}"
        yield f"cotangents[{side}] += {product}"


def _pushed(operation: Elementwise) -> Iterator[str]:
    """What the forward sweep does at a record of `operation`."""
    statements, partials = _prepared(partials_of(operation))
    yield from statements
    for position, (t, partial, assign) in enumerate(zip("tu", partials, ("=", "+="), strict=False)):
        product = "zeros_win" if _zeros_win(operation, position) else "chain"
        yield f"tangents[at] {assign} {_sign(partial, t) or f'floats.{product}({t}, {_text(partial)})'}"


def _zeros_win(operation: Elementwise, position: int) -> bool:
    """As `Elementwise.product` has it."""
    return operation is zeros_win or (operation is chain and position == 1)


def _sign(partial: object, factor: str) -> str:
    """The product of a partial that is 1 or -1, which needs no multiplication; else nothing."""
    if isinstance(partial, float) and abs(partial) == 1.0:
        return factor if partial > 0.0 else f"-{factor}"
    return ""


def _branches(
    operations: Iterable[Operation], statements: Callable[[Operation], Iterable[str]], indent: str
) -> Iterator[str]:
    """``if code == ADD: ...``, one branch for each operation; ``elif`` unless the one before returns."""
    word = "if"
    for operation in operations:
        body = list(statements(operation))
        yield f"{indent}{word} code == {operation.name.upper()}:"
        yield from (f"{indent}    {statement}" for statement in body)
        word = "if" if body[-1].startswith("return") else "elif"


def _returned(operation: Primitive) -> Iterator[str]:
    yield f"return {_text(Symbol(operation.name, operation, map(Symbol, ARGUMENTS[: operation.arity])))}"


def kernels() -> str:
    """The text of `tapegrad.kernels`."""
    operations = elementwise_operations()
    codes = ["input", "constant", *(x.name for x in operations), *(x.name for x in _comparisons())]
    differentiable = [x for x in operations if x.rule is not None]
    of_one, of_two = ([x for x in operations if x.arity == arity] for arity in (1, 2))
    lines = [_KERNELS_HEAD]
    lines += [f"{name.upper()}: Final = {code}" for code, name in enumerate(codes)]
    lines += ["", "CODES: Final[dict[str, int]] = {"]
    lines += [f'    "{name}": {name.upper()},' for name in codes]
    lines += ["}", f"COUNT: Final = {len(codes)}", "", ""]
    lines += [_VALUE_OF_ONE, *_branches(of_one, _returned, "    "), _NO_VALUE, "", ""]
    lines += [_VALUE_OF_TWO, *_branches(of_two, _returned, "    "), _NO_VALUE, "", ""]
    lines += [_OUTCOME, *_branches(_comparisons(), _returned, "    "), _NO_OUTCOME, "", ""]
    lines += [_PULL, *_branches(differentiable, _pulled, " " * 8), _PULL_END, "", ""]
    lines += [_PUSH, *_branches(differentiable, _pushed, " " * 8), _PUSH_END]
    return "\n".join(lines)


def main() -> None:
    """Write the module."""
    write_whole(Path(__file__).with_name("kernels.py"), kernels().encode())


if __name__ == "__main__":
    main()
