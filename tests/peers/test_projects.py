"""What is written for other projects is run there and gives the same rates, and back."""

import json
import math
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import keras
import numpy
import optax
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gradatim import Constant, GradatimError, Linear, speechbrain
from gradatim.peers import TARGETS, convert, read
from gradatim.peers.source import PYTHON, expression
from tests.core.cases.table import CASES
from tests.peers.examples import SCHEDULES, STEPS, TEXTS
from tests.searches import quick_and_wide

SCRIPTS = Path(__file__).parent / "scripts"
SOME = (0, 1, 10, 20, 50, 51, 101, 199)


def torch_rates(namespace, code, lr, steps=STEPS):
    """The rates of an optimizer that is driven by the scheduler which this code makes."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    namespace["optimizer"] = optimizer
    exec(code, namespace)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        namespace["scheduler"].step()
    return rates


def base_rate(written):
    said = next((s for s in written.differences if "lr=" in s), "")
    return float(said.partition("lr=")[2].split(",")[0].rstrip(".")) if said else 1.0


def expected(schedule, steps=STEPS):
    return [schedule(step) for step in range(steps)]


@pytest.mark.parametrize("name", SCHEDULES)
def test_torch_runs_what_is_written_for_it(name):
    written = convert(SCHEDULES[name], "torch", STEPS)
    assert torch_rates({}, written.code, 1.0) == pytest.approx(
        expected(SCHEDULES[name]), rel=1e-13, abs=1e-18
    )


@pytest.mark.parametrize("name", SCHEDULES)
def test_transformers_runs_what_is_written_for_it(name):
    pytest.importorskip("transformers")
    written = convert(SCHEDULES[name], "transformers", STEPS)
    lr = 1.0 if "LambdaLR" in written.code else base_rate(written)
    rates = torch_rates({}, written.code, lr)
    assert rates == pytest.approx(expected(SCHEDULES[name]), rel=1e-12, abs=1e-18)


def test_transformers_own_functions_are_used_where_there_is_one():
    own = [n for n, s in SCHEDULES.items() if "get_" in convert(s, "transformers", STEPS).code]
    assert {"cosine", "linear", "constant", "wsd", "inverse square root", "polynomial"} <= {*own}


@pytest.mark.parametrize("name", SCHEDULES)
def test_optax_runs_what_is_written_for_it(name):
    namespace = {}
    exec(convert(SCHEDULES[name], "optax", STEPS).code, namespace)
    schedule = namespace.get("schedule") or namespace["rate"]
    found = numpy.broadcast_to(schedule(numpy.arange(STEPS)), STEPS)
    top = max(map(abs, expected(SCHEDULES[name])))
    assert found == pytest.approx(expected(SCHEDULES[name]), rel=3e-6, abs=2e-7 * top)


@pytest.fixture(scope="module", params=["jax", "tensorflow", "torch"])
def keras_rates(request):
    """What the code written for Keras gives there, in a process with one backend."""
    codes = {name: convert(schedule, "keras", STEPS).code for name, schedule in SCHEDULES.items()}
    done = subprocess.run(
        [sys.executable, SCRIPTS / "keras_rates.py"],
        input=json.dumps({"codes": codes, "steps": SOME}),
        text=True,
        capture_output=True,
        check=False,
        env=os.environ
        | {
            "KERAS_BACKEND": request.param,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "-1",
        },
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["backend"] == request.param
    return said["rates"]


@pytest.mark.parametrize("name", SCHEDULES)
def test_keras_runs_what_is_written_for_it(name, keras_rates):
    wanted = [SCHEDULES[name](step) for step in SOME]
    top = max(map(abs, expected(SCHEDULES[name])))
    assert keras_rates[name] == pytest.approx(wanted, rel=3e-6, abs=2e-7 * top)


@pytest.mark.parametrize("case", [c for c in CASES if c.name != "Function"], ids=str)
def test_every_schedule_is_written_as_a_function(case):
    namespace = {"math": math}
    function = eval(f"lambda t: {expression(case.schedule, PYTHON)}", namespace)
    steps = [step for step in case.steps if step < 10**7][::5]
    # The written formula has no care for the last digits near an end.
    size = max(abs(case.start), abs(case.size), max(abs(case.schedule(s)) for s in steps))
    for step in steps:
        assert function(step) == pytest.approx(case.schedule(step), rel=1e-9, abs=1e-14 * size)


@pytest.mark.parametrize(("text", "lr"), TEXTS["torch"] + TEXTS["transformers"], ids=str)
def test_a_call_of_torch_or_transformers_means_its_rates(text, lr):
    project = "torch" if (text, lr) in TEXTS["torch"] else "transformers"
    module = {"torch": "torch.optim.lr_scheduler", "transformers": "transformers"}[project]
    namespace = {**vars(pytest.importorskip(module)), "torch": torch}
    before, _, call = text.rpartition("scheduler = ")
    name = call.partition("(")[0].split(".")[-1]
    namespace[name] = getattr(pytest.importorskip(module), name)
    rates = torch_rates(namespace, f"{before}scheduler = {call}", lr or 0.1)
    schedule = read(text, project, lr=lr, steps=STEPS).schedule
    assert rates == pytest.approx(expected(schedule), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("text", "lr"), TEXTS["keras"] + TEXTS["optax"], ids=str)
def test_a_call_of_keras_or_optax_means_its_rates(text, lr):
    project = "keras" if (text, lr) in TEXTS["keras"] else "optax"
    if project == "keras":
        namespace = vars(keras.optimizers.schedules)
    else:
        namespace = {**vars(optax), "optax": optax}
    theirs = eval(text, dict(namespace))
    schedule = read(text, project).schedule
    for step in SOME:
        assert float(theirs(step)) == pytest.approx(schedule(step), rel=3e-6, abs=1e-8), step


@pytest.mark.parametrize("target", ["timm", "deepspeed", "megatron", "composer", "speechbrain"])
def test_settings_are_read_back_as_they_were_written(target):
    kept = []
    for name, schedule in SCHEDULES.items():
        try:
            written = convert(schedule, target, STEPS)
        except GradatimError:
            continue  # said by the test below
        again = read(
            written.code.partition("\n\n")[2].partition("= ")[2] or written.code,
            target,
            lr=base_rate(written),
            steps=STEPS,
        ).schedule
        late = 1 if any("one update later" in s for s in written.differences) else 0
        assert expected(again.shift(-late)) == pytest.approx(expected(schedule), rel=1e-12), name
        kept.append(name)
    assert len(kept) >= 3


@pytest.mark.parametrize(
    "name",
    ["NoamScheduler", "LinearWarmupScheduler", "TriStageLRSchedule", "WarmCoolDecayLRSchedule"],
)
def test_entries_of_speechbrain_mean_its_rates(name):
    entries = {
        "NoamScheduler": {"lr_initial": 0.1, "n_warmup_steps": 20},
        "LinearWarmupScheduler": {
            "initial_value": 0.1,
            "num_warmup_steps": 20,
            "num_training_steps": 150,
        },
        "TriStageLRSchedule": {
            "lr": 0.1,
            "warmup_steps": 20,
            "hold_steps": 30,
            "decay_steps": 60,
            "total_steps": 110,
        },
        "WarmCoolDecayLRSchedule": {"lr": 0.1, "warmup": 20, "cooldown": 30, "total_steps": 150},
    }
    text = f"lr: !new:speechbrain.nnet.schedulers.{name}\n"
    text += "\n".join(f"    {key}: {value}" for key, value in entries[name].items())
    schedule = read(text, "speechbrain").schedule
    theirs = getattr(speechbrain, name)(**entries[name]).schedule
    last = 110 if name == "TriStageLRSchedule" else STEPS
    assert expected(schedule, last) == pytest.approx(expected(theirs, last), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("target", ["timm", "deepspeed", "megatron", "composer", "speechbrain"])
def test_what_a_project_has_no_words_for_is_said(target):
    with pytest.raises(GradatimError, match=r"has no words for .*\. \w+"):
        convert(SCHEDULES["sum and product"], target, STEPS)


PEERS = json.loads((Path(__file__).parent / "peers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", PEERS["schedules"], ids=lambda row: row["text"])
def test_settings_mean_the_rates_of_their_own_project(row):
    found = read(row["text"], row["project"], lr=0.1, steps=200)
    schedule, said = found.schedule, found.differences
    wanted = expected(schedule)
    if "all along" in " ".join(said):  # DeepSpeed, an update late
        wanted = [wanted[0], *wanted]
    elif "late in the warm-up" in " ".join(said):
        up = schedule.pieces[0].steps
        wanted = [0.0, *wanted[:up], *wanted[up + 1 :]]
    assert [wanted[k] for k in PEERS["steps"]] == pytest.approx(row["rates"], rel=1e-11, abs=1e-17)


def test_megatron_by_hand():
    # 0.5 * (1 + cos(pi * (55 - 10) / 90)) = 0.5: half-way between the two rates.
    text = "--lr 0.3 --min-lr 0.1 --lr-decay-style cosine --lr-warmup-iters 10 --train-iters 100"
    schedule = read(text, "megatron").schedule
    assert [schedule(0), schedule(5), schedule(55), schedule(100)] == pytest.approx(
        [0.0, 0.15, 0.2, 0.1]
    )


def test_swa_by_hand():
    # Half-way down a cosine from 0.1 to 0.05.
    schedule = read("SWALR(optimizer, swa_lr=0.05)", "torch", lr=0.1).schedule
    assert [schedule(0), schedule(5), schedule(99)] == pytest.approx([0.1, 0.075, 0.05])


def test_deepspeed_settings_are_json():
    code = convert(SCHEDULES["cosine to a floor"], "deepspeed", STEPS).code
    assert json.loads(code)["scheduler"]["params"]["cos_min_ratio"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("text", "source", "said"),
    [
        ("StepLR(optimizer, 30)", "torch", "Write --lr"),
        ("StepLR(optimizer, steps)", "torch", "Write --set steps=VALUE"),
        ("StpeLR(optimizer, 3)", "torch", "Did you mean 'StepLR'?"),
        ("StepLR(optimizer, 3, gama=1)", "torch", "Did you mean 'gamma'?"),
        ("__import__('os').system('x')", "torch", "unknown schedule 'system'"),
        ("StepLR(optimizer", "torch", "the text ends inside of this call"),
        ("{}", "deepspeed", "there is no scheduler that is known in it"),
        ("--min-lr 1", "megatron", "--lr"),
        ("CosineAnnealingWithWarmupScheduler('1ep')", "composer", "must be in batches"),
        ("StepLR(3)", "pytorch", "Did you mean 'torch'?"),
        ("CosineDecay(0.1)", "keras", "decay_steps is missing"),
        ("CosineDecay('a', 'b')", "keras", "initial_learning_rate must be a finite number"),
        ("CosineDecayRestarts(0.1, 25, t_mul=1.5)", "keras", "t_mul must be a whole number"),
        ("PolynomialDecay(0.1, 50, cycle=True)", "keras", "cycle must be False"),
        ("StepLR(optimizer, 3, last_epoch=5)", "torch", "last_epoch must be left out"),
        ("StepLR(optimizer, True + 1)", "torch", "a number or another literal"),
        ("StepLR(optimizer, 10**19)", "torch", "a number or another literal"),
        (
            "SequentialLR(optimizer, [StepLR(optimizer, 3)], [5])",
            "torch",
            "one shorter than the 1 schedules",
        ),
        ("SequentialLR(optimizer, [], [])", "torch", "a list of one or more"),
        ("SequentialLR(optimizer, schedulers, [5])", "torch", "schedulers must be a list"),
        ("SequentialLR(optimizer, [StepLR(optimizer, 3)] * 2, [5])", "torch", "must be a list"),
        (
            "SequentialLR(optimizer, [StepLR(optimizer, 3), ReduceLROnPlateau(optimizer)], [5])",
            "torch",
            "one of its schedulers follows a metric",
        ),
        (
            "ChainedScheduler([OneCycleLR(optimizer, 0.1, 9), StepLR(optimizer, 3)])",
            "torch",
            "OneCycleLR in a ChainedScheduler writes rates of its own",
        ),
        (
            "ChainedScheduler([StepLR(optimizer, 3), CosineAnnealingLR(optimizer, 9, 0.1)])",
            "torch",
            "CosineAnnealingLR in a ChainedScheduler with eta_min",
        ),
        (
            "join_schedules([constant_schedule(1.0), constant_schedule(0.5)], [9, 5])",
            "optax",
            "one shorter than the 2 schedules",
        ),
        (
            "join_schedules([constant_schedule(1.0), constant_schedule(0.5)], [0])",
            "optax",
            "rising whole numbers",
        ),
        (
            "a = [1]\n"
            + "\n".join(f"a = [{'a, ' * 9}]" for _ in range(40))
            + "\nStepLR(optimizer, a)",  # 9**40 parts, were it written out
            "torch",
            "a is not known. Write --set a=VALUE",
        ),
        ("x = 1\n" * 1_500_000, "torch", "more than 8000000 characters"),
        ("CosineLRScheduler(optimizer, 100, noise_range_t=(1, 5))", "timm", "its noise has no"),
        ("CosineLRScheduler(optimizer, 100, cycle_mul=1.5)", "timm", "a whole number"),
        (
            "CosineLRScheduler(optimizer, 100, cycle_limit=10**9, cycle_decay=0.5)",
            "timm",
            "at most 1000",
        ),
        ("PolyLRScheduler(optimizer, 100, k_decay=2.0)", "timm", "k_decay must be 1"),
        ("CosineLRScheduler(optimizer)", "timm", "t_initial is missing"),
        (
            '{"type": "WarmupLR", "params": {"warmup_num_steps": "auto"}}',
            "deepspeed",
            '"auto", which transformers fills in',
        ),
        (
            '{"type": "WarmupLR", "params": {"warmup_num_step": 10}}',
            "deepspeed",
            "Did you mean 'warmup_num_steps'?",
        ),
        ('{"type": "WarmupLR", "steps": 3, "params": {}}', "deepspeed", "unknown key 'steps'"),
        ("--lr 1 --train-samples 100 --lr-warmup-samples 10", "megatron", "--global-batch-size"),
        (
            "--lr 1 --train-iters 100 --lr-decay-style inverse-square-root",
            "megatron",
            "--global-batch-size",
        ),
        ("LinearWithWarmupScheduler('20ba', t_max='10ba')", "composer", "t_max is over before"),
    ],
)
def test_what_cannot_be_read_is_refused(text, source, said):
    with pytest.raises(GradatimError) as error:
        read(text, source, lr=None if text == "StepLR(optimizer, 30)" else 0.1)
    assert said in str(error.value)


@pytest.mark.parametrize("target", ["timm", "deepspeed", "megatron", "composer", "speechbrain"])
@pytest.mark.parametrize(
    "schedule",
    [
        Linear(0.0, 0.1, 20) >> Constant(0.1, 30) >> Linear(0.5, 0.0, 50),
        Linear(0.0, 0.1, 20) >> Constant(0.1, 30) >> Constant(0.05),
        Linear(0.0, 0.1, 100),
        Constant(0.0),
    ],
    ids=repr,
)
def test_a_curve_that_does_not_start_at_the_peak_has_no_words(target, schedule):
    with pytest.raises(GradatimError, match="has no words for"):
        convert(schedule, target, 100)


def test_every_project_has_words_for_a_warm_up_and_a_fall():
    for target in TARGETS:
        name = "inverse square root" if target == "speechbrain" else "linear"
        assert convert(SCHEDULES[name], target, STEPS).code


@pytest.mark.parametrize("target", TARGETS)
def test_every_schedule_is_written_or_refused(target):
    for case in CASES:
        with suppress(GradatimError):
            assert convert(case.schedule, target, 1000).code


GOOD = [text for texts in TEXTS.values() for text, _ in texts] + [
    convert(SCHEDULES[name], target, STEPS).code
    for name, target in (
        ("linear", "deepspeed"),
        ("wsd", "megatron"),
        ("linear", "composer"),
        ("linear", "timm"),
        ("tri-stage", "speechbrain"),
    )
]


@quick_and_wide
@given(data=st.data(), source=st.sampled_from(TARGETS))
def test_any_text_is_read_or_refused(search, data, source):
    text = data.draw(st.sampled_from(GOOD) | st.text())
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 5, len(text))))
    word = data.draw(
        st.sampled_from(["", "0", "-1", "1e400", "nan", "'a'", "(", "[1]", "True", "x"])
    )
    with suppress(GradatimError):
        assert read(text[:start] + word + text[end:], source, lr=0.1, steps=STEPS).schedule
