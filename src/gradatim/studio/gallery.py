"""The gallery: every schedule and recipe with a text to begin with, and a small picture."""

from __future__ import annotations

import ast
from functools import cache

from gradatim.core.schedule import Schedule
from gradatim.core.sketch import horizon, sample_points
from gradatim.core.syntax_trees import module_of
from gradatim.core.text import parse
from gradatim.core.values.fields import declared_types
from gradatim.errors import GradatimError
from gradatim.look.catalogue import Entry, entries
from gradatim.studio.body import Body, Data
from gradatim.studio.calls import calls_in
from gradatim.studio.form import kind_of

_USUAL = {
    "warmup_cosine": "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)",
    "warmup_linear": "warmup_linear(peak=3e-4, warmup=500, steps=10_000)",
    "wsd": "wsd(peak=3e-4, warmup=500, steps=10_000)",
    "one_cycle": "one_cycle(peak=3e-4, steps=10_000)",
    "cosine_restarts": "cosine_restarts(peak=3e-4, cycle=2_500).cut(10_000)",
    "step_decay": "step_decay(peak=3e-4, every=2_500, factor=0.5).cut(10_000)",
    "warmup_inverse_sqrt": "warmup_inverse_sqrt(peak=3e-4, warmup=500, steps=10_000)",
    "cyclic": "cyclic(peak=3e-4, start=1e-5, up=1_000).cut(10_000)",
}
"""What most people look for, over a run of usual length. The others begin with their examples."""
_LONG = 10_000
_POINTS = 48


def gallery(body: Body) -> Data:
    """Every schedule that can be written, recipes first."""
    return {"entries": list(_gallery())}


@cache
def _gallery() -> tuple[Data, ...]:
    found = []
    for entry in sorted(entries(), key=_order):
        schedule = entry.specimen()
        if schedule is None or entry.name == "Function":
            continue
        text = _USUAL.get(entry.name) or _text(entry, schedule)
        drawn = parse(text)
        last = horizon(drawn) - (drawn.length is not None)  # what follows the end is no part of it
        points = sample_points(drawn, last, _POINTS)
        described: Data = {
            "name": entry.name,
            "line": entry.line.replace("``", ""),
            "text": text,
            "points": [[point.step / last, point.value] for point in points],
        }
        found.append(described)
    return tuple(found)


def _order(entry: Entry) -> tuple[int, bool]:
    """What most people look for comes first, then the other recipes, then the pieces."""
    usual = list(_USUAL)
    return (usual.index(entry.name) if entry.name in usual else len(usual)), entry.kind != "recipe"


def _text(entry: Entry, schedule: Schedule) -> str:
    """The call in the example of the docstring, over a run of usual length."""
    for node in ast.walk(module_of(_code(entry))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == entry.name:
            text = ast.unparse(node)
            try:
                return _stretched(text, parse(text))
            except GradatimError:
                continue  # it stands on names that the example defines before
    return repr(schedule)


def _code(entry: Entry) -> str:
    lines = entry.example().split("\n")
    return "\n".join(line[4:] for line in lines if line.startswith((">>> ", "... ")))


def _stretched(text: str, schedule: Schedule) -> str:
    """The text with each length in it multiplied, if that gives a longer run."""
    factor = max(1, _LONG // horizon(schedule))
    longer = text
    lengths = [
        argument
        for call in calls_in(text)
        if call.make is not None
        for argument in call.arguments
        if kind_of(declared_types(call.make).get(argument.name))[0] == "steps"
        and argument.text.isdigit()
    ]
    for argument in sorted(lengths, key=lambda one: -one.start):
        written = f"{int(argument.text) * factor:_}"
        longer = longer[: argument.start] + written + longer[argument.end :]
    try:
        return longer if parse(longer) == schedule.stretched(factor) else text
    except GradatimError:
        return text
