"""Rows for runs in three stages and more."""

from collections.abc import Iterator
from math import inf

from mpmath import mpf

from tests.core import oracles
from tests.core.cases.case import Case
from tests.core.oracles import along, constant, stages


def stage_plans() -> Iterator[Case]:
    cooldowns = (
        ("linear", along(oracles.line, 3e-4, 3e-6, 200)),
        ("1-sqrt", along(oracles.one_minus_sqrt, 3e-4, 3e-6, 200)),
        ("cosine", along(oracles.cosine, 3e-4, 3e-6, 200)),
        ("exponential", along(oracles.exponential, 3e-4, 3e-6, 200)),
        ("sqrt-cube", along(oracles.polynomial, 3e-4, 3e-6, 200, 1.5)),
    )
    for shape, cooldown in cooldowns:
        yield Case(
            "wsd",
            {"peak": 3e-4, "steps": 1000, "warmup": 50, "shape": shape, "floor": 3e-6},
            stages(
                (50, along(oracles.line, 0.0, 3e-4, 50)), (750, constant(3e-4)), (200, cooldown)
            ),
            start=0.0,
            end=3e-6,
            length=1000,
            near=(50, 800),
        )
    yield Case(
        "trapezoid",
        {"peak": 1.0, "steps": 200},
        stages(
            (20, along(oracles.line, 0.0, 1.0, 20)),
            (140, constant(1.0)),
            (40, along(oracles.line, 1.0, 0.0, 40)),
        ),
        start=0.0,
        end=0.0,
        length=200,
    )
    yield Case(
        "tri_stage",
        {"peak": 1e-3, "warmup": 30, "hold": 40, "cooldown": 50},
        stages(
            (30, along(oracles.line, mpf(1e-3) / 100, 1e-3, 30)),
            (40, constant(1e-3)),
            (50, along(oracles.exponential, 1e-3, mpf(1e-3) / 20, 50)),
        ),
        start=0.01 * 1e-3,
        end=0.05 * 1e-3,
        length=120,
    )
    yield Case(
        "infinite",
        {"peak": 1.0, "level": 0.5, "warmup": 10, "decay": 20, "hold": 30, "cooldown": 40},
        stages(
            (10, along(oracles.line, 0.0, 1.0, 10)),
            (20, along(oracles.cosine, 1.0, 0.5, 20)),
            (30, constant(0.5)),
            (40, along(oracles.exponential, 0.5, 0.05, 40)),
        ),
        start=0.0,
        end=0.05,
        length=100,
    )
    yield Case(
        "infinite",
        {"peak": 1.0, "level": 0.5, "warmup": 0, "decay": 20},
        stages((20, along(oracles.cosine, 1.0, 0.5, 20)), (inf, constant(0.5))),
        start=1.0,
        way="falls",
        until=10**12,
    )
    decayed = along(oracles.exponential_decay, 1e-3, 0.75, 1000)
    yield Case(
        "warm_cool_decay",
        {"peak": 1e-3, "steps": 5000, "warmup": 100, "cooldown": 500, "every": 1000},
        stages(
            (100, along(oracles.line, 0.0, 1e-3, 100)),
            (4400, decayed),
            (500, along(oracles.line, decayed(4400), 0.0, 500)),
        ),
        start=0.0,
        end=0.0,
        length=5000,
        near=(100, 4500),
    )
