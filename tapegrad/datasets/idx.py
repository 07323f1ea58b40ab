"""IDX files, in which MNIST and Fashion-MNIST come: arrays with any number of axes, packed by gzip or not.

    0  0  dtype  axes      four bytes; the dtype is one of the codes below
    size of each axis      four bytes each
    the numbers            row after row

All of it is big endian, as the page of the MNIST database says (Y. LeCun, C. Cortes, C. Burges). Nothing is fetched
from anywhere: the files are where you put them.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final, Literal, TypeAlias, cast

import numpy as np

from tapegrad.arrays import AnyArray, frozen
from tapegrad.datasets.dataset import Dataset
from tapegrad.errors import DataError, SettingError

__all__ = ["FloatType", "load_fashion_mnist", "load_mnist", "read_idx"]

FloatType: TypeAlias = Literal["float32", "float64"]

_DTYPES: Final[Mapping[int, str]] = MappingProxyType({
    0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8",
})  # fmt: skip
_MOST_AXES: Final = 32
_PACKED: Final = b"\x1f\x8b"  # how every gzip file begins
_CHUNK: Final = 2**20


# ---- one file -----------------------------------------------------------------------------------


def read_idx(path: str | os.PathLike[str]) -> AnyArray:
    """The array in an IDX file, in the byte order of this machine, read-only.

    The first bytes tell whether it is packed by gzip, not its name. Memory is taken for what the file holds, not for
    what it says to hold. Raises DataError, naming the file, if it is missing, or anything but one whole IDX file.
    """
    try:
        with Path(path).open("rb") as file:
            is_packed = file.read(len(_PACKED)) == _PACKED
            file.seek(0)
            return _array(cast(BinaryIO, gzip.GzipFile(fileobj=file)) if is_packed else file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        fault = f"what gzip packed is damaged, or cut off ({error}); get the file again"
    except OSError as error:
        fault = error.strerror or type(error).__name__
    except ValueError as error:  # also of a name that no file can have
        fault = str(error)
    msg = f"{os.fspath(path)!r:.200} cannot be read: {fault}"
    raise DataError(msg)


def _array(file: BinaryIO) -> AnyArray:
    """Raises ValueError with the fault."""
    head = file.read(4)
    if not head:
        raise ValueError("it is empty")
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _DTYPES:
        raise ValueError(f"it is not an IDX file: its first bytes are {head.hex(' ')}")
    axes = head[3]
    if not 1 <= axes <= _MOST_AXES:
        raise ValueError(f"it says to have {axes} axes, and 1 to {_MOST_AXES} can be read; get the file again")
    sizes = file.read(4 * axes)
    if len(sizes) < 4 * axes:
        raise ValueError(f"it is cut off within the sizes of its {axes} axes; get the file again")
    shape = tuple(np.frombuffer(sizes, ">u4").tolist())
    if 0 in shape:
        raise ValueError(f"it holds no numbers: its shape is {shape}")
    dtype = np.dtype(_DTYPES[head[2]])
    numbers = np.frombuffer(_rest(file, math.prod(shape) * dtype.itemsize), dtype)
    return frozen(numbers.astype(dtype.newbyteorder("="), copy=False).reshape(shape))


def _rest(file: BinaryIO, due: int) -> bytes:
    """The rest of the file. Raises ValueError if it is not `due` bytes long."""
    chunks: list[bytes] = []
    found = 0
    while found <= due and (chunk := file.read(_CHUNK)):
        chunks.append(chunk)
        found += len(chunk)
    if found < due:
        raise ValueError(f"it is cut off: {found} of {due} bytes of numbers are there; get the file again")
    if found > due:
        raise ValueError(f"it goes on after the {due} bytes of numbers that are due; get the file again")
    return b"".join(chunks)


# ---- the four files of MNIST --------------------------------------------------------------------

_DIGITS: Final = tuple("0123456789")
_CLOTHES: Final = (
    "t-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
_WHITEST: Final = 255.0


def load_mnist(folder: str | os.PathLike[str], dtype: FloatType = "float64") -> tuple[Dataset, Dataset]:
    """The training and the test set of MNIST: ``(60000, 1, 28, 28)`` and ``(10000, 1, 28, 28)``, from 0 to 1.

    The four files are looked for in `folder` under the names they are published with, packed or not:
    ``train-images-idx3-ubyte.gz`` or ``train-images.idx3-ubyte``. In float64 the images take 440 MB.

    Raises DataError for a file that is missing, damaged or of something else, SettingError for another dtype.
    """
    return _load("mnist", Path(folder), dtype, _DIGITS)


def load_fashion_mnist(folder: str | os.PathLike[str], dtype: FloatType = "float64") -> tuple[Dataset, Dataset]:
    """The same of Fashion-MNIST, whose files have the same names: keep the two in two folders."""
    return _load("fashion_mnist", Path(folder), dtype, _CLOTHES)


def _load(name: str, folder: Path, dtype: FloatType, classes: tuple[str, ...]) -> tuple[Dataset, Dataset]:
    if dtype not in {"float32", "float64"}:
        msg = f"the dtype of images is 'float32' or 'float64', not {dtype!r:.60}"
        raise SettingError(msg)
    train, test = [  # all four are found before the first, which is large, is read
        (_found(folder, f"{part}-images", "idx3-ubyte"), _found(folder, f"{part}-labels", "idx1-ubyte"))
        for part in ("train", "t10k")
    ]
    return _dataset(f"{name} train", train, dtype, classes), _dataset(f"{name} test", test, dtype, classes)


def _found(folder: Path, stem: str, suffix: str) -> Path:
    """The file of that name in either spelling, packed or not. Raises DataError if there is none."""
    for name in (f"{stem}-{suffix}", f"{stem}.{suffix}"):
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    msg = f"there is no file {stem}-{suffix}.gz; put it, as it was published, into the folder {str(folder)!r:.200}"
    raise DataError(msg)


def _dataset(name: str, files: tuple[Path, Path], dtype: FloatType, classes: tuple[str, ...]) -> Dataset:
    images, labels = _bytes_of(files[0], axes=3), _bytes_of(files[1], axes=1)
    inputs = np.divide(images[:, None], _WHITEST, dtype=dtype)
    inputs.flags.writeable = False  # so that it need not be copied
    return Dataset(name, inputs, labels.astype(np.int64), classes)


def _bytes_of(path: Path, axes: int) -> AnyArray:
    """The bytes in an IDX file with that many axes. Raises DataError if it holds something else."""
    array = read_idx(path)
    if array.dtype != np.uint8 or array.ndim != axes:
        msg = f"{path} holds {array.dtype} of shape {array.shape}, not bytes with {axes} axes; put the right file there"
        raise DataError(msg)
    return array
