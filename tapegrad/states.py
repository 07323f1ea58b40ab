"""Training states as files: what is saved and loaded again continues with the same bits.

The file is JSON that a person can read: the name and the version of the format, the settings of the
training, and the state, with each parameter under its name. Floats are written with as many digits as
give the same float back. A state is rebuilt in the form of a template, a fresh state of the same network
and optimiser, so nothing in a file chooses what is made: it is parsed and checked, never unpickled.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias, TypeVar, cast

from tapegrad import tree
from tapegrad.errors import ParameterFileError
from tapegrad.files import write_whole
from tapegrad.optim import OptimiserState
from tapegrad.random import Key
from tapegrad.training import State

__all__ = ["Settings", "load", "save"]

P = TypeVar("P")
"""The parameters: any tree of numbers."""

Settings: TypeAlias = Mapping[str, object]
"""What a state belongs to, in JSON's terms: the data set, the sizes of the network, the rate ..."""

FORMAT: Final = "tapegrad training state"
VERSION: Final = 1


def save(path: str | os.PathLike[str], state: State[P], settings: Settings) -> None:
    """Write `state` to the file `path`, whole or not at all; a file that is there is replaced.

    Raises OutputFolderError if it cannot be written, ParameterFileError for a number that is not finite.
    """
    memory = state.optimiser_state
    document = {
        "format": FORMAT,
        "version": VERSION,
        "settings": dict(settings),
        "epoch": state.epoch,
        "loss": None if state.loss == math.inf else state.loss,
        "key": hex(state.key.bits),
        "steps": memory.count,
        "parameters": _named(state.params),
        "averages": {name: _named(average) for name, average in memory.averages.items()},
    }
    try:
        text = json.dumps(document, indent=1, allow_nan=False)
    except ValueError:
        msg = f"the state of epoch {state.epoch} holds a number that is not finite; save an earlier one"
        raise ParameterFileError(msg) from None
    write_whole(Path(path), text + "\n")


def load(path: str | os.PathLike[str], template: State[P], settings: Settings) -> State[P]:
    """The state in the file `path`, in the form of `template`, which `training.start` makes.

    `settings` must be those that were saved. Raises ParameterFileError if the file is missing,
    truncated, malformed, of a newer version, or of another training.
    """
    try:
        document = _parsed(Path(path).read_text(encoding="utf-8"))
        _require_settings(document["settings"], json.loads(json.dumps(dict(settings))))
        return State(
            params=_rebuilt(document["parameters"], template.params),
            optimiser_state=_optimiser_state(document, template.optimiser_state),
            key=Key(_bits(document["key"])),
            epoch=_count(document["epoch"]),
            loss=math.inf if document["loss"] is None else _number(document["loss"]),
        )
    except OSError as error:
        fault = error.strerror or type(error).__name__
    except KeyError as error:
        fault = f"the field {error} is missing"
    except RecursionError:
        fault = "its brackets are nested too deeply"
    except ValueError as error:
        fault = str(error)
    msg = f"cannot continue from {os.fspath(path)}: {fault}"
    raise ParameterFileError(msg)


def _named(params: object) -> dict[str, object]:
    """Every number of a tree under its name, such as ``[0].weights[2][1]``."""
    return dict(zip(tree.leaf_names(params, ""), tree.leaves(params), strict=True))


# ---- checking: each of these raises ValueError with the fault ------------------------------------


def _parsed(text: str) -> dict[str, object]:
    """The fields of a file of our format and version."""
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is damaged, or cut off ({error}); start again without it") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError("it is not a training state saved by tapegrad")
    version = document.get("version")
    if type(version) is not int or version < 1:
        raise ValueError(f"{version!r:.60} is not a version of the format")
    if version > VERSION:
        raise ValueError(f"its version {version} is newer than {VERSION}; read it with a newer tapegrad")
    return document


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


def _optimiser_state(document: dict[str, object], template: OptimiserState[P]) -> OptimiserState[P]:
    averages = document["averages"]
    if not isinstance(averages, dict) or averages.keys() != template.averages.keys():
        raise ValueError("it is of another optimiser")
    rebuilt = {name: _rebuilt(averages[name], like) for name, like in template.averages.items()}
    return OptimiserState(_count(document["steps"]), rebuilt)


def _rebuilt(named: object, template: P) -> P:
    """The tree of the form of `template` with the numbers of `named`."""
    names = tree.leaf_names(template, "")
    if not isinstance(named, dict) or named.keys() != set(names):
        raise ValueError("it is of another network: the names of the parameters differ")
    numbers = [_number(named[name]) for name in names]
    return cast(P, tree.flatten(template)[1].unflatten(numbers))


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
