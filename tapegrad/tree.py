"""Trees of numbers: tuples, lists, dictionaries, dataclasses and attrs classes, flattened and rebuilt.

The work is optree's; here it is given types, and dataclasses and attrs classes are made known to it as
they are met. They are rebuilt without their ``__init__``, so a class that checks its fields can be
differentiated; a field marked ``metadata={"static": True}`` is kept as it is and carries no derivative.
"""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar, cast

import attrs
import numpy as np
import numpy.typing as npt
import optree

from tapegrad.arrays import FrozenIndex
from tapegrad.errors import ArgumentTypeError, IntegerArgumentError, StructureError
from tapegrad.maps import shape_of
from tapegrad.ops.shape import astype, concatenate, reshape, take_index
from tapegrad.primitive import as_value
from tapegrad.variables import Array, ArrayVar, Var

__all__ = ["LEAF", "Structure", "children", "flatten", "leaf_names", "leaves", "map_leaves", "ravel"]

_NAMESPACE = "tapegrad"
_registered: set[type] = set()  # grows only: what optree knows of
_without_statics: set[type] = set()  # those among them whose fields are all children
_registering = threading.Lock()

# The structure that a kind of tree had last: a guess, which saves asking what each leaf is. To go through a tree of
# known structure takes a tenth of the time, and a training asks for one structure at every step. None if a
# structure does not say all.
_seen: dict[tuple[type, int], Structure | None] = {}
_MOST_SEEN = 64

T = TypeVar("T")


@attrs.frozen
class Structure:
    """The shape of a tree without its leaves: rebuilds a tree from a list of leaves."""

    spec: optree.PyTreeSpec

    def unflatten(self, leaves: Iterable[object]) -> object:
        """The tree of this structure with these leaves."""
        return self.spec.unflatten(leaves)

    def floats_of(self, tree: object) -> list[object] | None:
        """The leaves of `tree`, if it has this very structure and they are all floats or arrays."""
        found: list[object]
        try:
            found = self.spec.flatten_up_to(tree)  # type: ignore[arg-type, assignment]  # any object
        except ValueError:
            return None
        return found if set(map(type, found)) <= {float, np.ndarray} else None

    def names(self, root: str) -> list[str]:
        """A Python expression for each leaf: ``params['w'][0]`` for root ``params``."""
        try:
            return list(_names(self, root))
        except TypeError:  # a static field that cannot be hashed
            return list(_names.__wrapped__(self, root))

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self.spec.num_leaves

    @property
    def is_leaf(self) -> bool:
        """Whether the whole tree is a single leaf."""
        return self is LEAF or self.spec.is_leaf()

    def __str__(self) -> str:
        return str(self.unflatten(["*"] * self.size)).replace("'*'", "*")


@lru_cache(maxsize=64)  # a training asks for the names of one structure at every step
def _names(structure: Structure, root: str) -> tuple[str, ...]:
    return tuple(accessor.codify(root) for accessor in structure.spec.accessors())


def flatten(tree: object) -> tuple[list[object], Structure]:
    """The leaves of `tree`, and the structure that rebuilds it.

    >>> leaves, structure = flatten({"w": (1.0, 2.0), "b": 3.0})
    >>> leaves
    [3.0, 1.0, 2.0]
    >>> structure.unflatten([0.0, 1.0, 2.0])
    {'w': (1.0, 2.0), 'b': 0.0}
    """
    kind = (type(tree), len(tree) if isinstance(tree, (tuple, list)) else 0)
    seen = _seen.get(kind)
    numbers = None if seen is None else seen.floats_of(tree)
    if seen is not None and numbers is not None:
        return numbers, seen
    found, structure = _flatten_unseen(tree)
    if len(_seen) >= _MOST_SEEN:
        _seen.clear()
    if _seen.get(kind, structure) is not None:
        _seen[kind] = structure if _says_all(structure.spec) else None
    return found, structure


def _says_all(spec: optree.PyTreeSpec) -> bool:
    """Whether trees that match this structure cannot differ: in the order of keys, a length, or a static field.

    A static field may equal another and be a different object: 1 and True, 0.0 and -0.0, a class that compares some
    of its fields only.
    """
    plain = spec.type is None or issubclass(spec.type, (tuple, list)) or spec.type in _without_statics
    return plain and all(map(_says_all, spec.children()))


def _flatten_unseen(tree: object) -> tuple[list[object], Structure]:
    while True:
        found: list[object]
        found, spec = optree.tree_flatten(tree, namespace=_NAMESPACE)  # type: ignore[arg-type]  # any object
        unknown = {
            cls for cls in set(map(type, found)) if cls is not float and cls is not np.ndarray and _is_record(cls)
        }
        if not unknown:
            return found, Structure(spec)
        with _registering:  # another thread may have met the same class
            for cls in unknown - _registered:
                _register(cls)


def leaves(tree: object) -> list[object]:
    """The leaves of `tree` in order."""
    return flatten(tree)[0]


def children(tree: object) -> dict[object, object] | None:
    """The parts of a tree by index, key or name of a field; None if it is a leaf.

    >>> children({"w": (1.0, 2.0), "b": 3.0})
    {'b': 3.0, 'w': (1.0, 2.0)}
    """
    flatten(tree)  # which makes its classes known
    parts: list[object]
    parts, spec = optree.tree_flatten(tree, is_leaf=lambda node: node is not tree, namespace=_NAMESPACE)  # type: ignore[arg-type]  # any object
    return None if spec.is_leaf() else dict(zip(spec.entries(), parts, strict=True))


def leaf_names(tree: object, root: str) -> list[str]:
    """A Python expression for each leaf: ``params['w'][0]`` for root ``params``."""
    return flatten(tree)[1].names(root)


def map_leaves(function: Callable[..., object], tree: T, *others: object) -> T:
    """The tree whose leaves are ``function(leaf, *leaves of the others)``.

    Raises StructureError if another tree has not the structure of the first.

    >>> map_leaves(lambda w, g: w - 0.1 * g, {"w": 1.0}, {"w": 5.0})
    {'w': 0.5}
    """
    found, structure = flatten(tree)
    columns: list[list[object]] = []
    for other in others:
        other_leaves, other_structure = flatten(other)
        if other_structure != structure:
            msg = f"trees of one structure are needed, not {structure} and {other_structure}"
            raise StructureError(msg)
        columns.append(other_leaves)
    return cast(T, structure.unflatten(list(map(function, found, *columns))))


# ---- one vector ---------------------------------------------------------------------------------


def ravel(params: T) -> tuple[npt.NDArray[np.float64], Callable[[Array], T]]:
    """All floats and arrays of a tree in one vector, and the function from such a vector back to a tree.

    The vector has the dtype that NumPy promotes those of the leaves to. The way back gives each leaf its own shape,
    dtype and kind: a float is a float. Both can be differentiated. Raises IntegerArgumentError or ArgumentTypeError,
    naming the leaf, for what has no derivative; the way back raises StructureError for a vector of another length.

    >>> vector, unravel = ravel({"w": np.array([[1.0, 2.0]]), "b": 3.0})
    >>> vector
    array([3., 1., 2.])
    >>> unravel(2.0 * vector)
    {'w': array([[2., 4.]]), 'b': 6.0}
    """
    found, structure = flatten(params)
    kinds = tuple(_Kind.of(leaf, name) for leaf, name in zip(found, structure.names("params"), strict=True))
    dtype = np.result_type(*[kind.dtype for kind in kinds]) if kinds else np.dtype(np.float64)
    parts = [_cast(reshape(leaf, shape=(kind.size,)), dtype) for leaf, kind in zip(found, kinds, strict=True)]
    vector = concatenate(*parts, axis=-1) if parts else np.zeros(0)
    return cast("npt.NDArray[np.float64]", vector), cast(Callable[[Array], T], _Unravel(structure, kinds))


@attrs.frozen
class _Kind:
    """What a leaf of a tree is, without its numbers."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    scalar: type | None  # of numbers that are no arrays: float, or a scalar type of NumPy

    @classmethod
    def of(cls, leaf: object, name: str) -> _Kind:
        """That of one leaf. Raises IntegerArgumentError or ArgumentTypeError if it is not made of floats."""
        dtype = leaf.dtype if isinstance(leaf, Var) else np.asarray(leaf).dtype
        if dtype.kind in "iub":
            cure = f"write {name}.astype(float)" if isinstance(leaf, np.ndarray) else f"write float({name})"
            msg = f"{name} is {leaf!r:.60}, of {dtype}, which has no derivative; {cure}, or leave it out of the tree"
            raise IntegerArgumentError(msg)
        if dtype.kind != "f":
            msg = f"{name} is {leaf!r:.60}, a {type(leaf).__name__}; a vector of parameters is made of floats"
            raise ArgumentTypeError(msg)
        is_number = not shape_of(leaf) and not isinstance(leaf, (np.ndarray, ArrayVar))
        plain = type(leaf) if isinstance(leaf, np.floating) else float
        return cls(shape_of(leaf), dtype, plain if is_number else None)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def made_of(self, part: object) -> object:
        """The leaf of this kind with the elements of `part`, one axis."""
        leaf = _cast(reshape(part, shape=self.shape), self.dtype)
        return leaf if self.scalar is None or isinstance(leaf, Var) else self.scalar(leaf)


def _cast(x: object, dtype: np.dtype[np.generic]) -> object:
    """An array in that dtype; a plain one is new."""
    return x if isinstance(x, Var) and x.dtype == dtype else astype(x, dtype=dtype.str)


@attrs.frozen
class _Unravel:
    """From a vector back to a tree."""

    structure: Structure
    kinds: tuple[_Kind, ...]

    def __call__(self, vector: object) -> object:
        length = sum(kind.size for kind in self.kinds)
        given = vector if isinstance(vector, Var) else as_value(vector)
        if shape_of(given) != (length,):
            msg = f"unravel takes a vector of shape ({length},), not an array of shape {shape_of(given)}"
            raise StructureError(msg)
        found: list[object] = []
        start = 0
        for kind in self.kinds:
            found.append(kind.made_of(take_index(given, index=FrozenIndex(slice(start, start + kind.size)))))
            start += kind.size
        return self.structure.unflatten(found)


def _is_record(cls: type) -> bool:
    return dataclasses.is_dataclass(cls) or attrs.has(cls)


def _register(cls: type) -> None:
    """Make a dataclass or an attrs class a node of trees: its fields are its children, in order."""
    fields: Sequence[tuple[str, bool]]
    if attrs.has(cls):
        fields = [(field.name, bool(field.metadata.get("static"))) for field in attrs.fields(cls)]
    else:
        fields = [(field.name, bool(field.metadata.get("static"))) for field in dataclasses.fields(cls)]
    children = tuple(name for name, is_static in fields if not is_static)
    statics = tuple(name for name, is_static in fields if is_static)

    def take_apart(node: object) -> tuple[list[object], tuple[object, ...], tuple[str, ...]]:
        return (
            [getattr(node, name) for name in children],
            tuple(getattr(node, name) for name in statics),
            children,
        )

    make = cast(Callable[[type], object], cls.__new__)

    def rebuild(kept: tuple[object, ...], parts: Iterable[object]) -> object:
        node = make(cls)
        for name, part in (*zip(children, parts, strict=True), *zip(statics, kept, strict=True)):
            object.__setattr__(node, name, part)  # frozen classes forbid plain assignment
        return node

    # optree's annotations ask for collections, its code for any object
    optree.register_pytree_node(
        cls,
        take_apart,
        rebuild,  # type: ignore[arg-type]
        path_entry_type=optree.GetAttrEntry,
        namespace=_NAMESPACE,
    )
    _registered.add(cls)
    if not statics:
        _without_statics.add(cls)


LEAF = flatten(0.0)[1]
"""The structure of a single number."""
