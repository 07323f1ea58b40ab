"""Coming from MiniTorch: operators, scalar functions, and the layers of its networks, side by side.

MiniTorch asks for a function and its `..._back`, then for a class with `forward` and `backward`, a context
that saves values between them, and variables that accumulate. In tapegrad all of that is one declaration;
`Multiply` and `central_difference` below are minimal versions of the other kind, to compare with.

    operators.mul, add, neg, exp, log, inv      x * y, x + y, -x, tnp.exp(x), tnp.log(x), tnp.reciprocal(x)
    operators.max, lt, eq, is_close             tnp.maximum, x < y, x == y, tnp.is_close
    operators.log_back(x, d) and its like       tg.vjp(tnp.log, x)[1](d)
    operators.map, zipWith, reduce              tapegrad.functional.map, zip_with, reduce: curried, typed
    class Mul(ScalarFunction)                   elementwise("mul", value, partials)
    ctx.save_for_backward                       partials(out, x, y): inputs and output are at hand
    Scalar(3.0).backward(); x.derivative        tg.grad(f)(3.0)
    derivative_check(f, x)                      tapegrad.testing.check_grads(f, (x,)), to second order

Tensors are NumPy's arrays. Of the functions on them, `F` being tapegrad.nn.functional:

    x.view(2, 3), x.permute(1, 0), x.sum(1)     x.reshape(2, 3), x.transpose(1, 0), x.sum(1)
    conv1d, conv2d(image, weight)               F.conv1d, F.conv2d(image, weight, padding="anchored")
    avgpool2d, maxpool2d(x, (2, 2))             F.avg_pool2d, F.max_pool2d(x, (2, 2))
    max(x, dim), argmax(x, dim)                 x.max(axis), np.argmax(x, axis); equal elements share the derivative
    softmax, logsoftmax(x, dim)                 nn.softmax, nn.log_softmax(x, axis)
    dropout(x, rate, ignore)                    F.dropout(x, rate, key): what is kept is divided by 1 - rate
    class Network(Module)                       nn.serial(nn.conv2d(4, 3), nn.relu, ...)

    python examples/from_minitorch.py
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import functional, nn, random, testing
from tapegrad.extend import check_rule, elementwise
from tapegrad.nn import functional as F  # noqa: N812  # the usual name


class Multiply:
    """A scalar function in two halves, which meet in what the first one saves."""

    def forward(self, x: float, y: float) -> float:
        """The product; the factors are kept for later."""
        self.saved = (x, y)
        return x * y

    def backward(self, d: float) -> tuple[float, float]:
        """The derivative for each argument, by the chain rule."""
        x, y = self.saved
        return d * y, d * x


KEY = random.key(0)
IMAGES, WEIGHT = (3, 2, 4, 6), (5, 2, 3, 2)

multiply = elementwise("product", operator.mul, lambda _out, x, y: {0: y, 1: x})


def central_difference(f: Callable[[float], float], x: float, epsilon: float = 1e-6) -> float:
    """The slope of a chord, (f(x + e) - f(x - e)) / 2e."""
    return (f(x + epsilon) - f(x - epsilon)) / (2.0 * epsilon)


def convolved(image: npt.NDArray[np.float64], weight: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """MiniTorch's conv2d by its definition: the window lies behind its place, and zeros behind the image."""
    batch, _, height, width = image.shape
    out = np.zeros((batch, len(weight), height, width))
    for i, j in np.ndindex(height, width):
        under = image[:, :, i : i + weight.shape[2], j : j + weight.shape[3]]
        seen = weight[:, :, : under.shape[2], : under.shape[3]]
        out[:, :, i, j] = np.einsum("bcij,ocij->bo", under, seen)
    return out


def tiled(image: npt.NDArray[np.float64], height: int, width: int) -> npt.NDArray[np.float64]:
    """MiniTorch's tile: the elements of each tile along one last axis."""
    batch, channels, rows, columns = image.shape
    tiles = image.reshape(batch, channels, rows // height, height, columns // width, width)
    return tiles.transpose(0, 1, 2, 4, 3, 5).reshape(batch, channels, rows // height, columns // width, -1)


OPERATORS: dict[str, Callable[[float], float]] = {
    "neg": lambda x: -x,
    "inv": lambda x: 1.0 / x,
    "exp": tnp.exp,
    "log": tnp.log,
    "relu": tnp.relu,
    "sigmoid": tnp.sigmoid,
    "max(x, 1)": lambda x: tnp.maximum(x, 1.0),
    "x < 1 ? 2x : x": lambda x: 2.0 * x if x < 1.0 else x,
}


def main() -> None:
    """Print both kinds of everything."""
    scalars()
    layers()


def scalars() -> None:
    """Both kinds of product, the operators with their derivatives, and the higher-order functions."""
    product = Multiply()
    print(f"class     forward {product.forward(3.0, 4.0)}   backward {product.backward(2.0)}")
    value, pullback = tg.vjp(multiply, 3.0, 4.0)
    print(f"function  forward {value}   backward {pullback(2.0)}")
    check_rule(multiply, 3.0, 4.0)

    print("operator          tapegrad   central difference   at x = 0.7")
    for name, f in OPERATORS.items():
        testing.check_grads(f, (0.7,))
        print(f"{name:<15}{tg.grad(f)(0.7):>11.6f}   {central_difference(f, 0.7):>18.6f}")

    xs, ys = [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]
    negate: Callable[[float], float] = operator.neg
    times: Callable[[float, float], float] = operator.mul
    plus: Callable[[float, float], float] = operator.add
    print("map neg     ", list(functional.map(negate)(xs)))
    print("zip_with mul", list(functional.zip_with(times)(xs, ys)))
    print("reduce add  ", functional.reduce(plus)(0.0)(xs))


def layers() -> None:
    """What layers are made of, and a network of them."""
    image, weight = (random.normal(key, shape) for key, shape in zip(random.split(KEY), (IMAGES, WEIGHT), strict=True))
    rows = {
        "conv2d": (F.conv2d(image, weight, padding="anchored"), convolved(image, weight)),
        "avgpool2d": (F.avg_pool2d(image, (2, 3)), tiled(image, 2, 3).mean(axis=-1)),
        "maxpool2d": (F.max_pool2d(image, (2, 3)), tiled(image, 2, 3).max(axis=-1)),
        "logsoftmax": (nn.log_softmax(image, axis=1), np.log(np.exp(image) / np.exp(image).sum(1, keepdims=True))),
    }
    for name, (ours, theirs) in rows.items():
        print(f"{name:<13}{'equal' if np.allclose(ours, theirs) else 'different'}")
    print("dropout      ", F.dropout(np.ones(8), 0.25, KEY).round(3))

    model = nn.serial(
        nn.conv2d(4, 3, padding="anchored"), nn.relu, nn.max_pool2d(2), nn.flatten, nn.dropout(0.25), nn.linear(2)
    )
    params, state = model.init(KEY, image)
    gradient = tg.grad(lambda p: nn.losses.cross_entropy(model.apply(p, state, image)[0], [0, 1, 1]))(params)
    print("gradient of  ", ", ".join(f"{name} {of.shape}" for name, of in nn.named(gradient).items()))


if __name__ == "__main__":
    main()
