"""Saved states continue with the same bits, and files that are no such state are refused in one line."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tapegrad as tg
from tapegrad import datasets, random, states
from tapegrad.errors import OutputFolderError, ParameterFileError
from tapegrad.nn import losses, mlp
from tapegrad.nn.mlp import MLP
from tapegrad.optim import Optimiser, OptimiserState, adam, momentum, sgd
from tapegrad.training import State, start, train

SETTINGS = {"data": "xor", "sizes": (2, 3, 1), "rate": 0.1}
OPTIMISERS: dict[str, Callable[[float], Optimiser]] = {"sgd": sgd, "momentum": momentum, "adam": adam}
Example = tuple[tuple[float, ...], int]


def loss(params: MLP, example: Example) -> tg.Scalar:
    point, label = example
    return losses.binary_cross_entropy(mlp.apply(params, point)[0], label)


def fresh(optimiser: Optimiser) -> State[MLP]:
    return start(mlp.init(random.key(1), (2, 3, 1)), optimiser, random.key(2))


def run(optimiser: Optimiser, state: State[MLP], epochs: int) -> State[MLP]:
    data = datasets.make("xor", random.key(0), 7)
    examples = list(zip(data.inputs.tolist(), data.labels.tolist(), strict=True))
    *_, last = train(loss, examples, state, optimiser, batch_size=3, epochs=epochs)
    return last


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "state.json"
    states.save(path, run(adam(0.1), fresh(adam(0.1)), 2), SETTINGS)
    return path


def refused(path: Path) -> str:
    """The message of the error for loading `path`."""
    with pytest.raises(ParameterFileError) as error:
        states.load(path, fresh(adam(0.1)), SETTINGS)
    message = str(error.value)
    assert message.startswith(f"cannot continue from {path}: ")
    assert "\n" not in message
    return message


# ---- there and back -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIMISERS)
def test_resuming_gives_the_bits_of_never_having_stopped(name: str, tmp_path: Path) -> None:
    optimiser = OPTIMISERS[name](0.1)
    whole = run(optimiser, fresh(optimiser), 6)
    path = tmp_path / "state.json"
    states.save(path, run(optimiser, fresh(optimiser), 3), SETTINGS)
    loaded = states.load(path, fresh(optimiser), SETTINGS)
    assert loaded.epoch == 3
    assert run(optimiser, loaded, 6) == whole


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
    st.integers(0, 2**128 - 1),
    st.integers(0, 10**12),
    st.floats(0, allow_nan=False),
)
@settings(deadline=None, max_examples=60)
def test_every_state_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[float], bits: int, count: int, loss: float
) -> None:
    path = tmp_path_factory.mktemp("states") / "state.json"
    params = {"w": (numbers[0], numbers[1]), "b": numbers[2]}
    state = State(params, OptimiserState(count, {"velocity": params}), random.Key(bits), count, loss)
    states.save(path, state, SETTINGS)
    loaded = states.load(path, start(params, momentum(0.1), random.key(0)), SETTINGS)
    assert loaded == state
    assert repr(loaded) == repr(state)  # also the sign of a zero


def test_the_file_can_be_read_by_a_person(saved: Path) -> None:
    document = json.loads(saved.read_text())
    assert document["format"] == "tapegrad training state"
    assert document["version"] == 1
    assert document["settings"] == {"data": "xor", "sizes": [2, 3, 1], "rate": 0.1}
    assert document["epoch"] == 2
    assert len(document["parameters"]) == 13
    assert "[0].weights[2][1]" in document["parameters"]


# ---- writing ------------------------------------------------------------------------------------


def test_saving_replaces_the_file_and_leaves_nothing_else(saved: Path) -> None:
    state = run(adam(0.1), fresh(adam(0.1)), 3)
    states.save(saved, state, SETTINGS)
    assert states.load(saved, fresh(adam(0.1)), SETTINGS) == state
    assert list(saved.parent.iterdir()) == [saved]


def test_a_good_file_survives_a_failing_save(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def disk_full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OutputFolderError, match="No space left on device"):
        states.save(saved, fresh(adam(0.1)), SETTINGS)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_folder_that_is_not_there_is_no_place_to_save(tmp_path: Path) -> None:
    with pytest.raises(OutputFolderError, match="No such file or directory"):
        states.save(tmp_path / "nowhere" / "state.json", fresh(sgd(0.1)), SETTINGS)


@pytest.mark.parametrize("x", [math.nan, math.inf])
def test_a_state_that_is_not_finite_is_not_saved(x: float, saved: Path) -> None:
    before = saved.read_bytes()
    with pytest.raises(ParameterFileError, match="epoch 0 holds a number that is not finite"):
        states.save(saved, start((x,), sgd(0.1), random.key(0)), SETTINGS)
    assert saved.read_bytes() == before


# ---- reading what is no state -------------------------------------------------------------------


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "No such file or directory" in refused(tmp_path / "state.json")
    assert "directory" in refused(tmp_path)


def test_every_truncation_is_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    for length in range(0, len(whole) - 2, 97):
        saved.write_bytes(whole[:length])
        refused(saved)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "Expecting value"),
        (b"\xff\xfe\x00", "utf-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1, 2]", "not a training state saved by tapegrad"),
        (b'{"format": "another"}', "not a training state saved by tapegrad"),
        (b"cos\nsystem\n(S'true'\ntR.", "Expecting value"),  # a pickle
    ],
)
def test_another_kind_of_file_is_refused(saved: Path, content: bytes, fault: str) -> None:
    saved.write_bytes(content)
    assert fault in refused(saved)


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("version", 2, "newer than 1"),
        ("version", "1", "not a version"),
        ("version", 0, "not a version"),
        ("version", True, "not a version"),
        ("settings", [], "not a dictionary"),
        ("settings", {"data": "xor", "sizes": [2, 3, 1]}, "made with rate None, not 0.1"),
        ("settings", {"data": "split", "sizes": [2, 3, 1], "rate": 0.1}, "made with data 'split', not 'xor'"),
        ("epoch", -1, "-1 stands where a count"),
        ("epoch", 2.0, "2.0 stands where a count"),
        ("steps", None, "None stands where a count"),
        ("loss", "low", "'low' stands where a finite number"),
        ("key", 5, "5 is not the key"),
        ("key", "0x1" + 32 * "0", "is not the key"),
        ("key", "-0x1", "is not the key"),
        ("key", "zebra", "zebra"),
        ("averages", {}, "another optimiser"),
        ("averages", [], "another optimiser"),
        ("averages", {"mean": {}, "square": {}}, "another network"),
        ("parameters", {"[0]": 1.0}, "another network"),
        ("parameters", [1.0], "another network"),
        ("format", None, "not a training state"),
    ],
)
def test_a_field_that_does_not_fit_is_refused(saved: Path, field: str, value: object, fault: str) -> None:
    saved.write_text(json.dumps(json.loads(saved.read_text()) | {field: value}))
    assert fault in refused(saved)


@pytest.mark.parametrize("field", ["settings", "epoch", "loss", "key", "steps", "parameters", "averages"])
def test_a_field_that_is_missing_is_refused(saved: Path, field: str) -> None:
    document = json.loads(saved.read_text())
    del document[field]
    saved.write_text(json.dumps(document))
    assert f"the field '{field}' is missing" in refused(saved)


@pytest.mark.parametrize("written", ["NaN", "Infinity", "1e999", "1", "true", "null", '"0.5"', "[0.5]"])
def test_a_parameter_that_is_not_a_finite_float_is_refused(saved: Path, written: str) -> None:
    document = json.loads(saved.read_text())
    document["parameters"]["[0].biases[0]"] = "HERE"
    saved.write_text(json.dumps(document).replace('"HERE"', written))
    refused(saved)


def test_a_file_of_another_network_or_optimiser_is_refused(saved: Path) -> None:
    wider = start(mlp.init(random.key(1), (2, 4, 1)), adam(0.1), random.key(2))
    with pytest.raises(ParameterFileError, match="another network"):
        states.load(saved, wider, SETTINGS)
    with pytest.raises(ParameterFileError, match="another optimiser"):
        states.load(saved, fresh(sgd(0.1)), SETTINGS)


def test_what_is_loaded_is_a_value_of_its_own(saved: Path) -> None:
    template = fresh(adam(0.1))
    before = attrs.evolve(template)
    states.load(saved, template, SETTINGS)
    assert template == before
