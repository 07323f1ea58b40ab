"""The controls of the training page: what a visitor sets before a training."""

from __future__ import annotations

from typing import Final

import streamlit as st

from tapegrad import datasets
from tapegrad.app.look import whole_number
from tapegrad.app.training_plan import DATA, MOST_BATCH, MOST_EPOCHS, MOST_POINTS, MOST_RATE, Plan, checked, listed
from tapegrad.datasets import RECOMMENDED
from tapegrad.jobs import OPTIMISERS

__all__ = ["settings"]

WIDTH: Final = 120  # so that all stand in a row on a laptop, and two in a row on a phone


def settings() -> Plan:
    """The controls, and the plan they make; what suits a data set is its own. Raises SettingError."""
    row = st.container(horizontal=True, gap="small")
    with row:
        data = st.selectbox(
            "Data set", DATA, DATA.index("xor"), key="data", bind="query-params", width=150,
            help="Points in the plane, or tables and digits that come with scikit-learn.",
        )  # fmt: skip
        usual = RECOMMENDED[data]
        points = whole_number(
            row, "Points", (1, MOST_POINTS), datasets.POINTS, key="points", width=WIDTH,
            disabled=data not in datasets.NAMES, about="How many are drawn in the plane. Other sets have their own.",
        )  # fmt: skip
        hidden = st.text_input(
            "Hidden units", listed(usual.hidden), key=f"hidden_{data}", bind="query-params", width=WIDTH, max_chars=80,
            help="Of each hidden layer: 8, 8. Without any, the network is one linear layer.",
        )  # fmt: skip
        optimiser = st.selectbox(
            "Optimiser", OPTIMISERS, list(OPTIMISERS).index(usual.optimiser), key=f"optimiser_{data}",
            bind="query-params", width=WIDTH, help="How a step is made of a gradient.",
        )  # fmt: skip
        rate = st.number_input(
            "Rate", 1e-9, MOST_RATE, usual.rate, 0.01, "%g", key=f"rate_{data}", bind="query-params", width=WIDTH,
            help="How long a step is. Too long, and the training diverges.",
        )  # fmt: skip
        batch_size = whole_number(
            row, "Batch size", (1, MOST_BATCH), usual.batch_size, key=f"batch_{data}", width=WIDTH,
            about="Examples for one step.",
        )  # fmt: skip
        epochs = whole_number(
            row, "Epochs", (1, MOST_EPOCHS), usual.epochs, key=f"epochs_{data}", width=WIDTH,
            about="How often every example is seen.",
        )  # fmt: skip
        seeds = st.text_input(
            "Seeds", "0", key="seeds", bind="query-params", width=WIDTH, max_chars=80,
            help="Of points and network, up to four side by side: 0, 1, 2.",
        )  # fmt: skip
    return checked(data, points, (hidden, optimiser, rate, batch_size, epochs), seeds)
