"""Warnings that point at a line of the user's code."""

from __future__ import annotations

import sys
import warnings
from types import FrameType


def warn(message: str) -> None:
    """Warn, with the location of the innermost frame outside of installed packages."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _is_installed(frame):
        frame, level = frame.f_back, level + 1
    warnings.warn(f"gradatim: {message}", stacklevel=level)


def _is_installed(frame: FrameType) -> bool:
    # Gradatim itself may be an editable install.
    ours = str(frame.f_globals.get("__name__", "")).partition(".")[0] == __name__.partition(".")[0]
    return ours or "-packages" in frame.f_code.co_filename
