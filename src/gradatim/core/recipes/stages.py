"""Warm-up, a long stable part, and a cooldown that can be decided on later."""

from __future__ import annotations

from gradatim.core.combine import join
from gradatim.core.decays import Constant, ExponentialDecay
from gradatim.core.ramps import Cosine, Exponential, Linear
from gradatim.core.recipes._phases import (
    First,
    Last,
    Shape,
    floor_for,
    hold_at,
    phases,
    ramp_of,
    ticks_in,
    warm_up,
    warm_up_steps,
)
from gradatim.core.run.durations import Length, Level, in_ticks, level_of
from gradatim.core.run.run import Run, Total
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import DecayFactor, Number, Positive
from gradatim.core.values.value import recipe
from gradatim.errors import invalid_value
from gradatim.xp.dispatch import known_true


@recipe
def wsd(
    peak: Number,
    *,
    steps: Total,
    warmup: Length = 0,
    cooldown: Length = "20%",
    shape: Shape = "1-sqrt",
    start: Level = 0.0,
    floor: Level = 0.0,
    first: First = "start",
    last: Last = "step",
) -> Schedule:
    """Warm-up, stable, decay: linear up, the peak for most of the run, a cooldown at the end.

    The stable part can be cut and given another cooldown at any time, so the length of the run
    need not be known when it starts.

    Args:
        peak: The value of the stable part.
        steps: The length of the whole run in updates, or the run.
        warmup: Updates of warm-up, or a share such as "5%".
        cooldown: Updates of cooldown, or a share such as "20%".
        shape: The curve of the cooldown: "1-sqrt", "linear", "cosine", "exponential" (the floor
            must be above 0) or "sqrt-cube".
        start: The value the warm-up comes from, or a share of the peak such as "10%".
        floor: The value the cooldown goes to, or a share of the peak such as "10%".
        first: Value of the first update: "start", or "step", one step above it.
        last: Value of the last update: "step", one step above the floor, or "floor".

    Sources: Hu et al., "MiniCPM", 2024 (arXiv:2404.06395); Haegele et al., 2024
    (arXiv:2405.18392) for "1-sqrt"; Luo et al., "A Multi-Power Law for Loss Curve Prediction",
    2025 (arXiv:2503.12811) for "sqrt-cube".

    >>> schedule = wsd(peak=1.0, steps=20, warmup=4, cooldown=4)
    >>> [schedule(k) for k in (0, 2, 4, 16, 17, 20)]
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    return _stable("wsd", peak, steps, warmup, cooldown, shape, start, floor, first, last)


def _stable(
    where: str,
    peak: float,
    steps: int | Run,
    warmup: int | str,
    cooldown: int | str,
    shape: Shape,
    start: float | str,
    floor: float | str,
    first: First,
    last: Last,
) -> Schedule:
    """Linear warm-up, the peak, then a cooldown."""
    phase = phases(where, steps, warmup=warmup, cooldown=cooldown)
    down = phase["cooldown"]
    if down == 0:
        raise invalid_value(where, "cooldown", cooldown, "1 or more", "Or write warmup_constant.")
    end = floor_for(where, shape, floor, peak)
    up = warm_up(level_of(where, "start", start, peak), peak, phase["warmup"], first)
    stable = ticks_in(steps) - sum(piece.length or 0 for piece in up) - down
    return join(
        *up,
        *hold_at(peak, stable),
        ramp_of(shape, peak, end, max(down - (last == "floor"), 1)),
    )


@recipe
def trapezoid(
    peak: Number,
    *,
    steps: Total,
    warmup: Length = "10%",
    cooldown: Length = "20%",
    start: Level = 0.0,
    floor: Level = 0.0,
    first: First = "start",
    last: Last = "step",
) -> Schedule:
    """Linear up, constant, linear down.

    ``wsd`` with a linear cooldown; the arguments are the same.

    >>> schedule = trapezoid(peak=1.0, steps=20, warmup=4, cooldown=4)
    >>> [schedule(k) for k in (0, 2, 4, 16, 18, 20)]
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    return _stable("trapezoid", peak, steps, warmup, cooldown, "linear", start, floor, first, last)


@recipe
def warm_cool_decay(
    peak: Number,
    *,
    steps: Total,
    warmup: Length,
    cooldown: Length,
    factor: DecayFactor = 0.75,
    every: Length = 100_000,
    floor: Level = 0.0,
    first: First = "start",
) -> Schedule:
    """Linear warm-up, a slow exponential decay, then a linear cooldown from its value.

    Args:
        peak: The highest value.
        steps: The length of the whole run in updates, or the run.
        warmup: Updates of warm-up, or a share such as "5%".
        cooldown: Updates of cooldown, or a share.
        factor: The factor of ``every`` updates of decay.
        every: The updates in which it is multiplied by ``factor`` once, or a share.
        floor: The value the cooldown goes to and keeps, or a share of the peak such as "10%".
        first: Value of the first update: "start", or "step", one step above it.

    SpeechBrain's ``WarmCoolDecayLRSchedule`` jumps where the cooldown begins and goes below 0
    after the end.

    >>> schedule = warm_cool_decay(1.0, steps=20, warmup=4, cooldown=8, factor=0.5, every=8)
    >>> [round(schedule(k), 4) for k in (0, 4, 12, 16, 20, 99)]
    [0.0, 1.0, 0.5, 0.25, 0.0, 0.0]
    """
    phase = phases("warm_cool_decay", steps, warmup=warmup, cooldown=cooldown)
    end = level_of("warm_cool_decay", "floor", floor, peak)
    up, down = warm_up(0.0, peak, phase["warmup"], first), phase["cooldown"]
    between = ticks_in(steps) - sum(piece.length or 0 for piece in up) - down
    unit = in_ticks("warm_cool_decay", "every", every, steps, least=1)
    decay = ExponentialDecay(peak, factor, unit)
    cool = (Linear(decay(between), end, down),) if down else ()
    return join(*up, decay.cut(between), *cool)


@recipe
def tri_stage(
    peak: Positive,
    *,
    warmup: Length,
    hold: Length,
    cooldown: Length,
    start: Level | None = None,
    floor: Level | None = None,
    steps: Total | None = None,
    first: First = "start",
) -> Schedule:
    """Linear warm-up, the peak for a while, then an exponential decay to the floor.

    Args:
        peak: The highest value, above 0.
        warmup: Updates of warm-up; with ``steps`` also "10%".
        hold: Updates at the peak; with ``steps`` also "40%".
        cooldown: Updates of the decay, 1 or more; with ``steps`` also "50%".
        start: The value the warm-up comes from, or a share of the peak; the default is
            ``0.01 * peak``.
        floor: The value the decay goes to and keeps, above 0, or a share of the peak; the default
            is ``0.05 * peak``.
        steps: The run, or its updates; needed only to read a length such as "2 epochs" or "5%".
        first: Value of the first update: "start", or "step", one step above it.

    Source: Park et al., "SpecAugment", 2019 (arXiv:1904.08779). fairseq's ``tri_stage`` decays to
    ``0.01 * peak``; SpeechBrain's ``TriStageLRSchedule`` goes on falling below its floor.

    >>> schedule = tri_stage(peak=1.0, warmup=10, hold=10, cooldown=20, floor=0.01)
    >>> [round(schedule(k), 4) for k in (0, 5, 10, 20, 30, 40, 99)]
    [0.01, 0.505, 1.0, 1.0, 0.1, 0.01, 0.01]
    """
    up = warm_up_steps("tri_stage", warmup, steps)
    held, down = (
        in_ticks("tri_stage", name, length, steps)
        for name, length in (("hold", hold), ("cooldown", cooldown))
    )
    if down == 0:
        raise invalid_value(
            "tri_stage", "cooldown", cooldown, "1 or more", "Or write warmup_constant."
        )
    begin = 0.01 * peak if start is None else level_of("tri_stage", "start", start, peak)
    end = 0.05 * peak if floor is None else floor_for("tri_stage", "exponential", floor, peak)
    return join(
        *warm_up(begin, peak, up, first), *hold_at(peak, held), Exponential(peak, end, down)
    )


@recipe
def infinite(
    peak: Positive,
    *,
    level: Level,
    warmup: Length,
    decay: Length,
    hold: Length = 0,
    cooldown: Length = 0,
    floor: Level | None = None,
    start: Level = 0.0,
    first: First = "start",
    steps: Total | None = None,
) -> Schedule:
    """Warm-up, a cosine down to a constant level without end, then an optional cooldown.

    A run that is continued later starts from the level again, not from the peak.

    Args:
        peak: The highest value.
        level: The constant value after the decay, above 0, or a share of the peak such as "50%".
        warmup: Updates of warm-up.
        decay: Updates of the cosine from peak to level.
        hold: Updates on the level before the cooldown; without one the level has no end.
        cooldown: Updates of the exponential decay from level to floor; 0 for none.
        floor: The value it goes to, above 0, or a share of the peak; the default is ``level / 10``.
        start: The value the warm-up comes from, or a share of the peak such as "10%".
        first: Value of the first update: "start", or "step", one step above it.
        steps: The run, or its updates; needed only to read a length such as "2 epochs" or "5%".

    Source: Ibrahim et al., "Simple and Scalable Strategies to Continually Pre-train Large Language
    Models", 2024 (arXiv:2403.08763), which calls the decay a cooldown and the cooldown annealing.

    >>> schedule = infinite(1.0, level=0.5, warmup=4, decay=4, hold=8, cooldown=4, floor=0.125)
    >>> [round(schedule(k), 4) for k in (0, 4, 6, 8, 16, 18, 20, 99)]
    [0.0, 1.0, 0.75, 0.5, 0.5, 0.25, 0.125, 0.125]
    """
    up = warm_up_steps("infinite", warmup, steps)
    held, down = (
        in_ticks("infinite", name, length, steps)
        for name, length in (("hold", hold), ("cooldown", cooldown))
    )
    fall = in_ticks("infinite", "decay", decay, steps, least=1)
    stay = level_of("infinite", "level", level, peak)
    if known_true(stay <= 0.0):
        raise invalid_value("infinite", "level", level, "above 0")
    begin = level_of("infinite", "start", start, peak)
    end = stay / 10.0 if floor is None else floor_for("infinite", "exponential", floor, peak)
    if known_true(end > stay):
        raise invalid_value("infinite", "floor", floor, f"at most level, {stay!r}")
    before = (*warm_up(begin, peak, up, first), Cosine(peak, stay, fall))
    if down == 0:
        return join(*before, Constant(stay))
    return join(*before, *hold_at(stay, held), Exponential(stay, end, down))
