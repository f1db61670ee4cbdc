"""What holds for every test and every doctest, wherever in the tree it stands."""

import gc
import os
import sys
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

from gradatim.core.values import value

# TensorFlow and torch cannot share a process. Tests of the one start an interpreter of their own;
# None makes an import of it here fail at once, in whichever test it happens.
sys.modules["tensorflow"] = None  # type: ignore[assignment]
os.environ.setdefault("KERAS_BACKEND", "jax")

# These import the trainer that they are for, which changes warnings, logging and seeds: they are
# tested in processes of their own.
collect_ignore_glob = ["src/gradatim/torch/trainers/*"]
collect_ignore = ["src/gradatim/choose.py"]  # importing it is an error, see core/deprecated.py

# CI judges the change, not the day: there every run draws the same examples.
settings.register_profile("gradatim", deadline=None, derandomize="CI" in os.environ)
settings.register_profile("long", deadline=None, max_examples=5_000)
# A mutant is judged by few examples, and by the same ones every time.
settings.register_profile(
    "mutants",
    deadline=None,
    max_examples=10,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("gradatim")


@pytest.fixture
def own_names(monkeypatch):
    """Lets a test define schedules and recipes that have their names for this test only."""
    monkeypatch.setattr(value, "_BUILDABLE", dict(value.buildable()))


_COUNTS = pytest.StashKey[Counter[str]]()
_TASKS = {"long": "make test-long", "trainers": "make test-trainers"}


@pytest.hookimpl(tryfirst=True)  # before -m leaves any out
def pytest_collection_modifyitems(config, items):
    config.stash[_COUNTS] = Counter(
        next((task for mark, task in _TASKS.items() if item.get_closest_marker(mark)), "make test")
        for item in items
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Let no collection of garbage look through all frameworks and all tests, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["counts"] = dict(session.config.stash.get(_COUNTS, {}))


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node, error):
    if not error:
        node.config.stash[_COUNTS] = Counter(node.workeroutput["counts"])


def pytest_terminal_summary(terminalreporter, config):
    """How many tests each task runs, if all were collected."""
    counts = config.stash.get(_COUNTS, {})
    if config.args_source is config.ArgsSource.TESTPATHS and counts:
        listed = (f"{counts[task]:,} by {task}" for task in ("make test", *_TASKS.values()))
        terminalreporter.line(f"Tests: {', '.join(listed)}.")
