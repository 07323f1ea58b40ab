"""How the tests run: on every core, on machines that are busy with other things."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded: threads of BLAS would wait for each other

import hypothesis

hypothesis.settings.register_profile("shared machine", deadline=None)  # a pause of the machine is no failure
hypothesis.settings.load_profile("shared machine")
