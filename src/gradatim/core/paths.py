"""Files as callers name them: a name that a file can have, and a regular file behind it."""

from __future__ import annotations

import os

from gradatim.errors import GradatimError, shown


def name_of(path: str | os.PathLike[str]) -> str:
    """A path as a text.

    Raises:
        GradatimError: If it is no text, or one that no file can have as its name.
    """
    name = os.fspath(path) if isinstance(path, str | os.PathLike) else path
    why = "a text or a pathlib.Path"
    if isinstance(name, str):
        why = "neither empty nor with a NUL in it" if not name or "\0" in name else ""
        try:
            os.fsencode(name)
        except UnicodeEncodeError:
            why = "one that this system can encode"
    if why:
        raise GradatimError(f"The name of a file must be {why}, got {shown(path)}.")
    return name


def refuse_irregular(name: str, path: str) -> None:
    """Refuse a folder, a pipe and a device; a file that does not exist is none of them.

    Args:
        name: The path as the caller gave it.
        path: The path to look at.

    Raises:
        GradatimError: If there is something that is no regular file.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        what = "a folder" if os.path.isdir(path) else "a pipe or a device"
        raise GradatimError(f"{name}: it is {what}, not a regular file. Give the name of a file.")
