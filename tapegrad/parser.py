"""Arithmetic typed by a person: parsed against a whitelist into an `Expression`.

    program    ::= (name "=" number (";" | newline))* [name "="] number
    number     ::= literal | name | pi | e | inf | number operator number | (+|-) number
                 | function "(" number, ... ")" | number "if" condition "else" number
    condition  ::= number (< | <= | > | >= | == | !=) number ... | equal(number, number) | ...
    operator   ::= + | - | * | / | // | % | **

Functions are those of `tapegrad.numpy`. Python's parser reads the text, and nothing is compiled or run: what
it finds is translated piece by piece, and anything that has no translation is refused.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import math
import warnings
from collections.abc import Callable
from typing import Final, NoReturn

from tapegrad.errors import ExpressionError
from tapegrad.expression import (
    CONSTANTS,
    FUNCTIONS,
    Apply,
    Choose,
    Compare,
    Expression,
    Literal,
    Name,
    Term,
    check_name,
)
from tapegrad.ops import arithmetic, exponential, selection
from tapegrad.primitive import Comparison

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "parse"]

MAX_LENGTH: Final = 2000  # characters, which bounds the number of operations as well
MAX_DEPTH: Final = 100

_OPERATORS: Final[dict[type[ast.AST], Callable[..., object]]] = {
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
    ast.BitXor: "is a bitwise operation; a power is written x**y",
}


def parse(text: str) -> Expression:
    """The expression that `text` writes: arithmetic, functions of `tapegrad.numpy`, ``a if c else b``.

    Statements ``name = ...`` separated by ``;`` or lines name intermediate values; the last is the result.
    Raises ExpressionError, in one line and with the piece at fault, for anything else.

    >>> parse("x if x > y else y**2").evaluate({"x": 1.0, "y": 3.0})
    9.0
    """
    if len(text) > MAX_LENGTH:
        msg = f"the expression has {len(text)} characters; at most {MAX_LENGTH} are read"
        raise ExpressionError(msg)
    lines = "\n".join(line.strip() for line in text.splitlines())
    try:
        with warnings.catch_warnings():  # Python comments on style, as in "1if x"
            warnings.simplefilter("ignore")
            module = ast.parse(lines)
    except SyntaxError as error:
        msg = f"{_short(text)!r} is not well formed: {error.msg}; write arithmetic such as x*y + sin(x)"
        raise ExpressionError(msg) from None
    except ValueError:
        msg = f"{_short(text)!r} holds forbidden characters; write arithmetic such as x*y + sin(x)"
        raise ExpressionError(msg) from None
    except (RecursionError, MemoryError):
        raise ExpressionError(_too_deep(text)) from None
    if not module.body:
        msg = "the expression is empty; write arithmetic such as x*y + sin(x)"
        raise ExpressionError(msg)
    return _Translation(lines).program(module.body)


def _too_deep(text: str) -> str:
    return f"{_short(text)!r} is nested too deeply; name its parts: a = ...; b = ...; a*b"


def _short(text: str) -> str:
    """`text` on one line, the middle of a long one left out."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:40]} ... {line[-15:]}"


class _Translation:
    """One reading of one text: collects the names on the way."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = [line.encode() for line in text.split("\n")]  # the parser counts columns in bytes
        self.free: dict[str, None] = {}  # in order of appearance
        self.assigned: set[str] = set()

    def program(self, body: list[ast.stmt]) -> Expression:
        """The statements, in order."""
        statements = []
        for node in body:
            if isinstance(node, ast.Expr):
                if node is not body[-1]:
                    self.refuse(node, "is computed and dropped; only the last statement may do without a name")
                statements.append(("", self.number(node.value, 0)))
            elif isinstance(node, ast.Assign):
                statements.append(self.assignment(node))
            else:
                self.refuse(node, "is not arithmetic; write expressions and assignments such as y = x*x; y + 1")
        return Expression(self.text, tuple(self.free), tuple(statements))

    def assignment(self, node: ast.Assign) -> tuple[str, Term]:
        """``name = number``, where the name is new."""
        target = node.targets[0]
        if len(node.targets) > 1 or not isinstance(target, ast.Name):
            self.refuse(node, "does not assign one name; write name = ...")
        name = target.id
        check_name(name)
        term = self.number(node.value, 0)
        if name in self.assigned or name in self.free:
            self.refuse(node, f"gives {name} a second value; choose a new name, each stands for one value")
        self.assigned.add(name)
        return name, term

    def number(self, node: ast.expr, depth: int) -> Term:
        """`node` as a number."""
        term = self.term(node, depth)
        if is_condition(term):
            self.refuse(node, "is a comparison, not a number; write 1 if it holds and 0 if not: 1 if x > 0 else 0")
        return term

    def condition(self, node: ast.expr, depth: int) -> Term:
        """`node` as the condition of a choice."""
        term = self.term(node, depth)
        if not is_condition(term):
            self.refuse(node, f"is a number where a condition is needed; compare it: {term.source} != 0")
        return term

    def term(self, node: ast.expr, depth: int) -> Term:
        """The translation of any node of the whitelist."""
        if depth > MAX_DEPTH:
            raise ExpressionError(_too_deep(self.text))
        source = self.source(node)
        if isinstance(node, ast.Constant):
            return Literal(source, self.literal(node))
        if isinstance(node, ast.Name):
            return self.name(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
            operand = self.number(node.operand, depth + 1)
            return operand if isinstance(node.op, ast.UAdd) else negated(operand, source)
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            operands = (self.number(node.left, depth + 1), self.number(node.right, depth + 1))
            return Apply(source, _OPERATORS[type(node.op)], operands)
        if isinstance(node, ast.Compare) and all(type(op) in _COMPARISONS for op in node.ops):
            terms = tuple(self.number(part, depth + 1) for part in (node.left, *node.comparators))
            return Compare(source, tuple(_COMPARISONS[type(op)] for op in node.ops), terms)
        if isinstance(node, ast.IfExp):
            condition = self.condition(node.test, depth + 1)
            return Choose(source, condition, self.number(node.body, depth + 1), self.number(node.orelse, depth + 1))
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
            return Literal(name, CONSTANTS[name])
        check_name(name)
        if name not in self.assigned:
            self.free[name] = None
        return Name(name)

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
        return Apply(self.source(node), function, tuple(operands))

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The piece of the text that `node` was read from, on one line."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        lines = self.lines[first : last + 1]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return " ".join(b" ".join(lines).decode().split())

    def refuse(self, node: ast.expr | ast.stmt, why: str) -> NoReturn:
        """Raise ExpressionError about the piece of text that `node` is."""
        msg = f"{_short(self.source(node))!r} {why}"
        raise ExpressionError(msg)


def negated(operand: Term, source: str) -> Term:
    """Minus `operand`; of a number it is a number, not an operation."""
    if isinstance(operand, Literal):
        return Literal(source, -operand.value)
    return Apply(source, arithmetic.negative, (operand,))


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
    return isinstance(term, Compare)
