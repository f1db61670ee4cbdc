"""Functions of the step in people's own files: recognised by their values, and never run.

The oracle runs the file, with stand-ins for the optimizer and the scheduler.
"""

import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

import gradatim
from gradatim.core.text import parse
from gradatim.errors import GradatimError
from gradatim.peers import Given, Read, find
from tests.peers.hostile_functions import HOSTILE
from tests.peers.own_functions import GROUPS, OWN, PREVIOUS, Own


class Anything:
    """Stands for a model, an optimizer or a module; ``lr_lambda`` is what it was called with."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self.lr_lambda = named.get("lr_lambda", given[-1] if given else None)

    def __getattr__(self, name: str) -> Any:
        return Anything()

    def __call__(self, *given: Any, **named: Any) -> Any:
        return Anything(*given, **named)


def run(own: Own) -> dict[str, Any]:
    """The names of a file after it was run."""
    values = own.given.get("values", {})
    names: dict[str, Any] = {
        "math": math,
        "np": numpy,
        "jnp": numpy,
        "torch": Anything(),
        "tf": Anything(),
        "lr_scheduler": Anything(),
        "args": SimpleNamespace(**{k.removeprefix("args."): v for k, v in values.items()}),
        **dict.fromkeys(("SGD", "Adam", "LambdaLR", "LearningRateScheduler"), Anything),
        **dict.fromkeys(("MultiplicativeLR", "model", "p", "groups"), Anything()),
    }
    exec(GROUPS + own.setup + own.code, names)  # the oracle, and nothing but
    return names


ROOT = Path(__file__).parents[2]
_READ: dict[str, Read] = {}


def read(own: Own) -> gradatim.Schedule:
    """What the only scheduler of a file means; each file is read once."""
    if own.name not in _READ:
        (found,) = find(own.code)
        _READ[own.name] = found.read(Given(**own.given))
    return _READ[own.name].schedule


def same(ours: float, theirs: float, peak: float) -> bool:
    return abs(ours - theirs) <= 1e-9 * max(abs(theirs), 1e-5 * peak)


@pytest.mark.parametrize("own", OWN, ids=lambda own: own.name)
def test_a_function_is_the_schedule_that_has_its_values(own: Own) -> None:
    names, schedule = run(own), read(own)
    code = compile(own.rate, own.name, "eval")
    theirs = [float(eval(code, names | {"k": k})) for k in range(own.steps)]
    wrong = [
        (k, schedule(k), value)
        for k, value in enumerate(theirs)
        if not same(schedule(k), value, max(theirs))
    ]
    assert not wrong, (schedule, wrong[:3])


@pytest.mark.parametrize("own", [own for own in OWN if own.schedule], ids=lambda own: own.name)
def test_the_schedule_is_written_as_a_recipe_makes_it(own: Own) -> None:
    expected = parse(own.schedule)
    got = read(own)
    assert repr(got) == repr(expected)


@pytest.mark.parametrize("own", PREVIOUS, ids=lambda own: own.name)
def test_a_function_of_the_rate_before_is_followed_step_by_step(own: Own) -> None:
    schedule = read(own)
    code = compile(own.rate, own.name, "eval")
    lr = peak = 0.01 if "Learning" in own.code else 0.1
    for k in range(own.steps):
        lr = eval(code, {"math": math, "k": k, "lr": lr})
        assert same(schedule(k), lr, peak), (k, schedule)


def read_all(code: str) -> None:
    for found in find(code):
        found.read(Given())


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_evaluated_safely_is_refused_in_one_sentence(name: str) -> None:
    code = f"{HOSTILE[name]}\ns = LambdaLR(SGD(p, lr=0.1), f)\n"
    with pytest.raises(GradatimError) as caught:
        read_all(code)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


WATCHED = """
import sys
from gradatim.core.values.fields import declared_types
from gradatim.core.values.value import buildable
from gradatim.peers import Given, find
from tests.peers.hostile_functions import HOSTILE
from tests.peers.own_functions import OWN

def read(code, given):
    try:
        for found in find(code):
            found.read(given)
    except ValueError:
        pass

# What Gradatim itself imports late, and the types of its own classes, are evaluated here.
for make in buildable().values():
    declared_types(make)
for own in (OWN[0], OWN[-1]):
    read(own.code, Given())
seen = []
def watch(event, arguments):
    if event in ("exec", "open", "import") or event.split(".")[0] in ("os", "subprocess", "socket"):
        seen.append((event, str(arguments)[:80]))

sys.addaudithook(watch)
for code in HOSTILE.values():
    read(code + "\\ns = LambdaLR(SGD(p, lr=0.1), f)\\n", Given())
for own in OWN[:8]:
    read(own.code, Given(**own.given))
print(seen)
"""


def test_nothing_in_a_file_is_run() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WATCHED], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]", done.stdout
