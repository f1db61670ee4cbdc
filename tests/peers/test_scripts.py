"""Whole Python files: names, options, classes, functions and loops around a scheduler."""

from __future__ import annotations

import textwrap

import pytest

from gradatim import Cosine, GradatimError, Linear, Schedule, multistep, step_decay
from gradatim.peers import Found, Given, find
from tests.peers.whole_files import ASKED, BESIDE, READ, STEPPED, cases

STEP = step_decay(0.1, every=30)


def only(code: str) -> Found:
    (found,) = find(textwrap.dedent(code), name="train.py")
    return found


def schedule(code: str, lr: float | None = 0.1, every: int | None = None, **values) -> Schedule:
    given = Given(lr, None, every, {name.replace("__", "."): v for name, v in values.items()})
    return only(code).read(given).schedule


def said(code: str, lr: float | None = 0.1, values=()) -> str:
    return "\n".join(only(code).read(Given(lr, values=dict(values))).differences)


@pytest.mark.parametrize(("title", "code"), cases(READ))
def test_a_file_is_read(title, code):
    assert schedule(code) == STEP


@pytest.mark.parametrize(("title", "code"), cases(ASKED))
def test_what_is_not_known_is_asked_for_by_name(title, code):
    names = title.split(" ; ")
    with pytest.raises(GradatimError) as error:
        schedule(code)
    for name in names:
        assert f"{name}=VALUE" in str(error.value)
    values: dict[str, object] = dict.fromkeys(names, 30) | {"gamma": 0.1, "fast": True}
    if "len(loader)" in names:
        values["n"] = 1
    if "xs" in names:
        values["xs"] = "[30]"
    given = Given(0.1, values={name: value for name, value in values.items() if name in names})
    found = only(code).read(given)
    if names != ["x"]:
        assert found.schedule(29) == 0.1
        assert found.schedule(30) == pytest.approx(0.01)


def test_what_is_set_wins_over_the_file():
    code = 'p.add_argument("--n", default=90)\nargs = p.parse_args()\ns = StepLR(o, args.n)'
    assert "args.n = 90 is the default of the file (line 1)." in said(code)
    assert schedule(code, args__n=30) == STEP
    assert "default" not in said(code, values={"args.n": 30})
    inside = code.replace(
        "s = StepLR(o, args.n)", "class T:\n  def f(self):\n    self.args = args\n"
    )
    assert schedule(f"{inside}    StepLR(o, self.args.n)", args__n=30) == STEP


def test_a_default_that_is_used_is_said():
    files = dict(cases(READ))
    assert "every = 30 is the default of f (line 1)." in said(files["a default of a parameter"])
    assert "c.every = 30 is the default of C (line 3)." in said(files["a dataclass"])
    assert not said("EVERY = 30\ns = StepLR(o, EVERY)")


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_the_name_that_decides_is_asked_for(kind):
    code = """
    if args.kind == "sgd":
        n = 3
        o = SGD(p, lr=0.5)
    else:
        n = 30
        o = Adam(p, lr=0.1)
    s = StepLR(o, n)
    """
    with pytest.raises(GradatimError) as error:
        schedule(code, lr=None)
    assert "args.kind decides which o counts (lines 4 and 7)" in str(error.value)
    assert "Write --set args.kind=VALUE." in str(error.value)
    found = schedule(code, lr=None, args__kind=kind)
    assert found == (step_decay(0.5, every=3) if kind == "sgd" else STEP)


BRANCHES = """
if args.sched == "cosine":
    s = CosineAnnealingLR(o, 100)
elif args.sched in ("step", "stairs"):
    s = StepLR(o, 30)
else:
    s = ExponentialLR(o, 0.9)
"""
MATCH = """
match args.sched:
    case "cosine":
        s = CosineAnnealingLR(o, 100)
    case "step" | "stairs":
        s = StepLR(o, 30)
    case _:
        s = ExponentialLR(o, 0.9)
"""


@pytest.mark.parametrize("code", [BRANCHES, MATCH])
@pytest.mark.parametrize("kind", ["cosine", "step", "stairs", "other"])
def test_a_branch_is_taken_where_its_test_is_known(code, kind):
    found = find(code)
    assert [one.holds(Given()) for one in found] == [None] * 3
    held = [one.holds(Given(values={"args.sched": kind})) for one in found]
    place = {"cosine": 0, "step": 1, "stairs": 1, "other": 2}[kind]
    assert held == [i == place for i in range(3)]
    if code is BRANCHES:
        declared = f'p.add_argument("--sched", default="{kind}")\nargs = p.parse_args()\n{code}'
        assert [one.holds(Given()) for one in find(declared)] == held
    assert "It is made only if" in "".join(found[1].read(Given(0.1)).differences)


def test_several_are_found_with_their_lines_and_parts_are_not():
    code = """
    warm = LinearLR(o, 0.01, total_iters=5)
    cosine = CosineAnnealingLR(o, 95)
    both = SequentialLR(o, [warm, cosine], milestones=[5])
    other = StepLR(p, 30)
    """
    found = find(textwrap.dedent(code))
    assert [(one.line, one.text.split("(")[0]) for one in found] == [
        (4, "SequentialLR"),
        (5, "StepLR"),
    ]
    appended = code.replace("[warm, cosine]", "xs").replace(
        "both", "xs = []\n    xs.append(warm)\n    xs.append(cosine)\n    both"
    )
    first, *_ = find(textwrap.dedent(appended))
    assert first.read(Given(0.1)).schedule == found[0].read(Given(0.1)).schedule


@pytest.mark.parametrize(("title", "code"), cases(STEPPED))
def test_how_often_it_is_stepped(title, code):
    epochs = title == "epoch"
    assert ("It is stepped once an epoch (line" in said(code)) is epochs
    wanted = step_decay(0.1, every=3)
    assert schedule(code)(3) == wanted(3)
    assert schedule(code, every=10)(29 if epochs else 2) == 0.1
    assert schedule(code, every=10)(30 if epochs else 3) == wanted(3)
    told = "\n".join(only(code).read(Given(0.1, every=10)).differences)
    assert ("--every is not used" in told) is not epochs


def test_the_frequency_of_lightning_counts():
    code = 's = StepLR(o, 3)\nd = {"scheduler": s, "interval": "step", "frequency": 5}'
    assert schedule(code)(14) == 0.1
    assert schedule(code)(15) == pytest.approx(0.01)


@pytest.mark.parametrize(("sentence", "code"), cases(BESIDE))
def test_what_is_beside_it_is_said(sentence, code):
    given = Given(None if code.startswith("o = ") else 0.1)
    first, *_ = find(code)  # what writes a rate by hand is found too
    assert sentence in "\n".join(first.read(given).differences)


def test_a_step_under_the_same_condition_as_the_update_is_none_to_speak_of():
    code = (
        "s = StepLR(o, 3)\nfor i, x in enumerate(loader):\n    if i % 4 == 0:\n        opt.step()\n"
    )
    assert "stands under" not in said(f"{code}        s.step()")


@pytest.mark.parametrize(
    ("code", "project"),
    [
        ("StepLR(o, 3)", "torch"),
        ("import keras\nkeras.callbacks.ReduceLROnPlateau(patience=3)", "keras"),
        ("ReduceLROnPlateau(monitor='val_loss', patience=3)", "keras"),
        ("ReduceLROnPlateau(optimizer, patience=3)", "torch"),
        ("from tensorflow.keras.callbacks import *\nReduceLROnPlateau(patience=3)", "keras"),
        ("import tensorflow as tf\ntf.keras.optimizers.schedules.CosineDecay(0.1, 9)", "keras"),
        ("from optax import cosine_decay_schedule as c\ncosine_decay_schedule(0.1, 9)", "optax"),
        ("CosineLRScheduler(o, t_initial=9)", "timm"),
        ("TrainingArguments('out', max_steps=9)", "transformers"),
    ],
)
def test_the_project_is_found(code, project):
    assert only(code).project == project


def test_a_name_of_another_package_is_refused():
    with pytest.raises(GradatimError, match=r"is imported as mine\.sched\.StepLR and not"):
        schedule("from mine.sched import StepLR\ns = StepLR(o, 30)")
    with pytest.raises(GradatimError, match=r"StepLR is a class of this file \(line 1\)"):
        schedule("class StepLR(Base):\n    pass\ns = StepLR(o, 30)")


@pytest.mark.parametrize(
    "milestones",
    [
        "[int(m) for m in '10,20'.split(',')]",
        "list(map(int, '10,20'.split(',')))",
        "list(range(10, 30, 10))",
        "[10] + [20]",
        "[m for m in (10, 20, 90) if m < 30]",
        "args.milestones",
    ],
)
def test_lists_are_computed(milestones):
    given = Given(0.1, values={"args.milestones": "[10, 20]"})
    found = only(f"s = MultiStepLR(o, {milestones})").read(given)
    assert found.schedule == multistep(0.1, boundaries=(10, 20))


TRAINER = """
from transformers import SchedulerType, TrainingArguments
warm = 10
args = TrainingArguments(
    "out",
    learning_rate=1e-3,
    lr_scheduler_type=SchedulerType.COSINE,
    warmup_steps=warm,
    max_steps=100,
)
"""


def test_settings_of_a_trainer_are_read():
    assert schedule(TRAINER, lr=None) == Linear(0.0, 1e-3, 10) >> Cosine(1e-3, 0.0, 90)
    declared = """
    @dataclass
    class Mine(TrainingArguments):
        learning_rate: float = field(default=1e-3)
        lr_scheduler_type: str = "cosine"
        max_steps: int = 100
    """
    assert schedule(declared, lr=None) == Cosine(1e-3, 0.0, 100)
    assert "learning_rate = 0.001 is the default of Mine" in said(declared, lr=None)
    with pytest.raises(GradatimError, match="Write --set rate=VALUE"):
        schedule(TRAINER.replace("1e-3", "rate"), lr=None)


def test_a_trainer_with_a_scheduler_of_its_own_uses_that_one():
    code = f"{TRAINER}s = StepLR(o, 30)\nTrainer(model, args, optimizers=(o, s))"
    assert only(code).project == "torch"
    assert "epoch" not in said(code)
