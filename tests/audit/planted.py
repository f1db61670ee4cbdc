"""Logs with a planted fault: what a run would have logged, computed step by step without the audit.

Each fault is a function from a plan to the logged (step, rate) pairs; what it was made with is what
the audit must find.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from gradatim import (
    Constant,
    Schedule,
    cosine_restarts,
    multistep,
    one_cycle,
    step_decay,
    warmup_constant,
    warmup_cosine,
    warmup_inverse_sqrt,
    warmup_linear,
    warmup_polynomial,
    wsd,
)

STEPS = 6000
PLANS: dict[str, Schedule] = {
    "cosine": warmup_cosine(peak=3e-4, warmup=300, steps=STEPS, floor=3e-5),
    "cosine to 0": warmup_cosine(peak=1e-3, warmup=501, steps=STEPS),
    "linear": warmup_linear(peak=5e-5, warmup=600, steps=STEPS),
    "wsd": wsd(peak=2e-3, warmup=200, steps=STEPS, cooldown=1200),
    "one cycle": one_cycle(peak=0.1, steps=STEPS, warmup=1800),
    "restarts": cosine_restarts(peak=0.05, cycle=2000, warmup=100),
    "step decay": step_decay(0.1, factor=0.5, every=1000),
    "multistep": multistep(0.1, boundaries=[2500, 4111], warmup=500),
    "inverse sqrt": warmup_inverse_sqrt(peak=7e-4, warmup=400),
    "constant": Constant(value=1e-4),
    "warm constant": warmup_constant(peak=1e-4, warmup=1000),
    "polynomial": warmup_polynomial(peak=4e-4, warmup=77, steps=STEPS, power=2.0, floor=1e-7),
    "odd": warmup_cosine(peak=3.1e-4, warmup=313, steps=5839),
}
"""The plans of the clean logs."""

Points = list[tuple[int, float]]


class Fault(NamedTuple):
    """A fault to plant, and what the audit must say of it."""

    make: Callable[[Schedule, range], Points]
    kind: str
    parameters: dict[str, float]
    """Fields of the change, and their values."""
    begins: int | None = None
    """The step from which on it is there; None for all of the run."""
    cause: str = ""
    """A part of the first cause that is named, under what is known."""


def every(rate: Callable[[Schedule, int], float]) -> Callable[[Schedule, range], Points]:
    return lambda f, steps: [(s, rate(f, s)) for s in steps]


def resumed(
    at: int, back: int, rate: Callable[[Schedule, int], float]
) -> Callable[[Schedule, range], Points]:
    """As planned until a step; then from an earlier one on, with other rates."""

    def make(f: Schedule, steps: range) -> Points:
        before = [(s, f(s)) for s in steps if s < at]
        return before + [(s, rate(f, s)) for s in steps if s >= at - back]

    return make


KNOWN = {"accumulate": 4, "processes": 8, "updates_per_epoch": 50}
FAULTS: dict[str, Fault] = {
    "began late": Fault(
        every(lambda f, s: f(max(s - 250, 0))), "shift", {"shift": -250}, cause="only after 250"
    ),
    "began early": Fault(every(lambda f, s: f(s + 120)), "shift", {"shift": 120}, cause="step 120"),
    "once a process": Fault(
        every(lambda f, s: f(8 * s)), "scale", {"scale": 8}, cause="once per process"
    ),
    "once a micro-batch": Fault(
        every(lambda f, s: f(4 * s)), "scale", {"scale": 4}, cause="once per micro-batch"
    ),
    "lengths in micro-batches": Fault(
        every(lambda f, s: f.stretched(4)(s)), "scale", {"scale": 0.25}, cause="in micro-batches"
    ),
    "once an epoch": Fault(
        every(lambda f, s: f(s // 50)), "stairs", {"scale": 1 / 50}, cause="once an epoch of 50"
    ),
    "peak times processes": Fault(
        every(lambda f, s: 8 * f(s)), "factor", {"factor": 8}, cause="number of processes, 8"
    ),
    "offset": Fault(every(lambda f, s: f(s) + 2e-5), "offset", {"offset": 2e-5}, cause="constant"),
    "floor": Fault(
        every(lambda f, s: max(f(s), 1.3e-4)), "floor", {"floor": 1.3e-4}, cause="min_lr"
    ),
    "ceiling": Fault(
        every(lambda f, s: min(f(s), 2.2e-4)), "ceiling", {"ceiling": 2.2e-4}, cause="max_lr"
    ),
    "never moves": Fault(
        every(lambda f, s: 3e-4), "constant", {"level": 3e-4}, cause="No scheduler is attached"
    ),
    "counted anew": Fault(
        resumed(3000, 200, lambda f, s: f(s - 2800)),
        "shift",
        {"shift": -2800},
        2800,
        "not restored",
    ),
    "older scheduler": Fault(
        resumed(3000, 0, lambda f, s: f(s - 500)), "shift", {"shift": -500}, 3000, "500 steps older"
    ),
    "stuck": Fault(every(lambda f, s: f(min(s, 3500))), "constant", {}, 3500, "no longer stepped"),
    "faster after a resume": Fault(
        resumed(2000, 100, lambda f, s: f(s if s < 1900 else 1900 + 2 * (s - 1900))),
        "scale and shift",
        {"scale": 2, "shift": -1900},
        1900,
        "changed at the resume",
    ),
    "rounded": Fault(
        every(lambda f, s: round(f(s) / 2e-5) * 2e-5), "rounding", {"quantum": 2e-5}, cause="2e-05"
    ),
    "late and scaled": Fault(
        every(lambda f, s: 8 * f(max(s - 250, 0))),
        "factor and shift",
        {"factor": 8, "shift": -250},
        cause="number of processes, 8",
    ),
    "another shape": Fault(
        every(lambda f, s: 3e-4 * math.exp(-s / 3000)), "unknown", {}, cause="Another schedule"
    ),
}


def write_csv(path: Path, points: Points) -> Path:
    path = path / "log.csv"
    lines = [f"{s},{2.5},{rate!r}\n" for s, rate in points]
    path.write_text("step,loss,lr\n" + "".join(lines), encoding="utf-8")
    return path


def write_trainer_state(path: Path, points: Points) -> Path:
    path = path / "trainer_state.json"
    rows = [{"epoch": s / 100, "learning_rate": rate, "loss": 1.5, "step": s} for s, rate in points]
    path.write_text(json.dumps({"log_history": [*rows, {"eval_loss": 1.0, "step": 1}]}), "utf-8")
    return path


def write_text(path: Path, points: Points) -> Path:
    path = path / "train.log"
    lines = [f"step {s:5d} | loss: 2.5 | lr {rate:.6e} | norm: 1.0\n" for s, rate in points]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def write_events(path: Path, points: Points) -> Path:
    path = path / "events.out.tfevents.1.host"

    def varint(number: int) -> bytes:
        out = b""
        while number > 127:
            out, number = out + bytes([number & 127 | 128]), number >> 7
        return out + bytes([number])

    def field(number: int, data: bytes) -> bytes:
        return varint(number << 3 | 2) + varint(len(data)) + data

    records = b""
    for step, rate in points:
        value = field(1, b"train/learning_rate") + varint(2 << 3 | 5) + struct.pack("<f", rate)
        event = varint(2 << 3) + varint(step) + field(5, field(1, value))
        records += struct.pack("<Q", len(event)) + bytes(4) + event + bytes(4)
    path.write_bytes(records)
    return path


FORMATS = {
    "csv": write_csv,
    "trainer_state": write_trainer_state,
    "text": write_text,
    "tfevents": write_events,
}
