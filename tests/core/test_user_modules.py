"""Modules that a user names: found in the current directory, or refused in a sentence."""

import sys

import pytest

from gradatim import GradatimError
from gradatim.core.user_modules import import_named


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current directory with a few modules, all of them forgotten afterwards."""
    known = set(sys.modules)
    (tmp_path / "own_good.py").write_text("answer = 42\n")
    (tmp_path / "own_raises.py").write_text("raise KeyError('no such thing')\n")
    (tmp_path / "own_leaves.py").write_text("raise SystemExit(3)\n")
    (tmp_path / "own_lacks.py").write_text("import own_absent\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def named(name):
    return import_named("race", name, needed_for="the task", hint="Write mypkg.train:run.")


def test_a_module_of_the_current_directory_is_found(here):
    before = list(sys.path)
    assert [named("own_good").answer for _ in range(2)] == [42, 42]
    assert sys.path == [str(here), *before]  # once


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "own_good.py",
            "race: a module must be named as in an import statement, got 'own_good.py'",
        ),
        ("own/good", "race: a module must be named as in an import statement, got 'own/good'"),
        (
            "own_absent",
            "race: no module 'own_absent' for the task, neither in the current directory",
        ),
        ("own_absent.part", "race: no module 'own_absent' for the task"),
        ("own_raises", "the task: importing own_raises raised KeyError: 'no such thing'"),
        ("own_leaves", "the task: importing own_leaves raised SystemExit: 3"),
        (
            "own_lacks",
            "importing own_lacks raised ModuleNotFoundError: No module named 'own_absent'",
        ),
    ],
)
def test_what_cannot_be_imported_is_said(here, name, said):
    with pytest.raises(GradatimError) as refusal:
        named(name)
    assert said in str(refusal.value)
