"""What the README shows is what the project does. (Its examples are doctests, and run as such.)"""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

import tapegrad as tg

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

MODEL = {
    3: "import math",
    5: "import tapegrad as tg",
    6: "def wave(x):",
    7: "    return math.sin(x)",
    9: "kept = []",
    11: "def doubled(x):",
    12: "    y = x * 2.0",
    13: "    kept.append(y)",
    14: "    return y",
    16: "def leak():",
    17: "    tg.grad(doubled)(3.0)",
    18: "    y = kept[0]",
    20: "    y + 1.0",
}


def spoken(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("mistake", "error"),
    [
        (lambda model: model["leak"](), "LeakedVariableError"),
        (lambda model: tg.grad(model["wave"])(1.0), "MathFunctionError"),
        (lambda model: tg.grad(model["wave"])(3), "IntegerArgumentError"),
    ],
)
def test_the_messages_are_the_ones_shown(
    mistake: Callable[[dict[str, Callable[..., float]]], object], error: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.py"
    path.write_text("\n".join(MODEL.get(line, "") for line in range(1, 21)) + "\n")
    model = runpy.run_path(str(path))
    with pytest.raises(tg.TapegradError) as caught:
        mistake(model)
    assert type(caught.value).__name__ == error
    assert spoken(f"{error}: {caught.value}") in spoken(README)


ROOT_OF_X = README[README.index("$ cat root\n") : README.index("$ tapegrad show --file root x=2")].partition("\n")[2]


@pytest.mark.parametrize(("words", "lines"), [(["x*y + sin(x)", "x=2", "y=3"], 8), ([ROOT_OF_X, "x=2"], 12)])
def test_the_table_of_show_is_what_show_prints(
    capsys: pytest.CaptureFixture[str], words: list[str], lines: int
) -> None:
    from tapegrad.cli import main  # noqa: PLC0415  # the command line is loaded by this test alone

    assert main(["show", *words]) == 0
    printed = [spoken(line) for line in capsys.readouterr().out.splitlines() if line.strip(" ─")]
    assert len(printed) == lines
    for line in printed:
        assert line in spoken(README)


def test_the_ratios_are_those_of_the_committed_results() -> None:
    results = (ROOT / "benchmarks" / "results" / "results.md").read_text(encoding="utf-8")
    works = {section.partition(":")[0]: section for section in results.split("\n## ")[1:]}
    tables = re.findall(r"^\| time.*, tapegrad = 1 .*\n(?:\|.*\n)+", README, re.MULTILINE)
    shown: list[str] = []
    for heading, _, *rows in map(str.splitlines, tables):
        names = re.findall(r"(\w+):", heading)
        shown += names
        assert len(rows) > 5
        for row in rows:
            _, _, *figures, _ = row.split("|")
            for figure, name in zip(figures, names, strict=True):
                assert f"|{figure}|" in works[name]
    assert shown == list(works)


@pytest.mark.parametrize("name", ["simple", "diag", "split", "xor", "circle", "spiral"])
def test_the_logs_are_those_beside_the_pictures(name: str) -> None:
    rows = [line.split(",") for line in (ROOT / f"examples/pictures/{name}/log.csv").read_text().splitlines()[1:]]
    log = README[README.index(f"$ tapegrad train {name} --log-every 100") :].split("$ tapegrad")[1]
    shown = re.findall(r"epoch +(\d+) +loss ([\d.e-]+) +correct (\d+) of 50", log)
    assert [int(epoch) for epoch, _, _ in shown] == [100, 200, 300, 400, 500]
    for epoch, loss, correct in shown:
        assert float(loss) == pytest.approx(float(rows[int(epoch) - 1][1]), rel=1e-3)
        assert int(correct) == int(rows[int(epoch) - 1][2])


def test_the_log_of_digits_is_the_one_beside_its_pictures() -> None:
    rows = [line.split(",") for line in (ROOT / "examples/pictures/digits/log.csv").read_text().splitlines()[1:]]
    log = README[README.index("$ tapegrad train digits --out") :].split("```")[0]
    shown = re.findall(r"epoch +(\d+) +loss ([\d.e-]+) +test loss ([\d.e-]+) +test correct (\d+) of 449", log)
    assert [int(epoch) for epoch, *_ in shown] == list(range(4, 41, 4))
    for epoch, loss, test_loss, correct in shown:
        _, known_loss, known_test_loss, known_correct = rows[int(epoch) - 1]
        assert float(loss) == pytest.approx(float(known_loss), rel=1e-3)
        assert float(test_loss) == pytest.approx(float(known_test_loss), rel=1e-3)
        assert correct == known_correct
    assert f"{rows[-1][3]} of 449 right" in README
