"""The curve of a scheduler is a value of the core, and equal to what the scheduler plays."""

import numpy
import pytest
import torch

from gradatim import GradatimError, Rule, Schedule, build, parse
from gradatim.speechbrain import (
    CyclicCosineScheduler,
    CyclicLRScheduler,
    IntervalScheduler,
    NewBobScheduler,
    explain,
)
from tests.speechbrain.replaying import golden, makes, optimizer


def curves():
    for id, case in golden().items():
        usual = case["protocol"] in ("call_opt", "call_opt_step", "on_batch_end", "call_epoch")
        if case["source"].endswith("1.1.2") and usual and "scale_fn" not in case["kwargs"]:
            yield id


@pytest.mark.parametrize("id", list(curves()))
def test_the_schedule_is_what_the_scheduler_plays(id):
    case = golden()[id]
    s, opt = makes(case)(), optimizer(*case["opt_lrs"][0])
    for n in range(1, 400):
        match case["protocol"]:
            case "call_epoch":
                played = s(n)[1]
            case "call_opt_step":
                s(opt, n)
                played = opt.param_groups[0]["lr"]
            case "on_batch_end":
                s.on_batch_end(opt)
                played = opt.param_groups[0]["lr"]
            case _:
                s(opt)
                played = opt.param_groups[0]["lr"]
        assert s.schedule(n) == played


@pytest.mark.parametrize("id", list(curves()))
def test_the_schedule_travels(id):
    s = makes(golden()[id])()
    if isinstance(s, IntervalScheduler | CyclicCosineScheduler):
        s(optimizer(1.0))
    schedule = explain(s)
    assert isinstance(schedule, Schedule)
    assert build(schedule.config()) == parse(repr(schedule)) == schedule
    steps = numpy.arange(300)
    one_by_one = [schedule(int(n)) for n in steps]
    numpy.testing.assert_allclose(schedule(steps), one_by_one, rtol=1e-14, atol=1e-16)
    there = schedule(torch.as_tensor(steps)).double()
    # In float32, a few units of the highest value: closed forms subtract numbers of that size.
    highest = max(*one_by_one, *(schedule(n) for n in range(0, 70_000, 97)))
    numpy.testing.assert_allclose(there, one_by_one, rtol=2e-6, atol=2e-6 * highest)


def test_a_changed_attribute_changes_the_curve():
    s = CyclicLRScheduler(0.0, 1.0, 4)
    assert s.schedule(4) == 1.0
    s.max_lr = 2.0
    assert s.schedule(4) == 2.0


@pytest.mark.parametrize(
    "s", [IntervalScheduler([{"steps": 5, "lr": 0.1}]), CyclicCosineScheduler(5)]
)
def test_a_curve_that_begins_at_the_optimizers_rate_waits_for_it(s):
    with pytest.raises(GradatimError, match="first call"):
        explain(s)
    s(optimizer(0.5))
    assert explain(s)(0) == pytest.approx(0.5, rel=1e-6)


def test_a_function_of_ones_own_is_no_value():
    with pytest.raises(GradatimError, match="Triangle"):
        explain(CyclicLRScheduler(scale_fn=lambda x: 1.0))


def test_a_rule_is_a_value_too():
    s = NewBobScheduler(1.0, 0.8, patient=1)
    rule = explain(s)
    assert isinstance(rule, Rule)
    metrics = [5.0, 4.0, 4.5, 4.4, 4.4, 4.3999, 2.0]
    assert rule.replay(metrics) == [s(metric)[1] for metric in metrics]
    with pytest.raises(GradatimError, match="a scheduler of"):
        explain(object())


def test_intervals_in_any_order_take_their_turns():
    # As the original does without a break; resumed half-way, it does something else.
    s = IntervalScheduler([{"steps": 4, "lr": 0.4}, {"steps": 2, "lr": 0.2}, {"steps": 4, "lr": 9}])
    opt = optimizer(1.0)
    assert [s(opt)[1] for _ in range(7)] == [1.0, 1.0, 1.0, 0.4, 0.2, 9, 9]


def test_a_rate_set_by_hand_stays_until_the_next_interval():
    s, opt = IntervalScheduler([{"steps": 3, "lr": 0.3}]), optimizer(1.0)
    s(opt)
    opt.param_groups[0]["lr"] = 0.7
    assert [s(opt), s(opt)] == [(0.7, 0.7), (0.7, 0.3)]
