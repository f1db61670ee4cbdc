"""Up and down, once or repeatedly."""

from __future__ import annotations

from typing import Literal

from gradatim.core.combine import join
from gradatim.core.decays import ExponentialDecay
from gradatim.core.ramps import Cosine, Linear
from gradatim.core.recipes._phases import (
    First,
    Last,
    decay_steps,
    phases,
    ramp_of,
    ticks_in,
    warm_up,
    warm_up_steps,
)
from gradatim.core.run.durations import Length, Level, in_ticks, level_of
from gradatim.core.run.run import Total
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import DecayFactor, Number, PositiveInt
from gradatim.core.values.value import recipe
from gradatim.errors import GradatimError, invalid_value
from gradatim.xp.dispatch import known_true

Mode = Literal["triangular", "triangular2", "exp_range"]


@recipe
def one_cycle(
    peak: Number,
    *,
    steps: Total,
    warmup: Length = "30%",
    start: Level | None = None,
    floor: Level | None = None,
    shape: Literal["cosine", "linear"] = "cosine",
    three_phases: bool = False,
    last: Last = "step",
) -> Schedule:
    """Up to a high peak in the first part of the run, then down far below the start.

    Args:
        peak: The highest value.
        steps: The length of the whole run in updates, or the run.
        warmup: Updates of the way up, or a share such as "30%".
        start: The first value, or a share of the peak such as "4%"; the default is ``peak / 25``.
        floor: The value at the end, or a share of the peak; the default is ``start / 10_000``.
        shape: "cosine" or "linear", for every part.
        three_phases: Come down to ``start`` as fast as it went up, then to ``floor``.
        last: Value of the last update: "step", one step above the floor, or "floor".

    For an inverted cycle, such as that of a momentum that falls while the rate rises, give a start
    and a floor above the peak.

    Source: Smith and Topin, "Super-Convergence", 2018 (arXiv:1708.07120). ``OneCycleLR`` of torch
    puts the peak one update earlier (``warmup = 0.3 * steps - 1``), ends with ``last="floor"`` and
    has one more, higher value past its end; Optax' ``cosine_onecycle_schedule`` differs again.

    >>> schedule = one_cycle(peak=1.0, steps=10, warmup=4, start=0.5, floor=0.0)
    >>> [round(schedule(k), 4) for k in (0, 2, 4, 7, 10)]
    [0.5, 0.75, 1.0, 0.5, 0.0]
    """
    up = phases("one_cycle", steps, warmup=warmup)["warmup"]
    if three_phases and 2 * up >= ticks_in(steps):
        raise invalid_value(
            "one_cycle", "warmup", warmup, "below half of steps with three_phases=True"
        )
    begin, end = _ends(peak, start, floor)
    before: list[Schedule] = [ramp_of(shape, begin, peak, up)] if up else []
    if three_phases and up:
        before.append(ramp_of(shape, peak, begin, up))
    turn = begin if three_phases else peak
    return join(
        *before, ramp_of(shape, turn, end, decay_steps(ticks_in(steps), tuple(before), last))
    )


def _ends(peak: float, start: float | str | None, floor: float | str | None) -> tuple[float, float]:
    """The first and the last value of one cycle."""
    if isinstance(start, float) and known_true(start > peak):
        if floor is None:
            raise GradatimError(
                f"one_cycle: start, {start!r}, is above peak, {peak!r}. If the cycle goes down and "
                "up again, as a momentum does while the rate goes up and down, say its last value, "
                f"too: floor={start!r}. If start is a share of the peak, write it as a text: "
                "start='10%'."
            )
        if isinstance(floor, str) or known_true(floor < peak):
            allowed = f"at least peak, {peak!r}, where start is above it"
            raise invalid_value("one_cycle", "floor", floor, allowed, f"Write floor={start!r}.")
        return start, floor
    begin = peak / 25.0 if start is None else level_of("one_cycle", "start", start, peak)
    end = begin / 1e4 if floor is None else level_of("one_cycle", "floor", floor, peak)
    return begin, end


@recipe
def cyclic(
    peak: Number,
    *,
    start: Level,
    up: Length = 2000,
    down: Length | None = None,
    mode: Mode = "triangular",
    factor: DecayFactor = 1.0,
    cycles: PositiveInt | None = None,
    steps: Total | None = None,
) -> Schedule:
    """Linear up and linear down, repeatedly.

    Args:
        peak: The highest value of the first cycle.
        start: The value between cycles, or a share of the peak such as "10%".
        up: Updates of the way up; or "2 epochs".
        down: Updates of the way down; as many as up if not given.
        mode: "triangular": all cycles alike; "triangular2": each half as high as the previous
            one; "exp_range": the height is multiplied with ``factor`` at every update.
        factor: The factor of "exp_range".
        cycles: The number of cycles; None for no end.
        steps: The run, or its updates; needed only to read a length such as "2 epochs" or "5%".

    A momentum that falls while the rate rises is ``0.95 - cyclic(0.1, start=0.0, up=...)``.

    Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017
    (arXiv:1506.01186). ``CyclicLR`` of torch has the same values.

    >>> schedule = cyclic(peak=1.0, start=0.0, up=4, mode="triangular2")
    >>> [schedule(k) for k in (0, 2, 4, 6, 8, 12, 16)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.5, 0.0]
    """
    if mode != "exp_range" and not known_true(factor == 1.0):
        raise invalid_value("cyclic", "factor", factor, f"left out with mode={mode!r}")
    low = level_of("cyclic", "start", start, peak)
    rise = in_ticks("cyclic", "up", up, steps, least=1)
    fall = rise if down is None else in_ticks("cyclic", "down", down, steps, least=1)
    return triangles(peak, low, rise, fall, mode, factor, cycles)


def triangles(
    peak: float,
    start: float,
    up: int,
    down: int,
    mode: Mode = "triangular",
    factor: float = 1.0,
    cycles: int | None = None,
) -> Schedule:
    """From ``start`` to ``peak`` and back, repeatedly; either may be the higher one."""
    height = peak - start
    triangle = Linear(0.0, height, up) >> Linear(height, 0.0, down)
    waves: Schedule = triangle.repeat(cycles, factor=0.5 if mode == "triangular2" else 1.0)
    if mode == "exp_range":
        waves = waves * ExponentialDecay(1.0, factor)
    return waves if known_true(start == 0.0) else waves + start


@recipe
def cosine_restarts(
    peak: Number,
    *,
    cycle: Length,
    cycles: PositiveInt | None = None,
    stretch: PositiveInt = 1,
    factor: DecayFactor = 1.0,
    warmup: Length = 0,
    start: Level = 0.0,
    floor: Level = 0.0,
    first: First = "start",
    steps: Total | None = None,
) -> Schedule:
    """Half a cosine down to the floor, then a jump back to the peak, repeatedly.

    Args:
        peak: The highest value of the first cycle.
        cycle: The length of the first cycle in updates; or "10 epochs".
        cycles: The number of cycles; None for no end.
        stretch: How many times as long each cycle is as the one before it.
        factor: The height above the floor is multiplied by it from one cycle to the next.
        warmup: Updates of linear warm-up before the first cycle.
        start: The value the warm-up comes from, or a share of the peak such as "10%".
        floor: The value each cycle goes to, or a share of the peak such as "10%".
        first: Value of the first update: "start", or "step", one step above it.
        steps: The run, or its updates; needed only to read a length such as "2 epochs" or "5%".

    Source: Loshchilov and Hutter, "SGDR", 2017 (arXiv:1608.03983).
    ``CosineAnnealingWarmRestarts`` of torch has the same values (``stretch`` is its ``T_mult``).

    >>> schedule = cosine_restarts(peak=1.0, cycle=4, stretch=2)
    >>> [round(schedule(k), 4) for k in (0, 2, 4, 8, 12)]
    [1.0, 0.5, 1.0, 0.5, 1.0]
    """
    begin, end = (
        level_of("cosine_restarts", name, value, peak)
        for name, value in (("start", start), ("floor", floor))
    )
    up = warm_up(begin, peak, warm_up_steps("cosine_restarts", warmup, steps), first)
    length = in_ticks("cosine_restarts", "cycle", cycle, steps, least=1)
    if known_true(factor == 1.0) or known_true(end == 0.0):
        waves: Schedule = Cosine(peak, end, length).repeat(cycles, stretch=stretch, factor=factor)
    else:
        waves = Cosine(peak - end, 0.0, length).repeat(cycles, stretch=stretch, factor=factor)
        waves = waves + end
    return join(*up, waves)
