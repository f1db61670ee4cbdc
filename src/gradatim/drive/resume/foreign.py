"""States that other schedulers wrote: what they say of the position, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gradatim.errors import GradatimError, invalid_value

_DEEPEST = 4
_MOST_ENTRIES = 10_000


def foreign_state(state: object) -> GradatimError:
    """The error for what is no state of ours: that of another scheduler, or something around one.

    Schedulers of torch, and those of others that stand on them, count their calls as 'last_epoch';
    a chain of them keeps it further inside, and a trainer keeps their states in a list.
    """
    for point, inside in _mappings(state):
        if {"format", "position", "schedules"} <= inside.keys():
            return GradatimError(
                f"load: this holds the state that state_dict() gave, under {point}. Load that."
            )
        if "last_epoch" in inside:
            known = _from_last_epoch(inside, f" under {point}" if point else "")
            if known is not None:
                return known
    return invalid_value(
        "load",
        "state",
        state,
        "what state_dict() gave: it has a 'format'",
        "To go on at a position that you know, write scheduler.seek(position).",
    )


def _from_last_epoch(state: Mapping[Any, Any], point: str) -> GradatimError | None:
    steps = state["last_epoch"]
    if type(steps) is not int or steps < 0:
        return None
    begin = (
        "load: this is the state of another scheduler, such as one of torch or transformers: it "
        f"has a 'last_epoch', {steps},{point} and no 'format'."
    )
    if "num_bad_epochs" in state:
        counted = "That one counts evaluations, not updates: write scheduler.seek(position)"
    else:
        counted = f"If it was stepped once per update, write scheduler.seek({steps})"
    return GradatimError(
        f"{begin} {counted} instead of loading it. Where a trainer loads it by itself, seek, then "
        "save scheduler.state_dict() over the trainer's file. gradatim.torch.from_torch(...) "
        "translates the scheduler itself."
    )


def _mappings(value: object, point: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Each mapping in some nested data and where it is, the outermost first."""
    if isinstance(value, Mapping):
        yield point, value
        entries = list(value.items())
    elif isinstance(value, (list, tuple)):
        entries = list(enumerate(value))
    else:
        return
    if depth < _DEEPEST:
        for key, entry in entries[:_MOST_ENTRIES]:
            yield from _mappings(entry, f"{point}[{key!r}]", depth + 1)
