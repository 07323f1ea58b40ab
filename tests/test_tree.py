from __future__ import annotations

import dataclasses
from typing import NamedTuple

import attrs
import pytest

from tapegrad import tree


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
    assert tree.same_structure({"a": 1.0}, {"a": 2.0})
    assert not tree.same_structure({"a": 1.0}, {"b": 1.0})
    assert not tree.same_structure((1.0,), [1.0])
    assert not tree.same_structure(Checked(1.0, "x"), Checked(1.0, "y"))


def test_structures_are_shown_with_stars() -> None:
    assert str(tree.flatten({"a": (1.0, 2.0)})[1]) == "{'a': (*, *)}"
    assert str(tree.flatten(1.0)[1]) == "*"
