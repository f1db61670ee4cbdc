"""Writes what a version can write, and what it reads from it: ``write.py VERSION FOLDER``.

The source of the version and its table of cases come from git, so the current source has no part
in it. Each part runs in a process of its own, because TensorFlow and torch cannot share one.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

COMMITS = {
    "0.1": "9e6bcc7a86987eee547bff7898fa9a8da2363403",
    "0.2": "HEAD",  # until it is released: then the commit of its tag
}
PARTS = ("values", "driving", "plans", "torch", "keras", "jax", "speechbrain", "race")
HERE = Path(__file__).parent


def main() -> None:
    version, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as source:
        extract(version, Path(source))
        for part in PARTS:
            command = [sys.executable, HERE / f"write_{part}.py", folder]
            if subprocess.run(command, env=environment(source), check=False).returncode:
                sys.exit(f"golden: write_{part}.py failed, see above.")


def extract(version: str, to: Path) -> None:
    commit = COMMITS[version]
    git = ["git", "-C", str(HERE)]
    root = subprocess.run(
        [*git, "rev-parse", "--show-toplevel"], capture_output=True, text=True, check=False
    ).stdout.strip()
    with tempfile.TemporaryFile() as archive:
        done = subprocess.run(
            [*git[:2], root or ".", "archive", commit, "src", "tests"],
            stdout=archive,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(
                f"golden: commit {commit[:7]}, version {version}, is not in this clone, so there "
                "is nothing to compare with. Fetch the whole history: git fetch --unshallow.\n"
                f"{done.stderr}"
            )
        archive.seek(0)
        with tarfile.open(fileobj=archive) as files:
            files.extractall(to, filter="data")


def environment(source: str) -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": f"{source}/src{os.pathsep}{source}",
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "-1",
        "OMP_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


if __name__ == "__main__":
    main()
