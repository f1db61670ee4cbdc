"""What cannot be right is refused when it is built, in words that say what to write."""

import math

import pytest

import gradatim as g
from gradatim.keras import (
    LearningRate,
    Scheduler,
    WarmUpCosineDecay,
    WarmupCosineDecay,
    from_keras,
    lr_warmup_cosine_decay,
    to_keras,
)

GOOD = {"total_steps": 100, "warmup_steps": 10, "start_lr": 0.0, "target_lr": 0.1, "hold": 5}
PIECES = {
    "lr_warmup_cosine_decay": lambda **given: lr_warmup_cosine_decay(0, **given),
    "WarmupCosineDecay": WarmupCosineDecay,
    "WarmUpCosineDecay": WarmUpCosineDecay,
}
LINE = g.Linear(1.0, 0.0, 10)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(
    ("argument", "value", "instead"),
    [
        ("total_steps", 0, "1 or more"),
        ("total_steps", -5, "1 or more"),
        ("total_steps", 100.5, "Write a whole number of optimizer updates"),
        ("total_steps", True, "whole number"),
        ("warmup_steps", -1, "0 or more"),
        ("warmup_steps", 0.05, "Write a whole number of optimizer updates"),
        ("warmup_steps", 95, "must be less than total_steps"),
        ("hold", 90, "must be less than total_steps"),
        ("hold", None, "whole number"),
        ("target_lr", math.nan, "finite number"),
        ("target_lr", "1e-3", "finite number"),
        ("target_lr", -0.1, "0 or more"),
        ("start_lr", math.inf, "finite number"),
        ("start_lr", None, "finite number"),
    ],
)
def test_the_tutorials_arguments(piece, argument, value, instead):
    with pytest.raises(g.GradatimError) as refused:
        PIECES[piece](**GOOD | {argument: value})
    for word in (piece, argument, str(value), instead):
        assert word in str(refused.value)


def test_the_tutorials_defaults_name_what_is_missing():
    with pytest.raises(g.GradatimError, match=r"total_steps must be .* got 0"):
        WarmupCosineDecay()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LearningRate(0.1), r"LearningRate: schedule must be .* got 0.1.*Constant"),
        (lambda: LearningRate(to_keras(LINE)), "from_keras"),
        (lambda: LearningRate(LINE, accumulate=0), "accumulate must be .* got 0"),
        (lambda: LearningRate(LINE, accumulate=True), "accumulate must be .* got True"),
        (lambda: Scheduler(learning_rate=LINE), "learning_rate is called lr here. Write lr="),
        (lambda: Scheduler(lr=to_keras(LINE)), r"lr=from_keras\(schedule\)"),
        (lambda: Scheduler(lr="0.1"), "Scheduler: lr must be a schedule, or a number.* got '0.1'"),
        (lambda: Scheduler(lr=LINE, momentum=True), "momentum must be a schedule.* got True"),
        (lambda: Scheduler(lr=LINE, rule="plateau"), "rule must be .* got 'plateau'"),
        (lambda: Scheduler(LINE, plan="plan.yaml"), "give nothing beside plan=. Leave lr out"),
        (
            lambda: Scheduler(plan=g.Plan({"lr": LINE}), run=g.Run(seconds=9), momentum=0.9),
            "Leave run, momentum out",
        ),
        (lambda: Scheduler(plan=g.Plan({"lr/head": 0.1})), "lr/head: .*no parameter groups"),
        (lambda: Scheduler(lr=LINE, rule={"lr": 3}), "rule for 'lr' must be a rule .* got 3"),
        (
            lambda: Scheduler(lr=LINE, rule={"momentum": g.Plateau(mode="min")}),
            "unknown value .*'momentum'.*lr",
        ),
        (lambda: Scheduler(lr=LINE, monitor=3), "monitor must be .* got 3"),
        (lambda: Scheduler(lr=LINE, on_mismatch="loose"), "'loose'.*keep, override.*strict"),
        (lambda: Scheduler(lr=LINE, on_mismatch="rescale"), "'rescale'"),
        (lambda: Scheduler(external=0.1), "external must be"),
        (lambda: Scheduler(setters={"kl": print}), "unknown value to set 'kl'"),
        (lambda: Scheduler(lr=LINE).seek(-1), "position must be .* got -1"),
        (lambda: Scheduler(lr=LINE, run=g.Run(seconds=0.01)).seek(5), "clock.* is in time"),
        (lambda: Scheduler(lr=LINE).count(tokens=5), "tokens cannot be counted"),
        (lambda: from_keras(0.1), "got 0.1"),
        (lambda: from_keras({"class_name": "CosineDecai", "config": {}}), "'CosineDecay'"),
        (lambda: from_keras({"class_name": "CosineDecay", "config": {}}), "rate is missing"),
        (lambda: from_keras({"class_name": "CosineDecay"}), "config of CosineDecay"),
        (lambda: to_keras(g.wsd(peak=1.0, steps=100, cooldown=20)), r"LearningRate\(schedule\)"),
    ],
)
def test_refused(make, words):
    with pytest.raises(g.GradatimError, match=words):
        make()
