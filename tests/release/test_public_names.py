"""What was public in an earlier version still works, or says what to write instead.

`public/VERSION.json` is what `scripts/public_names.py` printed for a version.
"""

import importlib
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

import gradatim as g
from gradatim.core.deprecated import MOVED
from gradatim.core.values.renames import ARGUMENTS
from gradatim.drive import Driver, Target
from gradatim.errors import GradatimError
from gradatim.torch import Scheduler

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VERSIONS = sorted(path.stem for path in (HERE / "public").glob("*.json"))
every_version = pytest.mark.parametrize("version", VERSIONS)

line = g.Linear(start=1.0, end=0.0, steps=10)

# A member that is gone: what its error says to write. Fields that were renamed are in ARGUMENTS.
MEMBERS = {
    ("gradatim.Driver", "schedules"): "driver.plan.schedules",
    ("gradatim.Driver", "rules"): "driver.plan.rules",
    ("gradatim.Driver", "mark"): "driver.position",
    ("gradatim.Driver", "coming"): "driver.next",
    ("gradatim.Driver", "prepare"): "delete the call",
    ("gradatim.torch.Scheduler", "from_plan"): "Scheduler(optimizer, plan=path)",
}
INSTANCES = {"gradatim.Driver": Driver({"lr": line}), "gradatim.torch.Scheduler": Scheduler}

# A parameter that is gone: what is written now. Those of schedules and runs are in ARGUMENTS.
PARAMETERS = {
    ("gradatim.Driver", "schedules"): "plan",
    ("gradatim.Driver.add", "name"): "target",
    ("gradatim.Schedule.repeat", "shrink"): "factor",
    ("gradatim.look.plot", "updates"): "steps",
    ("gradatim.look.report", "updates"): "steps",
    ("gradatim.look.report", "schedule"): "plan",
}
# No user wrote these: a hook between our own classes, and what our code gave to itself.
INTERNAL = {
    *(
        (f"gradatim.{ramp}", "weights")
        for ramp in ("Cosine", "Linear", "OneMinusSqrt", "Polynomial")
    ),
    ("gradatim.keras.LearningRate", "memory"),
    ("gradatim.torch.Scheduler", "unnamed"),
}


@cache
def public(version: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "public" / f"{version}.json").read_text())
    return found


@cache
def public_now() -> dict[str, Any]:
    """Of every module that was ever public and can still be imported.

    Keras brings TensorFlow, which cannot share a process with torch: each has its own.
    """
    known = {module for version in VERSIONS for module in public(version)} - {"gradatim.choose"}
    alone = {"gradatim.keras"}
    renamed = {"gradatim.convert"}
    now = {}
    for modules in (known - alone - renamed, alone & known):
        done = subprocess.run(
            [sys.executable, HERE / "scripts" / "public_names.py", *sorted(modules)],
            env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "KERAS_BACKEND": "jax"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        now |= json.loads(done.stdout)
    return now


@every_version
def test_every_name_is_there_or_in_the_table_of_what_moved(version):
    gone = {
        (module, name)
        for module, names in public(version).items()
        for name in names.keys() - public_now().get(module, {}).keys()
    }
    assert gone <= {(module, name) for module, names in MOVED.items() for name in names}


@pytest.mark.parametrize(
    ("module", "name", "now"),
    [
        (module, name, now)
        for module, names in MOVED.items()
        for name, now in names.items()
        if module != "gradatim.choose"
    ],
)
def test_a_name_that_moved_works_and_names_the_new_one(module, name, now):
    text = f"{module}.{name} is deprecated since version 0.2. Write {now}."
    with pytest.warns(DeprecationWarning, match=f"^{re.escape(text)}$") as warned:
        found = getattr(importlib.import_module(module), name)
    assert warned[0].filename == __file__
    place, _, attribute = now.rpartition(".")
    assert found is getattr(importlib.import_module(place), attribute)


@pytest.mark.parametrize(("name", "now"), MOVED["gradatim.choose"].items())
def test_a_package_that_was_divided_names_the_new_ones(name, now):
    with pytest.raises(ImportError) as caught:
        importlib.import_module("gradatim.choose")
    assert f"{now} for {name}" in str(caught.value)
    place, _, attribute = now.rpartition(".")
    assert hasattr(importlib.import_module(place), attribute) or importlib.import_module(now)


def test_a_name_that_never_was_is_an_error_without_advice():
    for module in MOVED.keys() - {"gradatim.choose"}:
        with pytest.raises(AttributeError, match=f"^module '{module}' has no attribute 'Curve'$"):
            _ = importlib.import_module(module).Curve


@every_version
def test_every_member_is_there_or_says_what_to_write(version):
    gone = {
        (f"{module}.{name}", member)
        for module, names in public(version).items()
        for name, described in names.items()
        if name in public_now().get(module, {})
        for member in described.get("members", ())
        if member not in public_now()[module][name].get("members", ())
    }
    fields = {(owner, old) for owner, old in gone if old in ARGUMENTS.get(last(owner), {})}
    # A class that says what to write has the old name as a member.
    assert gone - fields - INTERNAL <= MEMBERS.keys()


@pytest.mark.parametrize(("owner", "member", "instead"), [(*k, v) for k, v in MEMBERS.items()])
def test_a_member_that_is_gone_says_what_to_write(owner, member, instead):
    with pytest.raises(AttributeError) as caught:
        getattr(INSTANCES[owner], member)
    assert str(caught.value).startswith(f"{last(owner)}.{member} was removed in version 0.2. ")
    assert instead in str(caught.value)


@pytest.mark.parametrize(
    ("value", "old", "new"),
    [
        (g.Run(steps=10), "updates", "steps"),
        (g.Run(steps=10, tokens_per_sample=3), "tokens", "tokens_per_sample"),
        (g.ExponentialDecay(start=1.0, factor=0.5, every=2), "rate", "factor"),
        (line.repeat(2, factor=0.5), "shrink", "factor"),
    ],
)
def test_a_renamed_field_is_read_and_names_the_new_one(value, old, new):
    kind = type(value).__name__
    text = f"{kind}.{old} is deprecated since version 0.2. Write {kind}.{new}."
    with pytest.warns(DeprecationWarning, match=f"^{re.escape(text)}$") as warned:
        found = getattr(value, old)
    assert found == getattr(value, new)
    assert warned[0].filename == __file__


def test_any_other_attribute_of_a_value_is_an_error():
    with pytest.raises(AttributeError, match=r"^'Linear' object has no attribute 'rate'$"):
        _ = line.rate


@every_version
def test_every_parameter_is_there_or_in_a_table(version):
    gone = {
        (owner, parameter)
        for module, names in public(version).items()
        for name, described in names.items()
        if name in public_now().get(module, {})
        for owner, before, now in signatures(
            f"{module}.{name}", described, public_now()[module][name]
        )
        for parameter in set(before) - set(now)
    }
    renamed = {(owner, old) for owner, old in gone if old in ARGUMENTS.get(last(owner), {})}
    assert gone - renamed - INTERNAL <= PARAMETERS.keys()


def signatures(owner: str, before: dict[str, Any], now: dict[str, Any]) -> Any:
    """The parameters then and now: of a function, or of a class and its methods."""
    yield owner, before["parameters"], now["parameters"]
    inherited = () if owner == "gradatim.Schedule" else dir(g.Schedule)
    for name, taken in before.get("members", {}).items():
        gone = name not in now.get("members", {}) or (owner, name) in MEMBERS
        if not gone and name not in inherited:
            yield f"{owner}.{name}", taken, now["members"][name]


@pytest.mark.parametrize(("owner", "old", "new"), [(*k, v) for k, v in PARAMETERS.items()])
def test_a_renamed_parameter_names_the_new_one(owner, old, new):
    call = {
        "gradatim.Driver": lambda: Driver(schedules={"lr": line}),
        "gradatim.Driver.add": lambda: Driver({"lr": line}).add(name="lr/head", schedule=line),
        "gradatim.Schedule.repeat": lambda: line.repeat(2, shrink=0.5),
        "gradatim.look.plot": lambda: plot(line, updates=5),
        "gradatim.look.report": lambda: report(**{old: 5}),
    }[owner]
    from gradatim.look import plot, report

    with pytest.raises((DeprecationWarning, GradatimError)) as caught:
        call()
    assert f"Write {new}=" in str(caught.value)


def test_a_renamed_parameter_still_works():
    with pytest.warns(DeprecationWarning, match="Driver.schedules=. is deprecated"):
        driver = Driver(schedules={"lr": line})
    assert driver.plan == Driver({"lr": line}).plan
    with pytest.warns(DeprecationWarning, match=r"Driver.add\(name=\) is deprecated"):
        driver.add(name="lr/head", schedule=0.5 * line)
    assert driver.next == {"lr": 1.0, "lr/head": 0.5}


def test_both_names_of_a_parameter_are_refused():
    driver = Driver({"lr": line})
    target = Target.read("lr/head")
    with pytest.raises(GradatimError, match=r"Driver.add: name is the old name of target"):
        driver.add(target=target, name="lr/tail", schedule=line)
    assert driver.next == {"lr": 1.0}


def test_plan_is_given_in_place_of_from_plan(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text('{"format": 1, "schedules": {"lr": {"Constant": {"value": 0.25}}}}')
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    assert Scheduler(optimizer, plan=path).driver.next == {"lr": 0.25}


def last(dotted: str) -> str:
    return dotted.rpartition(".")[2]
