"""Which function answers when NumPy, or a method of a variable, is asked: a table that `tapegrad.numpy` fills.

A variable stands far below the functions that people call on it, so it finds them by name.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeVar

from tapegrad.errors import OperandError
from tapegrad.source import caller

__all__ = ["NUMPY", "SPECIAL", "Copies", "Places", "apply_function", "known", "named", "nearest", "register"]

_NAMED: Final[dict[str, Callable[..., object]]] = {}
NUMPY: Final[dict[object, Callable[..., object]]] = {}
"""The function of NumPy -> the one of `tapegrad.numpy` that answers for it; written by `register` alone."""


T_co = TypeVar("T_co", covariant=True)


class Places(Protocol[T_co]):
    """What ``x.at`` is, to the type checker: ``x.at[index]`` is a part, of which changed copies can be made."""

    def __getitem__(self, index: object) -> Copies[T_co]: ...


class Copies(Protocol[T_co]):
    """A part of an array: itself, and copies of the whole with other values there."""

    def get(self) -> T_co: ...
    def set(self, values: object) -> T_co: ...
    def add(self, values: object) -> T_co: ...
    def multiply(self, values: object) -> T_co: ...


_IN_PLACE: Final = ("copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask")

SPECIAL: Final[dict[str, Callable[..., object]]] = {}
"""The functions of `tapegrad.special` by their names, which are SciPy's; written there alone."""


def register(name: str, function: Callable[..., object], original: object = None) -> None:
    """Let `function` answer for ``x.name(...)``, and for the `original` of NumPy."""
    if original is None:
        _NAMED.setdefault(name, function)  # a name of NumPy's goes first
    else:
        _NAMED[name] = function
        NUMPY[original] = function


def named(name: str) -> Callable[..., object]:
    """The function that answers for the method `name`."""
    return _NAMED[name]


def known() -> list[str]:
    """The names of all functions that answer."""
    return list(_NAMED)


def nearest(name: str, names: Sequence[str]) -> str:
    """``; the nearest that is: sum``, or nothing, for the end of an error."""
    found = difflib.get_close_matches(name.rpartition(".")[2], names, n=1, cutoff=0.5)
    return f"; the nearest that is supported: {found[0]}" if found else ""


def apply_function(function: Callable[..., object], args: Sequence[object], keywords: Mapping[str, object]) -> object:
    """What ``function(*args, **keywords)`` of NumPy gives for traced arrays.

    Raises OperandError, naming the function or keyword and the nearest supported one.
    """
    found = NUMPY.get(function)
    name = f"{getattr(function, '__module__', 'numpy') or 'numpy'}.{function.__name__}"
    if found is None:
        cure = nearest(name, known())
        if function.__name__ in _IN_PLACE:
            cure = "; traced arrays are not changed in place: x = x.at[i].set(v), or .add(v), gives a changed copy"
        msg = f"{name} is not among the functions that can be traced, at {caller()}{cure}"
        raise OperandError(msg)
    parameters = inspect.signature(found).parameters
    unknown = [keyword for keyword in keywords if keyword not in parameters]
    if unknown and not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        msg = (
            f"{name} with {', '.join(unknown)}= is not among the operations that can be traced, at {caller()}; "
            f"it takes {', '.join(parameters)}{nearest(unknown[0], list(parameters))}"
        )
        raise OperandError(msg)
    return found(*args, **keywords)
