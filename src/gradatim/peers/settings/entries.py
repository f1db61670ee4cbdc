"""What readers of settings share: an entry in one line, its keys, and the rate beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradatim.errors import GradatimError, in_short, unknown_name
from gradatim.peers.found import Given, Read
from gradatim.peers.settings.tree import Setting, sections

_LONGEST = 100
_OF_A_SCHEDULE = re.compile(r"(^|_)lr($|_)|learning_rate|warmup|scheduler|decay_(steps|iters)")


def in_one_line(name: str, entries: Mapping[str, Setting]) -> str:
    """An entry of a settings file as a call, at most 100 characters long.

    >>> in_one_line("WarmupLR", {"warmup_num_steps": Setting("auto", 3)})
    'WarmupLR(warmup_num_steps=auto)'
    """
    said = ", ".join(f"{key}={_shown(entry)}" for key, entry in entries.items())
    return in_short(f"{name}({said})", _LONGEST)


def _shown(setting: Setting) -> str:
    if isinstance(setting.value, dict):
        return "{...}"
    return "[...]" if isinstance(setting.value, list) else str(setting.value)


def check_known(where: str, setting: Setting, known: Sequence[str]) -> None:
    """Refuse a key that is not known beside those of a scheduler.

    Raises:
        GradatimError: With its line.
    """
    for key, entry in setting.entries.items():
        if key not in known:
            raise unknown_name(f"line {entry.line}: {where}", "key", key, known)


def not_found(tree: Setting) -> GradatimError:
    """The error for settings without a scheduler that is known; the caller raises it."""
    found: dict[str, int] = {}
    for _, section in sections(tree):
        for key, entry in section.entries.items():
            if _OF_A_SCHEDULE.search(key) and not isinstance(entry.value, dict | list):
                found.setdefault(key, entry.line)
    if not found:
        return GradatimError("there is no scheduler that is known in it.")
    listed = ", ".join(f"{key} (line {line})" for key, line in list(found.items())[:5])
    return GradatimError(
        f"there is no scheduler that is known in it. {listed}: what is made of them is in the code "
        "that reads this file. Give that file, or write the schedule."
    )


def read_with_rate(
    means: Callable[[float | None], Read],
    given: Given,
    written: Callable[[], Any],
    needed: bool,
) -> Read:
    """What a scheduler means with the rate of the user, or else that of the file.

    Args:
        means: What it means for a rate of the optimizer.
        given: What the user adds.
        written: The rate of the optimizer in the file; what is no number is none.
        needed: Whether the scheduler multiplies that rate.

    Raises:
        GradatimError: If the rate is needed and cannot be known.

    >>> read_with_rate(lambda lr: Read(), Given(lr=0.1), lambda: None, False).differences
    ('--lr is not used: the scheduler has rates of its own.',)
    """
    try:
        found = written()
        rate = float(found) if isinstance(found, int | float) else None
    except GradatimError:
        if given.lr is None and needed:
            raise
        rate = None
    if given.lr is None:
        return means(rate)
    read, said = means(given.lr), ""
    if not needed and _same_without_rate(means, read):
        said = "--lr is not used: the scheduler has rates of its own."
    elif rate not in (None, given.lr):
        said = f"The optimizer in the file has lr={rate!r}, and this is for {given.lr!r}."
    return read.saying(said)


def _same_without_rate(means: Callable[[float | None], Read], found: Read) -> bool:
    try:
        return means(None).values == found.values
    except GradatimError:
        return False
