"""Rows for runs that went on otherwise than planned."""

from collections.abc import Iterator
from math import inf

from gradatim import InverseSqrtDecay, Linear, warmup_constant, warmup_cosine
from tests.core import oracles
from tests.core.cases.case import Case
from tests.core.oracles import along, constant, stages


def edits() -> Iterator[Case]:
    trunk = warmup_constant(peak=3e-4, warmup=50)
    rising = along(oracles.line, 0.0, 3e-4, 50)
    yield Case(
        "branch",
        {"schedule": trunk, "at": 800, "then": Linear(3e-4, 0.0, 200)},
        stages((50, rising), (750, constant(3e-4)), (200, along(oracles.line, 3e-4, 0.0, 200))),
        start=0.0,
        end=0.0,
        length=1000,
        near=(50, 800),
    )
    yield Case(
        "branch",
        {"schedule": trunk, "at": 20, "then": InverseSqrtDecay(0.3, 7)},
        stages((20, rising), (inf, along(oracles.inverse_sqrt, 0.3, 7))),
        start=0.0,
        until=10**12,
        near=(20,),
    )
    planned = warmup_cosine(peak=1e-3, steps=10_000, warmup=500, floor=1e-5)
    falling = along(oracles.cosine, 1e-3, 1e-5, 9500)
    here = planned(6000)
    assert abs(here - falling(5500)) < 1e-15
    yield Case(
        "extend",
        {"schedule": planned, "at": 6000, "steps": 15_000},
        stages(
            (500, along(oracles.line, 0.0, 1e-3, 500)),
            (5500, falling),
            (9000, along(oracles.line, here, 1e-5, 9000)),
        ),
        start=0.0,
        end=1e-5,
        length=15_000,
        near=(500, 6000),
    )
    yield Case(
        "extend",
        {
            "schedule": trunk,
            "at": 800,
            "steps": 1800,
            "hold": "80%",
            "shape": "1-sqrt",
            "floor": 0.0,
        },
        stages(
            (50, rising),
            (1550, constant(3e-4)),
            (200, along(oracles.one_minus_sqrt, 3e-4, 0.0, 200)),
        ),
        start=0.0,
        end=0.0,
        length=1800,
        near=(50, 800, 1600),
    )
    yield Case(
        "cooldown",
        {"schedule": trunk, "at": 800, "updates": 200},
        stages(
            (50, rising),
            (750, constant(3e-4)),
            (200, along(oracles.one_minus_sqrt, 3e-4, 0.0, 200)),
        ),
        start=0.0,
        end=0.0,
        length=1000,
        near=(50, 800),
    )
    yield Case(
        "cooldown",
        {"schedule": planned, "at": 6000, "updates": 500, "shape": "linear", "floor": 1e-6},
        stages(
            (500, along(oracles.line, 0.0, 1e-3, 500)),
            (5500, falling),
            (500, along(oracles.line, here, 1e-6, 500)),
        ),
        start=0.0,
        end=1e-6,
        length=6500,
        near=(500, 6000),
    )
    yield Case(
        "rewarm",
        {"schedule": planned, "at": 10_000, "steps": 15_000, "peak": 5e-4, "floor": 1e-6},
        stages(
            (500, along(oracles.line, 0.0, 1e-3, 500)),
            (9500, falling),
            (250, along(oracles.line, 1e-5, 5e-4, 250)),
            (4750, along(oracles.cosine, 5e-4, 1e-6, 4750)),
        ),
        start=0.0,
        end=1e-6,
        length=15_000,
        near=(500, 10_000, 10_250),
    )
