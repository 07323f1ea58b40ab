"""Which core runs, and what happens if the compiled one cannot: each case in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import tapegrad

PACKAGE = Path(tapegrad.__file__).parent
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
PROGRAM = "import tapegrad as tg; print(tg.compiled, tg.grad(lambda x: x * tg.numpy.sin(x))(0.0))"


def run(folder: Path, pure: str = "0", *options: str) -> subprocess.CompletedProcess[str]:
    """Run the program where `folder` holds tapegrad."""
    return subprocess.run(  # noqa: S603  # our own program
        [sys.executable, *options, "-c", PROGRAM],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "TAPEGRAD_PURE": pure},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A folder with the sources of tapegrad, and nothing compiled."""
    ignored = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "tapegrad", ignore=ignored)
    return tmp_path


@pytest.mark.parametrize("pure", ["1", "yes"])
def test_the_environment_asks_for_the_sources(pure: str) -> None:
    finished = run(PACKAGE.parent, pure, "-W", "error")
    assert (finished.stdout, finished.stderr) == ("False 0.0\n", "")


def test_without_a_build_the_sources_run(sources: Path) -> None:
    finished = run(sources, "0", "-W", "error")
    assert (finished.stdout, finished.stderr) == ("False 0.0\n", "")


@pytest.mark.parametrize("module", ["vectors", "kernels", "floats"])
def test_a_build_that_cannot_be_loaded_gives_one_warning(sources: Path, module: str) -> None:
    (sources / "tapegrad" / f"{module}{SUFFIX}").write_bytes(b"no machine code")
    finished = run(sources)
    assert finished.stdout == "False 0.0\n"
    warning = [line for line in finished.stderr.splitlines() if "RuntimeWarning" in line]
    assert len(warning) == 1
    assert warning[0].startswith("<string>:1: ")
    assert "reinstall tapegrad" in warning[0]
    assert run(sources, "1", "-W", "error").stderr == ""


@pytest.mark.skipif(not tapegrad.compiled, reason="nothing has been compiled here")
@pytest.mark.parametrize("library", ["", "raise ValueError('another binary interface')"])
def test_the_library_of_vectors_may_be_another_one(tmp_path: Path, library: str) -> None:
    shutil.copytree(PACKAGE, tmp_path / "tapegrad", ignore=shutil.ignore_patterns("__pycache__"))
    for shared in PACKAGE.parent.glob(f"tapegrad__mypyc*{SUFFIX}"):
        shutil.copy(shared, tmp_path)
    (tmp_path / "librt").mkdir()
    (tmp_path / "librt" / "__init__.py").write_text("")
    (tmp_path / "librt" / "vecs.py").write_text(library)
    finished = run(tmp_path)
    assert finished.stdout == "False 0.0\n"
    assert finished.stderr.count("RuntimeWarning") == 1
