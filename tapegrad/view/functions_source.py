"""The rule of an operation as it is written in the source: its declaration, and the functions that it leans on."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Final

import attrs

import tapegrad
from tapegrad import ops
from tapegrad.elementwise import Elementwise
from tapegrad.maps import General
from tapegrad.primitive import Primitive
from tapegrad.view.functions import Operation

__all__ = ["PACKAGE", "Excerpt", "excerpts"]

PACKAGE: Final = Path(tapegrad.__file__).parent.parent


@attrs.frozen
class Excerpt:
    """Lines of a source file."""

    file: str  # from where the package is: ``tapegrad/ops/trigonometric.py``
    line: int  # the first of them, counted from 1
    text: str


@functools.cache
def excerpts(operation: Operation) -> tuple[Excerpt, ...]:
    """Where the derivative of an operation is written.

    That is the declaration of what it leaves on a tape, below the functions that the rule calls; a function that is
    composed of several operations comes first itself.

    >>> from tapegrad.view.functions import find
    >>> print(excerpts(find("cos"))[0].text)
    cos: Unary = unary("cos", floats.cos, np.cos, lambda out, x: {0: -sin(x)}, holomorphic=True)
    """
    found: list[Excerpt] = []
    function = inspect.unwrap(operation.function)
    says_more = operation.itself is None or operation.itself.facts  # facts such as the order of a Bessel function
    if says_more and isinstance(function, FunctionType):
        found.append(_of_object(function))
    for primitive in operation.primitives:
        found += _of_primitive(primitive)
    return tuple(dict.fromkeys(found))


def _of_primitive(primitive: Primitive) -> Iterator[Excerpt]:
    rule = _rule(primitive)
    leant_on = list(_functions_in(rule.__code__, rule.__globals__)) if rule is not None else []
    if rule is not None and rule.__name__ != "<lambda>":
        leant_on.insert(0, rule)
    yield from map(_of_object, leant_on)
    if type(primitive).__module__.startswith(f"{ops.__name__}."):  # a kind of operation of its own
        yield _of_object(type(primitive))
    for module in _families():
        for name, value in vars(module).items():
            if value is primitive and (node := _declaration(module, name)) is not None:
                yield _excerpt(module, node.lineno, node.end_lineno or node.lineno)
                return


def _rule(primitive: Primitive) -> FunctionType | None:
    """The function that states the derivative."""
    rule: Callable[..., object] | None = None
    if isinstance(primitive, Elementwise):
        rule = primitive.rule
    elif isinstance(primitive, General):
        rule = primitive.pushforward
    return rule if isinstance(rule, FunctionType) else None


def _functions_in(code: CodeType, names: dict[str, object]) -> Iterator[FunctionType]:
    """The functions beside a rule that it calls, and those that these call; operations have rules of their own."""
    called = [names.get(name) for name in code.co_names]
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _functions_in(inner, names)
    for function in called:
        if isinstance(function, FunctionType) and function.__module__ == names["__name__"]:
            yield from _functions_in(function.__code__, function.__globals__)
            yield function


# ---- the text ------------------------------------------------------------------------------------


def _families() -> list[ModuleType]:
    """The modules in which operations are declared."""
    return [module for name, module in sorted(sys.modules.items()) if name.startswith(f"{ops.__name__}.")]


@functools.cache
def _source(module: ModuleType) -> tuple[str, ...]:
    return tuple(inspect.getsource(module).splitlines())


def _declaration(module: ModuleType, name: str) -> ast.stmt | None:
    """The assignment that gives `name` its value in `module`, if it is no import."""
    for node in ast.parse("\n".join(_source(module))).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return node
    return None


def _of_object(thing: FunctionType | type) -> Excerpt:
    lines, first = inspect.getsourcelines(thing)
    return _excerpt(sys.modules[thing.__module__], first, first + len(lines) - 1)


def _excerpt(module: ModuleType, first: int, last: int) -> Excerpt:
    """The lines from `first` to `last`, and the remarks that stand directly above them."""
    lines = _source(module)
    while first > 1 and lines[first - 2].startswith("# ") and not lines[first - 2].startswith("# --"):
        first -= 1
    file = Path(inspect.getfile(module)).relative_to(PACKAGE).as_posix()
    return Excerpt(file, first, "\n".join(lines[first - 1 : last]))
