"""Saved states continue with the same bits, and files that are no such state are refused in one line."""

from __future__ import annotations

import io
import json
import math
import os
import pickle
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import tapegrad as tg
from tapegrad import datasets, nn, optim, random, tree
from tapegrad.arrays import AnyArray, Floats
from tapegrad.errors import OutputFolderError, ParameterFileError, SettingError
from tapegrad.nn import losses, mlp
from tapegrad.nn.mlp import MLP
from tapegrad.optim import Optimiser, OptimiserState, adam, momentum, sgd
from tapegrad.training import Examples, State, load, objective, save, start, steps

SETTINGS: Mapping[str, object] = {"data": "xor", "hidden": (3,), "rate": 0.1}
OPTIMISERS: dict[str, Callable[[float], Optimiser]] = {
    "sgd": sgd,
    "momentum": momentum,
    "adam": adam,
    "clipped": lambda rate: optim.chain(optim.clip_by_global_norm(1.0), adam(rate)),
}
MODEL = nn.serial(nn.linear(3), nn.batch_norm(), nn.tanh, nn.dropout(0.2), nn.linear(2))
XOR = datasets.make("xor", random.key(0), 8)
WEIGHT = "params[0]['weight'].npy"


def fresh(optimiser: Optimiser, dtype: str = "float64") -> State[nn.Params]:
    params, layer_state = MODEL.init(random.key(1), XOR.inputs[:1].astype(dtype))
    return start(params, optimiser, random.key(2), layer_state)


def run(optimiser: Optimiser, state: State[nn.Params], count: int, dtype: str = "float64") -> State[nn.Params]:
    """The state `count` steps later; an epoch is three."""
    data: Examples = (XOR.inputs.astype(dtype), XOR.labels)
    loss = objective(MODEL, losses.cross_entropy)
    states = steps(loss, data, state, optimiser, batch_size=3, epochs=99)
    return [next(states) for _ in range(count)][-1]


def bits(state: State[nn.Params]) -> tuple[object, ...]:
    """All that a state is, zeros with their signs."""
    parts = (state.params, state.optimiser_state, state.layer_state)
    leaves = [leaf for part in parts for leaf in tree.leaves(part)]
    return (
        *((type(leaf), np.asarray(leaf).dtype, np.asarray(leaf).shape, np.asarray(leaf).tobytes()) for leaf in leaves),
        *map(str, map(tree.flatten(parts)[1].names, ["state"])),
        (state.key, state.step, state.epoch, state.batch, state.loss.hex()),
    )


TEMPLATE = fresh(adam(0.1))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a state in the middle of an epoch."""
    path = tmp_path_factory.mktemp("whole") / "state.npz"
    save(path, run(adam(0.1), TEMPLATE, 4), SETTINGS)
    return path.read_bytes()


@pytest.fixture
def saved(whole: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "state.npz"
    path.write_bytes(whole)
    return path


def refused(path: Path, template: State[nn.Params] = TEMPLATE, wanted: Mapping[str, object] = SETTINGS) -> str:
    """The message of the error for loading `path`."""
    with pytest.raises(ParameterFileError) as error:
        load(path, template, wanted)
    message = str(error.value)
    assert message.startswith(f"cannot continue from {path}: ")
    assert len(message.splitlines()) == 1
    assert len(message) < len(str(path)) + 400
    return message


def repacked(content: bytes, changes: Mapping[str, bytes | None], packing: int = zipfile.ZIP_STORED) -> bytes:
    """An archive with some entries replaced, added, or for None left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", packing) as new:
        entries: dict[str, bytes | None] = {name: old.read(name) for name in old.namelist()}
        for name, entry in (entries | dict(changes)).items():
            if entry is not None:
                new.writestr(name, entry)
    return out.getvalue()


def with_header(content: bytes, **changes: object) -> bytes:
    """An archive with some fields of its header replaced."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        header = json.loads(file.read("training.json"))
    return repacked(content, {"training.json": json.dumps(header | changes).encode()})


def npy(array: AnyArray, *, allow_pickle: bool = False) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, array, allow_pickle=allow_pickle)
    return out.getvalue()


def npy_with_header(header: str, numbers: bytes = bytes(48), version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode("latin1")
    return b"\x93NUMPY" + bytes(version) + len(text).to_bytes(2 if version == (1, 0) else 4, "little") + text + numbers


# ---- there and back -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("stop", [1, 3, 5])
def test_resuming_gives_the_bits_of_never_having_stopped(name: str, dtype: str, stop: int, tmp_path: Path) -> None:
    """Within an epoch and at its end; with running means, dropout, and all that an optimiser remembers."""
    optimiser = OPTIMISERS[name](0.1)
    stopped = run(optimiser, fresh(optimiser, dtype), stop, dtype)
    save(tmp_path / "state.npz", stopped, SETTINGS)
    loaded = load(tmp_path / "state.npz", fresh(optimiser, dtype), SETTINGS)
    assert bits(loaded) == bits(stopped)
    assert loaded == stopped
    assert {np.asarray(leaf).dtype.name for leaf in tree.leaves(loaded.params)} == {dtype}
    never_stopped = run(optimiser, fresh(optimiser, dtype), 8, dtype)
    assert bits(run(optimiser, loaded, 8 - stop, dtype)) == bits(never_stopped)


def test_parameters_that_are_plain_numbers_come_back_as_such(tmp_path: Path) -> None:
    def loss(params: MLP, layer_state: nn.State, batch: Examples, key: random.Key) -> tuple[tg.Scalar, nn.State]:
        del key
        points, labels = np.asarray(batch[0]), batch[1]
        rows = zip(points.tolist(), labels.tolist(), strict=True)
        of_rows = [losses.binary_cross_entropy(mlp.apply(params, tuple(row))[0], int(label)) for row, label in rows]
        return sum(of_rows[1:], of_rows[0]) / len(of_rows), layer_state

    first = start(mlp.init(random.key(1), (2, 3, 1)), adam(0.1), random.key(2))
    states = list(steps(loss, (XOR.inputs, XOR.labels), first, adam(0.1), batch_size=3, epochs=2))
    save(tmp_path / "state.npz", states[1], SETTINGS)
    loaded = load(tmp_path / "state.npz", first, SETTINGS)
    assert repr(loaded) == repr(states[1])
    assert all(type(leaf) is float for leaf in tree.leaves(loaded.params))
    rest = steps(loss, (XOR.inputs, XOR.labels), loaded, adam(0.1), batch_size=3, epochs=2)
    assert list(map(repr, rest)) == list(map(repr, states[2:]))


FINITE = st.floats(allow_nan=False, allow_infinity=False)
ARRAYS = st.sampled_from(["float16", "float32", "float64"]).flatmap(
    lambda dtype: arrays(
        np.dtype(dtype),
        array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
        elements=st.floats(allow_nan=False, allow_infinity=False, width=np.dtype(dtype).itemsize * 8),  # type: ignore[arg-type]  # 16, 32 or 64
    )
)
WHOLE_NUMBERS = arrays(np.int64, array_shapes(max_dims=2, max_side=3)) | st.integers(-(2**63), 2**63 - 1)


@given(
    params=st.recursive(
        FINITE | ARRAYS,
        lambda part: st.tuples(part, part) | st.dictionaries(st.text(max_size=4), part, min_size=1, max_size=3),
        max_leaves=4,
    ),
    whole_numbers=WHOLE_NUMBERS,
    anything=st.floats(),
    key=st.integers(0, 2**128 - 1),
    counts=st.tuples(*[st.integers(0, 10**12)] * 4),
    loss=st.floats(allow_nan=False, min_value=-1e308),
)
@settings(deadline=None, max_examples=100)
def test_every_state_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    params: object,
    whole_numbers: object,
    anything: float,
    key: int,
    counts: tuple[int, int, int, int],
    loss: float,
) -> None:
    """Zeros keep their sign; what an optimiser and a layer remember may be infinite, or nan."""
    count, step, epoch, batch = counts
    memory = OptimiserState(count, {"velocity": params})
    layer_state = ({"seen": np.asarray(whole_numbers)}, {"mean": np.array([anything])})
    state = State(params, memory, layer_state, random.Key(key), step, epoch, batch, loss)
    folder = tmp_path_factory.mktemp("states")
    save(folder / "state.npz", state, SETTINGS)
    template = attrs.evolve(
        state,
        params=tree.map_leaves(lambda leaf: np.zeros_like(leaf) if isinstance(leaf, np.ndarray) else 0.0, params),
        key=random.Key(0), step=0, epoch=0, batch=0, loss=math.inf,
    )  # fmt: skip
    loaded = load(folder / "state.npz", template, SETTINGS)
    assert bits(loaded) == bits(state)  # type: ignore[arg-type]  # any parameters
    save(folder / "again.npz", loaded, SETTINGS)
    assert (folder / "again.npz").read_bytes() == (folder / "state.npz").read_bytes()


@pytest.mark.parametrize("leaf", [np.float32(0.5), np.float64(-0.0), True, 7, np.int16(-3), 2 - 1j, np.array(0.5)])
def test_every_kind_of_number_comes_back_as_its_kind(leaf: object, tmp_path: Path) -> None:
    state = State({"w": leaf}, OptimiserState(0, {}), (), random.key(0), 0, 0, 0, math.inf)
    save(tmp_path / "state.npz", state, {})
    found = load(tmp_path / "state.npz", state, {}).params["w"]
    assert type(found) is type(leaf)
    assert repr(found) == repr(leaf)


def test_the_same_state_gives_the_same_bytes_however_its_arrays_lie_in_memory(tmp_path: Path) -> None:
    rows = np.arange(6.0).reshape(2, 3)
    for name, array in (
        ("rows", rows),
        ("columns", np.asfortranarray(rows)),
        ("part", np.stack([rows, rows], 2)[..., 0]),
    ):
        save(tmp_path / name, start((array,), sgd(0.1), random.key(0)), SETTINGS)
        (found,) = load(tmp_path / name, start((array,), sgd(0.1), random.key(0)), SETTINGS).params
        assert found.tobytes() == rows.tobytes()
        assert found.flags.f_contiguous == array.flags.f_contiguous  # sums are of other bits in another order
    assert (tmp_path / "rows").read_bytes() == (tmp_path / "columns").read_bytes() == (tmp_path / "part").read_bytes()


def test_numpy_reads_the_arrays(saved: Path) -> None:
    state = run(adam(0.1), TEMPLATE, 4)
    with np.load(saved, allow_pickle=False) as file:
        for name, leaf in zip(tree.leaf_names(state.params, "params"), tree.leaves(state.params), strict=True):
            assert np.array_equal(file[name], np.asarray(leaf))
        assert int(file["optimiser_state.count"]) == 4
        header = json.loads(bytes(file["training.json"]))
    assert header["format"] == "tapegrad training state"
    assert header["settings"] == {"data": "xor", "hidden": [3], "rate": 0.1}
    assert (header["step"], header["epoch"], header["batch"], header["loss"]) == (4, 1, 1, state.loss)


def test_what_is_loaded_is_a_value_of_its_own(saved: Path) -> None:
    before = bits(TEMPLATE)
    first, second = load(saved, TEMPLATE, SETTINGS), load(saved, TEMPLATE, SETTINGS)
    assert bits(TEMPLATE) == before
    for one, other, old in zip(*(tree.leaves(state.params) for state in (first, second, TEMPLATE)), strict=True):
        assert not np.shares_memory(one, other)
        assert not np.shares_memory(one, old)


# ---- writing ------------------------------------------------------------------------------------


def test_saving_replaces_the_file_and_leaves_nothing_else(saved: Path) -> None:
    state = run(adam(0.1), TEMPLATE, 5)
    save(saved, state, SETTINGS)
    assert load(saved, TEMPLATE, SETTINGS) == state
    assert list(saved.parent.iterdir()) == [saved]


def test_a_good_file_survives_a_failing_save(saved: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OutputFolderError, match="No space left on device"):
        save(saved, TEMPLATE, SETTINGS)
    assert saved.read_bytes() == whole
    assert list(saved.parent.iterdir()) == [saved]


def test_a_folder_that_is_not_there_is_no_place_to_save(tmp_path: Path) -> None:
    with pytest.raises(OutputFolderError, match="No such file or directory"):
        save(tmp_path / "nowhere" / "state.npz", TEMPLATE, SETTINGS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("x", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", [float, np.float64, np.array, lambda x: np.array([0.0, x], np.float32)])
def test_a_parameter_that_is_not_finite_is_not_saved(
    x: float, kind: Callable[[float], float], saved: Path, whole: bytes
) -> None:
    with pytest.raises(ParameterFileError, match=r"params\['w'\]\[0\] of step 0 is not finite; save an earlier state"):
        save(saved, start({"w": (kind(x),)}, sgd(0.1), random.key(0)), SETTINGS)
    assert saved.read_bytes() == whole


@pytest.mark.parametrize("loss", [math.nan, -math.inf])
def test_a_loss_that_is_no_number_is_not_saved(loss: float, saved: Path, whole: bytes) -> None:
    with pytest.raises(ParameterFileError, match=f"the loss of step 0 is {loss}"):
        save(saved, attrs.evolve(TEMPLATE, loss=loss), SETTINGS)
    assert saved.read_bytes() == whole


@pytest.mark.parametrize("leaf", ["text", 2**70, object(), np.array([None]), np.array(["a"]), 1 + 10**400])
def test_what_is_no_number_is_not_saved(leaf: object, saved: Path, whole: bytes) -> None:
    state = State((), OptimiserState(0, {}), {"leaf": leaf}, random.key(0), 0, 0, 0, math.inf)  # type: ignore[dict-item]  # the mistake
    with pytest.raises(ParameterFileError, match=r"layer_state\['leaf'\] is .*made of numbers"):
        save(saved, state, SETTINGS)
    assert saved.read_bytes() == whole


@pytest.mark.parametrize("setting", [math.nan, math.inf, object(), {1, 2}, b"bytes", np.float32(0.1)])
def test_settings_that_json_does_not_know_are_refused(setting: object, saved: Path, whole: bytes) -> None:
    with pytest.raises(SettingError, match="settings are kept as JSON"):
        save(saved, TEMPLATE, {"rate": setting})
    with pytest.raises(SettingError, match="settings are kept as JSON"):
        load(saved, TEMPLATE, {"rate": setting})
    assert saved.read_bytes() == whole


# ---- other files --------------------------------------------------------------------------------


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "No such file or directory" in refused(tmp_path / "state.npz")
    assert "No such file or directory" in refused(tmp_path / "nowhere" / "state.npz")
    assert "not an ordinary file" in refused(tmp_path)
    assert "null byte" in refused(tmp_path / "\0")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not an ordinary file" in refused(tmp_path / "pipe")


def other_archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("word/document.xml", "<w/>")
    return out.getvalue()


def arrays_only() -> bytes:
    out = io.BytesIO()
    np.savez(out, weight=np.zeros(3))
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        b'{"format": "tapegrad training state", "version": 1}',
        pickle.dumps({"params": [1.0]}),
        b"cos\nsystem\n(S'true'\ntR.",
        npy(np.zeros(3)),
        other_archive(),
        arrays_only(),
        b"PK\x05\x06" + bytes(18),  # the archive of nothing
    ],
)
def test_another_kind_of_file_is_refused(saved: Path, content: bytes) -> None:
    saved.write_bytes(content)
    assert "not a training state saved by tapegrad" in refused(saved)


def test_every_truncation_is_refused(saved: Path, whole: bytes) -> None:
    for length in [*range(0, len(whole), 23), *range(len(whole) - 30, len(whole))]:
        saved.write_bytes(whole[:length])
        refused(saved)


def is_loaded_or_refused(path: Path, content: bytes, state: State[nn.Params]) -> bool:
    """Whether the damage meant nothing, as in a date: then the same state is loaded. Otherwise it is refused."""
    path.write_bytes(content)
    try:
        loaded = load(path, TEMPLATE, SETTINGS)
    except ParameterFileError:
        refused(path)
        return False
    assert bits(loaded) == bits(state)
    return True


def test_a_flipped_bit_is_refused_or_means_nothing(saved: Path, whole: bytes) -> None:
    state = load(saved, TEMPLATE, SETTINGS)
    harmless = 0
    for at in range(0, len(whole), 13):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << at % 8
        harmless += is_loaded_or_refused(saved, bytes(flipped), state)
    assert 0 < harmless < len(whole) / 13 / 3


@given(st.binary(max_size=300), st.integers(0, 3000), st.integers(0, 300))
@settings(deadline=None, max_examples=150)
def test_random_bytes_in_the_place_of_others_are_refused_or_mean_nothing(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, content: bytes, at: int, removed: int
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "state.npz"
    state = run(adam(0.1), TEMPLATE, 4)
    is_loaded_or_refused(path, whole[:at] + content + whole[at + removed :], state)


# ---- archives that are not ours -----------------------------------------------------------------


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packed_archive_is_refused_before_it_is_unpacked(saved: Path, whole: bytes, packing: int) -> None:
    saved.write_bytes(repacked(whole, {}, packing))
    assert "it is packed" in refused(saved)


@pytest.mark.parametrize("name", ["training.json", WEIGHT])
@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_bomb_takes_no_memory(saved: Path, whole: bytes, name: str, packing: int) -> None:
    """A hundred megabytes of nothing, in the end of an entry; also where it says that it is small."""
    bomb = repacked(whole, {name: b" " * 10**8}, packing)
    small = bomb.replace((10**8).to_bytes(4, "little"), (10**3).to_bytes(4, "little"))
    for content in (bomb, small):
        saved.write_bytes(content)
        tracemalloc.start()
        began = time.perf_counter()
        refused(saved)
        assert time.perf_counter() - began < 5.0
        assert tracemalloc.get_traced_memory()[1] < 10**7
        tracemalloc.stop()


def test_an_entry_that_says_to_go_on_behind_the_end_is_refused(saved: Path, whole: bytes) -> None:
    with zipfile.ZipFile(saved) as file:
        entry = file.getinfo("training.json")
    sizes = entry.file_size.to_bytes(4, "little") * 2
    assert whole.count(sizes) == 2  # before the entry, and in the directory
    saved.write_bytes(whole.replace(sizes, (10**6).to_bytes(4, "little") * 2))
    assert "damaged, cut off" in refused(saved)


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ("(1000000000, 1000000000)", "<f8"),
        (f"({'9' * 300},)", "<f8"),
        (f"({'9' * 3000},)", "<f8"),
        ("(3, 2)", "|V2000000000"),
        ("(-3, -2)", "<f8"),
        ("(3, 2.0)", "<f8"),
        ("(True, 6)", "<f8"),
        ("((3, 2))", "<f8"),
        ("[3, 2]", "<f8"),
        ("(3, 2)", "|O"),
        ("(3, 2)", ">f8"),
        ("(3, 2)", "zz"),
        ("(3, 2)", "__import__('os')"),
    ],
)
def test_what_an_array_says_to_be_is_only_compared(saved: Path, whole: bytes, shape: str, dtype: str) -> None:
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    saved.write_bytes(repacked(whole, {WEIGHT: npy_with_header(f"{header:<117}\n")}))
    tracemalloc.start()
    refused(saved)
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()


@pytest.mark.parametrize(
    "header",
    [
        "", "\n", "(" * 9000, "-" * 9000 + "1", "[" * 60_000, "a" * 60_000, "  if x\n y", "'''", "{[]: 1}", "1" * 9999,
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2)",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3L, 2L), }\n",
        "{'descr': [('a', 3, 4, 5)], 'fortran_order': False, 'shape': (3, 2), }\n",
        "{'descr': None, 'fortran_order': False, 'shape': (3, 2), }\n",
        "{'descr': ',,', 'fortran_order': False, 'shape': (3, 2), }\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0), (9, 9)])
def test_the_beginning_of_an_array_is_not_evaluated(
    saved: Path, whole: bytes, header: str, version: tuple[int, int]
) -> None:
    saved.write_bytes(repacked(whole, {WEIGHT: npy_with_header(header, version=version)}))
    refused(saved)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (npy(np.zeros((4, 2))), "another network: params[0]['weight'] is <f8 of shape (4, 2), not <f8 of shape (3, 2)"),
        (npy(np.zeros((2, 3))), "another network: params[0]['weight'] is <f8 of shape (2, 3)"),
        (npy(np.zeros(6)), "another network: params[0]['weight'] is <f8 of shape (6,)"),
        (npy(np.zeros((3, 2), np.float32)), "is <f4 of shape (3, 2), not <f8"),
        (npy(np.zeros((3, 2), np.int64)), "is <i8 of shape (3, 2), not <f8"),
        (npy(np.zeros((3, 2), ">f8")), "is >f8 of shape (3, 2), not <f8"),
        (npy(np.zeros((300, 200))), "or of another network"),
        (npy(np.asfortranarray(np.zeros((3, 2)))), "does not begin as an array"),
        (npy(np.array([[None] * 2] * 3), allow_pickle=True), "is |O of shape (3, 2), not <f8"),
        (npy(np.zeros((3, 2)))[:-1], "is not 48 bytes of numbers"),
        (npy(np.zeros((3, 2))) + b"\0", "is not 48 bytes of numbers"),
        (npy(np.full((3, 2), math.nan)), "params[0]['weight'] is not finite"),
        (npy(np.full((3, 2), -math.inf)), "params[0]['weight'] is not finite"),
        (pickle.dumps(np.zeros((3, 2))), "does not begin as an array"),
        (b"", "does not begin as an array"),
        (None, "the names of what it holds differ"),
    ],
)
def test_an_array_that_does_not_fit_is_refused(saved: Path, whole: bytes, entry: bytes | None, fault: str) -> None:
    saved.write_bytes(repacked(whole, {WEIGHT: entry}))
    assert fault in refused(saved)


@pytest.mark.parametrize("name", ["more.npy", "params[0]['weight']", "../escape.npy", "training.json.npy"])
def test_an_entry_too_many_is_refused(saved: Path, whole: bytes, name: str) -> None:
    saved.write_bytes(repacked(whole, {name: npy(np.zeros(3))}))
    assert "the names of what it holds differ" in refused(saved)
    assert sorted(saved.parent.iterdir()) == [saved]


# ---- headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "Expecting value"),
        (b"{", "it is damaged"),
        (b"\xff\xfe\x00", "codec can't decode"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1, 2]", "not a training state saved by tapegrad"),
        (b'{"format": "another"}', "not a training state saved by tapegrad"),
        (b'{"format": "tapegrad training state"}', "None is not a version of the format"),
        (b'{"version": NaN}', "NaN is not a number of JSON"),
        (b'{"version": ' + b"9" * 5000 + b"}", "digits"),
        (None, "not a training state saved by tapegrad"),
    ],
)
def test_a_header_that_is_none_is_refused(saved: Path, whole: bytes, content: bytes | None, fault: str) -> None:
    saved.write_bytes(repacked(whole, {"training.json": content}))
    assert fault in refused(saved)


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("format", None, "not a training state"),
        ("version", 3, "its version 3 is newer than 2"),
        ("version", 1, "its version 1 is older than 2"),
        ("version", "2", "not a version"),
        ("version", 0, "not a version"),
        ("version", True, "not a version"),
        ("version", 2.0, "not a version"),
        ("settings", [], "not a dictionary"),
        ("settings", {"data": "xor", "hidden": [3]}, "made with rate None, not 0.1"),
        ("settings", {"data": "split", "hidden": [3], "rate": 0.1}, "made with data 'split', not 'xor'"),
        ("settings", {"data": "xor", "hidden": [3], "rate": 0.1, "a\nb": 1}, "made with a b 1, not None"),
        ("settings", {"data": "x" * 999, "hidden": [3], "rate": 0.1}, "made with data 'xxx"),
        ("epoch", -1, "-1 stands where a count"),
        ("epoch", 2.0, "2.0 stands where a count"),
        ("batch", "1", "'1' stands where a count"),
        ("step", None, "None stands where a count"),
        ("step", True, "True stands where a count"),
        ("loss", "low", "'low' stands where a finite number"),
        ("loss", 1, "1 stands where a finite number with a decimal point"),
        ("key", 5, "5 is not the key"),
        ("key", "0x1" + 32 * "0", "is not the key"),
        ("key", "-0x1", "is not the key"),
        ("key", "zebra", "zebra"),
    ],
)
def test_a_field_that_does_not_fit_is_refused(saved: Path, whole: bytes, field: str, value: object, fault: str) -> None:
    saved.write_bytes(with_header(whole, **{field: value}))
    assert fault in refused(saved)


@pytest.mark.parametrize("written", [b"1e999", b"-1e999", b"NaN", b"Infinity"])
def test_a_loss_that_is_not_finite_is_refused(saved: Path, whole: bytes, written: bytes) -> None:
    with zipfile.ZipFile(saved) as file:
        header = json.loads(file.read("training.json"))
    text = json.dumps(header | {"loss": "HERE"}).encode().replace(b'"HERE"', written)
    saved.write_bytes(repacked(whole, {"training.json": text}))
    refused(saved)


@pytest.mark.parametrize("field", ["settings", "step", "epoch", "batch", "loss", "key"])
def test_a_field_that_is_missing_is_refused(saved: Path, whole: bytes, field: str) -> None:
    with zipfile.ZipFile(saved) as file:
        header = json.loads(file.read("training.json"))
    del header[field]
    saved.write_bytes(repacked(whole, {"training.json": json.dumps(header).encode()}))
    assert f"the field '{field}' is missing" in refused(saved)


# ---- another training ---------------------------------------------------------------------------


def test_a_file_of_another_network_or_optimiser_is_refused(saved: Path) -> None:
    assert "another network, or another optimiser" in refused(saved, fresh(sgd(0.1)))
    assert "another network, or another optimiser" in refused(saved, fresh(momentum(0.1)))
    assert "is <f8 of shape (3,), not <f4 of shape (3,)" in refused(saved, fresh(adam(0.1), "float32"))
    wider = nn.serial(nn.linear(4), nn.batch_norm(), nn.tanh, nn.dropout(0.2), nn.linear(2))
    params, layer_state = wider.init(random.key(1), XOR.inputs[:1])
    assert "is <f8 of shape (3,), not <f8 of shape (4,)" in refused(
        saved, start(params, adam(0.1), random.key(2), layer_state)
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"rate": 0.2}, "made with rate 0.1, not 0.2; give the settings it was made with, or start anew"),
        ({"hidden": (3, 3)}, "made with hidden [3], not [3, 3]"),
        ({"seed": 1}, "made with seed None, not 1"),
    ],
)
def test_other_settings_are_refused(saved: Path, changes: Mapping[str, object], fault: str) -> None:
    assert fault in refused(saved, wanted={**SETTINGS, **changes})


def test_a_state_of_other_batches_is_not_continued(saved: Path) -> None:
    loaded = load(saved, TEMPLATE, SETTINGS)
    loss = objective(MODEL, losses.cross_entropy)
    inputs: Floats = XOR.inputs
    with pytest.raises(SettingError, match="the state is of step 4 and epoch 1, but here an epoch is 2 batches of 4"):
        steps(loss, (inputs, XOR.labels), loaded, adam(0.1), batch_size=4, epochs=9)
