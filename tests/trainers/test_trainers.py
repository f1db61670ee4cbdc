"""Trainers really train: every check of `scripts/`, in processes of their own.

Importing a trainer changes what warnings are shown, how things are logged and seeded; and what
several processes do together needs several. So one program runs all checks of a file, and here
each check is a test.
"""

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
PROGRAMS = {
    "lightning": [1],
    "transformers": [1],
    "accelerate": [1, 2],
    "ignite": [1],
    "ddp": [2, 4],
    "fsdp": [2],
}
# In an environment of their own: `make test-trainers`.
APART = {
    "trl": [1],
    "deepspeed": [1, 2],
    "timm": [1],
    "mmengine": [1],
    "fastai": [1],
}


def cases():
    for trainer, numbers in (PROGRAMS | APART).items():
        marks = [pytest.mark.trainers] if trainer in APART else []
        program = ast.parse((SCRIPTS / f"check_{trainer}.py").read_text(encoding="utf-8"))
        for processes in numbers:
            for node in program.body:
                if isinstance(node, ast.FunctionDef) and node.name.startswith("check_"):
                    where = trainer if processes == 1 else f"{trainer} by {processes}"
                    name = f"{where}-{node.name.removeprefix('check_')}"
                    yield pytest.param(trainer, processes, node.name, id=name, marks=marks)


def run_all(trainer, processes):
    """What each check said, or the one reason why none could."""
    done = subprocess.run(
        [sys.executable, SCRIPTS / "run_checks.py", f"check_{trainer}", str(processes)],
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "-1",
            "DS_ACCELERATOR": "cpu",
            # Nothing here asks a server for anything.
            "HF_HUB_OFFLINE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    said = {}
    for line in done.stdout.splitlines():
        if line.startswith('{"check": '):
            result = json.loads(line)
            said[result["check"]] = result
    return {"said": said, "code": done.returncode, "stderr": done.stderr[-4000:]}


@pytest.fixture(scope="session")
def results(tmp_path_factory, request):
    """The results of a program, run by whichever worker asks first."""
    parallel = hasattr(request.config, "workerinput")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if parallel else base

    def of(trainer, processes):
        path = shared / f"trainers-{trainer}-{processes}.json"
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                path.write_text(json.dumps(run_all(trainer, processes)), encoding="utf-8")
            return json.loads(path.read_text(encoding="utf-8"))

    return of


@pytest.mark.parametrize(("trainer", "processes", "check"), list(cases()))
def test_check(trainer, processes, check, results, record_property):
    result = results(trainer, processes)
    if check not in result["said"]:
        pytest.fail(
            f"{trainer} never came to it, and ended with {result['code']}:\n{result['stderr']}",
            pytrace=False,
        )
    said = result["said"][check]
    record_property("seconds", said["seconds"])
    if "error" in said:
        pytest.fail(said["error"], pytrace=False)
