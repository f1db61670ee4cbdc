"""One word for each thing: what 0.1 and other libraries call it is read, or answered."""

import pickle

import pytest

import gradatim as g
from gradatim import GradatimError, Run, build, parse
from gradatim.closed_forms import CosineWave, Triangle
from gradatim.core.values import renames
from gradatim.core.values.foreign_names import _FOREIGN, _FOREIGN_OF_CALLEE
from gradatim.core.values.value import buildable, parameters_of
from gradatim.pieces import FractionalRamp, KDecay
from gradatim.plans.plan import read_plan
from gradatim.recipes import infinite, power, tri_stage, warm_cool_decay

line = g.Linear(1.0, 0.0, 10)
recipes = {name: make for name, make in buildable().items() if not isinstance(make, type)}

# A stored name and its arguments in the words of 0.1, and the value that they are.
STORED = [
    ("Run", {"updates": 1000}, Run(steps=1000)),
    ("Run", {"steps": 9, "tokens": 512}, Run(steps=9, tokens_per_sample=512)),
    ("CosineWave", {"half": 4, "peak": 2}, CosineWave(half_period=4, peak_step=2)),
    ("ExponentialDecay", {"start": 1.0, "rate": 0.5}, g.ExponentialDecay(1.0, factor=0.5)),
    (
        "Glide",
        {"start": 1.0, "end": 0.0, "steps": 2, "span": 2.5, "begun": 0.5},
        FractionalRamp(1.0, 0.0, 2, span=2.5, elapsed=0.5),
    ),
    ("KDecay", {"start": 1.0, "end": 0.0, "steps": 4, "k": 2.0}, KDecay(1.0, 0.0, 4, power=2.0)),
    (
        "Repeat",
        {"schedule": line.config(), "times": 2, "shrink": 0.5},
        line.repeat(2, factor=0.5),
    ),
    (
        "Triangle",
        {"low": 0.0, "high": 1.0, "half": 4, "scale": line.config()},
        Triangle(0.0, 1.0, half_period=4, factor=line),
    ),
    (
        "cosine_restarts",
        {"peak": 1.0, "cycle": 9, "shrink": 0.5},
        g.cosine_restarts(1.0, cycle=9, factor=0.5),
    ),
    (
        "cyclic",
        {"peak": 1.0, "start": 0.1, "mode": "exp_range", "gamma": 0.9},
        g.cyclic(1.0, start=0.1, mode="exp_range", factor=0.9),
    ),
    (
        "extend",
        {"schedule": line.config(), "at": 6, "to": 14},
        g.extend(line, at=6, steps=14),
    ),
    (
        "rewarm",
        {"schedule": line.config(), "at": 10, "to": 40, "peak": 0.5},
        g.rewarm(line, at=10, steps=40, peak=0.5),
    ),
    (
        "infinite",
        {"peak": 1.0, "level": 0.5, "warmup": 3, "cooldown": 5, "hold": 2, "anneal": 4},
        infinite(1.0, level=0.5, warmup=3, decay=5, hold=2, cooldown=4),
    ),
    (
        "infinite",
        {"peak": 1.0, "level": 0.5, "warmup": 3, "cooldown": 5},
        infinite(1.0, level=0.5, warmup=3, decay=5),
    ),
    ("power", {"peak": 1.0, "warmup": 9, "exponent": 0.5}, power(1.0, warmup=9, power=0.5)),
    (
        "tri_stage",
        {"peak": 1.0, "warmup": 1, "hold": 2, "decay": 3},
        tri_stage(1.0, warmup=1, hold=2, cooldown=3),
    ),
    (
        "warm_cool_decay",
        {"peak": 1.0, "steps": 9, "warmup": 1, "cooldown": 2, "rate": 0.5},
        warm_cool_decay(1.0, steps=9, warmup=1, cooldown=2, factor=0.5),
    ),
]
every_stored = pytest.mark.parametrize(("name", "fields", "value"), STORED)


def test_every_renamed_argument_has_a_row():
    renamed = {(name, old) for name, words in renames.ARGUMENTS.items() for old in words}
    rows = {(renames.CLASSES.get(name, name), old) for name, fields, _ in STORED for old in fields}
    assert {(name, old) for name, old in renamed if name != "repeat"} <= rows
    assert set(renames.CLASSES) <= {name for name, _, _ in STORED}


@every_stored
def test_what_0_1_stored_is_read(name, fields, value):
    assert build({name: fields}) == value
    if isinstance(value, g.Schedule):
        written = ", ".join(
            f"{key}={build(entry)!r}" if isinstance(entry, dict) else f"{key}={entry!r}"
            for key, entry in fields.items()
        )
        assert parse(f"{name}({written})") == value
        plan = {"format": 1, "schedules": {"lr": {name: fields}}}
        text = str(plan).replace("'", '"').replace("None", "null")
        assert list(read_plan(text, ".json").schedules.values()) == [value]


@every_stored
def test_a_pickle_of_0_1_is_read(name, fields, value):
    if not isinstance(buildable()[renames.CLASSES.get(name, name)], type):
        return  # a recipe is no class: its schedule is pickled
    fields = {k: build(v) if isinstance(v, dict) else v for k, v in fields.items()}
    now = type(value).__qualname__
    with pytest.MonkeyPatch.context() as patch:  # what __getstate__ gave, under the old name
        patch.setattr(type(value), "__getstate__", lambda self: fields)
        state = pickle.dumps(value, protocol=0)
    old = state.replace(f"{type(value).__module__}\n{now}\n".encode(), _named(value, name))
    assert pickle.loads(old) == value


def _named(value, name):
    return f"{type(value).__module__}\n{name}\n".encode()


def test_a_plan_file_of_0_1_says_updates():
    text = "format = 1\nrun.updates = 1000\nschedules.lr.wsd.peak = 1e-3\n"
    plan = read_plan(text, ".toml")
    assert plan.run == Run(steps=1000)
    assert list(plan.schedules.values()) == [g.wsd(1e-3, steps=1000)]


def test_repeat_is_read_in_a_text_of_0_1():
    assert parse("Linear(1, 0, 10).repeat(2, shrink=0.5)") == line.repeat(2, factor=0.5)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (name, old, new)
        for name, words in renames.ARGUMENTS.items()
        for old, new in words.items()
        if (name, old) != ("infinite", "cooldown")  # the word has another meaning now
    ],
)
def test_an_old_word_in_a_call_is_answered(name, old, new):
    make = line.repeat if name == "repeat" else buildable()[name]
    with pytest.raises(GradatimError) as caught:
        make(**{old: 0.5})
    assert str(caught.value) == f"{name}: {old} was renamed to {new}. Write {new}=0.5."


def test_both_words_at_once_are_refused():
    with pytest.raises(GradatimError, match="rate was renamed to factor"):
        build({"ExponentialDecay": {"start": 1.0, "rate": 0.5, "factor": 0.5}})


ANSWERS = {
    "warmup_cosine(max_lr=0.1, steps=9)": "warmup_cosine: max_lr is called peak here. Write "
    "peak=0.1.",
    "warmup_cosine(0.1, num_training_steps=9)": "num_training_steps is called steps here. Write "
    "steps=9.",
    "warmup_cosine(0.1, steps=9, num_warmup_steps=2)": "Write warmup=2.",
    "warmup_cosine(0.1, steps=9, warmup_ratio=0.05)": "Write warmup='5%'.",
    "warmup_cosine(0.1, steps=9, eta_min=1e-3)": "Write floor=0.001.",
    "warmup_cosine(0.1, steps=9, min_lr_rate=0.1)": "Write floor='10%'.",
    "warmup_cosine(0.1, steps=9, init_value=0.01)": "Write start=0.01.",
    "warmup_cosine(0.1, epochs=9)": "Write steps=Run(samples=..., batch=..., epochs=9).",
    "warmup_cosine(0.1, steps=9, warmup_epochs=5)": "Write warmup='5 epochs'.",
    "one_cycle(max_lr=0.1, total_steps=9)": "one_cycle: max_lr is called peak here.",
    "one_cycle(0.1, steps=9, pct_start=0.3)": "Write warmup='30%'.",
    "one_cycle(0.1, steps=9, div_factor=25)": "Write start=peak / 25.",
    "wsd(0.1, steps=9, num_decay_steps=3)": "Write cooldown=3.",
    "wsd(0.1, steps=9, decay=3)": "Write cooldown=3.",
    "multistep(0.1, milestones=[5, 8])": "Write boundaries=[5, 8].",
    "step_decay(0.1, every=9, gamma=0.5)": "Write factor=0.5.",
    "step_decay(0.1, step_size=9)": "Write every=9.",
    "cosine_restarts(0.1, T_0=9)": "Write cycle=9.",
    "cosine_restarts(0.1, cycle=9, T_mult=2)": "Write stretch=2.",
    "cyclic(base_lr=0.1, max_lr=1.0)": "Write start=0.1.",
    "Cosine(1.0, T_max=9)": "Write steps=9.",
    "ExponentialDecay(initial_learning_rate=1.0)": "Write start=1.0.",
    "ExponentialDecay(1.0, decay_steps=9)": "Write every=9.",
    "Run(max_steps=9)": "Run: max_steps is called steps here. Write steps=9.",
    "Run(num_epochs=9)": "Run: num_epochs is called epochs here. Write epochs=9.",
    "Run(steps=9, batch_size=9)": "Write batch=9.",
    "Run(steps=9, gradient_accumulation_steps=9)": "Write accumulate=9.",
    "Run(steps=9, seq_length=9)": "Write tokens_per_sample=9.",
    "Run(max_tokens=9)": "Write total_tokens=9.",
    "Run(time_budget=9)": "Write seconds=9.",
}


@pytest.mark.parametrize("call", ANSWERS)
def test_a_word_of_another_library_gets_its_answer(call):
    with pytest.raises(GradatimError) as caught:
        eval(call, {name: getattr(g, name) for name in g.__all__})
    assert str(caught.value).endswith(ANSWERS[call]) or ANSWERS[call] in str(caught.value)


@pytest.mark.parametrize("name", buildable())
def test_an_answer_names_what_is_taken(name):
    taken = set(parameters_of(buildable()[name]))
    for word in _FOREIGN:
        if word in taken or word in renames.ARGUMENTS.get(name, {}):
            continue
        with pytest.raises(GradatimError) as caught:
            buildable()[name](**{word: 0.5})
        said = str(caught.value)
        if " is called " in said:
            assert said.split(" is called ")[1].split()[0] in taken
    assert all(
        ours.ours[0] in parameters_of(buildable()[callee])
        for (callee, _), ours in _FOREIGN_OF_CALLEE.items()
    )


@pytest.mark.parametrize("name", sorted(recipes.keys() - {"by_updates"}))  # which takes one
def test_a_second_argument_without_its_name_is_refused(name):
    first, second, *_ = parameters_of(recipes[name])
    with pytest.raises(GradatimError) as caught:
        recipes[name](0.0003, 100)
    assert str(caught.value) == (
        f"{name}: only {first} may be positional. Write {name}(0.0003, {second}=100, ...)."
    )
    with pytest.raises(GradatimError, match=f"^{name}: only {first} may be positional"):
        parse(f"{name}(0.0003, 100)")
