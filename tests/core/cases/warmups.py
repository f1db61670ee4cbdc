"""Rows for warm-ups with one decay."""

from collections.abc import Iterator
from math import inf

from mpmath import mpf

from tests.core import oracles
from tests.core.cases.case import Case
from tests.core.oracles import along, constant, stages


def warmups() -> Iterator[Case]:
    yield Case(
        "warmup_constant",
        {"peak": 3e-4, "warmup": 100},
        stages((100, along(oracles.line, 0.0, 3e-4, 100)), (inf, constant(3e-4))),
        start=0.0,
        way="rises",
        until=10**12,
        near=(100,),
    )
    yield Case(
        "warmup_constant",
        {"peak": 1.0, "warmup": "5%", "steps": 1000, "first": "step"},
        lambda t: min(mpf(t + 1) / 50, mpf(1)),  # the 50th update is the first at the peak
        start=0.02,
        end=1.0,
        length=1000,
        way="rises",
        near=(49,),
    )
    yield Case(
        "warmup_linear",
        {"peak": 3e-4, "steps": 1000, "warmup": "10%", "floor": 3e-5},
        stages(
            (100, along(oracles.line, 0.0, 3e-4, 100)), (900, along(oracles.line, 3e-4, 3e-5, 900))
        ),
        start=0.0,
        end=3e-5,
        length=1000,
        high=3e-4,
        near=(100,),
    )
    yield Case(
        "warmup_linear",
        {
            "peak": 1.0,
            "steps": 100,
            "warmup": 10,
            "start": 0.1,
            "hold": 20,
            "first": "step",
            "last": "floor",
        },
        # Update 10 is the first at the peak, 20 hold it, and update 100, step 99, is at the floor.
        stages(
            (9, lambda t: oracles.line(t + 1, 0.1, 1.0, 10)),
            (20, constant(1.0)),
            (70, along(oracles.line, 1.0, 0.0, 70)),
        ),
        start=0.1 * 0.9 + 1.0 * 0.1,
        end=0.0,
        length=99,
    )
    yield Case(
        "warmup_cosine",
        {"peak": 3e-4, "steps": 10_000, "warmup": 500, "floor": 3e-5},
        stages(
            (500, along(oracles.line, 0.0, 3e-4, 500)),
            (9500, along(oracles.cosine, 3e-4, 3e-5, 9500)),
        ),
        start=0.0,
        end=3e-5,
        length=10_000,
        low=0.0,
        high=3e-4,
        near=(500,),
    )
    yield Case(
        "warmup_cosine",
        {"peak": 1e-3, "steps": 10**12, "last": "floor"},
        stages((10**12 - 1, along(oracles.cosine, 1e-3, 0.0, 10**12 - 1))),
        start=1e-3,
        end=0.0,
        length=10**12 - 1,
        way="falls",
    )
    yield Case(
        "warmup_polynomial",
        {"peak": 3e-4, "steps": 10_000, "warmup": 500, "power": 2.0, "floor": 3e-5},
        stages(
            (500, along(oracles.line, 0.0, 3e-4, 500)),
            (9500, along(oracles.polynomial, 3e-4, 3e-5, 9500, power=2.0)),
        ),
        start=0.0,
        end=3e-5,
        length=10_000,
        low=0.0,
        high=3e-4,
        near=(500,),
    )
    yield Case(
        "slanted_triangular",
        {"peak": 0.01, "steps": 200},
        stages(
            (20, along(oracles.line, mpf(0.01) / 32, 0.01, 20)),
            (180, along(oracles.line, 0.01, mpf(0.01) / 32, 180)),
        ),
        start=0.01 / 32,
        end=0.01 / 32,
        length=200,
    )
