"""Python's syntax of an expression, translated node by node into a term; what has no translation is refused."""

from __future__ import annotations

import ast
import difflib
import inspect
import math
from collections.abc import Callable
from typing import Final, NoReturn

from tapegrad.errors import ExpressionError
from tapegrad.ops import arithmetic, exponential, selection
from tapegrad.primitive import Comparison
from tapegrad.terms import (
    CONSTANTS,
    FUNCTIONS,
    Apply,
    Choose,
    Compare,
    Join,
    Literal,
    Name,
    Negation,
    Term,
    check_name,
)

__all__ = ["MAX_DEPTH", "OPERATORS", "Translation", "short", "too_deep"]

MAX_DEPTH: Final = 100  # of blocks and of the terms in them together

OPERATORS: Final[dict[type[ast.AST], Callable[..., object]]] = {
    ast.Add: arithmetic.add,
    ast.Sub: arithmetic.subtract,
    ast.Mult: arithmetic.multiply,
    ast.Div: arithmetic.divide,
    ast.FloorDiv: arithmetic.floor_divide,
    ast.Mod: arithmetic.remainder,
    ast.Pow: exponential.power,
}

_COMPARISONS: Final[dict[type[ast.AST], Comparison]] = {
    ast.Lt: selection.less,
    ast.LtE: selection.less_equal,
    ast.Gt: selection.greater,
    ast.GtE: selection.greater_equal,
    ast.Eq: selection.equal,
    ast.NotEq: selection.not_equal,
}

_OTHER_NAMES: Final = {"ln": "log", "max": "maximum", "min": "minimum", "logistic": "sigmoid"}

_CURES: Final[dict[type[ast.AST], str]] = {
    ast.Attribute: "is an attribute; call a function by its plain name, as in sin(x)",
    ast.Subscript: "is an index; give every number a name of its own",
    ast.BoolOp: "joins conditions; nest them: a if c else (b if d else ...)",
    ast.Lambda: "is a function; write its body alone",
    ast.JoinedStr: "is text; only numbers can be computed with",
    ast.NamedExpr: "assigns inside an expression; write it as a statement of its own: name = ...; ...",
    ast.Not: "negates a condition; compare the other way: x <= 0 for not x > 0",
    ast.ListComp: "is not arithmetic; add up in a loop: for i in range(3): s += ...",
    ast.GeneratorExp: "is not arithmetic; add up in a loop: for i in range(3): s += ...",
    ast.BitXor: "is a bitwise operation; a power is written x**y",
}


def too_deep(text: str) -> str:
    """The message about `text` that is nested too deeply."""
    return f"{short(text)!r} is nested too deeply; name its parts: a = ...; b = ...; a*b"


def short(text: str) -> str:
    """`text` on one line, the middle of a long one left out."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:40]} ... {line[-15:]}"


class Translation:
    """One reading of one text: translates terms, and collects the names on the way."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = [line.encode() for line in text.split("\n")]  # the parser counts columns in bytes
        self.free: dict[str, int] = {}  # the names that need a value, in order of appearance, with the line of it
        self.assigned: set[str] = set()
        self.unread: set[str] = set()  # the assigned names whose value nothing has used yet

    def number(self, node: ast.expr, depth: int) -> Term:
        """`node` as a number."""
        term = self.term(node, depth)
        if is_condition(term):
            self.refuse(node, "is a comparison, not a number; write 1 if it holds and 0 if not: 1 if x > 0 else 0")
        return term

    def condition(self, node: ast.expr, depth: int) -> Term:
        """`node` as a condition, in which ``and``, ``or`` and ``not`` may stand."""
        if depth > MAX_DEPTH:
            self.refuse_depth()
        source, line = self.source(node), node.lineno
        if isinstance(node, ast.BoolOp):
            conditions = tuple(self.condition(value, depth + 1) for value in node.values)
            return Join(source, line, isinstance(node.op, ast.Or), conditions)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return Negation(source, line, self.condition(node.operand, depth + 1))
        term = self.term(node, depth)
        if not is_condition(term):
            self.refuse(node, f"is a number where a condition is needed; compare it: {term.source} != 0")
        return term

    def term(self, node: ast.expr, depth: int) -> Term:
        """The translation of any node of the whitelist."""
        if depth > MAX_DEPTH:
            self.refuse_depth()
        source, line = self.source(node), node.lineno
        if isinstance(node, ast.Constant):
            return Literal(source, line, self.literal(node))
        if isinstance(node, ast.Name):
            return self.name(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
            operand = self.number(node.operand, depth + 1)
            return operand if isinstance(node.op, ast.UAdd) else negated(operand, source)
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            operands = (self.number(node.left, depth + 1), self.number(node.right, depth + 1))
            return Apply(source, line, OPERATORS[type(node.op)], operands)
        if isinstance(node, ast.Compare) and all(type(op) in _COMPARISONS for op in node.ops):
            terms = tuple(self.number(part, depth + 1) for part in (node.left, *node.comparators))
            return Compare(source, line, tuple(_COMPARISONS[type(op)] for op in node.ops), terms)
        if isinstance(node, ast.IfExp):
            condition = self.condition(node.test, depth + 1)
            chosen, other = (self.number(branch, depth + 1) for branch in (node.body, node.orelse))
            return Choose(source, line, condition, chosen, other)
        if isinstance(node, ast.Call):
            return self.call(node, depth)
        return self.refuse(node, self.cure(node))

    def cure(self, node: ast.expr) -> str:
        """What to say of a node outside of the whitelist."""
        kind: type[ast.AST] = type(node.op) if isinstance(node, (ast.BinOp, ast.UnaryOp)) else type(node)
        return _CURES.get(kind, "is not arithmetic; numbers, names, + - * / // % **, comparisons, functions are")

    def literal(self, node: ast.Constant) -> float:
        """A real, finite number as a float."""
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            kind = "text" if isinstance(node.value, (str, bytes)) else "not a real number"
            self.refuse(node, f"is {kind}; only real numbers can be computed with")
        try:
            value = float(node.value)
        except OverflowError:
            value = math.inf
        if math.isinf(value):
            self.refuse(node, "is too large for a float, which ends at 1.8e308; write inf for infinity")
        return value

    def name(self, node: ast.Name) -> Term:
        """A constant, an assigned name, or a name that needs a value."""
        name = node.id
        if name in CONSTANTS:
            return Literal(name, node.lineno, CONSTANTS[name])
        self.check_name(name, node.lineno)
        self.unread.discard(name)
        if name not in self.assigned:
            self.free.setdefault(name, node.lineno)
        return Name(name, node.lineno)

    def call(self, node: ast.Call, depth: int) -> Term:
        """A function of `tapegrad.numpy` with as many operands as it takes."""
        if not isinstance(node.func, ast.Name):
            self.refuse(node.func, _CURES.get(type(node.func), "is not the name of a function, as in sin(x)"))
        name = node.func.id
        if name not in FUNCTIONS:
            self.refuse(node.func, f"is not a known function; {suggestion(name)}")
        starred = next((argument for argument in node.args if isinstance(argument, ast.Starred)), None)
        if node.keywords or starred is not None:
            self.refuse(node, f"must give {name} its arguments by position, as in {name}(x)")
        function = FUNCTIONS[name]
        fewest, most = arity(function)
        if not fewest <= len(node.args) <= most:
            takes = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            given = len(node.args)
            self.refuse(node, f"gives {given} argument{'s' * (given != 1)} to {name}, which takes {takes}")
        kinds = [self.condition if name == "where" else self.number, *[self.number] * most]
        operands = [kind(argument, depth + 1) for kind, argument in zip(kinds, node.args, strict=False)]
        return Apply(self.source(node), node.lineno, function, tuple(operands))

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The piece of the text that `node` was read from, on one line."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        lines = self.lines[first : last + 1]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return " ".join(b" ".join(lines).decode().split())

    def check_name(self, name: str, line: int) -> None:
        """Raise ExpressionError if `name` cannot name a value."""
        try:
            check_name(name)
        except ExpressionError as error:
            raise ExpressionError(self.at(line) + str(error)) from None

    def refuse(self, node: ast.expr | ast.stmt, why: str) -> NoReturn:
        """Raise ExpressionError about the piece of text that `node` is."""
        msg = f"{self.at(node.lineno)}{short(self.source(node))!r} {why}"
        raise ExpressionError(msg)

    def refuse_depth(self) -> NoReturn:
        """Raise ExpressionError: more is nested than the interpreter goes into."""
        raise ExpressionError(too_deep(self.text))

    def at(self, line: int) -> str:
        """The line in front of a message, where there are several."""
        return f"line {line}: " if len(self.lines) > 1 else ""


def negated(operand: Term, source: str) -> Term:
    """Minus `operand`; of a number it is a number, not an operation."""
    if isinstance(operand, Literal):
        return Literal(source, operand.line, -operand.value)
    return Apply(source, operand.line, arithmetic.negative, (operand,))


def suggestion(name: str) -> str:
    """A function that `name` may have meant."""
    close = difflib.get_close_matches(name, FUNCTIONS, 1, cutoff=0.7)
    near = _OTHER_NAMES.get(name, close[0] if close else "")
    return f"did you mean {near}?" if near else "see tapegrad.numpy for those there are: sin, exp, log, sqrt, ..."


def arity(function: Callable[..., object]) -> tuple[int, int]:
    """The fewest and the most operands that a function of `tapegrad.numpy` takes."""
    parameters = inspect.signature(function).parameters.values()
    needed = sum(parameter.default is parameter.empty for parameter in parameters)
    return needed, len(parameters)


def is_condition(term: Term) -> bool:
    """Whether the value of `term` is a bool."""
    if isinstance(term, Apply):
        return isinstance(term.function, Comparison) or term.function is selection.isclose
    return isinstance(term, (Compare, Join, Negation))
