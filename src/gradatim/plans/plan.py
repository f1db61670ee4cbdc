"""Reading a plan from a file."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from gradatim.core.build import Node
from gradatim.core.paths import name_of
from gradatim.drive import Plan
from gradatim.errors import GradatimError, unknown_name
from gradatim.plans import json, toml, yaml
from gradatim.plans.reading import PlanReader
from gradatim.plans.tree import LARGEST

FORMATS: dict[str, Callable[[str], Node]] = {
    ".yaml": yaml.read_yaml,
    ".yml": yaml.read_yaml,
    ".toml": toml.read_toml,
    ".json": json.read_json,
}
"""The reader for each ending of a file's name."""


def load_plan(path: str | os.PathLike[str]) -> Plan:
    """The plan that a YAML, TOML or JSON file describes. Nothing in the file can run code.

    Args:
        path: A file whose name ends in .yaml, .yml, .toml or .json, of at most 64 KiB. Lengths
            in it are updates, or texts such as "5%", "2 epochs" or "1e9 tokens", which its run
            resolves. ``steps`` of the schedule of a target may be left out: they are
            those of the run.

    Raises:
        GradatimError: If the file cannot be read or is not a plan; with the line if it is known.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
    ...     print(
    ...         "format = 1",
    ...         "run.steps = 1000",
    ...         "[schedules.lr.warmup_cosine]",
    ...         "peak = 3e-4",
    ...         'warmup = "5%"',
    ...         sep="\\n",
    ...         file=file,
    ...         flush=True,
    ...     )
    ...     load_plan(file.name)["lr"]
    Linear(start=0.0, end=0.0003, steps=50) >> Cosine(start=0.0003, end=0.0, steps=950)
    """
    path = Path(name_of(path))
    if path.suffix.lower() not in FORMATS:
        raise unknown_name(f"{path}", "ending of a plan file", path.suffix, FORMATS)
    text = read_plan_text(path)
    try:
        return read_plan(text, path.suffix.lower())
    except GradatimError as error:
        raise GradatimError(f"{path}: {error}") from None


def read_plan(text: str, ending: str) -> Plan:
    """The plan in a text, in the format of this file ending."""
    reader = PlanReader(FORMATS[ending](text))
    schedules, external = reader.schedules(), reader.external()
    return Plan(schedules, external=external, rules=reader.rules(), run=reader.run)


def format_of(text: str) -> str:
    """The file ending of the format that a plan is written in; "" for the text of a schedule.

    >>> format_of("run:\\n  steps: 10"), format_of("wsd(peak=1.0, steps=10)")
    ('.yaml', '')
    """
    if re.match(r'\s*\{\s*"', text):
        return ".json"
    if re.search(r"""^["']?(format|run|schedules)["']?\s*:""", text, re.M) or text[:1] == "{":
        return ".yaml"
    return ".toml" if re.search(r"^\s*(format\s*=|run\b.*=|\[schedules)", text, re.M) else ""


def read_plan_text(path: Path) -> str:
    """The text of a plan file, of any ending.

    Raises:
        GradatimError: If it cannot be read, is too large, or is not UTF-8.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise GradatimError(f"{path}: not a file.")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        if isinstance(error, GradatimError):
            raise
        raise GradatimError(f"{path}: cannot be read: {reason}.") from None
    if len(data) > LARGEST:
        raise GradatimError(f"{path}: more than {LARGEST // 1024} KiB, which no plan needs.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GradatimError(
            f"{path}: not UTF-8 text, at byte {error.start + 1}. Save it as UTF-8."
        ) from None
