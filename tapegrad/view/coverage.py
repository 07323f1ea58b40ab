"""What of NumPy can be traced: ``python -m tapegrad.view.coverage`` prints it as Markdown.

Which functions there are is read from NumPy and from the table that `tapegrad.numpy` fills. Whether derivatives flow is
read from the declaration of an operation; a function that is written with several operations is called, with arguments
that are found by trying, and differentiated. So the tables cannot claim what the functions do not do.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from types import ModuleType
from typing import Literal, TypeAlias, cast

import attrs
import numpy as np

from tapegrad import dispatch, special, tree
from tapegrad import numpy as tnp
from tapegrad.arrays import Floats
from tapegrad.elementwise import Elementwise
from tapegrad.ops.shape import imaginary, real, sum_axes
from tapegrad.primitive import Comparison
from tapegrad.transforms import grad
from tapegrad.variables import Var

__all__ = ["COMMAND", "Coverage", "Kind", "coverage", "coverages", "kind_of", "markdown"]

Kind: TypeAlias = Literal["differentiable", "zero derivative", "undecided", "not there", "not there, not asked"]

KINDS: dict[Kind, str] = {
    "differentiable": "Differentiable",
    "zero derivative": "There, with a derivative of zero: what they answer is piecewise constant, or no number",
    "undecided": "There, but no call was found that shows whether derivatives flow",
    "not there": "Not there: NumPy asks, and the answer is an error that names the function",
    "not there, not asked": "Not there, and no functions of arrays to NumPy: it lets nobody answer for them",
}

COMMAND = "python -m tapegrad.view.coverage > docs/coverage.md"


@attrs.frozen
class Coverage:
    """The functions of one module, by kind, each in the order of the alphabet."""

    module: str
    functions: dict[Kind, tuple[str, ...]]

    def count(self, kind: Kind) -> int:
        """How many there are of a kind."""
        return len(self.functions.get(kind, ()))


def coverage(theirs: ModuleType, ours: ModuleType, name: str) -> Coverage:
    """How the public functions of `theirs` fare: as their answer in the table, or by their name in `ours`."""
    functions: dict[Kind, tuple[str, ...]] = {}
    for function in sorted(_functions(theirs)):
        original = getattr(theirs, function)
        answering = dispatch.NUMPY.get(original) or _named(ours, function)
        kind = kind_of(answering) if answering is not None else "not there" if _asks(original) else _UNASKED
        functions[kind] = (*functions.get(kind, ()), function)
    return Coverage(name, functions)


_UNASKED: Kind = "not there, not asked"


def _functions(module: ModuleType) -> Iterator[str]:
    for name in module.__all__:
        if callable(getattr(module, name)) and not isinstance(getattr(module, name), type):
            yield name


def _named(module: ModuleType, name: str) -> Callable[..., object] | None:
    return cast(Callable[..., object], getattr(module, name)) if name in module.__all__ else None


def _asks(original: object) -> bool:
    """Whether NumPy asks its arguments before it answers itself."""
    return isinstance(original, np.ufunc) or hasattr(original, "_implementation")


# ---- whether derivatives flow --------------------------------------------------------------------


def kind_of(function: Callable[..., object]) -> Kind:
    """Whether derivatives flow through a function of `tapegrad.numpy`.

    >>> [kind_of(f) for f in (tnp.sin, tnp.floor, tnp.less, tnp.sum)]
    ['differentiable', 'zero derivative', 'zero derivative', 'differentiable']
    """
    if isinstance(function, Elementwise):
        return "zero derivative" if function.rule is None else "differentiable"
    if isinstance(function, Comparison):
        return "zero derivative"
    found: Kind = "undecided"
    for arguments in _calls(function):
        flows = _flows(function, arguments)
        if flows:
            return "differentiable"
        if flows is not None:
            found = "zero derivative"
    return found


MOST_CALLS = 1000
"""Calls with one number of arguments that are tried for a function."""

_GENERATOR = np.random.default_rng(0)
_SQUARE: Floats = np.eye(3) * 2.0 + _GENERATOR.uniform(0.1, 0.9, (3, 3))  # it has an inverse
_ARRAYS: tuple[object, ...] = (
    _SQUARE,
    _SQUARE @ _SQUARE.T,  # it has a Cholesky factor
    np.array([0.2, 0.5, 0.9]),
    0.4,
    np.array([0.2 + 0.3j, 0.5 - 0.7j, 0.9 + 0.1j]),
)
_NUMBERS: tuple[object, ...] = (1, 0, (0, 1), (3, 3), (9,), np.array([2, 0, 1]), np.array([[0], [1], [1]]))
_OTHERS: tuple[object, ...] = (
    [_SQUARE, _SQUARE.T],
    _SQUARE > 1.0,
    [_SQUARE > 1.0, _SQUARE > 0.5],
    np.array([0.0, 0.3, 0.6, 1.0]),
    "ij,jk->ik",
    np.sum,
    tnp.sin,
    [tnp.sin, tnp.cos],
    np.float32,
)


def _calls(function: Callable[..., object]) -> Iterator[tuple[object, ...]]:
    """Arguments that the function may take: those that its parameters suggest come first."""
    parameters = list(inspect.signature(function).parameters.values())
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        everything = (*_OTHERS, *_ARRAYS, *_NUMBERS)
        yield from product(everything, _ARRAYS)
        yield from product(everything, _ARRAYS, _ARRAYS)
        yield from ((x,) for x in everything)
        return
    positional = [p for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
    required = sum(p.default is p.empty for p in positional)
    for count in range(required, min(required + 2, len(positional)) + 1):  # optional ones may be arrays too
        suggested = list(map(_suggested, positional[:count]))
        places = sorted(product(*[range(len(each)) for each in suggested]), key=sum)  # the likely ones first
        for chosen in places[:MOST_CALLS]:
            yield tuple(each[place] for each, place in zip(suggested, chosen, strict=True))


def _suggested(parameter: inspect.Parameter) -> tuple[object, ...]:
    stated = str(parameter.annotation)
    if "Sequence[Var" in stated:
        return (*_OTHERS, *_ARRAYS, *_NUMBERS)
    if "Var" in stated or "ArrayLike" in stated:
        return (*_ARRAYS, *_OTHERS, *_NUMBERS)
    if "int" in stated or "Axis" in stated or parameter.name in {"axis", "indices", "shape"}:
        return (*_NUMBERS, *_OTHERS, *_ARRAYS)
    return (*_ARRAYS, *_NUMBERS, *_OTHERS)


def _flows(function: Callable[..., object], arguments: tuple[object, ...]) -> bool | None:
    """Whether the results of one call have derivatives other than zero; None if it is no call of the function."""
    leaves, structure = tree.flatten(arguments)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, float) or _is_inexact(leaf)]

    def total(floats: list[object]) -> object:
        given = list(leaves)
        for place, x in zip(places, floats, strict=True):
            leaf = cast(Floats, leaves[place])
            given[place] = x * (leaf / leaf.real) if np.iscomplexobj(leaf) else x  # type: ignore[operator]  # a number
        return _weighted(function(*cast(tuple[object, ...], structure.unflatten(given))))

    try:
        with np.errstate(all="ignore"):
            gradients = grad(total)([np.real(cast(Floats, leaves[place])) for place in places])  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001  # whatever it raises, it cannot be called so
        return None
    return any(np.any(np.asarray(gradient) != 0.0) for gradient in tree.leaves(gradients))


def _is_inexact(x: object) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind in "fc"


def _weighted(results: object) -> object:
    """A number that depends on every traced number among the results, and on no two of them alike."""
    weights = np.random.default_rng(1)
    found: float | Var = 0.0
    for leaf in tree.leaves(results):
        if not isinstance(leaf, Var) or leaf.dtype.kind not in "fc":
            continue
        parts = [real(leaf), imaginary(leaf)] if leaf.dtype.kind == "c" else [leaf]
        for part in parts:
            weight = weights.uniform(1.0, 2.0, leaf.shape)
            found = sum_axes(part * weight, axes=tuple(range(-leaf.ndim, 0))) + found
    return found


# ---- the page ------------------------------------------------------------------------------------


def coverages() -> list[Coverage]:
    """Of all modules that have a counterpart."""
    own: dict[Kind, tuple[str, ...]] = {}
    for name in sorted(_functions(special)):
        kind = kind_of(getattr(special, name))
        own[kind] = (*own.get(kind, ()), name)
    return [
        coverage(np, tnp, "numpy"),
        coverage(np.linalg, tnp.linalg, "numpy.linalg"),
        coverage(np.fft, tnp.fft, "numpy.fft"),
        Coverage("scipy.special", own),
    ]


def markdown(found: Iterable[Coverage]) -> str:
    """The page: a table of counts, and for each module the names by kind."""
    found = list(found)
    version = ".".join(np.__version__.split(".")[:2])
    lines = [
        f"# What of NumPy {version} can be traced",
        "",
        f"Written by `{COMMAND}`, from the functions themselves. Of SciPy,",
        "only what is there is listed.",
        "",
        f"| module | {' | '.join(KINDS)} |",
        f"| --- | {' | '.join(['---:'] * len(KINDS))} |",
        *(f"| `{c.module}` | {' | '.join(str(c.count(kind)) for kind in KINDS)} |" for c in found),
    ]
    for module in found:
        lines += ["", f"## {module.module}"]
        for kind, heading in KINDS.items():
            if kind in module.functions:
                lines += ["", f"{heading}:", "", *_paragraph(module.functions[kind])]
    return "\n".join(lines)


def _paragraph(names: Iterable[str], width: int = 118) -> list[str]:
    """The names, separated by commas, in lines."""
    lines = [""]
    words = [f"`{name}`" for name in names]
    for i, word in enumerate(words):
        text = word if i == len(words) - 1 else f"{word},"
        if lines[-1] and len(lines[-1]) + 1 + len(text) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {text}".lstrip()
    return lines


if __name__ == "__main__":
    print(markdown(coverages()))
