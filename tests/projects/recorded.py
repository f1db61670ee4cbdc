"""The recorded numbers of a project: every value at every update, to the last bit."""

import io
import json
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent / "goldens"
ORIGINS = FOLDER / "origins.json"

# Neighbours on a smooth curve differ little as whole numbers, so differences of differences are
# short. They are exact: whole numbers wrap around, they are never rounded.
_ORDER = 3


def write(name: str, curves: Mapping[str, Any]) -> None:
    """Write the curves of a project, the same bytes each time."""
    with zipfile.ZipFile(FOLDER / f"{name}.npz", "w", zipfile.ZIP_BZIP2) as archive:
        for target, values in sorted(curves.items()):
            bits = np.array(values, dtype="<f8").view("<i8")
            for _ in range(_ORDER):
                bits = np.diff(bits, prepend=np.int64(0))
            packed = io.BytesIO()
            np.save(packed, bits)
            info = zipfile.ZipInfo(f"{target.replace('/', '-')}.npy")  # without the time of day
            archive.writestr(info, packed.getvalue(), zipfile.ZIP_BZIP2)


@cache
def read(name: str) -> dict[str, NDArray[np.float64]]:
    """The values of each target of a project at each update."""
    with np.load(FOLDER / f"{name}.npz") as archive:
        return {target.replace("-", "/"): _undone(archive[target]) for target in archive.files}


def _undone(bits: NDArray[np.int64]) -> NDArray[np.float64]:
    for _ in range(_ORDER):
        bits = np.cumsum(bits)
    return bits.view("<f8")


def targets(name: str) -> list[str]:
    """The targets of a project: all that was recorded but what the run was given."""
    return [target for target in read(name) if target not in ("seconds", "progress")]


@cache
def origin(name: str) -> dict[str, Any]:
    """Where the numbers of a project come from, and the sizes of its run."""
    found: dict[str, Any] = json.loads(ORIGINS.read_text(encoding="utf-8"))[name]
    return found
