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
    peak = max(theirs)
    ours = map(schedule, range(own.steps))
    wrong = [
        (k, *pair) for k, pair in enumerate(zip(ours, theirs, strict=True)) if not same(*pair, peak)
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


def found_in(code: str, **given: Any) -> Read:
    (found,) = find(code)
    return found.read(Given(**given))


def test_a_boundary_beyond_the_steps_that_are_all_compared_is_found() -> None:
    code = "f = lambda s: 1.0 if s < 7_654_321 else 0.5\ns = LambdaLR(SGD(p, lr=0.1), f)\n"
    schedule = found_in(code).schedule
    assert [schedule(k) for k in (7_654_320, 7_654_321, 10**9)] == [0.1, 0.05, 0.05]


def test_one_step_that_differs_is_part_of_the_schedule() -> None:
    code = "f = lambda s: 0.25 if s == 54_321 else 1.0\ns = LambdaLR(SGD(p, lr=0.1), f)\n"
    schedule = found_in(code).schedule
    assert [schedule(k) for k in (54_320, 54_321, 54_322)] == [0.1, 0.025, 0.1]


def test_all_names_that_are_missing_are_asked_for_at_once() -> None:
    with pytest.raises(GradatimError) as caught:
        found_in(NANOGPT_CONFIG)
    for name in ("config.warmup_iters", "config.learning_rate", "config.min_lr"):
        assert f"--set {name}=VALUE" in str(caught.value)


def test_a_value_of_the_user_counts_more_than_none_in_the_file() -> None:
    values = {"warmup_iters": 10, "learning_rate": 0.1, "min_lr": 0.01, "max_iters": 100}
    read = found_in(
        NANOGPT_CONFIG, values={f"config.{name}": value for name, value in values.items()}
    )
    assert read.schedule == gradatim.warmup_cosine(0.1, steps=100, warmup=10, floor=0.01)


NANOGPT_CONFIG = """
def get_lr(it, config):
    if it < config.warmup_iters:
        return config.learning_rate * it / config.warmup_iters
    done = min(1.0, (it - config.warmup_iters) / (config.max_iters - config.warmup_iters))
    coeff = 0.5 * (1.0 + math.cos(math.pi * done))
    return config.min_lr + coeff * (config.learning_rate - config.min_lr)
"""


def test_a_function_of_epochs_says_so_and_takes_the_updates_of_one() -> None:
    code = OWN[4].code
    read = found_in(code, values=OWN[4].given["values"])
    assert any("--every" in said for said in read.differences)
    stretched = found_in(code, values=OWN[4].given["values"], every=100)
    assert stretched.schedule(2999) == 0.1
    assert stretched.schedule(3000) == pytest.approx(0.01)


def test_what_goes_on_behind_the_end_is_said() -> None:
    code = "s = LambdaLR(SGD(p, lr=0.1), lambda e: 0.5 * (1 + math.cos(math.pi * e / 100)))\n"
    read = found_in(code)
    assert read.schedule == gradatim.Cosine(0.1, 0.0, 100)
    assert "After step 100 their formula goes on" in read.differences[0]


def test_the_steps_of_the_run_are_asked_for_where_a_curve_has_no_end() -> None:
    code = "s = LambdaLR(SGD(p, lr=0.1), lambda e: 2.0 - e * 0.003)\n"
    with pytest.raises(GradatimError, match="Write --steps"):
        found_in(code)


def test_groups_with_functions_of_their_own_are_said() -> None:
    code = "s = LambdaLR(SGD(p, lr=0.1), [lambda e: 0.9**e, lambda e: 1.0])\n"
    read = found_in(code)
    assert read.schedule == gradatim.ExponentialDecay(0.1, 0.9)
    assert read.differences == ("Group 1 has a function of its own: Constant(value=0.1)",)


@pytest.mark.parametrize(
    ("loop", "first"),
    [
        ("for epoch in range(60):\n    adjust(optimizer, epoch)", 20),
        ("for epoch in range(1, 61):\n    adjust(optimizer, epoch)", 19),
        ("for epoch in range(60):\n    adjust(optimizer, epoch + 1)", 19),
        ("for epoch in tqdm(range(1, 61)):\n    adjust(optimizer, epoch - 1)", 20),
        ("for epoch, _ in enumerate(range(60), start=1):\n    adjust(optimizer, epoch)", 19),
    ],
)
def test_a_loop_that_counts_from_another_number_moves_the_schedule(loop: str, first: int) -> None:
    code = (
        "def adjust(optimizer, epoch):\n    lr = 0.1 if epoch < 20 else 0.01\n"
        f"    for group in optimizer.param_groups:\n        group['lr'] = lr\n{loop}\n"
    )
    schedule = found_in(code).schedule
    assert [schedule(first - 1), schedule(first)] == [0.1, 0.01]


INLINE = """
optimizer = SGD(model.parameters(), lr=0.3)
for epoch in range(50):
    if epoch in (20, 30):
        for group in optimizer.param_groups:
            group["lr"] /= 3
    train(model, epoch)
"""
DINO = """
def cosine_scheduler(base, final, epochs, niter_per_ep):
    iters = np.arange(epochs * niter_per_ep)
    return final + 0.5 * (base - final) * (1 + np.cos(np.pi * iters / len(iters)))

lr_schedule = cosine_scheduler(5e-4, 1e-6, 100, 500)
for it, batch in enumerate(loader):
    for i, param_group in enumerate(optimizer.param_groups):
        param_group["lr"] = lr_schedule[it]
"""


def test_a_loop_that_sets_the_rate_itself_is_a_function_of_its_variable() -> None:
    schedule = found_in(INLINE).schedule
    wanted = [0.3, 0.3, 0.1, 0.1, 0.1 / 3, 0.1 / 3]
    assert [schedule(k) for k in (0, 19, 20, 29, 30, 49)] == pytest.approx(wanted, rel=1e-12)


def test_an_array_of_rates_is_refused_with_its_line() -> None:
    with pytest.raises(GradatimError, match=r"line 9: .*lr_schedule\[it\].* Function\("):
        found_in(DINO)


def test_a_function_that_is_part_of_a_scheduler_is_not_found_a_second_time() -> None:
    found = find(OWN[8].code)
    assert [(one.project, one.line) for one in found] == [("torch", 10)]


def test_a_condition_around_the_call_is_said() -> None:
    code = OWN[7].code.replace(
        "        adjust_learning_rate(optimizer, data",
        "        if data_iter_step % accum_iter == 0:\n"
        "            adjust_learning_rate(optimizer, data",
    )
    read = found_in(code, **OWN[7].given)
    assert any("only if `data_iter_step % accum_iter == 0`" in said for said in read.differences)


@pytest.mark.parametrize(
    "body",
    [
        "    if step < 100:\n        lr = get_lr(step)\n    else:\n        lr = 0.1\n",
        "    lr = get_lr(step) if step < 100 else 0.1\n",
    ],
)
def test_a_part_that_the_step_decides_on_is_no_schedule(body: str) -> None:
    code = "def get_lr(step):\n    return 0.1 * (step + 1) / 100\ndef adjust(step):\n" + body
    with pytest.raises(GradatimError, match="the step decides whether it is called"):
        found_in(code + "    assign(groups, lr)\n", steps=500)


def test_epochs_times_their_updates_and_the_update_count_updates() -> None:
    code = (
        "def adjust(optimizer, step):\n    lr = 0.1 if step < 700 else 0.01\n"
        "    for group in optimizer.param_groups:\n        group['lr'] = lr\n"
        "for epoch in range(9):\n    for i, x in enumerate(loader):\n"
        "        adjust(optimizer, epoch * len(loader) + i)\n"
    )
    schedule = found_in(code).schedule
    assert [schedule(699), schedule(700)] == [0.1, 0.01]


def test_a_function_around_the_call_that_counts_steps_itself_is_said() -> None:
    code = (
        "def warmup_lr(step):\n    return 0.1 * min(1.0, step / 100)\n"
        "def make(optimizer):\n    def adjust(step):\n        lr = warmup_lr(step)\n"
        "        assign(optimizer, lr if step < 100 else 0.5 * lr)\n    return adjust\n"
    )
    assert any("called in adjust (line 4)" in said for said in found_in(code).differences)


def test_a_long_text_is_not_cut() -> None:
    code = f"f = lambda step: len('{'0' * 1500}'.replace('0', '1')) / 1500"
    (found,) = find(f"{code}\ns = LambdaLR(SGD(p, lr=0.1), f)\n")
    assert found.read(Given()).schedule(0) == 0.1
