"""Warnings that point at the user's line, not at a line of a library."""

from __future__ import annotations

import sys
import warnings
from types import FrameType


def warn(message: str) -> None:
    """Warn at the innermost line that is not part of an installed package."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _is_installed(frame):
        frame, level = frame.f_back, level + 1
    warnings.warn(f"gradatim: {message}", stacklevel=level)


def _is_installed(frame: FrameType) -> bool:
    # Gradatim itself may be installed in place, for its developers.
    ours = str(frame.f_globals.get("__name__", "")).partition(".")[0] == __name__.partition(".")[0]
    return ours or "-packages" in frame.f_code.co_filename
