"""What the checker knows about networks, as a user annotates them: see tests/test_types.py."""

from __future__ import annotations

from typing import reveal_type

import numpy as np
import numpy.typing as npt

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import Array, ArrayVar, Scalar, nn
from tapegrad.nn import functional, initialisers
from tapegrad.random import Key, key

Floats = npt.NDArray[np.float64]


def model() -> nn.Layer:
    return nn.serial(
        nn.conv2d(8, 3, padding="same"),
        nn.relu,
        nn.max_pool2d(2),
        nn.residual(nn.conv2d(8, (3, 1), padding=((1, 1), (0, 0))), nn.leaky_relu),
        nn.parallel(nn.conv2d(4, 1, weight_init=initialisers.he_normal), nn.avg_pool2d(1)),
        nn.global_avg_pool,
        nn.flatten,
        nn.linear(10, weight_init=twos),
        lambda x: tnp.tanh(x) * 2.0,
    )


def twos(key: Key, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Floats:
    return np.full(shape, 2.0, dtype)


def training(images: Floats, labels: npt.NDArray[np.int64]) -> nn.Params:
    network = model()
    params, state = network.init(key(0), images)
    targets = functional.one_hot(labels, 10)

    def loss(params: nn.Params, x: Array) -> Scalar:
        logits, _ = network.apply(params, state, x, training=True, key=key(1))
        reveal_type(logits)  # R: Array
        return -tnp.mean(nn.log_softmax(logits) * targets)

    reveal_type(network)  # R: Layer
    reveal_type(tg.value_and_grad(loss)(params, images)[0])  # R: Scalar
    gradient: nn.Params = tg.grad(loss)(params, images)
    out, after = network.apply(gradient, state, images)
    reveal_type(out)  # R: Array
    network.apply(params, after, images)
    return gradient


def functions(plain: Floats, traced: ArrayVar, either: Array) -> None:
    indices = np.array([0, 1])
    reveal_type(functional.conv2d(plain, plain, plain, padding=1))  # R: NDArray[float64]
    reveal_type(functional.conv1d(plain, traced, stride=2))  # R: ArrayVar
    reveal_type(functional.conv2d(either, either, either, groups=2))  # R: Array
    reveal_type(functional.linear(traced, plain))  # R: ArrayVar
    reveal_type(functional.max_pool2d(plain, 2))  # R: NDArray[float64]
    reveal_type(functional.avg_pool1d(either, 2, stride=1))  # R: Array
    reveal_type(functional.flatten(traced))  # R: ArrayVar
    reveal_type(functional.embedding(indices, either))  # R: Array
    reveal_type(nn.relu(traced))  # R: ArrayVar
    reveal_type(nn.elu(plain, alpha=0.5))  # R: NDArray[float64]
    reveal_type(nn.leaky_relu(0.5))  # R: float
    reveal_type(nn.softmax(either, axis=1))  # R: Array


def mistakes() -> None:
    nn.conv2d(8, 3, padding="sane")  # type: ignore[arg-type]
    nn.linear("10")  # type: ignore[arg-type]
    nn.serial(nn.linear)  # type: ignore[arg-type]
    nn.max_pool2d((2.0, 2.0))  # type: ignore[arg-type]
