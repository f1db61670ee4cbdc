"""Rows for schedules that go up and down."""

from collections.abc import Iterator
from itertools import count

from mpmath import mpf

from tests.core import oracles
from tests.core.cases.case import Case
from tests.core.oracles import along, stages


def cycles() -> Iterator[Case]:
    yield Case(
        "one_cycle",
        {"peak": 0.1, "steps": 1000},
        stages(
            (300, along(oracles.cosine, mpf(0.1) / 25, 0.1, 300)),
            (700, along(oracles.cosine, 0.1, mpf(0.1) / 250_000, 700)),
        ),
        start=0.1 / 25,
        end=0.1 / 25 / 1e4,
        length=1000,
        near=(300,),
    )
    yield Case(
        "one_cycle",
        {
            "peak": 1.0,
            "steps": 101,
            "warmup": 30,
            "start": 0.1,
            "floor": 0.0,
            "shape": "linear",
            "three_phases": True,
            "last": "floor",
        },
        stages(
            (30, along(oracles.line, 0.1, 1.0, 30)),
            (30, along(oracles.line, 1.0, 0.1, 30)),
            (40, along(oracles.line, 0.1, 0.0, 40)),
        ),
        start=0.1,
        end=0.0,
        length=100,
    )
    yield Case(
        "cyclic",
        {"peak": 6e-3, "start": 1e-3, "up": 50},
        lambda t: mpf(1e-3) + (mpf(6e-3) - mpf(1e-3)) * oracles.triangle(t, 50),
        start=1e-3,
        low=1e-3,
        high=6e-3,
        until=10**12,
        near=(50, 100, 10**8),
    )
    yield Case(
        "cyclic",
        {"peak": 1.0, "start": 0.25, "up": 8, "mode": "triangular2"},
        lambda t: mpf(0.25) + mpf(0.75) * oracles.triangle(t, 8) / 2 ** (t // 16),
        start=0.25,
        until=500,
    )
    yield Case(
        "cyclic",
        {"peak": 1.0, "start": 0.25, "up": 8, "mode": "exp_range", "factor": 0.99},
        lambda t: mpf(0.25) + mpf(0.75) * oracles.triangle(t, 8) * mpf(0.99) ** t,
        start=0.25,
        until=500,
    )
    yield Case(
        "cyclic",
        {"peak": 0.5, "start": 0.0, "up": 3, "down": 7, "cycles": 4},
        stages(*((3, along(oracles.line, 0.0, 0.5, 3)), (7, along(oracles.line, 0.5, 0.0, 7))) * 4),
        start=0.0,
        end=0.0,
        length=40,
    )

    def restart(t: int, cycle: int, stretch: int) -> tuple[int, int, int]:
        for i in count():
            if t < cycle:
                return i, t, cycle
            t, cycle = t - cycle, cycle * stretch
        raise AssertionError

    def sgdr(t: int) -> mpf:
        _, local, cycle = restart(t, 10, 2)
        return oracles.cosine(local, 1e-3, 0.0, cycle)

    def sgdr_shrinking(t: int) -> mpf:
        if t < 8:
            return oracles.line(t + 1, 0.0, 1.0, 9)
        i, local, cycle = restart(t - 8, 10, 1)
        return mpf(0.125) + (mpf(0.875) * mpf(0.5) ** i) * oracles.cosine(local, 1.0, 0.0, cycle)

    yield Case(
        "cosine_restarts",
        {"peak": 1e-3, "cycle": 10, "stretch": 2},
        sgdr,
        start=1e-3,
        low=0.0,
        high=1e-3,
        until=10**12,
        near=(10, 30, 70, 10 * (2**20 - 1)),
    )
    yield Case(
        "cosine_restarts",
        {"peak": 1.0, "cycle": 10, "factor": 0.5, "warmup": 9, "floor": 0.125, "first": "step"},
        sgdr_shrinking,
        start=1 / 9,
        until=400,
        near=(8, 18),
    )
