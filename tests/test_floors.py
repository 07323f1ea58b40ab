"""A module imports only lower floors, or an earlier file of its own floor."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "tapegrad"

# The house, in reading order: the floor of a module is its line, its place within it is its order there.
FLOORS: list[list[str]] = [
    ["engine", "errors", "floats", "spares", "arrays", "typing", "vectors", "source", "functional"],
    ["kernels", "primitive", "columns", "literals", "text", "tape", "elementwise", "maps"],
    [
        "ops.arithmetic", "ops.exponential", "ops.trigonometric", "ops.activation", "ops.selection", "ops.structural",
        "ops.shape", "ops.gather", "ops.reductions", "ops.normalisation", "ops.sorting",
        "ops.subscripts", "ops.products", "ops.linalg",
        "ops.factors", "ops.rounding", "ops.special", "ops.fourier", "ops.filters",
        "ops.windows", "ops.convolution",
    ],
    [
        "dispatch", "conversions", "masks", "operators", "methods", "symbols", "variables", "recorder", "tree", "trace",
        "naming",
    ],
    ["evaluate", "batch", "cotangents", "pullback", "sweeps", "reverse", "forward"],
    [
        "passes.rewritten", "passes.dead", "passes.common", "passes.fold", "passes.simplify", "passes.shortened",
        "passes",
    ],
    [],  # 6: native code, to come
    [
        "calls", "direct", "seeds", "transforms", "vmap", "blocks", "jacobians", "subcalls", "custom", "checkpoint",
        "numpy.signatures", "numpy.elementwise", "numpy.logic", "numpy.floating", "numpy.complexes",
        "numpy.creation", "numpy.shapes", "numpy.joining",
        "numpy.reductions", "numpy.sorting", "numpy.indexing", "numpy.rearranging", "numpy.differences",
        "numpy.quantiles", "numpy.statistics",
        "numpy.products", "numpy.factors", "numpy.norms", "numpy.signals", "numpy.polynomials",
        "numpy.linalg", "numpy.fft", "numpy",
        "special", "testing", "extend",
    ],
    [
        "files", "generator", "random",
        "datasets.dataset", "datasets.plane", "datasets.recommended", "datasets.bundled", "datasets.splits",
        "datasets.idx", "datasets.batches", "datasets", "tables",
        "nn.layer", "nn.functional.sliding", "nn.functional.convolution", "nn.functional.pooling",
        "nn.functional.linear", "nn.functional.normalisation", "nn.functional.dropout", "nn.functional.attention",
        "nn.functional",
        "nn.activations", "nn.compose", "nn.initialisers", "nn.linear", "nn.convolution", "nn.pooling",
        "nn.normalisation", "nn.dropout", "nn.attention", "nn.mlp", "nn.losses", "nn.names", "nn",
        "optim.schedules", "optim.leaves", "optim.optimiser", "optim.transformations", "optim.rules", "optim",
        "training.state", "training.fold", "training.streams", "training.evaluation", "training.checkpoints",
        "training.diagnosis", "training",
        "encoding", "jobs",
        "view.rules", "view.steps", "view.drawing", "view.svg", "view.dot", "view.table",
        "view.differences", "view.replay", "view.conventions", "view.moments",
        "view.plots.style", "view.raster", "view.elements", "view.page", "view.steering",
        "view.script", "view.player", "view.html",
        "view.plots.checks", "view.plots.boundary", "view.plots.curves", "view.plots.predictions",
        "view.plots.grid", "view.plots.images", "view.plots.layers", "view.plots",
        "view.strides", "view.broadcasting", "view.coverage", "view",
        "view.scale", "view.isolines",
        "view.functions", "view.functions_source", "view.functions_sample",
        "view.functions_curves", "view.functions_map", "view.functions_page",
        "recording", "view.curves", "view.film_plane", "view.film_script", "view.film_panels", "view.film",
        "view.features", "view.images", "view.images_parts", "view.images_page", "results",
        "courses", "view.training_panels",
        "view.broadcasting_lesson", "view.broadcasting_page",
        "view.by_hand", "view.by_hand_plane", "view.by_hand_page",
    ],
    [
        "show_arrays", "show_by_hand",
        "terms", "bodies", "expression", "translation", "parser", "lessons", "show_operation", "show", "train",
        "app.look", "app.tape_player", "app.tape_page", "app.functions_page",
        "app.training_plan", "app.training_controls", "app.training_page",
        "app.by_hand_page", "app.arrays_page", "app.images_page", "app.main", "app.server", "app.launch", "app",
        "cli", "__main__", "__init__",
    ],
]  # fmt: skip

PLACE = {name: (floor, at) for floor, names in enumerate(FLOORS) for at, name in enumerate(names)}
MODULES = sorted(
    str(path.relative_to(PACKAGE).with_suffix("")).replace("/", ".").removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)


def imported(module: str) -> set[str]:
    """The modules of tapegrad that `module` imports, wherever in the file."""
    path = PACKAGE / (module.replace(".", "/") + ".py")
    path = path if path.exists() else PACKAGE / module.replace(".", "/") / "__init__.py"
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{module}: relative import"
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.removeprefix("tapegrad.") for name in names if name.startswith("tapegrad.")}
    packages = {name.rpartition(".")[0] for name in found if name in MODULES}
    return {name for name in found - packages if name in MODULES}


@pytest.mark.parametrize("module", [module for module in MODULES if module not in {"ops", "__init__"}])
def test_imports_downward_only(module: str) -> None:
    assert module in PLACE, f"{module} has no floor: add it to FLOORS"
    for other in imported(module):
        assert PLACE.get(other, (0, -1)) < PLACE[module], f"{module} imports {other}, which is not below it"


def test_every_listed_module_exists() -> None:
    assert set(PLACE) - {"__init__"} <= set(MODULES)
