"""What is pasted on the page: code, settings or a command line of another project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradatim.drive import Plan
from gradatim.errors import GradatimError
from gradatim.studio.body import Body, Data
from gradatim.studio.documents import plan_as_yaml

if TYPE_CHECKING:
    from gradatim.peers import Found, Given

_MOST = 20


def read_snippet(body: Body) -> Data:
    """The schedulers in pasted code, settings or a command line, and what could not be read."""
    from gradatim.peers import Given, find  # the page begins without it

    steps = body.number("steps")
    given = Given(lr=body.number("lr"), steps=None if steps is None else int(steps))
    found = find(body.text("code"))
    if not found:
        raise GradatimError(
            "No scheduler was found. Paste the lines that make one: code of torch, transformers, "
            "Keras, Optax and others, or their settings and command lines."
        )
    return {"found": [_read(one, given) for one in found[:_MOST]]}


def _read(found: Found, given: Given) -> Data:
    """One scheduler: its text here, or why it has none."""
    place: dict[str, Data] = {"line": found.line, "project": found.project, "text": found.text}
    try:
        read = found.read(given)
        schedule = repr(read.schedule) if set(read.values) == {"lr"} and not read.rule else ""
        if not schedule:
            schedule = plan_as_yaml(Plan(read.values, rules=read.rule))
    except GradatimError as error:
        return {**place, "error": f"{error}".removeprefix("convert: ")}
    return {**place, "schedule": schedule, "differences": list(read.differences)}
