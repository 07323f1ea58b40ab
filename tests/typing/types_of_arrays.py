"""What the checker knows about arrays: an array gives an array, a traced one a traced one. See tests/test_types.py.

What NumPy's own stubs answer for a plain array (``x[0]``, ``x.sum()``, ``x == y``) is theirs to say, and often Any; so
is the kind of number in ``np.array([1.0, 2.0])``, until it is annotated as an ``npt.NDArray[np.float64]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict, reveal_type

import attrs
import numpy as np
import numpy.typing as npt

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import Array, ArrayVar, Scalar, Var, special, tree

Floats = npt.NDArray[np.float64]

# ---- operators, indexing, methods --------------------------------------------------------------


def operators(plain: Floats, traced: ArrayVar, either: Array) -> None:
    reveal_type(traced + 1.0)  # R: ArrayVar
    reveal_type(1.0 / traced)  # R: ArrayVar
    reveal_type(2 ** (-traced))  # R: ArrayVar
    reveal_type(traced * traced)  # R: ArrayVar
    reveal_type(traced * plain)  # R: ArrayVar
    reveal_type(plain * traced)  # R: ArrayVar
    reveal_type(plain + traced)  # R: ArrayVar
    reveal_type(plain - traced)  # R: ArrayVar
    reveal_type(plain / traced)  # R: ArrayVar
    reveal_type(plain**traced)  # R: ArrayVar
    reveal_type(either * 2.0)  # R: Array
    reveal_type(2.0 * either)  # R: Array
    reveal_type(either - either)  # R: Array
    reveal_type(plain * either)  # R: Array
    reveal_type(either * plain)  # R: Array
    reveal_type(either**2)  # R: Array
    reveal_type(-either)  # R: Array


def numbers_with_arrays(x: Scalar, number: Var, plain: Floats, traced: ArrayVar, either: Array) -> None:
    reveal_type(number * plain)  # R: ArrayVar
    reveal_type(plain * number)  # R: ArrayVar
    reveal_type(number * traced)  # R: ArrayVar
    reveal_type(traced - number)  # R: ArrayVar
    reveal_type(x * plain)  # R: Array
    reveal_type(plain / x)  # R: Array
    reveal_type(x * either)  # R: Array
    reveal_type(either + x)  # R: Array
    reveal_type(number * 2.0)  # R: Var
    reveal_type(number * number)  # R: Var


def products(plain: Floats, traced: ArrayVar, either: Array) -> None:
    reveal_type(plain @ traced)  # R: ArrayVar
    reveal_type(traced @ plain)  # R: ArrayVar
    reveal_type(traced @ traced @ plain)  # R: ArrayVar
    reveal_type(either @ either)  # R: Array
    reveal_type(plain @ either)  # R: Array
    reveal_type(tnp.matmul(plain, plain))  # R: NDArray[float64]
    reveal_type(tnp.matmul(plain, traced))  # R: ArrayVar
    reveal_type(tnp.matmul(either, either))  # R: Array


def comparisons(plain: Floats, traced: ArrayVar, either: Array) -> None:
    reveal_type(traced > 0.0)  # R: NDArray[bool]
    reveal_type(0.0 < traced)  # R: NDArray[bool]  # noqa: SIM300  # the plain number stands on the left on purpose
    reveal_type(plain <= traced)  # R: NDArray[bool]
    reveal_type(traced == plain)  # R: NDArray[bool]
    reveal_type(traced != 0.0)  # R: NDArray[bool]
    reveal_type(either >= 0.0)  # R: NDArray[bool]
    reveal_type(tnp.less(either, 0.0))  # R: NDArray[bool]
    reveal_type(tnp.greater(0.0, traced))  # R: NDArray[bool]


def parts(plain: Floats, traced: ArrayVar, either: Array) -> None:
    reveal_type(traced[0])  # R: Var
    reveal_type(traced[0, 1])  # R: Var
    reveal_type(traced[1:])  # R: ArrayVar
    reveal_type(traced[:, None])  # R: ArrayVar
    reveal_type(traced[..., 0])  # R: ArrayVar
    reveal_type(traced[traced > 0.0])  # R: ArrayVar
    reveal_type(traced[[0, 2]])  # R: ArrayVar
    reveal_type(traced[0][1:] @ plain)  # R: ArrayVar
    reveal_type(either[1:] - either[:-1])  # R: Array
    reveal_type(either[:, 0])  # R: Array
    reveal_type([row @ plain for row in traced])  # R: list[ArrayVar]
    reveal_type(len(traced))  # R: int


def attributes_and_methods(traced: ArrayVar, either: Array) -> None:
    reveal_type(traced.shape)  # R: tuple[int, ...]
    reveal_type(traced.ndim)  # R: int
    reveal_type(traced.size)  # R: int
    reveal_type(traced.value)  # R: NDArray[generic]
    reveal_type(traced.T)  # R: ArrayVar
    reveal_type(traced.reshape(2, -1))  # R: ArrayVar
    reveal_type(traced.sum(axis=0))  # R: ArrayVar
    reveal_type(either.T)  # R: Array


# ---- functions ---------------------------------------------------------------------------------


def functions_of_elements(plain: Floats, traced: ArrayVar, either: Array) -> None:
    reveal_type(tnp.sin(plain))  # R: NDArray[float64]
    reveal_type(tnp.sin(traced))  # R: ArrayVar
    reveal_type(tnp.sin(either))  # R: Array
    reveal_type(tnp.exp(tnp.tanh(either) * 2.0))  # R: Array
    reveal_type(tnp.abs(either))  # R: Array
    reveal_type(tnp.relu(either))  # R: Array


def functions_of_pairs(x: Scalar, number: Var, plain: Floats, traced: ArrayVar, either: Array) -> None:
    reveal_type(tnp.maximum(plain, 0.0))  # R: NDArray[float64]
    reveal_type(tnp.maximum(0.0, plain))  # R: NDArray[float64]
    reveal_type(tnp.maximum(plain, plain))  # R: NDArray[float64]
    reveal_type(tnp.maximum(traced, 0.0))  # R: ArrayVar
    reveal_type(tnp.maximum(0, traced))  # R: ArrayVar
    reveal_type(tnp.maximum(traced, plain))  # R: ArrayVar
    reveal_type(tnp.maximum(plain, traced))  # R: ArrayVar
    reveal_type(tnp.maximum(number, traced))  # R: ArrayVar
    reveal_type(tnp.maximum(traced, number))  # R: ArrayVar
    reveal_type(tnp.maximum(number, plain))  # R: ArrayVar
    reveal_type(tnp.maximum(x, either))  # R: Array
    reveal_type(tnp.maximum(either, 0.0))  # R: Array
    reveal_type(tnp.hypot(either, either))  # R: Array
    reveal_type(tnp.power(plain, either))  # R: Array


def reductions(plain: Floats, traced: ArrayVar, either: Array) -> None:
    reveal_type(tnp.sum(plain))  # R: float
    reveal_type(tnp.sum(plain, axis=0))  # R: NDArray[float64]
    reveal_type(tnp.sum(plain, keepdims=True))  # R: NDArray[float64]
    reveal_type(tnp.sum(traced))  # R: Var
    reveal_type(tnp.sum(traced, axis=0))  # R: ArrayVar
    reveal_type(tnp.sum(traced, (0, 1), keepdims=True))  # R: ArrayVar
    reveal_type(tnp.sum(traced, keepdims=True))  # R: ArrayVar
    reveal_type(tnp.sum(either))  # R: Scalar
    reveal_type(tnp.mean(either, axis=-1))  # R: Array
    reveal_type(tnp.sum([1.0, 2.0]))  # R: float


def shapes(plain: Floats, traced: ArrayVar, either: Array) -> None:
    reveal_type(tnp.reshape(plain, (2, -1)))  # R: NDArray[float64]
    reveal_type(tnp.reshape(traced, 6))  # R: ArrayVar
    reveal_type(tnp.transpose(either))  # R: Array
    reveal_type(tnp.expand_dims(either, 0))  # R: Array
    reveal_type(tnp.ravel([1.0, 2.0]))  # R: NDArray[float64]


def choices(x: Scalar, plain: Floats, traced: ArrayVar, either: Array) -> None:
    reveal_type(tnp.where(plain > 0.0, plain, 0.0))  # R: NDArray[float64]
    reveal_type(tnp.where(traced > 0.0, traced, 0.0))  # R: ArrayVar
    reveal_type(tnp.where(either > 0.0, either, x))  # R: Array
    reveal_type(tnp.clip(either, 0.0, 1.0))  # R: Array
    reveal_type(tnp.any(either > 0.0))  # R: bool
    reveal_type(tnp.all(plain > 0.0, axis=0))  # R: NDArray[bool]
    reveal_type(tnp.isnan(either))  # R: NDArray[bool]
    reveal_type(tnp.sort(either))  # R: Array
    reveal_type(tnp.max(either, axis=0))  # R: Array
    reveal_type(tnp.std(either))  # R: Scalar
    reveal_type(traced.at[0].set(1.0))  # R: ArrayVar


def joined(x: Scalar, number: Var, plain: Floats, traced: ArrayVar, either: Array) -> None:
    reveal_type(tnp.concatenate([plain, plain]))  # R: NDArray[float64]
    reveal_type(tnp.concatenate([traced, traced]))  # R: ArrayVar
    reveal_type(tnp.concatenate([plain, traced]))  # R: Array
    reveal_type(tnp.concatenate([either, either]))  # R: Array
    reveal_type(tnp.stack([number, number]))  # R: ArrayVar
    reveal_type(tnp.stack([x, 1.0]))  # R: Array
    reveal_type(tnp.array([[x, 1.0], [0.0, x]]))  # R: Array
    reveal_type(tnp.split(traced, 2))  # R: list[ArrayVar]


def linear_algebra(plain: Floats, traced: ArrayVar, either: Array) -> None:
    reveal_type(tnp.dot(either, either))  # R: Array
    reveal_type(tnp.outer(plain, traced))  # R: ArrayVar
    reveal_type(tnp.einsum("ij,jk->ik", plain, plain))  # R: NDArray[float64]
    reveal_type(tnp.einsum("ij,jk->ik", plain, traced))  # R: ArrayVar
    reveal_type(tnp.einsum("ij,jk->ik", either, either))  # R: Array
    reveal_type(tnp.linalg.inv(either))  # R: Array
    reveal_type(tnp.linalg.solve(either, plain))  # R: Array
    reveal_type(tnp.linalg.det(either))  # R: Scalar
    reveal_type(tnp.linalg.norm(plain))  # R: float
    reveal_type(tnp.linalg.eigh(either).eigenvalues)  # R: Array
    reveal_type(tnp.abs(tnp.fft.fft(traced)))  # R: ArrayVar
    reveal_type(special.logsumexp(either))  # R: NDArray[float64] | float | Var


# ---- transforms --------------------------------------------------------------------------------


def norm(x: Floats) -> float:
    return tnp.sqrt(tnp.sum(x * x))


def norm_of_either(x: Array) -> Scalar:
    return tnp.sum(x * x)


def norm_of_traced(x: ArrayVar) -> Var:
    return tnp.sum(x * x)


def as_numpy_has_it(x: Floats) -> np.float64:
    return np.float64(tnp.sum(x))


def rosenbrock(x: Floats) -> float:
    return tnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def square(x: Floats) -> Floats:
    return x * x


def layer(w: Array, b: Array) -> Array:
    return tnp.tanh(w @ w + b)


def weighted(x: float, w: Floats) -> float:
    return x * tnp.sum(w)


def gradients(plain: Floats, traced: ArrayVar, either: Array) -> None:
    reveal_type(tg.grad(norm))  # R: def (NDArray[float64]) -> NDArray[float64]
    reveal_type(tg.grad(rosenbrock)(plain))  # R: NDArray[float64]
    reveal_type(tg.value_and_grad(norm)(plain))  # R: tuple[float, NDArray[float64]]
    reveal_type(tg.grad(as_numpy_has_it)(plain))  # R: NDArray[float64]
    reveal_type(tg.value_and_grad(as_numpy_has_it)(plain))  # R: tuple[float64, NDArray[float64]]
    reveal_type(tg.grad(norm_of_either)(either))  # R: Array
    reveal_type(tg.value_and_grad(norm_of_either)(either))  # R: tuple[Scalar, Array]
    reveal_type(tg.grad(norm_of_traced)(traced))  # R: ArrayVar
    reveal_type(tg.grad(weighted)(2.0, plain))  # R: float
    reveal_type(tg.grad(weighted, argnums=(0, 1))(2.0, plain))  # R: tuple[float, NDArray[float64]]


def both_modes(plain: Floats, either: Array) -> None:
    reveal_type(tg.vjp(norm, plain)[0])  # R: float
    reveal_type(tg.vjp(square, plain)[1](plain))  # R: tuple[NDArray[float64]]
    reveal_type(tg.vjp(layer, either, either)[1](either))  # R: tuple[Array, Array]
    reveal_type(tg.jvp(square, (plain,), (plain,)))  # R: tuple[NDArray[float64], NDArray[float64]]
    reveal_type(tg.jvp(layer, (either, either), (either, either))[1])  # R: Array


def matrices_of_derivatives(plain: Floats, either: Array) -> None:
    reveal_type(tg.jacobian(square)(plain))  # R: NDArray[float64]
    reveal_type(tg.jacobian(layer)(either, either))  # R: Array
    reveal_type(tg.jacobian(norm)(plain))  # R: NDArray[float64]
    reveal_type(tg.hessian(norm)(plain))  # R: NDArray[float64]
    reveal_type(tg.hessian(norm_of_either)(either))  # R: Array
    reveal_type(tg.hvp(norm, (plain,), (plain,)))  # R: NDArray[float64]


def of_two(x: float, y: float) -> float:
    return x * y


def of_scalar(x: Scalar) -> Scalar:
    return x * x


def polar(radius: float, angle: float) -> tuple[float, float]:
    return radius * angle, radius - angle


def lanes(plain: Floats, either: Array) -> None:
    reveal_type(tg.vmap(of_two))  # R: Mapped[NDArray[float64]]
    reveal_type(tg.vmap(of_two)(plain, plain))  # R: NDArray[float64]
    reveal_type(tg.vmap(of_two, in_axes=(0, None))(plain, 2.0))  # R: NDArray[float64]
    reveal_type(tg.vmap(of_scalar)(plain))  # R: Array
    reveal_type(tg.vmap(square)(plain))  # R: NDArray[float64]
    reveal_type(tg.vmap(layer, in_axes=(0, None))(either, either))  # R: Array
    reveal_type(tg.vmap(weighted, in_axes=(0, None))(plain, plain))  # R: NDArray[float64]
    reveal_type(tg.vmap(tg.grad(of_two))(plain, plain))  # R: NDArray[float64]
    reveal_type(tg.vmap(tg.grad(norm))(plain))  # R: NDArray[float64]
    reveal_type(tg.vmap(tg.grad(norm_of_either))(plain))  # R: Array
    reveal_type(tg.vmap(polar)(plain, plain))  # R: object


def kept(plain: Floats) -> None:
    reveal_type(tg.checkpoint(square)(plain))  # R: NDArray[float64]
    reveal_type(tg.stop_gradient(plain))  # R: NDArray[float64]


# ---- a user's program --------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    weights: Floats
    bias: Floats
    scale: float


@attrs.frozen
class Kernel:
    """Written for traced values too."""

    centres: Array
    width: Scalar


class Parameters(TypedDict):
    w: Floats
    b: float


def predicted(network: Layer, x: Floats) -> Floats:
    return network.scale * tnp.tanh(x @ network.weights + network.bias)


def loss(network: Layer, x: Floats, y: Floats) -> float:
    error = predicted(network, x) - y
    return tnp.mean(error * error) + 1e-3 * network.scale**2


def smooth(kernel: Kernel, x: Floats) -> Array:
    distances = x[:, None] - kernel.centres
    return tnp.exp(-((distances / kernel.width) ** 2))


def energy(kernel: Kernel, x: Floats) -> Scalar:
    return tnp.sum(smooth(kernel, x)) + kernel.width * 0.5


def of_dict(parameters: dict[str, Floats], x: Floats) -> float:
    return tnp.sum(parameters["w"] * x) + tnp.sum(parameters["b"])


def of_typed_dict(parameters: Parameters, x: Floats) -> float:
    return parameters["b"] * tnp.sum(parameters["w"] * x)


def of_list(layers: list[Layer], x: Floats) -> float:
    for each in layers:
        x = predicted(each, x)
    return tnp.sum(x)


def programs(network: Layer, kernel: Kernel, x: Floats, by_name: dict[str, Floats], typed: Parameters) -> None:
    reveal_type(tg.grad(loss)(network, x, x))  # R: Layer
    reveal_type(tg.grad(loss)(network, x, x).weights)  # R: NDArray[float64]
    reveal_type(tg.grad(loss, argnums=1)(network, x, x))  # R: NDArray[float64]
    reveal_type(tg.value_and_grad(loss)(network, x, x))  # R: tuple[float, Layer]
    reveal_type(tg.grad(energy)(kernel, x))  # R: Kernel
    reveal_type(tg.value_and_grad(energy)(kernel, x))  # R: tuple[Scalar, Kernel]
    reveal_type(tg.grad(of_dict)(by_name, x))  # R: dict[str, NDArray[float64]]
    reveal_type(tg.grad(of_typed_dict)(typed, x)["b"])  # R: float
    reveal_type(tg.grad(of_list)([network], x))  # R: list[Layer]
    reveal_type(tg.vmap(loss, in_axes=(None, 0, 0))(network, x, x))  # R: NDArray[float64]


def a_step_of_descent(network: Layer, x: Floats, y: Floats) -> Layer:
    value, slope = tg.value_and_grad(loss)(network, x, y)
    reveal_type(value)  # R: float
    reveal_type(tree.map_leaves(lambda w, g: w - 0.1 * g, network, slope))  # R: Layer
    return Layer(network.weights - 0.1 * slope.weights, network.bias, network.scale - 0.1 * slope.scale)
