import copy
import pickle
import threading
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
from tapegrad.errors import BranchError, StructureError, TapeError
from tapegrad.ops.arithmetic import add, multiply
from tapegrad.ops.selection import greater
from tapegrad.primitive import Primitive
from tapegrad.tape import constant, input_
from tapegrad.testing import programs
from tapegrad.typing import Static

X = tg.Record(input_, (), (("name", "x"),))
SQUARE = tg.Record(multiply, (0, 0))
points = st.floats(-2.0, 2.0)


def test_append_returns_a_longer_tape_and_leaves_the_prefix() -> None:
    empty = tg.Tape()
    one = empty.append(X)
    two = one.append(SQUARE)
    assert (len(empty), len(one), len(two)) == (0, 1, 2)
    assert one.columns is two.columns, "the prefix is shared"


def test_a_second_append_to_a_prefix_disturbs_nobody() -> None:
    one = tg.Tape().append(X)
    squared, doubled = one.append(SQUARE), one.append(tg.Record(add, (0, 0)))
    assert squared[1].primitive is multiply
    assert doubled[1].primitive is add
    assert list(one) == [X]


def test_appending_from_many_threads_keeps_every_tape_right() -> None:
    one = tg.Tape().append(X)
    grown: list[tg.Tape] = []

    def grow(number: int) -> None:
        tape = one
        for i in range(50):
            tape = tape.append(tg.Record(constant, (), (("value", float(number * 1000 + i)),)))
        grown.append(tape)

    threads = [threading.Thread(target=grow, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    firsts = sorted(tape.constants()[1] for tape in grown)
    assert firsts == [1000.0 * number for number in range(20)]
    assert all(list(tape.constants().values()) == [tape.constants()[1] + i for i in range(50)] for tape in grown)


def test_indexing_and_slicing_follow_python() -> None:
    tape = tg.trace(lambda x: (x * x + x) * x, 2.0).tape
    assert tape[-1] == tape[len(tape) - 1]
    assert tape[1:3] == tuple(tape)[1:3]
    assert tape[::-1] == tuple(reversed(tape))
    assert tape.index(tape[2]) == 2
    assert tape[1] in tape
    with pytest.raises(IndexError):
        tape[len(tape)]


def test_equality_is_of_the_program_not_of_the_place() -> None:
    first = tg.trace(lambda x: x * 2.0, 1.0).tape
    second = tg.trace(lambda x: x * 2.0, 5.0).tape
    assert first == second
    assert hash(first) == hash(second)
    assert first[-1].where != second[-1].where
    assert first != tg.trace(lambda x: x * 3.0, 1.0).tape
    assert first != "a tape"


def test_constants_are_compared_by_their_bits() -> None:
    def tape_of(value: float) -> tg.Tape:
        return tg.trace(lambda x: x + value, 1.0).tape

    assert tape_of(float("nan")) == tape_of(float("nan"))
    assert tape_of(0.0) != tape_of(-0.0)
    assert tg.Record(constant, (), (("value", 1.0),)) != tg.Record(constant, (), (("value", True),))


def test_records_and_tapes_are_immutable() -> None:
    tape = tg.Tape([X, SQUARE])
    with pytest.raises(AttributeError):
        tape[0].inputs = (1,)  # type: ignore[misc]
    with pytest.raises(TypeError):
        tape[0] = X  # type: ignore[index]


def test_copies_and_pickles_are_equal_and_keep_the_places() -> None:
    tape = tg.trace(lambda x: x * x, 2.0).tape
    for other in (pickle.loads(pickle.dumps(tape)), copy.deepcopy(tape), copy.copy(tape)):
        assert other == tape
        assert other[1].where == tape[1].where


@pytest.mark.parametrize(
    ("primitive", "inputs", "params", "fault"),
    [
        (multiply, (0, 1), (), "reads record 1, which does not stand before it"),
        (multiply, (0, -1), (), "reads record -1"),
        (multiply, (0,), (), "takes 2 inputs, not 1"),
        (multiply, (0, 0.0), (), "indices"),
        (multiply, (0, True), (), "indices"),
        (constant, (), (), "needs a float"),
        (constant, (), (("value", "1"),), "needs a float"),
        (input_, (), (), "needs a str in"),
        (input_, (), (("name", "x"), ("nom", "y")), "has no parameter 'nom'"),
        (greater, (0, 0), (), "needs a bool"),
    ],
)
def test_an_invalid_record_is_refused(
    primitive: Primitive, inputs: tuple[int, ...], params: tuple[tuple[str, Static], ...], fault: str
) -> None:
    tape = tg.Tape([X])
    with pytest.raises(TapeError, match=fault):
        tape.append(tg.Record(primitive, inputs, params))
    assert len(tape.append(SQUARE)) == 2, "the refused record has left nothing behind"


def test_a_traced_tape_passes_its_check() -> None:
    tape = tg.trace(lambda x, y: x * y if x > y else y, 2.0, 1.0).tape
    assert tape.check() is tape


def test_repr_is_one_line_however_long_the_tape() -> None:
    def f(x: tg.Scalar) -> tg.Scalar:
        for _ in range(1000):
            x = x * x
        return x

    assert repr(tg.trace(f, 1.0).tape) == "<Tape of 1001 records: 1000 multiply, 1 input>"


def test_notebooks_show_a_table_with_escaped_text() -> None:
    html = tg.trace(lambda p: p["<b>"] * 2.0, {"<b>": 1.0}).tape._repr_html_(most=2)
    assert html.count("<tr>") == 3
    assert "&lt;b&gt;" in html
    assert "1 more records" in html


@settings(deadline=None, max_examples=60)
@given(programs(), points, points, points)
def test_tracing_is_pure_and_a_replay_computes_what_python_computes(
    f: Callable[..., tg.Scalar], x: float, y: float, z: float
) -> None:
    first, second = tg.trace(f, x, y, z), tg.trace(f, x, y, z)
    assert first.tape == second.tape
    assert tg.evaluate(first.tape, [x, y, z]) == list(first.values)
    assert first.output == f(x, y, z)


def test_a_replay_that_would_take_another_branch_names_the_line() -> None:
    def f(x: tg.Scalar) -> tg.Scalar:
        return x * x if x > 1.0 else -x

    tape = tg.trace(f, 2.0).tape
    assert tg.evaluate(tape, [3.0])[-1] == 9.0
    with pytest.raises(BranchError, match=r"test_tape.py:\d+: return x \* x if x > 1.0"):
        tg.evaluate(tape, [0.5])
    with pytest.raises(StructureError, match="1 inputs, but 2"):
        tg.evaluate(tape, [0.5, 1.0])


def test_a_replay_is_differentiable() -> None:
    tape = tg.trace(lambda x: x * x * x, 2.0).tape

    def replayed(x: tg.Scalar) -> tg.Scalar:
        result = tg.evaluate(tape, [x])[-1]
        assert isinstance(result, (float, tg.Var))
        return result

    assert tg.grad(tg.grad(replayed))(3.0) == 18.0


def test_a_record_appended_by_hand_to_a_traced_tape_is_nowhere_in_the_program() -> None:
    tape = tg.trace(lambda x: x * x, 2.0).tape
    assert tape[-1].where is not None
    assert tape.append(tg.Record(add, (0, 1)))[-1].where is None


@pytest.mark.parametrize("text", ["lefts", "rights", "codes", "numbers"])
def test_numpy_reads_the_columns_of_a_tape(text: str) -> None:
    tape = tg.trace(lambda x, y: x * y + 1.5, 2.0, 3.0).tape
    expected = {
        "codes": [record.primitive.code for record in tape],
        "lefts": [-1, -1, 0, -1, 2],
        "rights": [-1, -1, 1, -1, 3],
        "numbers": [2.0, 3.0, 6.0, 1.5, 7.5],
    }
    array = getattr(tape.arrays, text)
    assert array.tolist() == expected[text]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0
    assert np.shares_memory(array, getattr(tape.arrays, text)) is tg.compiled
