"""Warm-up, a long middle, and a last stage that can be decided on later."""

from __future__ import annotations

from gradatim.core._config import recipe
from gradatim.core._fields import Falling, Number, Positive, Steps
from gradatim.core.combine import join
from gradatim.core.decays import Constant, ExponentialDecay
from gradatim.core.durations import Length, updates
from gradatim.core.errors import refuse
from gradatim.core.ramps import Cosine, Exponential, Linear
from gradatim.core.recipes._phases import (
    First,
    Last,
    Shape,
    hold_at,
    phases,
    shaped,
    warm_up,
)
from gradatim.core.schedule import Schedule
from gradatim.xp.dispatch import known_true


@recipe
def wsd(
    peak: Number, steps: Steps, warmup: Length = 0, cooldown: Length = "20%",
    shape: Shape = "1-sqrt", start: Number = 0.0, floor: Number = 0.0, first: First = "start",
    last: Last = "step",
) -> Schedule:  # fmt: skip
    """Warm-up, stable, decay: linear up, the peak for most of the run, a cooldown at the end.

    The stable part can be cut and given another cooldown at any time, so the length of the run
    need not be known when it starts.

    Args:
        peak: The value of the stable part.
        steps: The length of the whole run in updates.
        warmup: Updates of warm-up, or a share such as "5%".
        cooldown: Updates of cooldown, or a share such as "20%".
        shape: The curve of the cooldown: "1-sqrt", "linear", "cosine", "exponential" (the floor
            must be above 0) or "sqrt-cube".
        start: The value the warm-up comes from.
        floor: The value the cooldown goes to.
        first: Value of the first update: "start", or "step", one step above it.
        last: Value of the last update: "step", one step above the floor, or "floor".

    Sources: Hu et al., "MiniCPM", 2024 (arXiv:2404.06395); Haegele et al., 2024
    (arXiv:2405.18392) for "1-sqrt"; Luo et al., "A Multi-Power Law for Loss Curve Prediction",
    2025 (arXiv:2503.12811) for "sqrt-cube".

    >>> schedule = wsd(peak=1.0, steps=20, warmup=4, cooldown=4)
    >>> [schedule(k) for k in (0, 2, 4, 16, 17, 20)]
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    phase = phases("wsd", steps, warmup=warmup, cooldown=cooldown)
    if phase["cooldown"] == 0:
        raise refuse("wsd", "cooldown", cooldown, "1 or more", "Or write warmup_constant.")
    if shape == "exponential" and known_true(floor <= 0.0):
        raise refuse("wsd", "floor", floor, "above 0 for shape='exponential'", "Write floor=1e-5.")
    up = warm_up(start, peak, phase["warmup"], first)
    down = phase["cooldown"]
    stable = steps - sum(piece.length or 0 for piece in up) - down
    return join(
        *up,
        *hold_at(peak, stable),
        shaped(shape, peak, floor, max(down - (last == "floor"), 1)),
    )


@recipe
def trapezoid(
    peak: Number, steps: Steps, warmup: Length = "10%", cooldown: Length = "20%",
    start: Number = 0.0, floor: Number = 0.0, first: First = "start", last: Last = "step",
) -> Schedule:  # fmt: skip
    """Straight up, level, straight down.

    ``wsd`` with a linear cooldown; the arguments are the same.

    >>> schedule = trapezoid(peak=1.0, steps=20, warmup=4, cooldown=4)
    >>> [schedule(k) for k in (0, 2, 4, 16, 18, 20)]
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    return wsd(peak, steps, warmup, cooldown, "linear", start, floor, first, last)


@recipe
def warm_cool_decay(
    peak: Number, steps: Steps, warmup: Length, cooldown: Length, rate: Falling = 0.75,
    every: Steps = 100_000, floor: Number = 0.0, first: First = "start",
) -> Schedule:  # fmt: skip
    """Linear warm-up, a slow exponential decay, then a straight cooldown from where it stands.

    Args:
        peak: The highest value.
        steps: The length of the whole run in updates.
        warmup: Updates of warm-up, or a share such as "5%".
        cooldown: Updates of cooldown, or a share.
        rate: The factor that ``every`` updates of decay apply.
        every: The updates it takes to apply ``rate`` once.
        floor: The value the cooldown goes to and keeps.
        first: Value of the first update: "start", or "step", one step above it.

    SpeechBrain's ``WarmCoolDecayLRSchedule`` jumps where the cooldown begins and goes below 0
    after the end.

    >>> schedule = warm_cool_decay(1.0, steps=20, warmup=4, cooldown=8, rate=0.5, every=8)
    >>> [round(schedule(k), 4) for k in (0, 4, 12, 16, 20, 99)]
    [0.0, 1.0, 0.5, 0.25, 0.0, 0.0]
    """
    phase = phases("warm_cool_decay", steps, warmup=warmup, cooldown=cooldown)
    up, down = warm_up(0.0, peak, phase["warmup"], first), phase["cooldown"]
    between = steps - sum(piece.length or 0 for piece in up) - down
    decay = ExponentialDecay(peak, rate, every)
    cool = (Linear(decay(between), floor, down),) if down else ()
    return join(*up, decay.cut(between), *cool)


@recipe
def tri_stage(
    peak: Positive, warmup: Length, hold: Length, decay: Length, start: Number | None = None,
    floor: Positive | None = None, steps: Steps | None = None, first: First = "start",
) -> Schedule:  # fmt: skip
    """Linear warm-up, the peak for a while, then an exponential decay to the floor.

    Args:
        peak: The highest value, above 0.
        warmup: Updates of warm-up; with ``steps`` also "10%".
        hold: Updates at the peak; with ``steps`` also "40%".
        decay: Updates of the decay, 1 or more; with ``steps`` also "50%".
        start: The value the warm-up comes from; the default is ``0.01 * peak``.
        floor: The value the decay goes to and keeps; the default is ``0.05 * peak``.
        steps: The whole run in updates, only needed to read shares.
        first: Value of the first update: "start", or "step", one step above it.

    Source: Park et al., "SpecAugment", 2019 (arXiv:1904.08779). fairseq's ``tri_stage`` decays to
    ``0.01 * peak``; SpeechBrain's ``TriStageLRSchedule`` goes on falling below its floor.

    >>> schedule = tri_stage(peak=1.0, warmup=10, hold=10, decay=20, floor=0.01)
    >>> [round(schedule(k), 4) for k in (0, 5, 10, 20, 30, 40, 99)]
    [0.01, 0.505, 1.0, 1.0, 0.1, 0.01, 0.01]
    """
    up, held, down = (
        updates("tri_stage", name, length, steps)
        for name, length in (("warmup", warmup), ("hold", hold), ("decay", decay))
    )
    if down == 0:
        raise refuse("tri_stage", "decay", decay, "1 or more", "Or write warmup_constant.")
    return join(
        *warm_up(0.01 * peak if start is None else start, peak, up, first),
        *hold_at(peak, held),
        Exponential(peak, 0.05 * peak if floor is None else floor, down),
    )


@recipe
def infinite(
    peak: Positive, level: Positive, warmup: Length, cooldown: Steps, hold: Length = 0,
    anneal: Length = 0, floor: Positive | None = None, start: Number = 0.0,
    first: First = "start",
) -> Schedule:  # fmt: skip
    """Warm-up, a cosine down to a constant level that can be kept for ever, then an annealing.

    A run that goes on later starts again from the level, not from the peak.

    Args:
        peak: The highest value.
        level: The constant value after the cooldown.
        warmup: Updates of warm-up.
        cooldown: Updates of the cosine from peak to level.
        hold: Updates on the level before annealing; without annealing the level holds for ever.
        anneal: Updates of the exponential decay from level to floor; 0 for none.
        floor: The value annealed to; the default is ``level / 10``.
        start: The value the warm-up comes from.
        first: Value of the first update: "start", or "step", one step above it.

    Source: Ibrahim et al., "Simple and Scalable Strategies to Continually Pre-train Large Language
    Models", 2024 (arXiv:2403.08763).

    >>> schedule = infinite(1.0, level=0.5, warmup=4, cooldown=4, hold=8, anneal=4, floor=0.125)
    >>> [round(schedule(k), 4) for k in (0, 4, 6, 8, 16, 18, 20, 99)]
    [0.0, 1.0, 0.75, 0.5, 0.5, 0.25, 0.125, 0.125]
    """
    up, held, down = (
        updates("infinite", name, length, None)
        for name, length in (("warmup", warmup), ("hold", hold), ("anneal", anneal))
    )
    before = (*warm_up(start, peak, up, first), Cosine(peak, level, cooldown))
    if down == 0:
        return join(*before, Constant(level))
    end = level / 10.0 if floor is None else floor
    return join(*before, *hold_at(level, held), Exponential(level, end, down))
