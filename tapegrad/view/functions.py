"""The operations of one number or two: every one there is, by its public names, with what it leaves on a tape.

They are found by trying: a public function belongs here if it takes one or two arguments, acts on every element of an
array by itself, and leaves operations on the tape that lead to real numbers.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import Final, TypeAlias

import attrs
import numpy as np

from tapegrad import numpy as tnp
from tapegrad import special
from tapegrad.arrays import Floats
from tapegrad.dispatch import nearest
from tapegrad.elementwise import Elementwise
from tapegrad.errors import OperandError
from tapegrad.nn import activations
from tapegrad.primitive import Primitive
from tapegrad.trace import trace
from tapegrad.variables import Var

__all__ = ["Function", "Operation", "Window", "find", "named", "operations", "window"]

MODULES: Final = (("", tnp), ("special.", special), ("nn.", activations))
"""What their functions are called by. Those of `tapegrad.numpy` need no prefix, as in an expression."""

_TRIED: Final = (
    (0.3, 0.4, 0.8, 0.2),
    (0.6, 0.5, 0.7, 0.9),
)  # two axes, so that a function that looks along one is found out

Function: TypeAlias = Callable[..., float | Var]

Window: TypeAlias = tuple[tuple[float, float], ...]
"""The lowest and the highest number of each argument."""


@attrs.frozen
class Operation:
    """A public function of real numbers, and what it puts on a tape."""

    function: Function = attrs.field(repr=False)
    names: tuple[str, ...]  # the first is what it is shown by: ``sin``, ``special.gamma``, ``nn.elu``
    arguments: tuple[str, ...]
    primitives: tuple[Primitive, ...]
    itself: Primitive | None  # the one operation on the tape, if it is applied to the arguments as they are

    @property
    def name(self) -> str:
        """What it is shown by."""
        return self.names[0]


@functools.cache
def operations() -> Mapping[str, Operation]:
    """All of them, by the name that each is shown by: those of `tapegrad.numpy` first, each module by the alphabet.

    Those that SciPy computes are there only where it is installed.
    """
    names: dict[int, list[str]] = {}  # of one function, by its identity
    functions: dict[int, Function] = {}
    for prefix, module in MODULES:
        for name, function in _functions(module):
            functions[id(function)] = function
            names.setdefault(id(function), []).append(prefix + name)
    found = [_operation(function, names[key]) for key, function in functions.items()]
    ordered = sorted(filter(None, found), key=lambda operation: _place(operation.name))
    return MappingProxyType({operation.name: operation for operation in ordered})


def _place(name: str) -> tuple[int, str]:
    prefixes = [prefix for prefix, _ in MODULES]
    return prefixes.index(name[: name.rfind(".") + 1]), name


@functools.cache
def named() -> Mapping[str, Operation]:
    """Every name of every operation: what it is shown by, and its other ones."""
    return MappingProxyType({name: operation for operation in operations().values() for name in operation.names})


def find(name: str) -> Operation:
    """The operation of this name, which may go without its module: ``gamma``. Raises OperandError."""
    bare = {full.rpartition(".")[2]: operation for full, operation in reversed([*named().items()])}
    found = named().get(name) or bare.get(name.rpartition(".")[2])
    if found is None:
        msg = f"{name!r:.60} is no operation of one or two real numbers{nearest(name, list(bare))}"
        raise OperandError(msg)
    return found


def _functions(module: ModuleType) -> Iterator[tuple[str, Function]]:
    for name in sorted(module.__all__):
        function = getattr(module, name)
        if callable(function) and not isinstance(function, type):
            yield name, function


def _operation(function: Function, names: Sequence[str]) -> Operation | None:
    """The function as an operation, if it is one."""
    parameters = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    count = len(parameters)
    if count not in {1, 2} or any(p.kind in {p.VAR_POSITIONAL, p.KEYWORD_ONLY} for p in parameters):
        return None
    operands = [np.array(_TRIED), 0.5 * np.array(_TRIED)][:count]
    try:
        with np.errstate(all="ignore"):
            whole = function(*operands)
            row = function(*(operand[0] for operand in operands))
            one = function(*(float(operand[0, 0]) for operand in operands))
            records = trace(function, *operands).tape
    except Exception:  # noqa: BLE001  # whatever it raises, it is no function of numbers
        return None
    if not _is_real(whole) or type(one) is not float or not _agree(whole, row):
        return None
    applied = [record for record in records[count:] if record.primitive.arity != 0]
    if not applied:
        return None
    itself = applied[0].primitive if len(records) == count + 1 and applied[0].inputs == tuple(range(count)) else None
    shown = sorted(names, key=lambda name: itself is None or name != itself.name)  # its own name goes first
    arguments = _arguments(function, [parameter.name for parameter in parameters])
    return Operation(function, tuple(shown), arguments, tuple(dict.fromkeys(r.primitive for r in applied)), itself)


def _is_real(values: object) -> bool:
    return isinstance(values, np.ndarray) and values.dtype.kind == "f" and values.shape == np.shape(_TRIED)


def _agree(whole: object, row: object) -> bool:
    """Whether the first row of the values is the values of the first row."""
    return np.array_equal(np.asarray(whole)[0], np.asarray(row), equal_nan=True)


def _arguments(function: Function, parameters: Sequence[str]) -> tuple[str, ...]:
    """What the arguments are called: where a rule is all there is to read, by that."""
    if isinstance(function, Elementwise) and function.rule is not None:
        return tuple(inspect.signature(function.rule).parameters)[1:]
    return tuple(parameters)


# ---- where there is something to see -------------------------------------------------------------

_REACH: Final = 5.0
"""How far from 0 the arguments are looked for."""

_ENOUGH: Final = 0.2
"""Of the places with one argument fixed: the share where the value must be finite."""


@functools.cache
def window(operation: Operation) -> Window:
    """The part of [-5, 5], for each argument, in which the operation has finite values.

    >>> window(find("arcsin")), window(find("log")), window(find("power"))
    (((-1.0, 1.0),), ((0.0, 5.0),), ((0.0, 5.0), (-5.0, 5.0)))
    """
    steps = 640 if len(operation.arguments) == 1 else 80  # of a power of two, so that whole numbers are met exactly
    places: Floats = np.linspace(-_REACH, _REACH, steps + 1)
    grid = np.meshgrid(*[places] * len(operation.arguments), indexing="ij")
    with np.errstate(all="ignore"):
        finite = np.isfinite(np.asarray(operation.function(*grid), float))
    if finite.ndim == 1:
        return (_hull(places, finite),)
    return _hull(places, finite.mean(axis=1) > _ENOUGH), _hull(places, finite.mean(axis=0) > _ENOUGH)


def _hull(places: Floats, finite: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[float, float]:
    """From the first to the last place that counts; an end beside a whole number, where it is infinite, is that."""
    inside = np.flatnonzero(finite)
    if inside.size < 2:
        return -_REACH, _REACH
    ends = []
    for end, outwards in ((inside[0], -1), (inside[-1], 1)):
        beside = min(max(end + outwards, 0), len(places) - 1)
        ends.append(float(places[beside if places[beside].is_integer() else end]))
    return ends[0], ends[1]
