"""What version 0.1 did silently wrong, or answered with a bare error, in its smallest form."""

import copy
import gc
import warnings

import pytest
import torch
from torch.optim import SGD, Adam, AdamW, Optimizer

from gradatim import Constant, GradatimError, Linear, Plan, warmup_cosine
from gradatim.torch import Scheduler, relative

LINE = Linear(start=1.0, end=0.0, steps=20)
HAND_WRITTEN = pytest.mark.filterwarnings("ignore:gradatim. something else has changed")


def weight():
    return torch.nn.Parameter(torch.ones(1))


def group(lr=None, name=None, **more):
    made = {"params": [weight()]} | more
    return made | ({} if lr is None else {"lr": lr}) | ({} if name is None else {"name": name})


def update(optimizer, updates=1):
    for _ in range(updates):
        for one in optimizer.param_groups:
            for parameter in one["params"]:
                parameter.grad = torch.ones_like(parameter)
        optimizer.step()


def rates(optimizer):
    return [float(one["lr"]) for one in optimizer.param_groups]


def moved(optimizer):
    """How far each group moves in one update of SGD whose gradients are 1: its real rate."""
    before = [one["params"][0].item() for one in optimizer.param_groups]
    update(optimizer)
    after = [one["params"][0].item() for one in optimizer.param_groups]
    return [x - y for x, y in zip(before, after, strict=True)]


class TestGroupsThatChangedBeforeALoad:
    """A checkpoint of the optimizer is loaded after its groups were changed by hand."""

    def build(self):
        optimizer = SGD([group(0.5, "a"), group(0.5, "b")])
        schedules = {"a": Constant(1.0), "b": Constant(0.125)}
        return optimizer, Scheduler(optimizer, lr=schedules)

    def test_one_was_taken_away(self):
        optimizer, scheduler = self.build()
        del optimizer.param_groups[0]
        optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        assert moved(optimizer) == [0.125]
        assert scheduler.applied["lr/b"] == 0.125

    def test_they_were_put_in_another_order(self):
        optimizer, _ = self.build()
        optimizer.param_groups.reverse()
        optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        assert moved(optimizer) == [0.125, 1.0]

    def test_each_was_replaced_by_a_new_one(self):
        optimizer, _ = self.build()
        optimizer.param_groups = [dict(one) for one in reversed(optimizer.param_groups)]
        optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        assert moved(optimizer) == [0.125, 1.0]

    def test_each_was_renamed(self):
        optimizer, _ = self.build()
        for one, name in zip(optimizer.param_groups, "ba", strict=True):
            one["name"] = name
        assert moved(optimizer) == [0.125, 1.0]

    def test_without_names_the_same_parameters_are_the_same_group(self):
        optimizer = SGD([group(0.5), group(0.5)])
        Scheduler(optimizer, lr=[Constant(1.0), Constant(0.125)])
        optimizer.param_groups = [dict(one) for one in reversed(optimizer.param_groups)]
        assert moved(optimizer) == [0.125, 1.0]

    def test_what_nothing_tells_apart_is_refused(self):
        optimizer = SGD([group(0.5), group(0.5)])
        Scheduler(optimizer, lr=[Constant(1.0), Constant(0.125)])
        optimizer.param_groups[0] = {**optimizer.param_groups[0], "params": [weight()]}
        with pytest.raises(
            GradatimError, match=r'which schedule of lr is meant for group 0.*"name"'
        ):
            update(optimizer)


class TestAnotherOptimizer:
    def test_it_is_driven_from_the_same_position(self):
        first, second = SGD([group(9.0)]), SGD([group(9.0)])
        scheduler = Scheduler(first, lr=LINE)
        update(first, 3)
        scheduler.optimizer = second
        assert rates(second) == [LINE(3)]
        update(second)
        assert (scheduler.position, rates(second)) == (4, [LINE(4)])
        update(first)
        assert scheduler.position == 4

    def test_one_that_does_not_fit_is_refused_and_the_old_one_goes_on(self):
        first, second = SGD([group(9.0, "a")]), SGD([group(9.0, "b")])
        scheduler = Scheduler(first, lr={"a": LINE})
        with pytest.raises(GradatimError, match="no schedule of lr is for group 'b'"):
            scheduler.optimizer = second
        update(first)
        assert (scheduler.position, rates(second)) == (1, [9.0])

    def test_one_with_groups_that_need_schedules_of_their_own_is_refused(self):
        first, second = SGD([group(0.5)]), SGD([group(0.5), group(0.25)])
        scheduler = Scheduler(first, lr={"*": relative(LINE)})
        with pytest.raises(GradatimError) as refusal:
            scheduler.optimizer = second
        assert str(refusal.value) == (
            "Scheduler: the new optimizer has groups that the old one did not have: lr/1. Build a "
            "new Scheduler for it."
        )
        update(first)
        assert (scheduler.position, rates(second)) == (1, [0.5, 0.25])

    def test_each_group_that_needs_a_schedule_is_named(self):
        first = SGD([group(0.5)])
        second = SGD([group(0.5), group(0.25), group(0.125)])
        scheduler = Scheduler(first, lr={"*": relative(LINE)})
        with pytest.raises(GradatimError, match=r"did not have: lr/1, lr/2\. Build a new"):
            scheduler.optimizer = second

    def test_groups_of_other_rates_are_refused_for_a_relative_schedule(self):
        first, second = SGD([group(0.5)]), SGD([group(0.25)])
        scheduler = Scheduler(first, lr=relative(LINE))
        with pytest.raises(GradatimError, match="begin with different lr"):
            scheduler.optimizer = second
        assert scheduler.optimizer is first


class TestTheBaseOfARelativeSchedule:
    """The rate that an optimizer holds in the middle of a run is not what it began with."""

    def trained(self, make=SGD, **options):
        """An optimizer that another scheduler drove 8 of 20 updates from 0.1 on, and its state."""
        optimizer = make([weight()], lr=0.1, **options)
        update(optimizer, 8)
        optimizer.param_groups[0]["lr"] = 0.1 * LINE(8)
        return optimizer.state_dict()

    def test_it_is_not_taken_from_an_optimizer_that_has_been_trained(self):
        optimizer = Adam([weight()], lr=0.1)
        optimizer.load_state_dict(self.trained(Adam))
        with pytest.raises(GradatimError, match=r"may have changed.*relative\(schedule, base="):
            Scheduler(optimizer, lr=relative(LINE))

    def test_nor_from_a_rate_that_is_not_the_optimizers_default(self):
        optimizer = SGD([weight()], lr=0.1)
        optimizer.load_state_dict(self.trained())
        scheduler = Scheduler(optimizer, lr=relative(LINE))
        with pytest.raises(GradatimError, match=r"may have changed.*relative\(schedule, base="):
            scheduler.seek(8)
        assert scheduler.position == 0

    @pytest.mark.parametrize("make", [SGD, Adam])
    def test_it_can_be_stated(self, make):
        optimizer = make([weight()], lr=0.1)
        optimizer.load_state_dict(self.trained(make))
        scheduler = Scheduler(optimizer, lr=relative(LINE, base=0.1))
        scheduler.seek(8)
        assert scheduler.next == {"lr/0": 0.1 * LINE(8)}

    @pytest.mark.parametrize("base", [0.0, -0.1, float("nan"), True, "0.1"])
    def test_a_base_that_is_none(self, base):
        with pytest.raises(GradatimError, match="base must be a finite number above 0"):
            relative(LINE, base=base)

    def test_a_group_added_in_the_middle_begins_with_its_own(self):
        optimizer = Adam([weight()], lr=0.5)
        scheduler = Scheduler(optimizer, lr=relative(LINE))
        update(optimizer, 2)
        optimizer.add_param_group(group(0.25))
        assert scheduler.next == {"lr/0": 0.5 * LINE(2), "lr/1": 0.25 * LINE(2)}


class TestWhoWins:
    def test_what_was_written_by_hand_is_what_applied_says(self):
        optimizer = SGD([group(0.5), group(0.5)])
        scheduler = Scheduler(optimizer, lr=Constant(0.25))
        optimizer.param_groups[1]["lr"] = 7.0
        with pytest.warns(
            UserWarning, match="changed lr of group '1' for update 1, from 0.25 to 7"
        ):
            used = moved(optimizer)
        assert used == [0.25, 7.0]
        assert scheduler.applied == {"lr": 0.25, "lr/1": 7.0}
        assert moved(optimizer) == [0.25, 0.25]

    def test_the_loaded_state_of_an_optimizer_is_no_such_write(self):
        optimizer = SGD([group(0.5)])
        scheduler = Scheduler(optimizer, lr=LINE)
        saved = copy.deepcopy(optimizer.state_dict())
        update(optimizer, 3)
        optimizer.load_state_dict(saved)
        assert moved(optimizer) == pytest.approx([LINE(3)])
        assert scheduler.applied == {"lr": LINE(3)}

    def test_a_value_that_is_handed_over_is_not_warned_of(self):
        """As a learning-rate finder does it, with a scheduler attached."""
        optimizer = SGD([group(0.5)], weight_decay=0.5)
        scheduler = Scheduler(optimizer, lr=Constant(0.25), weight_decay=Constant(0.0))
        with scheduler.released("lr"):
            for rate in (1e-3, 1e-2, 1e-1):
                optimizer.param_groups[0]["lr"] = rate
                update(optimizer)
                assert optimizer.param_groups[0]["lr"] == rate
                assert optimizer.param_groups[0]["weight_decay"] == 0.0
        assert optimizer.param_groups[0]["lr"] == 0.25
        assert list(scheduler.history()) == [(0, 1e-3), (1, 1e-2), (2, 1e-1)]
        with pytest.raises(GradatimError, match="released: unknown value 'momentum'"):
            scheduler.released("momentum").__enter__()

    @HAND_WRITTEN
    @pytest.mark.parametrize("by_hand", [0.5, torch.tensor(0.5), torch.tensor(0.5).double()])
    @pytest.mark.parametrize("held", [0.25, torch.tensor(0.25)])
    def test_a_number_over_a_tensor_and_the_other_way_round(self, held, by_hand):
        optimizer = SGD([group(copy.copy(held))])
        scheduler = Scheduler(optimizer, lr=Constant(0.125))
        mine = optimizer.param_groups[0]["lr"]
        optimizer.param_groups[0]["lr"] = by_hand
        update(optimizer)
        assert float(by_hand) == 0.5
        assert scheduler.applied == {"lr": 0.5}
        update(optimizer)
        assert scheduler.applied == {"lr": 0.125}
        if isinstance(held, torch.Tensor) and not isinstance(by_hand, torch.Tensor):
            assert optimizer.param_groups[0]["lr"] is mine


class Skipping(SGD):
    """Leaves every third update out inside its own step, as optimizers that watch for spikes do."""

    calls = 0
    skipped = False

    def step(self, closure=None):
        self.calls += 1
        self.skipped = self.calls % 3 == 0
        if not self.skipped:
            super().step(closure)


def test_updates_that_an_optimizer_leaves_out_are_taken_back():
    optimizer = Skipping([weight()], lr=0.5)
    scheduler = Scheduler(optimizer, lr=LINE)
    for _ in range(10):
        update(optimizer)
        if optimizer.skipped:
            scheduler.retract()
            assert rates(optimizer) == [LINE(scheduler.position)]
    assert scheduler.position == 7
    assert list(scheduler.history()) == [(k, LINE(k)) for k in range(7)]
    scheduler.load_state_dict(scheduler.state_dict())
    with pytest.raises(GradatimError, match="no update has been counted since"):
        scheduler.retract()


class Container(Optimizer):
    """Holds one optimizer per part of a model, and groups that none of them reads."""

    def __init__(self, *optimizers):
        self.optimizers = list(optimizers)
        every = [p for one in optimizers for g in one.param_groups for p in g["params"]]
        super().__init__(every, {"lr": 0.5})

    def step(self, closure=None):
        for one in self.optimizers:
            one.step()


def test_a_container_whose_groups_nothing_reads_is_refused():
    container = Container(SGD([weight()], lr=0.5), AdamW([weight()], lr=0.5))
    with pytest.raises(GradatimError) as error:
        Scheduler(container, lr=LINE)
    for words in (
        "optimizers[0] (SGD)",
        "optimizers[1] (AdamW)",
        "Scheduler([optimizer.optimizers[0], opt",
    ):
        assert words in str(error.value)
    for one in container.optimizers:
        Scheduler(one, lr=LINE)


class Sharing(Optimizer):
    """Wraps an optimizer whose groups it shares, and never calls Optimizer.__init__."""

    def __init__(self, inner):
        self.original = inner

    @property
    def param_groups(self):
        return self.original.param_groups

    def step(self, closure=None):
        return self.original.step(closure)


class Bare(Optimizer):
    """Never calls Optimizer.__init__."""

    def __init__(self, params):
        self.param_groups = [{"params": list(params), "lr": 0.5}]
        self.state, self.defaults = {}, {}

    def step(self, closure=None):
        pass


class Forgetful(SGD):
    """Makes new groups each time they are read."""

    ready = False

    def __init__(self, params):
        super().__init__(params, lr=0.5)
        self.ready = True

    @property
    def param_groups(self):
        return [dict(one) for one in self.made] if self.ready else self.made

    @param_groups.setter
    def param_groups(self, groups):
        self.made = groups


class TestUnusualOptimizers:
    def test_a_wrapper_that_shares_its_groups_is_looked_through(self):
        wrapper = Sharing(SGD([weight()], lr=0.5))
        scheduler = Scheduler(wrapper, lr=LINE)
        update(wrapper, 3)
        assert (scheduler.position, rates(wrapper)) == (3, [LINE(3)])

    def test_one_that_was_never_initialised(self):
        with pytest.raises(GradatimError, match=r"Bare did not call Optimizer.__init__"):
            Scheduler(Bare([weight()]), lr=LINE)

    def test_groups_that_are_made_anew(self):
        with pytest.raises(GradatimError, match=r"Forgetful.param_groups makes new groups"):
            Scheduler(Forgetful([weight()]), lr=LINE)


def test_a_scheduler_that_nobody_holds_makes_room_for_a_new_one():
    optimizer = SGD([weight()], lr=0.5)
    old = Scheduler(optimizer, lr=Constant(0.25))
    with pytest.raises(GradatimError, match="driven by another scheduler"):
        Scheduler(optimizer, lr=LINE)
    del old
    gc.collect()
    update(optimizer)
    assert rates(optimizer) == [0.25]  # attached and forgotten, it drives all the same
    scheduler = Scheduler(optimizer, lr=LINE)
    update(optimizer, 2)
    assert (scheduler.position, rates(optimizer)) == (2, [LINE(2)])


def test_a_name_that_is_a_number_is_a_name():
    optimizer = SGD([group(0.5, "1"), group(0.5, "other")])
    Scheduler(optimizer, lr={"1": Constant(0.25), "*": Constant(0.125)})
    assert rates(optimizer) == [0.25, 0.125]


class TestTraps:
    def test_a_weight_decay_of_0_stays_where_others_have_some(self):
        optimizer = AdamW([group(weight_decay=0.5), group(weight_decay=0.0)], lr=0.5)
        scheduler = Scheduler(optimizer, weight_decay=Linear(0.5, 0.25, 4))
        assert [one["weight_decay"] for one in optimizer.param_groups] == [0.5, 0.0]
        update(optimizer, 2)
        assert [one["weight_decay"] for one in optimizer.param_groups] == [0.375, 0.0]
        optimizer.add_param_group(group(weight_decay=0.0))
        update(optimizer)
        assert [one["weight_decay"] for one in optimizer.param_groups] == [0.3125, 0.0, 0.0]
        assert scheduler.applied == {"weight_decay": 0.375}

    def test_also_after_a_restart_at_a_moment_when_all_hold_0(self):
        def build():
            return AdamW([group(weight_decay=0.5), group(weight_decay=0.0)], lr=0.5)

        rise = Linear(0.0, 0.5, 4)
        first = build()
        Scheduler(first, weight_decay=rise)
        assert [one["weight_decay"] for one in first.param_groups] == [0.0, 0.0]
        second = build()
        second.load_state_dict(first.state_dict())
        Scheduler(second, weight_decay=rise)
        update(second, 2)
        assert [one["weight_decay"] for one in second.param_groups] == [0.25, 0.0]

    def test_said_for_all_it_is_written_to_all(self):
        optimizer = AdamW([group(weight_decay=0.5), group(weight_decay=0.0)], lr=0.5)
        Scheduler(optimizer, weight_decay={"*": Constant(0.25)})
        assert [one["weight_decay"] for one in optimizer.param_groups] == [0.25, 0.25]
        optimizer = AdamW([group(weight_decay=0.0), group(weight_decay=0.0)], lr=0.5)
        Scheduler(optimizer, weight_decay=Constant(0.25))
        assert [one["weight_decay"] for one in optimizer.param_groups] == [0.25, 0.25]

    def test_a_group_can_be_left_alone(self):
        optimizer = SGD([group(0.5, "body"), group(0.25, "head")])
        Scheduler(optimizer, lr={"body": LINE, "head": None})
        update(optimizer, 2)
        assert rates(optimizer) == [LINE(2), 0.25]

    def test_a_scheduler_on_another_optimizer_than_the_loops_says_so(self):
        parameter = weight()
        attached, used = SGD([parameter], lr=0.5), SGD([parameter], lr=0.5)
        scheduler = Scheduler(attached, lr=LINE)

        def train():
            for _ in range(5):
                update(used)
                scheduler.step()

        with pytest.warns(UserWarning, match=r"its parameters were changed.*another optimizer"):
            train()

    def test_a_scheduler_of_another_model_says_so_too(self):
        scheduler = Scheduler(SGD([weight()], lr=0.5), lr=LINE)

        def train():
            for _ in range(1000):
                scheduler.step()

        with pytest.warns(UserWarning, match=r"1000 times.*has made no update"):
            train()

    def test_accumulated_batches_are_no_reason_to_warn(self):
        optimizer = SGD([weight()], lr=0.5)
        scheduler = Scheduler(optimizer, lr=LINE)
        for _ in range(900):
            scheduler.step()
        update(optimizer)
        for _ in range(2000):
            scheduler.step()

    def test_training_past_an_end_at_0_says_so_once(self):
        optimizer = SGD([weight()], lr=0.5)
        Scheduler(optimizer, lr=Linear(1.0, 0.0, 4))
        update(optimizer, 4)  # the whole schedule, and not a word
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            update(optimizer, 500)
        assert len(warned) == 1
        assert "lr has ended at 0, after 4 updates" in str(warned[0].message)

    @pytest.mark.parametrize(
        "schedules",
        [
            {"layer1*": 0.5, "layer10*": 0.25, "*": 0.125},
            {"*": 0.125, "layer1*": 0.5, "layer10*": 0.25},
        ],
    )
    def test_the_most_specific_pattern_wins(self, schedules):
        names = ["layer1.weight", "layer10.weight", "layer12.weight", "head"]
        optimizer = SGD([group(9.0, name) for name in names])
        Scheduler(optimizer, lr=schedules)
        assert rates(optimizer) == [0.5, 0.25, 0.5, 0.125]

    def test_two_patterns_that_are_alike_are_refused(self):
        optimizer = SGD([group(9.0, "ab")])
        with pytest.raises(GradatimError, match=r"patterns 'a\*' and '\*b' of lr both match"):
            Scheduler(optimizer, lr={"a*": 0.5, "*b": 0.25})

    def test_a_prefix_is_no_pattern(self):
        optimizer = SGD([group(9.0, "backbone.0")])
        with pytest.raises(GradatimError, match=r"write 'backbone\*'"):
            Scheduler(optimizer, lr={"backbone": 0.5, "head*": 0.25})

    def test_factors_that_look_like_rates_are_warned_of(self):
        with pytest.warns(UserWarning, match=r"factors are at most 0\.0003.*peak near 1\.0"):
            relative(warmup_cosine(peak=3e-4, warmup=10, steps=100))

    def test_one_schedule_for_groups_of_different_rates_is_warned_of(self):
        optimizer = SGD([group(0.5, "body"), group(0.25, "head")])
        with pytest.warns(UserWarning, match=r"different lr \(body: 0.5, head: 0.25\).*relative"):
            Scheduler(optimizer, lr=LINE)
        Scheduler(SGD([group(0.5), group(0.25)]), lr={"*": LINE})

    def test_an_override_that_multiplies_the_rate_is_warned_of(self):
        saved = Scheduler(SGD([weight()], lr=0.5), lr=Constant(3e-4)).state_dict()
        scheduler = Scheduler(SGD([weight()], lr=0.5), lr=Constant(100.0))
        with pytest.warns(
            UserWarning, match=r"largest lr of the updates to come from 0.0003 to 100"
        ):
            scheduler.load_state_dict(saved, "override")


@HAND_WRITTEN
class TestWritesDuringAStep:
    """Lightning runs the training step and its callbacks inside the closure."""

    def test_what_a_closure_writes_is_what_applied_says(self):
        optimizer = SGD([group(0.5), group(0.5)])
        scheduler = Scheduler(optimizer, lr=Constant(0.25))

        def closure():
            optimizer.param_groups[0]["lr"] = 7.0
            for one in optimizer.param_groups:
                one["params"][0].grad = torch.ones(1)
            return torch.zeros(())

        optimizer.step(closure)
        assert [1.0 - one["params"][0].item() for one in optimizer.param_groups] == [7.0, 0.25]
        assert scheduler.applied == {"lr": 0.25, "lr/0": 7.0}
        assert rates(optimizer) == [0.25, 0.25]

    def test_what_a_later_hook_writes_too(self):
        optimizer = SGD([group(0.5)])
        scheduler = Scheduler(optimizer, lr=Constant(0.25))
        handle = optimizer.register_step_pre_hook(
            lambda optimizer, *_: optimizer.param_groups[0].update(lr=7.0)
        )
        assert moved(optimizer) == [7.0]
        handle.remove()
        assert scheduler.applied == {"lr": 7.0}

    @pytest.mark.parametrize("by_hand", [torch.tensor(1), torch.tensor(0)])
    def test_a_tensor_of_integers_is_used_once(self, by_hand):
        optimizer = SGD([group(torch.tensor(0.5))])
        scheduler = Scheduler(optimizer, lr=Constant(0.25))
        mine = optimizer.param_groups[0]["lr"]
        optimizer.param_groups[0]["lr"] = by_hand
        update(optimizer)
        assert scheduler.applied == {"lr": float(by_hand)}
        assert optimizer.param_groups[0]["lr"] is mine
        assert mine.item() == 0.25


class TestReleased:
    def test_blocks_that_overlap_end_each_for_itself(self):
        optimizer = SGD([group(0.5)], weight_decay=0.5)
        scheduler = Scheduler(optimizer, lr=0.25, weight_decay=0.125)
        first, second = scheduler.released("lr"), scheduler.released("weight_decay")
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        second.__exit__(None, None, None)
        optimizer.param_groups[0].update(lr=9.0, weight_decay=9.0)
        with pytest.warns(UserWarning, match="something else has changed"):
            update(optimizer)
        assert (rates(optimizer), optimizer.param_groups[0]["weight_decay"]) == ([0.25], 0.125)

    def test_a_copy_made_inside_is_not_released(self):
        optimizer = SGD([group(0.5)])
        scheduler = Scheduler(optimizer, lr=0.25)
        with scheduler.released():
            optimizer.param_groups[0]["lr"] = 9.0
            other, _ = copy.deepcopy((optimizer, scheduler))
        assert (rates(other), rates(optimizer)) == ([0.25], [0.25])

    def test_it_follows_the_scheduler_to_another_optimizer(self):
        first, second = SGD([group(0.5)]), SGD([group(0.5)])
        scheduler = Scheduler(first, lr=0.25)
        with scheduler.released("lr"):
            scheduler.optimizer = second
            second.param_groups[0]["lr"] = 9.0
            update(second)
        assert (scheduler.applied, rates(second)) == ({"lr": 9.0}, [0.25])


class TestCopies:
    def test_a_shallow_copy_is_refused(self):
        scheduler = Scheduler(SGD([group(0.5)]), lr=LINE)
        with pytest.raises(GradatimError, match="would drive the same optimizer twice"):
            copy.copy(scheduler)

    def test_a_deep_copy_after_a_change_of_groups(self):
        optimizer = SGD([group(0.5), group(0.5)])
        scheduler = Scheduler(optimizer, lr=[Constant(1.0), Constant(0.125)])
        optimizer.param_groups.reverse()
        other, _ = copy.deepcopy((optimizer, scheduler))
        assert moved(other) == moved(optimizer) == [0.125, 1.0]


def test_a_group_without_a_name_that_is_put_back_is_known():
    optimizer = SGD([group(0.5), group(0.5)])
    Scheduler(optimizer, lr=[Constant(1.0), Constant(0.125)])
    frozen = optimizer.param_groups.pop(0)
    assert moved(optimizer) == [0.125]
    optimizer.param_groups.append(frozen)
    assert moved(optimizer) == [0.125, 1.0]
    optimizer.param_groups.pop()
    optimizer.param_groups.append(group(0.5))
    with pytest.raises(GradatimError, match="which schedule of lr is meant for group 1"):
        update(optimizer)


def test_a_step_that_was_not_counted_is_not_taken_back():
    optimizer = Adam([weight()], lr=0.5, fused=True)
    scheduler = Scheduler(optimizer, lr=LINE)
    update(optimizer, 3)
    # As a gradient scaler tells a fused optimizer of an overflow.
    optimizer.found_inf, optimizer.grad_scale = torch.tensor(1.0), None
    update(optimizer)
    del optimizer.found_inf, optimizer.grad_scale
    scheduler.retract()
    assert scheduler.position == 3
    update(optimizer)
    scheduler.retract()
    with pytest.raises(GradatimError, match="no update has been counted since"):
        scheduler.retract()
    assert scheduler.position == 3


@pytest.mark.parametrize(
    "hold",
    [
        lambda a, b: {"x": [a, b]},
        lambda a, b: [[a], [b]],
        lambda a, b: {a, b},
    ],
    ids=["dict of lists", "list of lists", "set"],
)
def test_a_container_is_recognised_however_it_holds_its_optimizers(hold):
    container = Container(SGD([weight()], lr=0.5), SGD([weight()], lr=0.5))
    container.optimizers = hold(*container.optimizers)
    with pytest.raises(GradatimError, match=r"Container holds .* do not read its parameter groups"):
        Scheduler(container, lr=LINE)


class Trying(SGD):
    def step(self, closure=None):
        try:
            return super().step(closure)
        except ZeroDivisionError:
            return super().step(None)


def test_a_parents_step_that_raises_inside_a_step_is_counted_once():
    SGD([weight()], lr=1.0)  # from now on torch calls hooks around SGD.step, too
    optimizer = Trying([weight()], lr=0.5)
    scheduler = Scheduler(optimizer, lr=LINE)
    for closure in (None, lambda: 1 / 0, None):
        optimizer.step(closure)
    assert scheduler.position == 3
    other = Scheduler(optimizer, weight_decay=Constant(0.0))
    other.detach()
    optimizer.step()
    assert (scheduler.position, other.position) == (4, 0)


def test_a_rate_of_0_with_a_closure_of_none_is_an_update_all_the_same():
    optimizer = SGD([group(0.5)])
    scheduler = Scheduler(optimizer, lr=Constant(0.25))
    optimizer.param_groups[0]["lr"] = 0.0
    optimizer.param_groups[0]["params"][0].grad = torch.ones(1)
    with pytest.warns(UserWarning, match="something else has changed lr"):
        optimizer.step(closure=None)
    assert (scheduler.position, rates(optimizer)) == (1, [0.25])


def test_brackets_in_a_pattern_are_one_character():
    optimizer = SGD([group(9.0, "layer12"), group(9.0, "layer2")])
    Scheduler(optimizer, lr={"layer[0-9]*": 0.25, "layer1*": 0.125})
    assert rates(optimizer) == [0.125, 0.25]


def test_a_pattern_that_no_group_matches_is_not_said_to_be_used():
    optimizer = SGD([group(9.0, "encoder.0")])
    scheduler = Scheduler(optimizer, lr={"encodr.*": 0.5, "*": 0.25})
    update(optimizer)
    assert (scheduler.applied, scheduler.next) == ({"lr/*": 0.25}, {"lr/*": 0.25})
    optimizer.add_param_group(group(9.0, "encodr.1"))
    assert scheduler.next == {"lr/encodr.*": 0.5, "lr/*": 0.25}


def test_layer_wise_rates_of_a_new_optimizer_are_bases():
    optimizer = SGD([group(0.5 * 0.5**depth) for depth in range(3)])
    scheduler = Scheduler(optimizer, lr=relative(LINE))
    scheduler.seek(10)
    assert rates(optimizer) == [0.25, 0.125, 0.0625]


def test_another_optimizer_than_the_loops_is_seen_after_a_resume():
    parameter = weight()
    attached, used = SGD([parameter], lr=0.5), SGD([parameter], lr=0.5)
    scheduler = Scheduler(attached, lr=LINE)
    scheduler.seek(5)

    def train():
        for _ in range(5):
            update(used)
            scheduler.step()

    with pytest.warns(UserWarning, match=r"another optimizer trains them"):
        train()


@pytest.mark.parametrize(
    "ending",
    [
        {"lr": Linear(1.0, 0.0, 2) >> Constant(0.0)},
        {"lr": {0: Linear(1.0, 0.0, 2), 1: Constant(0.0)}},
    ],
)
def test_an_end_that_stays_at_0_is_seen(ending):
    optimizer = SGD([group(0.5), group(0.5)])
    Scheduler(optimizer, **ending)
    update(optimizer, 2)
    with pytest.warns(UserWarning, match="lr has ended at 0, after 2 updates"):
        update(optimizer)


def test_groups_left_alone_train_past_the_end():
    optimizer = SGD([group(0.5), group(0.5)])
    scheduler = Scheduler(optimizer, lr={0: Linear(1.0, 0.0, 2), 1: None})
    update(optimizer, 5)
    assert scheduler.position == 5


def test_a_group_added_later_and_left_alone_trains_past_the_end_too():
    optimizer = SGD([group(0.5, "head")])
    Scheduler(optimizer, lr={"head": Linear(1.0, 0.0, 2), "late*": None})
    optimizer.add_param_group(group(0.5, "late"))
    update(optimizer, 5)
    assert rates(optimizer) == [0.0, 0.5]


def test_a_typing_error_in_an_override_is_seen_while_both_warm_up():
    def build(peak):
        return Scheduler(SGD([weight()], lr=0.5), warmup_cosine(peak, warmup=10, steps=100))

    with pytest.warns(UserWarning, match=r"largest lr of the updates to come from 0.001 to 100.0"):
        build(100.0).load_state_dict(build(1e-3).state_dict(), "override")


def test_the_optimizer_that_was_let_go_can_be_taken_up_again():
    optimizer = SGD([weight()], lr=0.5)
    scheduler = Scheduler(optimizer, lr=LINE)
    scheduler.detach()
    scheduler.optimizer = optimizer
    update(optimizer)
    assert scheduler.position == 1


def test_a_warning_points_at_the_line_of_the_user():
    optimizer = SGD([group(0.5)])
    Scheduler(optimizer, lr=Constant(0.25))
    optimizer.param_groups[0]["lr"] = 7.0
    with pytest.warns(UserWarning, match="changed lr") as warned:
        optimizer.step()
    assert warned[0].filename == __file__


@pytest.mark.parametrize("position", [3.0, torch.tensor(3).item()])
def test_a_whole_number_of_updates_may_be_a_float(position):
    scheduler = Scheduler(SGD([weight()], lr=0.5), lr=LINE)
    scheduler.seek(position)
    scheduler.advance(2.0)
    assert scheduler.position == 5
    with pytest.raises(GradatimError, match=r"seek: position must be a whole number"):
        scheduler.seek(1.5)


def test_the_scheduler_says_what_it_does():
    optimizer = SGD([group(0.5, "body"), group(0.5, "head")], momentum=0.5)
    scheduler = Scheduler(optimizer, lr={"head": LINE, "*": Constant(0.25)}, momentum=0.75)
    update(optimizer)
    said = repr(scheduler)
    for words in ("SGD", "position=1", "'lr/head': 0.95", "'body': ['lr/*', 'momentum']"):
        assert words in said


def test_a_plan_can_be_given_as_a_value():
    plan = Plan({"lr/head": LINE, "lr/*": 0.25, "momentum": 0.5})
    optimizer = SGD([group(9.0, "body"), group(9.0, "head")])
    scheduler = Scheduler(optimizer, plan=plan)
    update(optimizer)
    assert rates(optimizer) == [0.25, LINE(1)]
    assert scheduler.driver.plan == plan
