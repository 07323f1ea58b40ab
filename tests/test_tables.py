import math
from pathlib import Path
from statistics import fmean, pstdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapegrad.encoding import Categorical, Numeric, Task, class_name, prepare, standardised
from tapegrad.errors import DataError
from tapegrad.random import key
from tapegrad.tables import read

NUMBERS = st.floats(-1e6, 1e6)


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def rows(*lines: str) -> str:
    return "\n".join(lines) + "\n"


# ---- reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,x\n2,y\n",
        "a;b\n1;x\n2;y\n",
        "a\tb\n1\tx\n2\ty\n",
        "a,b\r\n1,x\r\n2,y\r\n",
        "\ufeffa,b\n1,x\n2,y",  # as spreadsheets write it
        ' a , b \n 1 , "x"\n\n2,y\n\n'.replace(' "x"', "x"),
        '"a","b"\n"1","x"\n"2","y"\n',
    ],
)
def test_the_same_table_in_several_dialects(tmp_path: Path, text: str) -> None:
    table = read(written(tmp_path, text))
    assert table.header == ("a", "b")
    assert table.rows == (("1", "x"), ("2", "y"))


def test_rows_know_their_lines_past_blank_lines_and_quoted_line_breaks(tmp_path: Path) -> None:
    table = read(written(tmp_path, 'a,b\n1,"x\ny"\n\n2,z\n'))
    assert table.lines == (3, 5)
    assert table.column("b") == ("x\ny", "z")


def test_columns_left_out(tmp_path: Path) -> None:
    table = read(written(tmp_path, "a,b,c\n1,2,3\n")).without(["b"])
    assert (table.header, table.rows) == (("a", "c"), (("1", "3"),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b\n", "a header but no rows"),
        ("a,a\n1,2\n", "line 1: two columns are named 'a'"),
        (",b\n1,2\n", "line 1: column 1 has no name"),
        ("a,b\n1,2\n3\n", "line 3: 2 cells are needed, one for each column, not 1"),
        ("a,b\n1,2,3\n", "line 2: 2 cells are needed, one for each column, not 3"),
        ("a,b\n1,2\n3, \n", "line 3: the cell of column 'b' is empty"),
        ('a,b\n1,"x\n', "line 2: not a CSV table"),
        (b"a,b\n1,caf\xe9\n", "line 2: not UTF-8"),
        (b"a,b\n1,x\x00\xff\xfe\n", "line 2: not UTF-8"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read(written(tmp_path, text))
    assert message in str(caught.value)
    assert "table.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "message"), [("none.csv", "there is no file"), ("", "cannot read")])
def test_a_path_that_is_no_file(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path / name)


# ---- columns ------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(st.lists(NUMBERS, min_size=2, max_size=30))
def test_standardised_numbers_have_mean_0_and_deviation_1_or_are_constant(numbers: list[float]) -> None:
    column = standardised("x", numbers)
    encoded = [column.encode(repr(x))[0] for x in numbers]
    assert all(map(math.isfinite, encoded))
    assert fmean(encoded) == pytest.approx(0.0, abs=1e-6 if column.scale != 1.0 else 1e-5)
    if pstdev(numbers) > 1e-6 * max(map(abs, numbers)):
        assert pstdev(encoded) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.0, 1e100])
def test_a_constant_column_becomes_zero(value: float) -> None:
    column = standardised("x", [value] * 7)
    (encoded,) = column.encode(repr(value))
    assert encoded == pytest.approx(0.0, abs=1e-9 * max(1.0, value))


def test_one_hot_columns_and_a_category_never_seen() -> None:
    column = Categorical("colour", ("blue", "red"))
    assert [column.encode(cell) for cell in ("blue", "red", "green")] == [(1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]


@pytest.mark.parametrize(("cell", "name"), [("1", "1"), ("1.0", "1"), ("-2", "-2"), ("1.5", "1.5"), ("a", "a")])
def test_class_names(cell: str, name: str) -> None:
    assert class_name(cell) == name


# ---- problems -----------------------------------------------------------------------------------


def problem_table(targets: list[str]) -> str:
    return rows("x,colour,y", *(f"{i}.5,{'red' if i % 2 else 'blue'},{y}" for i, y in enumerate(targets)))


@pytest.mark.parametrize(
    ("targets", "task", "classes"),
    [
        (["b", "a"] * 6, None, ("a", "b")),
        (["1", "0"] * 6, None, ("0", "1")),
        (["10", "9", "10.0"] * 4, None, ("9", "10")),
        ([f"{i}" for i in range(12)], None, ()),  # integers, all different: numbers
        ([f"{i}.25" for i in range(12)], None, ()),
        (["0.5", "1.5"] * 6, None, ()),  # few values, but no integers
        (["1", "0"] * 6, "regression", ()),
        (["0.5", "1.5"] * 6, "classification", ("0.5", "1.5")),
    ],
)
def test_what_a_target_is(tmp_path: Path, targets: list[str], task: Task | None, classes: tuple[str, ...]) -> None:
    problem = prepare(read(written(tmp_path, problem_table(targets))), "y", key(0), task)
    assert problem.target.classes == classes
    assert (problem.train.inputs.shape, problem.test.inputs.shape) == ((8, 3), (4, 3))
    assert problem.train.classes == problem.test.classes == classes
    assert problem.train.labels.dtype.kind == ("i" if classes else "f")


def test_statistics_come_from_the_training_rows_alone(tmp_path: Path) -> None:
    problem = prepare(read(written(tmp_path, problem_table(["a", "b"] * 6))), "y", key(3))
    number, colour = problem.features
    assert isinstance(number, Numeric)
    assert isinstance(colour, Categorical)
    train, test = problem.train.inputs, problem.test.inputs
    assert train[:, 0].mean() == pytest.approx(0.0, abs=1e-12)
    assert train[:, 0].std() == pytest.approx(1.0)
    shown = number.decode(0.0) + number.scale * np.sort(np.concatenate([train[:, 0], test[:, 0]]))
    assert shown == pytest.approx([i + 0.5 for i in range(12)])
    for part in (train, test):
        assert np.isin(part[:, 1:], [0.0, 1.0]).all()
        assert (part[:, 1:].sum(axis=1) == 1.0).all()


def test_the_split_is_a_function_of_the_key(tmp_path: Path) -> None:
    table = read(written(tmp_path, problem_table(["a", "b"] * 6)))
    assert prepare(table, "y", key(1)) == prepare(table, "y", key(1))
    assert prepare(table, "y", key(1)) != prepare(table, "y", key(2))


def test_a_number_is_decoded_from_its_label(tmp_path: Path) -> None:
    target = prepare(read(written(tmp_path, problem_table([f"{i}.25" for i in range(12)]))), "y", key(0)).target
    assert target.decode(np.array([target.encode("7.25")])) == pytest.approx([7.25])


@pytest.mark.parametrize(
    ("text", "target", "task", "message"),
    [
        (problem_table(["a", "b"] * 6), "z", None, "no column 'z'; the columns are"),
        (
            problem_table(["a", "b"] * 6),
            "colou",
            None,
            "no column 'colou'; did you mean 'colour'? the columns are 'x', 'colour', 'y'",
        ),
        (problem_table(["a", "b"] * 6), "y", "regression", "target 'y' is text"),
        (problem_table(["a"] * 12), "y", None, "'a' in every row"),
        (problem_table(["1"] * 12), "y", None, "'1' in every row"),
        (problem_table([f"n{i}" for i in range(60)]), "y", None, "60 different values"),
        (problem_table(["a", "b"]), "y", None, "2 rows are too few"),
        (rows("y", *("ab" * 6)), "y", None, "nothing to predict it from"),
        (
            rows("x,y", *(f"{'?' if i == 4 else i},{i % 2}" for i in range(9))),
            "y",
            None,
            "line 6, column 'x': '?'",
        ),
        (
            rows("x,y", *(f"{'nan' if i == 4 else i},{i % 2}" for i in range(9))),
            "y",
            None,
            "line 6, column 'x'",
        ),
        (
            rows("x,y", *(f"{'1e200' if i == 4 else i},{i % 2}" for i in range(9))),
            "y",
            None,
            "line 6, column 'x'",
        ),
        (
            rows("x,y", *(f"{i},{'?' if i == 4 else i}.5" for i in range(9))),
            "y",
            None,
            "line 6, column 'y': '?.5'",
        ),
        (rows("x,y", *(f"name{i},{i % 2}" for i in range(60))), "y", None, "60 different texts"),
    ],
)
def test_a_table_that_cannot_be_learned_from(
    tmp_path: Path, text: str, target: str, task: Task | None, message: str
) -> None:
    table = read(written(tmp_path, text))
    with pytest.raises(DataError) as caught:
        prepare(table, target, key(0), task)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
