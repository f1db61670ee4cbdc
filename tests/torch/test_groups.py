"""Groups with bases, names and places of their own, before and after a restart."""

import copy
import math

import pytest
import torch
from torch.distributed.checkpoint.state_dict import _init_optim_state
from torch.optim import SGD, AdamW

from gradatim import Constant, Function, GradatimError, Linear, Plateau, warmup_cosine
from gradatim.torch import Scheduler, relative
from tests.torch.messages import Nested

SHAPE = warmup_cosine(peak=1.0, steps=20, warmup=4, floor=0.01)


def group(lr=None, name=None, size=1, **more):
    made = {"params": [torch.nn.Parameter(torch.ones(size))]} | more
    return made | ({} if lr is None else {"lr": lr}) | ({} if name is None else {"name": name})


def update(optimizer, times=1):
    for _ in range(times):
        for one in optimizer.param_groups:
            for weight in one["params"]:
                weight.grad = torch.full_like(weight, float(weight.numel()))
        optimizer.step()


def rates(optimizer):
    return [float(one["lr"]) for one in optimizer.param_groups]


class TestRelative:
    def test_layer_wise_decay(self):
        bases = [1e-3 * 0.65**depth for depth in range(12)]
        optimizer = AdamW([group(base) for base in bases])
        scheduler = Scheduler(optimizer, lr=relative(SHAPE))
        for k in range(25):
            assert rates(optimizer) == [base * SHAPE(k) for base in bases]
            update(optimizer)
        assert scheduler.applied["lr/11"] == bases[11] * SHAPE(24)

    def test_another_value_than_the_rate(self):
        optimizer = AdamW([group(weight_decay=0.1), group(weight_decay=0.0)], betas=(0.8, 0.9))
        Scheduler(
            optimizer,
            lr=Constant(0.5),
            weight_decay=relative(Linear(1.0, 0.0, 4)),
            **{"betas[0]": relative(Constant(0.5))},
        )
        update(optimizer)
        assert [one["weight_decay"] for one in optimizer.param_groups] == [0.1 * 0.75, 0.0]
        assert [one["betas"] for one in optimizer.param_groups] == [(0.4, 0.9)] * 2

    def test_beside_absolute_ones(self):
        optimizer = SGD([group(0.5, "body"), group(0.5, "head"), group(2.0, "tail")])
        Scheduler(optimizer, lr={"head": SHAPE, "*": relative(Linear(1.0, 0.0, 4))})
        update(optimizer, 2)
        assert rates(optimizer) == [0.25, SHAPE(2), 1.0]

    def test_a_tensor_keeps_its_place(self):
        held = torch.tensor(0.5, dtype=torch.float64)
        optimizer = AdamW([group(held), group(torch.tensor(2.0, dtype=torch.float64))])
        Scheduler(optimizer, lr=relative(SHAPE))
        update(optimizer, 3)
        assert optimizer.param_groups[0]["lr"] is held
        assert rates(optimizer) == [0.5 * SHAPE(3), 2.0 * SHAPE(3)]

    def test_a_group_added_later_has_its_own_base(self):
        optimizer = SGD([group(0.5)])
        scheduler = Scheduler(optimizer, lr=relative(SHAPE))
        update(optimizer, 5)
        optimizer.add_param_group(group(3.0, "head"))
        update(optimizer)
        assert scheduler.applied == {"lr/0": 0.5 * SHAPE(5), "lr/head": 3.0 * SHAPE(5)}
        assert list(scheduler.history("lr/head")) == [(5, 3.0 * SHAPE(5))]
        assert rates(optimizer) == [0.5 * SHAPE(6), 3.0 * SHAPE(6)]

    def test_a_rule_lowers_all(self):
        optimizer = SGD([group(0.5), group(2.0)])
        rule = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)
        scheduler = Scheduler(optimizer, lr=relative(Constant(1.0)), rule=rule)
        scheduler.observe(1.0)
        scheduler.observe(1.0)
        assert rates(optimizer) == [0.25, 1.0]

    @pytest.mark.parametrize("order", ["build, optimizer", "optimizer, build", "scheduler only"])
    @pytest.mark.parametrize("k", range(0, 24, 5))
    def test_a_restart_keeps_the_bases(self, k, order):
        def begin():
            return SGD([group(0.5, "body"), group(2.0, "head")], momentum=0.9)

        optimizer = begin()
        scheduler = Scheduler(optimizer, lr=relative(SHAPE))
        update(optimizer, k)
        saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
        optimizer = begin()
        if order == "optimizer, build":
            optimizer.load_state_dict(saved[0])
        scheduler = Scheduler(optimizer, lr=relative(SHAPE))
        if order == "build, optimizer":
            optimizer.load_state_dict(saved[0])
        scheduler.load_state_dict(saved[1])
        for step in range(k, 25):
            assert rates(optimizer) == [0.5 * SHAPE(step), 2.0 * SHAPE(step)]
            update(optimizer)

    def test_another_base_in_the_script_is_named(self):
        saved = Scheduler(SGD([group(0.5)]), lr=relative(SHAPE)).state_dict()
        scheduler = Scheduler(SGD([group(0.1)]), lr=relative(SHAPE))
        with pytest.raises(GradatimError, match=r"lr/0: 0\.5 \* \.\.\. -> 0\.1 \* \.\.\."):
            scheduler.load_state_dict(saved)
        scheduler.load_state_dict(saved, "override")
        assert scheduler.next == {"lr/0": 0.1 * SHAPE(0)}

    def test_torch_reads_the_same_base(self):
        optimizer = SGD([group(0.5), group(2.0)])
        Scheduler(optimizer, lr=relative(SHAPE))
        assert [one["initial_lr"] for one in optimizer.param_groups] == [0.5, 2.0]

    def test_names_that_two_groups_share(self):
        optimizer = SGD([group(0.5, "body"), group(0.5, "body")])
        scheduler = Scheduler(optimizer, lr=relative(SHAPE))
        assert list(scheduler.next) == ["lr/body"]
        with pytest.raises(GradatimError, match=r"lr/body is to be driven by two schedules"):
            Scheduler(SGD([group(0.5, "body"), group(2.0, "body")]), lr=relative(SHAPE))

    @pytest.mark.parametrize("base", [math.nan, math.inf, "0.1", True])
    def test_a_base_that_is_no_number(self, base):
        optimizer = SGD([group(0.5) | {"initial_lr": base}])
        with pytest.raises(GradatimError, match="initial_lr of a group must be a finite number"):
            Scheduler(optimizer, lr=relative(SHAPE))

    @pytest.mark.parametrize("schedule", [0.1, None, "linear", lambda k: 1.0])
    def test_what_is_no_schedule(self, schedule):
        with pytest.raises(GradatimError, match="relative: schedule must be a schedule"):
            relative(schedule)

    def test_a_hundred_groups_use_one_block_of_values(self, monkeypatch):
        asked = []
        call = type(SHAPE).__call__
        monkeypatch.setattr(
            type(SHAPE), "__call__", lambda self, step: asked.append(step) or call(self, step)
        )
        optimizer = SGD([group(0.1 * (i + 1)) for i in range(100)])
        Scheduler(optimizer, lr=relative(SHAPE))
        asked.clear()
        update(optimizer, 12)
        # One value of each update for the first that is not ready yet, one for all others.
        assert len(asked) < 200


class TestNames:
    def moved(self, ours, theirs, **options):
        """An optimizer of groups in one order that loads a checkpoint of another."""
        size = {"a": 1, "b": 2, "c": 3}
        optimizer = SGD([group(name=name, size=size[name]) for name in theirs], 0.1, momentum=0.9)
        scheduler = Scheduler(optimizer, lr={"a": Constant(0.5), "*": Constant(0.25)})
        update(optimizer, 3)
        saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
        optimizer = SGD([group(name=name, size=size[name]) for name in ours], 0.1, momentum=0.9)
        scheduler = Scheduler(optimizer, lr={"a": Constant(0.5), "*": Constant(0.25)}, **options)
        optimizer.load_state_dict(saved[0])
        scheduler.load_state_dict(saved[1])
        return optimizer

    @pytest.mark.parametrize("ours", ["abc", "cab", "bca"])
    def test_groups_that_moved_keep_their_momentum_and_their_rate(self, ours):
        optimizer = self.moved(ours, "abc")
        assert [one["name"] for one in optimizer.param_groups] == list(ours)
        assert rates(optimizer) == [{"a": 0.5}.get(name, 0.25) for name in ours]
        for one in optimizer.param_groups:
            (weight,) = one["params"]
            assert optimizer.state[weight]["momentum_buffer"].shape == weight.shape

    def test_theirs_gives_each_the_momentum_of_another(self):
        optimizer = SGD([group(name="a"), group(name="b", size=2)], 0.1, momentum=0.9)
        update(optimizer)
        saved = optimizer.state_dict()
        optimizer = SGD([group(name="b", size=2), group(name="a")], 0.1, momentum=0.9)
        optimizer.load_state_dict(saved)
        (weight,) = optimizer.param_groups[0]["params"]
        assert optimizer.state[weight]["momentum_buffer"].shape != weight.shape

    def test_other_names_are_refused_before_anything_is_loaded(self):
        with pytest.raises(GradatimError, match="has the groups a, b; this optimizer has a, c"):
            self.moved("ac", "ab")

    def test_other_names_that_are_meant_are_matched_by_place(self):
        old = SGD([group(name="a"), group(name="b")], 0.1)
        optimizer = SGD([group(name="a"), group(name="c")], 0.1)
        Scheduler(optimizer, lr=relative(Constant(0.5)), on_mismatch="override")
        optimizer.load_state_dict(old.state_dict())
        assert [one["name"] for one in optimizer.param_groups] == ["a", "c"]

    def test_a_checkpoint_from_before_the_groups_had_names(self):
        old = SGD([group(), group(size=2)], 0.1, momentum=0.9)
        update(old)
        optimizer = SGD([group(name="a"), group(name="b", size=2)], 0.1, momentum=0.9)
        Scheduler(optimizer, lr={"a": Constant(0.5), "b": Constant(0.25)})
        optimizer.load_state_dict(old.state_dict())
        assert [one["name"] for one in optimizer.param_groups] == ["a", "b"]
        assert rates(optimizer) == [0.5, 0.25]

    def test_a_group_that_vanished_is_named_by_torch(self):
        optimizer = SGD([group(name="a"), group(name="b")], 0.1)
        Scheduler(optimizer, lr=Constant(0.5))
        with pytest.raises(ValueError, match="different number of parameter groups"):
            optimizer.load_state_dict(SGD([group(name="a")], 0.1).state_dict())

    def test_a_relative_group_that_vanished_is_named(self):
        saved = Scheduler(SGD([group(0.5, "a"), group(1.0, "b")]), lr=relative(SHAPE)).state_dict()
        scheduler = Scheduler(SGD([group(0.5, "a")]), lr=relative(SHAPE))
        with pytest.raises(GradatimError, match=r"lr/b: 1\.0 \* \(Linear.* -> nothing"):
            scheduler.load_state_dict(saved)


def test_a_position_can_be_taken_over():
    optimizer = SGD([group()], 0.1)
    scheduler = Scheduler(optimizer, lr=SHAPE)
    scheduler.seek(7)
    assert (scheduler.position, rates(optimizer)) == (7, [SHAPE(7)])
    for bad in (-1, 1.5, True, "7"):
        with pytest.raises(GradatimError, match="position must be a whole number"):
            scheduler.seek(bad)
    assert scheduler.position == 7


def test_updates_that_no_step_made_are_counted_by_hand():
    optimizer = SGD([group()], 0.1)
    scheduler = Scheduler(optimizer, lr=SHAPE)
    update(optimizer)
    scheduler.advance(3)
    assert (scheduler.position, rates(optimizer)) == (4, [SHAPE(4)])
    with pytest.raises(GradatimError, match="updates must be a whole number"):
        scheduler.advance(-1)


def test_the_history_goes_to_a_table_and_a_logger(tmp_path):
    optimizer = SGD([group(0.5, "a"), group(1.0, "b")])
    scheduler = Scheduler(optimizer, lr=relative(Linear(1.0, 0.0, 4)))
    update(optimizer, 2)
    scheduler.save_history(tmp_path / "rates.csv")
    assert (tmp_path / "rates.csv").read_text() == "position,lr/a,lr/b\n0,0.5,1.0\n1,0.375,0.75\n"
    heard = []
    scheduler.log_history(lambda *said: heard.append(said))
    assert heard == [("lr/a", 0.5, 0), ("lr/b", 1.0, 0), ("lr/a", 0.375, 1), ("lr/b", 0.75, 1)]


@pytest.mark.parametrize("policy", ["keep", "override", "strict"])
def test_what_a_load_does_can_be_said_when_building(policy):
    saved = Scheduler(SGD([group()], 0.1), lr=Constant(0.5)).state_dict()
    scheduler = Scheduler(SGD([group()], 0.1), lr=Constant(0.25), on_mismatch=policy)
    if policy == "strict":
        with pytest.raises(GradatimError, match=r"0\.5 -> 0\.25"):
            scheduler.load_state_dict(saved)
    else:
        scheduler.load_state_dict(saved)
        assert scheduler.next["lr"] == {"keep": 0.5, "override": 0.25}[policy]


def test_no_such_policy():
    with pytest.raises(
        GradatimError, match=r"unknown on_mismatch 'ignore'\. Known: extend, keep, over"
    ):
        Scheduler(SGD([group()], 0.1), lr=Constant(0.5), on_mismatch="ignore")


class TestProbes:
    """torch's distributed checkpoints step an optimizer without state, at a rate of 0."""

    @pytest.mark.parametrize("rate", [0.1, torch.tensor(0.1)], ids=["float", "tensor"])
    @pytest.mark.parametrize("values", [{"lr": Constant(0.5)}, {"weight_decay": Constant(0.5)}])
    @pytest.mark.parametrize("make", [SGD, AdamW, Nested])
    def test_a_question_is_no_update(self, make, values, rate):
        optimizer = make([group(), group()], lr=rate, weight_decay=0.1)
        scheduler = Scheduler(optimizer, **values)
        before = [one["params"][0].clone() for one in optimizer.param_groups]
        held = copy.deepcopy([one["lr"] for one in optimizer.param_groups])
        _init_optim_state(optimizer)
        assert scheduler.position == 0
        assert [one["params"][0] for one in optimizer.param_groups] == before
        assert [one["lr"] for one in optimizer.param_groups] == held
        update(optimizer)
        assert scheduler.position == 1

    def test_an_update_at_a_rate_of_zero_is_one(self):
        optimizer = AdamW([group()])
        scheduler = Scheduler(optimizer, lr=Linear(0.0, 1.0, 4))
        optimizer.param_groups[0]["params"][0].grad = torch.ones(1)
        optimizer.step(closure=None)
        assert scheduler.position == 1


def test_trainers_may_write_where_torch_counts():
    scheduler = Scheduler(SGD([group()], 0.1), lr=Constant(0.5))
    scheduler.last_epoch += 1
    assert scheduler.position == scheduler.last_epoch == 0


class Doubled(AdamW):
    """torch calls the hooks around the step of a parent class too, once one was built."""

    def step(self, closure=None):
        return super().step(closure)


class Failing(Doubled):
    broken = False

    def step(self, closure=None):
        super().step(closure)
        if self.broken:
            raise RuntimeError("after the update of the parent")


@pytest.mark.parametrize("make", [Doubled, Failing])
def test_an_update_within_an_update_is_one(make):
    AdamW([torch.nn.Parameter(torch.ones(1))])
    optimizer = make([group()])
    scheduler = Scheduler(optimizer, lr=SHAPE)
    used = []
    for _ in range(6):
        used.append(rates(optimizer)[0])
        update(optimizer)
    assert scheduler.position == 6
    assert used == [SHAPE(k) for k in range(6)]


def test_an_update_that_raises_within_another_does_not_upset_the_count():
    AdamW([torch.nn.Parameter(torch.ones(1))])
    optimizer = Failing([group()])
    scheduler = Scheduler(optimizer, lr=SHAPE)
    update(optimizer)
    optimizer.broken = True
    with pytest.raises(RuntimeError, match="of the parent"):
        update(optimizer)
    optimizer.broken = False
    update(optimizer)
    assert scheduler.position == 2


@pytest.mark.parametrize(
    "values",
    [
        {"lr": SHAPE, "weight_decay": Constant(0.1)},
        {"lr": relative(SHAPE), "betas[0]": Constant(0.5)},
    ],
)
def test_a_wrapper_that_names_the_closure_makes_updates(values):
    optimizer = AdamW([group(), group()], lr=1.0)
    scheduler = Scheduler(optimizer, **values)
    for one in optimizer.param_groups:
        one["params"][0].grad = torch.ones(1)
    for _ in range(4):
        optimizer.step(closure=None)
    assert scheduler.position == 4


def test_two_schedulers_agree_on_what_is_an_update():
    optimizer = AdamW([group()])
    schedulers = [Scheduler(optimizer, lr=SHAPE), Scheduler(optimizer, weight_decay=SHAPE)]
    optimizer.param_groups[0]["params"][0].grad = torch.ones(1)
    optimizer.step(closure=None)
    assert [one.position for one in schedulers] == [1, 1]


def test_a_group_added_later_begins_with_the_default_and_not_with_todays_tensor():
    optimizer = SGD([group()], lr=torch.tensor(1.0))
    Scheduler(optimizer, lr=relative(Linear(1.0, 0.0, 10)))
    update(optimizer, 9)
    optimizer.add_param_group(group())
    update(optimizer)
    assert [one["initial_lr"] for one in optimizer.param_groups] == [1.0, 1.0]


@pytest.mark.parametrize("rate", [torch.tensor(1), torch.tensor(True)])
def test_a_tensor_of_whole_numbers_is_refused(rate):
    with pytest.raises(GradatimError, match=r"a tensor of floats.*Write lr=torch.tensor\(1.0\)"):
        Scheduler(SGD([group()], lr=rate), lr=SHAPE)


class TestGroupsThatChangeInPlace:
    def build(self, **more):
        optimizer = SGD([group(0.1, "a"), group(0.2, "b"), group(0.3, "c")])
        return optimizer, Scheduler(optimizer, lr=relative(SHAPE))

    def test_one_that_is_taken_away(self):
        optimizer, _ = self.build()
        update(optimizer, 3)
        del optimizer.param_groups[0]
        update(optimizer)
        assert rates(optimizer) == [0.2 * SHAPE(4), 0.3 * SHAPE(4)]

    def test_another_order(self):
        optimizer, _ = self.build()
        update(optimizer, 3)
        optimizer.param_groups.reverse()
        update(optimizer)
        assert rates(optimizer) == [base * SHAPE(4) for base in (0.3, 0.2, 0.1)]

    def test_one_that_is_added_is_in_the_state_at_once(self):
        optimizer, scheduler = self.build()
        optimizer.add_param_group(group(0.4, "d"))
        assert scheduler.next["lr/d"] == 0.4 * SHAPE(0)
        assert "lr/d" in scheduler.state_dict()["schedules"]

    @pytest.mark.parametrize("first", ["scheduler", "optimizer"])
    def test_one_that_is_added_just_before_a_load(self, first):
        optimizer, scheduler = self.build()
        optimizer.add_param_group(group(0.4, "d"))
        update(optimizer, 5)
        saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
        optimizer, scheduler = self.build()
        optimizer.add_param_group(group(0.4, "d"))
        if first == "optimizer":
            optimizer.load_state_dict(saved[0])
        scheduler.load_state_dict(saved[1])
        optimizer.load_state_dict(saved[0])
        assert rates(optimizer) == [base * SHAPE(5) for base in (0.1, 0.2, 0.3, 0.4)]


def infinite(step):
    return math.inf


def test_a_scheduler_that_cannot_be_built_lets_go():
    optimizer = SGD([group()], 0.1)
    with pytest.raises(GradatimError, match="must be a finite number"):
        Scheduler(optimizer, lr=Function(function=infinite))
    update(optimizer)
    scheduler = Scheduler(optimizer, lr=SHAPE)
    update(optimizer)
    assert scheduler.position == 1


def test_a_rate_that_needs_gradients_is_driven_too():
    optimizer = SGD([group()], lr=torch.tensor(0.1, requires_grad=True))
    Scheduler(optimizer, lr=Constant(0.5))
    assert optimizer.param_groups[0]["lr"].detach() == 0.5


def test_override_takes_the_scripts_also_after_keep():
    saved = Scheduler(SGD([group()], 0.1), lr=Constant(0.5)).state_dict()
    scheduler = Scheduler(SGD([group()], 0.1), lr=Constant(0.25))
    scheduler.load_state_dict(saved, "keep")
    scheduler.load_state_dict(saved)  # what is driven now is what the state has
    assert scheduler.next == {"lr": 0.5}
    scheduler.seek(3)
    assert scheduler.next == {"lr": 0.5}
    scheduler.load_state_dict(saved, "override")
    assert scheduler.next == {"lr": 0.25}


def test_groups_of_which_some_have_names():
    def build(*names):
        return SGD([group(name=name, size=i + 1) for i, name in enumerate(names)], 0.1)

    saved = build("b", None, "a").state_dict()
    optimizer = build("a", None, "b")
    Scheduler(optimizer, lr=SHAPE)
    with pytest.raises(GradatimError, match=r"groups b, \(no name\), a; this optimizer has a, "):
        optimizer.load_state_dict(saved)


def test_an_optimizer_without_groups():
    optimizer = SGD([group()], 0.1)
    optimizer.param_groups.clear()
    with pytest.raises(GradatimError, match="the optimizer has no parameter groups"):
        Scheduler(optimizer, lr=SHAPE)


@pytest.mark.parametrize("place", [0, 1])
def test_a_group_that_nothing_serves_is_refused_each_time_and_can_be_taken_away(place):
    optimizer = SGD([group(0.1, "a")])
    scheduler = Scheduler(optimizer, lr={"a": SHAPE})
    update(optimizer)
    optimizer.add_param_group(group(0.2, "b"))
    optimizer.param_groups.insert(place, optimizer.param_groups.pop())
    for _ in range(3):
        with pytest.raises(GradatimError, match="no schedule of lr is for group 'b'"):
            update(optimizer)
    del optimizer.param_groups[place]
    update(optimizer)
    assert (scheduler.position, rates(optimizer)) == (2, [SHAPE(2)])
