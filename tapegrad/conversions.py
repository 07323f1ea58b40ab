"""What a traced value answers to Python and NumPy when they ask for something other than arithmetic.

A conversion to a plain number would silently lose the derivative, so each is refused by an error that
quotes the user's expression and names the cure. NumPy's universal functions are answered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NoReturn, Protocol

import numpy as np

from tapegrad.elementwise import Elementwise
from tapegrad.errors import ConversionError, MathFunctionError, OperandError
from tapegrad.primitive import Comparison, lookup
from tapegrad.source import caller

__all__ = [
    "apply_ufunc", "refuse_complex", "refuse_float", "refuse_hash", "refuse_integer", "refuse_pickle",
    "refuse_rounding",
]  # fmt: skip


class _HasValue(Protocol):
    @property
    def value(self) -> float: ...


def refuse_float(self: _HasValue) -> NoReturn:
    """Refuse ``float(x)``, which functions of ``math`` call as well."""
    site = caller()
    called = re.match(r"(?:math|cmath)\.(\w+)", site.segment)
    if called is None:
        called = re.search(r"\bmath\.(\w+)\(", site.text) if "float(" not in site.text else None
    if called is not None:
        name = _NUMPY_NAMES.get(called[1], called[1])
        cure = f"use tnp.{name} (import tapegrad.numpy as tnp)"
        if lookup(name) is None:
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


def apply_ufunc(ufunc: np.ufunc, method: str, operands: Sequence[object], options: Mapping[str, object]) -> object:
    """The operation that `ufunc` names, on traced scalars and plain numbers."""
    name = ufunc.__name__
    if ufunc is np.divmod and method == "__call__" and not options:
        return tuple(apply_ufunc(half, method, operands, options) for half in (np.floor_divide, np.remainder))
    primitive = lookup(name)
    if method != "__call__" or options or not isinstance(primitive, (Elementwise, Comparison)):
        call = name if method == "__call__" else f"{name}.{method}"
        with_options = f" with {', '.join(options)}=" if options else ""
        msg = f"numpy.{call}{with_options} is not among the operations that can be traced, at {caller()}"
        raise OperandError(msg)
    return primitive.evaluate(operands, ())
