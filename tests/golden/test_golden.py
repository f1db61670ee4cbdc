"""The current code reads everything that earlier versions wrote, and gets the same numbers.

The numbers in `0.1/` and `0.2/` were computed on one machine; on another one the last digit may
differ, so 1 ulp is allowed. `test_bit_for_bit` runs a version from git on the same machine and
allows no difference.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from tests.golden import (
    read_driving,
    read_jax,
    read_race,
    read_speechbrain,
    read_torch,
    read_values,
)
from tests.golden.reading import Reading, compared, entries

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VERSIONS = ("0.1", "0.2")
every_version = pytest.mark.parametrize("version", VERSIONS)
PROGRAMS = HERE / "scripts"

# Version 0.1 drove groups with different rates by one schedule without a word.
pytestmark = pytest.mark.filterwarnings(
    "ignore:gradatim. Scheduler. the groups begin with different lr"
)


@cache
def keras_results(folder: Path) -> dict[str, dict[str, Any]]:
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(ROOT / "src"),
    }
    done = subprocess.run(
        [sys.executable, PROGRAMS / "read_keras.py", folder],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    results: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return results


def read_keras(folder: Path) -> Iterator[Reading]:
    for name, entry in entries(folder, "keras.json").items():
        for way in ("file", "config" if "config" in entry else "weights"):
            read = partial(lambda name, way: keras_results(folder)[name][way], name, way)
            yield Reading("keras.json", name, way, entry["read"], read)


READERS: dict[str, Callable[[Path], Iterator[Reading]]] = {
    "values": read_values.readings,
    "driving": read_driving.readings,
    "torch": read_torch.readings,
    "keras": read_keras,
    "jax": read_jax.readings,
    "speechbrain": read_speechbrain.readings,
    "race": read_race.readings,
}

# A pickle names the module of each class, so it is readable only as long as the class can be
# imported from there. Pickles therefore have a test of their own: it may be dropped, but only by a
# deliberate decision that the changelog states.
PICKLES = {"values": read_values.pickles, "jax": read_jax.pickles}


def report(wrong: list[str]) -> str:
    return "\n".join([f"{len(wrong)} differences:", *wrong[:20]])


@every_version
@pytest.mark.parametrize("part", READERS)
def test_what_was_written_is_read(part, version):
    numbers, wrong = compared(list(READERS[part](HERE / version)), ulps=1)
    assert not wrong, report(wrong)
    assert numbers


@every_version
@pytest.mark.parametrize("part", PICKLES)
def test_pickles_are_read(part, version):
    numbers, wrong = compared(list(PICKLES[part](HERE / version)), ulps=1)
    assert not wrong, report(wrong)
    assert numbers


@every_version
def test_nothing_is_left_unread(version):
    golden = HERE / version
    read = {(one.file, one.entry) for reader in READERS.values() for one in reader(golden)}
    tables = [path.name for path in golden.glob("*.json")]
    there = {
        (file, entry): what for file in tables for entry, what in entries(golden, file).items()
    }
    assert read == there.keys()
    named = {file for what in there.values() for file in what.get("files", ())}
    files = {path.relative_to(golden).as_posix() for path in golden.rglob("*") if path.is_file()}
    assert files == named | set(tables)


@pytest.mark.long
@every_version
def test_bit_for_bit(tmp_path, version):
    done = subprocess.run(
        [sys.executable, PROGRAMS / "write.py", version, tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    readers = [*READERS.values(), *PICKLES.values()]
    numbers, wrong = compared([one for reader in readers for one in reader(tmp_path)], ulps=0)
    assert not wrong, report(wrong)
    print(
        f"\n{len(files)} files of version {version}, written here: {numbers} numbers are the same"
    )
