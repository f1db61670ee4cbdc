"""Every recipe once, with arguments that fit a run of a given length."""

import gradatim as g
from gradatim import recipes
from gradatim.core.values.value import buildable


def fitting(steps: float) -> dict[str, g.Schedule]:
    """A schedule of each recipe whose end, if it has one, is the end of a run of ``steps``."""
    tenth, half = steps // 10, steps // 2
    trunk = g.warmup_cosine(peak=0.5, steps=steps, warmup=tenth)
    schedules = {
        "batch_rampup": recipes.batch_rampup(1, start=1, increment=1, samples=0),
        "batch_stages": recipes.batch_stages(f"0:1 {half:.0f}:2"),
        "branch": g.branch(trunk, at=half, then=g.Linear(trunk(half), 0.0, steps - half)),
        "by_updates": g.by_updates(trunk),
        "cooldown": g.cooldown(trunk, at=half, updates=steps - half),
        "cosine_restarts": g.cosine_restarts(peak=0.5, cycle=half, factor=0.5, floor=0.01),
        "cyclic": g.cyclic(peak=0.5, start=0.05, up=tenth, mode="triangular2"),
        "extend": g.extend(trunk, at=half, steps=steps, hold=tenth),
        "infinite": recipes.infinite(
            0.5, level=0.2, warmup=tenth, decay=tenth, hold=half, cooldown=3 * tenth
        ),
        "inverse_sqrt_t5": recipes.inverse_sqrt_t5(warmup=tenth),
        "linear_noam": recipes.linear_noam(peak=0.5, warmup=tenth, hold=tenth),
        "multistep": g.multistep(peak=0.5, boundaries=[half, half + tenth], warmup=tenth),
        "noam": g.noam(warmup=tenth, peak=0.5),
        "noam_interval": recipes.noam_interval(
            tenth, boundaries=[half, half + tenth], factors=[0.5, 0.1], peak=0.5
        ),
        "one_cycle": g.one_cycle(peak=0.5, steps=steps, last="floor"),
        "piecewise_constant": g.piecewise_constant(values=[0.5, 0.1], boundaries=[half]),
        "power": recipes.power(peak=0.5, warmup=tenth, steps=steps, cooldown=tenth),
        "rewarm": g.rewarm(trunk, at=half, steps=steps, peak=0.4, warmup=tenth),
        "scale_with_batch": recipes.scale_with_batch(
            trunk, run=g.Run(batch=g.piecewise_constant([8, 32], boundaries=[half]), steps=steps)
        ),
        "slanted_triangular": recipes.slanted_triangular(peak=0.5, steps=steps),
        "step_decay": g.step_decay(peak=0.5, every=tenth, factor=0.5, warmup=tenth),
        "trapezoid": g.trapezoid(peak=0.5, steps=steps),
        "tri_stage": recipes.tri_stage(
            peak=0.5, warmup="10%", hold="40%", cooldown="50%", steps=steps
        ),
        "warm_cool_decay": recipes.warm_cool_decay(
            0.5, steps=steps, warmup=tenth, cooldown=tenth, every=half
        ),
        "warmup_constant": g.warmup_constant(peak=0.5, warmup=tenth),
        "warmup_cosine": g.warmup_cosine(peak=0.5, steps=steps, warmup=tenth, first="step"),
        "warmup_inverse_sqrt": g.warmup_inverse_sqrt(peak=0.5, warmup=tenth),
        "warmup_polynomial": g.warmup_polynomial(
            peak=0.5, steps=steps, warmup=tenth, power=2.0, floor="1%"
        ),
        "warmup_linear": g.warmup_linear(peak=0.5, steps=steps, warmup=tenth, hold=tenth),
        "wsd": g.wsd(peak=0.5, steps=steps, warmup=tenth, floor=0.01, shape="exponential"),
    }
    every = {
        name
        for name, make in buildable().items()
        if make.__module__.startswith("gradatim.") and not isinstance(make, type)
    }
    assert every == set(schedules), "give the new recipe a row here"
    return schedules
