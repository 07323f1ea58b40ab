"""Tapes of programs with arrays: both written forms, equality, and replays."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
import tracemalloc
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad.arrays import AnyArray, FrozenArray, FrozenIndex
from tapegrad.errors import BranchError, StructureError, TapeError, TapeFormatError
from tapegrad.maps import Linear
from tapegrad.masks import observed
from tapegrad.ops.shape import reshape, sum_axes, take_index
from tapegrad.tape import constant, input_
from tapegrad.typing import Static

X = np.array([[0.5, -1.5, 2.0], [3.0, 0.25, -4.0]])
ROW = np.array([1.0, 1 / 3, -0.0])
W = np.arange(9.0).reshape(3, 3) / 10.0

# Any facts at all: what they mean is not asked before the tape is replayed.
anything = Linear("test_tapes_anything", lambda x, fact: x, lambda g, x, fact: g, {"fact": object})


def network(w: tg.Array, x: tg.Array) -> tg.Scalar:
    hidden = tnp.tanh(x @ w + ROW)
    return tnp.sum(hidden * hidden)


def looking(x: tg.Array) -> tg.Scalar:
    total = tnp.sum(x[0, 1:, None])
    signs = (x > 0.0).tolist()
    return total * 2.0 if signs[0][0] else total


def tape_with(fact: Static) -> tg.Tape:
    return tg.Tape([tg.Record(input_, (), (("name", "x"),)), tg.Record(anything, (0,), (("fact", fact),))])


def tape_of(array: AnyArray) -> tg.Tape:
    return tg.Tape([tg.Record(constant, (), (("value", FrozenArray(array)),))])


def round_trips(tape: tg.Tape) -> None:
    """Both forms give an equal tape, on lines of their own, in strict JSON."""
    assert tg.Tape.from_text(tape.to_text()) == tape
    assert tg.Tape.from_json(tape.to_json()) == tape
    assert len(tape.to_text().splitlines()) == len(tape)
    json.loads(tape.to_json(), parse_constant=pytest.fail)


# ---- the written forms -------------------------------------------------------------------------

DTYPES = (
    hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64))
    | hnp.integer_dtypes(endianness="?")
    | hnp.unsigned_integer_dtypes(endianness="?")
    | hnp.complex_number_dtypes(endianness="?", sizes=(64, 128))
    | hnp.boolean_dtypes()
)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
ENDS = st.none() | st.integers()
ENTRIES = (
    st.none() | st.just(Ellipsis) | st.integers() | st.builds(slice, ENDS, ENDS, ENDS)
    | hnp.arrays(np.dtype(np.int64), hnp.array_shapes(max_dims=2, max_side=3))
    | hnp.arrays(np.dtype(np.bool_), hnp.array_shapes(max_dims=2, max_side=3))
)  # fmt: skip
FACTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | ARRAYS.map(FrozenArray) | st.lists(ENTRIES, max_size=3).map(lambda entries: FrozenIndex(tuple(entries))),
    lambda facts: st.lists(facts, max_size=3).map(tuple),
    max_leaves=6,
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(FACTS)
def test_any_static_fact_round_trips(fact: Static) -> None:
    round_trips(tape_with(fact))


@settings(deadline=None, max_examples=100)
@given(ARRAYS)
def test_any_constant_array_round_trips_to_the_same_bits(array: AnyArray) -> None:
    tape = tape_of(array)
    round_trips(tape)
    (read,) = tg.Tape.from_text(tape.to_text()).constants().values()
    np.testing.assert_array_equal(np.asarray(read), array, strict=True)


@pytest.mark.parametrize("tape", [tg.trace(network, W, X).tape, tg.trace(looking, X).tape], ids=["network", "looks"])
def test_traced_programs_round_trip(tape: tg.Tape) -> None:
    round_trips(tape)
    for other in (pickle.loads(pickle.dumps(tape)), copy.deepcopy(tape)):
        assert other == tape
        assert hash(other) == hash(tape)
    assert tape.check() is tape


def test_the_text_is_for_people() -> None:
    tape = tg.trace(looking, X).tape
    assert [line.partition("#")[0].rstrip() for line in tape.to_text().splitlines()] == [
        "%0 = input      x shape=(2,3)",
        "%1 = index      %0 index=[0,1:,None]",
        "%2 = sum        %1 axes=(-2,-1)",
        "%3 = constant   0.0",
        "%4 = is_greater %0 %3",
        "%5 = observed   %4 seen=bool[2,3]{True,False,True,True,True,False}",
        "%6 = constant   2.0",
        "%7 = multiply   %2 %6",
    ]


def test_long_arrays_are_written_and_not_shown() -> None:
    tape = tape_of(np.linspace(0.0, 1.0, 600).reshape(20, 30))
    assert str(tape) == "%0 = constant float64[20,30]"
    assert "float64[20,30]" in tape._repr_html_()
    assert len(tape.to_text()) > 6000
    assert str(tape_of(np.array([0.5, 2.0]))) == "%0 = constant float64[2]{0.5,2.0}"
    with pytest.raises(TapeFormatError, match=r"line 1 .* float64\[20,30\] is an array without its elements, as str"):
        tg.Tape.from_text(str(tape))


@pytest.mark.parametrize("name", ["float64[2]", "float64[2]{0.5}", "(x)", "[0]", "w[0]", "p['w']", "a,b", "nan", "1_0"])
def test_names_that_look_like_facts_round_trip(name: str) -> None:
    tape = tg.Tape([tg.Record(input_, (), (("name", name),))])
    assert tape.columns.params_at(0) == (("name", name),)
    round_trips(tape)
    assert tg.Tape.from_text(str(tape)) == tape


def test_a_dtype_that_other_machines_lack_is_not_saved() -> None:
    tape = tape_of(np.zeros(2, np.longdouble))
    for save in (tape.to_text, tape.to_json):
        with pytest.raises(TapeFormatError, match="cannot be saved"):
            save()


# ---- bad files ---------------------------------------------------------------------------------

HEAD = '{"format": "tapegrad.tape", "version": 1, "records": [["constant", [], {"value": '


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ('{"dtype": "float64", "shape": [1000000000000], "data": []}', "0 numbers, and needs 1e"),
        ('{"dtype": "float64", "shape": [1000000, 1000000, 1000000], "data": [1.0]}', "1 numbers"),
        ('{"dtype": "float64", "shape": [2], "data": [1.0]}', "1 numbers, and needs 2"),
        ('{"dtype": "complex128", "shape": [2], "data": [1.0, 2.0]}', "2 numbers, and needs 4"),
        ('{"dtype": "float64", "shape": [-1, -1], "data": [1.0]}', "no shape"),
        ('{"dtype": "float64", "shape": [true], "data": [1.0]}', "no shape"),
        (f'{{"dtype": "float64", "shape": {[1] * 65}, "data": [1.0]}}', "no shape"),
        (f'{{"dtype": "float64", "shape": {[0] + [10**12] * 9}, "data": []}}', "not such numbers"),
        ('{"dtype": "object", "shape": [1], "data": [1.0]}', "'object' is no kind of number"),
        ('{"dtype": "U9", "shape": [1], "data": ["a"]}', "no kind of number"),
        ('{"dtype": ["float64"], "shape": [1], "data": [1.0]}', "no kind of number"),
        ('{"dtype": "float64", "shape": [1], "data": ["1.0"]}', "not such numbers"),
        ('{"dtype": "float64", "shape": [1], "data": [[1.0]]}', "not such numbers"),
        ('{"dtype": "float64", "shape": [1], "data": [true]}', "not such numbers"),
        ('{"dtype": "int64", "shape": [1], "data": [1.0]}', "not such numbers"),
        ('{"dtype": "int8", "shape": [1], "data": [128]}', "not such numbers"),
        ('{"dtype": "bool", "shape": [1], "data": [1]}', "not such numbers"),
        ('{"dtype": "float64", "shape": 1, "data": [1.0]}', "no static fact"),
        ('{"dtype": "float64", "shape": [1], "data": [1.0], "more": 0}', "no static fact"),
        ('{"index": [0.5]}', "index with an entry"),
        ('{"index": [{"slice": [0, 1]}]}', "index with an entry"),
        ('{"index": [{"slice": [0, 1, "2"]}]}', "index with an entry"),
        ('{"index": [{"dtype": "float64", "shape": [1], "data": [0.5]}]}', "index"),
        ("[" * 500 + "]" * 500, "no static fact"),
    ],
)
def test_bad_json_gives_one_clear_error(value: str, fault: str) -> None:
    with pytest.raises(TapeFormatError, match=fault) as caught:
        tg.Tape.from_json(f"{HEAD}{value}}}, null]]}}")
    assert "record 0" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("float64[1000000000000]{}", "0 numbers, and needs 1e"),
        ("float64[1000000000000]{1.0}", "1 numbers"),
        ("float64[" + "9" * 5000 + "]{1.0}", "5000 digits"),
        ("float64[2]{1.0}", "1 numbers, and needs 2"),
        ("float64[2]{1.0,x}", "not such numbers"),
        ("float64[2]{1.0,}", "not such numbers"),
        ("int64[1]{1.5}", "not such numbers"),
        ("bool[1]{1}", "not such numbers"),
        ("float64[,]{}", "no shape"),
        ("float64[2]", "array without its elements"),
        ("float64[2]{1.0,2.0", "array without its elements"),
        ("object[1]{None}", "no kind of number"),
        ("(1,2", "cannot read"),
        ("(1 ,2)", "cannot read"),
        ("(1,2))", r"cannot read \)"),
        ("(" * 100 + ")" * 100, "nested more than 32 deep"),
        ("[0,1:", "cannot read"),
        ("[0;1]", "cannot read"),
        ("[0.5]", "cannot read"),
        ("[True]", "cannot read"),
        ("[float64[1]{0.5}]", "an index is made of"),
        ("[" + "9" * 5000 + "]", "5000 digits"),
    ],
)
def test_bad_text_gives_one_clear_error(word: str, fault: str) -> None:
    with pytest.raises(TapeFormatError, match=fault) as caught:
        tg.Tape.from_text(f"%0 = constant {word}")
    assert "line 1" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_small_file_takes_little_memory() -> None:
    tracemalloc.start()
    try:
        for shape in (10**7, 10**12):
            with pytest.raises(TapeFormatError):
                tg.Tape.from_json(f'{HEAD}{{"dtype": "float64", "shape": [{shape}], "data": [1.0]}}}}, null]]}}')
            with pytest.raises(TapeFormatError):
                tg.Tape.from_text(f"%0 = constant float64[{shape}]{{1.0}}")
        assert tracemalloc.get_traced_memory()[1] < 10**6
    finally:
        tracemalloc.stop()


def test_every_truncation_of_a_file_is_noticed() -> None:
    saved = tg.trace(looking, X).tape.to_json().rstrip()
    for length in range(len(saved)):
        with pytest.raises(TapeFormatError):
            tg.Tape.from_json(saved[:length])


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_damage_to_a_text_gives_anything_but_a_tape_or_the_error(data: st.DataObject) -> None:
    written = tg.trace(looking, X).tape.to_text()
    start = data.draw(st.integers(0, len(written)))
    stop = data.draw(st.integers(start, min(len(written), start + 8)))
    damaged = written[:start] + data.draw(st.text('()[]{},:.="%#0123x \n', max_size=4)) + written[stop:]
    with contextlib.suppress(TapeFormatError):
        tg.Tape.from_text(damaged).check()


# ---- equality ----------------------------------------------------------------------------------


def test_arrays_are_compared_by_dtype_shape_and_bits() -> None:
    one = tape_of(np.array([1.0, 0.0]))
    assert one == tape_of(np.array([1.0, 0.0])[::1].copy())
    for other in (np.array([1.0, -0.0]), np.array([[1.0, 0.0]]), np.array([1.0, 0.0], np.float32), np.array([1, 0])):
        assert one != tape_of(cast(AnyArray, other))
    nan = np.array([np.nan])
    assert tape_of(nan) == tape_of(-nan)
    assert hash(tape_of(nan)) == hash(tape_of(-nan))
    assert tape_of(np.asfortranarray(X)) == tape_of(X)


def test_tracing_is_pure() -> None:
    weights = ROW.copy()
    tape = tg.trace(lambda x: x * weights, X).tape
    assert tape == tg.trace(lambda x: x * weights, X + 1.0).tape
    (met,) = tape.constants().values()
    weights[0] = 7.0
    np.testing.assert_array_equal(np.asarray(met), ROW)
    assert tape != tg.trace(lambda x: x * weights, X).tape


def test_the_shape_of_an_input_is_part_of_the_program() -> None:
    tape = tg.trace(tnp.mean, X).tape
    assert tape[0].static("shape") == (2, 3)
    assert tape != tg.trace(tnp.mean, X.T).tape
    assert tg.trace(lambda x: x * 2.0, 1.0).tape[0].params == (("name", "x"),)


def test_a_fact_of_another_kind_is_refused() -> None:
    with pytest.raises(TapeError, match="needs a FrozenIndex in its parameter 'index'"):
        tg.Tape([tg.Record(input_, (), (("name", "x"),)), tg.Record(take_index, (0,), (("index", (0,)),))])
    with pytest.raises(TapeError, match="needs a tuple in its parameter 'shape'"):
        tg.Tape([tg.Record(input_, (), (("name", "x"), ("shape", 3)))])
    with pytest.raises(TapeError, match="needs a float or FrozenArray in its parameter 'value'"):
        tg.Tape([tg.Record(constant, (), (("value", "x"),))])


# ---- values and replays ------------------------------------------------------------------------


def test_the_values_of_a_trace_are_plain_arrays_that_nobody_can_write_to() -> None:
    trace = tg.trace(network, W, X)
    values = cast(tuple[object, ...], trace.values)
    assert list(map(np.shape, values)) == [(3, 3), (2, 3), (2, 3), (3,), (2, 3), (2, 3), (2, 3), ()]  # type: ignore[arg-type]
    for value in values:
        assert type(value) in {float, np.ndarray}
        if isinstance(value, np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                value[...] = 0.0


def test_a_replay_computes_what_the_program_computes() -> None:
    def f(x: tg.Array, w: tg.Array) -> tg.Scalar:
        return tnp.sum(tnp.tanh(x @ w)[:, 0] * 2.0)

    tape = tg.trace(f, X, X.T).tape
    other = X * 0.5 + 0.1
    assert tg.evaluate(tape, [other, X.T])[-1] == f(other, X.T)
    restored = tg.Tape.from_json(tape.to_json())
    assert tg.evaluate(restored, [other, X.T])[-1] == f(other, X.T)

    def replayed(x: tg.Array) -> tg.Scalar:
        return cast(tg.Scalar, tg.evaluate(tape, [x, X.T])[-1])

    np.testing.assert_array_equal(np.asarray(tg.grad(replayed)(other)), np.asarray(tg.grad(lambda x: f(x, X.T))(other)))


def test_the_values_are_those_of_a_replay() -> None:
    trace = tg.trace(network, W, X)
    for found, replayed in zip(trace.values, tg.evaluate(trace.tape, [W, X]), strict=True):
        np.testing.assert_array_equal(found, cast(float, replayed))


def test_a_replay_that_would_see_other_elements_names_the_line() -> None:
    tape = tg.trace(looking, X).tape
    assert tg.evaluate(tape, [X * 2.0])[2] == 1.0
    with pytest.raises(BranchError, match=r"\(observed\) at .*test_tapes.py:\d+: .* was True .* and is False"):
        tg.evaluate(tape, [-X])

    def replayed(x: tg.Array) -> tg.Scalar:
        return cast(tg.Scalar, tg.evaluate(tape, [x])[-1])

    with pytest.raises(BranchError, match="was True"):
        tg.grad(replayed)(-X)
    assert float(np.sum(np.asarray(tg.grad(replayed)(X)))) == 4.0


def test_a_comparison_of_elements_is_replayed() -> None:
    """It stands on the tape as an operation, not as a guard, as long as nobody looks."""
    tape = tg.trace(lambda x: (x > 1.0) * x, X).tape
    np.testing.assert_array_equal(cast(AnyArray, tg.evaluate(tape, [-X])[-1]), (-X > 1.0) * -X)


def test_a_program_on_numbers_replays_in_lanes_if_all_go_the_same_way() -> None:
    tape = tg.trace(lambda x: x * x if x > 0.0 else -x, 2.0).tape
    np.testing.assert_array_equal(cast(AnyArray, tg.evaluate(tape, [np.array([1.0, 3.0])])[-1]), [1.0, 9.0])
    with pytest.raises(BranchError, match="was True when"):
        tg.evaluate(tape, [np.array([1.0, -3.0])])


@pytest.mark.parametrize("other", [np.ones((2, 4)), np.ones(3), np.ones((1, 2, 3)), 1.0])
def test_an_array_of_another_shape_is_refused(other: npt.NDArray[np.float64] | float) -> None:
    """A mean divides by the number of elements, which is on the tape: the answer would be wrong."""
    tape = tg.trace(tnp.mean, X).tape
    with pytest.raises(StructureError, match=r"recorded for x of shape \(2, 3\), not"):
        tg.evaluate(tape, [other])


def test_an_operation_that_does_not_fit_says_which_record_it_was() -> None:
    x = tg.Record(input_, (), (("name", "x"),))
    folded = tg.Tape([x, tg.Record(reshape, (0,), (("shape", (2, 3)),))])
    assert tg.evaluate(folded, [np.ones(6)])[-1] is not None
    with pytest.raises(ValueError, match="reshape") as caught:
        tg.evaluate(folded, [np.ones(7)])
    assert caught.value.__notes__ == ["This was record %1 (reshape) of a tape, at operands of shapes (7,)."]
    with pytest.raises(ValueError, match="axis"):
        tg.evaluate(tg.Tape([x, tg.Record(sum_axes, (0,), (("axes", (-3,)),))]), [np.ones(7)])


def test_an_observed_guard_knows_arrays_of_one_dtype_and_shape_only() -> None:
    seen = FrozenArray(np.array([True, False]))
    tape = tg.Tape([tg.Record(input_, (), (("name", "x"),)), tg.Record(observed, (0,), (("seen", seen),))])
    assert tg.evaluate(tape, [np.array([True, False])])[-1] == 1.0
    for other in (np.array([1.0, 0.0]), np.array([[True, False]]), np.array([True])):
        with pytest.raises(BranchError):
            tg.evaluate(tape, [other])


def test_a_mask_that_is_returned_is_the_comparison_and_no_constant() -> None:
    tape = tg.trace(lambda x: x > 0.0, X).tape
    np.testing.assert_array_equal(cast(AnyArray, tg.evaluate(tape, [-X])[-1]), -X > 0.0)
    np.testing.assert_array_equal(cast(AnyArray, tg.vmap(lambda row: row > 0.0)(X)), X > 0.0)


def test_a_traced_number_has_no_elements_and_no_matrix_product() -> None:
    with pytest.raises(TypeError, match=r"a traced number has no elements to take by an index, at .*test_tapes.py"):
        tg.grad(lambda x: x[0])(2.0)
    with pytest.raises(TypeError, match=r"no elements|not iterable"):  # which Python says of a compiled one
        tg.grad(lambda x: sum(x))(2.0)
    for product in (lambda x: x @ X, lambda x: X @ x):
        with pytest.raises(ValueError, match=r"matmul: arrays of shapes"):
            tg.grad(product)(2.0)


def test_a_replay_has_the_precision_of_the_trace() -> None:
    """Also of single numbers between arrays of float32, and of what is asked about them."""
    xs = [np.array([0.1, 0.2, 0.3], np.float32), np.array([3.0, 2.0, 1.0], np.float32)]
    trace = tg.trace(lambda x, y: tnp.sum(x) * 0.1 * y if x[0] < y[0] else x, *xs)
    for found, expected in zip(tg.evaluate(trace.tape, xs), trace.values, strict=True):
        np.testing.assert_array_equal(found, expected, strict=True)
