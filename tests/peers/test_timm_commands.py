"""The options of timm's train.py mean what its create_scheduler_v2 makes of them."""

import argparse
import sys
from random import Random

import pytest
import torch

from gradatim import GradatimError
from gradatim.peers import find
from gradatim.peers.found import Given, Missing, Read
from tests.peers import random_schedulers

FACTORY = sys.modules[f"{random_schedulers.timm.__name__}.scheduler_factory"]
EVERY = 7
KINDS = ["cosine", "tanh", "poly", "step", "multistep", "wsd", "rsqrt", "constant"]
FLAGS = {
    "--epochs": ["30", "47"],
    "--min-lr": ["0", "1e-5"],
    "--warmup-lr": ["0", "1e-6"],
    "--warmup-epochs": ["0", "3", "20"],
    "--warmup-prefix": [""],
    "--decay-epochs": ["10", "4"],
    "--decay-milestones": ["9 20 31", "5 5 40"],
    "--dr": ["0.5", "0.97", "1.0"],
    "--lr-cycle-limit": ["1", "3"],
    "--lr-cycle-mul": ["1", "2"],
    "--lr-cycle-decay": ["1.0", "0.5"],
    "--sched-on-updates": [""],
    "--cooldown-epochs": ["5"],
}


def theirs(line: str) -> tuple[list[float], float]:
    """The rates of the updates, as train.py drives the scheduler; its defaults written out."""
    parser = argparse.ArgumentParser()
    defaults = {"sched": "cosine", "epochs": 300, "min-lr": 0.0, "warmup-lr": 1e-5, "lr": 0.1}
    defaults |= {"warmup-epochs": 5, "decay-epochs": 90.0, "cooldown-epochs": 0}
    defaults |= {"lr-cycle-mul": 1.0, "lr-cycle-decay": 0.5, "lr-cycle-limit": 1}
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    parser.add_argument("--decay-rate", "--dr", type=float, default=0.1)
    parser.add_argument("--decay-milestones", type=int, nargs="+", default=[90, 180, 270])
    parser.add_argument("--warmup-prefix", action="store_true")
    parser.add_argument("--sched-on-updates", action="store_true")
    args = parser.parse_args(line.split())
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=args.lr)
    kwargs = FACTORY.scheduler_kwargs(args)
    scheduler, epochs = FACTORY.create_scheduler_v2(optimizer, **kwargs, updates_per_epoch=EVERY)
    found = []
    for epoch in range(min(epochs, 70)):
        for update in range(EVERY):
            found.append(optimizer.param_groups[0]["lr"])
            scheduler.step_update(epoch * EVERY + update + 1)
        scheduler.step(epoch + 1)
    return found, args.lr


def only(text: str) -> Read:
    (found,) = find(text, name="run.sh")
    assert found.project == "timm"
    return found.read(Given(every=EVERY))


@pytest.mark.parametrize("seed", range(160))
def test_the_values_are_those_of_timm(seed: int):
    random = Random(seed)
    line = f"--sched {KINDS[seed % len(KINDS)]} --lr 0.05"
    for flag in random.sample(sorted(FLAGS), 5):
        line += f" {flag} {random.choice(FLAGS[flag])}"
    try:
        wanted, lr = theirs(line)
    except (ValueError, AssertionError):
        return  # timm refuses it too
    schedule = only(f"python train.py /data --model resnet50 {line}").schedule
    got = [schedule(step) for step in range(len(wanted))]
    # The first value of its tanh is not that of its formula.
    assert got == pytest.approx(wanted, rel=1e-10, abs=1e-6 * lr if "tanh" in line else 0.0)


@pytest.mark.parametrize(
    ("more", "rate"),
    [
        ("--lr-base 0.1 -b 128 --grad-accum-steps 2", 0.1 * 128 * 8 * 2 / 256),
        ("--lr-base 0.1 -b 64 --opt adamw", 0.1 * (64 * 8 / 256) ** 0.5),
        ("--lr-base 0.1 -b 64 --lr-base-size 512 --lr-base-scale linear", 0.1),
    ],
)
def test_a_base_rate_is_scaled_by_the_batch_of_all_processes(more: str, rate: float):
    text = f"torchrun --nproc_per_node=8 train.py --sched step --warmup-epochs 0 {more}"
    assert only(text).schedule(0) == pytest.approx(rate)
    assert only(f"./distributed_train.sh 8 {text[34:]}").schedule(0) == pytest.approx(rate)


def test_the_processes_are_asked_for():
    with pytest.raises(Missing) as error:
        only("python train.py --sched cosine --lr-base 0.1")
    assert list(error.value.reasons) == ["world_size"]


def test_epochs_and_defaults_are_said():
    (found,) = find("python train.py --sched cosine --lr 0.1 --epochs 90", name="run.sh")
    said = " ".join(found.read(Given()).differences)
    assert "timm steps it once an epoch" in said
    assert "--every" in said
    assert "warmup_epochs=5, min_lr=0.0" in said or "warmup_epochs=5" in said


def test_a_settings_file_means_the_same():
    text = "sched: cosine\nepochs: 90\nlr: 0.1\nwarmup_lr: 1e-6\nwarmup_epochs: 3\nseed: 1\n"
    (found,) = find(text, name="args.yaml")
    line = "python train.py --sched cosine --epochs 90 --lr 0.1 --warmup-lr 1e-6 --warmup-epochs 3"
    assert found.project == "timm"
    assert found.read(Given(every=EVERY)).values == only(line).values


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("--lr-noise 0.4 0.9", "its noise has no form here"),
        ("--warmup_epoch 5", "unknown option 'warmup_epoch'"),
        ("--epoch 50", "--epoch could be --epochs or --epoch-repeats"),
        ("--sched cosin", "Did you mean 'cosine'?"),
        ("--sched none", "the rate stays as the optimizer has it"),
        ("--lr x", "line 1: --lr is no number"),
    ],
)
def test_what_is_not_timms_or_has_no_form_is_refused(more: str, said: str):
    with pytest.raises(GradatimError) as error:
        only(f"python train.py --sched cosine --lr 0.1 {more}")
    assert said in str(error.value)


def test_another_program_is_said():
    found = only("python main.py --sched cosine --lr 0.1 --layer-decay 0.7 --epochs 9")
    assert any("main.py is read as timm's train.py" in one for one in found.differences)
    assert any("--layer-decay" in one for one in found.differences)
