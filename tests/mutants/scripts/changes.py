"""What a mutant changes: the lines of its function before and after."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.format_utils import orig_function_and_class_names_from_key


class Change(NamedTuple):
    """One change of one function."""

    file: str
    """The file, from ``src/gradatim`` on."""
    function: str
    """The name of the function, after that of its class."""
    was: str
    """The lines that are replaced, without their indentation."""
    now: str
    """The lines in their place."""


def change_of(mutant: str, path: Path) -> Change:
    """What a mutant of a file changes."""
    function, owner = orig_function_and_class_names_from_key(mutant)
    lines = get_diff_for_mutant(mutant, path=path).splitlines()[2:]
    was, now = ([one[1:].strip() for one in lines if one.startswith(sign)] for sign in "-+")
    return Change(
        "/".join(path.parts[2:]),
        f"{owner}.{function}" if owner else function,
        "\n".join(was),
        "\n".join(now),
    )
