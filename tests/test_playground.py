"""The playground without a browser: whatever is typed has an answer in time, and nothing of it is run.

So has whatever stands in an address, of every page.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from test_hostile import HARMLESS, HOSTILE, SECONDS, witnessed

from tapegrad.parser import MAX_LENGTH

streamlit = pytest.importorskip("streamlit.testing.v1")

AppTest: TypeAlias = Any  # streamlit need not be installed where types are checked

MAIN = Path(__file__).parent.parent / "tapegrad" / "app" / "main.py"
RUNS_AT_TWO = "if x > 1:\n a = 1\na"  # which is refused below 1, where its name has no value


def can_be_sent(text: str) -> bool:
    """A browser sends text that is valid, with one end of lines, and no more of it than the field takes."""
    return "\r" not in text and len(text) <= MAX_LENGTH and text.encode("utf-8", "ignore").decode() == text


PAGE = "from tapegrad.app import {0}_page\n{0}_page.show()\n"
TEXTS = {
    "tape": ("f", "reach", "of", "short", "step", "at_x"),
    "functions": ("operation", "sin.x.low", "sin.x.high", "sin.x"),
    "training": ("data", "points", "hidden_xor", "optimiser_xor", "rate_xor", "batch_xor", "epochs_xor", "seeds"),
    "by_hand": ("data", "count", "seed", "hidden", "activation", "rate", "w1_0_0"),
    "arrays": ("left", "right", "between", "cotangent", "element", "left_memory"),
    "images": ("seed", "view", "image", "own"),
}
"""What each page reads from its address."""

NONSENSE = (
    "nan", "inf", "-1", "1e999", "-1e308", "5e-324", "9" * 5000, "x" * 10_000, "", "true", "１２", "\x00", "__class__",
    "<img src=x onerror=alert(1)>", "**b** $x$ :red[x]", ["1", "2"], ["", ""],
)  # fmt: skip

LARGEST = "128, 128, 128, 128, 128, 128"
ADDRESSES: list[tuple[str, dict[str, str]]] = [
    ("tape", {"f": "f*of*step*reach*short*example", "step": "99999"}),
    ("tape", {"f": "x**100000", "of": "dL/dx", "at_x": "5"}),
    ("tape", {"f": "+".join("abcdefghijkmno")}),
    ("functions", {"sin.x.low": "5", "sin.x.high": "-5"}),
    ("functions", {"sin.x.low": "0", "sin.x.high": "5e-324"}),
    ("functions", {"sin.x.low": "-1e300", "sin.x.high": "1e300"}),
    ("functions", {"operation": "power", "power.x.low": "-1e-299", "power.x.high": "1e-299"}),
    ("training", {"points": "2000", "hidden_xor": LARGEST, "batch_xor": "2000", "seeds": "0, 1, 2, 3"}),
    ("training", {"points": "1", "hidden_xor": "", "seeds": "9223372036854775808"}),
    ("training", {"seeds": "0, 0"}),
    ("training", {"data": "spiral", "points": "51"}),
    ("by_hand", {"hidden": "3", "w1_2_0": "8", "count": "60", "data": "spiral", "seed": "9999"}),
    ("arrays", {"left": "2,2,2,2,2,2", "right": "2,2,2,2,2,4"}),
    ("arrays", {"left": "1,1,1,1,1,1", "right": "128", "between": "power", "right_memory": "sliced"}),
    ("arrays", {"left": "0, 3", "right": "3"}),
    ("arrays", {"cotangent": "1e308", "between": "divide"}),
]

LINES = [text for text in HOSTILE if can_be_sent(text) and text != RUNS_AT_TWO]


class Visitor:
    """Somebody at the tape page, with a session of their own."""

    def __init__(self) -> None:
        self.page = streamlit.AppTest.from_file(str(MAIN), default_timeout=30.0).run()

    def types(self, text: str) -> None:
        self.page.text_area(key="f").set_value(text).run()
        assert list(self.page.exception) == []

    def shown(self) -> dict[str, str]:
        """The markup of each part of the page that is not Streamlit's own, by its key."""
        parts = [part for part in self.page.main if part.type == "bidi_component"]
        return {part.key: json.loads(part.proto.json)["markup"] for part in parts}

    def occasions(self, text: str) -> set[str]:
        """What is run, imported or opened while the page answers `text`, but for numbers and addresses."""
        self.page.text_area(key="f").set_value(text)
        with witnessed() as events:
            self.page.run()
        return {re.sub(r"0x[0-9a-f]+|\d+", "", event) for event in events}


@pytest.fixture(scope="module")
def visitor() -> Visitor:
    return Visitor()


@pytest.fixture(scope="module")
def usual(visitor: Visitor) -> set[str]:
    """What Streamlit itself does to answer anything: its event loop, and the page's own script."""
    for text in ("x +", "x*y", "1", "x +"):
        visitor.types(text)
    found = visitor.occasions("x +") | visitor.occasions("x*y")
    assert 0 < len(found) < 8
    return found


def test_most_of_what_is_hostile_is_sent() -> None:
    assert len(LINES) > 0.95 * len(HOSTILE) > 250


def test_the_page_begins_with_a_tape(visitor: Visitor) -> None:
    visitor.types("x*y + sin(x)")
    assert set(visitor.shown()) == {"player"}
    assert "its value is 6.9093" in visitor.shown()["player"]


@pytest.mark.parametrize("text", LINES, ids=[repr(text[:40]) for text in LINES])
def test_what_is_hostile_gets_a_message_and_runs_nothing(visitor: Visitor, usual: set[str], text: str) -> None:
    begun = time.process_time()
    assert visitor.occasions(text) <= usual
    assert time.process_time() - begun < SECONDS
    assert list(visitor.page.exception) == []
    shown = visitor.shown()
    assert set(shown) == {"complaint"}
    assert 'role="alert"' in shown["complaint"]


def test_after_all_of_it_the_page_is_as_it_was(visitor: Visitor) -> None:
    for text in (*LINES[::40], *HARMLESS):
        visitor.types(text)
    visitor.types("x*y + sin(x)")
    assert "its value is 6.9093" in visitor.shown()["player"]


def test_two_visitors_do_not_see_each_other(visitor: Visitor) -> None:
    other = Visitor()
    visitor.types("x*x")
    other.types("exp(y)")
    visitor.page.slider(key="at_x").set_value(1.5).run()
    assert "its value is 2.25" in visitor.shown()["player"]
    assert [slider.label for slider in other.page.slider] == ["y"]
    other.page.run()
    assert other.page.text_area(key="f").value == "exp(y)"
    assert "its value is 2.25" not in other.shown()["player"]


def test_a_shorter_reach_brings_the_inputs_with_it(visitor: Visitor) -> None:
    visitor.types("x*y")
    visitor.page.slider(key="at_x").set_value(-4.5).run()
    visitor.page.slider(key="at_y").set_value(0.5).run()
    visitor.page.button_group(key="reach").set_value(1.0).run()
    assert [slider.value for slider in visitor.page.slider] == [-1.0, 0.5]
    assert "its value is -0.5" in visitor.shown()["player"]


# ---- addresses -----------------------------------------------------------------------------------


def answer(page: str, address: Mapping[str, str | list[str]]) -> tuple[AppTest, float]:
    """The page that a visitor who follows a link sees, and the seconds of computing that it takes."""
    visit = streamlit.AppTest.from_string(PAGE.format(page), default_timeout=30.0)
    for name, text in address.items():
        visit.query_params[name] = text
    begun = time.process_time()
    visit.run()
    return visit, time.process_time() - begun


@pytest.fixture(scope="module")
def loaded() -> None:
    """What is loaded and computed once, for the first visitor."""
    for page in TEXTS:
        answer(page, {})


def check_answer(page: str, address: Mapping[str, str | list[str]]) -> None:
    if page == "images":
        pytest.importorskip("sklearn")
    visit, seconds = answer(page, address)
    assert list(visit.exception) == []
    assert [part for part in visit.main if part.type == "bidi_component"] != []  # a picture, or a message
    assert seconds < SECONDS


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("page", TEXTS)
@pytest.mark.parametrize("text", NONSENSE, ids=[repr(text)[:20] for text in NONSENSE])
def test_nonsense_throughout_an_address_has_an_answer(page: str, text: str | list[str]) -> None:
    check_answer(page, dict.fromkeys(TEXTS[page], text))


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(("page", "name"), [(page, name) for page, names in TEXTS.items() for name in names])
@pytest.mark.parametrize("text", ["nan", "inf", "-1", ""])
def test_nonsense_in_an_address_has_an_answer(page: str, name: str, text: str) -> None:
    check_answer(page, {name: text})


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(("page", "address"), ADDRESSES, ids=[f"{page} {dict(of)}" for page, of in ADDRESSES])
def test_an_extreme_address_has_an_answer(page: str, address: Mapping[str, str]) -> None:
    check_answer(page, address)


@pytest.mark.parametrize(
    ("page", "name", "start"),
    [
        ("training", "points", "points=50"),
        ("training", "batch_xor", "batch_xor=10"),
        ("training", "epochs_xor", "epochs_xor=500"),
        ("by_hand", "seed", "seed=0"),
        ("images", "seed", "seed=0"),
    ],
)
def test_an_infinite_whole_number_gets_a_message(page: str, name: str, start: str) -> None:
    visit, _ = answer(page, {name: "inf"})
    (message,) = [part.proto.json for part in visit.main if part.type == "bidi_component"]
    assert "the address says that it is infinite" in message
    assert start in message


def test_a_training_that_cannot_begin_is_not_started() -> None:
    visit, _ = answer("training", {"data": "spiral", "epochs_spiral": "1", "batch_spiral": "50"})
    visit.button(key="go").click().run()  # the training of 50 points, which is one step
    assert not visit.button(key="go").disabled
    visit.number_input(key="points").set_value(51).run()
    assert list(visit.exception) == []
    (message, *_) = [part.proto.json for part in visit.main if part.type == "bidi_component"]
    assert "a spiral has an even number of points" in message
    assert visit.button(key="go").label == "Start anew"
    assert visit.button(key="go").disabled


def test_a_choice_that_the_address_leaves_out_is_the_first_one() -> None:
    visit, _ = answer("tape", {"reach": ""})
    assert (visit.slider(key="at_x").min, visit.slider(key="at_x").max) == (-5.0, 5.0)
    pytest.importorskip("sklearn")
    visit, _ = answer("images", {"view": ""})
    assert visit.slider(key="image").value == 0
