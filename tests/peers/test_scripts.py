"""Whole Python files: names, options, classes, functions and loops around a scheduler."""

from __future__ import annotations

import textwrap

import pytest

from gradatim import Cosine, GradatimError, Linear, Schedule, multistep, step_decay
from gradatim.peers import Found, Given, find

STEP = step_decay(0.1, every=30)


def only(code: str) -> Found:
    (found,) = find(textwrap.dedent(code), name="train.py")
    return found


def schedule(code: str, lr: float | None = 0.1, every: int | None = None, **values) -> Schedule:
    given = Given(lr, None, every, {name.replace("__", "."): v for name, v in values.items()})
    return only(code).read(given).schedule


def said(code: str, lr: float | None = 0.1, values=()) -> str:
    return "\n".join(only(code).read(Given(lr, values=dict(values))).differences)


READ = {
    "in a function": "def make(o):\n    s = StepLR(o, 30)\n    return s",
    "returned": "def make(o):\n    return StepLR(o, 30)",
    "in a method": "class T:\n  def f(self):\n    self.s = StepLR(self.o, step_size=30)",
    "in a dictionary": 'def f():\n    return {"scheduler": StepLR(o, 30), "interval": "step"}',
    "in a list": "def f():\n    return [o], [StepLR(o, 30)]",
    "under with": "with strategy.scope():\n    n = 30\n    s = StepLR(o, n)",
    "under if main": 'n = 30\nif __name__ == "__main__":\n    s = StepLR(o, n)',
    "in a try": "try:\n    n = 30\nexcept ValueError:\n    raise\ns = StepLR(o, n)",
    "a constant of the module": "EVERY = 30\ndef f(o):\n    return StepLR(o, EVERY)",
    "a default of a parameter": "def f(o, every=30):\n    return StepLR(o, every)",
    "an argument of a call": "def f(o, every=3):\n    return StepLR(o, every)\ns = f(o, 30)",
    "a named argument": "def f(o, every=3):\n    return StepLR(o, every)\ns = f(o, every=10 * 3)",
    "equal arguments": "def f(o, n):\n    return StepLR(o, n)\nf(a, 30)\nf(b, n=30)",
    "a parameter through two": "def g(o, n):\n    return StepLR(o, n)\ndef f(o, m):\n    g(o, m)\nf(o, 30)",
    "self": "class T:\n  def __init__(self, n):\n    self.n = n\n  def f(self):\n    return StepLR(self.o, "
    "self.n)\nT(30).f()",
    "a dataclass": "@dataclass\nclass C:\n  every: int = 30\ndef f(c: C):\n    return StepLR(o, c.every)",
    "an object of one": "@dataclass\nclass C:\n  every: int = 3\nc = C(every=30)\ns = StepLR(o, c.every)",
    "a field": "@dataclass\nclass C:\n  every: int = field(default=30)\nc = C()\ns = StepLR(o, c.every)",
    "pydantic": "class C(BaseModel):\n  every: int = Field(30, gt=0)\nc = C()\ns = StepLR(o, c.every)",
    "a class as a namespace": "class Config:\n  every = 30\ns = StepLR(o, Config.every)",
    "an inherited attribute": "class A:\n  n = 30\nclass B(A):\n  pass\ns = StepLR(o, B.n)",
    "argparse": 'p.add_argument("--every", type=int, default=30)\na = p.parse_args()\ns = StepLR(o, a.every)',
    "argparse, as text": 'p.add_argument("--every", type=int, default="30")\na = p.parse_args()\n'
    "s = StepLR(o, a.every)",
    "argparse, another name": 'p.add_argument("-e", "--step-every", default=30)\n'
    "a, _ = p.parse_known_args()\ns = StepLR(o, a.step_every)",
    "argparse in a function": 'def get():\n    p.add_argument("--n", default=30)\n'
    "    return p.parse_args()\ndef main(args):\n    StepLR(o, args.n)\nmain(get())",
    "absl": 'flags.DEFINE_integer("every", 30, "how often")\ns = StepLR(o, FLAGS.every)',
    "click": "@click.command()\ndef f(every=30):\n    StepLR(o, every)",
    "a dictionary": 'cfg = {"a": {"every": 30}}\ns = StepLR(o, cfg["a"]["every"])',
    "dict()": 'cfg = dict(every=30)\ns = StepLR(o, cfg["every"])',
    "get": 'cfg = {"x": 1}\ns = StepLR(o, cfg.get("every", 30))',
    "an entry that is set": 'cfg = {}\ncfg["every"] = 30\ns = StepLR(o, cfg["every"])',
    "a namespace": "cfg = SimpleNamespace(every=30)\ns = StepLR(o, cfg.every)",
    "**": "kw = dict(step_size=30, gamma=0.1)\ns = StepLR(o, **kw)",
    "unpacking": "a, b = 10, 30\ns = StepLR(o, b)",
    "a tuple of a function": "def f():\n    return 1, 30\na, b = f()\ns = StepLR(o, b)",
    "int()": "s = StepLR(o, int(0.3 * 100))",
    "max() and min()": "s = StepLR(o, max(1, min(30, 90)))",
    "len() and //": "s = StepLR(o, len([1, 2, 3]) * 21 // 2 - 1)",
    "math": "import math\ns = StepLR(o, math.ceil(29.1) + math.floor(0.9))",
    "numpy": "import numpy as np\ns = StepLR(o, int(np.ceil(29.5)))",
    "% and **": "s = StepLR(o, 2 ** 5 % 33 - 2)",
    "round() and abs()": "s = StepLR(o, abs(round(-30.2)))",
    "a conditional expression": "fast = False\ns = StepLR(o, 3 if fast else 30)",
    "a test with options": 'p.add_argument("--n", default=None)\na = p.parse_args()\n'
    "s = StepLR(o, a.n if a.n is not None else 30)",
    "or": "n = None\ns = StepLR(o, n or 30)",
    "a known if": "fast = False\nn = 30\nif fast:\n    n = 3\ns = StepLR(o, n)",
    "equal branches": "n = 30\nif fast:\n    n = 30\ns = StepLR(o, n)",
    "an early return": "def f(o, kind='b'):\n    if kind == 'a':\n        return None\n    return StepLR(o, 30)",
    "a sum": "n = 10\nn += 20\ns = StepLR(o, n)",
    "a walrus": "s = StepLR(o, (n := 30))",
    "Python 2": 'print "hello"\ns = StepLR(o, 30)',
    "an excerpt of a branch": "    elif kind == 'step':\n        s = StepLR(o, 30)\n    else:\n        s = None",
    "an excerpt of two blocks": "            s = StepLR(o, 30)\n        return s\n    x = 1",
    "an import": "from torch.optim import lr_scheduler as sched\ns = sched.StepLR(o, 30)",
    "a lambda's line": "f = lambda x: x\ns = StepLR(o, 30)",
}


@pytest.mark.parametrize("code", READ.values(), ids=READ)
def test_a_file_is_read(code):
    assert schedule(code) == STEP


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("s = StepLR(o, args.n)", ["args.n"]),
        ("s = StepLR(o, cfg['a'].n, gamma)", ["cfg['a'].n", "gamma"]),
        ("s = StepLR(o, len(loader) * n)", ["len(loader)", "n"]),
        ("n = 5\nif fast:\n    n = 3\ns = StepLR(o, n)", ["n"]),
        ("n = 5\nfor x in xs:\n    n += 3\ns = StepLR(o, n)", ["n"]),
        ("for n in ns:\n    s = StepLR(o, n)", ["n"]),
        ("def f(o, n):\n    return StepLR(o, n)\nf(a, 3)\nf(b, 4)", ["n"]),
        ("class T:\n  def a(self):\n    self.n = 3\n  def b(self):\n    self.n = 4\n  def c(self):\n"
         "    StepLR(o, self.n)", ["self.n"]),
        ("args = p.parse_args()\nargs.n = 5\nif x:\n    args.n = 3\ns = StepLR(o, args.n)", ["args.n"]),
        ("a = b\nb = a\ns = StepLR(o, a)", ["b"]),
        ("def f(x):\n    return f(x)\ns = StepLR(o, f(3))", ["f(x)"]),
        ("n = 3\ndef f():\n    global n\n    n = 4\ns = StepLR(o, n)", ["n"]),
        ("xs = [3]\nxs.update(y)\ns = MultiStepLR(o, xs)", ["xs"]),
        ("n = compute()\ns = StepLR(o, n)", ["compute()"]),
        ("s = StepLR(o, 30 if fast else 3)", ["fast"]),
    ],
)  # fmt: skip
def test_what_is_not_known_is_asked_for_by_name(code, names):
    with pytest.raises(GradatimError) as error:
        schedule(code)
    for name in names:
        assert f"{name}=VALUE" in str(error.value)
    values = dict.fromkeys(names, 30) | {"gamma": 0.1, "fast": True}
    if "len(loader)" in names:
        values["n"] = 1
    if "xs" in names:
        values["xs"] = "[30]"
    found = only(code).read(Given(0.1, values={n: v for n, v in values.items() if n in names}))
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
    assert "every = 30 is the default of f (line 1)." in said(READ["a default of a parameter"])
    assert "c.every = 30 is the default of C (line 3)." in said(READ["a dataclass"])
    assert not said("EVERY = 30\ns = StepLR(o, EVERY)")


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


LOOP = """
s = StepLR(o, 3)
for epoch in range(9):
    for x in loader:
        o.step()
        {inner}
    {outer}
"""


@pytest.mark.parametrize(
    ("code", "epochs"),
    [
        (LOOP.format(inner="", outer="s.step()"), True),
        (LOOP.format(inner="s.step()", outer=""), False),
        ("def epoch(loader, sched):\n    for x in loader:\n        sched.step()\ns = StepLR(o, 3)\n"
         "for e in range(3):\n    epoch(loader, s)", False),
        ("def after(sched):\n    sched.step()\ns = StepLR(o, 3)\nfor epoch in range(3):\n    train()\n"
         "    after(s)", True),
        ("class T:\n  def f(self):\n    self.s = StepLR(o, 3)\n  def g(self):\n"
         "    while self.epoch < 10:\n      self.s.step()", True),
        ("class T:\n  def configure_optimizers(self):\n    return [o], [StepLR(o, 3)]", True),
        ('def f():\n  s = StepLR(o, 3)\n  return {"lr_scheduler": {"scheduler": s, "interval": "step"}}',
         False),
        ('def f():\n  s = StepLR(o, 3)\n  return {"lr_scheduler": {"scheduler": s, "frequency": 1}}', True),
        ("s = StepLR(o, 3)\no, s = accelerator.prepare(o, s)\nfor step in range(100):\n    s.step()",
         False),
    ],
)  # fmt: skip
def test_how_often_it_is_stepped(code, epochs):
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


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("o = SGD([{'params': a}, {'params': b, 'lr': 0.5}], lr=0.1)\ns = StepLR(o, 3)",
         "Group 1 of the optimizer has lr=0.5 of its own (line 1)"),
        ("o = SGD([{'params': a, 'lr': 0.1}, {'params': b, 'lr': 0.5}])\ns = StepLR(o, 3)",
         "This is the schedule of group 0 of the optimizer; group 1 has lr=0.5"),
        ("o = AdamW(p)\ns = StepLR(o, 3)", "AdamW (line 1) has no lr: it is 0.001."),
        ("s = StepLR(o, 3)\nfor g in o.param_groups:\n    g['lr'] = 3", "Line 3 writes the lr of"),
        ("s = StepLR(o, 3)\no.param_groups[0]['lr'] = 3", "Line 2 writes the lr of the optimizer too"),
        ("s = StepLR(o, 3)\nfor epoch in e:\n    if epoch > 5:\n        s.step()",
         "Its step() stands under `if epoch > 5` (line 3)"),
        ("s = StepLR(o, 3)\nfor epoch in e:\n    s.step()\n    for x in loader:\n        s.step()",
         "It is stepped in more than one place"),
    ],
)  # fmt: skip
def test_what_is_beside_it_is_said(code, sentence):
    assert sentence in said(
        code, lr=None if "lr" in code.split("\n")[0] or "AdamW" in code else 0.1
    )


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
    with pytest.raises(
        GradatimError, match=r"StepLR is imported as mine\.sched\.StepLR and not from"
    ):
        schedule("from mine.sched import StepLR\ns = StepLR(o, 30)")
    with pytest.raises(GradatimError, match=r"StepLR is a class of this file \(line 1\)"):
        schedule("class StepLR(Base):\n    pass\ns = StepLR(o, 30)")


def test_lists_are_computed():
    code = "ms = '10,20'\ns = MultiStepLR(o, [int(m) for m in ms.split(',')])"
    assert schedule(code) == multistep(0.1, boundaries=(10, 20))
    assert schedule(
        code.replace("[int(m) for m in ms.split(',')]", "list(map(int, ms.split(',')))")
    )
    assert schedule("s = MultiStepLR(o, list(range(10, 30, 10)))") == multistep(
        0.1, boundaries=(10, 20)
    )
    given = Given(0.1, values={"args.ms": "[10, 20]"})
    found = only("s = MultiStepLR(o, args.ms)").read(given)
    assert found.schedule == multistep(0.1, boundaries=(10, 20))


TRAINER = """
from transformers import SchedulerType, TrainingArguments
warm = 10
args = TrainingArguments(
    "out", learning_rate=1e-3, lr_scheduler_type=SchedulerType.COSINE, warmup_steps=warm, max_steps=100
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
