"""The network that is trained by hand, without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tapegrad.cli import main
from tapegrad.view.by_hand import Settings, look_at, start
from tapegrad.view.by_hand_page import by_hand_page, by_hand_svg
from tapegrad.view.steps import format_number


def test_the_table_has_every_parameter_with_its_derivative(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["hidden=3", "activation=relu", "count=30", "seed=4", "w1[0,1]=1.5", "b2=-0.25"]
    assert main(["show", "--by-hand", "circle", *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    values = {**start(3), "w1[0,1]": 1.5, "b2": -0.25}
    sight = look_at(Settings("circle", 30, 4, 3, "relu"), values)
    shown = [line.split() for line in lines if line.strip().startswith(("w", "b"))]
    assert shown == [
        [name, format_number(value), format_number(sight.gradient[name])] for name, value in values.items()
    ]
    assert lines[-1] == f"loss {sight.loss!r}"
    assert lines[-2] == f"correct {int(sight.right.sum())} of 30"


def test_page_and_plane_are_those_of_the_playground(tmp_path: Path) -> None:
    page, plane = tmp_path / "page.html", tmp_path / "plane.svg"
    assert main(["show", "--by-hand", "xor", "--html", str(page), "--svg", str(plane)]) == 0
    sight = look_at(Settings(), start(2))
    assert page.read_text("utf-8") == by_hand_page(sight)
    assert plane.read_text("utf-8") == by_hand_svg(sight)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--by-hand", "moons"], "moons"),
        (["--by-hand", "xor", "hidden=4"], "hidden=4 is not a whole number from 2 to 3"),
        (["--by-hand", "xor", "count=0"], "count=0 is not a whole number from 1 to 1000"),
        (["--by-hand", "xor", "seed=1e3"], "seed=1e3 is not a whole number"),
        (["--by-hand", "xor", "activation=sine"], "there is no activation 'sine'"),
        (["--by-hand", "xor", "w1[0,0]=nan"], "w1[0,0]=nan is not a number from -8 to 8"),
        (["--by-hand", "xor", "w1[0,0]=9"], "w1[0,0]=9 is not a number from -8 to 8"),
        (["--by-hand", "xor", "w1[2,0]=1"], "neither a setting nor a parameter of the network; did you mean w1[1,0]?"),
        (["--by-hand", "xor", "hidden"], "'hidden' gives no name a value"),
        (["--by-hand", "xor", "--dot", "x"], "--dot does not go with --by-hand"),
    ],
)
def test_a_mistake_is_one_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", *words]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
