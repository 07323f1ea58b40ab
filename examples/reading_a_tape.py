"""Reading a tape: the program as a value.

Shows what `trace` records, how values and adjoints stand beside it, that a tape is evaluated at other
inputs without calling the function again, and that the names of the source lead to the derivatives.

    python examples/reading_a_tape.py
"""

from __future__ import annotations

import tapegrad as tg
from tapegrad import Scalar
from tapegrad.pullback import pull_back


def cost(x1: Scalar, x2: Scalar, x4: Scalar, x6: Scalar) -> Scalar:
    """(x4 + x1 x2) x6, with a name for every step."""
    x3 = x1 * x2
    x5 = x4 + x3
    L = x5 * x6  # noqa: N806  # the usual letter of a loss
    return L  # noqa: RET504  # an assignment is what gives a record its name


def main() -> None:
    """Print the tape, its values and adjoints, a replay, and the derivative dictionary."""
    t = tg.trace(cost, 3.0, 4.0, 5.0, 2.0)
    print("The tape:")
    print(t.tape)

    # The derivative of the output with respect to itself is 1; the sweep carries it backwards.
    adjoints = pull_back(t.tape, t.values, {t.outputs[0]: 1.0})
    print("\nrecord  operation  value  adjoint  source line")
    for index, (record, value, adjoint) in enumerate(zip(t.tape, t.values, adjoints, strict=True)):
        line = "" if record.where is None else f"line {record.where.line}"
        print(f"%{index:<7}{record.primitive.name:<10}{value:6g}{adjoint!s:>9}  {line}".rstrip())

    replayed = tg.evaluate(t.tape, [1.0, 1.0, 1.0, 10.0])
    print(f"\nReplayed at (1, 1, 1, 10): {replayed[t.outputs[0]]}")

    found = tg.derivatives(cost, intermediates=True)(x1=3.0, x2=4.0, x4=5.0, x6=2.0)
    print(f"\nL = {t.output}, and its derivatives by name:")
    print(", ".join(f"{name} {found[name]}" for name in ("L", "x6", "x5", "x4", "x3", "x2", "x1")))

    longer = t.tape.append(t.tape[-1])
    print(f"\nAppending a record gives another tape, of {len(longer)}; this one keeps its {len(t.tape)}.")


if __name__ == "__main__":
    main()
