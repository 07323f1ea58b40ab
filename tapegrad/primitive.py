"""What an operation is: a name, a value, and one statement of its derivative.

There are three kinds of rule, and one declaration serves every mode:

* `Elementwise`: numbers to a number. ``partials(out, x, y) -> {0: d out/dx, 1: d out/dy}``. Forward
  mode multiplies tangents by the partials, reverse mode multiplies the cotangent by them.
* `Linear`: its own tangent map; only the transpose is stated.
* `General`: pushforward and pullback written out, held together by the adjoint identity.

Rules are written in tapegrad's own operations, so that a reverse sweep can itself be recorded; they use
one notation: ``x, y`` inputs, ``out`` output, ``t`` tangent, ``g`` cotangent. A rule states *every*
position, or the operation is declared piecewise constant: a forgotten position is an error, not a zero.

This module knows no variables. An operand that records says so itself, by being `Operand`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from math import inf
from types import MappingProxyType
from typing import Final

from tapegrad.errors import OperandError, RuleError
from tapegrad.typing import Static, Traced

__all__ = [
    "Comparison", "General", "Linear", "Operand", "Params", "Primitive", "Recording", "as_float", "lookup",
    "newest_recording",
]  # fmt: skip

Params = tuple[tuple[str, Static], ...]
"""The static facts of a record, as (name, value) pairs."""


class Recording:
    """The writer that an operand belongs to. The one with the larger serial number is the inner trace."""

    __slots__ = ()
    serial: int

    @abstractmethod
    def record(self, primitive: Primitive, operands: Sequence[object], params: Params = ()) -> Operand:
        """Compute ``primitive(*operands)``, append it to the tape, and return the new variable."""

    @abstractmethod
    def guard(self, comparison: Comparison, operands: Sequence[object]) -> bool:
        """Compare, append the comparison with its outcome to the tape, and return the outcome."""


class Operand(Traced):
    """An operand that records: it names its writer."""

    __slots__ = ()

    @property
    @abstractmethod
    def recording(self) -> Recording:
        """The writer it belongs to."""

    @abstractmethod
    def apply(self, primitive: Primitive, compute: Callable[[float], float]) -> Operand:
        """An operation of one number, whose value `compute` gives, applied to this operand and recorded."""


def newest_recording(operands: Sequence[object]) -> Recording | None:
    """The innermost writer among `operands`; None if all are plain values."""
    newest: Recording | None = None
    for operand in operands:
        if isinstance(operand, Operand):
            recording = operand.recording
            if newest is None or recording.serial > newest.serial:
                newest = recording
    return newest


def as_float(x: object) -> float:
    """`x` as a Python float, if it is a real number.

    >>> as_float(2)
    2.0
    """
    if isinstance(x, float):
        return float(x)
    if isinstance(x, int):
        try:
            return float(x)
        except OverflowError:
            return inf if x > 0 else -inf
    if type(x).__module__ == "numpy" and getattr(x, "shape", None) == () and getattr(x, "dtype", "O") != "O":
        return float(x)  # type: ignore[arg-type]  # a NumPy scalar or 0-d array
    msg = f"expected a float or a traced value, got {type(x).__name__} {x!r:.60}"
    raise OperandError(msg)


_registry: dict[str, Primitive] = {}


def lookup(name: str) -> Primitive | None:
    """The operation called `name`, or None."""
    return _registry.get(name)


class Primitive:
    """An operation that can stand on a tape. Immutable, and known by its name, which is unique."""

    name: Final[str]
    arity: Final[int | None]  # None: any number of inputs
    facts: Final[Mapping[str, type]]  # the static facts that every record of it states, and what they are

    def __init__(self, name: str, arity: int | None, facts: Mapping[str, type] = MappingProxyType({})) -> None:
        if not str(name).isidentifier():  # the text of a tape could not be read back
            msg = f"the name of an operation is a word such as 'softsign', not {name!r:.60}"
            raise RuleError(msg)
        if name in _registry:
            msg = f"an operation named {name!r} exists already; choose another name"
            raise RuleError(msg)
        self.name = name
        self.arity = arity
        self.facts = facts
        _registry[name] = self

    @abstractmethod
    def evaluate(self, operands: Sequence[object], params: Params) -> object:
        """The value at `operands`, which may be traced by outer transforms: what a replay computes."""

    @abstractmethod
    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        """The output's tangent, given those of some positions; absent ones are zero. None is zero."""

    @abstractmethod
    def pull(self, g: object, out: object, operands: Sequence[object], params: Params) -> Mapping[int, object]:
        """The cotangent of each position, given the output's; absent positions are zero."""

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Callable[[str], Primitive | None], tuple[str]]:
        return lookup, (self.name,)


class Comparison(Primitive):
    """A question about two numbers, answered by a plain bool; traced operands leave a guard on the tape."""

    compute: Final[Callable[[float, float], bool]]

    def __init__(self, name: str, compute: Callable[[float, float], bool]) -> None:
        super().__init__(name, 2, {"outcome": bool})
        self.compute = compute

    def __call__(self, x: object, y: object) -> bool:
        return self.evaluate((x, y), ())

    def evaluate(self, operands: Sequence[object], params: Params) -> bool:
        del params  # the recorded outcome is checked by whoever replays
        recording = newest_recording(operands)
        if recording is not None:
            return recording.guard(self, operands)
        return self.compute(*map(as_float, operands))

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> None:
        del tangents, out, operands, params  # an outcome is piecewise constant

    def pull(self, g: object, out: object, operands: Sequence[object], params: Params) -> Mapping[int, object]:
        del g, out, operands, params
        return {}


class Linear(Primitive):
    """A linear map of one operand: it is its own tangent map; its transpose is stated."""

    apply: Final[Callable[[object, Params], object]]
    transpose: Final[Callable[[object, Params], object]]

    def __init__(
        self,
        name: str,
        apply: Callable[[object, Params], object],
        transpose: Callable[[object, Params], object],
        facts: Mapping[str, type],
    ) -> None:
        super().__init__(name, 1, facts)
        self.apply = apply
        self.transpose = transpose

    def evaluate(self, operands: Sequence[object], params: Params) -> object:
        return self.apply(operands[0], params)

    def push(self, tangents: Mapping[int, object], out: object, operands: Sequence[object], params: Params) -> object:
        del out, operands
        return self.apply(tangents[0], params)

    def pull(self, g: object, out: object, operands: Sequence[object], params: Params) -> Mapping[int, object]:
        del out, operands
        return {0: self.transpose(g, params)}


class General(Primitive):
    """A function of any number of operands whose pushforward and pullback are written out.

    Its value may be a tuple, of which `ops.structural.item` takes one.
    """
