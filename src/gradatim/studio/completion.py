"""What can be written at a place of a text: names, arguments, methods, choices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from gradatim.core.values.fields import declared_types
from gradatim.core.values.value import buildable
from gradatim.look.catalogue import Entry, entries
from gradatim.plans.plan import format_of
from gradatim.studio.body import Body, Data
from gradatim.studio.form import kind_of

_WORD = re.compile(r"[A-Za-z_]\w*$")
_CHOICE = re.compile(r"[\w-]*$")
_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'")
_METHODS = ("clip", "repeat", "shift", "staircase", "rounded", "cut", "stretched")
_MOST = 12


@cache
def known() -> dict[str, Entry]:
    """Every name of the registry that a text may use, with its description."""
    return {entry.name: entry for entry in entries() if entry.name != "Function"}


def complete(body: Body) -> Data:
    """The endings of the word before the cursor, with what each means."""
    text, cursor = body.text("text"), body.integer("cursor", 0, 2**20)
    before = text.encode("utf-16-le")[: 2 * cursor].decode("utf-16-le", errors="ignore")
    found = (_CHOICE if _in_string(before) else _WORD).search(before)
    word = found[0] if found else ""
    options = _options(text, before[: len(before) - len(word)])
    fitting = [one for one in options if _fits(one["text"], word)]
    fitting.sort(key=lambda one: not one["text"].lower().startswith(word.lower()))
    return {"start": cursor - len(word), "end": cursor, "options": fitting[:_MOST]}


def _fits(option: str, word: str) -> bool:
    """Whether an option begins with a word, or a part of its name does; not what is there already.

    >>> _fits("warmup_cosine", "cos"), _fits("peak=", "peak"), _fits("Cosine", "cosine")
    (True, True, True)
    """
    name, typed = option.lower().strip("\"'"), word.lower()
    parts = {name, *re.findall(r"(?<=_).+", name)}
    return option != word and any(part.startswith(typed) for part in parts)


def _options(text: str, before: str) -> Iterator[dict[str, str]]:
    if format_of(text):
        yield from _of_plan(before)
        return
    if before.endswith("."):
        yield from ({"text": f"{name}(", "detail": "method"} for name in _METHODS)
        return
    called = _open_call(before)
    make: Any = buildable().get(called)
    assigned = re.search(r"(\w+)\s*=\s*[\"']?$", before)
    if make is not None and assigned:
        wanted = declared_types(make).get(assigned[1])
        kind, choices = kind_of(wanted) if wanted is not None else ("", [])
        if kind == "choice":
            quote = "" if before.endswith(("'", '"')) else '"'
            yield from ({"text": f"{quote}{one}{quote}", "detail": "choice"} for one in choices)
        if kind:
            return
    if _in_string(before):
        return
    if make is not None and re.search(r"[(,]\s*$", before):
        given = set(re.findall(r"(\w+)\s*=", before[before.rfind(called) :]))
        entry = known().get(called)
        descriptions = {name: line for name, _, line in entry.arguments()} if entry else {}
        for name in declared_types(make):
            if name not in given:
                yield {"text": f"{name}=", "detail": descriptions.get(name, "").replace("``", "")}
    yield from _schedules()


def _in_string(before: str) -> bool:
    """Whether a text ends inside quotes."""
    rest = _TEXT.sub("", before)
    return "'" in rest or '"' in rest


def _schedules() -> Iterator[dict[str, str]]:
    order = ("recipe", "schedule")
    for entry in sorted(
        (one for one in known().values() if one.kind in order), key=lambda e: order.index(e.kind)
    ):
        yield {"text": f"{entry.name}(", "detail": entry.line.replace("``", "")}


def _of_plan(before: str) -> Iterator[dict[str, str]]:
    """Names of schedules and rules, and the arguments of the last one above."""
    names = [name for name in re.findall(r"[A-Za-z_]\w*", before) if name in known()]
    if names:
        for name, _, line in known()[names[-1]].arguments():
            yield {"text": f"{name}: ", "detail": line.replace("``", "")}
    for entry in known().values():
        yield {"text": f"{entry.name}:", "detail": entry.line.replace("``", "")}


def _open_call(before: str) -> str:
    """The name of the innermost call whose bracket is open at the end of a text."""
    bare = _TEXT.sub(lambda found: "_" * len(found[0]), before)
    depth = 0
    for at in range(len(bare) - 1, -1, -1):
        depth += (bare[at] in ")]") - (bare[at] in "([")
        if depth < 0:
            found = _WORD.search(bare[:at])
            return found[0] if found and bare[at] == "(" else ""
    return ""
