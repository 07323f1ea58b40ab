"""The playground without a browser: whatever is typed has an answer in time, and nothing of it is run."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from test_hostile import HARMLESS, HOSTILE, SECONDS, witnessed

from tapegrad.parser import MAX_LENGTH

streamlit = pytest.importorskip("streamlit.testing.v1")

MAIN = Path(__file__).parent.parent / "tapegrad" / "app" / "main.py"
RUNS_AT_TWO = "if x > 1:\n a = 1\na"  # which is refused below 1, where its name has no value


def can_be_sent(text: str) -> bool:
    """A browser sends text that is valid, with one end of lines, and no more of it than the field takes."""
    return "\r" not in text and len(text) <= MAX_LENGTH and text.encode("utf-8", "ignore").decode() == text


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
    begun = time.monotonic()
    assert visitor.occasions(text) <= usual
    assert time.monotonic() - begun < SECONDS
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
