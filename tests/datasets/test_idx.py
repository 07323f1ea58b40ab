"""IDX files: what is written is read, and whatever else the bytes are, the answer is a `DataError`."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tapegrad.arrays import AnyArray
from tapegrad.datasets import load_fashion_mnist, load_mnist, read_idx
from tapegrad.errors import DataError, SettingError

CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}
ON_DISK = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def written(array: AnyArray) -> bytes:
    """The IDX file of an array."""
    head = bytes([0, 0, CODES[array.dtype.name], array.ndim])
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return head + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def zipped(content: bytes) -> bytes:
    """Packed to the same bytes at any time: the tests are named after them."""
    return gzip.compress(content, mtime=0)


def read(folder: Path, content: bytes) -> AnyArray:
    path = folder / "file.idx"
    path.write_bytes(content)
    return read_idx(path)


SMALL = np.arange(12, dtype=np.int16).reshape(3, 4)

ARRAYS = st.sampled_from(sorted(CODES)).flatmap(
    lambda dtype: arrays(np.dtype(dtype), array_shapes(min_dims=1, max_dims=5, min_side=1, max_side=4))
)


@given(ARRAYS, st.booleans())
@ON_DISK
def test_what_is_written_is_read(tmp_path: Path, array: AnyArray, is_packed: bool) -> None:
    content = written(array)
    found = read(tmp_path, gzip.compress(content) if is_packed else content)
    assert found.dtype == array.dtype
    assert found.dtype.isnative
    assert found.shape == array.shape
    assert found.tobytes() == array.tobytes()
    assert not found.flags.writeable


def test_a_file_may_be_larger_than_what_is_read_at_once(tmp_path: Path) -> None:
    array = np.arange(2**21 + 5, dtype=np.uint8)
    assert np.array_equal(read(tmp_path, written(array)), array)
    assert np.array_equal(read(tmp_path, gzip.compress(written(array))), array)


# ---- files that are not whole ---------------------------------------------------------------------


@pytest.mark.parametrize("content", [written(SMALL), gzip.compress(written(SMALL))], ids=["plain", "packed"])
def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path: Path, content: bytes) -> None:
    for length in range(len(content)):
        with pytest.raises(DataError, match=r"file\.idx' cannot be read: "):
            read(tmp_path, content[:length])


@given(st.binary(max_size=60) | st.binary(max_size=40).map(lambda tail: b"\0\0" + tail))
@example(b"\0\0\x08\x20" + b"\xff" * 128)  # as much as there can be
@example(b"\x1f\x8b\x08\x1f")
@ON_DISK
def test_no_bytes_give_anything_but_an_array_or_a_data_error(tmp_path: Path, content: bytes) -> None:
    for file in (content, gzip.compress(content)):
        try:
            found = read(tmp_path, file)
        except DataError:
            continue
        assert written(found) == content


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), min_size=1, max_size=4))
@ON_DISK
def test_a_packed_file_with_changed_bytes_is_read_right_or_refused(
    tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(zipped(written(SMALL)))
    for at, byte in changes:
        content[at % len(content)] = byte
    try:
        found = read(tmp_path, bytes(content))
    except DataError:
        return
    assert np.array_equal(found, SMALL)  # what changed was the date


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (zipped(b""), "it is empty"),
        (b"\x89PNG", "it is not an IDX file: its first bytes are 89 50 4e 47"),
        (b"\0\0\x08", "it is not an IDX file: its first bytes are 00 00 08"),
        (b"\0\0\x0a\x01", "it is not an IDX file"),
        (b"\x08\x01\0\0", "it is not an IDX file"),
        (b"\0\0\x08\0\x07", "0 axes, and 1 to 32 can be read"),
        (b"\0\0\x08\xff" + b"\0" * 2000, "255 axes"),
        (b"\0\0\x08\x02\0\0\0", "cut off within the sizes of its 2 axes"),
        (b"\0\0\x08\x02" + struct.pack(">II", 0, 3), r"it holds no numbers: its shape is \(0, 3\)"),
        (b"\0\0\x0e\x03" + b"\xff" * 12 + b"\0" * 9, f"cut off: 9 of {8 * (2**32 - 1) ** 3} bytes"),
        (written(SMALL) + b"\0", "it goes on after the 24 bytes"),
        (zipped(written(SMALL) + b"\0"), "it goes on after the 24 bytes"),
        (zipped(written(SMALL)) + b"rest", "what gzip packed is damaged"),
    ],
)
def test_the_fault_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=rf"file\.idx' cannot be read: .*{message}"):
        read(tmp_path, content)


def test_a_file_that_is_not_there_or_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.idx", tmp_path, Path("a\0b"), tmp_path / ("x" * 5000)):
        with pytest.raises(DataError, match="cannot be read: "):
            read_idx(path)
    with pytest.raises(DataError, match=r"none\.idx' cannot be read: No such file"):
        read_idx(str(tmp_path / "none.idx"))


def test_a_small_file_that_unpacks_to_much_is_not_unpacked(tmp_path: Path) -> None:
    packed = gzip.compress(written(SMALL) + b"\0" * 2**25)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="it goes on after the 24 bytes"):
            read(tmp_path, packed)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


# ---- MNIST ----------------------------------------------------------------------------------------

IMAGES = np.arange(5 * 3 * 2, dtype=np.uint8).reshape(5, 3, 2) * 8
LABELS = np.array([9, 0, 3, 3, 1], dtype=np.uint8)
FILES = {
    "train-images-idx3-ubyte": IMAGES,
    "train-labels-idx1-ubyte": LABELS,
    "t10k-images-idx3-ubyte": IMAGES[:2],
    "t10k-labels-idx1-ubyte": LABELS[:2],
}


def published(folder: Path, *, dotted: bool = False, packed: bool = False) -> Path:
    """The four files, small, in one of the spellings they go around in."""
    for name, array in FILES.items():
        spelling = name.replace("-idx", ".idx") if dotted else name
        content = written(array)
        (folder / (spelling + ".gz" * packed)).write_bytes(gzip.compress(content) if packed else content)
    return folder


@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_mnist_is_found_in_every_spelling(tmp_path: Path, dotted: bool, packed: bool) -> None:
    train, test = load_mnist(published(tmp_path, dotted=dotted, packed=packed))
    assert (train.name, test.name) == ("mnist train", "mnist test")
    assert train.inputs.shape == (5, 1, 3, 2)
    assert np.array_equal(train.inputs[:, 0], IMAGES / 255.0)
    assert train.labels.tolist() == LABELS.tolist()
    assert (test.inputs.shape, test.labels.tolist()) == ((2, 1, 3, 2), [9, 0])
    assert train.classes == tuple("0123456789")


def test_images_have_the_dtype_asked_for(tmp_path: Path) -> None:
    folder = published(tmp_path)
    assert load_mnist(folder)[0].inputs.dtype == np.float64
    inputs = load_mnist(str(folder), dtype="float32")[0].inputs
    assert inputs.dtype == np.float32
    assert np.array_equal(inputs[:, 0], (IMAGES / 255.0).astype(np.float32))
    with pytest.raises(SettingError, match="'float32' or 'float64', not 'float16'"):
        load_mnist(folder, dtype="float16")  # type: ignore[arg-type]  # what is tested


def test_fashion_mnist_has_the_same_files_and_other_classes(tmp_path: Path) -> None:
    train, test = load_fashion_mnist(published(tmp_path))
    assert np.array_equal(train.inputs, load_mnist(tmp_path)[0].inputs)
    assert test.name == "fashion_mnist test"
    assert [test.classes[label] for label in test.labels] == ["ankle boot", "t-shirt"]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named_with_its_place(tmp_path: Path, name: str) -> None:
    (published(tmp_path) / name).unlink()
    with pytest.raises(DataError, match=rf"no file {name}\.gz; .* into the folder '.*{tmp_path.name}'"):
        load_mnist(tmp_path)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("train-images-idx3-ubyte", LABELS, r"holds uint8 of shape \(5,\), not bytes with 3 axes"),
        ("t10k-labels-idx1-ubyte", LABELS.astype(np.int32), r"holds int32 of shape \(5,\), not bytes with 1 axes"),
        ("t10k-labels-idx1-ubyte", LABELS, "^mnist test: there are 2 inputs and 5 labels"),
        ("train-labels-idx1-ubyte", LABELS + 1, r"^mnist train: labels\[0\] is 10; the 10 classes count from 0"),
    ],
)
def test_files_of_something_else_are_refused(tmp_path: Path, name: str, array: AnyArray, message: str) -> None:
    (published(tmp_path) / name).write_bytes(written(array))
    with pytest.raises(DataError, match=message):
        load_mnist(tmp_path)
