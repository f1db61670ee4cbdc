"""Each fault of the original that is mended: the case that went wrong there, and what is right."""

import math
import pickle

import pytest
import torch

from gradatim import GradatimError
from gradatim.speechbrain import (
    CyclicCosineScheduler,
    CyclicLRScheduler,
    InverseSquareRootScheduler,
    LinearNoamScheduler,
    LinearScheduler,
    LinearWarmupScheduler,
    NewBobScheduler,
    NoamIntervalScheduler,
    NoamScheduler,
    ReduceLROnPlateau,
    ScheduledLoss,
    TriStageLRSchedule,
    WarmAndExpDecayLRSchedule,
    WarmCoolDecayLRSchedule,
)
from tests.speechbrain.replaying import optimizer


def played(s, calls, lr=1.0):
    opt = optimizer(lr)
    rates = []
    for _ in range(calls):
        s(opt)
        rates.append(opt.param_groups[0]["lr"])
    return rates


def test_inverse_square_root_recovers(tmp_path):
    # SpeechBrain saves it, then: Don't know how to load <class 'InverseSquareRootScheduler'>.
    s = InverseSquareRootScheduler(4)
    played(s, 9)
    s.save(tmp_path / "s.ckpt")
    again = InverseSquareRootScheduler(4)
    again.load(tmp_path / "s.ckpt")
    assert again(optimizer(1.0)) == (1.0, 1 / math.sqrt(10))


def test_scheduled_loss_keeps_its_place(tmp_path):
    # SpeechBrain's Checkpointer saves nothing of it: 0.25, the first loss, comes back.
    def make():
        losses = torch.nn.MSELoss(), torch.nn.L1Loss(), torch.nn.SmoothL1Loss()
        return ScheduledLoss(
            [
                {"steps": 3, "loss_fn": losses[0]},
                {"steps": 2, "loss_fn": losses[1]},
                {"loss_fn": losses[2]},
            ]
        )

    x, y = torch.tensor([1.0, 2.0]), torch.tensor([1.5, 2.5])
    s = make()
    assert [s(x, y).item() for _ in range(6)] == [0.25, 0.25, 0.25, 0.5, 0.5, 0.125]
    s.save(tmp_path / "s.ckpt")
    s = make()
    s.load(tmp_path / "s.ckpt")
    assert s(x, y).item() == 0.125


def test_scheduled_loss_switches_between_a_module_and_a_function():
    # SpeechBrain: TypeError, cannot assign 'l1_loss' as child module 'current_loss_fn'.
    functional = torch.nn.functional
    s = ScheduledLoss(
        [
            {"steps": 1, "loss_fn": torch.nn.MSELoss()},
            {"steps": 1, "loss_fn": functional.l1_loss},
            {"loss_fn": torch.nn.MSELoss()},
        ]
    )
    x, y = torch.tensor([1.0]), torch.tensor([1.5])
    assert [s(x, y).item() for _ in range(4)] == [0.25, 0.5, 0.25, 0.25]


def test_scheduled_loss_past_its_steps_keeps_the_last_after_a_load(tmp_path):
    # SpeechBrain's own load() comes back with the first.
    def make():
        losses = torch.nn.functional.mse_loss, torch.nn.functional.l1_loss
        return ScheduledLoss([{"steps": 1, "loss_fn": loss} for loss in losses])

    s = make()
    x, y = torch.tensor([1.0]), torch.tensor([1.5])
    assert [s(x, y).item() for _ in range(4)] == [0.25, 0.5, 0.5, 0.5]
    s.save(tmp_path / "s.ckpt")
    s = make()
    s.load(tmp_path / "s.ckpt")
    assert s(x, y).item() == 0.5


def test_cyclic_cosine_takes_the_first_rate_and_does_not_compound():
    # SpeechBrain: 1.0, 0.9755, 0.8824, 0.7005, ... and exactly 0 for ever in the end.
    rates = played(CyclicCosineScheduler(1, total_steps=10), 4)
    assert rates == pytest.approx([1.0, 0.9755, 0.9045, 0.7939], abs=5e-5)
    assert rates == played(CyclicCosineScheduler(1, 1.0, 10), 4)
    old = played(CyclicCosineScheduler(1, total_steps=10, compat="1.1"), 4)
    assert old == pytest.approx([1.0, 0.9755, 0.8824, 0.7005], abs=5e-5)


def test_cyclic_rates_answer_before_the_first_batch_and_after_a_load(tmp_path):
    # SpeechBrain: 'CyclicLRScheduler' object has no attribute 'current_lr'.
    s, opt = CyclicLRScheduler(0.1, 0.3, 2), optimizer(1.0)
    assert s(1) == pytest.approx((0.1, 0.2))
    for _ in range(3):
        s.on_batch_end(opt)
    s.save(tmp_path / "s.ckpt")
    again = CyclicLRScheduler(0.1, 0.3, 2)
    again.load(tmp_path / "s.ckpt")
    assert again(1) == s(1) == pytest.approx((0.3, 0.1))


def test_cyclic_rates_never_overflow():
    # SpeechBrain: OverflowError after 1024 cycles of "triangular2".
    s = CyclicLRScheduler(0.0, 1.0, 2, mode="triangular2")
    assert s.clr(4 * 1023 + 2) == 2.0**-1023
    assert [s.clr(4 * cycles + 2) for cycles in (1024, 1100, 10**9)] == [2.0**-1024, 0.0, 0.0]


def test_cyclic_rates_are_values_again():
    # SpeechBrain: Can't pickle local object 'CyclicLRScheduler.__init__.<locals>.<lambda>'.
    for mode in ("triangular", "triangular2", "exp_range"):
        s = CyclicLRScheduler(mode=mode)
        assert pickle.loads(pickle.dumps(s)).clr(700) == s.clr(700)
    # SpeechBrain keeps the gamma it was built with.
    s = CyclicLRScheduler(0.0, 1.0, 4, mode="exp_range", gamma=1.0)
    s.gamma = 0.5
    assert s.clr(2) == 0.125


def test_an_unknown_mode_is_an_error_at_construction():
    # SpeechBrain: nothing, then AttributeError 'scale_mode' at the first batch.
    with pytest.raises(GradatimError, match=r"unknown mode 'triangluar'.*'triangular'"):
        CyclicLRScheduler(mode="triangluar")


def test_plateau_counts_once_per_call_however_many_optimizers():
    # SpeechBrain: patience is used up twice as fast, and the first optimizer's drop is lost.
    alone, shared = ReduceLROnPlateau(0.0, 0.5, 2, 0), ReduceLROnPlateau(0.0, 0.5, 2, 0)
    opts = [optimizer(1.0), optimizer(1.0)]
    losses = [3.0, 4.0, 4.0, 4.0, 4.0]
    answers = [shared(opts, epoch, loss) for epoch, loss in enumerate(losses, 1)]
    assert answers == [alone(opts[:1], epoch, loss) for epoch, loss in enumerate(losses, 1)]
    assert [new for _, new in answers] == [1.0, 1.0, 1.0, 0.5, 1.0]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_plateau_never_latches_a_bad_loss(bad):
    # SpeechBrain: a NaN while it waits is compared with for ever, and each epoch halves the rate.
    s, opt = ReduceLROnPlateau(0.0, 0.5, 1, 2), optimizer(1.0)
    losses = [3.0, bad, 2.0, bad, 1.0, 0.5]
    anchors = []
    for epoch, loss in enumerate(losses, 1):
        assert s([opt], epoch, loss) == (1.0, 1.0)
        anchors.append(s.anchor)
    assert anchors == [3.0, 3.0, 2.0, 2.0, 1.0, 0.5]
    # After it has waited, one bad loss is one epoch without improvement: patience lets it pass.
    assert [s([opt], 9, bad)[1], s([opt], 10, bad)[1]] == [1.0, 0.5]


def test_plateau_recovers_from_a_file_with_a_latched_nan(tmp_path):
    state = {"losses": [math.nan], "anchor": math.nan, "patience_counter": 0}
    torch.save(state, tmp_path / "s.ckpt")
    s = ReduceLROnPlateau(0.0, 0.5, 0, 1)
    s.load(tmp_path / "s.ckpt")
    assert s([optimizer(1.0)], 2, 5.0) == (1.0, 1.0)
    assert s.anchor == 5.0


def test_plateau_takes_the_same_loss_again_for_an_improvement():
    # As in the original: patience counts losses that are worse.
    s, opt = ReduceLROnPlateau(0.0, 0.5, 1, 0), optimizer(1.0)
    losses = [3.0, 4.0, 3.0, 4.0, 4.0]
    assert [s([opt], e, loss)[1] for e, loss in enumerate(losses, 1)] == [1.0] * 4 + [0.5]


def test_plateau_takes_a_large_loss_for_a_loss():
    # SpeechBrain: none above 99999 is ever an improvement.
    s, opt = ReduceLROnPlateau(0.0, 0.5, 0, 0), optimizer(1.0)
    assert [s([opt], e, loss)[1] for e, loss in enumerate([3e5, 2e5, 1e5], 1)] == [1.0] * 3


def annealed(metrics, **arguments):
    s = NewBobScheduler(1.0, **arguments)
    return [s(metric)[1] for metric in metrics]


def test_newbob_is_right_for_negative_metrics():
    # SpeechBrain: improving from -10 to -14 lowers, getting worse from -10 to -6 does not.
    assert annealed([-10.0, -12.0, -14.0]) == [1.0, 1.0, 1.0]
    assert annealed([-10.0, -8.0, -6.0]) == [1.0, 0.5, 0.25]
    assert annealed([-10.0, -12.0, -14.0], compat="1.1") == [1.0, 0.5, 0.25]
    assert annealed([-10.0, -8.0, -6.0], compat="1.1") == [1.0, 1.0, 1.0]


def test_newbob_takes_metrics_of_which_higher_is_better():
    # SpeechBrain lowers for each improvement: 1, .5, .25, .125.
    assert annealed([0.5, 0.6, 0.7, 0.8]) == [1.0, 0.5, 0.25, 0.125]
    assert annealed([0.5, 0.6, 0.7, 0.8], mode="max") == [1.0] * 4
    assert annealed([0.5, 0.6, 0.5, 0.8], mode="max") == [1.0, 1.0, 0.5, 0.5]


def test_newbob_after_a_bad_metric_begins_to_compare_anew():
    # As in the original: no number changes nothing, and neither does the one after it.
    assert annealed([3.0, math.nan, 9.0, 9.0]) == [1.0, 1.0, 1.0, 0.5]
    assert annealed([3.0, math.inf, 9.0, 9.0]) == [1.0, 0.5, 0.5, 0.25]


def test_linear_holds_past_its_end():
    # SpeechBrain: IndexError: list index out of range.
    s = LinearScheduler(1.0, 0.0, 4)
    assert [s(epoch) for epoch in (4, 5, 6, 1000)] == [(0.0, 0.0)] * 4
    assert [LinearScheduler(0.5, 0.1, 1)(epoch) for epoch in (1, 2)] == [(0.5, 0.5)] * 2
    old = LinearScheduler(1.0, 0.0, 4, compat="1.1")
    assert [old(2), old(9)] == [(0.6666666269302368, 0.3333333432674408), (0.0, 0.0)]


def test_linear_is_in_float64_whatever_torch_is_set_to():
    assert LinearScheduler(1e-3, 1e-4, 9).value_at_epoch[:2] == [1e-3, 0.0008875]
    assert LinearScheduler(1e-3, 1e-4, 9, compat="1.1").value_at_epoch[0] != 1e-3


def test_warm_cool_is_never_negative_and_does_not_jump():
    # SpeechBrain: -0.205, -0.410, -0.616 after the end; 0.6156 where the decay stands at 0.7071.
    s = WarmCoolDecayLRSchedule(1.0, 2, 3, 10, 0.5, 10)
    assert [s.schedule(u) for u in (10, 11, 12, 13, 10**9)] == [0.0] * 5
    assert s.schedule(7) == pytest.approx(math.sqrt(0.5))
    assert [s.schedule(u) / s.schedule(7) for u in (8, 9)] == pytest.approx([2 / 3, 1 / 3])
    old = WarmCoolDecayLRSchedule(1.0, 2, 3, 10, 0.5, 10, compat="1.1").schedule
    assert [old(u) for u in (11, 12, 13)] == pytest.approx([-0.205, -0.410, -0.616], abs=5e-4)


def test_warm_cool_with_overlapping_phases():
    s = WarmCoolDecayLRSchedule(1.0, 6, 8, 10)
    assert [s.schedule(u) for u in (0, 3, 6, 8, 10, 11)] == [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]


def test_no_warm_up_works_everywhere():
    # SpeechBrain: ZeroDivisionError, at construction, at the first call or much later, or 0.
    assert played(NoamScheduler(1.0, 0), 4) == [n**-0.5 for n in range(1, 5)]
    assert played(NoamIntervalScheduler(1.0, 0, [1], [0.5]), 2) == [1.0, 0.5 * 2**-0.5]
    assert played(LinearNoamScheduler(1.0, 0, 2), 4) == [1.0, 1.0, 0.5, 1 / 3]
    assert played(LinearNoamScheduler(1.0, 0, 0), 3) == [0.5, 1 / 3, 0.25]
    assert played(LinearNoamScheduler(1.0, 2, 0), 4) == [0.5, 1.0, 2 / 3, 0.5]
    assert played(CyclicCosineScheduler(0, 1.0, 2), 2) == pytest.approx([0.5, 0.0])
    assert played(LinearWarmupScheduler(1.0, 0, 4), 5) == [0.75, 0.5, 0.25, 0.0, 0.0]
    assert played(InverseSquareRootScheduler(0), 2) == [1.0, 1 / math.sqrt(2)]
    assert played(WarmAndExpDecayLRSchedule(1.0, 0, 2, 0.25), 3) == [1.0, 0.5, 0.25]
    assert played(WarmAndExpDecayLRSchedule(1.0, 2, 2), 5) == [0.0, 0.5, 1.0, 1.0, 1.0]


def test_no_stage_need_have_a_length():
    no_warmup = WarmCoolDecayLRSchedule(1.0, 0, 2, 4, 0.25, 4).schedule
    assert [no_warmup(u) for u in range(5)] == [1.0, 0.25**0.25, 0.5, 0.25, 0.0]
    no_cooldown = WarmCoolDecayLRSchedule(1.0, 2, 0, 4, 0.25, 2).schedule
    assert [no_cooldown(u) for u in (2, 4, 5)] == pytest.approx([1.0, 0.25, 0.125])
    no_warmup = TriStageLRSchedule(1.0, 0, 2, 2, 4, final_lr_scale=0.25).schedule
    assert [no_warmup(u) for u in (0, 2, 3, 4)] == pytest.approx([1.0, 1.0, 0.5, 0.25])
    no_decay = TriStageLRSchedule(1.0, 2, 2, 0, 4, final_lr_scale=0.25).schedule
    assert [no_decay(u) for u in (1, 2, 3, 4, 5)] == [0.505, 1.0, 1.0, 0.25, 0.25]
