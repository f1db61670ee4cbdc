"""The rules of the house: what may import what, which names stand where, how files are called.

Each test gathers every place that breaks its rule and prints them all, with what to do instead.
"""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src"
FILES = sorted((SRC / "gradatim").rglob("*.py"))

# The core from the ground up: a file imports from its own floor and those below it. Files that
# are not listed (rules, run, check, driver, ...) are the top floor.
FLOORS = (
    {"errors", "deprecated"},
    {"values"},
    {"schedule"},
    {"ramps", "decays", "combine", "closed_forms"},
    {"reshape", "rounded"},
    {"run"},
    {"recipes"},
)

# What each folder stands on, beside itself.
STANDS_ON = {
    "core": {"xp"},
    "xp": {"errors"},
    "errors": set(),
    "drive": {"core", "plans", "xp"},  # a path in place of a plan is read when it is given
    "plans": {"core", "drive"},  # files load into the plan that drivers take
    "findings": {"core", "drive"},
    "peers": {"core", "plans", "xp"},  # settings of others are read as strictly as plans
    "torch": {"core", "drive", "peers"},  # what a scheduler of others means is said there
    "keras": {"core", "drive", "peers"},
    "jax": {"core", "peers", "plans", "xp"},
    "speechbrain": {"core", "findings"},
    # a report shows the findings, and each schedule as code for each framework
    "look": {"core", "drive", "findings", "peers"},
    "logs": {"core"},
    "forecast": {"core", "logs", "look"},
    "race": {"core", "logs", "forecast", "look", "torch"},  # it trains through the torch binding
    "peak": {"core", "look", "race", "torch"},  # short runs are races, or drive a model in place
    # a log against a plan, on a page; a log without a plan is checked like one
    "audit": {"core", "drive", "findings", "logs", "look"},
    "theory": {"core", "logs"},  # the rates of a run as an array
    # the page asks all that it shows of those who know it
    "studio": {"core", "drive", "findings", "plans", "peers", "look", "logs", "forecast", "audit"},
    "cli": {"core", "drive", "findings", "plans", "peers", "look", "__init__"}
    | {"logs", "forecast", "audit", "peak", "race", "studio", "theory"}
    | {"torch", "keras", "jax", "speechbrain"},
    "__init__": {
        "core",
        "drive",
        "findings",
        "plans",
        "closed_forms",
        "pieces",
        "recipes",
        "rules",
    },
    "__main__": {"cli"},
}

# The packages at home in each folder; everywhere else there is the standard library.
AT_HOME = {
    "torch": {"torch"},
    "torch.trainers.hf": {"transformers"},
    "torch.trainers.lightning": {"lightning"},
    "keras": {"keras", "tensorflow"},
    "jax": {"jax", "optax"},
    "speechbrain": {"torch", "speechbrain"},
    "look": {"matplotlib", "numpy", "sympy"},
    "logs": {"numpy"},
    "audit": {"matplotlib", "numpy"},
    "forecast": {"numpy", "scipy"},
    "peak": {"matplotlib", "numpy", "torch"},
    "race": {"numpy", "scipy", "joblib", "ray", "rich", "sklearn", "torch"},
    "theory": {"numpy", "scipy"},
    "studio": {"numpy", "starlette", "uvicorn", "yaml"},
    "testing": {"numpy", "torch", "jax", "tensorflow"},  # where installed, when a check asks
    "cli": {"rich", "typer"},
    "plans": {"yaml"},  # when a plan in YAML is read, no earlier: JSON and TOML need nothing
    "peers": {"yaml"},  # when settings of others in YAML are read
}

# `a >> b` on a Schedule builds a Join, and Join is a Schedule: one of the two imports must wait
# until the operator is called. So do the methods that give a schedule another shape. A plan file
# is read only when a path is given, into the class that takes the path.
WAITING = {
    ("gradatim.drive.plan", "gradatim.plans"),
    ("gradatim.core.schedule", "gradatim.core.combine"),
    ("gradatim.core.schedule", "gradatim.core.reshape"),
    ("gradatim.core.schedule", "gradatim.core.rounded"),
    ("gradatim.core.schedule", "gradatim.core.run.run"),  # schedule.values(run)
    ("gradatim.core.schedule", "gradatim.look.notebook"),  # what a notebook shows
    ("gradatim.drive.plan", "gradatim.look.notebook"),
    ("gradatim.look.comparison", "gradatim.look.notebook"),
    ("gradatim.core.schedule", "gradatim.core.pieces"),  # schedule.last_boundary
    ("gradatim.core.combine", "gradatim.core.pieces"),  # where a sum may be largest
    ("gradatim.core.schedule", "gradatim.findings"),  # schedule.check(run)
    ("gradatim.core.schedule", "gradatim.look"),  # schedule.plot()
}

FRAMEWORKS = {"jax", "keras", "mpmath", "numpy", "optax", "speechbrain", "sympy"}
FRAMEWORKS |= {"tensorflow", "torch"}
NAMES_FRAMEWORKS = "gradatim.xp"


class Import(NamedTuple):
    """One import statement: who, on which line, what, and whether it runs when the file loads."""

    source: str
    line: int
    target: str
    waits: bool

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}: imports {self.target}"


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")


def folder(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def at_home(module: str) -> set[str]:
    """What a module of its own entry, or else one of its folder, may import."""
    own = AT_HOME.get(module.removeprefix("gradatim."))
    return own if own is not None else AT_HOME.get(folder(module), set())


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def walk(node: ast.AST, waits: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Every node but docstrings, and whether it runs only later: in a function or for types."""
    for child in ast.iter_child_nodes(node):
        if not is_docstring(child):
            yield child, waits
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
                isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            )
            yield from walk(child, waits or later)


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


@cache
def imports() -> list[Import]:
    modules = {module_name(file) for file in FILES}
    found = []
    for file in FILES:
        source = module_name(file)
        package = source if file.stem == "__init__" else source.rpartition(".")[0]
        for node, waits in walk(tree(file)):
            match node:
                case ast.Import(names=names):
                    targets = [name.name for name in names]
                case ast.ImportFrom(module=origin, names=names, level=level):
                    base = resolve_name("." * level + (origin or ""), package)
                    each = [f"{base}.{name.name}" for name in names]
                    targets = [name if name in modules else base for name in each]
                case ast.Call(
                    func=ast.Name(id="import_module" | "__import__")
                    | ast.Attribute(attr="import_module"),
                    args=[ast.Constant(value=str(target)), *_],
                ):
                    targets = [target]
                case _:
                    continue
            found += [Import(source, node.lineno, target, waits) for target in sorted(set(targets))]
    return found


def ours() -> list[Import]:
    return [i for i in imports() if i.target.split(".")[0] == "gradatim"]


def floor(module: str) -> int:
    name = module.removeprefix("gradatim.core").removeprefix(".").partition(".")[0]
    return next((i for i, names in enumerate(FLOORS) if name in names), len(FLOORS))


def expect_none(broken: list[object], instead: str) -> None:
    listed = "\n".join(f"  {place}" for place in broken)
    assert not broken, f"{instead}\n{listed}"


def test_the_tree_is_seen():
    assert {"core", "__init__"} <= {folder(module_name(file)) for file in FILES}
    assert any(i.target == "gradatim.errors" for i in ours())


def test_core_imports_run_downwards():
    upward = [
        i
        for i in ours()
        if folder(i.source) == folder(i.target) == "core"
        and floor(i.target) > floor(i.source)
        and not (i.waits and (i.source, i.target) in WAITING)
    ]
    expect_none(upward, "The core is built in floors, see FLOORS. Import from below:")


def test_no_imports_go_round():
    graph: dict[str, set[str]] = {}
    for i in ours():
        if not (i.waits and (i.source, i.target) in WAITING):
            graph.setdefault(i.source, set()).add(i.target)
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_folders_stand_on_the_core_and_nothing_on_the_cli():
    sideways = [
        i
        for i in ours()
        if folder(i.target)
        not in STANDS_ON.get(folder(i.source), {"core"}) | {folder(i.source), "errors"}
        and not (i.waits and (i.source, i.target) in WAITING)
    ]
    expect_none(sideways, "A folder imports what it stands on, see STANDS_ON:")


def test_packages_are_imported_only_at_home():
    strangers = [
        i
        for i in imports()
        if (package := i.target.split(".")[0]) not in sys.stdlib_module_names | {"gradatim"}
        and package not in at_home(i.source)
        and not (i.source.startswith(NAMES_FRAMEWORKS) and i.waits)
    ]
    expect_none(strangers, "A package is imported only in its own folder, see AT_HOME:")


def test_the_core_names_no_framework():
    pattern = re.compile(rf"(?<![a-z])({'|'.join(sorted(FRAMEWORKS))})(?![a-z])", re.IGNORECASE)
    named = [
        f"{module_name(file)}, line {node.lineno}: {text!r}"
        for file in FILES
        if folder(module_name(file)) == "core"
        for node, _ in walk(tree(file))
        for _, text in ast.iter_fields(node)
        if isinstance(text, str) and pattern.search(text)
    ]
    expect_none(named, "Docstrings may speak of frameworks, code only in xp:")


def test_importing_gradatim_loads_no_third_party_module():
    program = (
        "import sys; before = set(sys.modules); import gradatim\n"
        "tops = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(tops - sys.stdlib_module_names))"
    )
    run = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(SRC)!r})\n{program}"]
    loaded = subprocess.run(run, capture_output=True, text=True, check=False)
    assert loaded.stdout.split() == ["gradatim"], loaded.stdout + loaded.stderr


# A file is written whole or not at all by core.atomic. These replace no file: they add lines to the
# ledger of a race, keep uploads to the studio, prepare stderr, draw in memory.
WRITE_OTHERWISE = {
    "gradatim.core.atomic",
    "gradatim.race.ledger",
    "gradatim.studio.dropped",
    "gradatim.cli._streams",
    "gradatim.look.figures",
}


def test_files_are_written_by_the_atomic_writer():
    written = [
        f"{module_name(file)}, line {node.lineno}: {ast.unparse(node.func)}(...)"
        for file in FILES
        if module_name(file) not in WRITE_OTHERWISE
        for node, _ in walk(tree(file))
        if isinstance(node, ast.Call) and writes_a_file(node)
    ]
    expect_none(written, "Give the content to core.atomic.replace_file:")


def writes_a_file(call: ast.Call) -> bool:
    name = ast.unparse(call.func).rpartition(".")[2]
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    modes = [arg.value for arg in given if isinstance(arg, ast.Constant)]
    opens_to_write = any(
        isinstance(mode, str) and re.fullmatch("[rwaxbt+]*[wax+][rwaxbt+]*", mode) for mode in modes
    )
    to_a_path = {"write_text", "write_bytes", "savefig", "savez", "tofile"}
    return name in to_a_path or (name == "open" and opens_to_write)


def test_files_are_named_after_ideas():
    drawers = re.compile(r"_?(utils?|helpers?|common|misc|base\d*)")
    named = [
        path.relative_to(ROOT)
        for top in ("src", "tests", "benchmarks", "examples")
        for path in (ROOT / top).rglob("*")
        if drawers.fullmatch(path.stem)
    ]
    expect_none(named, "Name the idea that the file holds:")


def test_every_folder_is_a_package():
    # Without an __init__.py, pytest imports the folder's files a second time, under another name,
    # and each schedule in them registers twice.
    bare = {
        file.parent.relative_to(ROOT)
        for file in FILES
        if not (file.parent / "__init__.py").exists()
    }
    expect_none(sorted(bare), "Add an __init__.py to:")


def test_each_folder_says_what_it_holds_and_how_it_grows():
    folders = [file for file in FILES if file.name == "__init__.py"]
    silent = [
        file.parent.relative_to(ROOT)
        for file in folders
        if file.parent.name != "gradatim"
        and not re.search(r"May import.*To\s+add", file.read_text(encoding="utf-8"), re.DOTALL)
    ]
    expect_none(silent, "Its __init__ says what lives here, 'May import ...' and 'To add ...':")


def test_the_formatter_has_no_exceptions():
    mark = re.compile(r"# fmt: (skip" + r"|off)")
    excepted = [
        path.relative_to(ROOT)
        for top in ("src", "tests", "benchmarks", "examples", "docs")
        for path in (ROOT / top).rglob("*.py")
        if mark.search(path.read_text(encoding="utf-8"))
    ]
    expect_none(sorted(excepted), "Let the formatter format:")


def test_files_are_short():
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    long = [f"{file.relative_to(ROOT)}: {n} lines" for file, n in lengths.items() if n > 400]
    expect_none(long, "Past 400 lines a file holds two ideas. Give each its own:")


def test_the_package_says_that_it_is_typed():
    assert (SRC / "gradatim" / "py.typed").is_file()


def test_nothing_names_the_machine_it_was_written_on():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    # A home folder with a name in it, or the folder of a build machine.
    path = re.compile(rb"(?<![\w.~:/-])/(?:(?:home|Users)/\w+|root|work)/")
    named = []
    for file in map(ROOT.joinpath, filter(None, listed.split("\0"))):
        if file.is_file() and (found := path.search(file.read_bytes())):
            named.append(f"{file.relative_to(ROOT)}: {found[0].decode()}")
    expect_none(named, "Paths are relative to the project, or an argument:")


@cache
def pinned(name: str) -> dict[str, str]:
    lines = (ROOT / "constraints" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


@cache
def extras() -> dict[str, list[Requirement]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["dependencies"] == [], "The core stands on the standard library alone."
    return {
        extra: [r for r in map(Requirement, lines) if r.name != "gradatim"]
        for extra, lines in project["optional-dependencies"].items()
    }


def test_every_direct_dependency_is_pinned():
    known = pinned("latest").keys() | pinned("trainers").keys()
    loose = {r.name for rs in extras().values() for r in rs} - known
    expect_none(sorted(loose), "constraints/ says what we test against. Pin there:")


FOR_TESTS = {"dev", "docs", "release", "test", "test-torch", "test-trainers"}


@pytest.mark.parametrize("extra", sorted(extras().keys() - FOR_TESTS))
def test_minimums_are_those_we_test(extra):
    wrong = [
        str(r) for r in extras()[extra] if str(r.specifier) != f">={pinned('minimum').get(r.name)}"
    ]
    expect_none(wrong, f"Extra {extra!r} and constraints/minimum.txt must name the same version:")
