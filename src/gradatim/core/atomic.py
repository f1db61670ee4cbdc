"""Atomic replacement of files."""

from __future__ import annotations

import errno
import os

from gradatim.core.paths import name_of, refuse_irregular


def replace_file(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Replace the content of a file atomically: a kill or a full disk leaves the old content.

    Args:
        path: The file; its folder exists. A link is followed, a file keeps its permissions, and
            one that may not be written stays.
        content: Text, written as UTF-8, or bytes.

    Raises:
        OSError: If it cannot be written. The old file is untouched and nothing is left beside it.
        GradatimError: If the path is no name of a file, or that of a folder, a pipe or a device,
            which a file would replace.
    """
    name = name_of(path)
    path = os.path.realpath(name)
    if os.path.islink(path):  # it is what remains of a link that leads to itself
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
    refuse_irregular(name, path)
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)
    data = content.encode() if isinstance(content, str) else content
    # Without the name of the file, which may be as long as a name can be.
    temporary = os.path.join(os.path.dirname(path), f".{os.urandom(8).hex()}.part")
    try:
        with open(temporary, "xb") as file:
            if os.path.exists(path):
                os.chmod(temporary, os.stat(path).st_mode & 0o777)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        if os.path.exists(temporary):
            os.unlink(temporary)
        if isinstance(error, OSError) and error.errno:
            raise OSError(error.errno, error.strerror, name) from error
        raise
