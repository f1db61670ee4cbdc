"""Warm-up to a peak and a decay: the schedules of most runs."""

from __future__ import annotations

from collections.abc import Callable

from gradatim.core.combine import join
from gradatim.core.decays import Constant
from gradatim.core.ramps import Cosine, Linear, Polynomial
from gradatim.core.recipes._phases import (
    First,
    Last,
    decay_steps,
    hold_at,
    phases,
    ticks_in,
    warm_up,
)
from gradatim.core.run.durations import Length, Level, level_of
from gradatim.core.run.run import Run, Total
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import Number, Positive
from gradatim.core.values.value import recipe
from gradatim.errors import invalid_value
from gradatim.xp.dispatch import known_true


@recipe
def warmup_constant(
    peak: Number,
    *,
    warmup: Length,
    start: Level = 0.0,
    steps: Total | None = None,
    first: First = "start",
) -> Schedule:
    """Linear warm-up, then the peak.

    Args:
        peak: The value after the warm-up.
        warmup: Updates of warm-up; with ``steps`` also "5%".
        start: The value the warm-up comes from, or a share of the peak such as "10%".
        steps: The length of the run in updates, or the run; None for no end.
        first: Value of the first update: "start", or "step", one step above it.

    >>> [warmup_constant(peak=1.0, warmup=4)(k) for k in (0, 1, 4, 100)]
    [0.0, 0.25, 1.0, 1.0]
    """
    phase = phases("warmup_constant", steps, warmup=warmup)
    begin = level_of("warmup_constant", "start", start, peak)
    up = warm_up(begin, peak, phase["warmup"], first)
    updates = ticks_in(steps)
    rest = None if updates is None else updates - sum(piece.length or 0 for piece in up)
    return join(*up, Constant(peak, rest))


def _up_and_down(
    where: str,
    peak: float,
    steps: int | Run,
    warmup: int | str,
    start: float | str,
    hold: int | str,
    floor: float | str,
    first: First,
    last: Last,
    fall: Callable[[float, float, int], Schedule],
) -> Schedule:
    """Linear warm-up to the peak, a hold, then ``fall`` down to the floor."""
    phase = phases(where, steps, warmup=warmup, hold=hold)
    begin, end = (
        level_of(where, name, value, peak) for name, value in (("start", start), ("floor", floor))
    )
    up = (*warm_up(begin, peak, phase["warmup"], first), *hold_at(peak, phase["hold"]))
    return join(*up, fall(peak, end, decay_steps(ticks_in(steps), up, last)))


@recipe
def warmup_linear(
    peak: Number,
    *,
    steps: Total,
    warmup: Length = 0,
    start: Level = 0.0,
    hold: Length = 0,
    floor: Level = 0.0,
    first: First = "start",
    last: Last = "step",
) -> Schedule:
    """Linear warm-up to the peak, an optional hold, then a line down to the floor.

    Args:
        peak: The highest value.
        steps: The length of the whole run in updates, or the run.
        warmup: Updates of warm-up, or a share such as "5%".
        start: The value the warm-up comes from, or a share of the peak such as "10%".
        hold: Updates at the peak before the decay, or a share.
        floor: The value the decay goes to, or a share of the peak such as "10%".
        first: Value of the first update: "start", or "step", one step above it.
        last: Value of the last update: "step", one step above the floor, or "floor".

    ``get_linear_schedule_with_warmup`` of transformers has the same values.

    >>> schedule = warmup_linear(peak=1.0, steps=12, warmup=4)
    >>> [schedule(k) for k in (0, 2, 4, 8, 11, 12)]
    [0.0, 0.5, 1.0, 0.5, 0.125, 0.0]
    """
    return _up_and_down(
        "warmup_linear", peak, steps, warmup, start, hold, floor, first, last, Linear
    )


@recipe
def warmup_cosine(
    peak: Number,
    *,
    steps: Total,
    warmup: Length = 0,
    start: Level = 0.0,
    hold: Length = 0,
    floor: Level = 0.0,
    first: First = "start",
    last: Last = "step",
) -> Schedule:
    """Linear warm-up to the peak, an optional hold, then half a cosine down to the floor.

    Args:
        peak: The highest value.
        steps: The length of the whole run in updates, or the run.
        warmup: Updates of warm-up, or a share such as "5%".
        start: The value the warm-up comes from, or a share of the peak such as "10%".
        hold: Updates at the peak before the decay, or a share.
        floor: The value the decay goes to and keeps, or a share of the peak such as "10%".
        first: Value of the first update: "start", or "step", one step above it.
        last: Value of the last update: "step", one step above the floor, or "floor".

    Projects count differently: Keras' ``CosineDecay`` leaves the warm-up out of its
    ``decay_steps``, Optax' ``warmup_cosine_decay_schedule`` includes it, as here;
    ``get_cosine_schedule_with_warmup`` of transformers has the same values up to the end and
    rises again after it.

    >>> schedule = warmup_cosine(peak=1.0, steps=12, warmup=4)
    >>> [round(schedule(k), 4) for k in (0, 2, 4, 8, 11, 12, 99)]
    [0.0, 0.5, 1.0, 0.5, 0.0381, 0.0, 0.0]
    """
    return _up_and_down(
        "warmup_cosine", peak, steps, warmup, start, hold, floor, first, last, Cosine
    )


@recipe
def warmup_polynomial(
    peak: Number,
    *,
    steps: Total,
    warmup: Length = 0,
    start: Level = 0.0,
    hold: Length = 0,
    power: Positive = 1.0,
    floor: Level = 0.0,
    first: First = "start",
    last: Last = "step",
) -> Schedule:
    """Linear warm-up to the peak, an optional hold, then a polynomial decay to the floor.

    With n updates of warm-up, ``floor + (peak - floor) * (1 - (t - n) / (steps - n)) ** power``.

    Args:
        peak: The highest value.
        steps: The length of the whole run in updates, or the run.
        warmup: Updates of warm-up, or a share such as "5%".
        start: The value the warm-up comes from, or a share of the peak such as "10%".
        hold: Updates at the peak before the decay, or a share.
        power: The exponent: 1 is a line, 2 falls fast first and then slowly.
        floor: The value the decay goes to and keeps, or a share of the peak such as "10%".
        first: Value of the first update: "start", or "step", one step above it.
        last: Value of the last update: "step", one step above the floor, or "floor".

    ``get_polynomial_decay_schedule_with_warmup`` of transformers has the same values; ``floor`` is
    its ``lr_end``, 1e-7 unless given.

    >>> schedule = warmup_polynomial(peak=1.0, steps=8, warmup=4, power=2.0)
    >>> [schedule(k) for k in (0, 2, 4, 6, 8)]
    [0.0, 0.5, 1.0, 0.25, 0.0]
    """

    def fall(start: float, end: float, steps: int) -> Schedule:
        return Polynomial(start, end, steps, power)

    return _up_and_down(
        "warmup_polynomial", peak, steps, warmup, start, hold, floor, first, last, fall
    )


@recipe
def slanted_triangular(
    peak: Number, *, steps: Total, warmup: Length = "10%", ratio: Positive = 32.0
) -> Schedule:
    """A short line up and a long line down, from and to a small fraction of the peak.

    Args:
        peak: The highest value.
        steps: The length of the whole run in updates, or the run.
        warmup: Updates of the way up, or a share such as "10%".
        ratio: The peak divided by the first value, which is also the last one.

    Source: Howard and Ruder, "Universal Language Model Fine-tuning for Text Classification", 2018
    (arXiv:1801.06146).

    >>> schedule = slanted_triangular(peak=1.0, steps=20, warmup=4, ratio=2.0)
    >>> [schedule(k) for k in (0, 2, 4, 12, 20)]
    [0.5, 0.75, 1.0, 0.75, 0.5]
    """
    if known_true(ratio < 1.0):
        raise invalid_value("slanted_triangular", "ratio", ratio, "at least 1")
    edge = peak / ratio
    return _up_and_down(
        "slanted_triangular", peak, steps, warmup, edge, 0, edge, "start", "step", Linear
    )
