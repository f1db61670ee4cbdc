"""Builds the wheel and tries it as a stranger would: new environments, an empty folder, no extras.

Not a test of pytest's, since what is tried here has no pytest: `make wheel` runs it.
"""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]

BARE = """
import sys
before = set(sys.modules)
import gradatim
schedule = gradatim.Cosine(start=1.0, end=0.0, steps=10)
assert (schedule(0), schedule(10)) == (1.0, 0.0), schedule
loaded = {name.split(".")[0] for name in set(sys.modules) - before}
assert loaded - sys.stdlib_module_names == {"gradatim"}, loaded
from importlib.metadata import version
assert version("gradatim") == gradatim.__version__
"""


def run(*command: str | Path, code: int = 0) -> str:
    """What the command says, from a folder and an environment that know nothing of the project."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with TemporaryDirectory() as empty:
        done = subprocess.run(
            list(map(str, command)),
            cwd=empty,
            env=known | {"NO_COLOR": "1", "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    if done.returncode != code:
        sys.exit(f"{command} ended with {done.returncode}, not {code}:\n{done.stdout}")
    return done.stdout


def environment(folder: Path, *install: str | Path) -> Path:
    venv.create(folder, with_pip=True)
    run(folder / "bin" / "python", "-m", "pip", "install", "-qq", *install)
    return folder / "bin"


def refuses(command: list[str | Path], extra: str) -> None:
    """The command ends with 2 and one sentence that says what to install."""
    said = run(*command, code=2)
    assert f"gradatim[{extra}]" in said, said
    assert "Traceback" not in said, said


def check_wheel(wheel: Path) -> None:
    """Installs the wheel where nothing else is, and tries it."""
    with TemporaryDirectory() as scratch:
        here = Path(scratch)
        names = zipfile.ZipFile(wheel).namelist()
        tops = {name.split("/")[0] for name in names}
        assert tops == {"gradatim", f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"}, tops
        assert "gradatim/py.typed" in names
        assert any(name.endswith("licenses/LICENSE") for name in names)

        # Without an index, so a dependency that crept in has nowhere to come from.
        bare = environment(here / "bare", "--no-index", wheel)
        run(bare / "python", "-I", "-c", BARE)
        refuses([bare / "gradatim", "--help"], "cli")

        latest = ROOT / "constraints" / "latest.txt"
        command = environment(here / "cli", "-c", latest, f"{wheel}[cli]")
        said = run(command / "gradatim", "--help")
        assert "race" in said, said
        refuses([command / "gradatim", "race", "digits"], "race")
    print(f"{wheel.name}: installs and runs alone, and says which extra is missing")


def main() -> None:
    with TemporaryDirectory() as scratch:
        run(sys.executable, "-m", "build", "--outdir", scratch, ROOT)
        (wheel,) = Path(scratch).glob("*.whl")
        check_wheel(wheel)


if __name__ == "__main__":
    main()
