"""What finders of all projects share: an entry in one line, and its keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradatim.errors import unknown_name
from gradatim.peers.settings.tree import Setting

_LONGEST = 100


def in_one_line(name: str, entries: Mapping[str, Setting]) -> str:
    """An entry of a settings file as a call, at most 100 characters long.

    >>> in_one_line("WarmupLR", {"warmup_num_steps": Setting("auto", 3)})
    'WarmupLR(warmup_num_steps=auto)'
    """
    said = ", ".join(f"{key}={_shown(entry)}" for key, entry in entries.items())
    line = f"{name}({said})"
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 4]}...)"


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
