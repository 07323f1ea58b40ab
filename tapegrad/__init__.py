"""tapegrad: functional, immutable, tape-based automatic differentiation in typed Python.

    >>> import tapegrad as tg
    >>> tg.grad(lambda x, y: x * y + x)(2.0, 3.0)
    4.0

Transforms: `grad`, `value_and_grad`, `derivatives`, `vjp`, `jvp`, `jacrev`, `jacfwd`, `jacobian`, `hessian`,
`hvp`, `stop_gradient`, `checkpoint`, `custom_vjp`, `custom_jvp`. The program as a value: `trace`, `Trace`,
`Tape`, `Record`, and `passes`, which shorten a trace. Types: `Scalar` is what you write, `Var` is what a traced
function sees. Mathematics is in `tapegrad.numpy`; every error derives from `TapegradError`. The uses (`nn`, `optim`,
`training` ...) are loaded when they are first named.
"""

import importlib
from typing import TYPE_CHECKING

from tapegrad.engine import compiled

# isort: split
# The engine comes first, since it decides whether all the others are the compiled ones.
from tapegrad import errors, numpy, tree
from tapegrad.checkpoint import checkpoint
from tapegrad.custom import custom_jvp, custom_vjp
from tapegrad.errors import TapegradError
from tapegrad.evaluate import evaluate
from tapegrad.jacobians import hessian, hvp, jacfwd, jacobian, jacrev
from tapegrad.tape import Record, Tape
from tapegrad.trace import Trace, trace
from tapegrad.transforms import derivatives, grad, jvp, stop_gradient, value_and_grad, vjp
from tapegrad.variables import Array, ArrayVar, Scalar, Var
from tapegrad.vmap import vmap

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tapegrad import datasets, extend, nn, optim, passes, random, special, testing, training, view
else:

    def __getattr__(name: str) -> object:
        if name in __all__:
            return importlib.import_module(f"tapegrad.{name}")
        msg = f"module 'tapegrad' has no attribute {name!r}"
        raise AttributeError(msg)


__all__ = [
    "Array", "ArrayVar", "Record", "Scalar", "Tape", "TapegradError", "Trace", "Var", "checkpoint", "compiled",
    "custom_jvp", "custom_vjp", "datasets", "derivatives", "errors", "evaluate", "extend", "grad", "hessian",
    "hvp", "jacfwd", "jacobian", "jacrev", "jvp", "nn", "numpy", "optim", "passes", "random", "special",
    "stop_gradient", "testing", "trace", "training", "tree", "value_and_grad", "view", "vjp", "vmap",
]  # fmt: skip
