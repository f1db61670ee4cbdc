"""Rows for values that fall at once."""

from collections.abc import Iterator
from math import inf

from mpmath import mpf

from tests.core import oracles
from tests.core.cases.case import Case
from tests.core.oracles import along, constant, stages


def drops() -> Iterator[Case]:
    yield Case(
        "step_decay",
        {"peak": 0.1, "every": 30},
        lambda t: mpf(0.1) * mpf(0.1) ** (t // 30),
        start=0.1,
        way="falls",
        until=300,
    )
    yield Case(
        "step_decay",
        {"peak": 0.1, "every": 10, "factor": 0.97, "warmup": 5, "start": 0.02},
        stages(
            (5, along(oracles.line, 0.02, 0.1, 5)),
            (inf, lambda t: mpf(0.1) * mpf(0.97) ** (t // 10)),
        ),
        start=0.02,
        until=3000,
        near=(5, 15),
    )
    yield Case(
        "multistep",
        {"peak": 0.1, "boundaries": (30, 60, 80), "warmup": 5, "start": 0.01},
        stages(
            (5, along(oracles.line, 0.01, 0.1, 5)),
            (25, constant(0.1)),
            (30, lambda t: mpf(0.1) ** 2),
            (20, lambda t: mpf(0.1) ** 3),
            (0, lambda t: mpf(0.1) ** 4),
        ),
        start=0.01,
        end=0.1 * 0.1 * 0.1 * 0.1,
        length=80,
    )
    yield Case(
        "piecewise_constant",
        {"values": (1.0, 0.3, 0.7), "boundaries": (10, 10**6)},
        stages((10, constant(1.0)), (10**6 - 10, constant(0.3)), (0, constant(0.7))),
        start=1.0,
        end=0.7,
        length=10**6,
        near=(10,),
    )
