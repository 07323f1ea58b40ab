import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
from tapegrad.errors import TapeFormatError
from tapegrad.ops.arithmetic import add
from tapegrad.ops.selection import greater
from tapegrad.tape import constant, input_


def every_shape_of_record() -> tg.Tape:
    def f(p: dict[str, tg.Scalar], y: tg.Scalar) -> tg.Scalar:
        a = p["w 1"] * y
        if a > 2.0:
            a = a * math.inf
        return a + math.nan - 0.0 * -1.0

    return tg.trace(f, {"w 1": 3.0, "b#'\"": 2.0}, 2.0).tape


def small() -> tg.Tape:
    return tg.trace(lambda x, y: x * y + 2.0, 2.0, 3.0).tape


def test_the_text_form_is_aligned() -> None:
    tape = tg.Tape(record for record in (tg.Record(r.primitive, r.inputs, r.params) for r in small()))
    assert str(tape).splitlines() == [
        "%0 = input    x",
        "%1 = input    y",
        "%2 = multiply %0 %1",
        "%3 = constant 2.0",
        "%4 = add      %2 %3",
    ]


@pytest.mark.parametrize("tape", [tg.Tape(), small(), every_shape_of_record()], ids=["empty", "small", "every"])
def test_both_forms_round_trip(tape: tg.Tape) -> None:
    assert tg.Tape.from_text(tape.to_text()) == tape
    assert tg.Tape.from_json(tape.to_json()) == tape
    assert [r.where for r in tg.Tape.from_json(tape.to_json())] == [r.where for r in tape]
    json.loads(tape.to_json(), parse_constant=pytest.fail)  # strict JSON: no bare NaN or Infinity


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=20), st.floats(), st.booleans())
def test_any_name_and_any_float_round_trip(name: str, value: float, outcome: bool) -> None:
    tape = tg.Tape(
        [
            tg.Record(input_, (), (("name", name),)),
            tg.Record(constant, (), (("value", value),)),
            tg.Record(greater, (0, 1), (("outcome", outcome),)),
            tg.Record(add, (0, 1)),
        ]
    )
    assert tg.Tape.from_text(tape.to_text()) == tape
    assert tg.Tape.from_json(tape.to_json()) == tape


HEAD = '{"format": "tapegrad.tape", "version": 1, "records": '


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "not a saved tape"),
        ("{", "not a saved tape"),
        ("[" * 100_000, "not a saved tape"),
        ("null", "does not say"),
        ('{"format": "other"}', "does not say"),
        ('{"format": "tapegrad.tape", "version": 99, "records": []}', "version 99"),
        ('{"format": "tapegrad.tape", "version": true, "records": []}', "version True"),
        (HEAD + "3}", "not a list"),
        (HEAD + "[3]}", "record 0"),
        (HEAD + '[["input", [], {}, null]]}', "needs a str in"),
        (HEAD + '[["input", [], {"name": "x"}, null], ["checkpoint", [0], {"call": "f"}, null]]}', "needs a Subcall"),
        (HEAD + '[["os.system", [], {}, null]]}', "does not know"),
        (HEAD + '[["multiply", [0, 0], {}, null]]}', "does not stand before it"),
        (HEAD + '[["multiply", [true, 0], {}, null]]}', "record 0"),
        (HEAD + '[["constant", [], {"value": {"float": "__import__"}}, null]]}', "no static fact"),
        (
            HEAD + '[["constant", [], {"value": 1e999999}, null], ["add", [0, ' + "9" * 5000 + "], {}, null]]}",
            "tape",
        ),
    ],
)
def test_a_bad_json_file_gives_one_clear_error(text: str, fault: str) -> None:
    with pytest.raises(TapeFormatError, match=fault) as caught:
        tg.Tape.from_json(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = 3", "line 1"),
        ("%0 = input x\n%2 = input y", "%1 is due"),
        ("%0 = input x\n%1 = multiply %0 %5", "does not stand before it"),
        ("%0 = input x\n%1 = multiply %0 junk", "cannot read junk"),
        ("%0 = input x\n%1 = multiply %0 %" + "9" * 5000, "no tape has"),
        ("%0 = nothing", "does not know"),
        ('%0 = input "unfinished', "cannot read"),
        (r'%0 = input "\q"', "is not a string"),
        ("%0 = constant much", "needs a float"),
    ],
)
def test_a_bad_text_gives_one_clear_error(text: str, fault: str) -> None:
    with pytest.raises(TapeFormatError, match=fault) as caught:
        tg.Tape.from_text(text)
    assert "\n" not in str(caught.value)


def test_every_truncation_of_a_file_is_noticed() -> None:
    saved = every_shape_of_record().to_json().rstrip()
    for length in range(len(saved)):
        with pytest.raises(TapeFormatError):
            tg.Tape.from_json(saved[:length])


def test_comments_and_blank_lines_are_for_the_reader() -> None:
    text = "# a program\n\n%0 = input x   # the input\n%1 = multiply %0 %0\n"
    assert [str(record.primitive) for record in tg.Tape.from_text(text)] == ["input", "multiply"]


def test_a_tape_that_holds_a_function_cannot_be_saved() -> None:
    def square(x: tg.Scalar) -> tg.Scalar:
        return x * x

    tape = tg.trace(tg.checkpoint(square), 2.0).tape
    with pytest.raises(TapeFormatError, match="checkpoint record holds a Python function"):
        tape.to_json()
