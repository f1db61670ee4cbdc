"""Constant, with drops at given steps."""

from __future__ import annotations

from collections.abc import Sequence

from gradatim.core.combine import join
from gradatim.core.decays import ExponentialDecay, Table
from gradatim.core.recipes._phases import (
    boundaries_in,
    values_after_factors,
    warm_up,
    warm_up_steps,
)
from gradatim.core.run.durations import Length, Level, in_ticks, level_of
from gradatim.core.run.run import Total
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import DecayFactor, NonNegative, Number
from gradatim.core.values.value import recipe
from gradatim.errors import invalid_value


@recipe
def piecewise_constant(
    values: Sequence[Number], *, boundaries: Sequence[Length], steps: Total | None = None
) -> Schedule:
    """A list of values, each until the next boundary.

    Args:
        values: The values, one more than boundaries.
        boundaries: The updates after which the next value begins, rising; or "30 epochs".
        steps: The run, or its updates; needed only to read a length such as "2 epochs" or "5%".

    Keras' ``PiecewiseConstantDecay`` changes one update later.

    >>> [piecewise_constant(values=[1.0, 0.1], boundaries=[10])(k) for k in (0, 9, 10, 99)]
    [1.0, 1.0, 0.1, 0.1]
    """
    if len(values) != len(boundaries) + 1:
        raise invalid_value(
            "piecewise_constant",
            "values",
            values,
            f"{len(boundaries) + 1} numbers, one more than boundaries",
        )
    at = boundaries_in("piecewise_constant", boundaries, steps)
    return Table(tuple(zip((0, *at), values, strict=True)), "hold")


@recipe
def step_decay(
    peak: Number,
    *,
    every: Length,
    factor: DecayFactor = 0.1,
    warmup: Length = 0,
    start: Level = 0.0,
    steps: Total | None = None,
) -> Schedule:
    """The value is multiplied by ``factor`` once every ``every`` updates.

    Args:
        peak: The first and highest value.
        every: Updates between two drops; or "30 epochs".
        factor: The factor of each drop.
        warmup: Updates of linear warm-up before it.
        start: The value the warm-up comes from, or a share of the peak such as "10%".
        steps: The run, or its updates; needed only to read a length such as "2 epochs" or "5%".

    ``StepLR`` of torch has the same values (there, ``factor`` is ``gamma``).

    >>> [step_decay(peak=1.0, every=10, factor=0.5)(k) for k in (0, 9, 10, 20)]
    [1.0, 1.0, 0.5, 0.25]
    """
    begin = level_of("step_decay", "start", start, peak)
    up = warm_up(begin, peak, warm_up_steps("step_decay", warmup, steps), "start")
    stair = in_ticks("step_decay", "every", every, steps, least=1)
    return join(*up, ExponentialDecay(peak, factor, stair).staircase(stair))


@recipe
def multistep(
    peak: Number,
    *,
    boundaries: Sequence[Length],
    factor: NonNegative = 0.1,
    warmup: Length = 0,
    start: Level = 0.0,
    steps: Total | None = None,
) -> Schedule:
    """The value is multiplied by ``factor`` at each of the boundaries.

    Args:
        peak: The first and highest value.
        boundaries: The updates after which it drops, rising, counted from the start of the run;
            or "30 epochs".
        factor: The factor of each drop.
        warmup: Updates of linear warm-up, which end before the first boundary.
        start: The value the warm-up comes from, or a share of the peak such as "10%".
        steps: The run, or its updates; needed only to read a length such as "2 epochs" or "5%".

    ``MultiStepLR`` of torch has the same values (there, ``factor`` is ``gamma``).

    >>> schedule = multistep(peak=1.0, boundaries=[10, 20], factor=0.5)
    >>> [schedule(k) for k in (0, 9, 10, 20)]
    [1.0, 1.0, 0.5, 0.25]
    """
    begin = level_of("multistep", "start", start, peak)
    rise = warm_up_steps("multistep", warmup, steps)
    at = boundaries_in("multistep", boundaries, steps)
    if at and rise >= at[0]:
        raise invalid_value("multistep", "warmup", warmup, f"below the first boundary, {at[0]}")
    values = values_after_factors("multistep", peak, at, (factor,) * len(at))
    after = tuple(boundary - rise for boundary in at)
    return join(*warm_up(begin, peak, rise, "start"), piecewise_constant(values, boundaries=after))
