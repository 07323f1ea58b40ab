"""What a person types: parsed against a whitelist into an `Expression`.

    program    ::= statement* result
    statement  ::= name "=" number | name operator"=" number
                 | "if" condition ":" block ("elif" condition ":" block)* ["else" ":" block]
                 | "for" name "in" "range" "(" [whole ","] whole ["," whole] ")" ":" block
    block      ::= statement+, indented, or after the colon
    result     ::= ["return"] number | name "=" number | name operator"=" number
    number     ::= literal | name | pi | e | inf | number operator number | (+|-) number
                 | function "(" number, ... ")" | number "if" condition "else" number
    condition  ::= number (< | <= | > | >= | == | !=) number ... | equal(number, number) | ...
                 | condition "and" condition | condition "or" condition | "not" condition
    operator   ::= + | - | * | / | // | % | **
    whole      ::= arithmetic on literals and the names of loops

Statements are separated by ``;`` or lines. Functions are those of `tapegrad.numpy`. A name that is used and never
assigned is an input; a name that is assigned is assigned before the text uses it, and not a second time before its
value is used. The name of a loop is a plain number, which is not differentiated.

Python's parser reads the text, and nothing is compiled or run: what it finds is translated piece by piece, and
anything that has no translation is refused. `tapegrad.bodies` runs the translation within a budget.
"""

from __future__ import annotations

import ast
import re
import textwrap
import threading
import warnings
from collections.abc import Sequence
from typing import Final

from tapegrad.bodies import Assign, Block, Branch, Loop, Statement
from tapegrad.errors import ExpressionError
from tapegrad.expression import Expression
from tapegrad.terms import Apply, Name, Term
from tapegrad.translation import MAX_DEPTH, OPERATORS, Translation, short, too_deep

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "parse"]

MAX_LENGTH: Final = 2000  # characters

_ALONE: Final = threading.Lock()  # the filters of warnings are shared by all threads

_WRITE: Final = "write arithmetic such as x*y + sin(x)"

_CURES: Final[dict[type[ast.stmt], str]] = {
    ast.While: "may never end, and a tape must; loop so many times, with an if in it: for i in range(10): ...",
    ast.FunctionDef: "defines a function; write its body alone",
    ast.Break: "leaves a loop; put what follows it under an if",
    ast.Continue: "leaves a turn of a loop; put what follows it under an if",
    ast.Pass: "does nothing; leave its block out",
}


def parse(text: str) -> Expression:
    """The expression that `text` writes: the body of a function, or its result alone.

    Raises ExpressionError, in one line and with the piece at fault, for anything else; where there are several
    lines, with the number of the line.

    >>> parse("x if x > y else y**2").evaluate({"x": 1.0, "y": 3.0})
    9.0
    >>> body = '''
    ... s = 0
    ... for i in range(3):
    ...     s += x**i
    ... return s
    ... '''
    >>> parse(body).evaluate({"x": 2.0})
    7.0
    """
    if len(text) > MAX_LENGTH:
        msg = f"the expression has {len(text)} characters; at most {MAX_LENGTH} are read"
        raise ExpressionError(msg)
    lines, statements = _statements(text)
    if not statements:
        msg = f"the expression is empty; {_WRITE}"
        raise ExpressionError(msg)
    return _Program(lines).program(statements)


def _statements(text: str) -> tuple[str, list[ast.stmt]]:
    """The syntax of `text`, and the text that its columns are of: a common indentation is taken off.

    Where there is no block, lines may begin anywhere.
    """
    lines = textwrap.dedent("\n".join(text.splitlines()))
    try:
        return lines, _syntax(lines)
    except IndentationError as error:
        stripped = "\n".join(line.strip() for line in lines.split("\n"))
        try:
            statements = _syntax(stripped)
        except SyntaxError:
            statements = []
        if any(hasattr(statement, "body") for statement in statements) or not statements:
            raise ExpressionError(_malformed(lines, error)) from None
        return stripped, statements
    except SyntaxError as error:
        raise ExpressionError(_malformed(lines, error)) from None


def _syntax(lines: str) -> list[ast.stmt]:
    """Raises SyntaxError, and ExpressionError for what Python's parser does not even begin with."""
    try:
        with _ALONE, warnings.catch_warnings():  # Python comments on style, as in "1if x"
            warnings.simplefilter("ignore")
            return ast.parse(lines, filename="").body  # no file has this name: Python looks for that of a mistake
    except ValueError:
        msg = f"{short(lines)!r} holds forbidden characters; {_WRITE}"
        raise ExpressionError(msg) from None
    except (RecursionError, MemoryError):
        raise ExpressionError(too_deep(lines)) from None


def _malformed(lines: str, error: SyntaxError) -> str:
    """What to say of a text that is not Python's syntax."""
    inline = re.search(r";\s*(if|for|while)\b", lines)
    cure = f"begin {inline[1]!r} on a line of its own" if inline else _WRITE
    several = error.lineno and "\n" in lines
    piece = lines.split("\n")[min(error.lineno or 1, lines.count("\n") + 1) - 1] if several else lines
    where = f"line {error.lineno}: " if several else ""
    return f"{where}{short(piece)!r} is not well formed: {error.msg}; {cure}"


class _Program(Translation):
    """One reading of one text: translates statements, by the terms in them."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.loops: set[str] = set()  # the names of loops

    def program(self, body: Sequence[ast.stmt]) -> Expression:
        """The statements, in order, and the result."""
        statements = self.block(body[:-1], 0)
        result = self.result(body[-1])
        return Expression(self.text, tuple(self.free), statements, result)

    def result(self, node: ast.stmt) -> Assign:
        """The last statement."""
        if isinstance(node, ast.Return) and node.value is not None:
            return Assign(node.lineno, "", self.number(node.value, 0))
        if isinstance(node, ast.Expr):
            return Assign(node.lineno, "", self.number(node.value, 0))
        statement = self.statement(node, 0)
        if not isinstance(statement, Assign):
            self.refuse(node, "leaves no result; end with a line that names it, as in return s")
        return statement

    def block(self, body: Sequence[ast.stmt], depth: int) -> Block:
        """Statements in order."""
        if depth > MAX_DEPTH:
            self.refuse_depth()
        return tuple(self.statement(node, depth) for node in body)

    def statement(self, node: ast.stmt, depth: int) -> Statement:
        """The translation of any statement of the whitelist."""
        if isinstance(node, ast.Assign):
            return self.assignment(node, depth)
        if isinstance(node, ast.AugAssign):
            return self.change(node, depth)
        if isinstance(node, ast.If):
            condition = self.condition(node.test, depth)
            return Branch(node.lineno, condition, self.inner(node.body, depth), self.inner(node.orelse, depth))
        if isinstance(node, ast.For):
            return self.loop(node, depth)
        if isinstance(node, ast.Expr):
            self.refuse(node, "is computed and dropped; only the last statement may do without a name")
        if isinstance(node, ast.Return):
            self.refuse(node, "does not return a value on the last line; assign a name here, and return that there")
        cure = "is not arithmetic; write expressions and assignments such as y = x*x; y + 1"
        return self.refuse(node, _CURES.get(type(node), cure))

    def inner(self, body: Sequence[ast.stmt], depth: int) -> Block:
        """A block that may not run, or run again: to assign again before it, in it or after it loses no value."""
        self.unread.clear()
        block = self.block(body, depth + 1)
        self.unread.clear()
        return block

    def assignment(self, node: ast.Assign, depth: int) -> Assign:
        """``name = number``, where the name is new, or its value has been used."""
        target = node.targets[0]
        if len(node.targets) > 1 or not isinstance(target, ast.Name):
            self.refuse(node, "does not assign one name; write name = ...")
        name = target.id
        self.check_name(name, node.lineno)
        term = self.number(node.value, depth)
        self.check_assigned(node, name)
        if name in self.unread:
            self.refuse(node, f"gives {name} a second value before the first is used; choose a new name")
        self.assigned.add(name)
        self.unread.add(name)
        return Assign(node.lineno, name, term)

    def change(self, node: ast.AugAssign, depth: int) -> Assign:
        """``name += number``, and the other operators."""
        if type(node.op) not in OPERATORS:
            self.refuse(node, "is a bitwise operation; those of numbers are += -= *= /= //= %= **=")
        if not isinstance(node.target, ast.Name):
            self.refuse(node, "does not assign one name; write name = ...")
        name = node.target.id
        self.check_name(name, node.lineno)
        if name not in self.assigned:
            self.refuse(node, f"changes {name}, which has no value of its own; assign a name first: y = x*x; y += 1")
        self.check_assigned(node, name)
        operands: tuple[Term, ...] = (Name(name, node.lineno), self.number(node.value, depth + 1))
        self.unread.add(name)
        return Assign(node.lineno, name, Apply(self.source(node), node.lineno, OPERATORS[type(node.op)], operands))

    def loop(self, node: ast.For, depth: int) -> Loop:
        """``for name in range(...)``."""
        call = node.iter
        if not isinstance(node.target, ast.Name):
            self.refuse(node.target, "does not name one number; write for i in range(3): ...")
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range"):
            self.refuse(call, "is not a range; a loop counts, as in for i in range(3): ...")
        if not 1 <= len(call.args) <= 3 or call.keywords:
            self.refuse(call, "does not give range its stop, its start and stop, or its start, stop and step")
        if node.orelse:
            self.refuse(node.orelse[0], "stands in the else of a loop; write it after the loop")
        name = node.target.id
        self.check_name(name, node.lineno)
        bounds = tuple(self.whole(argument, depth) for argument in call.args)
        self.check_free(node.target, name)
        if name in self.assigned - self.loops:
            self.refuse(node.target, "counts a loop and has a value already; choose a new name")
        self.assigned.add(name)
        self.loops.add(name)
        return Loop(node.lineno, name, bounds, self.inner(node.body, depth))

    def whole(self, node: ast.expr, depth: int) -> Term:
        """A bound of a range, which is known without the inputs."""
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and part.id not in self.loops:
                self.refuse(
                    part, "is not known before the run; the bounds of a range are made of literals and loop names"
                )
        return self.number(node, depth)

    def check_assigned(self, node: ast.stmt, name: str) -> None:
        """Raise ExpressionError if `name` counts a loop, or is an input."""
        if name in self.loops:
            self.refuse(node, f"assigns {name}, which counts a loop; choose a new name")
        self.check_free(node, name)

    def check_free(self, node: ast.stmt | ast.expr, name: str) -> None:
        """Raise ExpressionError if `name` has been used as an input."""
        if name in self.free:
            used = self.at(self.free[name]).rstrip(": ") or "the text"
            self.refuse(node, f"gives {name} a value after {used} used it; assign it before, or choose a new name")
