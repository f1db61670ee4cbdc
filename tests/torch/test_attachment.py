"""Where the scheduler meets the optimizer: its hooks, and what other code writes between steps."""

import copy
import re

import pytest
import torch
from torch import Tensor
from torch.optim import SGD

from gradatim import Constant, GradatimError, Linear
from gradatim.torch import Scheduler, relative
from gradatim.torch.deepspeed import EngineOptimizer, is_deepspeed_wrapper
from tests.torch.messages import Nested, sgd, weights

LINE = Linear(start=1.0, end=0.0, steps=4)


def update(optimizer):
    for group in optimizer.param_groups:
        for weight in group["params"]:
            weight.grad = torch.ones(1)
    return optimizer.step()


@pytest.mark.parametrize("kind", [SGD, Nested])
def test_a_closure_given_by_position_is_called_attached_or_not(kind):
    optimizer = kind(weights(), lr=0.5)
    scheduler = Scheduler(optimizer, lr=LINE)
    update(optimizer)
    assert optimizer.step(lambda: 7.0) == 7.0
    assert scheduler.position == 2
    scheduler.detach()
    assert optimizer.step(lambda: 8.0) == 8.0
    assert scheduler.position == 2


@pytest.mark.parametrize("kind", [SGD, Nested])
def test_nothing_of_a_detached_scheduler_touches_a_load(kind):
    optimizer = kind(weights(), lr=0.5)
    state = optimizer.state_dict()
    state["param_groups"][0]["lr"] = 0.125
    scheduler = Scheduler(optimizer, lr=LINE)
    scheduler.detach()
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["lr"] == 0.125


@pytest.mark.filterwarnings("ignore:gradatim. Scheduler. the groups begin with different lr")
def test_a_detached_scheduler_does_not_put_the_groups_of_a_state_in_order():
    optimizer, state = sgd(a=0.5, b=0.25), sgd(b=0.25, a=0.5).state_dict()
    Scheduler(optimizer, lr=LINE).detach()
    optimizer.load_state_dict(state)
    assert [group["name"] for group in optimizer.param_groups] == ["b", "a"]  # as torch does it


@pytest.mark.parametrize("held", [0.5, torch.tensor(0.5)], ids=["float", "tensor"])
def test_what_was_written_by_hand_is_used_though_another_optimizer_has_moved_the_driver(held):
    one, other = sgd(0.5), sgd(held)
    Scheduler({"one": one, "other": other}, lr=LINE, update="one")
    update(one)
    update(other)
    group = other.param_groups[0]
    if isinstance(held, Tensor):
        group["lr"].fill_(7.0)
    else:
        group["lr"] = 7.0
    update(one)
    with pytest.warns(UserWarning, match="changed lr of group 'other/0' for update 3"):
        update(other)
    assert group["params"][0].item() == -LINE(1) - 7.0
    assert not isinstance(held, Tensor) or group["lr"] is held


@pytest.mark.filterwarnings("ignore:gradatim. Scheduler. the groups begin with different lr")
def test_a_group_whose_rate_is_zero_is_driven_too():
    optimizer = sgd(0.5, 0.0)
    Scheduler(optimizer, lr=0.25)
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]


def test_an_initial_rate_that_is_a_tensor_is_a_base():
    optimizer = sgd(0.125)
    optimizer.param_groups[0]["initial_lr"] = torch.tensor(0.5, requires_grad=True)
    Scheduler(optimizer, lr=relative(LINE))
    update(optimizer)
    assert optimizer.param_groups[0]["lr"] == 0.375


def test_a_group_of_a_known_name_keeps_its_base_with_other_parameters():
    optimizer = sgd(head=0.5)
    Scheduler(optimizer, lr=relative(LINE))
    update(optimizer)
    group = {**optimizer.param_groups[0], "params": weights()}
    del group["initial_lr"]
    optimizer.param_groups[0] = group
    update(optimizer)
    assert group["lr"] == 0.25  # half of 0.5, not half of the 0.375 that it held


def test_a_new_group_in_the_place_of_an_unnamed_one_is_refused():
    optimizer = sgd(0.5, 0.25)
    scheduler = Scheduler(optimizer, lr=[LINE, Constant(0.25)])
    optimizer.param_groups[0] = {**optimizer.param_groups[0], "params": weights()}
    with pytest.raises(GradatimError) as refusal:
        optimizer.step()
    assert str(refusal.value) == (
        "Scheduler: the optimizer's parameter groups were changed, and it is ambiguous which "
        "schedule of lr is meant for group 0: it has no name, and no known group has its "
        'parameters. Give each group a "name" when building the optimizer, or build the scheduler '
        "anew."
    )
    assert scheduler.position == 0


def test_a_group_that_lost_its_name_is_not_taken_for_the_one_it_was():
    optimizer = sgd(a=0.5, b=0.25)
    Scheduler(optimizer, lr={"a": LINE, "b": Constant(0.25)})
    del optimizer.param_groups[0]["name"]
    with pytest.raises(GradatimError, match=r"schedule of lr is meant for group 0: it has no name"):
        optimizer.step()


def released(scheduler, optimizer, name):
    with scheduler.released(name):
        update(optimizer)


LOOKED_AT = {
    "step": lambda scheduler, optimizer, name: update(optimizer),
    "seek": lambda scheduler, optimizer, name: scheduler.seek(2),
    "released": released,
}


@pytest.mark.parametrize(
    ("own", "driven", "left", "how"),
    [
        (0.5, "own", None, "step"),  # a seek writes it, and so puts it back
        (0.5, "own", None, "released"),
        *((torch.tensor(0.5), "own", None, how) for how in LOOKED_AT),
        *(((0.5, 0.25), "own[1]", None, how) for how in LOOKED_AT),
        *(((0.5, 0.25), "own[1]", (0.5,), how) for how in LOOKED_AT),
    ],
)
def test_a_group_that_lost_what_is_driven_is_refused(own, driven, left, how):
    optimizer = SGD([{"params": weights(), "own": copy.copy(own)} for _ in range(2)], lr=0.1)
    scheduler = Scheduler(optimizer, **{driven: LINE})
    update(optimizer)
    del optimizer.param_groups[1]["own"]
    if left is not None:
        optimizer.param_groups[1]["own"] = left
    words = re.escape(f"a parameter group has no {driven} any more, and the scheduler drives it.")
    with pytest.raises(GradatimError, match=words):
        LOOKED_AT[how](scheduler, optimizer, driven)


def test_a_group_that_is_added_between_two_updates_gets_its_rate_when_the_scheduler_steps():
    optimizer = sgd(0.5)
    scheduler = Scheduler(optimizer, lr=LINE)
    update(optimizer)
    optimizer.add_param_group({"params": weights(), "lr": 9.0})
    scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == [LINE(1), LINE(1)]


def test_a_group_may_be_replaced_by_a_copy_of_it():
    optimizer = sgd(0.5)
    scheduler = Scheduler(optimizer, lr=LINE)
    optimizer.param_groups[0] = dict(optimizer.param_groups[0])
    scheduler.seek(0)
    update(optimizer)
    optimizer.param_groups[0]["lr"] = 7.0
    with pytest.warns(UserWarning, match="something else has changed lr of group '0'"):
        update(optimizer)
    assert scheduler.position == 2


def test_of_two_tensors_only_the_one_that_others_wrote_to_is_reported():
    optimizer = sgd(torch.tensor(0.1), torch.tensor(0.1))
    scheduler = Scheduler(optimizer, lr=Constant(0.1))  # which no float32 holds exactly
    optimizer.param_groups[1]["lr"].fill_(0.5)
    with pytest.warns(UserWarning, match="something else has changed lr of group '1'") as warned:
        update(optimizer)
    assert len(warned) == 1
    assert scheduler.applied == {"lr": 0.1, "lr/1": 0.5}


def test_a_value_that_could_not_be_released_is_driven_on():
    optimizer = sgd(0.5, 0.25)
    scheduler = Scheduler(optimizer, lr=[LINE, Constant(0.25)])
    kept = optimizer.param_groups[0]
    optimizer.param_groups[0] = {**kept, "params": weights()}
    with pytest.raises(GradatimError, match="meant for group 0"), scheduler.released("lr"):
        pass
    optimizer.param_groups[0] = kept
    optimizer.load_state_dict(optimizer.state_dict())  # after which it is settled what is written
    kept = optimizer.param_groups[0]
    scheduler.seek(2)
    assert kept["lr"] == LINE(2)


class FromDeepSpeed(SGD):
    """An optimizer of torch that DeepSpeed defines; no wrapper."""


FromDeepSpeed.__module__ = "deepspeed.runtime.something"


def test_an_optimizer_of_deepspeed_that_is_one_of_torch_is_no_wrapper():
    optimizer = FromDeepSpeed(weights(), lr=0.5)
    assert not is_deepspeed_wrapper(optimizer)
    assert Scheduler(optimizer, lr=LINE).optimizer is optimizer


def test_what_is_given_to_the_step_of_an_engine_reaches_its_own():
    class Wrapper:
        def __init__(self):
            self.optimizer = sgd(0.5)
            self.param_groups = self.optimizer.param_groups

        def step(self, closure, scale=1.0):
            return closure() * scale

        def load_state_dict(self, state):
            self.optimizer.load_state_dict(state)

    assert EngineOptimizer(Wrapper()).step(lambda: 2.0, scale=3.0) == 6.0


def test_an_optimizer_without_parameters_is_driven():
    optimizer = SGD([{"params": []}], lr=0.5)
    scheduler = Scheduler(optimizer, lr=LINE)
    for _ in range(2):
        optimizer.step()
        scheduler.step()
    assert (scheduler.position, optimizer.param_groups[0]["lr"]) == (2, LINE(2))
