"""Real training with torch: what every update used, counted by a hook of the test's own."""

import copy
import gc
import io
import math
import pickle
import warnings
import weakref

import pytest
import torch
from torch import nn
from torch.optim import LBFGS, SGD, Adam, AdamW
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    SequentialLR,
    StepLR,
)

from gradatim import (
    Constant,
    Cosine,
    Driver,
    Function,
    GradatimError,
    Linear,
    Plateau,
    cosine_restarts,
    multistep,
    noam,
    one_cycle,
    warmup_cosine,
    warmup_linear,
    wsd,
)
from gradatim.plans import load_plan
from gradatim.torch import Scheduler

SCHEDULE = warmup_cosine(peak=0.1, steps=20, warmup=4, floor=0.001)
PLATEAU = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)


def net(groups=1):
    torch.manual_seed(0)
    return nn.ModuleList(nn.Linear(3, 3) for _ in range(groups))


def grouped(model, names=(), make=SGD, **defaults):
    parts = [{"params": list(part.parameters())} for part in model]
    for part, name in zip(parts, names, strict=False):
        part["name"] = name
    return make(parts, **({"lr": 9.0} | defaults))


def sgd(groups=1, names=(), **defaults):
    return grouped(net(groups), names, **defaults)


def number(value):
    return value.item() if isinstance(value, torch.Tensor) else value


class Seen:
    """What each update found in the groups: read before any other hook can write the next."""

    def __init__(self, optimizer, read=lambda group: group["lr"]):
        self.read, self.values = read, []
        hook = optimizer.register_step_post_hook(self.look)
        optimizer._optimizer_step_post_hooks.move_to_end(hook.id, last=False)

    def look(self, optimizer, *_):
        self.values.append([number(self.read(group)) for group in optimizer.param_groups])

    @property
    def first(self):
        return [values[0] for values in self.values]


def train(model, optimizer, updates):
    data = torch.ones(2, 3)

    def loss():
        optimizer.zero_grad()
        value = sum(part(data).square().mean() for part in model)
        value.backward()
        return value

    for _ in range(updates):
        optimizer.step(loss)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: SGD(p, lr=9.0),
        lambda p: SGD(p, lr=9.0, momentum=0.9, nesterov=True),
        lambda p: Adam(p, lr=9.0),
        lambda p: Adam(p, lr=9.0, fused=True),
        lambda p: AdamW(p, lr=9.0, foreach=True),
        lambda p: AdamW(p, lr=torch.tensor(9.0, dtype=torch.float64)),
        lambda p: LBFGS(p, lr=9.0, max_iter=3),
    ],
    ids=["sgd", "nesterov", "adam", "fused", "adamw", "tensor", "lbfgs"],
)
def test_every_update_uses_the_value_of_the_core(make):
    model = net()
    optimizer = make(model.parameters())
    seen = Seen(optimizer)
    scheduler = Scheduler(optimizer, lr=SCHEDULE)
    train(model, optimizer, 25)
    assert seen.first == [SCHEDULE(k) for k in range(25)]
    assert list(scheduler.history()) == list(enumerate(seen.first))
    assert (scheduler.position, scheduler.last_epoch) == (25, 25)
    assert scheduler.applied == {"lr": SCHEDULE(24)}
    assert scheduler.next == {"lr": SCHEDULE(25)}
    assert number(scheduler.get_last_lr()[0]) == number(scheduler.get_lr()[0]) == SCHEDULE(25)


def test_the_weights_are_those_of_a_loop_that_sets_the_rate_itself():
    ours, theirs = net(), net()
    optimizer = SGD(ours.parameters(), lr=9.0, momentum=0.9)
    Scheduler(optimizer, lr=SCHEDULE)
    train(ours, optimizer, 20)
    bare = SGD(theirs.parameters(), lr=9.0, momentum=0.9)
    for k in range(20):
        bare.param_groups[0]["lr"] = SCHEDULE(k)
        train(theirs, bare, 1)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_value_is_written_when_the_scheduler_is_built():
    optimizer = sgd()
    Scheduler(optimizer, lr=Linear(start=0.25, end=1.0, steps=4))
    assert optimizer.param_groups[0]["lr"] == 0.25


def test_torchs_loop_reads_the_rates_of_torchs_schedulers():
    def rates(make):
        model = net()
        optimizer = SGD(model.parameters(), lr=0.5)
        scheduler = make(optimizer)
        read = [scheduler.get_last_lr()]
        for _ in range(12):
            train(model, optimizer, 1)
            scheduler.step()
            read.append(scheduler.get_last_lr())
        return read

    assert rates(lambda o: StepLR(o, 5, 0.5)) == rates(
        lambda o: Scheduler(o, lr=multistep(peak=0.5, boundaries=[5, 10], factor=0.5))
    )


class TestWhatAnUpdateIs:
    def test_a_micro_batch_is_none(self):
        model = net()
        optimizer = SGD(model.parameters(), lr=9.0)
        seen = Seen(optimizer)
        scheduler = Scheduler(optimizer, lr=SCHEDULE)
        for batch in range(12):
            model[0](torch.ones(2, 3)).sum().backward()
            if batch % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
            scheduler.step()
        assert seen.first == [SCHEDULE(k) for k in range(3)]
        assert scheduler.position == 3

    @pytest.mark.parametrize("calls", [0, 1, 2, 7])
    def test_step_may_be_called_as_often_as_one_likes(self, calls):
        model = net()
        optimizer = SGD(model.parameters(), lr=9.0)
        seen = Seen(optimizer)
        scheduler = Scheduler(optimizer, lr=SCHEDULE)
        for _ in range(10):
            train(model, optimizer, 1)
            for _ in range(calls):
                scheduler.step()
        assert seen.first == [SCHEDULE(k) for k in range(10)]

    @pytest.mark.parametrize("epoch", [3, 0, 0.5, torch.tensor(0.5)])
    def test_step_takes_no_epoch_and_no_metric(self, epoch):
        scheduler = Scheduler(sgd(), lr=SCHEDULE)
        with pytest.raises(GradatimError, match=r"step: epoch must be left out.*observe\(metric\)"):
            scheduler.step(epoch)

    @pytest.mark.parametrize("fused", [False, True])
    def test_one_that_a_gradient_scaler_leaves_out_is_none(self, fused):
        # A fused optimizer's step() is called all the same, and skips inside.
        weight = nn.Parameter(torch.zeros(2))
        optimizer = Adam([weight], lr=9.0, fused=fused)
        scheduler = Scheduler(optimizer, lr=Linear(start=0.5, end=1.5, steps=4))
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        moved = []
        for batch in range(6):
            before = weight.detach().clone()
            optimizer.zero_grad()
            scaler.scale(weight.sum() * (math.inf if batch in (0, 2, 3) else 1.0)).backward()
            scaler.step(optimizer)
            scaler.update()
            scheduler.step()
            moved.append(not torch.equal(before, weight))
        assert moved == [False, True, False, False, True, True]
        assert scheduler.position == 3
        assert [value for _, value in scheduler.history()] == [0.5, 0.75, 1.0]
        assert optimizer.param_groups[0]["lr"] == 1.25

    def test_theirs_counts_calls(self):
        weight = nn.Parameter(torch.zeros(2))
        optimizer = SGD([weight], lr=1.0)
        scheduler = LinearLR(optimizer, 1.0, 0.0, total_iters=4)
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        for batch in range(4):
            optimizer.zero_grad()
            scaler.scale(weight.sum() * (math.inf if batch else 1.0)).backward()
            scaler.step(optimizer)
            scaler.update()
            scheduler.step()
        assert optimizer.param_groups[0]["lr"] == 0.0  # after one real update of four


class TestGroups:
    def test_one_schedule_serves_all(self):
        model = net(3)
        optimizer = grouped(model)
        seen = Seen(optimizer)
        Scheduler(optimizer, lr=SCHEDULE)
        train(model, optimizer, 5)
        assert seen.values == [[SCHEDULE(k)] * 3 for k in range(5)]

    @pytest.mark.parametrize(
        "wanted",
        [
            {"body": 0.1, "head": 0.2, "tail": 0.3},
            {0: 0.1, 1: 0.2, 2: 0.3},
            {"0": 0.1, "1": 0.2, "2": 0.3},
            [0.1, 0.2, 0.3],
            (0.1, 0.2, 0.3),
            {"b*": 0.1, "*d": 0.2, "*": 0.3},
            {"*": 0.3, "body": 0.1, "head": 0.2},
            {"body": 0.1, "?ea[d]": 0.2, 2: 0.3},
        ],
    )
    def test_by_name_by_index_in_order_or_by_pattern(self, wanted):
        model = net(3)
        optimizer = grouped(model, ["body", "head", "tail"])
        seen = Seen(optimizer)
        if isinstance(wanted, dict):
            wanted = {part: value * SCHEDULE for part, value in wanted.items()}
        else:
            wanted = type(wanted)(value * SCHEDULE for value in wanted)
        Scheduler(optimizer, lr=wanted)
        train(model, optimizer, 6)
        assert seen.values == [
            [0.1 * SCHEDULE(k), 0.2 * SCHEDULE(k), 0.3 * SCHEDULE(k)] for k in range(6)
        ]

    def test_the_first_pattern_that_fits_is_taken(self):
        optimizer = sgd(2, ["encoder.0", "encoder.1"])
        Scheduler(optimizer, lr={"encoder.*": Constant(value=0.5), "*": Constant(value=0.25)})
        assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.5]

    @pytest.mark.parametrize("make", [SGD, AdamW])
    def test_groups_that_share_a_tensor_get_one_each(self, make):
        # All groups that take the default hold one and the same tensor.
        optimizer = sgd(3, make=make, lr=torch.tensor(9.0))
        shared = optimizer.param_groups[0]["lr"]
        assert optimizer.param_groups[1]["lr"] is shared
        Scheduler(optimizer, lr=[Constant(value=value) for value in (0.5, 0.25, 0.125)])
        assert [group["lr"].item() for group in optimizer.param_groups] == [0.5, 0.25, 0.125]
        assert optimizer.param_groups[0]["lr"] is shared

    def test_a_tensor_is_written_in_place(self):
        model = net()
        optimizer = AdamW(model.parameters(), lr=torch.tensor(9.0))
        tensor = optimizer.param_groups[0]["lr"]
        scheduler = Scheduler(optimizer, lr=SCHEDULE)
        train(model, optimizer, 5)
        assert optimizer.param_groups[0]["lr"] is tensor
        read = scheduler.get_last_lr()[0]
        read.fill_(7.0)
        assert tensor.item() == pytest.approx(SCHEDULE(5))

    def test_a_group_added_later_has_its_value_from_its_first_update_on(self):
        model = net(2)
        optimizer = SGD(model[0].parameters(), lr=9.0)
        scheduler = Scheduler(optimizer, lr=SCHEDULE)
        train(model, optimizer, 4)
        seen = Seen(optimizer)
        optimizer.add_param_group({"params": list(model[1].parameters()), "lr": 7.0})
        train(model, optimizer, 3)
        assert seen.values == [[SCHEDULE(k)] * 2 for k in (4, 5, 6)]
        scheduler.step()

    def test_a_group_added_later_can_have_a_pattern_of_its_own(self):
        model = net(2)
        optimizer = grouped(model[:1], ["body"])
        Scheduler(optimizer, lr={"body": SCHEDULE, "late*": 2.0 * SCHEDULE})
        optimizer.add_param_group({"params": list(model[1].parameters()), "name": "late head"})
        seen = Seen(optimizer)
        train(model, optimizer, 2)
        assert seen.values == [[SCHEDULE(k), 2.0 * SCHEDULE(k)] for k in (0, 1)]

    def test_a_group_added_later_without_a_schedule_is_refused(self):
        model = net(2)
        optimizer = grouped(model[:1], ["body"])
        Scheduler(optimizer, lr={"body": SCHEDULE})
        optimizer.add_param_group({"params": list(model[1].parameters()), "name": "head"})
        with pytest.raises(
            GradatimError, match="no schedule of lr is for group 'head'; there are body"
        ):
            train(model, optimizer, 1)

    def test_theirs_with_a_group_added_later(self):
        def add(make):
            model = net(2)
            optimizer = SGD(model[0].parameters(), lr=1.0)
            scheduler = make(optimizer)
            for k in range(5):
                train(model, optimizer, 1)
                if k == 3:
                    optimizer.add_param_group({"params": list(model[1].parameters())})
                scheduler.step()
            return optimizer.param_groups[1]["lr"]

        assert add(lambda o: ConstantLR(o, 0.1, total_iters=5)) == pytest.approx(10.0)
        if torch.__version__ < (2, 10):  # it goes on with a group that keeps its rate
            assert add(lambda o: LambdaLR(o, lambda k: 0.5**k)) == 1.0
        else:
            with pytest.raises(ValueError, match=r"zip\(\) argument 2 is shorter"):
                add(lambda o: LambdaLR(o, lambda k: 0.5**k))
        assert add(lambda o: Scheduler(o, lr=Constant(value=0.1, steps=5))) == 0.1

    def test_groups_in_another_order_after_a_restart(self):
        wanted = {"a": Constant(value=0.5), "b": Constant(value=0.005)}
        optimizer = sgd(2, ["a", "b"])
        scheduler = Scheduler(optimizer, lr=wanted)
        saved = optimizer.state_dict(), scheduler.state_dict()
        optimizer = sgd(2, ["b", "a"])
        scheduler = Scheduler(optimizer, lr=wanted)
        optimizer.load_state_dict(saved[0])
        scheduler.load_state_dict(saved[1])
        # Each parameter has the rate of the group that the script put it in; theirs swap.
        assert [group["lr"] for group in optimizer.param_groups] == [0.005, 0.5]

    def test_theirs_with_groups_in_another_order(self):
        def with_rates(*rates):
            parts = zip(net(2), rates, strict=True)
            optimizer = SGD([{"params": list(part.parameters()), "lr": lr} for part, lr in parts])
            return optimizer, StepLR(optimizer, 10)

        optimizer, scheduler = with_rates(0.5, 0.005)
        saved = scheduler.state_dict(), optimizer.state_dict()
        optimizer, scheduler = with_rates(0.005, 0.5)
        optimizer.load_state_dict(saved[1])
        scheduler.load_state_dict(saved[0])
        assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.005]


class TestOtherValues:
    def test_betas_weight_decay_and_the_rate(self):
        model = net()
        optimizer = AdamW(model.parameters(), lr=9.0, betas=(0.5, 0.7), weight_decay=9.0)
        seen = Seen(optimizer, lambda group: (group["lr"], group["weight_decay"], *group["betas"]))
        beta, decay = Linear(start=0.95, end=0.85, steps=10), Linear(start=0.1, end=0.2, steps=10)
        scheduler = Scheduler(optimizer, lr=SCHEDULE, weight_decay=decay, **{"betas[0]": beta})
        train(model, optimizer, 12)
        assert seen.first == [(SCHEDULE(k), decay(k), beta(k), 0.7) for k in range(12)]
        assert type(optimizer.param_groups[0]["betas"]) is tuple
        assert scheduler.applied == {
            "lr": SCHEDULE(11),
            "weight_decay": decay(11),
            "betas[0]": beta(11),
        }
        assert list(scheduler.history("betas[0]")) == [(k, beta(k)) for k in range(12)]

    def test_both_betas(self):
        optimizer = sgd(make=Adam)
        Scheduler(optimizer, **{"betas[0]": Constant(value=0.5), "betas[1]": Constant(value=0.75)})
        assert optimizer.param_groups[0]["betas"] == (0.5, 0.75)
        assert optimizer.param_groups[0]["lr"] == 9.0

    def test_momentum_without_a_rate(self):
        optimizer = sgd(momentum=0.5)
        scheduler = Scheduler(optimizer, momentum=Linear(start=0.75, end=0.95, steps=10))
        assert (optimizer.param_groups[0]["momentum"], scheduler.next) == (0.75, {"momentum": 0.75})
        assert scheduler.get_last_lr() == [9.0]

    def test_tensors_in_betas(self):
        betas = (torch.tensor(0.5), torch.tensor(0.7))
        optimizer = sgd(2, make=Adam, lr=torch.tensor(1.0), betas=betas, capturable=True)
        parts = [Constant(value=0.25), Constant(value=0.125)]
        Scheduler(optimizer, **{"betas[0]": parts})
        assert [group["betas"][0].item() for group in optimizer.param_groups] == [0.25, 0.125]
        assert [group["betas"][1].item() for group in optimizer.param_groups] == [
            pytest.approx(0.7)
        ] * 2


class TestRules:
    def test_a_metric_scales_the_rate_at_once_and_no_other_value(self):
        optimizer = sgd(2, momentum=0.5)
        momentum = Constant(value=0.9)
        scheduler = Scheduler(
            optimizer,
            lr=[Constant(value=1.0), Constant(value=0.5)],
            momentum=momentum,
            rule=PLATEAU,
        )
        for metric in (torch.tensor(3.0), torch.tensor([[3.0]]), 3):
            scheduler.observe(metric)
        assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.125]
        assert [group["momentum"] for group in optimizer.param_groups] == [0.9, 0.9]

    def test_a_rule_for_another_value(self):
        optimizer = sgd(momentum=0.5)
        scheduler = Scheduler(optimizer, momentum=Constant(value=0.8), rule={"momentum": PLATEAU})
        scheduler.observe(1.0)
        scheduler.observe(1.0, "momentum")
        assert optimizer.param_groups[0]["momentum"] == 0.4

    @pytest.mark.parametrize(
        "metric",
        [
            torch.ones(2),
            torch.tensor([]),
            torch.tensor(True),
            torch.tensor(math.nan),
            "0.5",
            None,
            True,
        ],
    )
    def test_what_is_no_metric(self, metric):
        optimizer = sgd()
        scheduler = Scheduler(optimizer, lr=SCHEDULE, rule=PLATEAU)
        before = scheduler.state_dict()
        with pytest.raises(GradatimError, match="metric must be"):
            scheduler.observe(metric)
        assert scheduler.state_dict() == before


class TestTwoOnOne:
    def test_different_values_are_fine(self):
        model = net()
        optimizer = SGD(model.parameters(), lr=9.0, momentum=0.5)
        one = Scheduler(optimizer, lr=SCHEDULE)
        two = Scheduler(optimizer, momentum=Linear(start=0.5, end=0.9, steps=4))
        train(model, optimizer, 2)
        assert (one.position, two.position) == (2, 2)
        group = optimizer.param_groups[0]
        assert (group["lr"], group["momentum"]) == (SCHEDULE(2), pytest.approx(0.7))

    def test_the_same_value_is_refused_and_the_first_goes_on(self):
        model = net()
        optimizer = SGD(model.parameters(), lr=9.0, momentum=0.5)
        scheduler = Scheduler(optimizer, lr=SCHEDULE)
        with pytest.raises(
            GradatimError, match=r"lr of this optimizer is driven by another.*detach"
        ):
            Scheduler(optimizer, momentum=Constant(value=0.1), lr=Constant(value=0.7))
        assert optimizer.param_groups[0]["momentum"] == 0.5
        train(model, optimizer, 1)
        assert optimizer.param_groups[0]["lr"] == scheduler.next["lr"] == SCHEDULE(1)

    def test_detach_hands_over(self):
        model = net()
        optimizer = SGD(model.parameters(), lr=9.0)
        old = Scheduler(optimizer, lr=SCHEDULE, rule=PLATEAU)
        train(model, optimizer, 3)
        old.detach()
        assert optimizer.param_groups[0]["lr"] == SCHEDULE(3)
        new = Scheduler(optimizer, lr=Constant(value=0.7))
        train(model, optimizer, 1)
        for touch in (
            old.step,
            lambda: old.observe(1.0),
            lambda: old.load_state_dict(old.state_dict()),
        ):
            touch()
            assert optimizer.param_groups[0]["lr"] == 0.7
        assert (old.position, new.position) == (3, 1)
        old.detach()

    def test_a_forgotten_scheduler_of_torch_is_warned_of_and_recorded(self):
        model = net()
        optimizer = SGD(model.parameters(), lr=9.0)
        seen = Seen(optimizer)
        scheduler = Scheduler(optimizer, lr=SCHEDULE)
        forgotten = StepLR(optimizer, 1, 0.5)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            for _ in range(5):
                train(model, optimizer, 1)
                assert optimizer.param_groups[0]["lr"] == SCHEDULE(scheduler.position)
                forgotten.step()
        assert ["something else has changed lr" in str(one.message) for one in warned] == [True]
        assert seen.first == [SCHEDULE(0), *(0.5 * SCHEDULE(k) for k in range(1, 5))]
        assert scheduler.applied["lr"] == seen.first[-1]
        assert [value for _, value in scheduler.history()] == seen.first

    def test_nothing_keeps_an_optimizer_alive(self):
        optimizer = sgd()
        Scheduler(optimizer, lr=SCHEDULE)
        gone = weakref.ref(optimizer)
        del optimizer
        gc.collect()
        assert gone() is None


class Wrapper(torch.optim.Optimizer):
    """As trainers wrap an optimizer: an optimizer that holds another one."""

    def __init__(self, optimizer):
        self.optimizer = optimizer

    def step(self, closure=None):
        return self.optimizer.step(closure)

    def zero_grad(self):
        self.optimizer.zero_grad()


def test_a_wrapped_optimizer_is_looked_through():
    model = net()
    inner = SGD(model.parameters(), lr=9.0)
    wrapper = Wrapper(Wrapper(inner))
    seen = Seen(inner)
    scheduler = Scheduler(wrapper, lr=SCHEDULE)
    train(model, wrapper, 5)
    assert scheduler.optimizer is inner
    assert seen.first == [SCHEDULE(k) for k in range(5)]


def test_trainers_take_it_for_a_scheduler_of_torch():
    scheduler = Scheduler(sgd(), lr=SCHEDULE)
    assert isinstance(scheduler, LRScheduler)
    scheduler._step_count += 1  # accelerate does, for every micro-batch
    assert scheduler.position == 0


N = 40
PLANS = {
    "warmup_cosine": {"lr": warmup_cosine(peak=0.5, steps=N, warmup=5)},
    "wsd": {"lr": wsd(peak=0.5, steps=N, warmup=4, cooldown=10)},
    "one_cycle": {
        "lr": one_cycle(peak=0.5, steps=N),
        "momentum": one_cycle(peak=0.85, steps=N, start=0.95, floor=0.95),
    },
    "restarts": {"lr": cosine_restarts(peak=0.5, cycle=5, stretch=2)},
    "noam": {"lr": noam(warmup=8, peak=0.5)},
    "multistep": {"lr": multistep(peak=0.5, boundaries=[10, 20, 30], warmup=3)},
    "groups": {"lr": [warmup_linear(peak=0.5, steps=N), Cosine(start=0.1, end=0.01, steps=N)]},
    "plateau": {"lr": Constant(value=0.5), "rule": Plateau(mode="min", factor=0.5, patience=1)},
    "tensor": {"lr": warmup_cosine(peak=0.5, steps=N, warmup=5)},
}


def build(plan):
    model = net(2)
    if plan == "tensor":
        return model, grouped(model, make=AdamW, lr=torch.tensor(9.0))
    return model, grouped(model, momentum=0.9)


def go(plan, model, optimizer, scheduler, until, save=None):
    seen = Seen(optimizer, lambda group: group["lr"] * 1.0)
    momenta = Seen(optimizer, lambda group: group.get("momentum", 0.0))
    while scheduler.position < until:
        if save is not None:
            save()
        train(model, optimizer, 1)
        if "rule" in PLANS[plan]:
            scheduler.observe([3.0, 2.0, 2.0, 2.0, 2.0][scheduler.position % 5])
    return list(zip(seen.values, momenta.values, strict=True))


def through_a_file(state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return torch.load(io.BytesIO(buffer.getvalue()), weights_only=True)


ORDERS = {
    "optimizer, scheduler": lambda o, s: ("build", o, s),
    "scheduler, optimizer": lambda o, s: ("build", s, o),
    "optimizer before it is built": lambda o, s: (o, "build", s),
    "everything twice": lambda o, s: (o, "build", s, o, s, o),
    "the scheduler only": lambda o, s: ("build", s),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("plan", PLANS)
def test_stopped_at_any_update_in_any_load_order_a_run_goes_on_bitwise(plan, order):
    model, optimizer = build(plan)
    scheduler = Scheduler(optimizer, **PLANS[plan])
    saves = []

    def save():
        saves.append(
            copy.deepcopy((model.state_dict(), optimizer.state_dict(), scheduler.state_dict()))
        )

    whole = go(plan, model, optimizer, scheduler, N, save)
    assert len(whole) == len(saves) == N
    for k, (weights, of_optimizer, of_scheduler) in enumerate(saves):
        fresh, optimizer = build(plan)
        fresh.load_state_dict(weights)
        scheduler = None
        for act in ORDERS[order]("optimizer", "scheduler"):
            if act == "build":
                scheduler = Scheduler(optimizer, **PLANS[plan])
            elif act == "optimizer":
                optimizer.load_state_dict(of_optimizer)
            else:
                scheduler.load_state_dict(of_scheduler)
        assert go(plan, fresh, optimizer, scheduler, min(k + 5, N)) == whole[k : k + 5]
        if order != "the scheduler only" and k >= N - 5:
            for name, value in model.state_dict().items():
                assert torch.equal(fresh.state_dict()[name], value)


@pytest.mark.parametrize("plan", PLANS)
def test_the_state_is_read_without_running_code(plan):
    model, optimizer = build(plan)
    scheduler = Scheduler(optimizer, **PLANS[plan])
    go(plan, model, optimizer, scheduler, 7)
    state = through_a_file(
        {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    )
    assert state["scheduler"] == scheduler.state_dict()
    _, optimizer = build(plan)
    fresh = Scheduler(optimizer, **PLANS[plan])
    optimizer.load_state_dict(state["optimizer"])
    fresh.load_state_dict(state["scheduler"])
    assert fresh.next == scheduler.next
    assert fresh.get_last_lr() == scheduler.get_last_lr()


def test_a_checkpoint_in_which_groups_share_a_tensor():
    optimizer = sgd(2, make=AdamW, lr=torch.tensor(9.0))
    saved = through_a_file(optimizer.state_dict())
    optimizer = sgd(2, make=AdamW, lr=torch.tensor(9.0))
    Scheduler(optimizer, lr=[Constant(value=0.5), Constant(value=0.25)])
    optimizer.load_state_dict(saved)
    assert [group["lr"].item() for group in optimizer.param_groups] == [0.5, 0.25]


def test_a_driver_and_a_scheduler_read_each_others_states():
    driver = Driver({"lr": SCHEDULE})
    driver.advance(5)
    optimizer = sgd()
    scheduler = Scheduler(optimizer, lr=SCHEDULE)
    scheduler.load_state_dict(driver.state())
    assert optimizer.param_groups[0]["lr"] == SCHEDULE(5)
    driver.load(scheduler.state_dict())


class TestMismatch:
    other = warmup_cosine(peak=0.7, steps=20, warmup=4)

    def saved(self):
        scheduler = Scheduler(sgd(), lr=self.other)
        scheduler.driver.advance(9)
        return scheduler.state_dict()

    def test_strict_refuses_and_nothing_changed(self):
        optimizer = sgd()
        scheduler = Scheduler(optimizer, lr=SCHEDULE)
        with pytest.raises(GradatimError, match=r"end=0\.7\) -> Linear\(\.\.\., end=0\.1"):
            scheduler.load_state_dict(self.saved())
        assert (scheduler.position, optimizer.param_groups[0]["lr"]) == (0, SCHEDULE(0))

    @pytest.mark.parametrize(("policy", "schedule"), [("keep", other), ("override", SCHEDULE)])
    def test_keep_and_override(self, policy, schedule):
        model = net()
        optimizer = SGD(model.parameters(), lr=9.0)
        seen = Seen(optimizer)
        scheduler = Scheduler(optimizer, lr=SCHEDULE)
        scheduler.load_state_dict(self.saved(), on_mismatch=policy)
        assert optimizer.param_groups[0]["lr"] == schedule(9)
        train(model, optimizer, 3)
        assert seen.first == [schedule(k) for k in (9, 10, 11)]

    @pytest.mark.parametrize("state", [{}, {"last_epoch": -1}, {"last_epoch": "3"}, None])
    def test_a_foreign_state(self, state):
        with pytest.raises(GradatimError, match="load: state must be what"):
            Scheduler(sgd(), lr=SCHEDULE).load_state_dict(state)

    def test_the_state_of_a_scheduler_of_torch_names_the_position_in_it(self):
        optimizer = sgd()
        theirs = StepLR(optimizer, 10)
        for _ in range(7):
            optimizer.step()
            theirs.step()
        with pytest.raises(GradatimError, match=r"'last_epoch', 7, .*scheduler\.seek\(7\)"):
            Scheduler(sgd(), lr=SCHEDULE).load_state_dict(theirs.state_dict())


class TestCopies:
    @pytest.mark.parametrize("clone", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
    def test_a_copy_drives_its_own_optimizer(self, clone):
        model = net()
        optimizer = SGD(model.parameters(), lr=9.0)
        scheduler = Scheduler(optimizer, lr=SCHEDULE)
        train(model, optimizer, 3)
        model2, optimizer2, scheduler2 = clone((model, optimizer, scheduler))
        assert scheduler2.optimizer is optimizer2
        seen, seen2 = Seen(optimizer), Seen(optimizer2)
        train(model2, optimizer2, 4)
        train(model, optimizer, 1)
        assert (scheduler.position, scheduler2.position) == (4, 7)
        assert seen.first == [SCHEDULE(3)]
        assert seen2.first == [SCHEDULE(k) for k in (3, 4, 5, 6)]

    def test_a_copy_of_the_optimizer_alone_is_not_driven(self):
        model = net()
        optimizer = SGD(model.parameters(), lr=9.0)
        scheduler = Scheduler(optimizer, lr=SCHEDULE)
        model2, optimizer2 = copy.deepcopy((model, optimizer))
        train(model2, optimizer2, 3)
        assert scheduler.position == 0

    def test_a_copy_of_a_detached_scheduler_is_detached(self):
        optimizer = sgd()
        scheduler = Scheduler(optimizer, lr=SCHEDULE)
        scheduler.detach()
        optimizer2, scheduler2 = copy.deepcopy((optimizer, scheduler))
        Scheduler(optimizer2, lr=Constant(value=0.7))
        scheduler2.step()
        assert optimizer2.param_groups[0]["lr"] == 0.7


def never(step):
    return 0.1 if step < 2 else math.inf


def test_a_value_that_is_no_number_never_gets_into_an_optimizer():
    model = net()
    optimizer = SGD(model.parameters(), lr=9.0)
    Scheduler(optimizer, lr=Function(function=never))
    train(model, optimizer, 1)
    with pytest.raises(GradatimError, match="the value for update 3 is inf"):
        train(model, optimizer, 1)
    assert optimizer.param_groups[0]["lr"] == 0.1


class Odd(SGD):
    """An optimizer whose groups hold more than numbers."""

    def __init__(self, params):
        super().__init__(params, lr=0.1)
        self.param_groups[0] |= {"text": "x", "flag": True, "many": torch.ones(2), "none": None}


BAD = [
    (lambda: Scheduler(None, lr=SCHEDULE), "optimizer must be a torch optimizer, got None"),
    (lambda: Scheduler(net(), lr=SCHEDULE), "optimizer must be a torch optimizer"),
    (lambda: Scheduler([], lr=SCHEDULE), "optimizer must be an optimizer, or several"),
    (lambda: Scheduler([net()], lr=SCHEDULE), "optimizer must be a torch optimizer"),
    (lambda: Scheduler(sgd()), "nothing to drive. Write lr="),
    (lambda: Scheduler(sgd(), None), "nothing to drive. Write lr="),
    (lambda: Scheduler(sgd(), lr="cosine"), "lr must be a schedule.*got 'cosine'"),
    (lambda: Scheduler(sgd(), lr=lambda k: 1.0), "lr must be a schedule"),
    (lambda: Scheduler(sgd(), lr=True), "lr must be a schedule.*got True"),
    (lambda: Scheduler(sgd(), lr=PLATEAU), "lr must be a schedule"),
    (lambda: Scheduler(sgd(), lr=["0.1"]), r"lr\[0\] must be a schedule or a number.*got '0.1'"),
    (lambda: Scheduler(sgd(), lr={0: True}), r"lr\[0\] must be a schedule or a number.*got True"),
    (lambda: Scheduler(sgd(), lr=math.nan), "lr must be a finite number, got nan"),
    (lambda: Scheduler(sgd(), lr=[SCHEDULE] * 2), "lr must be 1 schedules, one per group"),
    (lambda: Scheduler(sgd(2), lr=[]), "lr must be 2 schedules, one per group"),
    (lambda: Scheduler(sgd(), lr={}), r"lr must be a mapping with at least one.*got \{\}"),
    (lambda: Scheduler(sgd(2), lr={0: SCHEDULE, "0": SCHEDULE, 1: SCHEDULE}), "has group 0 once"),
    (
        lambda: Scheduler(sgd(2), lr={0: SCHEDULE}),
        "no schedule of lr is for group '1'; there are 0",
    ),
    (lambda: Scheduler(sgd(), lr={0: SCHEDULE, 1: SCHEDULE}), "unknown group of lr 1. Known: 0"),
    (lambda: Scheduler(sgd(), lr={"*": SCHEDULE, 0.5: SCHEDULE}), "a group of lr must be a name"),
    (lambda: Scheduler(sgd(), lr={0: None}), "every group is left alone"),
    (
        lambda: Scheduler(sgd(2, ["body", "head"]), lr={"*": SCHEDULE, "haed": SCHEDULE}),
        "unknown group of lr 'haed'. Did you mean 'head'. Known: body, head",
    ),
    (
        lambda: Scheduler(sgd(2, ["body", "head"]), lr={"*": SCHEDULE, "encoder": SCHEDULE}),
        r"unknown group of lr 'encoder'.*For a group that is added later, write 'encoder\*'",
    ),
    (
        lambda: Scheduler(sgd(), {"lr": SCHEDULE, "momentum": 0.9}),
        r"Scheduler\(optimizer, \*\*mapping",
    ),
    (lambda: Scheduler(sgd(), {"lr": [SCHEDULE]}), r"no group is named 'lr'"),
    (lambda: Scheduler(sgd(), "plan.yaml"), r"Write plan='plan.yaml' for a plan file"),
    (lambda: Scheduler(sgd(), "wsd(peak=1.0, steps=9)"), r"Write lr=gradatim.parse\(...\) for the"),
    (lambda: Scheduler(sgd(), learning_rate=SCHEDULE), r"torch has no learning_rate. Write lr="),
    (lambda: Scheduler(sgd(), rl=SCHEDULE), r"unknown value 'rl'.*Known: .*lr"),
    (lambda: Scheduler(sgd(), rules=PLATEAU), "unknown value 'rules'"),
    (lambda: Scheduler(sgd(), **{"betas[0]": SCHEDULE}), r"unknown value 'betas\[0\]'"),
    (lambda: Scheduler(sgd(make=Adam), **{"betas[2]": SCHEDULE}), r"unknown value 'betas\[2\]'"),
    (
        lambda: Scheduler(sgd(make=Adam), betas=SCHEDULE),
        r"betas is a tuple of 2 numbers.*betas\[0\]",
    ),
    (
        lambda: Scheduler(sgd(), **{"lr[0]": SCHEDULE}),
        r"unknown value 'lr\[0\]'",
    ),
    (lambda: Scheduler(sgd(), **{"lr/head": SCHEDULE}), "a value's name must be like"),
    (lambda: Scheduler(sgd(), **{"": SCHEDULE}), "a value's name must be like"),
    (lambda: Scheduler(Odd(net().parameters()), text=SCHEDULE), "holds as text must be a number"),
    (lambda: Scheduler(Odd(net().parameters()), flag=SCHEDULE), "holds as flag must be a number"),
    (lambda: Scheduler(Odd(net().parameters()), many=SCHEDULE), "holds as many must be a number"),
    (lambda: Scheduler(Odd(net().parameters()), none=SCHEDULE), "holds as none must be a number"),
    (lambda: Scheduler(sgd(), lr=SCHEDULE, rule=0.5), "rule must be a rule, or a mapping.*got 0.5"),
    (lambda: Scheduler(sgd(), lr=SCHEDULE, rule=SCHEDULE), "rule must be a rule, or a mapping"),
    (lambda: Scheduler(sgd(), lr=SCHEDULE, rule=Plateau), r"rule must be.*Plateau\(mode"),
    (lambda: Scheduler(sgd(), lr=SCHEDULE, run={"steps": 5}), "run must be a Run"),
    (lambda: Scheduler(sgd(), lr=SCHEDULE, rule={"lr": 0.5}), "the rule for 'lr' must be a rule"),
    (lambda: Scheduler(sgd(), momentum=SCHEDULE, rule=PLATEAU), "value to apply a rule to 'lr'"),
]


@pytest.mark.parametrize(("build", "words"), BAD, ids=range(len(BAD)))
def test_what_cannot_be_driven_is_refused_when_it_is_built(build, words):
    with pytest.raises(GradatimError, match=words):
        build()


def test_a_refusal_leaves_the_optimizer_as_it_was():
    optimizer = sgd(2)
    before = copy.deepcopy(optimizer.state_dict())
    for wanted in ("0.1", [SCHEDULE], {0: SCHEDULE}, {"*": SCHEDULE, "x": SCHEDULE}):
        with pytest.raises(GradatimError):
            Scheduler(optimizer, lr=wanted)
    assert optimizer.state_dict() == before
    assert not optimizer._optimizer_step_post_hooks
    Scheduler(optimizer, lr=SCHEDULE)


class TestBesideTorch:
    """What goes wrong with torch's own schedulers, and what ours do in the same place."""

    def test_a_sequence_inside_a_sequence(self):
        optimizer = sgd(lr=1.0)
        first = LinearLR(optimizer, 0.5, 1.0, total_iters=2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inner = SequentialLR(
                optimizer, [ConstantLR(optimizer, 0.5), ConstantLR(optimizer, 0.2)], [2]
            )
            outer = SequentialLR(optimizer, [first, inner], [2])
            outer.step()
            with pytest.raises((NotImplementedError, TypeError)):  # the latter in torch 2.6
                outer.step()
        ours = Linear(start=0.5, end=1.0, steps=2) >> (
            Constant(value=0.5, steps=2) >> Constant(value=0.2)
        )
        assert [ours(k) for k in range(6)] == [0.5, 0.75, 0.5, 0.5, 0.2, 0.2]

    @staticmethod
    def resumed(make):
        """The next rate of a run of 10 updates that stopped after 5, the optimizer loaded first."""
        model = net()
        optimizer = SGD(model.parameters(), lr=1.0)
        scheduler = make(optimizer)
        for _ in range(5):
            train(model, optimizer, 1)
            scheduler.step()
        right = optimizer.param_groups[0]["lr"]
        saved = optimizer.state_dict(), scheduler.state_dict()
        optimizer = SGD(net().parameters(), lr=1.0)
        optimizer.load_state_dict(copy.deepcopy(saved[0]))
        scheduler = make(optimizer)
        scheduler.load_state_dict(saved[1])
        return optimizer.param_groups[0]["lr"], right

    def test_an_optimizer_that_is_loaded_before_the_scheduler_is_built(self):
        def sequence(o):
            parts = [LinearLR(o, 0.1, 1.0, total_iters=3), CosineAnnealingLR(o, 7)]
            return SequentialLR(o, parts, [3])

        got, right = self.resumed(sequence)
        assert got == pytest.approx(0.1)
        assert right > 0.8
        got, right = self.resumed(lambda o: LambdaLR(o, lambda k: 0.5**k))
        assert (got, right) == (1.0, 0.5**5)
        got, right = self.resumed(lambda o: Scheduler(o, lr=SCHEDULE))
        assert got == right == SCHEDULE(5)

    def test_a_state_of_another_scheduler(self):
        theirs = CosineAnnealingLR(sgd(lr=1.0), 100)
        theirs.load_state_dict({})
        theirs.load_state_dict({"T_max": 3, "step_size": 4, "last_epoch": -7})
        with pytest.raises(GradatimError):
            Scheduler(sgd(), lr=SCHEDULE).load_state_dict(theirs.state_dict())

    def test_past_the_end(self):
        def last(make):
            model = net()
            optimizer = SGD(model.parameters(), lr=1.0)
            scheduler = make(optimizer)
            for _ in range(20):
                train(model, optimizer, 1)
                scheduler.step()
            return optimizer.param_groups[0]["lr"]

        assert last(lambda o: CosineAnnealingLR(o, 10)) == pytest.approx(1.0)
        with pytest.warns(UserWarning, match="lr has ended at 0, after 10 updates"):
            ours = last(lambda o: Scheduler(o, lr=Cosine(start=1.0, end=0.0, steps=10)))
        assert ours == 0.0


def test_the_numbers_of_transformers_in_the_same_places():
    # Measured with transformers 5: cosine after its end is back at the peak; a WSD of warm-up 4
    # and decay 10 in 10 steps jumps from .75 to .654 and never gets to its peak.
    after = warmup_cosine(peak=1.0, steps=10)
    assert [after(k) for k in (10, 15, 20)] == [0.0, 0.0, 0.0]
    with pytest.raises(GradatimError, match=r"warmup \(4\) \+ cooldown \(10\) must be"):
        wsd(peak=1.0, steps=10, warmup=4, cooldown=10)


def test_a_plan_file_drives_an_optimizer(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(
        '{"format": 1, "run": {"steps": 100},'
        ' "schedules": {"lr": {"warmup_cosine": {"peak": 0.3, "warmup": "5%"}}}}'
    )
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    for plan in (path, str(path), load_plan(path)):
        scheduler = Scheduler(optimizer, plan=plan)
        assert scheduler.driver.plan["lr"] == warmup_cosine(peak=0.3, warmup=5, steps=100)
        assert scheduler.driver.plan.run == load_plan(path).run
        assert optimizer.param_groups[0]["lr"] == 0.0
        scheduler.detach()
    with pytest.raises(
        GradatimError, match=r"a plan has its schedules.*leave weight_decay, rule out"
    ):
        Scheduler(optimizer, plan=path, weight_decay=0.1, rule=PLATEAU)


def test_a_schedule_without_a_name_is_the_rate_and_a_number_stays():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = Scheduler(optimizer, SCHEDULE, weight_decay=0.25)
    optimizer.step()
    assert scheduler.applied == {"lr": SCHEDULE(0), "weight_decay": 0.25}
