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
import re
import zipfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias, TypeVar, cast

import numpy as np

from tapegrad import tree
from tapegrad.errors import ParameterFileError, SettingError
from tapegrad.files import write_whole
from tapegrad.nn.layer import State as LayerState
from tapegrad.optim import OptimiserState
from tapegrad.random import Key
from tapegrad.training.state import State

__all__ = ["Settings", "load", "packed", "save"]

P = TypeVar("P")
"""The parameters: any tree of numbers and arrays."""

Settings: TypeAlias = Mapping[str, object]
"""What a state belongs to, in JSON's terms: the data set, the sizes of the network, the rate ..."""

FORMAT: Final = "tapegrad training state"
VERSION: Final = 2
HEADER: Final = "training.json"
LARGEST_HEADER: Final = 1 << 26  # bytes
HEAD: Final = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(?P<dtype>[!-~]{2,8})', 'fortran_order': False, "
    rb"'shape': (?P<shape>\([0-9, ]{0,400}\)), \} {0,200}\n",
    re.DOTALL,
)
"""How NumPy begins an array: matched, for its own reader would evaluate it."""
LONGEST_HEAD: Final = 1024  # bytes, more than `HEAD` can match
TREES: Final = ("params", "optimiser_state", "layer_state")


def save(path: str | os.PathLike[str], state: State[P], settings: Settings) -> None:
    """Write `state` to the file `path`, whole or not at all; a file that is there is replaced.

    Raises OutputFolderError if it cannot be written, and what `packed` raises.
    """
    write_whole(Path(path), packed(state, settings))


def packed(state: State[P], settings: Settings) -> bytes:
    """The content of the file of `state`.

    Raises ParameterFileError for a loss or a parameter that is not finite, and for what is no number and no array of
    numbers; SettingError for settings that JSON has no words for.
    """
    if math.isnan(state.loss) or state.loss == -math.inf:
        msg = f"the loss of step {state.step} is {state.loss}; save an earlier state"
        raise ParameterFileError(msg)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "settings": _in_json(settings),
        "key": hex(state.key.bits),
        "loss": None if state.loss == math.inf else float(state.loss),
        "step": state.step,
        "epoch": state.epoch,
        "batch": state.batch,
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(_entry(HEADER), json.dumps(header, indent=1))
        for name, leaf in _named(state).items():
            file.writestr(_entry(f"{name}.npy"), _content(name, leaf, state.step))
    return archive.getvalue()


def load(path: str | os.PathLike[str], template: State[P], settings: Settings) -> State[P]:
    """The state in the file `path`, in the form of `template`, which `training.start` makes.

    `settings` must be those that were saved. Raises ParameterFileError if the file is missing,
    truncated, malformed, of another version, or of another training.
    """
    wanted = _in_json(settings)
    try:
        if not Path(path).is_file() and Path(path).exists():  # a pipe would be waited for
            raise ValueError("it is not an ordinary file")
        with zipfile.ZipFile(path) as file:
            header = _header(file)
            _require_settings(header["settings"], wanted)
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
        fault = f"{error.strerror or type(error).__name__}; check its name, or start anew"
    except (zipfile.BadZipFile, EOFError) as error:
        reason = str(error)[:100] or "its end is missing"
        fault = f"it is damaged, cut off, or not a training state saved by tapegrad ({reason}); start again without it"
    except KeyError as error:
        fault = f"the field {error} is missing"
    except RecursionError:
        fault = "its brackets are nested too deeply"
    except (ValueError, NotImplementedError, RuntimeError) as error:  # the last two: kinds of archive that are not ours
        fault = str(error)
    msg = f"cannot continue from {os.fspath(path)}: {fault}"
    raise ParameterFileError(" ".join(msg.splitlines()))


def _named(state: State[P]) -> dict[str, object]:
    """Every number and array of a state under its name, such as ``params[0]['weight']``."""
    named: dict[str, object] = {}
    for name in TREES:
        part = getattr(state, name)
        named |= zip(tree.leaf_names(part, name), tree.leaves(part), strict=True)
    return named


def _in_json(settings: Settings) -> dict[str, object]:
    """The settings as they are read again: a tuple as a list. Raises SettingError for what JSON does not know."""
    try:
        return cast(dict[str, object], json.loads(json.dumps(dict(settings), allow_nan=False)))
    except (TypeError, ValueError) as error:
        msg = f"settings are kept as JSON, which these cannot be: {error}; give texts, finite numbers and lists of them"
        raise SettingError(msg) from None


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry of an archive, always of the same date."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o644 << 16  # for who takes the archive apart
    return entry


def _content(name: str, leaf: object, step: int) -> bytes:
    """A leaf in NumPy's format, in C order. Raises ParameterFileError for one that cannot be saved."""
    array = np.asarray(leaf, order="C")
    if array.dtype.kind not in "biufc":
        msg = f"{name} is {leaf!r:.60}, of {array.dtype}; a state that can be saved is made of numbers"
        raise ParameterFileError(msg)
    if name.startswith("params") and not np.isfinite(array).all():
        msg = f"{name} of step {step} is not finite; save an earlier state"
        raise ParameterFileError(msg)
    content = io.BytesIO()
    np.lib.format.write_array(content, array, version=(1, 0), allow_pickle=False)
    return content.getvalue()


# ---- checking: each of these raises ValueError with the fault ------------------------------------


def _header(file: zipfile.ZipFile) -> dict[str, object]:
    """What is said of the state in a file of our format and version."""
    if HEADER not in file.namelist():
        raise ValueError("it is not a training state saved by tapegrad")
    try:
        header = json.loads(_read(file, HEADER, LARGEST_HEADER), parse_constant=_refuse_constant)
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
                f"it was made with {name:.60} {saved.get(name)!r:.60}, not {wanted.get(name)!r:.60}; "
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
    """One number or array, of the kind, the shape, the dtype and the order in memory of `like`."""
    like_array = np.asarray(like)
    content = _read(file, f"{name}.npy", LONGEST_HEAD + like_array.nbytes)
    head = HEAD.match(content)
    if head is None:
        raise ValueError(f"it is damaged, or not as tapegrad writes it: {name} does not begin as an array")
    found, wanted = (head["dtype"].decode(), head["shape"].decode()), (like_array.dtype.str, str(like_array.shape))
    if found != wanted:
        raise ValueError(
            f"it is of another network: {name} is {found[0]} of shape {found[1]:.60}, "
            f"not {wanted[0]} of shape {wanted[1]}"
        )
    numbers = content[head.end() :]
    if len(numbers) != like_array.nbytes:
        raise ValueError(f"it is damaged: {name} is not {like_array.nbytes} bytes of numbers")
    array = np.frombuffer(numbers, like_array.dtype).reshape(like_array.shape)
    if name.startswith("params") and not np.isfinite(array).all():
        raise ValueError(f"it is damaged: {name} is not finite")
    if isinstance(like, np.ndarray):
        made = np.empty_like(like)
        made[...] = array
        return made
    return cast(object, array[()] if isinstance(like, np.generic) else array.item())


def _read(file: zipfile.ZipFile, name: str, most: int) -> bytes:
    """The bytes of an entry, which says to have `most` or fewer: no more are ever taken into memory."""
    entry = file.getinfo(name)
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError("it is packed, and no training state as tapegrad saves it")
    if entry.file_size > most:
        raise ValueError(f"it is damaged, or of another network: {name} is of {entry.file_size} bytes")
    with file.open(entry) as content:
        return content.read(entry.file_size)


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
