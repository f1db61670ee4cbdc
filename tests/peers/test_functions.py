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


HOSTILE = {
    "a loop without an end": "def f(step):\n    while True:\n        pass",
    "recursion": "def f(step):\n    return f(step)",
    "two that call each other": "def g(x):\n    return f(x)\ndef f(step):\n    return g(step)",
    "doubling calls": "\n".join(
        ["def f0(x):\n    return x"]
        + [f"def f{i}(x):\n    return f{i - 1}(x) + f{i - 1}(x)" for i in range(1, 19)]
        + ["f = f18"]
    ),
    "a tower of powers": "f = lambda step: 9 ** 9 ** 9",
    "a large shift": "f = lambda step: 1 << 10 ** 10",
    "squares of squares": "def f(x):\n    for i in range(9999):\n        x = x * x + 2\n    return x",
    "a huge range": "f = lambda step: sum(i for i in range(10 ** 12))",
    "nested ranges": "def f(s):\n    for i in range(9999):\n        for j in range(9999):\n            s += 1\n"
    "    return s",
    "a long list": "f = lambda step: [0.1] * 10 ** 12",
    "lists of lists": "def f(x):\n    y = [1.0]\n    for i in range(60):\n        y = y + y\n    return sum(y)",
    "text": "f = lambda step: 'x' * 10 ** 12",
    "formatted text": "f = lambda step: float('%1000000000d' % 1)",
    "an import": "f = lambda step: __import__('os').system('echo hostile')",
    "an import in it": "def f(step):\n    import os\n    return os.system('echo hostile')",
    "eval": "f = lambda step: eval('1')",
    "exec": "def f(step):\n    exec('import os')\n    return 1",
    "open": "f = lambda step: open('/tmp/hostile', 'w').write('x')",
    "attributes": "f = lambda step: (1).__class__.__bases__[0].__subclasses__()[step]",
    "an attribute of math": "f = lambda step: math.__loader__.load_module('os').getpid()",
    "getattr": "f = lambda step: getattr(math, '__dict__')['cos'](step)",
    "a walrus": "f = lambda step: [x := step for _ in range(3)][0]",
    "deep parentheses": f"f = lambda step: {'(' * 150}step{')' * 150}{' + 1' * 3000}",
    "deep conditions": f"f = lambda step: {'1 if step else ' * 3000}2",
    "many names": "\n".join(["a0 = [1, 1]"] + [f"a{i} = [a{i - 1}, a{i - 1}]" for i in range(1, 60)])
    + "\nf = lambda step: sum(a59)",
    "names in a circle": "a = b\nb = a\nf = lambda step: a",
    "state in a default": "f = lambda step, kept=[]: kept.append(step) or len(kept)",
    "a global": "n = 0\ndef f(step):\n    global n\n    n += 1\n    return n",
    "a nonlocal": "def make():\n    n = 0\n    def f(step):\n        nonlocal n\n        n += 1\n"
    "        return n\n    return f\nf = make()",
    "random numbers": "f = lambda step: random.random()",
    "NumPy's random numbers": "f = lambda step: np.random.rand()",
    "the clock": "f = lambda step: time.time()",
    "a generator": "def f(step):\n    yield step",
    "try": "def f(step):\n    try:\n        return 1 / step\n    except Exception:\n        return 0",
    "nan": "f = lambda step: float('nan')",
    "zero": "f = lambda step: 1 / step",
    "a sine": "f = lambda step: math.sin(step * step)",
    "text as a rate": "f = lambda step: 'lr'",
    "nothing as a rate": "f = lambda step: None",
    "a decorator": "@cached\ndef f(step):\n    return 1.0",
    "an async function": "async def f(step):\n    return 1.0",
    "many arguments": "f = lambda *steps, **more: steps[0]",
    "a class": "class f:\n    def __call__(self, step):\n        return step",
    "no argument": "f = lambda: 1.0",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_evaluated_safely_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(GradatimError) as caught:
        for found in find(f"{HOSTILE[name]}\ns = LambdaLR(SGD(p, lr=0.1), f)\n"):
            found.read(Given())
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


WATCHED = """
import sys
from gradatim.peers import Given, find
from tests.peers.test_functions import HOSTILE
from tests.peers.own_functions import OWN

def read(code, given):
    try:
        for found in find(code):
            found.read(given)
    except ValueError:
        pass

read(OWN[0].code, Given())  # what is imported late is imported here
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
