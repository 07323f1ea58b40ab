"""The operations, each declared once. To read a derivative, open the family it belongs to.

``arithmetic`` (+ - * / // % **, abs, rounding), ``exponential`` (exp, log, powers and roots),
``trigonometric`` (circular and hyperbolic), ``activation`` (sigmoid, relu, erf ...), ``selection``
(maximum, where, comparisons), ``structural`` (tuples, stop_gradient).
"""
