"""Which core runs: the machine code that was built from it, or its sources, interpreted.

Both are the same modules. Compiled ones lie beside their sources and Python prefers them; the sources run if
nothing was compiled, if ``TAPEGRAD_PURE=1``, or, with a warning, if what was compiled cannot be loaded.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

__all__ = ["compiled"]

_PACKAGE = Path(__file__).parent


class _Sources:
    """Finds the source of a module of this package, and not what was compiled from it."""

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's ``.py``, if it is ours and has one; packages are found as usual."""
        del path, target
        package, *rest = name.split(".")
        source = _PACKAGE.joinpath(*rest).with_suffix(".py")
        return spec_from_file_location(name, source) if package == "tapegrad" and rest and source.is_file() else None


def _choose() -> bool:
    """Decide before any other module of tapegrad is loaded; whether the core is compiled."""
    if os.environ.get("TAPEGRAD_PURE", "0") not in {"", "0"}:
        sys.meta_path.insert(0, _Sources)
    try:
        importlib.import_module("tapegrad.kernels")  # whose vectors are those of another library
        return bool(importlib.import_module("tapegrad.vectors").COMPILED)
    except Exception as error:  # a library that is missing, or has another binary interface
        if _Sources in sys.meta_path:
            raise
        for name in [name for name in sys.modules if name.startswith("tapegrad.") and name != __name__]:
            del sys.modules[name]
        sys.meta_path.insert(0, _Sources)
        warnings.warn(
            f"the compiled core of tapegrad cannot be loaded, so its sources run instead, which is slower: {error}; "
            "reinstall tapegrad to build it anew, or set TAPEGRAD_PURE=1 to do without",
            RuntimeWarning,
            stacklevel=4,  # the user's import
        )
        return False


compiled: Final = _choose()
"""Whether the core is machine code."""
