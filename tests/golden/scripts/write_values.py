"""Schedules, rules and runs: their configs, texts and pickles, and the numbers they give."""

import base64
import pickle
import sys
from pathlib import Path
from typing import Any

from names import IS_0_1, run_of
from plain import METRICS, write

import gradatim as g
from tests.core.cases.case import FARTHEST, Case
from tests.core.cases.table import CASES

TEXTS = (
    "Linear(start=0, end=1, steps=10)",
    "Cosine(start=1e-3, end=0.0, steps=1000)",
    "Table(points=[(0, 0.1), (30, 0.01), (60, 0.001)], between='hold')",
    "Table(points=[[0, 0.9], [100, 0.95]], between='linear')",
    "ExponentialDecay(start=0.1, rate=0.5, every=100)",
    "InverseTimeDecay(start=0.1, rate=0.5, every=10)",
    "KDecay(start=1.0, end=0.1, steps=50, k=2.5)",
    "NaturalDecay(start=3e-4, rate=0.001, every=2)",
    "GeometricDecay(start=3e-4, factor=0.25, every=20, stairs=True)",
    "CosineWave(half=10.5, peak=3)",
    "Glide(start=1.0, end=0.0, steps=21, span=20.5, begun=0.25)",
    "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)",
    "warmup_cosine(peak=1e-3, steps=1000, warmup='5%', hold='10%', floor=1e-5, start=1e-6)",
    "warmup_linear(peak=1.0, steps=100, warmup=10, first='step', last='floor')",
    "warmup_constant(peak=3e-4, warmup=100)",
    "warmup_inverse_sqrt(peak=5e-4, warmup=4000)",
    "wsd(peak=3e-4, steps=1000, warmup=50, shape='1-sqrt', floor=3e-6)",
    "trapezoid(peak=1.0, steps=200)",
    "tri_stage(peak=1e-3, warmup=30, hold=40, decay=50)",
    "infinite(peak=1.0, level=0.5, warmup=10, cooldown=20, hold=30, anneal=40)",
    "warm_cool_decay(peak=1e-3, steps=5000, warmup=100, cooldown=500, every=1000)",
    "noam(model_size=512, warmup=4000)",
    "one_cycle(peak=0.1, steps=100, warmup='25%', three_phases=True)",
    "cosine_restarts(peak=0.3, cycle=5, stretch=2, shrink=0.7)",
    "cyclic(peak=1.0, start=0.1, up=3, mode='exp_range', gamma=0.9)",
    "step_decay(peak=0.1, every=30, factor=0.1)",
    "multistep(peak=0.1, boundaries=[30, 60, 80], factor=0.1)",
    "piecewise_constant(values=[1.0, 0.5, 0.1], boundaries=[10, 20])",
    "extend(wsd(peak=1.0, steps=100), at=80, to=200)",
    "rewarm(warmup_cosine(peak=1.0, steps=100), at=100, to=150, peak=0.5)",
    "branch(warmup_constant(peak=1.0, warmup=5), at=50, then=Linear(start=1, end=0, steps=20))",
    "3e-4 * (Linear(start=0, end=1, steps=10) >> Constant(1))",
    "Linear(start=0, end=1, steps=9) >> Constant(1.0, steps=20) >> Cosine(start=1, end=0, steps=7)",
    "join(Linear(start=0, end=1, steps=10), Constant(value=1.0, steps=20), Constant(0.5))",
    "Linear(start=0.0, end=1.0, steps=10).then(Constant(1.0))",
    "Constant(0.1) * Linear(start=1.0, end=0.5, steps=100) + 0.01",
    "1e-5 + Cosine(start=1e-3, end=0.0, steps=100) * 2",
    "(0.3 * cyclic(peak=1.0, start=0.1, up=3).staircase(2)).clip(high=0.2).shift(5)",
    "Cosine(start=1.0, end=0.0, steps=10).repeat(3, stretch=2).cut(50)",
    "Linear(start=1.0, end=0.0, steps=100).stretched(2).clip(low=0.1, high=0.9)",
    "-1 * Linear(start=0.0, end=1.0, steps=10)",
)

RULES = (
    g.Plateau(mode="min"),
    g.Plateau(mode="min", factor=0.5, patience=1, cooldown=2, floor=0.01),
    g.Plateau(mode="max", nan="ignore", factor=0.3, patience=0, threshold=0.1, relative=False),
    g.Plateau(mode="min", nan="worse", factor=0.7, patience=0, reference="previous", ties=True),
    g.NewBob(mode="min"),
    g.NewBob(mode="max", nan="worse", factor=0.9, threshold=-0.01, patience=1, floor=0.2),
    g.Greedy(mode="min"),
    g.Greedy(mode="max", nan="ignore", factor=0.8, patience=1, threshold=0.01, relative=True),
    g.Greedy(mode="min", factor=0.5, patience=0, cooldown=1, warmup=2, floor=0.1, ceiling=4.0),
)

RUNS = (
    run_of(updates=1000),
    run_of(samples=1000, batch=10, epochs=3),
    run_of(samples=1000, batch=7, epochs=2.5, tokens=512),
    run_of(samples=1000, batch=10, epochs=3, accumulate=2, processes=5),
    run_of(samples=1003, batch=10, epochs=4, processes=3, drop_last=True, tokens=100),
)
LENGTHS = ("10", "5%", "1k updates", "2 epochs", "300 samples", "0.5k samples", "1e4 tokens")


if not IS_0_1:
    TEXTS += (
        "ExponentialDecay(start=0.1, factor=0.5, every=100)",
        "KDecay(start=1.0, end=0.1, steps=50, power=2.5)",
        "CosineWave(half_period=10.5, peak_step=3)",
        "FractionalRamp(start=1.0, end=0.0, steps=21, span=20.5, elapsed=0.25)",
        "infinite(peak=1.0, level=0.5, warmup=10, decay=20, hold=30, cooldown=40)",
        "warmup_cosine(3e-4, warmup=500, steps=1e4, floor='10%')",
        "warmup_polynomial(peak=1e-3, warmup=10, steps=100, power=2.0)",
        "cooldown(warmup_constant(peak=1.0, warmup=5), at=50, updates=20)",
        "1 - Linear(start=0.0, end=0.5, steps=10) / 2",
        "Cosine(start=512, end=1024, steps=100).rounded(to=128)",
        "by_updates(Linear(start=0.0, end=1.0, steps=10))",
    )
    RUNS += (
        g.Run(seconds=600),
        g.Run(seconds=600, reserve=30, start_after=5),
        g.Run(total_tokens=10**9, batch=512, tokens_per_sample=2048, clock="tokens"),
        g.Run(samples=1000, batch=10, epochs=3, clock="samples"),
        g.Run(clock="env_steps", total=10**6),
        g.Run(clock="progress"),
        g.Run(steps=100, batch=g.Constant(8, steps=10) >> g.Constant(16)),
    )


def main(folder: Path) -> None:
    cases = [case for case in CASES if case.name != "Function"]
    schedules = {str(case): entry(case) for case in cases}
    schedules |= {
        f"Function(function='math:{name}', steps={steps!r})": of_schedule(
            g.Function(function=f"math:{name}", steps=steps), steps_of(300, ()), {}
        )
        for name, steps in (("exp2", 300), ("sqrt", None))
    }
    write(folder, "schedules.json", schedules)
    write(folder, "texts.json", {text: of_text(text) for text in TEXTS})
    write(folder, "rules.json", {repr(rule): of_rule(rule) for rule in RULES})
    write(folder, "runs.json", {repr(run): of_run(run) for run in RUNS})


def entry(case: Case) -> dict[str, Any]:
    end = case.until if case.length is None else case.length
    call = {case.name: {name: argument(value) for name, value in case.arguments.items()}}
    return of_schedule(case.schedule, steps_of(end, case.near), {"call": call})


def argument(value: Any) -> Any:
    """An argument as config data."""
    if hasattr(value, "config"):
        return value.config()
    return [argument(part) for part in value] if isinstance(value, (tuple, list)) else value


def steps_of(end: int, near: tuple[int, ...]) -> list[int]:
    """Both ends, the steps around each boundary, some in between, and some far past the end."""
    looked = {0, 1, 2, end, end - 1, end + 1, 2 * end + 7, end + 10**9, 2**31 + 5, FARTHEST}
    looked |= {boundary + d for boundary in near for d in (-1, 0, 1)}
    looked |= {end * i // 17 for i in range(17)}
    return sorted(step for step in looked if 0 <= step <= FARTHEST)


def of_schedule(schedule: g.Schedule, steps: list[int], more: dict[str, Any]) -> dict[str, Any]:
    values = {step: schedule(step) for step in steps}
    return {
        **more,
        "config": schedule.config(),
        "text": repr(schedule),
        "pickle": pickled(schedule),
        "read": {"length": schedule.length, "values": values},
    }


def of_text(text: str) -> dict[str, Any]:
    schedule = g.parse(text)
    values = {step: schedule(step) for step in steps_of(schedule.length or 100, ())}
    return {"read": {"length": schedule.length, "values": values}}


def of_rule(rule: g.Rule) -> dict[str, Any]:
    state = rule.init()
    for metric in METRICS:
        state = rule.update(state, metric)
    return {
        "config": rule.config(),
        "pickle": pickled(rule),
        "state": pickled(state),
        "read": {"scales": rule.replay(METRICS), "state": list(state)},
    }


def of_run(run: g.Run) -> dict[str, Any]:
    if run in RUNS[5:]:
        # Without epochs or without updates: a share of the run is all that each of these resolves.
        read = {"ticks": run.ticks, "steps": run.steps, "lengths": {"5%": run.resolve("5%")}}
        return {"config": run.config(), "pickle": pickled(run), "read": read}
    known = run.samples is not None
    tokens = run.tokens if IS_0_1 else run.tokens_per_sample
    lengths = LENGTHS if tokens else LENGTHS[:-1] if known else LENGTHS[:3]
    lengths = [length for length in lengths if length != "10"]
    read: dict[str, Any] = {
        "steps": run.steps,
        "lengths": {length: run.resolve(length) for length in lengths},
    }
    if known:
        read |= {"epoch": run.steps_per_epoch, "update": run.samples_per_step}
        read["twice the batch"] = run.replace(batch=2 * run.batch).position_after(17, run)
    return {"config": run.config(), "pickle": pickled(run), "read": read}


def pickled(value: Any) -> str:
    return base64.b64encode(pickle.dumps(value)).decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
