"""What the scheduler warns of: each time the whole sentence."""

import warnings
from collections.abc import Callable

import pytest
import torch
from torch.optim import SGD, Optimizer

from gradatim import Constant, Linear
from gradatim.torch import Scheduler, relative
from tests.torch.messages import sgd, weights


def update(*optimizers: Optimizer) -> None:
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            for weight in group["params"]:
                weight.grad = torch.ones(1)
        optimizer.step()


def written_by_hand() -> None:
    optimizer = sgd(0.5, 0.5)
    Scheduler(optimizer, lr=0.25)
    optimizer.param_groups[1]["lr"] = 7.0
    update(optimizer)


def in_another_order() -> None:
    a, b = sgd(), sgd()
    Scheduler({"a": a, "b": b}, lr=0.5)
    update(b, a)


def overridden() -> None:
    state = Scheduler(sgd(), lr=3e-4).state_dict()
    Scheduler(sgd(), lr=100.0).load_state_dict(state, "override")


def never_used() -> None:
    scheduler = Scheduler(sgd(), lr=1.0)
    for _ in range(1000):
        scheduler.step()


def trained_by_another() -> None:
    used = sgd()
    scheduler = Scheduler(SGD(used.param_groups[0]["params"], 0.1), lr=1.0)
    for _ in range(5):
        update(used)
        scheduler.step()


def with_layer_decay() -> None:
    Scheduler(SGD([{"params": weights(), "lr_scale": 0.5}, {"params": weights()}], 0.1), lr=1.0)


def scaled_up() -> None:
    Scheduler(SGD([{"params": weights(), "lr_scale": 2.0}, {"params": weights()}], 0.1), lr=1.0)


def decaying(*decays: float) -> SGD:
    return SGD([{"params": weights(), "weight_decay": decay} for decay in decays], lr=0.1)


def one_decay_for_all() -> None:
    Scheduler(decaying(0.25, 0.5), lr=1.0, weight_decay=0.125)


def past_the_end() -> None:
    optimizer = sgd()
    Scheduler(optimizer, lr=Linear(1.0, 0.0, 2))
    update(optimizer, optimizer, optimizer)


def one_for_all() -> None:
    Scheduler(sgd(body=0.5, head=0.25), lr=1.0)


def one_for_a_group_that_begins_at_zero() -> None:
    Scheduler(sgd(body=0.5, head=0.0), lr=1.0)


def small_factors() -> None:
    relative(Constant(3e-4))


WARNINGS: dict[Callable[[], object], str] = {
    written_by_hand: (
        "something else has changed lr of group '1' for update 1, from 0.25 to 7.0. That update "
        "used 7.0; now the scheduler writes its own again. To hand lr over for longer, write: "
        "with scheduler.released('lr'): ..."
    ),
    in_another_order: (
        "optimizer 1 stepped before optimizer 0, which is earlier in the list. If the loop steps "
        "them in this order, list them so: as it is, an update is counted from one step of 0 to "
        "the next. If 0 left its first step out, all is well."
    ),
    overridden: (
        "load: on_mismatch='override' changes the largest lr of the updates to come from 0.0003 "
        "to 100.0."
    ),
    never_used: (
        "scheduler.step() was called 1000 times, but the optimizer that the scheduler is attached "
        "to has made no update; the loop may be using another optimizer. Attach the scheduler to "
        "the optimizer whose step() the loop calls."
    ),
    trained_by_another: (
        "scheduler.step() was called 3 times, but the optimizer that the scheduler is attached to "
        "has made no update; its parameters were changed all the same, so another optimizer "
        "trains them. Attach the scheduler to the optimizer whose step() the loop calls."
    ),
    with_layer_decay: (
        "Scheduler: the groups have an 'lr_scale', timm's layer decay, and one schedule of lr "
        "ignores it. Write lr=[group['lr_scale'] * schedule for group in optimizer.param_groups]; "
        "if they are to be equal, lr={'*': schedule} says so."
    ),
    scaled_up: (
        "Scheduler: the groups have an 'lr_scale', timm's layer decay, and one schedule of lr "
        "ignores it. Write lr=[group['lr_scale'] * schedule for group in optimizer.param_groups]; "
        "if they are to be equal, lr={'*': schedule} says so."
    ),
    one_decay_for_all: (
        "Scheduler: the groups begin with different weight_decay (0: 0.25, 1: 0.5), and one "
        "schedule makes them equal. To multiply each group's own, write weight_decay="
        "relative(schedule) with a peak of 1.0; if they are to be equal, weight_decay="
        "{'*': schedule} says so."
    ),
    one_for_a_group_that_begins_at_zero: (
        "Scheduler: the groups begin with different lr (body: 0.5, head: 0), and one schedule "
        "makes them equal. To multiply each group's own, write lr=relative(schedule) with a peak "
        "of 1.0; if they are to be equal, lr={'*': schedule} says so."
    ),
    past_the_end: (
        "the schedule of lr has ended at 0, after 2 updates, and the run goes on: update 3 changed "
        "nothing, and later ones will not either. To train longer, write extend(...) or "
        "rewarm(...)."
    ),
    one_for_all: (
        "Scheduler: the groups begin with different lr (body: 0.5, head: 0.25), and one schedule "
        "makes them equal. To multiply each group's own, write lr=relative(schedule) with a peak "
        "of 1.0; if they are to be equal, lr={'*': schedule} says so."
    ),
    small_factors: (
        "relative: the factors are at most 0.0003. They multiply the initial value of each group, "
        "so a schedule for relative() has a peak near 1.0."
    ),
}


@pytest.mark.parametrize("warned", WARNINGS, ids=lambda one: one.__name__)
def test_a_doubtful_use_is_warned_of_in_these_words(warned: Callable[[], object]):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        warned()
    assert [str(one.message) for one in found] == [f"gradatim: {WARNINGS[warned]}"]


@pytest.mark.parametrize(
    "silent",
    [
        lambda: Scheduler(decaying(0.25, 0.0), lr=1.0, weight_decay=0.125),
        lambda: Scheduler(
            SGD([{"params": weights(), "lr_scale": 1.0}, {"params": weights()}], 0.1), lr=1.0
        ),
        lambda: Scheduler(sgd(body=0.5, head=0.25), lr={"*": 1.0}),
    ],
    ids=["no decay on biases", "a scale of 1", "equal on purpose"],
)
def test_what_is_meant_so_is_not_warned_of(silent: Callable[[], object]):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silent()
