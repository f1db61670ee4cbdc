"""Rows for the pieces: ramps and decays."""

import math
from collections.abc import Iterator
from typing import Any

from mpmath import mpf

from tests.core import oracles
from tests.core.cases.case import Case
from tests.core.oracles import along, constant, stages


def ramps() -> Iterator[Case]:
    shapes = (
        ("Linear", oracles.line, {}, 4.0),
        ("Cosine", oracles.cosine, {}, 4.0),
        ("Polynomial", oracles.polynomial, {"power": 2.0}, 4.0),
        ("Polynomial", oracles.polynomial, {"power": 0.9}, 4.0),
        ("Polynomial", oracles.polynomial, {"power": 0.3}, 4.0),
        ("Exponential", oracles.exponential, {}, 5.0),
        ("OneMinusSqrt", oracles.one_minus_sqrt, {}, 4.0),
        ("SquareRoot", oracles.square_root, {}, 4.0),
        ("Logarithmic", oracles.logarithmic, {"bend": 0.01}, 4.0),
        ("Logarithmic", oracles.logarithmic, {"bend": 999.0}, 4.0),
        ("Logistic", oracles.logistic, {"steepness": 4.0}, 4.0),
        ("Logistic", oracles.logistic, {"steepness": 12.0}, 13.0),
        ("REX", oracles.rex, {"bend": 0.5}, 4.0),
        ("REX", oracles.rex, {"bend": 0.9}, 4.0),
        ("KDecay", oracles.k_decay, {"power": 2.0}, 5.0),
        ("KDecay", oracles.k_decay, {"power": 0.5}, 5.0),
    )
    ends = (
        (1.0, 0.0, 100),
        (-1.0, 0.5, 64),
        (0.1, 0.7, 1),
        (1e-7, 3e-4, 251),
        (3e-4, 3e-5, 10**6),
        (2.0, 1e-8, 10**12),
    )
    for name, formula, more, units in shapes:
        for start, end, steps in ends:
            low, high = sorted((start, end))
            if name == "Exponential" and low <= 0.0:
                continue
            arguments = {"start": start, "end": end, "steps": steps, **more}
            yield Case(
                name,
                arguments,
                stages((steps, along(formula, **arguments))),
                start=start,
                end=end,
                length=steps,
                low=low,
                high=high,
                way="falls" if start > end else "rises",
                units=units,
                size=high if low < 0.0 else 0.0,
            )
    yield from glides()


def glides() -> Iterator[Case]:
    """Between two updates begins or ends each of these, and there the textbook's curve is read."""
    shapes = (
        ("cosine", oracles.cosine),
        ("linear", oracles.line),
        ("1-sqrt", oracles.one_minus_sqrt),
    )
    spans = ((1.0, 0.0, 71.5, 0.75), (0.01, 0.3, 29.25, None), (0.3, 1e-5, 10**6 + 0.5, None))
    for shape, formula in shapes:
        for start, end, span, begun in spans:
            over = begun or 0.0
            length = math.ceil(span - over)

            def curve(t, start=start, end=end, span=span, over=over, formula=formula):
                return formula(min(mpf(t) + mpf(over), mpf(span)), start, end, span)

            yield Case(
                "FractionalRamp",
                {
                    "start": start,
                    "end": end,
                    "steps": length,
                    "span": span,
                    "shape": shape,
                    "elapsed": begun,
                },
                curve,
                start=float(curve(0)),
                end=end,
                length=length,
                low=min(start, end),
                high=max(start, end),
                way="falls" if start > end else "rises",
                units=6.0,
            )


def harmonic(step: Any) -> Any:
    """One over the number of the update, in every framework: for the rows of ``Function``."""
    return 1 / (step + 1)


def decays() -> Iterator[Case]:
    yield Case(
        "Constant", {"value": 0.1}, constant(0.1), start=0.1, low=0.1, high=0.1, until=10**12
    )
    yield Case(
        "Constant", {"value": -2.5, "steps": 50}, constant(-2.5), start=-2.5, end=-2.5, length=50
    )
    falling = (
        ("PowerDecay", oracles.power_decay, {"power": 0.51, "scale": 1000}, 10**12),
        ("PowerDecay", oracles.power_decay, {"power": 1.7, "scale": 3}, 10**6),
        ("InverseSqrtDecay", oracles.inverse_sqrt, {"scale": 4000}, 10**12),
        ("InverseTimeDecay", oracles.inverse_time, {"rate": 0.5, "every": 10}, 10**12),
        ("InverseTimeDecay", oracles.inverse_time, {"rate": 0.0, "every": 1}, 10**6),
        ("ExponentialDecay", oracles.exponential_decay, {"factor": 0.999, "every": 1}, 20_000),
        ("ExponentialDecay", oracles.exponential_decay, {"factor": 0.5, "every": 1000}, 30_000),
        ("ExponentialDecay", oracles.exponential_decay, {"factor": 0.9, "every": 10**10}, 10**12),
        ("ExponentialDecay", oracles.exponential_decay, {"factor": 0.999999, "every": 1}, 10**7),
    )
    for name, formula, more, until in falling:
        arguments = {"start": 3e-4, **more}
        yield Case(
            name,
            arguments,
            along(formula, **arguments),
            start=3e-4,
            low=0.0,
            high=3e-4,
            way="falls",
            until=until,
        )
    points = ((0, 0.2), (10, 1.0), (11, 0.5), (10**7, 0.125))
    yield Case(
        "Table",
        {"points": points, "between": "hold"},
        lambda t: max((step, mpf(value)) for step, value in points if step <= t)[1],
        start=0.2,
        end=0.125,
        length=10**7,
        near=(10, 11),
    )
    yield Case(
        "Table",
        {"points": points, "between": "linear"},
        stages(
            (10, along(oracles.line, 0.2, 1.0, 10)),
            (1, along(oracles.line, 1.0, 0.5, 1)),
            (10**7 - 11, along(oracles.line, 0.5, 0.125, 10**7 - 11)),
        ),
        start=0.2,
        end=0.125,
        length=10**7,
        low=0.125,
        high=1.0,
        near=(10, 11),
    )
    yield Case(
        "Table",
        {"points": ((0, 0.3),), "between": "linear"},
        constant(0.3),
        start=0.3,
        end=0.3,
        length=0,
    )
    yield Case(
        "Function",
        {"function": "tests.core.cases.pieces:harmonic", "steps": 1000},
        stages((1000, lambda t: 1 / mpf(t + 1))),
        start=1.0,
        end=1 / 1001,
        length=1000,
        low=0.0,
        high=1.0,
        way="falls",
    )
