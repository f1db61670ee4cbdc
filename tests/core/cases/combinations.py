"""Rows for schedules made of schedules."""

from collections.abc import Iterator
from math import inf

from mpmath import ceil, floor, mpf

from gradatim import Constant, Cosine, ExponentialDecay, InverseSqrtDecay, Linear
from tests.core import oracles
from tests.core.cases.case import Case
from tests.core.oracles import along, constant, stages


def combinations() -> Iterator[Case]:
    up, down = Linear(0.0, 0.3, 50), Cosine(0.3, 1e-5, 10**6)
    rising = along(oracles.line, 0.0, 0.3, 50)
    falling = along(oracles.cosine, 0.3, 1e-5, 10**6)
    rooted = along(oracles.inverse_sqrt, 0.3, 7)
    yield Case(
        "Join",
        {"pieces": (up, Constant(0.2, 30), down)},
        stages((50, rising), (30, constant(0.2)), (10**6, falling)),
        start=0.0,
        end=1e-5,
        length=80 + 10**6,
        low=0.0,
        high=0.3,
        near=(50, 80),
    )
    yield Case(
        "Join",
        {"pieces": (up.cut(0), up.cut(20), InverseSqrtDecay(0.3, 7))},
        stages((20, rising), (inf, rooted)),
        start=0.0,
        until=10**12,
        near=(20,),
    )
    yield Case(
        "Scale",
        {"schedule": down, "factor": 0.1},
        stages((10**6, lambda t: mpf(0.1) * falling(t))),
        start=0.1 * 0.3,
        end=0.1 * 1e-5,
        length=10**6,
        way="falls",
    )
    yield Case(
        "Product",
        {"factors": (up, InverseSqrtDecay(0.3, 7), Constant(3.0, 10))},
        lambda t: 3 * stages((50, rising))(t) * rooted(t),
        start=0.0,
        until=10**12,
        near=(50,),
    )
    yield Case(  # the constant, which goes on for ever, does not take the end away
        "Sum",
        {"terms": (up, Constant(1e-3), Linear(0.5, 0.0, 80))},
        lambda t: (
            stages((50, rising))(t) + mpf(1e-3) + stages((80, along(oracles.line, 0.5, 0.0, 80)))(t)
        ),
        start=0.0 + 1e-3 + 0.5,
        end=0.3 + 1e-3 + 0.0,
        length=80,
        near=(50,),
    )
    yield Case(
        "Clip",
        {"schedule": down, "low": 1e-3, "high": 0.25},
        lambda t: min(mpf(0.25), max(mpf(1e-3), stages((10**6, falling))(t))),
        start=0.25,
        end=1e-3,
        length=10**6,
        low=1e-3,
        high=0.25,
        way="falls",
    )
    yield Case(
        "Clip",
        {"schedule": up, "high": 0.2},
        lambda t: min(mpf(0.2), rising(t)),
        start=0.0,
        end=0.2,
        length=50,
        way="rises",
    )
    yield Case(
        "Shift",
        {"schedule": down, "by": 1000},
        stages((1000, constant(0.3)), (10**6, falling)),
        start=0.3,
        end=1e-5,
        length=1000 + 10**6,
        way="falls",
        near=(1000,),
    )
    yield Case(
        "Shift",
        {"schedule": InverseSqrtDecay(0.3, 7), "by": -21},
        lambda t: rooted(t + 21),
        start=0.15,
        way="falls",
        until=10**12,
    )
    yield Case(
        "Staircase",
        {"schedule": down, "every": 300},
        stages((1_000_200, lambda t: stages((10**6, falling))(t // 300 * 300))),
        start=0.3,
        end=1e-5,
        length=1_000_200,  # the stair that begins at 999_900 still stands above the end
        way="falls",
        near=(300, 600, 999_900),
    )
    yield Case(
        "Cut",
        {"schedule": InverseSqrtDecay(0.3, 7), "steps": 21},
        stages((21, rooted)),
        start=0.3,
        end=0.15,
        length=21,
        way="falls",
    )
    yield from whole_numbers()
    saw, line = Linear(0.3, 0.1, 7), along(oracles.line, 0.3, 0.1, 7)
    yield Case(
        "Repeat",
        {"schedule": saw},
        lambda t: line(t % 7),
        start=0.3,
        low=0.1,
        high=0.3,
        until=10**12,
        near=(7, 7 * 10**6, 7 * 10**11),
    )
    yield Case(
        "Repeat",
        {"schedule": saw, "times": 20, "factor": 0.9},
        lambda t: mpf(0.9) ** min(t // 7, 19) * line(t % 7 if t < 140 else 7),
        start=0.3,
        end=0.1 * 0.9**19,
        length=140,
        units=5.0,
    )
    yield Case(
        "Repeat",
        {"schedule": saw, "times": 4, "stretch": 3, "factor": 0.5},
        stages(
            *(
                (7 * 3**i, lambda t, i=i: oracles.line(t, 0.3, 0.1, 7 * 3**i) / 2**i)
                for i in range(4)
            )
        ),
        start=0.3,
        end=0.1 / 8,
        length=7 * (1 + 3 + 9 + 27),
        near=(7, 28, 91),
    )
    nested = (up >> saw.repeat(3)).shift(5).staircase(2).clip(low=0.05) * ExponentialDecay(2.0, 0.5)

    def by_hand(t: int) -> mpf:
        local = max(t // 2 * 2 - 5, 0)
        risen = rising(local) if local < 50 else line((local - 50) % 7 if local < 71 else 7)
        return max(mpf(0.05), risen) * 2 * mpf(0.5) ** t

    yield Case("Product", {"factors": nested.factors}, by_hand, start=0.1, until=300, near=(55, 76))


def whole_numbers() -> Iterator[Case]:
    """Multiples; between two of them lies no step of these curves at which rounding decides."""
    ramp, curve = Linear(0.3, 5.9, 97), along(oracles.line, 0.3, 5.9, 97)
    yield Case(
        "Rounded",
        {"schedule": ramp},
        lambda t: floor(curve(min(t, 97)) + mpf(0.5)),
        start=0.0,
        end=6.0,
        length=97,
        low=0.0,
        high=6.0,
        way="rises",
    )
    yield Case(
        "Rounded",
        {"schedule": ramp, "to": 2, "way": "up"},
        lambda t: 2 * ceil(curve(min(t, 97)) / 2),
        start=2.0,
        end=6.0,
        length=97,
        way="rises",
    )
    window = Linear(1790.0, 130.0, 10**6)
    falling = along(oracles.line, 1790.0, 130.0, 10**6)
    yield Case(
        "Rounded",
        {"schedule": window, "to": 128, "way": "down"},
        lambda t: 128 * floor(falling(min(t, 10**6)) / 128),
        start=1664.0,
        end=128.0,
        length=10**6,
        low=128.0,
        high=1664.0,
        way="falls",
    )
    for name in ("ByUpdates", "by_updates"):
        yield Case(
            name,
            {"schedule": ramp},
            stages((97, curve)),
            start=0.3,
            end=5.9,
            length=97,
            way="rises",
        )
