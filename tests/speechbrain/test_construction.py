"""What cannot be right is refused at construction; signatures; what the classes are to others."""

import inspect
import math

import pytest
import torch

from gradatim import GradatimError
from gradatim.speechbrain import (
    CyclicCosineScheduler,
    CyclicLRScheduler,
    IntervalScheduler,
    InverseSquareRootScheduler,
    LinearNoamScheduler,
    LinearScheduler,
    LinearWarmupScheduler,
    NewBobScheduler,
    NoamIntervalScheduler,
    NoamScheduler,
    ReduceLROnPlateau,
    ScheduledLoss,
    StepScheduler,
    TriStageLRSchedule,
    WarmAndExpDecayLRSchedule,
    WarmCoolDecayLRSchedule,
    update_learning_rate,
)
from tests.speechbrain.replaying import CLASSES, optimizer

LOSS = torch.nn.functional.l1_loss

WRONG = [
    (NoamScheduler, (math.nan, 10), "lr_initial"),
    (NoamScheduler, (1.0, -1), "n_warmup_steps"),
    (NoamScheduler, (1.0, 2.5), "n_warmup_steps"),
    (NoamScheduler, (1.0, True), "n_warmup_steps"),
    (NoamScheduler, (1.0, 10, 0), "model_size"),
    (NoamIntervalScheduler, (1.0, 10, [5, 6], [0.5]), "anneal_rates must be 2 numbers"),
    (NoamIntervalScheduler, (1.0, 10, [5], [0.5, 0.1]), "anneal_rates must be 1 numbers"),
    (NoamIntervalScheduler, (1.0, 10, [-5], [0.5]), r"anneal_steps\[0\]"),
    (NoamIntervalScheduler, (1.0, 10, [5], [math.nan]), r"anneal_rates\[0\]"),
    (NoamIntervalScheduler, (1.0, 10, 5, 0.5), "two lists"),
    (NoamScheduler, ([1.0], 10), "lr_initial"),
    (NoamScheduler, (torch.ones(2), 10), "lr_initial"),
    (LinearNoamScheduler, (math.inf, 10, 5), "lr_initial"),
    (LinearNoamScheduler, (1.0, 10, -5), "n_keep_steps"),
    (CyclicCosineScheduler, (-1,), "n_warmup_steps"),
    (CyclicCosineScheduler, (1, math.nan), "lr_initial"),
    (CyclicCosineScheduler, (1, 1.0, 0), "total_steps"),
    (InverseSquareRootScheduler, (-1,), "warmup_steps"),
    (InverseSquareRootScheduler, ("1000",), "warmup_steps"),
    (LinearScheduler, (1.0, 0.0, 0), "epoch_count"),
    (LinearScheduler, (math.nan, 0.0, 5), "initial_value"),
    (LinearScheduler, (1.0, math.inf, 5), "final_value"),
    (LinearWarmupScheduler, (1.0, -1, 10), "num_warmup_steps"),
    (LinearWarmupScheduler, (1.0, 1, -10), "num_training_steps"),
    (LinearWarmupScheduler, (None, 1, 10), "initial_value"),
    (StepScheduler, (1.0, 0.0), "decay_factor"),
    (StepScheduler, (1.0, 0.5, 0), "decay_drop"),
    (StepScheduler, (1.0, 0.5, None, 4), "half_life cannot be used together"),
    (StepScheduler, (1.0, None, None, -4), "half_life"),
    (StepScheduler, (math.nan,), "initial_value"),
    (WarmAndExpDecayLRSchedule, (1.0, -1, 10), "n_warmup_steps"),
    (WarmAndExpDecayLRSchedule, (1.0, 1, 10, -0.1), "decay_factor"),
    (WarmAndExpDecayLRSchedule, (math.nan, 1, 10), "lr must be"),
    (WarmCoolDecayLRSchedule, (1.0, 2, -3, 10), "cooldown"),
    (WarmCoolDecayLRSchedule, (1.0, 2, 11, 10), "cooldown must be at most total_steps"),
    (WarmCoolDecayLRSchedule, (1.0, 2, 3, 10, 0.0), "decay_factor"),
    (WarmCoolDecayLRSchedule, (1.0, 2, 3, 10, 0.5, 0), "decay_every"),
    (TriStageLRSchedule, (1.0, -2, 2, 2, 6), "warmup_steps"),
    (TriStageLRSchedule, (1.0, 2, -2, 2, 6), "hold_steps"),
    (TriStageLRSchedule, (1.0, 2, 2, 2, 6, 0.01, 0.0), "final_lr_scale"),
    (CyclicLRScheduler, (math.nan,), "base_lr"),
    (CyclicLRScheduler, (0.1, 0.2, 0), "step_size"),
    (CyclicLRScheduler, (0.1, 0.2, 5, "exp_range", 1.5), "gamma"),
    (CyclicLRScheduler, (0.1, 0.2, 5, "triangular", 1.0, math.sqrt, "epoch"), "scale_mode"),
    (IntervalScheduler, ([{"steps": 5}],), r"intervals\[0\]"),
    (IntervalScheduler, ([{"steps": 5, "lr": math.nan}],), r"intervals\[0\]\['lr'\]"),
    (IntervalScheduler, ([{"steps": -5, "lr": 0.1}],), r"intervals\[0\]\['steps'\]"),
    (NewBobScheduler, (math.nan,), "initial_value"),
    (NewBobScheduler, (1.0, 1.5), "factor"),
    (NewBobScheduler, (1.0, 0.5, 0.1, -1), "patient"),
    (ReduceLROnPlateau, (1e-8, 0.0), "factor"),
    (ReduceLROnPlateau, (-1.0,), "lr_min"),
    (ReduceLROnPlateau, (1e-8, 0.5, -1), "patience"),
    (ScheduledLoss, ([],), "one loss or more"),
    (ScheduledLoss, ([{}],), r"schedule\[0\]"),
    (ScheduledLoss, ([{"loss_fn": LOSS, "steps": 3}, {}],), r"schedule\[1\]"),
    (ScheduledLoss, ([{"loss_fn": LOSS, "steps": -3}],), r"schedule\[0\]\['steps'\]"),
    (ScheduledLoss, ([{"loss_fn": LOSS}, {"loss_fn": LOSS}],), r"schedule\[0\].*with steps"),
]


@pytest.mark.parametrize(("cls", "arguments", "named"), WRONG)
def test_what_cannot_be_right_is_refused_at_once(cls, arguments, named):
    with pytest.raises(GradatimError, match=named):
        cls(*arguments)


@pytest.mark.parametrize("name", ["LinearScheduler", "NewBobScheduler", "WarmCoolDecayLRSchedule"])
def test_an_unknown_compat_is_refused(name):
    arguments = {"LinearScheduler": (1.0, 0.0, 4), "NewBobScheduler": (1.0,)}
    with pytest.raises(GradatimError, match="compat"):
        CLASSES[name](*arguments.get(name, (1.0, 1, 1, 4)), compat="1.0")


def test_numbers_as_yaml_writes_them():
    # A yaml file that divides gives a whole float.
    assert NoamScheduler(1, 8e3).schedule == NoamScheduler(1.0, 8000).schedule
    assert WarmCoolDecayLRSchedule(1, 5.0, 5.0, 20.0).schedule(5) == 1.0


@pytest.mark.parametrize(
    ("lr", "groups"), [(math.nan, None), (None, None), (0.1, 0), (0.1, [0, 7])]
)
def test_a_refused_rate_is_written_nowhere(lr, groups):
    opt = optimizer(1.0, 0.5)
    with pytest.raises(GradatimError, match="update_learning_rate"):
        update_learning_rate(opt, lr, groups)
    assert [group["lr"] for group in opt.param_groups] == [1.0, 0.5]


@pytest.mark.parametrize("metric", [None, "1.0", torch.ones(2), True])
def test_a_metric_that_is_none_changes_nothing(metric):
    bob, plateau = NewBobScheduler(1.0), ReduceLROnPlateau()
    with pytest.raises(GradatimError, match="metric_value"):
        bob(metric)
    with pytest.raises(GradatimError, match="current_loss"):
        plateau([optimizer(1.0)], 1, metric)
    assert bob.metric_values == plateau.losses == []


@pytest.mark.parametrize("optimizers", [[], None, optimizer(1.0)])
def test_plateau_wants_a_list_of_optimizers(optimizers):
    with pytest.raises(GradatimError, match=r"Write \[optimizer\]"):
        ReduceLROnPlateau()(optimizers, 1, 1.0)


def test_there_are_sixteen_and_none_is_another():
    # Recipes choose how to call a scheduler with isinstance, and with hasattr(on_batch_end).
    assert len(CLASSES) == 16
    assert not [
        (a, b)
        for a in CLASSES.values()
        for b in CLASSES.values()
        if a is not b and issubclass(a, b)
    ]
    batches = [name for name, cls in CLASSES.items() if hasattr(cls, "on_batch_end")]
    assert batches == ["CyclicLRScheduler"]


SIGNATURES = """
update_learning_rate(optimizer, new_lr, param_group=None)
NewBobScheduler(initial_value, annealing_factor=0.5, improvement_threshold=0.0025, patient=0)
LinearScheduler(initial_value, final_value, epoch_count)
LinearWarmupScheduler(initial_value, num_warmup_steps, num_training_steps)
StepScheduler(initial_value, decay_factor=None, decay_drop=None, half_life=None)
NoamScheduler(lr_initial, n_warmup_steps, model_size=None)
NoamIntervalScheduler(lr_initial, n_warmup_steps, anneal_steps, anneal_rates, model_size=None)
LinearNoamScheduler(lr_initial, n_warmup_steps, n_keep_steps)
CyclicCosineScheduler(n_warmup_steps, lr_initial=None, total_steps=100000)
ReduceLROnPlateau(lr_min=1e-08, factor=0.5, patience=2, dont_halve_until_epoch=65)
CyclicLRScheduler(base_lr=0.001, max_lr=0.006, step_size=2000.0, mode='triangular', gamma=1.0, \
scale_fn=None, scale_mode='cycle')
IntervalScheduler(intervals)
InverseSquareRootScheduler(warmup_steps)
WarmCoolDecayLRSchedule(lr, warmup, cooldown, total_steps, decay_factor=0.75, decay_every=100000)
WarmAndExpDecayLRSchedule(lr, n_warmup_steps, total_steps, decay_factor=0.1)
TriStageLRSchedule(lr, warmup_steps, hold_steps, decay_steps, total_steps, init_lr_scale=0.01, \
final_lr_scale=0.05)
ScheduledLoss(schedule)
""".strip().splitlines()


@pytest.mark.parametrize("theirs", SIGNATURES)
def test_signatures_and_defaults_are_those_of_the_original(theirs):
    from gradatim import speechbrain

    parameters = inspect.signature(getattr(speechbrain, theirs.partition("(")[0])).parameters
    ours = ", ".join(
        p.name if p.default is p.empty else f"{p.name}={p.default!r}"
        for p in parameters.values()
        if p.kind is not p.KEYWORD_ONLY  # what is ours alone is given by name
    )
    assert f"{theirs.partition('(')[0]}({ours})" == theirs


def test_it_works_where_speechbrain_is_not():
    import sys

    assert "speechbrain" not in sys.modules
