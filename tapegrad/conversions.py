"""What a traced value answers to Python and NumPy when they ask for something other than arithmetic.

A conversion to a plain number would silently lose the derivative, so each is refused by an error that
quotes the user's expression and names the cure. NumPy's universal functions are answered.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, Protocol

import numpy as np

from tapegrad import dispatch
from tapegrad.errors import ConversionError, MathFunctionError, OperandError
from tapegrad.maps import shape_of
from tapegrad.source import caller

__all__ = [
    "CHANGES", "apply_ufunc", "refuse_array", "refuse_assignment", "refuse_complex", "refuse_float", "refuse_hash",
    "refuse_index", "refuse_integer", "refuse_pickle", "refuse_rounding", "refuse_truth",
    "refusing",
]  # fmt: skip


class _HasValue(Protocol):
    @property
    def value(self) -> object: ...


def refuse_float(self: _HasValue) -> NoReturn:
    """Refuse ``float(x)``, which functions of ``math`` call as well."""
    site = caller()
    called = re.match(r"(?:math|cmath)\.(\w+)", site.segment)
    if called is None:
        called = re.search(r"\bmath\.(\w+)\(", site.text) if "float(" not in site.text else None
    if called is not None:
        name = _NUMPY_NAMES.get(called[1], called[1])
        cure = f"use tnp.{name} (import tapegrad.numpy as tnp)"
        if called[1] in _SPECIAL_NAMES:
            cure = f"use tapegrad.special.{_SPECIAL_NAMES[called[1]]}"
        elif name not in dispatch.known():
            cure = "apply it to x.value if no derivative is wanted, or declare the operation with tapegrad.extend"
        msg = f"math.{called[1]} cannot be traced, at {site}; {cure}"
        raise MathFunctionError(msg)
    msg = (
        f"a traced value (now {self.value!r}) was to become a plain float, which loses its derivative, at {site}; "
        "keep computing with it, use tapegrad.numpy in place of math, or write x.value where you mean the number"
    )
    raise ConversionError(msg)


_NUMPY_NAMES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "pow": "power", "fabs": "absolute",
}  # fmt: skip


_SPECIAL_NAMES = {"gamma": "gamma", "lgamma": "gammaln"}


def refuse_integer(self: _HasValue) -> NoReturn:
    """Refuse ``int(x)`` and the use of a traced value as an index."""
    msg = (
        f"a traced value (now {self.value!r}) was to become an integer, which has no derivative, at {caller()}; "
        "use tnp.floor(x) to round, or int(x.value) where you mean the number"
    )
    raise ConversionError(msg)


def refuse_rounding(self: _HasValue, digits: int | None = None) -> NoReturn:
    """Refuse ``round(x)``, ``math.floor(x)`` and their kind, which answer with an integer."""
    del digits
    msg = (
        f"a traced value (now {self.value!r}) was to be rounded to an integer, at {caller()}; "
        "use tnp.floor(x) or tnp.ceil(x), whose derivative is zero, or round(x.value)"
    )
    raise ConversionError(msg)


def refuse_complex(self: _HasValue) -> NoReturn:
    """Refuse ``complex(x)``."""
    msg = f"a traced value (now {self.value!r}) cannot become complex, at {caller()}; keep the parts as real numbers"
    raise ConversionError(msg)


def refuse_hash(self: _HasValue) -> NoReturn:
    """Refuse ``{x: ...}``: equality of traced values compares numbers, which is no identity."""
    msg = (
        f"a traced value (now {self.value!r}) cannot be a dictionary key, a set member or a cached argument, "
        f"at {caller()}; use x.value as the key, or keep a list"
    )
    raise ConversionError(msg)


def refuse_pickle(self: _HasValue) -> NoReturn:
    """Refuse ``pickle.dumps(x)``: a traced value belongs to its trace."""
    msg = f"a traced value (now {self.value!r}) cannot be pickled, at {caller()}; pickle x.value, or the whole tape"
    raise ConversionError(msg)


def refuse_array() -> NoReturn:
    """Refuse ``np.asarray(x)``. Not a typed method of `Var`, which would let checkers take it for a plain array."""
    msg = (
        f"a traced value was to become a plain array, which loses its derivative, at {caller()}; keep computing with "
        "it, gather traced numbers with tnp.array([...]), index a plain array with tnp.take(array, x), or write "
        "x.value where you mean the numbers"
    )
    raise ConversionError(msg)


def refuse_assignment() -> NoReturn:
    """Refuse ``x[i] = v``."""
    msg = f"a traced array cannot be changed, at {caller()}; x = x.at[i].set(v), or .add(v), gives a changed copy"
    raise ConversionError(msg)


CHANGES = {
    "fill": "tnp.full_like(x, v) gives an array of v", "partition": "tnp.partition(x, k) gives a changed copy",
    "put": "x = x.at[i].set(v) gives a changed copy", "resize": "tnp.resize(x, shape) gives a changed copy",
    "sort": "tnp.sort(x) gives a sorted copy",
}  # fmt: skip
"""The methods of an array that would change it, and what to call instead."""


def refusing(name: str) -> Callable[..., NoReturn]:
    """A method that refuses ``x.sort()``, or another of the `CHANGES`."""

    def refuse(*_: object, **__: object) -> NoReturn:
        msg = f"x.{name}(...) would change a traced array, at {caller()}; {CHANGES[name]}"
        raise ConversionError(msg)

    return refuse


def refuse_index() -> NoReturn:
    """Refuse ``x[i]`` of a number."""
    msg = f"a traced number has no elements to take by an index, at {caller()}"
    raise ConversionError(msg)


def refuse_truth(shape: tuple[int, ...]) -> NoReturn:
    """Refuse ``if x:`` of an array with several elements, or none."""
    msg = (
        f"an array of shape {shape} is neither true nor false, at {caller()}; use tnp.where(condition, x, y) to choose "
        "element by element, or (condition).any() or .all()"
    )
    raise ConversionError(msg)


def apply_ufunc(ufunc: np.ufunc, method: str, operands: Sequence[object], options: Mapping[str, object]) -> object:
    """The operation that `ufunc` names, on traced values, plain numbers and arrays."""
    name = ufunc.__name__
    if "out" in options:
        msg = (
            f"numpy.{name} was to write a traced value into a plain array, at {caller()}; arrays are not changed in "
            "place: write y = y + x rather than y += x, and leave out= away"
        )
        raise OperandError(msg)
    along = {"reduce": _REDUCTIONS, "accumulate": _ACCUMULATIONS}.get(method, {})
    if name in along:
        keywords = {key: value for key, value in options.items() if key in {"axis", "keepdims"}}
        return dispatch.named(along[name])(*operands, **{"axis": 0, **keywords})
    answering = dispatch.NUMPY.get(ufunc)
    is_scipys = getattr(sys.modules.get("scipy.special"), name, None) is ufunc
    if is_scipys:
        answering = dispatch.SPECIAL.get(name, answering)
    if answering is not None and (not options or options.keys() <= inspect.signature(answering).parameters.keys()):
        if method == "__call__":
            return answering(*operands, **options)
        if method == "outer":
            x, y = operands
            apart = (*shape_of(x), *[1] * len(shape_of(y)))
            return answering(dispatch.named("reshape")(x, apart), y)
    with_options = f" with {', '.join(options)}=" if options else ""
    call = f"{'scipy.special' if is_scipys else 'numpy'}.{name}{'' if method == '__call__' else f'.{method}'}"
    msg = (
        f"{call}{with_options} is not among the operations that can be traced, at {caller()}"
        f"{dispatch.nearest(name, list(dispatch.SPECIAL) if is_scipys else dispatch.known())}"
    )
    raise OperandError(msg)


_REDUCTIONS = {
    "add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all", "logical_or": "any",
}  # fmt: skip
_ACCUMULATIONS = {"add": "cumsum", "multiply": "cumprod"}
