"""Schedules to write for other projects, and texts of theirs to read."""

from gradatim import (
    Constant,
    Cosine,
    ExponentialDecay,
    Linear,
    Polynomial,
    Schedule,
    Table,
    cosine_restarts,
    multistep,
    noam,
    one_cycle,
    step_decay,
    warmup_constant,
    warmup_cosine,
    warmup_inverse_sqrt,
    warmup_linear,
    wsd,
)
from gradatim.pieces import Logistic
from gradatim.recipes import tri_stage, warm_cool_decay

STEPS = 200
SCHEDULES: dict[str, Schedule] = {
    "cosine": warmup_cosine(3e-4, steps=STEPS, warmup=20),
    "cosine to a floor": warmup_cosine(3e-4, steps=STEPS, warmup=20, floor=3e-5),
    "cosine, no warm-up": Cosine(3e-4, 1e-5, STEPS),
    "cosine, first step": warmup_cosine(3e-4, steps=STEPS, warmup=20, first="step"),
    "cosine after a hold": warmup_cosine(3e-4, steps=STEPS, warmup=20, hold=30),
    "linear": warmup_linear(3e-4, steps=STEPS, warmup=20),
    "linear to a floor": warmup_linear(3e-4, steps=STEPS, warmup=20, floor=1e-5),
    "constant": warmup_constant(3e-4, warmup=20),
    "inverse square root": warmup_inverse_sqrt(3e-4, warmup=20),
    "noam": noam(warmup=20, peak=1e-3),
    "polynomial": Linear(0.0, 1e-3, 20) >> Polynomial(1e-3, 1e-5, 180, 2.0),
    "wsd": wsd(1e-3, steps=STEPS, warmup=20, cooldown=40),
    "wsd, linear": wsd(1e-3, steps=STEPS, warmup=20, cooldown=40, shape="linear"),
    "tri-stage": tri_stage(1e-3, warmup=20, hold=60, cooldown=100),
    "warm, cool": warm_cool_decay(1e-3, steps=STEPS, warmup=20, cooldown=50, factor=0.5, every=60),
    "one cycle": one_cycle(1e-3, steps=STEPS),
    "restarts": cosine_restarts(1e-3, cycle=30, stretch=2),
    "shrinking restarts": Cosine(1.0, 0.5, 30).repeat(factor=0.7),
    "steps": step_decay(0.1, every=50),
    "multistep": multistep(0.1, boundaries=[60, 120], warmup=10),
    "table": Table([(0, 0.1), (50, 0.3), (150, 0.0)], "linear"),
    "exponential": ExponentialDecay(0.1, 0.5, 40),
    "sum and product": 0.5 * (Linear(1.0, 0.0, 100) * Logistic(1.0, 0.1, 150) + 0.25),
    "clip, stairs, shift": Cosine(1.0, 0.0, 150).staircase(7).clip(low=0.1).shift(10),
    "plain": Constant(0.1),
}
TEXTS: dict[str, list[tuple[str, float | None]]] = {
    "torch": [
        ("StepLR(optimizer, 30, gamma=0.5)", 0.1),
        ("MultiStepLR(optimizer, milestones=[30, 80], gamma=0.1)", 0.1),
        ("ConstantLR(optimizer, factor=0.5, total_iters=40)", 0.1),
        ("torch.optim.lr_scheduler.LinearLR(optimizer, total_iters=40)", 0.1),
        ("ExponentialLR(optimizer, 0.99)", 0.1),
        ("CosineAnnealingLR(optimizer, T_max=200, eta_min=1e-4)", 0.1),
        ("PolynomialLR(optimizer, total_iters=150, power=2.0)", 0.1),
        ("CosineAnnealingWarmRestarts(optimizer, T_0=20, T_mult=2, eta_min=0.01)", 0.1),
        (
            "CyclicLR(optimizer, base_lr=0.01, max_lr=0.1, step_size_up=30, mode='triangular2')",
            None,
        ),
        ("OneCycleLR(optimizer, max_lr=0.1, total_steps=200)", None),
        (
            "OneCycleLR(optimizer, max_lr=0.1, total_steps=200, three_phase=True, "
            "anneal_strategy='linear')",
            None,
        ),
        ("CosineAnnealingLR(optimizer, T_max=200, last_epoch=-1)", 0.1),
        (
            "SequentialLR(optimizer, [LinearLR(optimizer, 0.1, total_iters=5), "
            "CosineAnnealingLR(optimizer, T_max=195)], milestones=[5])",
            0.1,
        ),
        (
            "torch.optim.lr_scheduler.SequentialLR(optimizer, schedulers=["
            "ConstantLR(optimizer, factor=0.1, total_iters=2), ExponentialLR(optimizer, 0.9), "
            "StepLR(optimizer, 30, 0.5), PolynomialLR(optimizer, 50, 2.0), "
            "CosineAnnealingWarmRestarts(optimizer, 10)], milestones=[10, 30, 100, 170])",
            0.1,
        ),
        (
            "SequentialLR(optimizer, [LinearLR(optimizer, total_iters=20), "
            "MultiStepLR(optimizer, [10, 30], 0.5)], [10])",
            0.1,
        ),
        (
            "ChainedScheduler([LinearLR(optimizer, 0.1, total_iters=20), "
            "CosineAnnealingLR(optimizer, T_max=200)])",
            0.1,
        ),
        (
            "ChainedScheduler([ConstantLR(optimizer, 0.1, 20), ExponentialLR(optimizer, 0.99), "
            "StepLR(optimizer, 50), MultiStepLR(optimizer, [70], 0.5), "
            "PolynomialLR(optimizer, 250)], optimizer=optimizer)",
            0.1,
        ),
        (
            "warm = LinearLR(optimizer, 0.01, total_iters=20)\n"
            "both = [warm, CosineAnnealingLR(optimizer, 180)]\n"
            "scheduler = SequentialLR(optimizer, both, milestones=[20])",
            0.1,
        ),
        ("ChainedScheduler([OneCycleLR(optimizer, 0.1, 200)])", None),
    ],
    "transformers": [
        ("get_constant_schedule(optimizer)", 0.1),
        ("get_constant_schedule_with_warmup(optimizer, num_warmup_steps=20)", 0.1),
        ("get_linear_schedule_with_warmup(optimizer, 20, 200)", 0.1),
        ("get_cosine_schedule_with_warmup(optimizer, 20, 200)", 0.1),
        ("get_cosine_with_min_lr_schedule_with_warmup(optimizer, 20, 200, min_lr=0.01)", 0.1),
        ("get_polynomial_decay_schedule_with_warmup(optimizer, 20, 200, power=2.0)", 0.1),
        ("get_inverse_sqrt_schedule(optimizer, 20)", 0.1),
        ("get_cosine_schedule_with_warmup(optimizer, 20, 200, num_cycles=2)", 0.1),
        ("get_cosine_with_hard_restarts_schedule_with_warmup(optimizer, 20, 200, 3)", 0.1),
        (
            "steps = 4 * 50\nwarmup = steps // 10\nfrom transformers import "
            "get_linear_schedule_with_warmup\nscheduler = get_linear_schedule_with_warmup("
            "optimizer, warmup, steps)",
            0.1,
        ),
        ("get_wsd_schedule(optimizer, 20, 40, 200, decay_type='1-sqrt', min_lr_ratio=0.1)", 0.1),
    ],
    "keras": [
        ("CosineDecay(0.1, decay_steps=200, alpha=0.01)", None),
        ("CosineDecay(0.0, 180, warmup_target=0.1, warmup_steps=20)", None),
        ("ExponentialDecay(0.1, decay_steps=50, decay_rate=0.5)", None),
        ("ExponentialDecay(0.1, decay_steps=50, decay_rate=0.5, staircase=True)", None),
        ("InverseTimeDecay(0.1, decay_steps=50, decay_rate=0.5)", None),
        ("PolynomialDecay(0.1, decay_steps=150, power=2.0)", None),
        ("PiecewiseConstantDecay([50, 100], [0.1, 0.05, 0.01])", None),
        ("CosineDecayRestarts(0.1, 25, t_mul=2.0, m_mul=0.9)", None),
    ],
    "optax": [
        ("constant_schedule(0.1)", None),
        ("optax.linear_schedule(0.1, 0.0, 100, transition_begin=20)", None),
        ("polynomial_schedule(0.1, 0.01, power=2, transition_steps=100)", None),
        ("cosine_decay_schedule(0.1, decay_steps=200, alpha=0.1)", None),
        ("exponential_decay(0.1, transition_steps=50, decay_rate=0.5, staircase=True)", None),
        ("exponential_decay(0.1, 50, 0.5, transition_begin=10, end_value=0.03)", None),
        ("warmup_cosine_decay_schedule(0.0, 0.1, 20, 200, end_value=0.01)", None),
        (
            "optax.join_schedules([optax.linear_schedule(0.0, 0.1, 20), "
            "optax.cosine_decay_schedule(0.1, 180)], boundaries=[20])",
            None,
        ),
        (
            "join_schedules(schedules=[constant_schedule(0.1), linear_schedule(0.1, 0.05, 10), "
            "join_schedules([exponential_decay(0.1, 10, 0.5), constant_schedule(0.02)], [60])], "
            "boundaries=[15, 50])",
            None,
        ),
    ],
}
