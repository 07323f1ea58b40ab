"""Static facts in writing: as words in the text of a tape, and as JSON. Reading checks, and evaluates nothing.

    2.0  True  None  x  "a b"    numbers, three names, words, and a JSON string for what is no plain word
    (-2,-1)                      a tuple
    [0,1:,None,...]              an index, as between the brackets of x[...]
    float64[2,2]{1.0,nan,0.5,-inf}
                                 an array: dtype, shape, elements; a complex element is two, its parts

A number is written so that it is read back with the same bits. What is read is no larger than its text: an array is
made after its elements have been counted.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import TypeAlias, cast

import numpy as np

from tapegrad.arrays import AnyArray, FrozenArray, FrozenIndex, entry_in_words
from tapegrad.errors import TapeFormatError
from tapegrad.typing import Static

__all__ = ["decoded", "encoded", "read", "written"]

Plain: TypeAlias = bool | int | float

DEEPEST = 32
"""Tuples nested deeper than this are refused."""

BRIEF = 40
"""The characters that an array may take where it is shown in brief."""

_NAMES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
    "float64", "complex64", "complex128",
)  # fmt: skip
_DTYPES = {name: np.dtype(name) for name in _NAMES}
_DTYPES |= {swapped.str: swapped for swapped in [dtype.newbyteorder() for dtype in _DTYPES.values()]}
_KINDS: dict[str, tuple[type, ...]] = {"b": (bool,), "i": (int,), "u": (int,), "f": (float, int), "c": (float, int)}

_KEYWORDS: dict[str, Static] = {"True": True, "False": False, "None": None}
_PLAIN = re.compile(r"[^\W\d][\w.\[\]']*")
_HEAD = re.compile(r"(?P<dtype>[<>|]?\w+)\[(?P<shape>[\d,]*)\]", re.ASCII)
_DATA = re.compile(r"\{(?P<data>[^{}\s]*)\}")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SLICE = re.compile(r"(-?\d+)?:(-?\d+)?(?::(-?\d+)?)?", re.ASCII)
_WORD = re.compile(r'[^\s"#]\S*')  # which stands alone
_ITEM = re.compile(r"[^\s\"#()\[\]{},]+")  # or among others


# ---- arrays --------------------------------------------------------------------------------------


def _dtype_name(array: AnyArray) -> str:
    """What an array of this dtype is written as. Raises TapeFormatError if it would not be read back."""
    name = array.dtype.name if array.dtype.isnative else array.dtype.str
    if name not in _DTYPES:
        msg = f"an array of {name} cannot be saved; of floats, float64 and smaller ones can"
        raise TapeFormatError(msg)
    return name


def _parts(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """The dtype of the numbers that an element is written as."""
    return np.dtype(f"{dtype.str[0]}f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


def _numbers(array: AnyArray) -> list[Plain]:
    """The elements in the order of the axes, as numbers of Python."""
    return cast(list[Plain], np.ascontiguousarray(array).reshape(-1).view(_parts(array.dtype)).tolist())


def _array(name: object, shape: Sequence[object], numbers: Sequence[object]) -> FrozenArray:
    """The array of these elements. Raises TapeFormatError if they do not fill `shape`, or are no such numbers."""
    dtype = _DTYPES.get(name) if isinstance(name, str) else None
    if dtype is None:
        msg = f"{name!r:.40} is no kind of number"
        raise TapeFormatError(msg)
    if len(shape) > 64 or not all(type(length) is int and length >= 0 for length in shape):
        msg = f"{tuple(shape)!r:.40} is no shape"
        raise TapeFormatError(msg)
    lengths = cast(Sequence[int], shape)
    needed = math.prod(lengths) * (2 if dtype.kind == "c" else 1)
    if needed != len(numbers):
        msg = f"an array of {name}{list(shape)!r:.40} is written with {len(numbers)} numbers, and needs {needed:.6g}"
        raise TapeFormatError(msg)
    try:
        if not all(type(x) in _KINDS[dtype.kind] for x in numbers):
            raise TypeError
        with np.errstate(over="ignore"):
            flat = np.array(numbers, _parts(dtype))
        return FrozenArray(flat.view(dtype).reshape(tuple(lengths)))
    except (TypeError, ValueError, OverflowError):
        msg = f"the elements of an array of {name}{list(shape)!r:.40} are not such numbers"
        raise TapeFormatError(msg) from None


# ---- words ---------------------------------------------------------------------------------------


def written(value: Static, brief: bool = False) -> str:
    """A static fact in words, without a space. In brief, a long array is shown by dtype and shape only.

    >>> written((0, -1)), written(FrozenIndex((0, slice(1, None), None)))
    ('(0,-1)', '[0,1:,None]')
    >>> written(FrozenArray(np.arange(40.0)), brief=True)
    'float64[40]'
    """
    if isinstance(value, str):
        return value if _is_word(value) else json.dumps(value)
    if isinstance(value, tuple):
        items = [json.dumps(item) if isinstance(item, str) else written(item, brief) for item in value]
        return f"({','.join(items)}{',' * (len(items) == 1)})"
    if isinstance(value, FrozenIndex):
        return f"[{','.join(_entry_written(entry, brief) for entry in value.entries)}]"
    if isinstance(value, FrozenArray):
        return _array_written(value, brief)
    return repr(float(value)) if isinstance(value, float) else str(value)


def _is_word(text: str) -> bool:
    """Whether a string is read back from its letters alone."""
    return bool(_PLAIN.fullmatch(text)) and not _HEAD.match(text) and _plain(text) == text


def _array_written(value: FrozenArray, brief: bool) -> str:
    if brief and value.array.size > BRIEF // 2:
        return repr(value)
    shape = ",".join(map(str, value.array.shape))
    text = f"{_dtype_name(value.array)}[{shape}]{{{','.join(map(repr, _numbers(value.array)))}}}"
    return repr(value) if brief and len(text) > BRIEF else text


def _entry_written(entry: object, brief: bool) -> str:
    return _array_written(entry, brief) if isinstance(entry, FrozenArray) else entry_in_words(entry)


def read(text: str, at: int = 0, depth: int = 0) -> tuple[Static, int]:
    """The static fact that is written in `text` from `at` on, and where it ends.

    Raises TapeFormatError for anything else. A word, but in a tuple, goes on to the next space.

    >>> read("axes=(-2,-1)  # of x", 5)
    ((-2, -1), 12)
    """
    start = text[at : at + 1]
    if start == '"':
        return _read_string(text, at)
    if start == "(":
        return _read_tuple(text, at + 1, depth)
    if start == "[":
        return _read_index(text, at + 1)
    array = _read_array(text, at)
    if array is not None:
        return array
    found = (_ITEM if depth else _WORD).match(text, at)
    if found is None:
        raise _unreadable(text, at)
    return _plain(found[0]), found.end()


def _unreadable(text: str, at: int) -> TapeFormatError:
    return TapeFormatError(f"cannot read {text[at:].strip():.40}")


def _plain(word: str) -> Static:
    """The number or the name that `word` writes, or itself."""
    if word in _KEYWORDS:
        return _KEYWORDS[word]
    if word.removeprefix("-").isdecimal():
        return _integer(word)
    try:
        return float(word)
    except ValueError:
        return word


def _integer(digits: str) -> int:
    if len(digits) > 400:
        msg = f"no tape has a number of {len(digits)} digits"
        raise TapeFormatError(msg)
    return int(digits)


def _read_string(text: str, at: int) -> tuple[str, int]:
    found = _STRING.match(text, at)
    if found is None:
        raise _unreadable(text, at)
    try:
        return cast(str, json.loads(found[0])), found.end()
    except ValueError:
        msg = f"{found[0]:.40} is not a string"
        raise TapeFormatError(msg) from None


def _read_tuple(text: str, at: int, depth: int) -> tuple[tuple[Static, ...], int]:
    """The rest of a tuple, `at` being behind its parenthesis."""
    if depth >= DEEPEST:
        msg = f"tuples are nested more than {DEEPEST} deep"
        raise TapeFormatError(msg)
    items: list[Static] = []
    while text[at : at + 1] != ")":
        item, at = read(text, at, depth + 1)
        items.append(item)
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 1] != ")":
            raise _unreadable(text, at)
    return tuple(items), at + 1


def _read_index(text: str, at: int) -> tuple[FrozenIndex, int]:
    """The rest of an index, `at` being behind its bracket."""
    entries: list[object] = []
    while text[at : at + 1] != "]":
        entry, at = _read_entry(text, at)
        entries.append(entry)
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 1] != "]":
            raise _unreadable(text, at)
    return _index(entries), at + 1


def _index(entries: Sequence[object]) -> FrozenIndex:
    try:
        return FrozenIndex(tuple(entries))
    except IndexError as error:
        raise TapeFormatError(str(error)) from None


def _read_entry(text: str, at: int) -> tuple[object, int]:
    part = _SLICE.match(text, at)
    if part is not None:
        return slice(*[None if end is None else _integer(end) for end in part.groups()]), part.end()
    array = _read_array(text, at)
    if array is not None:
        return array[0].array, array[1]
    found = _ITEM.match(text, at)
    if found is None:
        raise _unreadable(text, at)
    entry = Ellipsis if found[0] == "..." else _plain(found[0])
    if not (entry is None or entry is Ellipsis or type(entry) is int):
        raise _unreadable(text, at)
    return entry, found.end()


def _read_array(text: str, at: int) -> tuple[FrozenArray, int] | None:
    """The array that starts at `at`, if one does."""
    head = _HEAD.match(text, at)
    if head is None:
        return None
    data = _DATA.match(text, head.end())
    if data is None:
        if head["dtype"] in _DTYPES:
            msg = f"{head[0]} is an array without its elements, as str(tape) shows a long one; tape.to_text() has them"
            raise TapeFormatError(msg)
        return None  # a word such as w[0]
    shape = [_plain(length) for length in head["shape"].split(",")] if head["shape"] else []
    numbers = [_plain(x) for x in data["data"].split(",")] if data["data"] else []
    return _array(head["dtype"], shape, numbers), data.end()


# ---- JSON ----------------------------------------------------------------------------------------


def encoded(value: Static) -> object:
    """A static fact as JSON has it: a tuple is a list; an array and an index are objects.

    Raises TypeError for a function, which cannot be saved.
    """
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": repr(float(value))}  # JSON has no word for it
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, tuple):
        return [encoded(item) for item in value]
    if isinstance(value, FrozenArray):
        return _array_encoded(value)
    if isinstance(value, FrozenIndex):
        return {"index": [_entry_encoded(entry) for entry in value.entries]}
    raise TypeError(value)


def _array_encoded(value: FrozenArray) -> dict[str, object]:
    data = [x if math.isfinite(x) else repr(x) for x in _numbers(value.array)]
    return {"dtype": _dtype_name(value.array), "shape": list(value.array.shape), "data": data}


def _entry_encoded(entry: object) -> object:
    if isinstance(entry, FrozenArray):
        return _array_encoded(entry)
    if isinstance(entry, slice):
        return {"slice": [entry.start, entry.stop, entry.step]}
    return "..." if entry is Ellipsis else entry


def decoded(value: object, depth: int = 0) -> Static:
    """The static fact that `encoded` gave this for. Raises TapeFormatError for anything else."""
    match value:
        case {"float": ("inf" | "-inf" | "nan") as word, **rest} if not rest:
            return float(word)
        case {"dtype": name, "shape": list(shape), "data": list(data), **rest} if not rest:
            return _array(name, shape, [_float_decoded(x) for x in data])
        case {"index": list(entries), **rest} if not rest:
            return _index([_entry_decoded(entry) for entry in entries])
        case None | bool() | int() | float() | str():
            return value
        case list(items) if depth < DEEPEST:
            return tuple([decoded(item, depth + 1) for item in items])
    msg = f"has a parameter that is no static fact: {value!r:.60}"
    raise TapeFormatError(msg)


def _float_decoded(x: object) -> object:
    return float(x) if isinstance(x, str) and x in {"inf", "-inf", "nan"} else x


def _entry_decoded(entry: object) -> object:
    match entry:
        case None:
            return None
        case "...":
            return Ellipsis
        case {"slice": [start, stop, step], **rest} if not rest:
            if all(end is None or type(end) is int for end in (start, stop, step)):
                return slice(start, stop, step)
        case {"dtype": _}:
            return cast(FrozenArray, decoded(entry)).array
        case int() if type(entry) is int:
            return entry
    msg = f"has an index with an entry that is none: {entry!r:.60}"
    raise TapeFormatError(msg)
