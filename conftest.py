"""Before NumPy is loaded: the tests run on every core as it is, and threads of BLAS would wait for each other."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
