import io
import math
from pathlib import Path

import pytest

from tapegrad.cli import main

TEXTBOOK = ["x3 = x1*x2; x5 = x4 + x3; x5*x6", "x1=3", "x2=4", "x4=5", "x6=2"]


def cells(out: str) -> list[list[str]]:
    """The rows of the printed table, split at runs of blanks."""
    return [line.split() for line in out.splitlines() if line.lstrip().startswith("%")]


def test_the_table_has_every_record_in_tape_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", *TEXTBOOK]) == 0
    out = capsys.readouterr().out
    assert cells(out) == [
        ["%0", "input", "x1", "3", "8"],
        ["%1", "input", "x2", "4", "6"],
        ["%2", "input", "x4", "5", "2"],
        ["%3", "input", "x6", "2", "17"],
        ["%4", "multiply", "%0", "%1", "x3", "x1*x2", "12", "4,", "3", "2"],
        ["%5", "add", "%2", "%4", "x5", "x4", "+", "x3", "17", "1,", "1", "2"],
        ["%6", "multiply", "%5", "%3", "L", "x5*x6", "34", "2,", "17", "1"],
    ]
    assert out.splitlines()[-2:] == ["L = 34.0", "derivatives {'x1': 8.0, 'x2': 6.0, 'x4': 2.0, 'x6': 17.0}"]


def test_the_result_is_printed_with_every_digit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "x*y + sin(x)", "x=2", "y=3"]) == 0
    last_two = capsys.readouterr().out.splitlines()[-2:]
    assert last_two == ["L = 6.909297426825682", "derivatives {'x': 2.5838531634528574, 'y': 2.0}"]


BODY = """\
s = 0
for i in range(3):
    s += x**i
return s*y
"""


def test_a_body_is_shown_turn_by_turn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", BODY, "x=2", "y=3"]) == 0
    out = capsys.readouterr().out
    assert [row[4] for row in cells(out) if row[1] == "add"] == ["s", "s", "s"]
    assert out.splitlines()[-2:] == ["L = 21.0", "derivatives {'x': 15.0, 'y': 7.0}"]


def test_the_tape_of_a_derivative_is_shown_with_its_own_derivatives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert main(["show", "x*x*y", "x=2", "y=3", "--derivative", "x", "--html", str(page)]) == 0
    last_two = capsys.readouterr().out.splitlines()[-2:]
    assert last_two == ["dL/dx = 12.0", "derivatives {'x': 6.0, 'y': 4.0}"]
    assert "<h1>dL/dx of x*x*y</h1>" in page.read_text("utf-8")


def test_a_shorter_tape_has_the_same_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "a = sin(x); b = x*1; b*a*sin(x)", "x=2", "--shorten"]) == 0
    out = capsys.readouterr().out
    assert [row[1] for row in cells(out)] == ["input", "sin", "multiply", "multiply"]
    counts = "records as recorded 7, fold 7, simplify 6, common 5, dead 4"
    value = 2.0 * math.sin(2.0) * math.sin(2.0)
    assert out.splitlines()[-3:-1] == [counts, f"L = {value!r}"]


@pytest.mark.parametrize("words", [["--file", "FILE", "x=2", "y=3"], ["x=2", "y=3", "--file", "FILE"]])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_body_is_read_from_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], start: str
) -> None:
    (tmp_path / "body").write_text(start + BODY + "# é", "utf-8")
    assert main(["show", *(word.replace("FILE", str(tmp_path / "body")) for word in words)]) == 0
    assert "L = 21.0" in capsys.readouterr().out


def test_a_page_is_headed_by_the_lines_of_the_body(tmp_path: Path) -> None:
    assert main(["show", BODY, "x=2", "y=3", "--html", str(tmp_path / "page")]) == 0
    assert f"<h1>{BODY.strip()}</h1>" in (tmp_path / "page").read_text("utf-8")


def test_a_body_is_read_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(BODY.encode())))
    assert main(["show", "--file", "-", "x=2", "y=3"]) == 0
    assert "L = 21.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x = \xff", "body is not text in UTF-8: byte 4 is 0xff"),
        (b"", "the expression is empty"),
        (b"x" * 2001, "has 2001 characters; at most 2000"),
        (b"x" * 10_000, "body has more than 2000 characters"),
        (b"while x > 0:\n  a = 1\na", "line 1: 'while x > 0: a = 1' may never end"),
        (None, "body: No such file or directory"),
    ],
)
def test_a_file_that_holds_no_body_gets_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "body").write_bytes(content)
    assert main(["show", "--file", str(tmp_path / "body"), "x=2"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_numbers_are_never_cut_however_long_the_rest(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    name = "a_name_of_more_than_thirty_characters"
    text = f"{name} * " + " * ".join(["x"] * 40) + f" / {name}"
    assert main(["show", text, f"{name}=-1.2345678e-300", "x=3"]) == 0
    out = capsys.readouterr().out
    assert "-1.23457e-300" in out
    assert "…" not in out
    assert len(cells(out)) == 2 + 41


@pytest.mark.parametrize(
    ("text", "last"),
    [
        (["2*3"], "derivatives {}"),
        (["1/x", "x=0"], "derivatives {'x': -inf}"),
        (["y = x", "x=-0.5"], "derivatives {'x': 1.0}"),
        (["x**2 if x > 0 else -x", "x=1e-3"], "derivatives {'x': 0.002}"),
    ],
)
def test_derivatives(capsys: pytest.CaptureFixture[str], text: list[str], last: str) -> None:
    assert main(["show", *text]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_brackets_in_names_and_sources_are_not_read_as_markup(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "x # [bold]", "x=1"]) == 0
    assert main(["show", "[red]x"]) == 2
    assert "[red]" in capsys.readouterr().err


def test_drawings_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {form: tmp_path / f"tape.{form}" for form in ("svg", "html", "dot")}
    options = [word for form, path in files.items() for word in (f"--{form}", str(path))]
    assert main(["show", *TEXTBOOK, *options]) == 0
    assert capsys.readouterr().err == ""
    assert sorted(tmp_path.iterdir()) == sorted(files.values())
    assert files["svg"].read_text("utf-8").startswith("<svg ")
    assert files["html"].read_text("utf-8").startswith("<!DOCTYPE html>")
    assert files["dot"].read_text("utf-8").startswith("digraph")
    (tmp_path / "plain").touch()
    assert files["svg"].stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_drawing_replaces_an_older_one_and_follows_a_link(tmp_path: Path) -> None:
    old, link = tmp_path / "old.svg", tmp_path / "link.svg"
    old.write_text("old")
    link.symlink_to(old)
    assert main(["show", "x", "x=1", "--svg", str(link)]) == 0
    assert link.is_symlink()
    assert old.read_text("utf-8").startswith("<svg ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["__import__('os')"], "'__import__' is not a known function"),
        (["x"], "'x' has no value; give it one: x=2"),
        (["x", "x=1", "y=2"], "'y' has a value but is not used"),
        (["x", "x=1", "x=2"], "'x' is given two values"),
        (["x", "x=abc"], "'abc' is not a number"),
        (["x", "x="], "'' is not a number"),
        (["x", "x=nan"], "'nan' is not a finite number"),
        (["x", "x=1e999"], "'1e999' is not a finite number"),
        (["x", "x"], "'x' gives no name a value; write x=2"),
        (["x", "2=x"], "'2=x' gives no name a value"),
        (["x", "=2"], "'=2' gives no name a value"),
        ([], "no expression is given"),
        ([""], "the expression is empty"),
        (["x", "x=1", "--png", "f"], "--png"),
    ],
)
def test_a_mistake_gets_one_line_and_status_two(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["show", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("name", ["missing/tape.svg", ".", "file/tape.svg"])
def test_a_drawing_that_cannot_be_written_gets_one_line_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "file").write_text("kept")
    assert main(["show", "x", "x=1", "--svg", str(tmp_path / name)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "cannot be written" in captured.err
    assert captured.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "kept"


def test_a_program_too_long_to_draw_is_still_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    factors = "*x" * 90
    text = "; ".join(f"a{i + 1} = a{i}{factors}" for i in range(5)).replace("a0", "x")
    assert main(["show", text, "x=0.5", "--svg", str(tmp_path / "tape.svg")]) == 2
    assert "too long to draw" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert main(["show", text, "x=0.5"]) == 0
    assert len(cells(capsys.readouterr().out)) > 400


def test_a_narrow_terminal_loses_no_digit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # what makes rich believe in a terminal
    monkeypatch.setenv("COLUMNS", "40")
    assert main(["show", "u = x*y + sin(x)*cos(y)*tan(x + y); exp(u)", "x=2", "y=3"]) == 0
    out = capsys.readouterr().out
    for number in ("-81051.2", "-0.989992, 0.909297", "-3.38052, -0.900198", "-26005.8"):
        assert number in out
