"""Training states as files: what is saved and loaded again continues with the same bits.

The file is an archive that ``numpy.load`` reads too: an array for each number or array of the state, by its name, and
``training.json`` with the version of the format, the settings of the training, and the counts. A state is rebuilt in
the form of a template, a fresh state of the same network and optimiser: nothing in a file chooses what is made, or how
large it is, and nothing is unpickled. The same state gives the same bytes.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias, TypeVar, cast

import numpy as np

from tapegrad import tree
from tapegrad.errors import ParameterFileError
from tapegrad.files import write_whole
from tapegrad.nn.layer import State as LayerState
from tapegrad.optim import OptimiserState
from tapegrad.random import Key
from tapegrad.training.state import State

__all__ = ["Settings", "load", "save"]

P = TypeVar("P")
"""The parameters: any tree of numbers and arrays."""

Settings: TypeAlias = Mapping[str, object]
"""What a state belongs to, in JSON's terms: the data set, the sizes of the network, the rate ..."""

FORMAT: Final = "tapegrad training state"
VERSION: Final = 2
HEADER: Final = "training.json"
LARGEST_HEADER: Final = 1 << 22  # bytes
TREES: Final = ("params", "optimiser_state", "layer_state")


def save(path: str | os.PathLike[str], state: State[P], settings: Settings) -> None:
    """Write `state` to the file `path`, whole or not at all; a file that is there is replaced.

    Raises OutputFolderError if it cannot be written, ParameterFileError for a parameter that is not finite.
    """
    header = {
        "format": FORMAT,
        "version": VERSION,
        "settings": dict(settings),
        "key": hex(state.key.bits),
        "loss": None if state.loss == math.inf else state.loss,
        "step": state.step,
        "epoch": state.epoch,
        "batch": state.batch,
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo(HEADER), json.dumps(header, indent=1))
        for name, leaf in _named(state).items():
            array = np.asarray(leaf)
            if name.startswith("params") and not np.isfinite(array).all():
                msg = f"{name} of step {state.step} is not finite; save an earlier state"
                raise ParameterFileError(msg)
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            file.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())
    write_whole(Path(path), archive.getvalue())


def load(path: str | os.PathLike[str], template: State[P], settings: Settings) -> State[P]:
    """The state in the file `path`, in the form of `template`, which `training.start` makes.

    `settings` must be those that were saved. Raises ParameterFileError if the file is missing,
    truncated, malformed, of another version, or of another training.
    """
    try:
        with zipfile.ZipFile(path) as file:
            header = _header(file)
            _require_settings(header["settings"], json.loads(json.dumps(dict(settings))))
            params, optimiser_state, layer_state = _rebuilt(file, template)
            return State(
                params,
                optimiser_state,
                layer_state,
                key=Key(_bits(header["key"])),
                step=_count(header["step"]),
                epoch=_count(header["epoch"]),
                batch=_count(header["batch"]),
                loss=math.inf if header["loss"] is None else _number(header["loss"]),
            )
    except OSError as error:
        fault = error.strerror or type(error).__name__
    except zipfile.BadZipFile as error:
        fault = f"it is damaged, cut off, or not a training state saved by tapegrad ({error}); start again without it"
    except KeyError as error:
        fault = f"the field {error} is missing"
    except RecursionError:
        fault = "its brackets are nested too deeply"
    except (ValueError, NotImplementedError, RuntimeError) as error:  # the last two: kinds of archive that are not ours
        fault = str(error)
    msg = f"cannot continue from {os.fspath(path)}: {fault}"
    raise ParameterFileError(msg)


def _named(state: State[P]) -> dict[str, object]:
    """Every number and array of a state under its name, such as ``params[0]['weight']``."""
    named: dict[str, object] = {}
    for name in TREES:
        part = getattr(state, name)
        named |= zip(tree.leaf_names(part, name), tree.leaves(part), strict=True)
    return named


# ---- checking: each of these raises ValueError with the fault ------------------------------------


def _header(file: zipfile.ZipFile) -> dict[str, object]:
    """What is said of the state in a file of our format and version."""
    if HEADER not in file.namelist() or file.getinfo(HEADER).file_size > LARGEST_HEADER:
        raise ValueError("it is not a training state saved by tapegrad")
    try:
        header = json.loads(file.read(HEADER), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is damaged ({error}); start again without it") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ValueError("it is not a training state saved by tapegrad")
    version = header.get("version")
    if type(version) is not int or version < 1:
        raise ValueError(f"{version!r:.60} is not a version of the format")
    if version != VERSION:
        which = "newer" if version > VERSION else "older"
        raise ValueError(f"its version {version} is {which} than {VERSION}; use the tapegrad that saved it")
    return header


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")


def _require_settings(saved: object, wanted: dict[str, object]) -> None:
    if not isinstance(saved, dict):
        raise ValueError("its settings are not a dictionary")
    for name in sorted(saved.keys() | wanted.keys()):
        if saved.get(name) != wanted.get(name):
            raise ValueError(
                f"it was made with {name} {saved.get(name)!r:.60}, not {wanted.get(name)!r:.60}; "
                "give the settings it was made with, or start anew"
            )


def _rebuilt(file: zipfile.ZipFile, template: State[P]) -> tuple[P, OptimiserState[P], LayerState]:
    """The trees of a state, of the form of those of `template`, with the numbers of the file."""
    expected = _named(template)
    if set(file.namelist()) != {HEADER, *(f"{name}.npy" for name in expected)}:
        raise ValueError("it is of another network, or another optimiser: the names of what it holds differ")
    leaves = iter([_leaf(file, name, like) for name, like in expected.items()])
    structures = [tree.flatten(getattr(template, name))[1] for name in TREES]
    rebuilt = tuple(structure.unflatten(list(islice(leaves, structure.size))) for structure in structures)
    return cast(tuple[P, OptimiserState[P], LayerState], rebuilt)


def _leaf(file: zipfile.ZipFile, name: str, like: object) -> object:
    """One number or array, of the shape and the dtype of `like`: looked at before it is read."""
    entry, like_array = file.getinfo(f"{name}.npy"), np.asarray(like)
    with file.open(entry) as content:
        version = np.lib.format.read_magic(content)
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in read_header:
            raise ValueError(f"{name} is written in a version of NumPy's format that is not ours")
        shape, is_fortran, dtype = read_header[version](content)
        if shape != like_array.shape or dtype != like_array.dtype:
            raise ValueError(
                f"it is of another network: {name} is {dtype} of shape {shape}, "
                f"not {like_array.dtype} of shape {like_array.shape}"
            )
        numbers = content.read(like_array.nbytes + 1)
    if len(numbers) != like_array.nbytes:
        raise ValueError(f"it is damaged: {name} holds {len(numbers)} bytes of {like_array.nbytes}")
    array = np.frombuffer(numbers, dtype).reshape(shape, order="F" if is_fortran else "C")
    if name.startswith("params") and not np.isfinite(array).all():
        raise ValueError(f"it is damaged: {name} is not finite")
    return array.copy() if isinstance(like, np.ndarray) else cast(object, array.item())


def _number(value: object) -> float:
    if type(value) is not float or not math.isfinite(value):  # JSON allows 1e999
        raise ValueError(f"{value!r:.60} stands where a finite number with a decimal point is expected")
    return value


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r:.60} stands where a count is expected")
    return value


def _bits(value: object) -> int:
    """The 128 bits of a key, written in hexadecimal."""
    bits = int(value, 16) if isinstance(value, str) else -1
    if not 0 <= bits < 2**128:
        raise ValueError(f"{value!r:.60} is not the key of a random stream")
    return bits
