"""What there is to learn from, as arrays that nobody can change.

`make` draws points in the plane, `load` has real tables and digits that come with scikit-learn, `load_mnist` reads the
files of MNIST. `split` holds examples out, `standardise` brings inputs to one size, `batches` cuts.
"""

from tapegrad.datasets.batches import batches, prefetch
from tapegrad.datasets.bundled import BUNDLED, load
from tapegrad.datasets.dataset import Dataset
from tapegrad.datasets.idx import load_fashion_mnist, load_mnist, read_idx
from tapegrad.datasets.plane import CENTRE, NAMES, POINTS, SPREAD, make, standardised
from tapegrad.datasets.recommended import RECOMMENDED, Settings
from tapegrad.datasets.splits import Scaler, split, standardise

__all__ = [
    "BUNDLED", "CENTRE", "NAMES", "POINTS", "RECOMMENDED", "SPREAD", "Dataset", "Scaler", "Settings", "batches",
    "load", "load_fashion_mnist", "load_mnist", "make", "prefetch", "read_idx", "split", "standardise", "standardised",
]  # fmt: skip
