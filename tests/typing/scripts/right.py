"""Calls as the documentation writes them. Type checkers accept each, and agree on its type."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import assert_type

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch
from numpy.typing import NDArray

from gradatim import (
    Constant,
    Cosine,
    Driver,
    Exponential,
    ExponentialDecay,
    Finding,
    Function,
    Greedy,
    InverseSqrtDecay,
    InverseTimeDecay,
    Linear,
    NewBob,
    OneMinusSqrt,
    Plan,
    Plateau,
    Polynomial,
    PowerDecay,
    Run,
    Schedule,
    Table,
    Target,
    branch,
    build,
    by_updates,
    check,
    cooldown,
    cosine_restarts,
    cyclic,
    extend,
    join,
    load_plan,
    multistep,
    noam,
    one_cycle,
    parse,
    piecewise_constant,
    rewarm,
    step_decay,
    trapezoid,
    warmup_constant,
    warmup_cosine,
    warmup_inverse_sqrt,
    warmup_linear,
    warmup_polynomial,
    wsd,
)
from gradatim.fields import Number, PositiveSteps
from gradatim.jax import from_optax, scale_by_rule
from gradatim.pieces import Clip, FractionalRamp, Join, Repeat, Shift, Staircase
from gradatim.recipes import batch_rampup, batch_stages, infinite, scale_with_batch, tri_stage
from gradatim.rules import Rule, RuleState
from gradatim.testing import check_schedule
from gradatim.torch import Scheduler, from_torch, relative
from gradatim.xp import Numeric, Operations


def pieces() -> list[Schedule]:
    def half(step: int) -> float:
        return 0.5

    return [
        Constant(0.1),
        Constant(value=0.1, steps=10),
        Linear(0, 1, 10),
        Linear(start=0.0, end=1.0, steps=10),
        Cosine(1.0, 0.0, steps=90),
        Polynomial(1.0, 0.0, 10, power=2.0),
        Exponential(start=1.0, end=0.01, steps=100),
        ExponentialDecay(start=1.0, factor=0.5, every=10),
        OneMinusSqrt(1.0, 0.0, 10),
        PowerDecay(start=1.0, power=0.5, scale=100),
        InverseSqrtDecay(1.0, scale=100),
        InverseTimeDecay(1.0, rate=0.5),
        Table(points=[(0, 0.0), (10, 1.0)], between="linear"),
        Table([(0, 1), (10, 0.1)], "hold"),
        FractionalRamp(start=0.0, end=1.0, steps=3, span=2.5, shape="linear"),
        Function("math:sqrt"),
    ]


def recipes() -> list[Schedule]:
    run = Run(samples=50_000, batch=128, epochs=90)
    return [
        warmup_cosine(3e-4, steps=10_000, warmup=500),
        warmup_cosine(peak=3e-4, steps=run, warmup="1 epoch", floor="10%"),
        warmup_linear(3e-4, steps=100, warmup="5%", last="floor"),
        warmup_polynomial(3e-4, steps=100, power=2.0),
        warmup_constant(3e-4, warmup=10),
        warmup_inverse_sqrt(3e-4, warmup=100),
        wsd(peak=1.0, steps=20, warmup=4, cooldown="20%", shape="linear"),
        trapezoid(1.0, steps=20),
        one_cycle(1.0, steps=10, warmup=4, start=0.5, floor=0.0, three_phases=True),
        cyclic(1.0, start=0.0, up=4, mode="triangular2"),
        cosine_restarts(1.0, cycle=4, stretch=2),
        step_decay(1.0, every="30 epochs", steps=run),
        multistep(1.0, boundaries=[10, 20], factor=0.5),
        multistep(1.0, boundaries=["30 epochs", "60 epochs"], steps=run),
        piecewise_constant(values=[1.0, 0.1], boundaries=[10]),
        piecewise_constant([64, 256], boundaries=(100,)),
        noam(warmup=100, model_size=512),
        tri_stage(1.0, warmup=10, hold=10, cooldown=20),
        infinite(1.0, level=0.5, warmup=4, decay=4),
        batch_stages("0:768 250B:1536", tokens_per_sample=4096),
        batch_rampup(64, start=16, increment=16, samples=960),
        scale_with_batch(Constant(1e-3), run=run),
        by_updates(Linear(0.0, 1.0, 10)),
    ]


def algebra(a: Schedule, b: Schedule) -> list[Schedule]:
    assert_type(a >> b, Schedule)
    assert_type(join(a, b), Schedule)
    assert_type(a.clip(low=0.1), Clip)
    assert_type(a.repeat(3, stretch=2, factor=0.5), Repeat)
    assert_type(a.shift(-1), Shift)
    assert_type(a.staircase(10), Staircase)
    assert_type(Linear(0.0, 1.0, 4).stretched(2), Linear)
    assert_type(Linear(0.0, 1.0, 4).replace(steps=8), Linear)
    return [
        2 * a,
        a * 2,
        a * b,
        a + b,
        a + 1,
        1 + a,
        a - b,
        1 - a,
        a / 2,
        -a,
        a.cut(5),
        a.then(b, b),
    ]


def edits(schedule: Schedule, plan: Plan) -> None:
    assert_type(branch(schedule, at=10, then=Constant(0.1)), Schedule)
    assert_type(extend(schedule, at=10, steps=200), Schedule)
    assert_type(cooldown(schedule, at=10, updates=20, shape="linear"), Schedule)
    assert_type(extend(plan, at=10, steps=200), Plan)
    assert_type(cooldown(plan, at=10, updates=20), Plan)
    assert_type(rewarm(schedule, at=10, steps=200, peak=1e-4, warmup="5%"), Schedule)


def values(schedule: Schedule) -> None:
    assert_type(schedule(3), float)
    assert_type(schedule(3.0), float)
    assert_type(schedule(np.int64(3)), float)
    assert_type(schedule(np.arange(3)), NDArray[np.float64])
    assert_type(schedule(torch.arange(3)), torch.Tensor)
    assert_type(schedule(jnp.arange(3)), jax.Array)
    assert_type(schedule.values(100), list[float])
    assert_type(schedule.values(Run(steps=100)), list[float])
    assert_type(schedule.length, int | None)
    assert_type(schedule.check(Run(steps=100)), list[Finding])
    assert_type(check(schedule, run=100), list[Finding])
    assert_type(check(Path("plan.yaml")), list[Finding])
    rate: Callable[[int], float] = schedule
    rate(3)


def texts(schedule: Schedule) -> None:
    assert_type(parse("3e-4 * Linear(0, 1, steps=10)"), Schedule)
    rebuilt: Schedule = build(schedule.config())
    build(json.loads(json.dumps(rebuilt.config())), imports=True)
    build({"Table": {"points": [[0, 1.0], [10, 0.1]], "between": "hold"}})
    assert_type(load_plan("plan.yaml"), Plan)


def runs() -> None:
    run = Run(samples=1000, batch=10, epochs=3, accumulate=2, processes=5)
    assert_type(run.steps, int | None)
    assert_type(run.resolve("5%"), int)
    assert_type(run.resolve(500), int)
    assert_type(run.ticks, int)
    assert_type(run.clock, str)
    Run(steps=10_000)
    Run(seconds=600)
    Run(total_tokens=1_000_000_000, batch=32, tokens_per_sample=1024)
    Run(batch=Constant(8, 100) >> Constant(16), accumulate=4, steps=1000)
    Run(clock="env_steps", total=1_000_000)


def plans(schedule: Schedule) -> None:
    rule = Plateau(mode="min", factor=0.5)
    plan = Plan({"lr": schedule, "weight_decay": 0.1}, rules={"lr": rule}, run=Run(steps=100))
    Plan({Target("lr", "head"): schedule}, external={"kl": schedule}, rules=rule)
    assert_type(plan["lr"], Schedule)
    assert_type(plan.run, Run | None)
    driver = Driver(plan)
    Driver({"lr": schedule}, rule, Run(steps=100))
    assert_type(driver.position, int)


def rules() -> None:
    rule: Rule
    for rule in (Plateau(mode="min"), NewBob(mode="max"), Greedy(mode="min", patience=3)):
        state = rule.init()
        assert_type(rule.update(state, 0.5), RuleState)
        assert_type(rule.replay([3.0, 2.0]), list[float])


def drive_torch(schedule: Schedule) -> None:
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    other = torch.optim.SGD(model.parameters(), lr=1e-3)
    scheduler = Scheduler(optimizer, schedule)
    Scheduler(optimizer, 1e-3)
    Scheduler(optimizer, lr=schedule, weight_decay=0.1, rule=Plateau(mode="min"))
    Scheduler(optimizer, lr={"head": schedule, "*": 1e-4}, run=Run(steps=100))
    Scheduler(optimizer, lr=[schedule, Constant(1e-4)])
    Scheduler(optimizer, lr=relative(schedule))
    Scheduler([optimizer, other], lr=schedule)
    Scheduler({"adamw": optimizer, "sgd": other}, lr={"adamw/*": schedule, "sgd": schedule})
    Scheduler(optimizer, lr=schedule, external={"kl": schedule}, on_mismatch="same-past")
    Scheduler(optimizer, plan="plan.yaml")
    Scheduler(optimizer, **from_torch(torch.optim.lr_scheduler.StepLR(optimizer, 10)))
    assert_type(scheduler.position, int)
    scheduler.load_state_dict(scheduler.state_dict())


def drive_jax(schedule: Schedule) -> None:
    optax.chain(optax.adamw(schedule), scale_by_rule(Plateau(mode="min", nan="ignore")))
    assert_type(from_optax("linear_schedule", 1.0, 0.0, 10), Schedule | Rule)


class Smoothstep(Schedule):
    """A schedule of one's own, with the types of its formula."""

    start: Number
    end: Number
    steps: PositiveSteps = 100

    @property
    def length(self) -> int:
        return self.steps

    def _validate(self) -> None:
        if self.end > self.start:
            raise ValueError(f"end must be at most start, {self.start}, got {self.end}.")

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        done, left = xp.progress(t, self.steps)
        middle = xp.where((t > 10) & (t <= 20), xp.sqrt(left), xp.power(done, 1.5))
        return left**2 * self.start + (1.0 - left**2) * self.end * middle + 0.0 / (1 + xp.real(t))


class Doubled(Schedule):
    """A schedule made of another one."""

    schedule: Schedule

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        return 2.0 * self.schedule.held(t, xp)


def own_schedules() -> None:
    fall = Smoothstep(1.0, 0.0, steps=10)
    assert_type(fall.start, float)
    assert_type(fall(3), float)
    assert_type(Smoothstep(start=1, end=0) >> Doubled(schedule=fall), Schedule)
    assert_type(Join((fall, fall)), Join)
    check_schedule(Smoothstep, fields={"start": 1.0, "end": 0.0, "steps": 10}, monotone="falls")
    check_schedule(fall, frameworks=["numpy"])
