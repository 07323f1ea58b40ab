"""Compiles the core with mypyc where that is possible; the same sources run interpreted where it is not.

Set ``TAPEGRAD_PURE=1`` to leave it out. One line of the build's output says what was done, and
``tapegrad.compiled`` says it at run time. Everything else about the package is in pyproject.toml.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
from pathlib import Path

from setuptools import Extension, setup
from setuptools._distutils.ccompiler import new_compiler  # which has no public name any more
from setuptools._distutils.sysconfig import customize_compiler

# Listed here and nowhere else in the build: what runs at every operation.
CORE = (
    "typing", "floats", "vectors", "kernels", "primitive", "elementwise", "columns", "operators", "methods",
    "variables", "recorder", "cotangents", "pullback", "sweeps", "reverse", "forward", "direct",
)  # fmt: skip
BUILDING = {"bdist_wheel", "build", "build_ext", "editable_wheel", "install"}

# a * b + c is rounded twice in Python: let the C compiler not round it once
STRICT_FLOATS = [] if sys.platform == "win32" else ["-ffp-contract=off"]


def why_not() -> str:
    """What speaks against compiling; nothing if all is well."""
    if os.environ.get("TAPEGRAD_PURE", "0") not in {"", "0"}:
        return "TAPEGRAD_PURE is set"
    if sys.implementation.name != "cpython":
        return f"mypyc compiles for CPython, and this is {sys.implementation.name}"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "trial.c")
        source.write_text('#include "Python.h"\n')
        compiler = new_compiler()
        try:
            customize_compiler(compiler)
            compiler.compile([str(source)], output_dir=folder, include_dirs=[sysconfig.get_path("include")])
        except Exception as error:  # noqa: BLE001  # whatever it is, it is a reason to do without
            return f"there is no working C compiler ({type(error).__name__}: {error})"
    return ""


def remove_earlier_build() -> None:
    """Where the sources are run in place, what was compiled from them before would still be preferred."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    for compiled in (*Path("tapegrad").glob(f"*{suffix}"), *Path().glob(f"tapegrad__mypyc{suffix}")):
        compiled.unlink()


def core() -> list[Extension]:
    """The extension modules of the core; none, and a line that says why, if it cannot be compiled."""
    reason = why_not()
    if not reason:
        try:
            from mypyc.build import mypycify  # noqa: PLC0415  # not needed to make a source archive
        except ImportError as error:
            reason = str(error)
    if reason:
        print(f"tapegrad: interpreted, because {reason}")
        if {"editable_wheel", "--inplace"} & set(sys.argv):
            remove_earlier_build()
        return []
    paths = [f"tapegrad/{name}.py" for name in CORE]
    # The types are checked elsewhere: here other libraries, and so the modules that use them, may be missing.
    options = ["--config-file=", "--ignore-missing-imports", "--follow-imports=silent", "--always-true=COMPILED"]
    extensions: list[Extension] = mypycify([*options, *paths], group_name="tapegrad")
    for extension in extensions:
        extension.extra_compile_args = [*extension.extra_compile_args, *STRICT_FLOATS]
    print("tapegrad: the core is compiled")
    return extensions


setup(ext_modules=core() if BUILDING & set(sys.argv) else [])
