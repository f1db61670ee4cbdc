"""Reading files of ``torch.save`` without running code in them."""

from __future__ import annotations

import codecs
import os
import struct
from collections.abc import Mapping
from pickle import UnpicklingError
from typing import Any

import torch

from gradatim.errors import GradatimError


def read_torch_file(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """The dictionary in a file of ``torch.save``, loaded with ``weights_only=True``.

    Raises:
        GradatimError: If the file is damaged, needs code to load, or holds no dictionary.
    """
    try:
        with torch.serialization.safe_globals(_NUMPY_SCALARS):
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, UnpicklingError, EOFError, ValueError, LookupError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise GradatimError(f"{os.fspath(path)}: not a saved scheduler: {reason}") from None
    if not isinstance(state, Mapping):
        found = type(state).__name__
        raise GradatimError(f"{os.fspath(path)}: not a saved scheduler, but a {found}.")
    return state


class _Dtype:
    """Replaces ``numpy.dtype`` while a file with NumPy scalars is read."""

    def __init__(self, code: str, *_: Any) -> None:
        self.code, self.byte_order = code, "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.byte_order = ">" if state[1] == ">" else "<"


def _scalar(dtype: _Dtype, raw: bytes) -> float | int:
    """Replaces ``numpy.core.multiarray.scalar``; the value is a Python number."""
    formats = {"f8": "d", "f4": "f", "f2": "e", "i8": "q", "i4": "i", "u8": "Q", "u4": "I"}
    if dtype.code not in formats:
        raise ValueError(f"a NumPy number of type {dtype.code}")
    value: float | int = struct.unpack(dtype.byte_order + formats[dtype.code], raw)[0]
    return value


# Metrics may have been saved as NumPy scalars, whose pickles name these functions of NumPy. The
# replacements need no NumPy, and allow nothing but scalars.
_NUMPY_SCALARS: Any = [
    (_scalar, "numpy._core.multiarray.scalar"),
    (_scalar, "numpy.core.multiarray.scalar"),
    (_Dtype, "numpy.dtype"),
    (codecs.encode, "_codecs.encode"),
]
