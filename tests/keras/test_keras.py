"""Every check of `scripts/` on every backend: one process a backend, one test a check."""

import ast
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "scripts"
ROOT = Path(__file__).parents[2]
BACKENDS = ("jax", "tensorflow", "torch")


def environment(backend):
    return os.environ | {
        "KERAS_BACKEND": backend,
        "OMP_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONPATH": str(ROOT / "src"),
    }


def checks():
    for file in sorted(SCRIPTS.glob("check_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("check_"):
                yield node.name
    yield "check_no_other_framework_is_loaded"


def cases():
    for backend in BACKENDS:
        for name in checks():
            special = set(BACKENDS) & {name.split("_")[1]}
            if not special or backend in special:
                yield pytest.param(backend, name, id=f"{backend}-{name.removeprefix('check_')}")


def run_all(backend):
    """What each check of this backend said, or the one reason why none could."""
    done = subprocess.run(
        [sys.executable, SCRIPTS / "run_checks.py"],
        env=environment(backend),
        capture_output=True,
        text=True,
        check=False,
    )
    said = {}
    for line in done.stdout.splitlines():
        result = json.loads(line)
        said[result["check"]] = result
    return {"said": said, "code": done.returncode, "stderr": done.stderr[-4000:]}


@pytest.fixture(scope="session")
def results(tmp_path_factory, request):
    """The results of a backend, made by whichever worker asks first."""
    parallel = hasattr(request.config, "workerinput")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if parallel else base

    def make(backend, wait):
        with (shared / f"keras-{backend}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                return
            if not file_of(backend).exists():
                file_of(backend).write_text(json.dumps(run_all(backend)), encoding="utf-8")

    def file_of(backend):
        return shared / f"keras-{backend}.json"

    def of(backend):
        make(backend, wait=False)
        if not file_of(backend).exists():  # another worker is at it: make the others meanwhile
            for other in BACKENDS:
                make(other, wait=False)
        make(backend, wait=True)
        return json.loads(file_of(backend).read_text(encoding="utf-8"))

    return of


@pytest.mark.parametrize(("backend", "check"), list(cases()))
def test_check(backend, check, results, record_property):
    result = results(backend)
    if check not in result["said"]:
        pytest.fail(
            f"{backend} never came to it, and ended with {result['code']}:\n{result['stderr']}"
        )
    said = result["said"][check]
    assert "error" not in said, said["error"]
    for name, number in (said["numbers"] or {}).items():
        record_property(name, number)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_killed_process_goes_on(backend, tmp_path):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, SCRIPTS / "killed.py", tmp_path, *arguments],
            env=environment(backend),
            capture_output=True,
            text=True,
            check=False,
        )

    killed = run("2")
    assert killed.returncode == -9, killed.stderr[-2000:]
    said = run()
    assert said.returncode == 0, said.stderr[-2000:]
    found = json.loads(said.stdout.splitlines()[-1])
    assert len(found["resumed"]) == 20
    assert found["resumed"] == found["whole"][20:]
    assert found["weights"][0] == found["weights"][1]


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_the_example_runs(backend, tmp_path):
    picture = tmp_path / "warmup.png"
    # The point is that it compiles and runs, not how fast: XLA may skip its slow passes.
    quick = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "keras_warmup.py", "--short", "--out", picture],
        env=environment(backend) | quick,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.startswith("peak 0.02, warm-up of 2: highest loss "), done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
