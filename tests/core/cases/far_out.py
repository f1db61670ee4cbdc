"""Rows for lengths that float32, int32 and int64 cannot count, at steps that they can."""

from collections.abc import Iterator

from mpmath import mpf

from gradatim import Constant, InverseSqrtDecay, Linear
from tests.core import oracles
from tests.core.cases.case import Case
from tests.core.oracles import along, constant, stages


def far_out() -> Iterator[Case]:
    for n in (2**24 + 1, 2**31 + 5, 2**53 - 3):
        yield Case(
            "Join",
            {"pieces": (Linear(1.0, 0.0, n), Constant(3.0))},
            lambda t, n=n: oracles.line(t, 1.0, 0.0, n) if t < n else mpf(3),
            start=1.0,
            until=n + 1,
            near=(n,),
        )
    half, n = 2**32, 2**33
    long, line = Linear(1.0, 0.5, n), along(oracles.line, 1.0, 0.5, n)
    table = ((0, 1.0), (100, 0.75), (n, 0.5))
    within = (
        ("Shift", {"schedule": long, "by": n}, stages((n, constant(1.0)), (n, line)), 2 * n),
        ("Shift", {"schedule": long, "by": -half}, stages((half, lambda t: line(t + half))), half),
        (
            "Staircase",
            {"schedule": long, "every": half},
            lambda t: line(min(t // half, 2) * half),
            n,
        ),
        ("Cut", {"schedule": long, "steps": half}, stages((half, line)), half),
        (
            "Repeat",
            {"schedule": long, "times": 3, "factor": 0.5},
            lambda t: line(t - min(t // n, 2) * n if t < 3 * n else n) / 2 ** min(t // n, 2),
            3 * n,
        ),
        (
            "Table",
            {"points": table, "between": "hold"},
            stages((100, constant(1.0)), (n - 100, constant(0.75)), (0, constant(0.5))),
            n,
        ),
        (
            "Table",
            {"points": table, "between": "linear"},
            stages(
                (100, along(oracles.line, 1.0, 0.75, 100)),
                (n - 100, along(oracles.line, 0.75, 0.5, n - 100)),
            ),
            n,
        ),
    )
    for name, arguments, oracle, length in within:
        yield Case(
            name,
            arguments,
            oracle,
            start=float(oracle(0)),
            end=float(oracle(length)),
            length=length,
            near=(100, half, n),
        )
    vast = 10**20
    root, falling = InverseSqrtDecay(0.3, 7), along(oracles.inverse_sqrt, 0.3, 7)
    beyond = (
        ("Shift", {"schedule": root, "by": vast}, constant(0.3)),
        ("Shift", {"schedule": root, "by": -vast}, lambda t: falling(t + vast)),
        ("Staircase", {"schedule": root, "every": vast}, constant(0.3)),
        ("InverseSqrtDecay", {"start": 0.3, "scale": vast}, along(oracles.inverse_sqrt, 0.3, vast)),
        (
            "ExponentialDecay",
            {"start": 0.3, "factor": 0.5, "every": vast},
            along(oracles.exponential_decay, 0.3, 0.5, vast),
        ),
        (
            "Scale",
            {"schedule": Linear(0.3, 0.1, vast), "factor": 0.5},
            lambda t: oracles.line(t, 0.3, 0.1, vast) / 2,
        ),
    )
    for name, arguments, oracle in beyond:
        end = {"end": 0.05, "length": vast} if name == "Scale" else {"until": 10**15}
        yield Case(name, arguments, oracle, start=float(oracle(0)), **end)
