"""One scheduler for several optimizers: who is served by what, and when an update begins."""

import copy
import itertools
import json
import pickle
import warnings

import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW

from gradatim import Constant, GradatimError, Linear, Plan, Plateau
from gradatim.torch import Scheduler, relative

N = 20
FALL = Linear(start=1.0, end=0.0, steps=N)
RISE = Linear(start=0.0, end=2.0, steps=N)
BETA = Linear(start=0.5, end=0.9, steps=N)


def weights(*names, **more):
    return [{"params": [nn.Parameter(torch.ones(1))], "name": name, **more} for name in names]


def muon(**more):
    return SGD(weights("matrix", **more), lr=0.02, momentum=0.9)


def adamw(*names):
    return AdamW(weights(*(names or ("embed", "head"))), lr=3e-4, weight_decay=0.1)


def step(*optimizers):
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.ones_like(parameter)
        optimizer.step()


def rates(*optimizers):
    return [group["lr"] for one in optimizers for group in one.param_groups]


class TestAssignment:
    def test_each_optimizer_and_each_group_has_the_schedule_of_its_name(self):
        a, b = muon(), adamw()
        scheduler = Scheduler(
            {"muon": a, "adamw": b}, lr={"muon": FALL, "adamw": RISE, "adamw/head": 7.0}
        )
        for k in range(N):
            assert rates(a, b) == [FALL(k), RISE(k), 7.0]
            step(a, b)
            assert scheduler.position == k + 1
            assert scheduler.applied == {
                "lr/muon": FALL(k),
                "lr/adamw": RISE(k),
                "lr/adamw/head": 7,
            }

    def test_a_value_that_only_some_have_serves_those(self):
        a, b = muon(), adamw()
        scheduler = Scheduler({"muon": a, "adamw": b}, lr={"*": FALL}, momentum=BETA)
        step(a, b)
        assert scheduler.applied == {"lr/*": 1.0, "momentum": 0.5}
        assert a.param_groups[0]["momentum"] == BETA(1)
        assert "momentum" not in b.param_groups[0]

    def test_a_list_is_one_for_each_optimizer(self):
        a, b = muon(), adamw()
        scheduler = Scheduler([a, b], lr=[FALL, RISE])
        step(a, b)
        assert scheduler.applied == {"lr/0": 1.0, "lr/1": 0.0}

    def test_an_optimizer_that_is_left_alone_keeps_its_own(self):
        a, b = muon(), adamw()
        Scheduler({"muon": a, "adamw": b}, lr={"muon": FALL, "adamw/*": None})
        step(a, b)
        assert rates(a, b) == [FALL(1), 3e-4, 3e-4]

    def test_the_most_specific_pattern_wins(self):
        a, b = muon(), adamw()
        Scheduler({"muon": a, "adamw": b}, lr={"*": 1.0, "adamw": 2.0, "adamw/h*": 3.0})
        assert rates(a, b) == [1.0, 2.0, 3.0]

    def test_relative_rates_keep_the_ratio_of_the_optimizers(self):
        a, b = muon(), adamw()
        scheduler = Scheduler({"muon": a, "adamw": b}, lr=relative(FALL))
        step(a, b)
        assert scheduler.next == {
            "lr/muon/matrix": 0.02 * FALL(1),
            "lr/adamw/embed": 3e-4 * FALL(1),
            "lr/adamw/head": 3e-4 * FALL(1),
        }

    def test_one_schedule_for_optimizers_of_different_rates_is_warned_of(self):
        with pytest.warns(
            UserWarning, match=r"different lr \(muon/matrix: 0.02, adamw/embed: 0.00"
        ):
            Scheduler({"muon": muon(), "adamw": adamw()}, lr=FALL)

    def test_weight_decay_stays_off_in_the_optimizer_that_has_none(self):
        def built(load=None):
            with_decay, without = adamw(), AdamW(weights("bias"), lr=3e-4, weight_decay=0.0)
            for optimizer, state in zip((with_decay, without), load or (), strict=False):
                optimizer.load_state_dict(state)
            Scheduler({"a": with_decay, "b": without}, lr=FALL, weight_decay=RISE)
            return with_decay, without

        def decays(*optimizers):
            step(*optimizers)
            return [g["weight_decay"] for one in optimizers for g in one.param_groups]

        both = built()
        saved = [optimizer.state_dict() for optimizer in both]  # RISE is 0 here, in all groups
        assert decays(*both) == [RISE(1), RISE(1), 0.0]
        # What a group began with is in the checkpoints.
        assert decays(*built(saved)) == [RISE(1), RISE(1), 0.0]

    def test_a_plan_serves_several(self):
        a, b = muon(), adamw()
        plan = Plan({"lr/muon": FALL, "lr/adamw": RISE, "momentum": BETA}, external={"kl": 0.5})
        scheduler = Scheduler({"muon": a, "adamw": b}, plan=plan)
        step(a, b)
        assert scheduler.applied == {"lr/muon": 1.0, "lr/adamw": 0.0, "momentum": 0.5, "kl": 0.5}


class TestUpdates:
    """An update begins when an optimizer steps that is not later than the last that stepped."""

    def test_both_belong_to_one_update(self):
        a, b = muon(), adamw()
        scheduler = Scheduler({"a": a, "b": b}, lr={"a": FALL, "b": FALL})
        used = []
        for _ in range(5):
            for one in (a, b):
                before = rates(one)[0]
                step(one)
                used.append(before)
        assert scheduler.position == 5
        assert used == [FALL(k) for k in range(5) for _ in "ab"]

    def test_one_that_steps_every_second_update_uses_the_value_of_that_update(self):
        a, b = muon(), adamw()
        scheduler = Scheduler({"a": a, "b": b}, lr={"a": FALL, "b": FALL})
        seen = []
        b.register_step_pre_hook(lambda optimizer, *_: seen.append(rates(optimizer)[0]))
        for k in range(6):
            step(a)
            if k % 2:
                step(b)
        assert scheduler.position == 6
        # Hooks run in the order they were registered, so the scheduler has written before.
        assert seen == [FALL(1), FALL(3), FALL(5)]

    @pytest.mark.filterwarnings("ignore:gradatim. optimizer 1 stepped before optimizer 0")
    @pytest.mark.parametrize("skipped", list(itertools.product(range(4), repeat=3)))
    def test_a_scaler_may_skip_either_or_both(self, skipped):
        a, b = muon(), adamw()
        scheduler = Scheduler({"a": a, "b": b}, lr={"a": FALL, "b": FALL})
        for which in skipped:  # bit 0: a overflows, bit 1: b does
            if not which & 1:
                step(a)
            if not which & 2:
                step(b)
        # Overflow of both is no update; of one, the other makes the update. An update of "b"
        # alone after one of "a" alone is read as the second half of it: nothing tells them apart.
        steps = [x for which in skipped for x in (0, 1) if not which & 1 << x]
        updates, last = 0, 2
        for one in steps:
            updates += one <= last
            last = one
        assert scheduler.position == updates

    def test_a_generator_alone_makes_the_updates(self):
        g, d = muon(), adamw()
        scheduler = Scheduler({"d": d, "g": g}, lr={"d": FALL, "g": RISE}, update="g")
        for k in range(4):
            for _ in range(3):
                assert rates(d)[0] == FALL(k)  # written by the update of "g"
                step(d)
            assert rates(g) == [RISE(k)]
            step(g)
        assert scheduler.position == 4

    def test_a_loop_in_another_order_than_the_list_is_warned_of(self):
        a, b = muon(), adamw()
        Scheduler({"a": a, "b": b}, lr={"*": FALL})
        step(b)
        with pytest.warns(UserWarning, match="optimizer 1 stepped before optimizer 0, which is"):
            step(a)
        step(b, a, b, a)

    def test_retract_takes_back_the_update_of_the_first(self):
        a, b = muon(), adamw()
        scheduler = Scheduler({"a": a, "b": b}, lr={"a": FALL, "b": FALL})
        step(a, b)
        step(a)
        scheduler.retract()
        assert scheduler.position == 1
        assert rates(a, b) == [FALL(1)] * 3
        step(b)  # alone: "a" left this update out
        assert scheduler.position == 2

    def test_retract_of_the_second_takes_nothing_back(self):
        a, b = muon(), adamw()
        scheduler = Scheduler({"a": a, "b": b}, lr={"a": FALL, "b": FALL})
        step(a, b)
        scheduler.retract()
        assert scheduler.position == 1
        step(a, b)
        assert scheduler.position == 2

    def test_what_other_code_writes_into_the_second_is_recorded_for_that_update(self):
        a, b = muon(), adamw()
        scheduler = Scheduler({"a": a, "b": b}, lr={"a": FALL, "b": FALL})
        step(a, b)
        step(a)
        b.param_groups[1]["lr"] = 7.0
        with pytest.warns(UserWarning, match="changed lr of group 'b/head' for update 2"):
            step(b)
        assert scheduler.applied == {"lr/a": FALL(1), "lr/b": FALL(1), "lr/b/head": 7.0}
        assert rates(a, b) == [FALL(2)] * 3


def built():
    torch.manual_seed(1)
    a, b = muon(), adamw()
    scheduler = Scheduler(
        {"muon": a, "adamw": b},
        lr={"muon": FALL, "adamw": RISE, "adamw/head": relative(FALL)},
        momentum=BETA,
        external={"kl": RISE},
        rule=Plateau(mode="min", patience=0, factor=0.5),
    )
    return a, b, scheduler


def trained(a, b, scheduler, updates):
    trace = []
    for _ in range(updates):
        step(a, b)
        trace.append(
            (
                scheduler.applied,
                [p.item() for o in (a, b) for g in o.param_groups for p in g["params"]],
            )
        )
        if scheduler.position in (5, 9):
            scheduler.observe(1.0)
    return trace


@pytest.mark.parametrize("order", list(itertools.permutations(["muon", "adamw", "scheduler"])))
def test_stopped_at_any_update_in_any_order_of_loading_it_goes_on_bitwise(order):
    whole = trained(*built(), N)
    for k in range(N):
        a, b, scheduler = built()
        trained(a, b, scheduler, k)
        saved = {"muon": a.state_dict(), "adamw": b.state_dict()}
        saved = copy.deepcopy(saved) | {"scheduler": json.loads(json.dumps(scheduler.state_dict()))}
        values = [p.detach().clone() for o in (a, b) for g in o.param_groups for p in g["params"]]
        a, b, scheduler = built()
        for p, value in zip(
            (p for o in (a, b) for g in o.param_groups for p in g["params"]), values, strict=True
        ):
            p.data.copy_(value)
        for name in order:
            {"muon": a, "adamw": b, "scheduler": scheduler}[name].load_state_dict(saved[name])
        assert trained(a, b, scheduler, N - k) == whole[k:]


def test_a_state_between_the_two_steps_of_an_update_goes_on_there():
    a, b, scheduler = built()
    trained(a, b, scheduler, 3)
    step(a)
    saved = scheduler.state_dict()
    assert (saved["position"], saved["last"][0], saved["last"][1]["kl"]) == (4, 0, RISE(3))
    a, b, scheduler = built()
    scheduler.load_state_dict(saved)
    assert rates(a, b) == [FALL(4), RISE(3), 3e-4 * FALL(3)]
    step(b)
    assert scheduler.position == 4
    step(a)
    assert scheduler.position == 5


def test_the_same_again_after_the_other_optimizer_has_stepped():
    a, b, scheduler = built()
    step(a)
    saved = scheduler.state_dict()
    a, b, scheduler = built()
    scheduler.load_state_dict(saved)
    step(b)
    saved = scheduler.state_dict()
    assert saved["last"] is None
    a, b, scheduler = built()
    scheduler.load_state_dict(saved)
    step(b)  # "a" left its step out
    assert scheduler.position == 2


def test_a_metric_seen_between_the_two_steps_does_not_change_the_update():
    def halving():
        a, b = muon(), adamw()
        rule = Plateau(mode="min", patience=0, factor=0.5)
        return a, b, Scheduler({"a": a, "b": b}, {"*": Constant(1.0)}, rule=rule)

    a, b, scheduler = halving()
    scheduler.observe(1.0)
    step(a)
    scheduler.observe(2.0)
    assert rates(a, b) == [0.5, 1.0, 1.0]
    saved = scheduler.state_dict()
    a, b, scheduler = halving()
    scheduler.load_state_dict(saved)
    assert rates(a, b) == [0.5, 1.0, 1.0]


def test_after_a_seek_or_a_rescale_no_update_is_half_made():
    a, b = muon(), adamw()
    scheduler = Scheduler({"a": a, "b": b}, {"*": FALL})
    step(a)
    scheduler.seek(5)
    assert rates(a, b) == [FALL(5)] * 3
    scheduler.seek(0)
    assert rates(a, b) == [FALL(0)] * 3


@pytest.mark.filterwarnings("ignore:gradatim. something else has changed")
class TestWrites:
    """What other code writes into one of several optimizers."""

    def test_of_a_schedule_for_both_what_only_one_used_is_its_own(self):
        a, b = muon(), adamw()
        scheduler = Scheduler({"a": a, "b": b}, {"*": FALL})
        step(a)
        for group in b.param_groups:
            group["lr"] = 7.0
        step(b)
        assert scheduler.applied == {"lr/*": 1.0, "lr/b/embed": 7.0, "lr/b/head": 7.0}

    def test_it_is_used_though_the_row_has_changed_since(self):
        g, d = muon(), AdamW(weights("all"), lr=3e-4)
        scheduler = Scheduler({"d": d, "g": g}, lr={"d": FALL, "g": RISE}, update="g")
        step(d, g)
        d.param_groups[0]["lr"] = 5.0
        used = []
        d.register_step_pre_hook(lambda optimizer, *_: used.append(rates(optimizer)[0]))
        step(d, d, g)
        assert used == [5.0, FALL(1)]
        assert scheduler.applied == {"lr/d": 5.0, "lr/g": RISE(1)}

    def test_before_the_first_update_it_belongs_to_the_first(self):
        g, d = muon(), AdamW(weights("all"), lr=3e-4)
        scheduler = Scheduler({"d": d, "g": g}, lr={"d": FALL, "g": RISE}, update="g")
        d.param_groups[0]["lr"] = 8.0
        step(d, g)
        assert scheduler.applied == {"lr/d": 8.0, "lr/g": 0.0}

    def test_a_warning_that_is_an_error_leaves_the_update_counted_and_written(self):
        a, b = muon(), adamw()
        scheduler = Scheduler({"a": a, "b": b}, {"*": FALL})
        a.param_groups[0]["lr"] = 7.0
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(UserWarning, match="something else has changed lr"):
                step(a)
        assert (scheduler.position, rates(a)) == (1, [FALL(1)])


def test_a_tensor_that_both_were_given_is_one_for_each():
    rate = torch.tensor(0.1)
    a, b = SGD(weights("one"), lr=rate), SGD(weights("two"), lr=rate)
    Scheduler({"a": a, "b": b}, {"a": Constant(1.0), "b": Constant(5.0)})
    assert [float(rate) for rate in rates(a, b)] == [1.0, 5.0]


def test_a_named_optimizer_can_be_replaced_by_another():
    other = muon()
    scheduler = Scheduler({"m": muon()}, {"m": FALL})
    scheduler.optimizer = other
    step(other)
    assert (scheduler.position, list(scheduler.optimizers)) == (1, ["m"])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_drives_its_own_optimizers(copied):
    a, b, scheduler = copied(built())
    trained(a, b, scheduler, 3)
    assert scheduler.position == 3
    assert list(scheduler.optimizers) == ["muon", "adamw"]


def test_groups_changed_in_one_of_them_are_matched_by_name():
    a, b = muon(), adamw("embed", "head")
    Scheduler({"a": a, "b": b}, lr={"a": FALL, "b/embed": 1.0, "b/head": 2.0})
    del b.param_groups[0]
    step(a, b)
    assert rates(b) == [2.0]
    b.add_param_group(weights("embed")[0])
    step(a, b)
    assert rates(b) == [2.0, 1.0]


SHARED = muon()


def replaced():
    one, other = muon(), muon()
    other.param_groups = one.param_groups
    return {"a": one, "b": other}


BAD = [
    (lambda: Scheduler({"a": SHARED, "b": SHARED}, lr=FALL), "'a' and 'b' share a parameter group"),
    (lambda: Scheduler(replaced(), lr=FALL), "'a' and 'b' share a parameter group"),
    (lambda: Scheduler({"a/b": muon()}, lr=FALL), "an optimizer's name must be"),
    (lambda: Scheduler({1: muon()}, lr=FALL), "an optimizer's name must be"),
    (lambda: Scheduler({}, lr=FALL), "optimizer must be an optimizer, or several"),
    (
        lambda: Scheduler({"a": muon(), "b": adamw()}, lr={"a": FALL}),
        "no schedule of lr is for group 'b/embed'.*write 'b': None",
    ),
    (
        lambda: Scheduler(
            {"a": muon(), "b": adamw()}, lr={"*": FALL}, momentum={"*": BETA, "b": BETA}
        ),
        "unknown value 'momentum'.*betas",
    ),
    (
        lambda: Scheduler({"a": muon(), "b": adamw()}, lr={"*": FALL, "c": FALL}),
        "unknown group of lr 'c'.*a/matrix",
    ),
    (lambda: Scheduler([muon(), muon()], lr=[FALL]), "lr must be 2 schedules, one per optimizer"),
    (lambda: Scheduler([muon(), muon()], lr={2: FALL}), "unknown optimizer of lr 2"),
    (
        lambda: Scheduler([muon(), muon()], lr=FALL, update="generator"),
        "unknown optimizer for update 'generator'",
    ),
    (lambda: Scheduler(muon(), lr=FALL, update="a"), "unknown optimizer for update 'a'"),
]


@pytest.mark.parametrize(("build", "words"), BAD, ids=range(len(BAD)))
def test_what_is_refused(build, words):
    with pytest.raises(GradatimError, match=words):
        build()


def test_the_one_optimizer_is_refused_by_name_where_there_are_several():
    a, b = muon(), adamw()
    scheduler = Scheduler({"muon": a, "adamw": b}, lr={"*": FALL})
    with pytest.raises(GradatimError, match=r"drives 'muon', 'adamw'.*optimizers\[name\]"):
        _ = scheduler.optimizer
    with pytest.raises(GradatimError, match="drives 'muon', 'adamw'"):
        scheduler.optimizer = muon()
    assert scheduler.optimizers == {"muon": a, "adamw": b}


def test_if_one_refuses_none_is_attached():
    a, b = muon(), adamw()
    taken = Scheduler(b, lr=Constant(0.5))
    with pytest.raises(GradatimError, match="driven by another scheduler"):
        Scheduler({"a": a, "b": b}, lr={"*": FALL})
    assert rates(a) == [0.02]
    Scheduler(a, lr=FALL)  # so it is free
    assert taken.next == {"lr": 0.5}


def test_detached_optimizers_keep_their_values():
    a, b = muon(), adamw()
    scheduler = Scheduler({"a": a, "b": b}, lr={"*": FALL})
    step(a, b)
    scheduler.detach()
    step(a, b)
    assert rates(a, b) == [FALL(1)] * 3
    assert scheduler.position == 1
