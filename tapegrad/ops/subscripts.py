"""The language of einsum: ``ij,jk->ik`` says which axes of which operands are multiplied, and which are left.

    subscripts = terms ["->" target]        terms = term {"," term}        a term has one letter for each axis

Here an ellipsis, implied targets and axes of length one are spelled out, so that the operation itself meets only
terms in which a letter stands for one length.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from string import ascii_letters

__all__ = ["from_lists", "lengths_of", "read", "spelled", "split", "unused"]

_BY_NUMBER = ascii_letters.swapcase()  # in alphabetical order, which is the order of implied targets


def split(subscripts: str) -> tuple[list[str], str]:
    """The terms and the target of subscripts that state both.

    >>> split("ij,jk->ik")
    (['ij', 'jk'], 'ik')
    """
    terms, _, target = subscripts.partition("->")
    return terms.split(","), target


@functools.lru_cache(maxsize=256)
def spelled(subscripts: str) -> str:
    """The same for operands with lanes in front.

    >>> spelled("ij,jk->ik")
    '...ij,...jk->...ik'
    """
    terms, target = split(subscripts)
    return ",".join(f"...{term}" for term in terms) + f"->...{target}"


def unused(letters: str, count: int) -> str:
    """The first `count` letters that are not among `letters`. Raises ValueError if there are not so many."""
    free = [letter for letter in ascii_letters if letter not in letters][:count]
    if len(free) < count:
        msg = f"einsum: there are letters for {len(ascii_letters)} axes, which is not enough"
        raise ValueError(msg)
    return "".join(free)


def from_lists(operands: Sequence[object]) -> tuple[str, list[object]]:
    """The other form of a call, ``x, [0, 1], y, [1, 2], [0, 2]``, as subscripts and operands."""
    words = ["".join("..." if axis is Ellipsis else _BY_NUMBER[axis] for axis in axes) for axes in operands[1::2]]  # type: ignore[attr-defined]
    arrays = list(operands[: 2 * len(words) : 2])
    if len(operands) % 2 == 0:
        return ",".join(words), arrays
    last = "".join("..." if axis is Ellipsis else _BY_NUMBER[axis] for axis in operands[-1])  # type: ignore[attr-defined]
    return f"{','.join(words)}->{last}", arrays


def read(subscripts: str, shapes: Sequence[tuple[int, ...]]) -> tuple[list[str], str]:
    """The terms and the target with a letter for every axis of operands of these `shapes`.

    Raises ValueError if they do not fit.

    >>> read("...i,i", [(2, 3), (3,)])
    (['ai', 'i'], 'a')
    """
    given, arrow, after = subscripts.replace(" ", "").partition("->")
    terms = given.split(",")
    if len(terms) != len(shapes):
        msg = f"einsum: {subscripts!r} is about {len(terms)} operands, and {len(shapes)} are given"
        raise ValueError(msg)
    further = [_further_axes(term, shape, subscripts) for term, shape in zip(terms, shapes, strict=True)]
    letters = unused(subscripts, max(further))
    terms = [term.replace("...", letters[len(letters) - count :]) for term, count in zip(terms, further, strict=True)]
    if arrow:
        target = after.replace("...", letters)
    else:
        named = "".join(terms)
        target = letters + "".join(x for x in sorted(set(named) - set(letters)) if named.count(x) == 1)
    missing = set(letters) - set(target)
    if missing or len(set(target)) < len(target) or not set(target) <= set("".join(terms)):
        msg = f"einsum: in {subscripts!r} the result must name axes of the operands, each once, and '...' if one has it"
        raise ValueError(msg)
    return terms, target


def _further_axes(term: str, shape: tuple[int, ...], subscripts: str) -> int:
    """How many axes the ellipsis of a term stands for."""
    words = term.split("...")
    count = len(shape) - len("".join(words))
    plain = "".join(words)
    if len(words) > 2 or count < 0 or (count > 0 and len(words) == 1) or any(x not in ascii_letters for x in plain):
        msg = f"einsum: {term!r} in {subscripts!r} does not name the axes of an array of shape {shape}"
        raise ValueError(msg)
    return count


def lengths_of(terms: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> dict[str, int]:
    """The length of each axis, by letter. Raises ValueError if it has two, unless one of them is 1.

    >>> lengths_of(["ij", "j"], [(1, 3), (3,)])
    {'i': 1, 'j': 3}
    """
    lengths: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for letter, length in zip(term, shape, strict=True):
            known = lengths.setdefault(letter, length)
            repeated = term.count(letter) > 1 and shape[term.index(letter)] != length
            if repeated or (known != length and 1 not in {known, length}):
                msg = f"einsum: the axis {letter!r} of {','.join(terms)} has the lengths {known} and {length}"
                raise ValueError(msg)
            if known == 1:
                lengths[letter] = length
    return lengths
