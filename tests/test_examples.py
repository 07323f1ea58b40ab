from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples"

# What each example must print: (pattern whose groups are numbers, those numbers, tolerance).
ROWS: list[tuple[str, str, list[float], float]] = [
    ("first_gradient", r"f\(2, 3\) +(\S+)", [6.909297], 1e-6),
    ("first_gradient", r"df/dx +(\S+) +by hand (\S+)", [2.583853, 2.583853], 1e-6),
    ("first_gradient", r"df/dy +(\S+) +by hand (\S+)", [2.0, 2.0], 0.0),
    ("first_gradient", r"second derivative +(\S+) +by hand (\S+)", [-0.909297, -0.909297], 1e-6),
    ("first_gradient", r"'slope': (\S+), 'height': (\S+)}", [4.0, 1.0], 0.0),
    ("first_gradient", r"of a loop, at 10 +(\S+)", [0.0625], 0.0),
    ("reading_a_tape", r"%4 +multiply +(\S+) +(\S+) ", [12.0, 2.0], 0.0),
    ("reading_a_tape", r"Replayed at \(1, 1, 1, 10\): (\S+)", [20.0], 0.0),
    ("reading_a_tape", r"L = (\S+),", [34.0], 0.0),
    (
        "reading_a_tape",
        r"L (\S+), x6 (\S+), x5 (\S+), x4 (\S+), x3 (\S+), x2 (\S+), x1 (\S+)",
        [1.0, 17.0, 2.0, 2.0, 2.0, 6.0, 8.0],
        0.0,
    ),
    ("reading_a_tape", r"another tape, of (\d+); this one keeps its (\d+)", [8.0, 7.0], 0.0),
    ("newton", r" 7 +(\S+) +(\S+) +(\S+) +\S+\n", [1.0, 1.0, 0.0], 1e-12),
    ("newton", r"gradient descent, 1000 steps: .* value (\S+)", [0.4535], 1e-3),
    ("implicit_function", r"E = (\S+), residual (\S+)", [1.288091313212, 0.0], 1e-11),
    ("implicit_function", r"dE/dM +theorem (\S+) +central difference (\S+)", [1.091329301] * 2, 1e-7),
    ("implicit_function", r"dE/de +theorem (\S+) +central difference (\S+)", [1.048008305] * 2, 1e-7),
    ("implicit_function", r"d2E/dM2 +theorem (\S+) +central difference (\S+)", [-0.374453255] * 2, 1e-7),
    ("implicit_function", r"(\d+) through the loop, (\d+) with the rule", [302.0, 3.0], 0.0),
    ("xor", r"epoch 60 +loss (\S+) +correct (\d+) of (\d+)", [0.0602, 50.0, 50.0], 1e-4),
    # the derivatives of the normal quantile: 1 / phi(x) and x / phi(x)^2 at x = 1.959964
    ("custom_rule", r"quantile\(0.975\) = (\S+)", [1.959964], 1e-6),
    ("custom_rule", r"first derivative +(\S+)\n +second derivative +(\S+)", [17.110083, 573.789145], 1e-5),
    ("custom_rule", r"its own +(\S+)\n +clipped on the way (\S+)", [108.0, 1.0], 0.0),
    *[
        ("scipy_minimize", rf"{method} +\d+ +\d+ +(\S+) +(\S+) +(\S+)", [0.024696, 2.9994, 5.9854], 2e-4)
        for method in ("L-BFGS-B", "Newton-CG", "trust-ncg")
    ],
    ("from_micrograd", r"objects   out (\S+)   dw (\S+) (\S+)", [0.462117, 1.572895, 0.393224], 1e-6),
    ("from_micrograd", r"function  out (\S+)   dw (\S+) (\S+)", [0.462117, 1.572895, 0.393224], 1e-6),
    ("from_micrograd", r"a second time: dbias (\S+),", [1.572895], 1e-6),
    ("from_micrograd", r"a second time: +dbias (\S+), equal: True", [0.786448], 1e-6),
    ("from_minitorch", r"class +forward (\S+) +backward \((\S+), (\S+)\)", [12.0, 8.0, 6.0], 0.0),
    ("from_minitorch", r"function +forward (\S+) +backward \((\S+), (\S+)\)", [12.0, 8.0, 6.0], 0.0),
    ("from_minitorch", r"inv +(\S+) +(\S+)", [-1.0 / 0.49] * 2, 1e-6),
    ("from_minitorch", r"x < 1 \? 2x : x +(\S+) +(\S+)", [2.0, 2.0], 1e-6),
    ("from_minitorch", r"reduce add +(\S+)", [6.0], 0.0),
    *[("from_minitorch", rf"{name} +equal", [], 0.0) for name in ("conv2d", "avgpool2d", "maxpool2d", "logsoftmax")],
    ("from_minitorch", r"gradient of +0.weight \((\d), (\d), (\d), (\d)\)", [4.0, 2.0, 3.0, 3.0], 0.0),
    # what depends on the last bits of a long computation is held to what it is to show: see below
    ("digits_cnn", r"all +\(1, 10\) +(\d+),(\d+)", [6.0, 90.0], 0.0),
    ("tiny_transformer", r"loss (\S+) = ln (\d+)", [4.043, 57.0], 5e-4),
    ("bayesian_hmc", r"bias +(\S+) +(\S+) +(\S+) +(\S+)", [0.836, 0.218, 0.808, 0.211], 0.02),
    ("bayesian_hmc", r"mean radius +(\S+) +(\S+) +(\S+) +(\S+)", [-4.59, 0.557, -4.393, 0.537], 0.05),
    ("physics_informed", r" 5\.0 +(\S+) +(\S+) +\S+\n", [0.0384, 0.4651], 1e-3),
    ("neural_ode", r" 10\.0 +(\S+) +(\S+)\n", [-0.237, -0.237], 0.3),
    ("neural_ode", r"law of the data +loss (\S+),", [0.000199], 1e-6),
]

NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))


@cache
def printed(name: str) -> str:
    """What an example prints, run as its docstring says; warnings are errors."""
    finished = subprocess.run(  # noqa: S603  # our own files
        [sys.executable, "-W", "error", f"examples/{name}.py"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


@pytest.mark.parametrize(("name", "pattern", "numbers", "tolerance"), ROWS)
def test_it_prints_the_right_numbers(name: str, pattern: str, numbers: list[float], tolerance: float) -> None:
    found = re.search(pattern, printed(name))
    assert found is not None, f"{pattern} is not in:\n{printed(name)}"
    assert [float(number) for number in found.groups()] == pytest.approx(numbers, rel=0.0, abs=tolerance)


def test_newton_reaches_the_minimum_quadratically() -> None:
    gradients = [float(line.split()[-1]) for line in printed("newton").splitlines()[1:-1]]
    assert gradients[-1] < 1e-9
    assert gradients[-2] < 1e-2 * gradients[-3]
    assert len(gradients) == 8


def test_the_network_separates_the_corners_of_the_square() -> None:
    rows = [line.strip() for line in printed("xor").splitlines() if set(line.strip()) <= {"#", "."}]
    assert (len(rows), {len(row) for row in rows}) == (10, {20})
    assert (rows[0][0], rows[0][-1], rows[-1][0], rows[-1][-1]) == ("#", ".", ".", "#")


def test_the_check_names_both_mistakes_in_a_rule() -> None:
    wrong_sign, forgetful = printed("custom_rule").splitlines()[-2:]
    assert wrong_sign.startswith("wrong_sign: AssertionError: fwd: ")
    assert forgetful.startswith("forgetful: RuleError: the rule of 'forgetful' misses position 1")


def numbers(name: str, pattern: str) -> list[float]:
    """All that the group of a pattern finds in what an example prints."""
    return [float(number) for number in re.findall(pattern, printed(name))]


def test_the_digits_are_read_and_training_goes_on_with_the_same_bits() -> None:
    losses = numbers("digits_cnn", r"epoch \d +loss (\S+)")
    assert len(losses) == 8
    assert losses[-1] < 0.1 * losses[0]
    assert numbers("digits_cnn", r"correct \((\S+) %\)")[-1] >= 96.5
    assert "from the file: the same bits: True\n" in printed("digits_cnn")
    table = [line.replace(".", "0").split() for line in printed("digits_cnn").splitlines()[-10:]]
    counts = [[int(count) for count in row[1:]] for row in table]
    assert sum(map(sum, counts)) == 449
    assert sum(row[digit] for digit, row in enumerate(counts)) >= 434


def test_the_transformer_knows_the_licence() -> None:
    assert numbers("tiny_transformer", r"epoch \d +loss (\S+)")[-1] < 0.3
    recited = printed("tiny_transformer").split("temperature 0.2:\n")[1].split("\n\nrecited")[0]
    assert len(recited) == 220
    assert recited.startswith("Permission is hereby granted, fre")
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    pieces = [recited[at : at + 8] for at in range(213)]
    assert sum(piece in licence for piece in pieces) > 0.85 * len(pieces)


def test_the_chains_agree_and_the_pushes_are_accepted() -> None:
    assert 90.0 < numbers("bayesian_hmc", r"(\S+) % of the pushes accepted")[0] < 100.0
    ratios = numbers("bayesian_hmc", r"\n.{16} +\S+ +\S+ +\S+ +\S+ +(\d\S+)")
    assert len(ratios) == 6
    assert max(ratios) < 1.01


def test_the_equation_is_solved() -> None:
    errors = numbers("physics_informed", r"\n +\d+ +\S+ +(\d\S+e\S+)")
    assert len(errors) == 5
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-3 * errors[0]


def test_the_law_of_motion_is_learned_down_to_the_noise() -> None:
    untrained, trained, true = numbers("neural_ode", r"loss ([0-9.]+)")
    assert trained < 1.1 * true < 0.1 * untrained
    assert numbers("neural_ode", r"largest difference (\S+)")[0] < 0.3


@pytest.mark.parametrize("name", NAMES)
def test_it_is_documented_and_checked(name: str) -> None:
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    assert f"\n    python examples/{name}.py\n" in source.split('"""')[1]
    assert f"[`{name}.py`]({name}.py)" in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert name in {row[0] for row in ROWS}
