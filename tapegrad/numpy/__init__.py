"""NumPy's names for tapegrad's operations, typed: ``import tapegrad.numpy as tnp``.

Every function takes plain numbers, plain arrays and traced values alike: plain gives plain, traced gives traced.
The derivative of each is beside its value in `tapegrad.ops`.
"""

from typing import TYPE_CHECKING

from tapegrad import dispatch
from tapegrad.numpy import (
    complexes,
    creation,
    differences,
    elementwise,
    fft,
    floating,
    indexing,
    joining,
    linalg,
    logic,
    polynomials,
    products,
    quantiles,
    rearranging,
    reductions,
    shapes,
    signals,
    sorting,
    statistics,
)  # fmt: skip
from tapegrad.numpy.complexes import *  # noqa: F403
from tapegrad.numpy.creation import *  # noqa: F403
from tapegrad.numpy.differences import *  # noqa: F403
from tapegrad.numpy.elementwise import *  # noqa: F403
from tapegrad.numpy.floating import *  # noqa: F403
from tapegrad.numpy.indexing import *  # noqa: F403
from tapegrad.numpy.joining import *  # noqa: F403
from tapegrad.numpy.logic import *  # noqa: F403
from tapegrad.numpy.polynomials import *  # noqa: F403
from tapegrad.numpy.products import *  # noqa: F403
from tapegrad.numpy.quantiles import *  # noqa: F403
from tapegrad.numpy.rearranging import *  # noqa: F403
from tapegrad.numpy.reductions import *  # noqa: F403
from tapegrad.numpy.shapes import *  # noqa: F403
from tapegrad.numpy.signals import *  # noqa: F403
from tapegrad.numpy.sorting import *  # noqa: F403
from tapegrad.numpy.statistics import *  # noqa: F403

__all__ = ["fft", "linalg"]
__all__ += elementwise.__all__
__all__ += logic.__all__
__all__ += floating.__all__
__all__ += shapes.__all__
__all__ += joining.__all__
__all__ += rearranging.__all__
__all__ += indexing.__all__
__all__ += creation.__all__
__all__ += reductions.__all__
__all__ += differences.__all__
__all__ += quantiles.__all__
__all__ += statistics.__all__
__all__ += sorting.__all__
__all__ += products.__all__
__all__ += signals.__all__
__all__ += polynomials.__all__
__all__ += complexes.__all__

if not TYPE_CHECKING:  # which would let any name pass

    def __getattr__(name):
        msg = f"tapegrad.numpy has no {name!r}{dispatch.nearest(name, __all__)}; docs/coverage.md lists what there is"
        raise AttributeError(msg)
