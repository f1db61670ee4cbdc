"""The pages that the code writes itself: gallery, command, reference. And the list of all pages.

mkdocs calls ``on_config`` and ``on_files``; the tests call ``pages``. Nothing of it is stored, so
none of it can be out of date.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import os
import pkgutil
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import gradatim
import gradatim.cli
from gradatim.core.schedule import Schedule
from gradatim.core.sketch import curve_svg
from gradatim.core.values.fields import FieldType, declared_types
from gradatim.look.catalogue import Entry, entries, said_of
from gradatim.look.formula import readable

DOCS = Path(__file__).parent
ORDER = {
    "index.md": "Gradatim", "which-schedule.md": "Which schedule should I use?",
    "schedules.md": "Write a schedule", "how-it-works.md": "How it works",
    "gallery.md": "Gallery", "own-schedule.md": "Your own schedule",
    "clocks.md": "Time, tokens, batches", "plans.md": "Plans",
    "projects.md": "Schedules of public projects", "command.md": "The command", "torch.md": "torch",
    "migrate.md": "Coming from torch, transformers, timm, Ignite", "keras.md": "Keras",
    "jax.md": "JAX and Optax",
    "speechbrain.md": "SpeechBrain", "convert.md": "Other projects", "race.md": "Race",
    "forecast.md": "Forecast", "benchmarks.md": "Benchmarks", "reference.md": "Reference",
}  # fmt: skip
_LONGEST_FORMULA = 900
"""Characters of LaTeX: a cycle without end, written out, is no help to a reader."""
_LONGEST_LINE = 72
MODULES = (
    "gradatim", "gradatim.pieces", "gradatim.recipes", "gradatim.closed_forms", "gradatim.rules",
    "gradatim.fields", "gradatim.xp", "gradatim.testing",
    "gradatim.findings", "gradatim.look", "gradatim.convert", "gradatim.plans",
    "gradatim.logs", "gradatim.race", "gradatim.forecast", "gradatim.theory.bound",
    "gradatim.theory.seesaw", "gradatim.theory.adamw_memory",
)  # fmt: skip
"""The modules whose public names the reference lists; bindings have pages of their own."""


def pages() -> dict[str, str]:
    """Each generated page by its file's name."""
    return {"gallery.md": gallery(), "command.md": command(), "reference.md": reference()}


def gallery() -> str:
    """Every schedule, recipe and rule: picture, formula, arguments, example, source."""
    titles = {"recipe": "Recipes", "schedule": "Pieces", "rule": "Rules"}
    parts = [
        "# Gallery", "Generated from the registry: a schedule of your own stands in yours, too. "
        "Pictures and formulas are those of the example; the formula comes out of the code that "
        "computes the values.",
    ]  # fmt: skip
    for kind, title in titles.items():
        parts += [f"## {title}", *(_entry(e) for e in entries() if e.kind == kind)]
    return "\n\n".join(parts)


def _entry(entry: Entry) -> str:
    rows = "\n".join(
        f"| `{name}` | {f'`{default}`' if default else ''} | {_inline(meaning)} |"
        for name, default, meaning in entry.arguments()
    )
    specimen = entry.specimen()
    parts = [
        f"### {entry.name}", _inline(entry.line), curve_svg(specimen) if specimen else "",
        _formula(entry, specimen), _inline(entry.prose()),
        f"| argument | default | meaning |\n|---|---|---|\n{rows}" if rows else "",
        f"```pycon\n{entry.example()}\n```",
        f"Source: {_inline(entry.source)}" if entry.source else "",
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def _formula(entry: Entry, specimen: Schedule | None) -> str:
    from latex2mathml.converter import convert
    from sympy import latex

    expression = _in_fields(entry.make) if isinstance(entry.make, type) else None
    if expression is None and specimen is not None and entry.name != "Function":
        expression = specimen.formula()
    if expression is None:
        return ""
    expression = readable(expression)
    names = {symbol: str(symbol) for symbol in expression.free_symbols if len(str(symbol)) > 1}
    upright = {symbol: rf"\mathrm{{{name}}}" for symbol, name in names.items()}
    source = latex(expression, symbol_names=upright)
    if len(source) > _LONGEST_FORMULA:
        return ""
    drawn = convert(source, display="block")  # MathML: no script and no other server draws it
    return f"{drawn}\n\n<details><summary>LaTeX</summary><pre>{escape(source)}</pre></details>"


def _in_fields(cls: type) -> Any:
    """The formula with the names of the fields in it, where every field is a plain number."""
    import sympy

    from gradatim.xp.dispatch import symbolic

    if not issubclass(cls, Schedule):
        return None
    blank = cls.__new__(cls)
    for name in declared_types(cls):
        object.__setattr__(blank, name, sympy.Symbol(name, positive=True))
    xp = symbolic()
    try:
        return sympy.sympify(blank.at(xp.step, xp))
    except (TypeError, AttributeError, ValueError, KeyError):
        return None


def _inline(text: str) -> str:
    """Docstrings write code as ``code``."""
    return re.sub(r"``(.+?)``", r"`\1`", text).replace("|", "\\|")


def verbs() -> list[str]:
    """The verbs of the command."""
    found = (module.name for module in pkgutil.iter_modules(gradatim.cli.__path__))
    return sorted(name.rstrip("_") for name in found if not name.startswith("_"))


def command() -> str:
    """What each verb says about itself."""
    parts = [
        "# The command",
        '`pip install "gradatim[cli]"` brings the command `gradatim`. Exit codes: '
        "0 fine, 1 findings, 2 bad input, with one to five lines on stderr.",
        f"```text\n{_help()}\n```",
    ]  # fmt: skip
    parts += [f"## {verb}\n\n```text\n{_help(verb)}\n```" for verb in verbs()]
    return "\n\n".join(parts)


def _help(*verb: str) -> str:
    said = io.StringIO()
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "88"
    try:
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            gradatim.cli.main([*verb, "--help"])
    finally:
        os.environ.pop("COLUMNS") if before is None else os.environ.update(COLUMNS=before)
    return said.getvalue().strip()


def public(module: str) -> Iterator[tuple[str, Any]]:
    """The public names of a module and what they are."""
    found = importlib.import_module(module)
    own = (n for n, thing in vars(found).items() if getattr(thing, "__module__", "") == module)
    names = getattr(found, "__all__", None) or [n for n in own if not n.startswith("_")]
    return ((name, getattr(found, name)) for name in names)


def reference() -> str:
    """Every public name that is not in the gallery, with its docstring."""
    shown = {entry.name for entry in entries()}
    parts = [
        "# Reference",
        "Names of schedules, recipes and rules are in the [gallery](gallery.md).",
    ]
    for module in MODULES:
        parts.append(f"## {module}")
        for name, thing in public(module):
            if name not in shown:
                parts.append(_described(name, thing))
    return "\n\n".join(parts)


def _described(name: str, thing: Any) -> str:
    if get_origin(thing) is Annotated:
        (field_type,) = (part for part in get_args(thing) if isinstance(part, FieldType))
        return f"### {name}\n\n{field_type.allowed.capitalize()}. {field_type.hint}".rstrip()
    if inspect.ismodule(thing):
        return f"### {name}\n\n{_inline((thing.__doc__ or '').partition(chr(10))[0])}"
    if not callable(thing):
        return f"### {name}\n\n`{thing!r}`"
    text = inspect.cleandoc(thing.__doc__ or "")
    entry = Entry(name, "", " ".join(text.partition("\n\n")[0].split()), text, "", thing)
    rows = "\n".join(f"| `{key}` | {_inline(said)} |" for key, said in said_of(text).items())
    ends = re.findall(r"^(Returns|Raises):\n((?:    .*\n?)+)", text, re.MULTILINE)
    parts = [
        f"### {name}",
        "" if list(_members(thing)) else f"```python\n{_signature(name, thing)}\n```",
        _inline(entry.line),
        _inline(entry.prose()), f"| argument | meaning |\n|---|---|\n{rows}" if rows else "",
        *(f"*{title}*: {_inline(' '.join(said.split()))}" for title, said in ends),
        f"```pycon\n{entry.example()}\n```" if entry.example() else "",
        *(_member(*member) for member in _members(thing)),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def _members(thing: Any) -> Iterator[tuple[str, Any]]:
    """What a protocol asks for; of other classes the docstring says what matters."""
    if getattr(thing, "_is_protocol", False):
        yield from ((name, what) for name, what in vars(thing).items() if not name.startswith("_"))


def _member(name: str, what: Any) -> str:
    text = inspect.cleandoc(what.__doc__ or "")
    entry = Entry(name, "", " ".join(text.partition("\n\n")[0].split()), text, "", what)
    takes = "" if isinstance(what, property) else list(inspect.signature(what).parameters)[1:]
    title = f"#### xp.{name}({', '.join(takes)})" if takes else f"#### xp.{name}"
    example = f"```pycon\n{entry.example()}\n```"
    parts = (title, _inline(entry.line), _inline(entry.prose()), example)
    return "\n\n".join(part for part in parts if part)


def _signature(name: str, thing: Any) -> str:
    try:
        signature = str(inspect.signature(thing))
    except ValueError:
        return f"{name}(...)"
    signature = re.sub(r"Annotated\[(\w+).*?\]\]?", r"\1", signature)
    signature = re.sub(r"ForwardRef\('(.+?)'[^)]*\)", r"\1", signature)
    signature = re.sub(r"((?:: |-> ))'(.+?)'", r"\1\2", signature)
    signature = re.sub(
        r"\b(?:gradatim|collections|pathlib|typing)\.(?:\w+\.)*(?=\w)", "", signature
    )
    line = f"{name}{signature}"
    if len(line) <= _LONGEST_LINE:
        return line
    # Commas between arguments, not those inside of a type.
    inside, closing = signature[1:].rsplit(")", 1) if ")" in signature else (signature[1:], "")
    parts = re.split(r", (?![^\[(]*[\])])", inside)
    return f"{name}(\n    " + ",\n    ".join(parts) + f",\n){closing}"


def on_config(config: Any) -> Any:
    """List the pages that there are, in order, and those nobody ordered after them."""
    there = {path.name for path in DOCS.glob("*.md")} | {"gallery.md", "command.md", "reference.md"}
    names = [name for name in ORDER if name in there] + sorted(there - ORDER.keys())
    nav: list[Any] = [{ORDER[name]: name} if name in ORDER else name for name in names]
    trainers = [f"trainers/{path.name}" for path in sorted((DOCS / "trainers").glob("*.md"))]
    nav.insert(names.index("torch.md") + 1, {"Trainers": trainers})
    config.nav = nav
    return config


def on_files(files: Any, *, config: Any) -> Any:
    """Add the generated pages."""
    from mkdocs.structure.files import File

    for name, content in pages().items():
        files.append(File.generated(config, name, content=content))
    return files
