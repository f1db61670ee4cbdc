"""Files of a history, which later loads of the run continue."""

from __future__ import annotations

import os
from collections.abc import Iterator

from gradatim.core import atomic
from gradatim.core.paths import name_of
from gradatim.drive.history.history import History
from gradatim.errors import GradatimError


def is_record(path: str | os.PathLike[str]) -> bool:
    """Whether a file of this name is a full record; otherwise it is a table."""
    return name_of(path).lower().endswith(".jsonl")


def save_history(path: str | os.PathLike[str], history: History, end: int) -> str | None:
    """Write a history, continuing the file of that name if there is one.

    Updates of the file before the start of this history stay; those from there on are replaced,
    since they were made before the load and are lost.

    Args:
        path: A name ending in ".jsonl" is that of a full record, any other that of a table.
        history: The history.
        end: The completed updates.

    Returns:
        A sentence about updates that are in neither of the two, if there are any.

    Raises:
        GradatimError: If the file is no history of ours. It is untouched.
    """
    from gradatim.drive.history.record import record_of
    from gradatim.drive.history.table import table_of

    where = f"save_history: {name_of(path)}"
    text_of = record_of if is_record(path) else table_of
    earlier = lines_of(path, where) if os.path.exists(path) else None
    text, last = text_of(history, end, earlier, where)
    atomic.replace_file(path, text)
    history.saved = max(history.saved, end)
    if last is None or last + 1 == history.start:
        return None
    return (
        f"{where} has no updates from {last + 1} to {history.start - 1}: they were made before "
        "the load, and not saved."
    )


def lines_of(path: str | os.PathLike[str], where: str) -> Iterator[str]:
    """The lines of a regular file, one by one.

    Raises:
        GradatimError: If it is none, cannot be read, or holds no text.
    """
    if not os.path.isfile(path):
        raise GradatimError(f"{where}: it is no regular file.")
    try:
        with open(path, encoding="utf-8", newline="") as file:
            yield from file
    except OSError as error:
        raise GradatimError(f"{where}: it cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise GradatimError(f"{where}: no UTF-8 text: {error.reason}.") from None
