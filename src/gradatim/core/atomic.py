"""Atomic replacement of files."""

from __future__ import annotations

import os

from gradatim.errors import GradatimError


def replace_file(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Replace the content of a file atomically: a kill or a full disk leaves the old content.

    Args:
        path: The file; its folder exists. A link is followed, a file keeps its permissions.
        content: Text, written as UTF-8, or bytes.

    Raises:
        OSError: If it cannot be written. The old file is untouched and nothing is left beside it.
        GradatimError: If the path is that of a folder, a pipe or a device, which a file would
            replace.
    """
    given, path = os.fspath(path), os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        what = "a folder" if os.path.isdir(path) else "a pipe or a device"
        raise GradatimError(f"{given}: it is {what}, not a regular file. Give the name of a file.")
    data = content.encode() if isinstance(content, str) else content
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.urandom(8).hex()}.part")
    try:
        with open(temporary, "xb") as file:
            if os.path.exists(path):
                os.chmod(temporary, os.stat(path).st_mode & 0o777)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
