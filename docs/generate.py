"""The gallery and the page of the command, generated from the code.

mkdocs calls ``on_files``; the tests call ``pages``. Nothing of it is stored, so none of it can be
out of date. The reference is generated in ``reference.py``.
"""

from __future__ import annotations

import contextlib
import io
import os
import pkgutil
import re
from html import escape
from typing import Any

import gradatim
import gradatim.cli
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import declared_types
from gradatim.look.axis import axis_of
from gradatim.look.catalogue import Entry, entries
from gradatim.look.formula import readable
from gradatim.look.svg import curves_svg

FIRST = ("warmup_cosine", "warmup_linear", "wsd")
"""What most people look for stands first in the gallery."""
_LONGEST_FORMULA = 900
"""Characters of LaTeX: a cycle without end, written out, is no help to a reader."""


def pages() -> dict[str, str]:
    """Each generated page by its file's name."""
    return {"gallery.md": gallery(), "command.md": command()}


def gallery() -> str:
    """Every schedule, recipe and rule: picture, formula, arguments, example, source."""
    titles = {"recipe": "Recipes", "schedule": "Pieces", "rule": "Rules"}
    parts = [
        "# Gallery",
        "Every schedule, recipe and rule, generated from the code. Each picture and formula is "
        "that of the example below it; the formula is computed by the same method as the values.",
    ]
    found = sorted(entries(), key=_place)
    for kind, title in titles.items():
        parts += [f"## {title}", *(_entry(e) for e in found if e.kind == kind)]
    return "\n\n".join(parts)


def _place(entry: Entry) -> int:
    return FIRST.index(entry.name) if entry.name in FIRST else len(FIRST)


def _entry(entry: Entry) -> str:
    rows = "\n".join(
        f"| `{name}` | {f'`{default}`' if default else ''} | {_inline(meaning)} |"
        for name, default, meaning in entry.arguments()
    )
    specimen = entry.specimen()
    parts = [
        f"### {entry.name}",
        _inline(entry.line),
        _picture(entry.name, specimen) if specimen else "",
        _formula(entry, specimen),
        _inline(entry.prose()),
        f"| argument | default | meaning |\n|---|---|---|\n{rows}" if rows else "",
        f"```pycon\n{entry.example()}\n```",
        f"Source: {_inline(entry.source)}" if entry.source else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _picture(name: str, specimen: Schedule) -> str:
    return curves_svg([specimen], axis_of("gallery", {name: (specimen, None)}), name)


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
    verbs = (name.rstrip("_").replace("_", "-") for name in found if not name.startswith("_"))
    return sorted(verbs)


def command() -> str:
    """What each verb says about itself."""
    parts = [
        "# The command",
        '`pip install "gradatim[cli]"` brings the command `gradatim`. Exit codes: '
        "0 fine, 1 findings, 2 bad input, with one to five lines on stderr.",
        f"```text\n{_help()}\n```",
    ]
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


def on_files(files: Any, *, config: Any) -> Any:
    """Add the generated pages."""
    from mkdocs.structure.files import File

    for name, content in pages().items():
        files.append(File.generated(config, name, content=content))
    return files
