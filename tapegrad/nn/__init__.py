"""Networks as plain functions of their parameters: ``init`` makes a tree of numbers, ``apply`` reads it.

``mlp`` is the fully connected network, ``losses`` what there is to minimise.
"""

from tapegrad.nn import losses, mlp

__all__ = ["losses", "mlp"]
