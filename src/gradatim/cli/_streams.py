"""The standard streams, prepared so that none of them can stop a verb."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TextIO

_STDERR = 2


class _Unfailing(io.TextIOWrapper):
    """A text stream whose writes never fail: what a full disk does not take is dropped."""

    def write(self, text: str, /) -> int:
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


class _UntilClosed(io.TextIOWrapper):
    """Standard output; once its reader has gone, as `head` does, the rest is dropped.

    So a verb comes to its end, and exits with what it has found.
    """

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            discard_output()
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            discard_output()


def discard_output() -> None:
    """Drop what is still written, also what Python flushes at exit, which would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def prepare() -> None:
    """Read UTF-8 whatever the locale, and replace what the terminal cannot encode.

    A message on stderr never ends a verb, such as a race of several hours: if stderr is closed or
    full, it is dropped.
    """
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8")
    if sys.stderr is sys.__stderr__:
        sys.stderr = _unfailing(sys.stderr)
    if sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _until_closed(sys.stdout)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _until_closed(stream: io.TextIOWrapper) -> TextIO:
    if stream.isatty():
        return stream
    # Python writes at once if PYTHONUNBUFFERED says so.
    buffering = 0 if stream.write_through else -1
    return _UntilClosed(
        open(stream.fileno(), "wb", buffering, closefd=False),
        stream.encoding,
        write_through=stream.write_through,
    )


def _unfailing(stream: TextIO | None) -> TextIO:
    if stream is None:
        # On the descriptor of stderr itself, so that the workers of a race have it, too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), _STDERR)
        os.set_inheritable(_STDERR, True)
        return open(_STDERR, "w", encoding="utf-8", closefd=False)
    if stream.isatty():
        return stream
    return _Unfailing(
        open(stream.fileno(), "wb", closefd=False), stream.encoding, line_buffering=True
    )
