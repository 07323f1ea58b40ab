from __future__ import annotations

import dataclasses
import sys
import threading
from collections import OrderedDict, deque
from typing import NamedTuple

import attrs
import numpy as np
import pytest

from tapegrad import tree
from tapegrad.errors import StructureError


class Point(NamedTuple):
    x: float
    y: float


@dataclasses.dataclass
class Checked:
    weight: float
    label: str = dataclasses.field(metadata={"static": True})

    def __post_init__(self) -> None:
        if not isinstance(self.weight, float):
            raise TypeError("a tree of other leaves must not run this")


@attrs.frozen
class Config:
    name: str
    rate: float = attrs.field(eq=False)


@attrs.frozen
class Configured:
    weight: float
    config: object = attrs.field(metadata={"static": True})


@attrs.frozen
class Model:
    layers: tuple[Checked, ...]
    bias: dict[str, float] = attrs.field(factory=dict)


MODEL = Model((Checked(1.0, "first"), Checked(2.0, "second")), {"b": 3.0})


@pytest.mark.parametrize(
    ("value", "leaves", "names"),
    [
        (1.0, [1.0], ["t"]),
        ([], [], []),
        (None, [], []),
        (
            [1.0, (2.0, {"b": 3.0, "a": 4.0})],
            [1.0, 2.0, 4.0, 3.0],
            ["t[0]", "t[1][0]", "t[1][1]['a']", "t[1][1]['b']"],
        ),
        (Point(1.0, 2.0), [1.0, 2.0], ["t.x", "t.y"]),
        (MODEL, [1.0, 2.0, 3.0], ["t.layers[0].weight", "t.layers[1].weight", "t.bias['b']"]),
    ],
)
def test_leaves_and_their_names(value: object, leaves: list[float], names: list[str]) -> None:
    found, structure = tree.flatten(value)
    assert found == leaves
    assert tree.leaf_names(value, "t") == names
    assert structure.unflatten(found) == value


def test_classes_are_rebuilt_without_their_init() -> None:
    doubled = tree.map_leaves(lambda leaf: 2.0 * leaf, MODEL)
    assert doubled == Model((Checked(2.0, "first"), Checked(4.0, "second")), {"b": 6.0})
    texts = tree.map_leaves(str, MODEL)
    assert tree.leaves(texts) == ["1.0", "2.0", "3.0"]


def test_structures_compare_by_shape_and_static_fields() -> None:
    def structure(value: object) -> tree.Structure:
        return tree.flatten(value)[1]

    assert structure({"a": 1.0}) == structure({"a": 2.0})
    assert structure({"a": 1.0}) != structure({"b": 1.0})
    assert structure((1.0,)) != structure([1.0])
    assert structure(Checked(1.0, "x")) != structure(Checked(1.0, "y"))


def test_leaves_are_combined_only_in_trees_of_one_structure() -> None:
    assert tree.map_leaves(lambda x, y: x + y, {"a": 1.0}, {"a": 2.0}) == {"a": 3.0}
    for other in ({"b": 1.0}, {"a": (1.0, 2.0)}, {}, [1.0]):
        with pytest.raises(StructureError, match="trees of one structure are needed"):
            tree.map_leaves(lambda x, y: x + y, {"a": 1.0}, other)


def test_structures_are_shown_with_stars() -> None:
    assert str(tree.flatten({"a": (1.0, 2.0)})[1]) == "{'a': (*, *)}"
    assert str(tree.flatten(1.0)[1]) == "*"


def test_many_threads_may_meet_a_new_class_at_once() -> None:
    found: list[list[object]] = []

    def meet(node: object, start: threading.Barrier) -> None:
        start.wait()
        found.append(tree.leaves(node))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for number in range(30):
            node = attrs.make_class(f"Met{number}", ["a", "b"], frozen=True)(1.0, 2.0)
            start = threading.Barrier(8)
            threads = [threading.Thread(target=meet, args=(node, start)) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert found == [[1.0, 2.0]] * 240


@pytest.mark.parametrize("repeat", [1, 2, 3])
@pytest.mark.parametrize(
    "trees",
    [
        [(1.0, 2.0), (1.0, (2.0,)), (1.0, ()), ((1.0,), 2.0), (None, 1.0), (1.0, 2)],
        [[1.0, [2.0]], [1.0, 2.0], [[1.0], 2.0], [1.0, np.float64(2.0)]],
        [{"b": 1.0, "a": 2.0}, {"a": 1.0, "b": 2.0}, {"a": 1.0, "c": 2.0}, {}],
        [[{"b": 1.0, "a": 2.0}], [{"a": 1.0, "b": 2.0}], [{}], [3.0]],
        [OrderedDict(a=1.0, b=2.0), OrderedDict(b=1.0, a=2.0)],
        [deque([1.0], maxlen=3), deque([1.0], maxlen=5)],
        [Configured(1.0, Config("a", 1.0)), Configured(1.0, Config("a", 2.0))],
        [Configured(1.0, 0.0), Configured(1.0, -0.0), Configured(1.0, 1), Configured(1.0, True)],
    ],
)
def test_a_structure_seen_before_is_not_taken_for_another(trees: list[object], repeat: int) -> None:
    for found in trees * repeat:
        leaves, structure = tree.flatten(found)
        rebuilt = structure.unflatten(leaves)
        assert repr(rebuilt) == repr(found), "the order of keys too"
