"""Reading the files of ``torch.save`` without running anything that stands in them."""

from __future__ import annotations

import codecs
import os
import struct
from collections.abc import Mapping
from pickle import UnpicklingError
from typing import Any

import torch

from gradatim.core.errors import GradatimError


def read(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """The dictionary in a file of ``torch.save``, with nothing in it that could run code."""
    try:
        with torch.serialization.safe_globals(_NUMPY):
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, UnpicklingError, EOFError, ValueError, LookupError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise GradatimError(f"{os.fspath(path)}: not a saved scheduler: {reason}") from None
    if not isinstance(state, Mapping):
        kind = type(state).__name__
        raise GradatimError(f"{os.fspath(path)}: not a saved scheduler, but a {kind}.")
    return state


class _ScalarType:
    """Stands for NumPy's type of a number while a file is read that was written with one."""

    def __init__(self, code: str, *_: Any) -> None:
        self.code, self.order = code, "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = ">" if state[1] == ">" else "<"


def _scalar(kind: _ScalarType, raw: bytes) -> Any:
    formats = {"f8": "d", "f4": "f", "f2": "e", "i8": "q", "i4": "i", "u8": "Q", "u4": "I"}
    if kind.code not in formats:
        raise ValueError(f"a NumPy number of type {kind.code}")
    return struct.unpack(kind.order + formats[kind.code], raw)[0]


# Files may hold metrics as NumPy's numbers. Pickle names NumPy's functions; these stand for them,
# so that a file is read without NumPy, and without trusting more of it.
_NUMPY: Any = [
    (_scalar, "numpy._core.multiarray.scalar"),
    (_scalar, "numpy.core.multiarray.scalar"),
    (_ScalarType, "numpy.dtype"),
    (codecs.encode, "_codecs.encode"),
]
