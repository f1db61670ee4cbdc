"""Rows for falling powers of the step."""

from collections.abc import Iterator
from math import inf

from mpmath import mpf, sqrt

from tests.core import oracles
from tests.core.cases.case import Case
from tests.core.oracles import along, constant, stages


def powers() -> Iterator[Case]:
    yield Case(
        "warmup_inverse_sqrt",
        {"peak": 1e-3, "warmup": 4000, "start": 1e-6},
        stages(
            (4000, along(oracles.line, 1e-6, 1e-3, 4000)),
            (inf, lambda t: mpf(1e-3) * sqrt(mpf(4000) / (t + 4000))),
        ),
        start=1e-6,
        until=10**12,
        near=(4000,),
    )
    yield Case(
        "inverse_sqrt_t5",
        {},
        lambda t: 1 / sqrt(mpf(max(t, 10_000))),
        start=0.01,
        way="falls",
        until=10**12,
        near=(10_000,),
    )
    yield Case(
        "power",
        {"peak": 0.02, "warmup": 100},
        lambda t: mpf(0.02) * (mpf(t) / 100 if t < 100 else (mpf(100) / t) ** mpf(0.51)),
        start=0.0,
        until=10**12,
        near=(100,),
    )
    fallen = (mpf(150) / 900) ** mpf(0.5)
    yield Case(
        "power",
        {
            "peak": 1.0,
            "warmup": "10%",
            "power": 0.5,
            "hold": "5%",
            "steps": 1000,
            "cooldown": "10%",
            "floor": 0.01,
        },
        stages(
            (100, along(oracles.line, 0.0, 1.0, 100)),
            (50, constant(1.0)),
            (750, lambda t: sqrt(mpf(150) / (t + 150))),
            (100, along(oracles.line, fallen, 0.01, 100)),
        ),
        start=0.0,
        end=0.01,
        length=1000,
        near=(100, 150, 900),
    )
    yield Case(
        "noam",
        {"warmup": 4000, "peak": 1e-3},
        lambda t: mpf(1e-3) * oracles.noam(t + 1, 4000),
        start=1e-3 / 4000,
        until=10**12,
        near=(3999,),
    )
    yield Case(
        "noam",
        {"warmup": 25, "model_size": 256, "first": "start"},
        lambda t: oracles.noam(t, 25) / (16 * 5) if t else mpf(0),
        start=0.0,
        high=1 / 80,
        until=10**12,
        near=(25,),
    )
    yield Case(
        "noam_interval",
        {"warmup": 100, "boundaries": (400, 900), "factors": (0.5, 0.1), "peak": 1.0},
        lambda t: oracles.noam(t + 1, 100) * (1 if t < 400 else mpf(0.5) * (1 if t < 900 else 0.1)),
        start=0.01,
        until=10**6,
        near=(99, 400, 900),
    )
    yield Case(
        "linear_noam",
        {"peak": 1.0, "warmup": 100, "hold": 50},
        lambda t: min(mpf(t + 1) / 100, mpf(1), mpf(100) / max(t + 1 - 50, 1)),
        start=0.01,
        high=1.0,
        until=10**12,
        near=(99, 149),
    )
