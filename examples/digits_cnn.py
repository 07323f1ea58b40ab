"""A convolutional network that reads digits: layers, training, saving, and going on with the same bits.

A network is a pair of functions, `init` and `apply`; what they share is a tree of parameters that you hold. Training is
a stream of states, each made out of the one before, so watching it is a loop or a function beside it, and stopping in
the middle loses nothing: a state that was saved and loaded again leads to the very bits of never having stopped.

    pip install "tapegrad[data]"
    python examples/digits_cnn.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tapegrad import datasets, nn, training
from tapegrad.nn import Params
from tapegrad.optim import adam
from tapegrad.random import key, split

BATCH, EPOCHS, RATE = 32, 8, 3e-3

MODEL = nn.serial(  # (batch, 1, 8, 8) -> (batch, 10)
    nn.conv2d(16, 3, padding="same"),
    nn.relu,
    nn.max_pool2d(2),
    nn.conv2d(32, 3, padding="same"),
    nn.relu,
    nn.max_pool2d(2),
    nn.flatten,
    nn.dropout(0.25),
    nn.linear(10),
)


def main() -> None:
    """Train to the end, look at the mistakes, and do the second half once more from a file."""
    for_split, for_network, for_training = split(key(0), 3)
    train_set, test_set = datasets.split(datasets.load("digits"), for_split)
    data = (train_set.inputs, train_set.labels)

    params, layer_state = MODEL.init(for_network, train_set.inputs[:1])
    print(nn.summary(MODEL, params, layer_state, train_set.inputs[:1]))

    optimiser = adam(RATE)
    objective = training.objective(MODEL, nn.losses.cross_entropy)
    beginning = training.start(params, optimiser, for_training, layer_state)
    settings = {"data": "digits", "rate": RATE, "batch": BATCH}

    def predicted(state: training.State[Params]) -> npt.NDArray[np.intp]:
        logits = training.outputs(MODEL, state.params, state.layer_state, test_set.inputs)
        digits: npt.NDArray[np.intp] = logits.argmax(axis=1)
        return digits

    def show(state: training.State[Params]) -> None:
        on_test = training.accuracy(predicted(state), test_set.labels)
        print(f"epoch {state.epoch}   loss {state.loss:.4f}   test: {on_test}")

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "half_way.npz"

        def keep(state: training.State[Params]) -> None:
            if state.epoch == EPOCHS // 2:
                training.save(file, state, settings)

        states = training.train(objective, data, beginning, optimiser, batch_size=BATCH, epochs=EPOCHS)
        *_, last = training.watched(states, show, keep)
        half_way = training.load(file, beginning, settings)
    *_, again = training.train(objective, data, half_way, optimiser, batch_size=BATCH, epochs=EPOCHS)
    print(f"epochs {half_way.epoch + 1} to {again.epoch} once more, from the file: the same bits: {again == last}")

    print("which digit (row) was taken for which (column):")
    for digit, row in enumerate(training.confusion_matrix(test_set.labels, predicted(last), 10)):
        print(f"{digit} ", "".join(f"{count or '.':>4}" for count in row))


if __name__ == "__main__":
    main()
