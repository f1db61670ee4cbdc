"""Up and down, once or again and again."""

from __future__ import annotations

from typing import Literal

from gradatim.core._config import recipe
from gradatim.core._fields import Falling, Number, Steps, Times
from gradatim.core.combine import join
from gradatim.core.decays import ExponentialDecay
from gradatim.core.durations import Length, updates
from gradatim.core.errors import refuse
from gradatim.core.ramps import Cosine, Linear
from gradatim.core.recipes._phases import First, Last, decay_steps, phases, shaped, warm_up
from gradatim.core.schedule import Schedule
from gradatim.xp.dispatch import known_true


@recipe
def one_cycle(
    peak: Number, steps: Steps, warmup: Length = "30%", start: Number | None = None,
    floor: Number | None = None, shape: Literal["cosine", "linear"] = "cosine",
    three_phases: bool = False, last: Last = "step",
) -> Schedule:  # fmt: skip
    """Up to a high peak in the first part of the run, down far below the start in the second.

    Args:
        peak: The highest value.
        steps: The length of the whole run in updates.
        warmup: Updates of the way up, or a share such as "30%".
        start: The first value; the default is ``peak / 25``.
        floor: The value at the end; the default is ``start / 10_000``.
        shape: "cosine" or "linear", for every part.
        three_phases: Come down to ``start`` as fast as it went up, then to ``floor``.
        last: Value of the last update: "step", one step above the floor, or "floor".

    Source: Smith and Topin, "Super-Convergence", 2018 (arXiv:1708.07120). ``OneCycleLR`` of torch
    puts the peak one update earlier (``warmup = 0.3 * steps - 1``), ends with ``last="floor"`` and
    has one more, higher value past its end; Optax' ``cosine_onecycle_schedule`` differs again.

    >>> schedule = one_cycle(peak=1.0, steps=10, warmup=4, start=0.5, floor=0.0)
    >>> [round(schedule(k), 4) for k in (0, 2, 4, 7, 10)]
    [0.5, 0.75, 1.0, 0.5, 0.0]
    """
    up = phases("one_cycle", steps, warmup=warmup)["warmup"]
    if three_phases and 2 * up >= steps:
        raise refuse("one_cycle", "warmup", warmup, "below half of steps with three_phases=True")
    start = peak / 25.0 if start is None else start
    floor = start / 1e4 if floor is None else floor
    before: list[Schedule] = [shaped(shape, start, peak, up)] if up else []
    if three_phases and up:
        before.append(shaped(shape, peak, start, up))
    turn = start if three_phases else peak
    return join(*before, shaped(shape, turn, floor, decay_steps(steps, tuple(before), last)))


@recipe
def cyclic(
    peak: Number, start: Number, up: Steps = 2000, down: Steps | None = None,
    mode: Literal["triangular", "triangular2", "exp_range"] = "triangular", gamma: Falling = 1.0,
    cycles: Times | None = None,
) -> Schedule:  # fmt: skip
    """Straight up and straight down, again and again.

    Args:
        peak: The highest value of the first cycle.
        start: The value between cycles.
        up: Updates of the way up.
        down: Updates of the way down; as many as up if not given.
        mode: "triangular": all cycles alike; "triangular2": each half as high as the one before
            it; "exp_range": the height falls by the factor ``gamma`` with every update.
        gamma: The factor of "exp_range".
        cycles: The number of cycles; None for no end.

    Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017
    (arXiv:1506.01186). ``CyclicLR`` of torch has the same values.

    >>> schedule = cyclic(peak=1.0, start=0.0, up=4, mode="triangular2")
    >>> [schedule(k) for k in (0, 2, 4, 6, 8, 12, 16)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.5, 0.0]
    """
    if mode != "exp_range" and not known_true(gamma == 1.0):
        raise refuse("cyclic", "gamma", gamma, f"left out with mode={mode!r}")
    height = peak - start
    triangle = Linear(0.0, height, up) >> Linear(height, 0.0, down or up)
    waves: Schedule = triangle.repeat(cycles, shrink=0.5 if mode == "triangular2" else 1.0)
    if mode == "exp_range":
        waves = waves * ExponentialDecay(1.0, gamma)
    return waves if known_true(start == 0.0) else waves + start


@recipe
def cosine_restarts(
    peak: Number, cycle: Steps, cycles: Times | None = None, stretch: Times = 1,
    shrink: Falling = 1.0, warmup: Length = 0, start: Number = 0.0, floor: Number = 0.0,
    first: First = "start",
) -> Schedule:  # fmt: skip
    """Half a cosine down to the floor, then back to the peak at once, again and again.

    Args:
        peak: The highest value of the first cycle.
        cycle: The length of the first cycle in updates.
        cycles: The number of cycles; None for no end.
        stretch: How many times as long each cycle is as the one before it.
        shrink: What the height of each cycle, above the floor, is multiplied with for the next.
        warmup: Updates of linear warm-up before the first cycle.
        start: The value the warm-up comes from.
        floor: The value each cycle goes to.
        first: Value of the first update: "start", or "step", one step above it.

    Source: Loshchilov and Hutter, "SGDR", 2017 (arXiv:1608.03983).
    ``CosineAnnealingWarmRestarts`` of torch has the same values (``stretch`` is its ``T_mult``).

    >>> schedule = cosine_restarts(peak=1.0, cycle=4, stretch=2)
    >>> [round(schedule(k), 4) for k in (0, 2, 4, 8, 12)]
    [1.0, 0.5, 1.0, 0.5, 1.0]
    """
    up = warm_up(start, peak, updates("cosine_restarts", "warmup", warmup, None), first)
    if known_true(shrink == 1.0) or known_true(floor == 0.0):
        waves: Schedule = Cosine(peak, floor, cycle).repeat(cycles, stretch=stretch, shrink=shrink)
    else:
        waves = Cosine(peak - floor, 0.0, cycle).repeat(cycles, stretch=stretch, shrink=shrink)
        waves = waves + floor
    return join(*up, waves)
