"""tapegrad: functional, immutable, tape-based automatic differentiation in typed Python."""

from tapegrad.jacobians import hessian, hvp, jacfwd, jacobian, jacrev
from tapegrad.trace import Trace, trace
from tapegrad.recorder import Scalar, Var
from tapegrad.tape import Record, Tape
from tapegrad.transforms import derivatives, grad, jvp, stop_gradient, value_and_grad, vjp
