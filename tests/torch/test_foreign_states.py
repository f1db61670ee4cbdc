"""States of other schedulers: a sentence that says what they know, and what to write instead."""

import pytest
import torch
from torch.optim import SGD, lr_scheduler
from torch.optim.swa_utils import SWALR

from gradatim import GradatimError, warmup_cosine
from gradatim.torch import Scheduler

SCHEDULE = warmup_cosine(peak=0.1, steps=20, warmup=4)
STEPS = 7


def sgd():
    return SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)


def chained(optimizer):
    return lr_scheduler.ChainedScheduler(
        [lr_scheduler.LinearLR(optimizer), lr_scheduler.ExponentialLR(optimizer, 0.9)]
    )


def sequential(optimizer):
    return lr_scheduler.SequentialLR(
        optimizer,
        [lr_scheduler.LinearLR(optimizer), lr_scheduler.ExponentialLR(optimizer, 0.9)],
        [2],
    )


SCHEDULERS = {
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda k: 1.0),
    "MultiplicativeLR": lambda o: lr_scheduler.MultiplicativeLR(o, lambda k: 1.0),
    "StepLR": lambda o: lr_scheduler.StepLR(o, 3),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [3]),
    "ConstantLR": lr_scheduler.ConstantLR,
    "LinearLR": lr_scheduler.LinearLR,
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 10),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 10),
    "PolynomialLR": lambda o: lr_scheduler.PolynomialLR(o, 10),
    "CyclicLR": lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.2),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=20),
    "ReduceLROnPlateau": lr_scheduler.ReduceLROnPlateau,
    "SequentialLR": sequential,
    "ChainedScheduler": chained,
    "SWALR": lambda o: SWALR(o, 0.1),
}


def refusal(state):
    scheduler = Scheduler(sgd(), SCHEDULE)
    before = scheduler.state_dict()
    with pytest.raises(GradatimError) as error:
        scheduler.load_state_dict(state)
    assert scheduler.state_dict() == before
    assert "\n" not in str(error.value)
    return str(error.value)


def state_of(name):
    optimizer = sgd()
    scheduler = SCHEDULERS[name](optimizer)
    for _ in range(STEPS):
        optimizer.step()
        scheduler.step(*[1.0] * (name == "ReduceLROnPlateau"))
    return scheduler.state_dict()


def test_every_scheduler_of_torch_has_a_row():
    made = {
        name
        for name, kind in vars(lr_scheduler).items()
        if isinstance(kind, type) and issubclass(kind, lr_scheduler.LRScheduler)
    }
    assert {name for name in made if not name.startswith("_")} - {"LRScheduler"} <= set(SCHEDULERS)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_it_names_the_position_in_it_and_what_to_write(name):
    words = refusal(state_of(name))
    assert words.startswith("load: this is the state of another scheduler, such as one of torch")
    assert f"has a 'last_epoch', {STEPS}," in words
    assert "from_torch(...) translates the scheduler itself" in words
    assert "save scheduler.state_dict() over the trainer's file" in words
    if name == "ReduceLROnPlateau":
        assert "counts evaluations, not updates: write scheduler.seek(position)" in words
    else:
        assert f"If it was stepped once per update, write scheduler.seek({STEPS})" in words


def test_as_the_sentence_says_the_run_goes_on():
    scheduler = Scheduler(sgd(), SCHEDULE)
    scheduler.seek(STEPS)
    file = scheduler.state_dict()  # what a trainer then loads by itself
    again = Scheduler(sgd(), SCHEDULE)
    again.load_state_dict(file)
    assert (again.position, again.next) == (STEPS, {"lr": SCHEDULE(STEPS)})


@pytest.mark.parametrize(
    ("around", "place"),
    [
        # Lightning's checkpoint, and what its configure_optimizers returns; a list of accelerate.
        (
            lambda state: {"epoch": 1, "global_step": 7, "lr_schedulers": [state]},
            "['lr_schedulers'][0]",
        ),
        (lambda state: {"scheduler": state, "interval": "step", "frequency": 1}, "['scheduler']"),
        (lambda state: [state], "[0]"),
    ],
    ids=["checkpoint", "config", "list"],
)
def test_what_is_wrapped_around_it_is_looked_through(around, place):
    words = refusal(around(state_of("CosineAnnealingLR")))
    assert f"has a 'last_epoch', {STEPS}, under {place} and no 'format'" in words
    assert f"scheduler.seek({STEPS})" in words
    ours = Scheduler(sgd(), SCHEDULE).state_dict()
    words = refusal(around(ours))
    assert words == (
        f"load: this holds the state that state_dict() gave, under {place}. Load that."
    )


@pytest.mark.parametrize(
    "state",
    [
        {},
        None,
        {"last_epoch": -1},
        {"last_epoch": "3"},
        {"last_epoch": True},
        {"last_epoch": float("nan")},
        {"param_groups": [{"lr": 0.1}], "state": {}},
        [],
        [[[[[[]]]]]],
        {"t_initial": 10, "base_values": [0.1]},
        {"last_epoch": torch.tensor(3)},
        "last_epoch",
    ],
)
def test_what_says_no_position_is_refused_with_the_way_out(state):
    words = refusal(state)
    assert words.startswith("load: state must be what state_dict() gave: it has a 'format'")
    assert "write scheduler.seek(position)" in words


def test_a_whole_checkpoint_of_a_model_is_looked_through_in_no_time():
    weights = {f"layer{k}": {"weight": torch.zeros(1)} for k in range(20_000)}
    words = refusal({"state_dict": weights, "lr_schedulers": [state_of("StepLR")]})
    assert "under ['lr_schedulers'][0]" in words
