import os
import subprocess
import sys
from pathlib import Path

import pytest

import tapegrad
from tapegrad import train
from tapegrad.cli import main

ROOT = Path(tapegrad.__file__).parents[1]


def run_module(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-m", "tapegrad", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "mentions"),
    [
        (["--help"], ["train", "show"]),
        (["train", "--help"], ["--points", "--target", "spiral"]),
        (["show", "-h"], ["svg"]),
    ],
)
def test_help(arguments: list[str], mentions: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert all(mention in text for mention in mentions)


@pytest.mark.parametrize("arguments", [[], ["fly"], ["train"], ["train", "xor", "--rate"], ["show"]])
def test_an_argument_mistake_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tapegrad: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (PermissionError(13, "Permission denied", "/here"), "tapegrad: /here: Permission denied\n"),
        (OSError("no room"), "tapegrad: no room\n"),
        (tapegrad.TapegradError("several\nlines"), "tapegrad: several lines\n"),
    ],
)
def test_every_error_of_a_command_is_one_line(
    error: Exception, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        raise error

    monkeypatch.setattr(train, "run", fail)
    assert main(["train", "xor"]) == 2
    assert capsys.readouterr().err == line


def test_an_interrupt_has_the_status_that_shells_expect(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "run", interrupt)
    assert main(["train", "xor"]) == 130


def test_the_version_says_which_core_runs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    engine = "compiled" if tapegrad.compiled else "interpreted"
    assert capsys.readouterr().out == f"tapegrad {tapegrad.__version__} ({engine} core)\n"


def test_the_module_runs_a_command(tmp_path: Path) -> None:
    done = run_module("train", "simple", "--points", "6", "--epochs", "2", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("simple: ")
    assert (tmp_path / "runs/simple/boundary.svg").is_file()


def test_the_module_reports_a_mistake(tmp_path: Path) -> None:
    done = run_module("train", "xor", "--hidden", "0", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
