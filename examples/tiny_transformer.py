"""A small transformer that learns a text by heart, character by character, and recites it.

The text is the licence of this project. The network sees up to 32 characters, and says at each of them which one comes
next: characters become vectors, places are added to them, and two blocks of attention and of a network for every place,
each added to what it is given, turn them into scores. `positions` shows how a layer of your own is written: as a pair
of functions, one that makes its weights and one that computes with them.

    pip install "tapegrad[special]"
    python examples/tiny_transformer.py
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

import tapegrad as tg
from tapegrad import nn, training
from tapegrad.optim import adam, chain, clip_by_global_norm
from tapegrad.optim.schedules import cosine, warm_up
from tapegrad.random import Key, fold_in, key, split, uniform

TEXT = (Path(__file__).parents[1] / "LICENSE").read_text(encoding="utf-8")
CHARACTERS = sorted(set(TEXT))
WINDOW, FEATURES, HEADS, BLOCKS = 32, 48, 4, 2
BATCH, EPOCHS, RATE = 16, 6, 8e-3


def waves(places: int, features: int) -> npt.NDArray[np.float64]:
    """Sines and cosines of falling frequency, ``(places, features)``: near places have like rows.

    Vaswani et al. 2017, section 3.5, with wavelengths for short texts.
    """
    frequencies = 30.0 ** -np.linspace(0.0, 1.0, features // 2)
    angles = np.arange(places)[:, None] * frequencies
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def positions() -> nn.Layer:
    """Adds to each vector the one of its place, which is learned: ``(batch, time, features)``, the same again.

    It is made for batches of the longest time, and takes shorter ones.
    """

    def make(key: Key, x: nn.Input) -> nn.Weights:
        del key  # the first values are not random
        _, places, features = x.shape
        return {"weight": waves(places, features).astype(x.dtype)}

    def compute(weights: nn.Weights, x: tg.Var) -> object:
        return x + weights["weight"][: x.shape[1]]

    return nn.of_weights("positions()", ("weight",), make, compute)


def block() -> nn.Layer:
    """What is gathered from the characters before, and what is made of it: ``(batch, time, features)``, the same."""
    return nn.serial(
        nn.residual(nn.layer_norm(), nn.multi_head_attention(HEADS, causal=True)),
        nn.residual(nn.layer_norm(), nn.linear(4 * FEATURES), nn.gelu, nn.linear(FEATURES)),
    )


MODEL = nn.serial(  # (batch, time) -> (batch, time, characters)
    nn.embedding(len(CHARACTERS), FEATURES, np.float32),
    positions(),
    *(block() for _ in range(BLOCKS)),
    nn.layer_norm(),
    nn.linear(len(CHARACTERS)),
)


def encode(text: str) -> npt.NDArray[np.int64]:
    """Each character as its number."""
    return np.array([CHARACTERS.index(character) for character in text])


def recite(params: nn.Params, state: nn.State, text: str, key: Key, temperature: float) -> Iterator[str]:
    """The characters that follow a text, without end: each is drawn by the probability that the network gives it."""
    for step in count():
        logits, _ = MODEL.apply(params, state, encode(text[-WINDOW:])[None])
        sums = np.cumsum(nn.softmax(np.asarray(logits)[0, -1] / temperature))
        drawn = CHARACTERS[np.searchsorted(sums, uniform(fold_in(key, step)) * sums[-1], side="right")]
        text += drawn
        yield drawn


def main() -> None:
    """Train, and recite at two temperatures."""
    for_network, for_training, for_text = split(key(0), 3)
    windows = np.lib.stride_tricks.sliding_window_view(encode(TEXT), WINDOW + 1)
    data = (windows[:, :-1], windows[:, 1:])  # each character, and the one that follows it

    params, layer_state = MODEL.init(for_network, data[0][:1])
    print(f"{len(TEXT)} characters, {len(CHARACTERS)} kinds of them; {nn.count(params):,} parameters")
    print(f"knowing nothing   loss {math.log(len(CHARACTERS)):.3f} = ln {len(CHARACTERS)}")

    steps = EPOCHS * math.ceil(len(windows) / BATCH)
    optimiser = chain(clip_by_global_norm(1.0), adam(warm_up(20, cosine(RATE, steps - 20, RATE / 10.0))))
    objective = training.objective(MODEL, nn.losses.cross_entropy)
    first = training.start(params, optimiser, for_training, layer_state)
    states = training.train(objective, data, first, optimiser, batch_size=BATCH, epochs=EPOCHS)
    *_, last = training.watched(states, lambda state: print(f"epoch {state.epoch}           loss {state.loss:.3f}"))

    for temperature in (0.2, 1.5):
        text = "Permission is hereby"
        text += "".join(islice(recite(last.params, last.layer_state, text, for_text, temperature), 200))
        print(f"\nrecited at temperature {temperature}:\n{text}")


if __name__ == "__main__":
    main()
