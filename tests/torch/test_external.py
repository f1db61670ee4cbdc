"""Values outside of any optimizer: read, set by a function, or held in a tensor."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.optim import SGD

from gradatim import Driver, GradatimError, Linear, Plan, Plateau
from gradatim.torch import Scheduler

N = 10
FALL = Linear(start=1.0, end=0.0, steps=N)
RISE = Linear(start=0.0, end=2.0, steps=N)


def sgd():
    return SGD([nn.Parameter(torch.zeros(1))], lr=0.5)


def driven(**more):
    optimizer = sgd()
    return optimizer, Scheduler(optimizer, FALL, external={"kl": RISE}, **more)


def test_the_value_is_that_of_the_next_update_and_applied_that_of_the_last():
    optimizer, scheduler = driven()
    for k in range(N):
        assert scheduler.value("kl") == RISE(k)
        assert scheduler.next == {"lr": FALL(k), "kl": RISE(k)}
        optimizer.step()
        assert scheduler.applied == {"lr": FALL(k), "kl": RISE(k)}
    assert list(scheduler.history("kl")) == [(k, RISE(k)) for k in range(N)]


def test_a_setter_is_called_at_once_and_with_each_new_number_only():
    calls = []
    optimizer, scheduler = driven(setters={"kl": calls.append})
    for _ in range(N):
        optimizer.step()
    scheduler.step()
    assert calls == [RISE(k) for k in range(N + 1)]
    scheduler.seek(3)
    assert calls[-1] == RISE(3)


def test_a_setter_is_not_called_again_for_the_same_number():
    calls = []
    optimizer = sgd()
    Scheduler(optimizer, FALL, external={"kl": 0.5}, setters={"kl": calls.append})
    for _ in range(3):
        optimizer.step()
    assert calls == [0.5]


def test_without_a_rate_the_updates_are_counted_all_the_same():
    optimizer = sgd()
    scheduler = Scheduler(optimizer, external={"kl": RISE})
    optimizer.step()
    assert (scheduler.value("kl"), optimizer.param_groups[0]["lr"]) == (RISE(1), 0.5)


class Refuses:
    """A setter that raises while it is told to."""

    def __init__(self):
        self.value, self.broken = None, False

    def __call__(self, value):
        if self.broken:
            raise RuntimeError("no memory for this window")
        self.value = value


def test_a_setter_that_raises_stops_the_next_step_and_is_not_recorded_as_applied():
    setter = Refuses()
    optimizer, scheduler = driven(setters={"kl": setter})
    optimizer.param_groups[0]["params"][0].grad = torch.ones(1)
    optimizer.step()
    setter.broken = True
    with pytest.raises(RuntimeError, match="no memory"):
        optimizer.step()  # this one is made; the value of the next could not be set
    weights = optimizer.param_groups[0]["params"][0].clone()
    assert (scheduler.position, setter.value) == (2, RISE(1))
    assert scheduler.applied == {"lr": FALL(1), "kl": RISE(1)}
    with pytest.raises(RuntimeError, match="no memory"):
        optimizer.step()
    assert scheduler.position == 2
    assert torch.equal(optimizer.param_groups[0]["params"][0], weights)
    setter.broken = False
    optimizer.step()
    assert scheduler.applied == {"lr": FALL(2), "kl": RISE(2)}
    assert setter.value == RISE(3)


def test_a_setter_that_raises_when_building_leaves_the_optimizer_alone():
    setter = Refuses()
    setter.broken = True
    optimizer = sgd()
    with pytest.raises(RuntimeError, match="no memory"):
        Scheduler(optimizer, FALL, external={"kl": RISE}, setters={"kl": setter})
    assert optimizer.param_groups[0]["lr"] == 0.5
    Scheduler(optimizer, FALL)


def test_a_setter_is_not_called_for_a_scheduler_that_is_refused():
    calls, optimizer = [], sgd()
    holder = Scheduler(optimizer, FALL)
    with pytest.raises(GradatimError, match="driven by another scheduler"):
        Scheduler(optimizer, FALL, external={"kl": RISE}, setters={"kl": calls.append})
    assert (calls, holder.position) == ([], 0)


def test_a_setter_that_raises_in_a_load_leaves_no_old_rate_behind():
    setter = Refuses()
    optimizer, scheduler = driven(setters={"kl": setter})
    state = scheduler.state_dict() | {"position": 4, "tick": 4}
    setter.broken = True
    with pytest.raises(RuntimeError, match="no memory"):
        scheduler.load_state_dict(state)
    assert (scheduler.position, optimizer.param_groups[0]["lr"]) == (4, FALL(4))


def test_a_tensor_of_integers_takes_no_fraction():
    optimizer, scheduler = driven()
    scheduler.seek(1)
    with pytest.raises(GradatimError) as refusal:
        scheduler.tensor("kl", dtype=torch.int64)
    assert str(refusal.value) == (
        f"Scheduler.tensor: dtype must be one of floats, since the value is {RISE(1)!r}, got "
        "torch.int64. Leave dtype out, or write schedule.rounded() for whole numbers."
    )
    optimizer.step()  # nothing was kept of it


def test_the_tensor_of_a_whole_number_is_one_of_integers():
    optimizer = SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    context = Linear(start=512.0, end=2048.0, steps=3).rounded()
    scheduler = Scheduler(optimizer, lr=FALL, external={"context": context})
    tensor = scheduler.tensor("context")
    found = [tensor.item()]
    for _ in range(3):
        optimizer.step()
        found.append(tensor.item())
    assert (found, tensor.dtype) == ([512, 1024, 1536, 2048], torch.int64)


def test_driven_alone_what_a_broken_setter_left_in_force_is_what_was_used():
    setter = Refuses()
    driver = Driver({"kl": RISE}, setters={"kl": setter})
    driver.advance()
    setter.broken = True
    with pytest.raises(RuntimeError, match="no memory"):
        driver.advance()
    driver.stepped()
    assert [value for _, value in driver.history("kl")] == [RISE(0), RISE(1), RISE(1)]


def test_a_tensor_keeps_its_storage_and_follows_every_move():
    optimizer, scheduler = driven()
    tensor = scheduler.tensor("kl")
    place = tensor.data_ptr()
    for k in range(N):
        assert tensor.item() == pytest.approx(RISE(k))
        optimizer.step()
    scheduler.load_state_dict(scheduler.state_dict() | {"position": 4, "tick": 4})
    assert tensor.item() == pytest.approx(RISE(4))
    assert (tensor.data_ptr(), tensor.shape, tensor.dtype) == (place, (), torch.float32)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copied_scheduler_fills_the_copied_tensor(copied):
    optimizer, scheduler = driven()
    optimizer, scheduler, tensor = copied((optimizer, scheduler, scheduler.tensor("kl")))
    optimizer.step()
    assert tensor.item() == pytest.approx(RISE(1))


def test_a_rule_scales_a_value_outside_too():
    optimizer, scheduler = driven(rule={"kl": Plateau(mode="min", patience=0, factor=0.5)})
    optimizer.step()
    scheduler.observe(1.0)
    scheduler.observe(1.0)
    assert scheduler.next == {"lr": FALL(1), "kl": 0.5 * RISE(1)}


def test_a_plan_holds_them():
    plan = Plan({"lr": FALL}, external={"kl": RISE})
    assert plan.external == ("kl",)
    assert plan == Plan({"lr": FALL}, external={"kl": RISE})
    assert plan != Plan({"lr": FALL, "kl": RISE})
    assert pickle.loads(pickle.dumps(plan)) == plan
    assert repr(plan).count("kl") == 1
    optimizer = sgd()
    scheduler = Scheduler(optimizer, plan=plan)
    optimizer.step()
    assert scheduler.value("kl") == RISE(1)


@pytest.mark.parametrize("k", range(N))
def test_stopped_at_any_update_it_goes_on(k):
    optimizer, scheduler = driven()
    for _ in range(k):
        optimizer.step()
    state = scheduler.state_dict()
    other, resumed = driven()
    tensor = resumed.tensor("kl", dtype=torch.float64)
    resumed.load_state_dict(state)
    assert resumed.value("kl") == tensor.item() == RISE(k)
    other.step()
    assert resumed.applied == {"lr": FALL(k), "kl": RISE(k)}


BAD = [
    (lambda: driven(setters={"kl": 3}), "the setter of 'kl' must be a function"),
    (lambda: driven(setters={"window": print}), "unknown value to set 'window'"),
    (
        lambda: Scheduler(sgd(), FALL, external={"lr": RISE}),
        "Scheduler: lr is driven in the optimizer already",
    ),
    (lambda: Scheduler(sgd(), FALL, external=RISE), "external must be a mapping from names"),
    (lambda: Scheduler(sgd(), FALL, external={"a/b": RISE}), 'a text without "/"'),
    (lambda: Scheduler(sgd(), FALL, external={"kl": "linear"}), "kl must be a schedule"),
    (
        lambda: Scheduler(sgd(), plan=Plan({"lr": FALL}), external={"kl": RISE}),
        "leave external out",
    ),
    (lambda: driven()[1].value("tau"), "unknown value 'tau'"),
    (lambda: driven()[1].tensor("tau"), "unknown value 'tau'"),
]


@pytest.mark.parametrize(("build", "words"), BAD, ids=range(len(BAD)))
def test_what_is_refused(build, words):
    with pytest.raises(GradatimError, match=words):
        build()
