"""The schedulers of torch.optim, run side by side with ours."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch.optim import lr_scheduler as peers

from gradatim import (
    Constant,
    Cosine,
    ExponentialDecay,
    Linear,
    Polynomial,
    Schedule,
    cosine_restarts,
    cyclic,
    multistep,
    one_cycle,
    step_decay,
    warmup_polynomial,
)

PEAK, UPDATES = 0.3, 60


def rates(make: Callable[[torch.optim.Optimizer], peers.LRScheduler]) -> list[float]:
    """The rate that each update really used."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    scheduler = make(optimizer)
    used = []
    for _ in range(UPDATES):
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return used


def warmup_then_cosine(optimizer: torch.optim.Optimizer) -> peers.LRScheduler:
    warmup = peers.LinearLR(optimizer, start_factor=0.1, total_iters=9)
    cosine = peers.CosineAnnealingLR(optimizer, T_max=UPDATES - 9)
    return peers.SequentialLR(optimizer, [warmup, cosine], milestones=[9])


def cycles(**kwargs) -> Callable[[torch.optim.Optimizer], peers.LRScheduler]:
    return partial(peers.CyclicLR, base_lr=0.1, max_lr=PEAK, cycle_momentum=False, **kwargs)


def one_cycle_of_torch(**kwargs) -> Callable[[torch.optim.Optimizer], peers.LRScheduler]:
    # One more than it needs: it allows one update too many, which jumps up again.
    made = partial(peers.OneCycleLR, max_lr=PEAK, total_steps=UPDATES, **kwargs)

    def make(optimizer: torch.optim.Optimizer) -> peers.LRScheduler:
        scheduler = made(optimizer, cycle_momentum=False)
        scheduler.total_steps += 1
        return scheduler

    return make


PAIRS = {
    "StepLR": (
        partial(peers.StepLR, step_size=7, gamma=0.6),
        step_decay(PEAK, every=7, factor=0.6),
    ),
    "MultiStepLR": (
        partial(peers.MultiStepLR, milestones=[5, 20, 21], gamma=0.3),
        multistep(PEAK, boundaries=[5, 20, 21], factor=0.3),
    ),
    "ConstantLR": (
        partial(peers.ConstantLR, factor=0.25, total_iters=9),
        Constant(0.25 * PEAK, 9) >> Constant(PEAK),
    ),
    "LinearLR": (
        partial(peers.LinearLR, start_factor=1 / 3, total_iters=9),
        Linear(PEAK / 3, PEAK, 9),
    ),
    "ExponentialLR": (partial(peers.ExponentialLR, gamma=0.9), ExponentialDecay(PEAK, 0.9)),
    "PolynomialLR": (
        partial(peers.PolynomialLR, total_iters=50, power=1.7),
        Polynomial(PEAK, 0.0, 50, 1.7),
    ),
    "CosineAnnealingLR": (
        partial(peers.CosineAnnealingLR, T_max=UPDATES, eta_min=0.01),
        Cosine(PEAK, 0.01, UPDATES),
    ),
    "CosineAnnealingWarmRestarts": (
        partial(peers.CosineAnnealingWarmRestarts, T_0=7, eta_min=0.01),
        cosine_restarts(PEAK, cycle=7, floor=0.01),
    ),
    "CosineAnnealingWarmRestarts doubling": (
        partial(peers.CosineAnnealingWarmRestarts, T_0=4, T_mult=2),
        cosine_restarts(PEAK, cycle=4, stretch=2),
    ),
    "CyclicLR": (cycles(step_size_up=4, step_size_down=7), cyclic(PEAK, start=0.1, up=4, down=7)),
    "CyclicLR triangular2": (
        cycles(step_size_up=5, mode="triangular2"),
        cyclic(PEAK, start=0.1, up=5, mode="triangular2"),
    ),
    "CyclicLR exp_range": (
        cycles(step_size_up=5, mode="exp_range", gamma=0.97),
        cyclic(PEAK, start=0.1, up=5, mode="exp_range", factor=0.97),
    ),
    "OneCycleLR": (
        one_cycle_of_torch(),
        one_cycle(PEAK, steps=UPDATES, warmup=UPDATES * 3 // 10 - 1, last="floor"),
    ),
    "OneCycleLR linear": (
        one_cycle_of_torch(pct_start=0.5, anneal_strategy="linear", div_factor=10.0),
        one_cycle(PEAK, steps=UPDATES, warmup=29, start=PEAK / 10, shape="linear", last="floor"),
    ),
    "OneCycleLR in three phases": (
        one_cycle_of_torch(pct_start=0.25, three_phase=True),
        one_cycle(PEAK, steps=UPDATES, warmup=14, three_phases=True, last="floor"),
    ),
    "SequentialLR": (
        warmup_then_cosine,
        Linear(0.1 * PEAK, PEAK, 9) >> Cosine(PEAK, 0.0, UPDATES - 9),
    ),
    "ChainedScheduler": (
        lambda optimizer: peers.ChainedScheduler(
            [peers.ConstantLR(optimizer, 0.1, 20), peers.ExponentialLR(optimizer, 0.9)]
        ),
        ExponentialDecay(PEAK, 0.9) * (Constant(0.1, 20) >> Constant(1.0)),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_same_rates_as(name: str):
    theirs, ours = PAIRS[name]
    assert isinstance(ours, Schedule)
    # torch multiplies its way from rate to rate, and roundings add up on that way.
    used = [ours(k) for k in range(UPDATES)]
    assert rates(theirs) == pytest.approx(used, rel=1e-11, abs=1e-15)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0, 3.7])
@pytest.mark.parametrize("floor", [0.0, 1e-7, 0.03])
def test_the_polynomial_is_that_of_transformers(power: float, floor: float):
    from transformers import get_polynomial_decay_schedule_with_warmup

    theirs = partial(
        get_polynomial_decay_schedule_with_warmup,
        num_warmup_steps=9,
        num_training_steps=UPDATES - 5,  # and five updates at the floor
        lr_end=floor,
        power=power,
    )
    ours = warmup_polynomial(PEAK, steps=UPDATES - 5, warmup=9, power=power, floor=floor)
    assert rates(theirs) == pytest.approx(ours.values(UPDATES), rel=1e-13, abs=1e-16)
