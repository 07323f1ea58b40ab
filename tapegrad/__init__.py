"""tapegrad: functional, immutable, tape-based automatic differentiation in typed Python.

    >>> import tapegrad as tg
    >>> tg.grad(lambda x, y: x * y + x)(2.0, 3.0)
    4.0

Transforms: `grad`, `value_and_grad`, `derivatives`, `vjp`, `jvp`, `jacrev`, `jacfwd`, `jacobian`, `hessian`,
`hvp`, `stop_gradient`, `checkpoint`, `custom_vjp`, `custom_jvp`. The program as a value: `trace`, `Trace`,
`Tape`, `Record`. Types: `Scalar` is what you write, `Var` is what a traced function sees. Mathematics is
in `tapegrad.numpy`; every error derives from `TapegradError`.
"""

from tapegrad import numpy, tree
from tapegrad.checkpoint import checkpoint
from tapegrad.custom import custom_jvp, custom_vjp
from tapegrad.errors import TapegradError
from tapegrad.evaluate import evaluate
from tapegrad.jacobians import hessian, hvp, jacfwd, jacobian, jacrev
from tapegrad.recorder import Scalar, Var
from tapegrad.tape import Record, Tape
from tapegrad.trace import Trace, trace
from tapegrad.transforms import derivatives, grad, jvp, stop_gradient, value_and_grad, vjp

__version__ = "0.1.0"

__all__ = [
    "Record", "Scalar", "Tape", "TapegradError", "Trace", "Var", "checkpoint", "custom_jvp", "custom_vjp",
    "derivatives", "evaluate", "grad", "hessian", "hvp", "jacfwd", "jacobian", "jacrev", "jvp", "numpy",
    "stop_gradient",
    "trace", "tree", "value_and_grad", "vjp",
]  # fmt: skip
