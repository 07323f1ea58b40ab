"""The data sets of scikit-learn, unchanged but for their form; and nothing is ever fetched from the net."""

from __future__ import annotations

import ast
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tapegrad import datasets
from tapegrad.datasets import BUNDLED, load
from tapegrad.errors import DataError, MissingExtraError

OF_THE_NET = {"ftplib", "http", "requests", "socket", "ssl", "urllib"}


@pytest.fixture
def no_net(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("digits", (1797, 1, 8, 8), 10),
        ("breast_cancer", (569, 30), 2),
        ("wine", (178, 13), 3),
        ("iris", (150, 4), 3),
        ("diabetes", (442, 10), 0),
    ],
)
def test_the_numbers_are_those_of_scikit_learn(name: str, shape: tuple[int, ...], classes: int, no_net: None) -> None:
    library = pytest.importorskip("sklearn.datasets")
    data = load(name)
    bunch = library.load_diabetes(scaled=False) if name == "diabetes" else getattr(library, f"load_{name}")()
    assert data.name == name
    assert data.inputs.shape == shape
    assert len(data.classes) == classes
    assert data.inputs.dtype == np.float64
    assert data.labels.tolist() == bunch.target.tolist()
    pixels = data.inputs.reshape(shape[0], -1) * (16.0 if name == "digits" else 1.0)
    assert np.array_equal(pixels, bunch.data)
    assert data == load(name)
    if classes:
        assert data.classes == tuple(map(str, bunch.target_names))
        assert set(data.labels.tolist()) == set(range(classes))
    if name != "digits":
        assert data.features == tuple(map(str, bunch.feature_names))


def test_digits_are_grey_from_0_to_1_and_rows_go_down() -> None:
    library = pytest.importorskip("sklearn.datasets")
    data = load("digits")
    assert (data.inputs.min(), data.inputs.max()) == (0.0, 1.0)
    assert np.array_equal(data.inputs[:, 0], library.load_digits().images / 16.0)
    assert data.features == ()


def test_the_label_of_diabetes_is_a_number() -> None:
    pytest.importorskip("sklearn")
    labels = load("diabetes").labels
    assert labels.dtype == np.float64
    assert (labels.min(), labels.max()) == (25.0, 346.0)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("digit", "no bundled data set 'digit'; did you mean digits?"),
        ("Iris", "did you mean iris?"),
        ("breast-cancer", "did you mean breast_cancer?"),
        ("", f"no bundled data set ''; choose one of {', '.join(BUNDLED)}"),
        ("zzz", "'zzz'; choose one of digits"),
    ],
)
def test_an_unknown_name_gets_the_nearest(name: str, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        load(name)


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "sklearn", None)  # which makes its import fail
    with pytest.raises(MissingExtraError, match=r'iris comes with scikit-learn .*pip install "tapegrad\[data\]"'):
        load("iris")


def test_no_module_of_the_data_sets_knows_of_the_net() -> None:
    folder = Path(str(datasets.__file__)).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not {name.partition(".")[0] for name in names} & OF_THE_NET, path


def test_scikit_learn_is_loaded_when_it_is_used() -> None:
    program = "import sys, tapegrad.datasets; raise SystemExit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0  # noqa: S603  # our own words
