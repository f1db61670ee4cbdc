"""Makes the files of a release, checks them, and runs the suite on them: ``make release``.

It stops before the upload and prints what to type.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.wheel.check_wheel import check_wheel, environment

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"


def main() -> None:
    refuse_unfinished()
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        files = build(Path(first), umask=0o022)
        again = build(Path(second), umask=0o077)
        if digests(files) != digests(again):
            sys.exit(f"Two builds differ: {digests(files)}, then {digests(again)}.")
        DIST.mkdir(exist_ok=True)
        for file in files:
            (DIST / file.name).write_bytes(file.read_bytes())
    built = [DIST / file.name for file in files]
    for file, digest in digests(built).items():
        print(f"{digest}  {file}")
    print("Two builds, in different folders, gave these same files.\n")
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *built], check=True)
    sdist, wheel = sorted(built, key=lambda file: file.suffix != ".gz")
    check_wheel(wheel)
    test(sdist, wheel)
    version = wheel.name.split("-")[1]
    print(
        f"\nNothing was uploaded. To publish version {version}, type:\n"
        f"  git tag v{version} && git push origin v{version}\n"
        f"  {Path(sys.executable).parent / 'twine'} upload {' '.join(map(relative, built))}"
    )


def refuse_unfinished() -> None:
    """End here if the files would not be those of a commit, or the changelog is not written."""
    if subprocess.check_output(["git", "status", "--porcelain"], cwd=ROOT):
        sys.exit("A release is made of a commit. Commit or stash your changes first.")
    if fragments := [p.name for p in (ROOT / "changes").iterdir() if p.name != "README.md"]:
        sys.exit(
            f"changes/ still holds {', '.join(sorted(fragments))}. Move them into CHANGELOG.md: "
            "towncrier build --name gradatim --version VERSION"
        )


def build(folder: Path, umask: int) -> list[Path]:
    """The sdist and the wheel of the last commit; its time is the time of all files in them."""
    source, out = folder / "source", folder / "dist"
    archive = folder / "source.tar"
    subprocess.run(["git", "archive", "-o", archive, "HEAD"], cwd=ROOT, check=True)
    with tarfile.open(archive) as files:
        files.extractall(source, filter="data")
    commit = ["git", "log", "-1", "--format=%ct"]
    epoch = subprocess.check_output(commit, cwd=ROOT, text=True).strip()
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", out, source],
        env=os.environ | {"SOURCE_DATE_EPOCH": epoch},
        stdout=subprocess.DEVNULL,
        umask=umask,
        check=True,
    )
    return sorted(out.iterdir())


def digests(files: list[Path]) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test(sdist: Path, wheel: Path) -> None:
    """Runs tests of the sdist on the installed wheel, with no other source of it around."""
    with TemporaryDirectory() as scratch:
        begun = time.monotonic()
        constraints = ROOT / "constraints" / "latest.txt"
        python = environment(Path(scratch, "env"), "-c", constraints, f"{wheel}[test-torch]")
        no_deps = ["install", "-qq", "--no-deps", "-r", ROOT / "constraints" / "no-deps.txt"]
        subprocess.run([python / "python", "-m", "pip", *no_deps], check=True)
        with tarfile.open(sdist) as files:
            files.extractall(scratch, filter="data")
        unpacked = Path(scratch, sdist.name.removesuffix(".tar.gz"))
        os.rename(unpacked / "src", Path(scratch, "src-is-not-used"))
        part = (unpacked / "tests" / "parts" / "torch.txt").read_text().splitlines()
        found = [python / "python", "-c", "import gradatim; print(gradatim.__file__)"]
        place = subprocess.check_output(found, cwd=unpacked, text=True).strip()
        print(f"Tests of {sdist.name} on {Path(place).relative_to(scratch)}", flush=True)
        subprocess.run(
            [python / "pytest", "-q", "-n", "2", *(a for a in part if not a.startswith("src/"))],
            cwd=unpacked,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            check=True,
        )
        print(f"{time.monotonic() - begun:.0f} s with the installation")


def relative(file: Path) -> str:
    return str(file.relative_to(ROOT))


if __name__ == "__main__":
    main()
