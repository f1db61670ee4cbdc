"""The pages of the reference: one per public module, written by mkdocstrings from docstrings.

mkdocstrings reads the source without importing it, so no framework is needed. mkdocs calls
``on_config`` and ``on_files``; the tests call ``pages`` and ``exports``.
"""

import ast
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

SOURCE = Path(__file__).parents[1] / "src"
FOLDER = "reference"
MODULES = {
    "gradatim": "What most scripts need.",
    "gradatim.recipes": "All recipes, the rare ones too.",
    "gradatim.pieces": "The schedules that recipes are made of, and what the operators give.",
    "gradatim.closed_forms": "Curves that equal those of other projects to the last bit.",
    "gradatim.rules": "Rules that scale a schedule when a metric stops improving.",
    "gradatim.fields": "Types for the fields of [your own schedule](../own-schedule.md).",
    "gradatim.xp": "The operations that the formula of your own schedule may use.",
    "gradatim.testing": "Tests for your own schedule.",
    "gradatim.findings": "What `check` returns. See [Look and check](../check.md).",
    "gradatim.look": "Plots and reports. See [Look and check](../check.md).",
    "gradatim.plans": "[Plan files](../plans.md#plan-files).",
    "gradatim.torch": "[torch](../torch.md): drive one optimizer or several.",
    "gradatim.torch.trainers.hf": "[Transformers](../trainers/transformers.md), "
    "[TRL](../trainers/trl.md).",
    "gradatim.torch.trainers.lightning": "[Lightning](../trainers/lightning.md).",
    "gradatim.keras": "[Keras 3](../keras.md), on TensorFlow, JAX and torch.",
    "gradatim.jax": "[JAX and Optax](../jax.md).",
    "gradatim.speechbrain": "[SpeechBrain](../speechbrain.md)'s schedulers, under their own names.",
    "gradatim.peers": "Schedules as [code of other projects](../convert.md), and back.",
    "gradatim.race": "[Train under several schedules](../race.md) and compare.",
    "gradatim.peak": "[Find the peak](../peak.md) by short complete runs.",
    "gradatim.forecast": "[Predict the loss](../forecast.md) of runs not made.",
    "gradatim.logs": "Read losses and rates from what trainers log.",
    "gradatim.audit": "[Compare a log](../audit.md) with the plan of the run.",
    "gradatim.theory.bound": "[The bound](../forecast.md#the-bound) on the loss of a schedule.",
    "gradatim.theory.seesaw": "Trade the decay of a rate for [a growing batch]"
    "(../clocks.md#a-batch-that-grows).",
    "gradatim.theory.adamw_memory": "How long AdamW's weights remember their data.",
}
"""Each public module and the line under its title. To add one, write its row here."""

WITH_INHERITED = {"Scheduler", "Driver", "Run"}
"""Classes whose public methods are defined in base classes, which have no page."""


def pages() -> dict[str, str]:
    """Each page by the name of its file."""
    found = {f"{FOLDER}/{module}.md": _page(module) for module in MODULES}
    rows = "\n".join(f"| [`{module}`]({module}.md) | {said} |" for module, said in MODULES.items())
    overview = (
        "# Reference\n\nEvery public name. Schedules, recipes and rules have their pictures and "
        f"formulas in the [gallery](../gallery.md).\n\n| module | |\n|---|---|\n{rows}"
    )
    return {f"{FOLDER}/index.md": overview, **found}


def _page(module: str) -> str:
    names = exports(module)
    elsewhere = {n: m for m in MODULES if module == "gradatim" != m for n in exports(m)}
    own = [_entry(module, name) for name in names if name not in elsewhere]
    rows = [f"| [`{n}`]({m}.md#{m}.{n}) | `{m}` |" for n in names if (m := elsewhere.get(n))]
    table = ["\n".join(["Also in `gradatim`:", "", "| name | described in |", "|---|---|", *rows])]
    return "\n\n".join([f"# {module}", MODULES[module], *own, *(table if rows else ())])


def _entry(module: str, name: str) -> str:
    if module == "gradatim.fields":  # a type says in its metadata what it allows
        kind = get_args(getattr(import_module(module), name))[1]
        said = f"{kind.allowed.capitalize()}. {kind.hint}".rstrip()
        return f"## {name} {{ #{module}.{name} }}\n\n{said}"
    if SOURCE.joinpath(*module.split("."), f"{name}.py").exists():
        module = f"{module}.{name}"  # a function that is named as the module it is defined in
    more = "\n    options: {inherited_members: true}" if name in WITH_INHERITED else ""
    return f"::: {module}.{name}{more}"


def exports(module: str) -> list[str]:
    """The public names of a module: its ``__all__``, or else what it defines without a ``_``."""
    path = SOURCE.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
        if isinstance(node, ast.ImportFrom) and node.names[0].asname == "__all__":
            return exports(str(node.module))
    return [name for node in body for name in _defined(node) if not name.startswith("_")]


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    return [ast.unparse(target) for target in node.targets] if isinstance(node, ast.Assign) else []


def on_config(config: Any) -> Any:
    """Put the pages where the navigation has the folder."""
    pages = [{module: f"{FOLDER}/{module}.md"} for module in MODULES]
    for section in config.nav:
        for entries in section.values():
            if f"{FOLDER}/" in entries:
                at = entries.index(f"{FOLDER}/")
                entries[at] = {"Modules": [f"{FOLDER}/index.md", *pages]}
    return config


def on_files(files: Any, *, config: Any) -> Any:
    """Add the pages."""
    from mkdocs.structure.files import File

    for name, content in pages().items():
        files.append(File.generated(config, name, content=content))
    return files
