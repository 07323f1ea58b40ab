"""A neural network on exclusive or: every line of it, from the points to the trained network.

Fifty points of the unit square; class 1 where exactly one coordinate is below a half. A hidden layer of
tanh units bends the square, one logit decides. Parameters are an immutable tree, their gradient is a tree
of the same form, and a step of the optimiser makes a new one: nothing is changed in place.

`tapegrad.nn` and `tapegrad.training` have this ready for networks of any size; here a learner sees it.

    python examples/xor.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

import tapegrad as tg
import tapegrad.numpy as tnp
from tapegrad import Scalar, datasets
from tapegrad.functional import partition_all
from tapegrad.optim import adam, apply_updates
from tapegrad.random import Key, fold_in, key, permutation, split, uniform

Example = tuple[tuple[float, ...], int]

HIDDEN, RATE, BATCH, EPOCHS = 6, 0.1, 10, 60


@attrs.frozen
class Unit:
    """One hidden unit: it sees both coordinates, and is seen by the output."""

    from_x1: Scalar
    from_x2: Scalar
    bias: Scalar
    to_output: Scalar


Network = tuple[Unit, ...]


def init(key: Key) -> Network:
    """Random units, whose bends start all over the square."""
    return tuple(Unit(*uniform(k, (4,), -2.0, 2.0).tolist()) for k in split(key, HIDDEN))


def logit(network: Network, x1: float, x2: float) -> Scalar:
    """How sure the network is that the point is of class 1; positive means yes."""
    return sum(u.to_output * tnp.tanh(u.from_x1 * x1 + u.from_x2 * x2 + u.bias) for u in network)


def loss(network: Network, examples: Sequence[Example]) -> Scalar:
    """The mean of -log of the probability that the network gives to the right class."""
    logits = [(logit(network, x1, x2), label) for (x1, x2), label in examples]
    return sum(tnp.softplus(-sure if label == 1 else sure) for sure, label in logits) / len(examples)


def train(network: Network, examples: Sequence[Example], key: Key) -> Iterator[Network]:
    """The network after each epoch. An epoch is one step for each batch, in a new order every time."""
    optimiser, gradient = adam(RATE), tg.grad(loss)
    state = optimiser.init(network)
    for epoch in range(EPOCHS):
        shuffled = [examples[i] for i in permutation(fold_in(key, epoch), len(examples))]
        for batch in partition_all(BATCH, shuffled):
            updates, state = optimiser.update(gradient(network, batch), state, network)
            network = apply_updates(network, updates)
        yield network


def main() -> None:
    """Train, and draw the decision of the trained network in characters."""
    for_points, for_network, for_order = split(key(0), 3)
    data = datasets.make("xor", for_points, 50)
    examples = list(zip(data.inputs.tolist(), data.labels.tolist(), strict=True))
    networks = list(train(init(for_network), examples, for_order))
    for epoch in range(10, EPOCHS + 1, 10):
        network = networks[epoch - 1]
        right = sum((logit(network, *point) > 0.0) == (label == 1) for point, label in examples)
        print(f"epoch {epoch}   loss {loss(network, examples):.4f}   correct {right} of {len(examples)}")
    print("The unit square, # where the network sees class 1:")
    for row in range(9, -1, -1):
        sure = (logit(networks[-1], (column + 0.5) / 20.0, (row + 0.5) / 10.0) for column in range(20))
        print("   ", "".join("#" if number > 0.0 else "." for number in sure))


if __name__ == "__main__":
    main()
