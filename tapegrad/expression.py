"""Arithmetic typed by a person: parsed against a whitelist, evaluated by tapegrad, never run by Python.

    program    ::= (name "=" number (";" | newline))* [name "="] number
    number     ::= literal | name | pi | e | inf | number operator number | (+|-) number
                 | function "(" number, ... ")" | number "if" condition "else" number
    condition  ::= number (< | <= | > | >= | == | !=) number ... | equal(number, number) | ...
    operator   ::= + | - | * | / | // | % | **

Functions are those of `tapegrad.numpy`. Python's parser reads the text; what it finds is translated, piece
by piece, into the four frozen classes below, and anything that has no translation is refused.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import math
import unicodedata
import warnings
from collections.abc import Callable, Mapping
from typing import Final, NoReturn, TypeAlias, cast

import attrs

import tapegrad.numpy as tnp
from tapegrad.errors import ExpressionError
from tapegrad.ops import arithmetic, exponential, selection
from tapegrad.primitive import Comparison, Primitive
from tapegrad.recorder import Scalar, Var
from tapegrad.tape import Tape
from tapegrad.trace import Trace, record

__all__ = ["Apply", "Choose", "Compare", "Expression", "Literal", "Name", "Reading", "Term", "parse", "read"]

MAX_LENGTH: Final = 2000  # characters, which bounds the number of operations as well
MAX_DEPTH: Final = 100

CONSTANTS: Final = {"pi": math.pi, "e": math.e, "inf": math.inf}

FUNCTIONS: Final[dict[str, Callable[..., object]]] = {
    name: getattr(tnp, name) for name in tnp.__all__ if callable(getattr(tnp, name))
}

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

_OTHER_NAMES: Final = {"ln": "log", "max": "maximum", "min": "minimum", "arcsec": "arccos", "logistic": "sigmoid"}

_CURES: Final[dict[type[ast.AST], str]] = {
    ast.Attribute: "is an attribute; call a function by its plain name, as in sin(x)",
    ast.Subscript: "is an index; give every number a name of its own",
    ast.BoolOp: "joins conditions; nest them: a if c else (b if d else ...)",
    ast.Lambda: "is a function; write its body alone",
    ast.JoinedStr: "is text; only numbers can be computed with",
    ast.NamedExpr: "assigns inside an expression; write it as a statement of its own: name = ...; ...",
    ast.BitXor: "is a bitwise operation; a power is written x**y",
}


# ---- what an expression is -----------------------------------------------------------------------


@attrs.frozen
class Literal:
    """A number."""

    source: str
    value: float


@attrs.frozen
class Name:
    """A value given from outside, or assigned by an earlier statement."""

    source: str


@attrs.frozen
class Apply:
    """A function of operands: an operation, or a question if the function is a comparison."""

    source: str
    function: Callable[..., object]
    operands: tuple[Term, ...]


@attrs.frozen
class Compare:
    """``a < b <= c``: stops at the first comparison that does not hold, as Python does."""

    source: str
    comparisons: tuple[Comparison, ...]
    operands: tuple[Term, ...]


@attrs.frozen
class Choose:
    """``chosen if condition else other``: only the branch taken is evaluated, and recorded."""

    source: str
    condition: Term
    chosen: Term
    other: Term


Term: TypeAlias = Literal | Name | Apply | Compare | Choose

Observer: TypeAlias = Callable[[str], None]
"""Told the source of each operation right after it has been computed."""


@attrs.frozen
class Expression:
    """A parsed program: assignments in order, the last of which is the result; ``""`` names no value.

    ``names`` are those that need a value, in the order they appear.

    >>> f = parse("square = x*x; square + y")
    >>> f.names
    ('x', 'y')
    >>> f.evaluate({"x": 2.0, "y": 3.0})
    7.0
    """

    text: str
    names: tuple[str, ...]
    statements: tuple[tuple[str, Term], ...]

    @property
    def result_name(self) -> str:
        """The name of the result: its own, or ``L`` unless that is taken."""
        own = self.statements[-1][0]
        taken = {*self.names, *(name for name, _ in self.statements)}
        return own or next(name for name in ("L", *(f"L{i}" for i in range(len(taken) + 1))) if name not in taken)

    def evaluate(
        self,
        values: Mapping[str, Scalar],
        observe: Observer = lambda source: None,
        assigned: Callable[[str, object], None] = lambda name, value: None,
    ) -> Scalar:
        """The result at `values`, floats or traced values, in tapegrad's own operations.

        ``observe(source)`` is called after each operation, ``assigned(name, value)`` after each statement.
        Raises ExpressionError if a name has no value.
        """
        bound: dict[str, object] = dict(values)
        value: object = math.nan
        for name, term in self.statements:
            value = _evaluate(term, bound, observe)
            bound[name] = value
            assigned(name or self.result_name, value)
        return cast(Scalar, value)


def _evaluate(term: Term, bound: Mapping[str, object], observe: Observer) -> object:
    """The value of one term: a number, or a bool for a comparison."""
    if isinstance(term, Literal):
        return term.value
    if isinstance(term, Name):
        if term.source not in bound:
            msg = f"{term.source} has no value; give it one: {term.source}=2"
            raise ExpressionError(msg)
        return bound[term.source]
    if isinstance(term, Choose):
        branch = term.chosen if _evaluate(term.condition, bound, observe) else term.other
        return _evaluate(branch, bound, observe)
    if isinstance(term, Apply):
        value = term.function(*(_evaluate(operand, bound, observe) for operand in term.operands))
        observe(term.source)
        return value
    left = _evaluate(term.operands[0], bound, observe)
    for comparison, operand in zip(term.comparisons, term.operands[1:], strict=True):
        right = _evaluate(operand, bound, observe)
        holds = comparison(left, right)
        observe(term.source)
        if not holds:
            return False
        left = right
    return True


# ---- text to expression --------------------------------------------------------------------------


def parse(text: str) -> Expression:
    """The expression that `text` writes: arithmetic, functions of `tapegrad.numpy`, ``a if c else b``.

    Statements ``name = ...`` separated by ``;`` or lines name intermediate values; the last is the result.
    Raises ExpressionError, in one line and with the piece at fault, for anything else.
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
        msg = f"{text!r} is not well formed: {error.msg}; write arithmetic such as x*y + sin(x)"
        raise ExpressionError(msg) from None
    except ValueError:
        msg = f"{text!r} holds characters that no expression can have; write arithmetic such as x*y + sin(x)"
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
        self.check_name(name)
        term = self.number(node.value, 0)
        if name in self.assigned or name in self.free:
            self.refuse(node, f"gives {name} a second value; choose a new name, each stands for one value")
        self.assigned.add(name)
        return name, term

    def check_name(self, name: str) -> None:
        """Refuse names that mean something else, or look like Python's own."""
        check_name(name)

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
            self.refuse(node, "is a number where a condition is needed; compare it: x != 0")
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
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
            return self.number(node.operand, depth + 1)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            operand = self.number(node.operand, depth + 1)
            if isinstance(operand, Literal):
                return Literal(source, -operand.value)
            return Apply(source, arithmetic.negative, (operand,))
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            operands = (self.number(node.left, depth + 1), self.number(node.right, depth + 1))
            return Apply(source, _OPERATORS[type(node.op)], operands)
        if isinstance(node, ast.Compare) and all(type(op) in _COMPARISONS for op in node.ops):
            terms = tuple(self.number(part, depth + 1) for part in (node.left, *node.comparators))
            return Compare(source, tuple(_COMPARISONS[type(op)] for op in node.ops), terms)
        if isinstance(node, ast.IfExp):
            condition = self.condition(node.test, depth + 1)
            return Choose(
                source, condition, self.number(node.body, depth + 1), self.number(node.orelse, depth + 1)
            )
        if isinstance(node, ast.Call):
            return self.call(node, depth)
        return self.refuse(node, self.cure(node))

    def cure(self, node: ast.expr) -> str:
        """What to say of a node outside of the whitelist."""
        kind: type[ast.AST] = type(node.op) if isinstance(node, ast.BinOp) else type(node)
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
        self.check_name(name)
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
        first = self.condition if name == "where" else self.number
        operands = (
            (first if position == 0 else self.number)(argument, depth + 1)
            for position, argument in enumerate(node.args)
        )
        return Apply(self.source(node), function, tuple(operands))

    def source(self, node: ast.AST) -> str:
        """The piece of the text that `node` was read from."""
        return " ".join((ast.get_source_segment(self.text, node) or "").split())

    def refuse(self, node: ast.AST, why: str) -> NoReturn:
        """Raise ExpressionError about the piece of text that `node` is."""
        msg = f"{_short(self.source(node))!r} {why}"
        raise ExpressionError(msg)


def check_name(name: str) -> None:
    """Raise ExpressionError if `name` cannot name a value: it is a constant, a function, or Python's own."""
    if name in CONSTANTS:
        msg = f"{name!r} is the constant {CONSTANTS[name]!r}; choose another name"
        raise ExpressionError(msg)
    if name in FUNCTIONS:
        msg = f"{name!r} is a function; call it, as in {name}(x), or choose another name"
        raise ExpressionError(msg)
    if name.startswith("__"):
        msg = f"{name!r} is a name of Python's own machinery, which is out of reach here; choose another name"
        raise ExpressionError(msg)


def suggestion(name: str) -> str:
    """A function that `name` may have meant."""
    near = _OTHER_NAMES.get(name) or next(iter(difflib.get_close_matches(name, FUNCTIONS, 1)), None)
    return f"did you mean {near}?" if near else "there are those of tapegrad.numpy: sin, exp, log, sqrt, maximum ..."


def arity(function: Callable[..., object]) -> tuple[int, int]:
    """The fewest and the most operands that a function of `tapegrad.numpy` takes."""
    if isinstance(function, Primitive) and function.arity is not None:
        return function.arity, function.arity
    parameters = inspect.signature(function).parameters.values()
    needed = sum(parameter.default is parameter.empty for parameter in parameters)
    return needed, len(parameters)


def is_condition(term: Term) -> bool:
    """Whether the value of `term` is a bool."""
    if isinstance(term, Apply):
        return isinstance(term.function, Comparison) or term.function is selection.isclose
    return isinstance(term, Compare)


# ---- expression to tape --------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Reading:
    """An expression recorded at a point: the trace, and for its records the names and sources they have."""

    trace: Trace
    names: Mapping[int, str]
    sources: Mapping[int, str]


def read(expression: Expression, values: Mapping[str, float]) -> Reading:
    """Record `expression` at `values`. The inputs stand in the order of ``expression.names``.

    Raises ExpressionError for a name without a value, or a value that no name asks for.

    >>> print(read(parse("y = x*x; y + 1"), {"x": 3.0}).trace.tape)
    %0 = input x
    %1 = multiply %0 %0
    %2 = constant 1.0
    %3 = add %2 %3
    """
    check_values(expression, values)
    names: dict[int, str] = dict(enumerate(expression.names))
    sources: list[str] = list(expression.names)

    def call(*variables: Scalar) -> Scalar:
        def observe(source: str) -> None:
            """What has been recorded since the last operation was recorded by this one."""
            if variables:
                recorder = cast(Var, variables[0]).recording
                sources.extend([source] * (len(recorder.values) - len(sources)))

        def assigned(name: str, value: object) -> None:
            if isinstance(value, Var):
                names.setdefault(value.index, name)

        return expression.evaluate(dict(zip(expression.names, variables, strict=True)), observe, assigned)

    inputs = [values[name] for name in expression.names]
    recorded = record(call, inputs, expression.names, lambda leaves: leaves, {})
    numbers = tuple(cast(float, value) for value in recorded.values)
    # The line that called this function says nothing about the expression: `sources` does.
    tape = Tape(attrs.evolve(entry, where=None) for entry in recorded.tape)
    sources.extend([expression.statements[-1][1].source] * (len(tape) - len(sources)))  # a constant result
    names.setdefault(recorded.outputs[0], expression.result_name)
    trace = Trace(tape, numbers, numbers[recorded.outputs[0]], recorded.outputs)
    return Reading(trace, names, dict(enumerate(sources)))


def check_values(expression: Expression, values: Mapping[str, float]) -> None:
    """Raise ExpressionError unless `values` has exactly the names that the expression asks for."""
    for name in expression.names:
        if name not in values:
            near = difflib.get_close_matches(name, [*values, *FUNCTIONS, *CONSTANTS], 1)
            hint = f" (or did you mean {near[0]}?)" if near else ""
            msg = f"{name!r} has no value; give it one: {name}=2{hint}"
            raise ExpressionError(msg)
    assigned = {name for name, _ in expression.statements}
    for name in values:
        if name in assigned:
            msg = f"{name!r} is computed by the expression; leave {name}=... out"
            raise ExpressionError(msg)
        if name not in expression.names:
            check_name(name)
            used = ", ".join(expression.names) or "none"
            msg = f"{name!r} has a value but is not used; the names in the expression are: {used}"
            raise ExpressionError(msg)


def normalised(name: str) -> str:
    """`name` as Python's parser spells identifiers: in the normal form NFKC."""
    return unicodedata.normalize("NFKC", name)
