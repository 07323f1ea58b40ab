"""Coming from micrograd: the same neuron with objects that remember, and with a function.

`Value` below is a minimal engine of the object-graph kind: every number is an object that holds its
gradient, `backward()` walks the graph and adds to the gradients where they are. What changes in tapegrad:

    Value(2.0)                     2.0: parameters are plain numbers, in any tuple, list, dict or class
    out.backward(); w.grad         tg.grad(f)(w): the derivative is returned, and nothing is stored
    p.grad = 0.0 before each pass  nothing to reset: the same call gives the same answer
    w.data -= rate * w.grad        a new tree of parameters
    Value.tanh, a method each      tnp.tanh and all of tapegrad.numpy, on floats as well
    recursion, or a sort           neither: the tape is in order as recorded
    first derivatives              tg.grad(tg.grad(f)), tg.hessian(f), tg.jvp

    python examples/from_micrograd.py
"""

from __future__ import annotations

import math

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import Scalar


class Value:
    """A number that remembers how it was made: its parents, each with the local derivative."""

    def __init__(self, data: float, parents: tuple[tuple[Value, float], ...] = ()) -> None:
        self.data, self.parents, self.grad = data, parents, 0.0

    def __add__(self, other: Value) -> Value:
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other: Value) -> Value:
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def tanh(self) -> Value:
        """The activation, with its derivative 1 - out^2."""
        out = math.tanh(self.data)
        return Value(out, ((self, 1.0 - out * out),))

    def backward(self, gradient: float = 1.0) -> None:
        """Add this path's share to every gradient; each path through the graph is walked by itself."""
        self.grad += gradient
        for parent, local in self.parents:
            parent.backward(gradient * local)


def neuron_of_values(w: list[Value], x: list[Value], bias: Value) -> Value:
    """tanh(w . x + bias), in objects."""
    return (w[0] * x[0] + w[1] * x[1] + bias).tanh()


def neuron(params: dict[str, list[Scalar]], x: list[float]) -> Scalar:
    """tanh(w . x + bias), as a function."""
    (w1, w2), (bias,) = params["w"], params["bias"]
    return tnp.tanh(w1 * x[0] + w2 * x[1] + bias)


def main() -> None:
    """Print both gradients, and what a second call does to each."""
    w, x, bias = [Value(-3.0), Value(1.0)], [Value(2.0), Value(0.5)], Value(6.0)
    out = neuron_of_values(w, x, bias)
    out.backward()
    print(f"objects   out {out.data:.6f}   dw {w[0].grad:.6f} {w[1].grad:.6f}   dbias {bias.grad:.6f}")

    params: dict[str, list[Scalar]] = {"w": [-3.0, 1.0], "bias": [6.0]}
    value, gradient = tg.value_and_grad(neuron)(params, [2.0, 0.5])
    dw, dbias = gradient["w"], gradient["bias"]
    print(f"function  out {value:.6f}   dw {dw[0]:.6f} {dw[1]:.6f}   dbias {dbias[0]:.6f}")

    out.backward()
    print(f"objects, backward() a second time: dbias {bias.grad:.6f}, the sum of both")
    again = tg.grad(neuron)(params, [2.0, 0.5])
    print(f"function, called a second time:    dbias {again['bias'][0]:.6f}, equal: {again == gradient}")


if __name__ == "__main__":
    main()
