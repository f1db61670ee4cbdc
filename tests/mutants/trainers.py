"""The checks of trainers with callbacks of ours, in the process in which mutants are turned on.

`tests/trainers` runs them in interpreters of their own, in which nothing is mutated. No task but
`make mutants` runs this file.
"""

import os
import warnings
from importlib import import_module

import pytest

from tests.trainers.scripts.run_checks import run

os.environ |= {"CUDA_VISIBLE_DEVICES": "-1", "HF_HUB_OFFLINE": "1"}


def cases():
    for trainer in ("lightning", "transformers"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = import_module(f"tests.trainers.scripts.check_{trainer}")
        for name, check in vars(module).items():
            if name.startswith("check_"):
                yield pytest.param(check, module.QUIET, id=f"{trainer}-{name}")


@pytest.mark.parametrize(("check", "quiet"), list(cases()))
def test_check(check, quiet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = run(check, quiet, tmp_path)
    assert "error" not in said, said["error"]
