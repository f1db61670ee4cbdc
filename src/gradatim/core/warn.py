"""Warnings that point at the user's line, not at a line of a library."""

from __future__ import annotations

import sys
import warnings

_LIBRARIES = ("gradatim", "torch", "keras", "contextlib")


def warn(message: str) -> None:
    """Warn once per place, at the innermost line that is not one of gradatim or a framework."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _is_library(str(frame.f_globals.get("__name__", ""))):
        frame, level = frame.f_back, level + 1
    warnings.warn(f"gradatim: {message}", stacklevel=level)


def _is_library(module: str) -> bool:
    return module.partition(".")[0] in _LIBRARIES
