"""Rows for batches that grow, and for rates that follow them."""

from collections.abc import Iterator

from mpmath import mpf, sqrt

from gradatim import Linear, Run, Table
from tests.core import oracles
from tests.core.cases.case import Case
from tests.core.oracles import along, stages


def batches() -> Iterator[Case]:
    yield Case(
        "batch_stages",
        {"stages": "0:8 96:16 1K:24"},
        # 12 updates see 96 samples; 57 more of 16 are the first to see 1000: 1008.
        lambda t: mpf(8 if t < 12 else 16 if t < 69 else 24),
        start=8.0,
        end=24.0,
        length=69,
        low=8.0,
        high=24.0,
        way="rises",
    )
    yield Case(
        "batch_stages",
        {"stages": "0:8 50:16 51:24", "tokens_per_sample": 2, "per": 4},
        # 4 updates see 32 samples: 25 were wanted, and the next stage begins there at once.
        lambda t: mpf(2 if t < 4 else 6),
        start=2.0,
        end=6.0,
        length=4,
        way="rises",
    )
    yield Case(
        "batch_rampup",
        {"peak": 64, "start": 16, "increment": 16, "samples": 960},
        # 320 samples an increment: 20 updates of 16, 10 of 32, 7 of 48 (6.7).
        lambda t: mpf(16 if t < 20 else 32 if t < 30 else 48 if t < 37 else 64),
        start=16.0,
        end=64.0,
        length=37,
        way="rises",
    )
    ramp, curve = Linear(0.3, 0.1, 1000), along(oracles.line, 0.3, 0.1, 1000)
    batch = Table([(0, 8), (300, 16), (400, 48)], "hold")

    def factor(t: int, first: int = 300, second: int = 400, least: int = 8) -> mpf:
        return mpf(8 if t < first else 16 if t < second else 48) / least

    yield Case(
        "scale_with_batch",
        {"schedule": ramp, "run": Run(batch=batch, steps=1000)},
        lambda t: stages((1000, curve))(t) * sqrt(factor(t)),
        start=0.3,
        end=0.1 * 6**0.5,
        length=1000,
    )
    tokens = Run(batch=batch, steps=600, tokens_per_sample=10, clock="tokens")
    yield Case(
        "scale_with_batch",
        {"schedule": ramp, "run": tokens, "power": 1.0, "reference": 16},
        # 24,000 tokens before the first change and 16,000 more before the second.
        lambda t: stages((1000, curve))(t) * factor(t, 24_000, 40_000, 16),
        start=0.15,
        end=0.1 * 3.0,
        length=40_000,
        near=(24_000, 40_000),
    )
