"""Rows for the curves that papers print as one expression."""

import math
from collections.abc import Iterator

from mpmath import cos, exp, mpf, pi, sqrt, tanh

from tests.core import oracles
from tests.core.cases.case import Case


def closed_forms() -> Iterator[Case]:
    yield Case(
        "Line",
        {"start": 0.5, "rise": -1e-6, "every": 2.5},
        lambda t: mpf(0.5) - mpf(1e-6) * t / mpf(2.5),
        start=0.5,
        way="falls",
        until=10**5,
    )
    yield Case(
        "NaturalDecay",
        {"start": 3e-4, "rate": 0.001, "every": 0.5},
        lambda t: mpf(3e-4) * exp(-mpf(0.001) * t / mpf(0.5)),
        start=3e-4,
        way="falls",
        until=4000,
        units=9.0,
    )
    for stairs in (False, True):
        yield Case(
            "GeometricDecay",
            {"start": 3e-4, "factor": 0.25, "every": 2.5, "stairs": stairs},
            lambda t, stairs=stairs: (
                mpf(3e-4) * mpf(0.25) ** (t * 2 // 5 if stairs else t / mpf(2.5))
            ),
            start=3e-4,
            way="falls",
            until=15,
            units=10.0,
        )
    yield Case(
        "Noam",
        {"warmup": 4000},
        lambda t: oracles.noam(t, 4000) if t else mpf(0),
        start=0.0,
        high=1.0 + 1e-15,
        until=10**12,
        near=(4000,),
    )
    yield Case(
        "Noam",
        {"warmup": 100, "model_size": 512},
        lambda t: oracles.noam(t, 100) / sqrt(mpf(51200)) if t else mpf(0),
        start=0.0,
        until=10**6,
        near=(100,),
    )
    yield Case(
        "CosineWave",
        {"half_period": 100, "peak_step": 100},
        lambda t: (1 - cos(pi * t / mpf(100))) / 2,
        start=0.0,
        low=0.0,
        high=1.0,
        until=300,
        size=1.0,
    )
    yield Case(
        "Tanh",
        {"high": 0.3, "low": 0.0, "steps": 90, "first": -6.0, "last": 3.0},
        lambda t: mpf(0.3) * (1 - tanh(mpf(-6) + t / mpf(10))) / 2,
        start=0.3 / (1 + math.exp(-12.0)),
        way="falls",
        until=110,
        units=50.0,
    )
    yield Case(
        "Triangle",
        {"low": 1e-3, "high": 6e-3, "half_period": 50},
        lambda t: mpf(1e-3) + mpf(5e-3) * oracles.triangle(t, 50),
        start=1e-3,
        low=1e-3,
        high=6e-3,
        until=400,
        units=6.0,
        size=6e-3,
        near=(50, 100),
    )
