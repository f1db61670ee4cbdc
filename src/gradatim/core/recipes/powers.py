"""Warm-up, then a falling power of the step, as for the first Transformers."""

from __future__ import annotations

from collections.abc import Sequence

from gradatim.core.combine import join
from gradatim.core.decays import Constant, InverseSqrtDecay, InverseTimeDecay, PowerDecay, Table
from gradatim.core.ramps import Linear
from gradatim.core.recipes._phases import (
    First,
    boundaries_in,
    decay_steps,
    hold_at,
    phases,
    ticks_in,
    values_after_factors,
    warm_up,
    warm_up_steps,
)
from gradatim.core.run.durations import Length, Level, in_ticks, level_of
from gradatim.core.run.run import Run, Total
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import NonNegative, Number, Positive, PositiveInt
from gradatim.core.values.value import recipe
from gradatim.errors import GradatimError, invalid_value


@recipe
def warmup_inverse_sqrt(
    peak: Number,
    *,
    warmup: Length,
    start: Level = 0.0,
    scale: Length | None = None,
    first: First = "start",
    steps: Total | None = None,
) -> Schedule:
    """Linear warm-up to the peak, then one over the square root of the step, without end.

    Args:
        peak: The highest value.
        warmup: Updates of warm-up, at least 1.
        start: The value the warm-up comes from, or a share of the peak such as "10%".
        scale: Updates after the peak until it has fallen to ``peak / sqrt(2)``; the default is
            the length of the warm-up, so that the decay is ``peak * sqrt(warmup / step)``.
        first: Value of the first update: "start", or "step", one step above it.
        steps: The run, or its updates; needed only to read a length such as "2 epochs" or "5%".

    ``get_inverse_sqrt_schedule`` of transformers has the same values; ``scale`` is its
    ``timescale``.

    >>> schedule = warmup_inverse_sqrt(peak=1.0, warmup=100)
    >>> [schedule(k) for k in (0, 50, 100, 400, 1600)]
    [0.0, 0.5, 1.0, 0.5, 0.25]
    """
    rise = warm_up_steps("warmup_inverse_sqrt", warmup, steps)
    if scale is None and rise == 0:
        raise invalid_value("warmup_inverse_sqrt", "warmup", warmup, "1 or more", "Or give scale.")
    begin = level_of("warmup_inverse_sqrt", "start", start, peak)
    slow = (
        rise if scale is None else in_ticks("warmup_inverse_sqrt", "scale", scale, steps, least=1)
    )
    return join(*warm_up(begin, peak, rise, first), InverseSqrtDecay(peak, slow))


@recipe
def inverse_sqrt_t5(
    warmup: Length = 10_000, *, factor: Number = 1.0, steps: Total | None = None
) -> Schedule:
    """The schedule of T5: constant at first, then one over the square root of the step.

    ``factor / sqrt(max(t, warmup))``.

    Args:
        warmup: Updates of the constant part.
        factor: The factor of all values; for another peak, ``peak * sqrt(warmup)``.
        steps: The run, or its updates; needed only to read a length such as "2 epochs" or "5%".

    Source: Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
    Transformer", 2020 (arXiv:1910.10683).

    >>> [inverse_sqrt_t5(warmup=100)(k) for k in (0, 100, 400)]
    [0.1, 0.1, 0.05]
    """
    flat = in_ticks("inverse_sqrt_t5", "warmup", warmup, steps, least=1)
    level = factor / float(flat) ** 0.5
    return Constant(level, flat) >> InverseSqrtDecay(level, flat)


@recipe
def power(
    peak: Number,
    *,
    warmup: Length,
    power: Positive = 0.51,
    hold: Length = 0,
    steps: Total | None = None,
    cooldown: Length = 0,
    start: Level = 0.0,
    floor: Level = 0.0,
    first: First = "start",
) -> Schedule:
    """Linear warm-up, then a falling power of the step, then an optional linear cooldown.

    After the hold, the value is ``peak * ((warmup + hold) / step) ** power``.

    Args:
        peak: The highest value.
        warmup: Updates of warm-up; with ``steps`` also "5%".
        power: How fast it falls; 0.5 is the inverse square root.
        hold: Updates at the peak.
        steps: The length of the whole run in updates, or the run; needed for a cooldown.
        cooldown: Updates of a line down to the floor at the end of the run.
        start: The value the warm-up comes from, or a share of the peak such as "10%".
        floor: The value the cooldown goes to, or a share of the peak such as "10%".
        first: Value of the first update: "start", or "step", one step above it.

    Source: Shen et al., "Power Scheduler: A Batch Size and Token Number Agnostic Learning Rate
    Scheduler", 2024 (arXiv:2408.13359).

    >>> [power(peak=1.0, warmup=100, power=0.5)(k) for k in (0, 50, 100, 400)]
    [0.0, 0.5, 1.0, 0.5]
    """
    phase = phases("power", steps, warmup=warmup, hold=hold, cooldown=cooldown)
    if phase["warmup"] + phase["hold"] == 0:
        raise invalid_value("power", "warmup", warmup, "1 or more, or hold 1 or more")
    begin, end = (
        level_of("power", name, value, peak) for name, value in (("start", start), ("floor", floor))
    )
    up = (*warm_up(begin, peak, phase["warmup"], first), *hold_at(peak, phase["hold"]))
    fall = PowerDecay(peak, power, phase["warmup"] + phase["hold"])
    if not phase["cooldown"]:
        return join(*up, fall)
    if steps is None:
        raise invalid_value("power", "steps", steps, "given with a cooldown")
    between = decay_steps(ticks_in(steps), up, "step") - phase["cooldown"]
    return join(*up, fall.cut(between), Linear(fall(between), end, phase["cooldown"]))


@recipe
def noam(
    warmup: Length,
    *,
    peak: Number | None = None,
    model_size: PositiveInt | None = None,
    first: First = "step",
    steps: Total | None = None,
) -> Schedule:
    """The schedule of the first Transformer: linear warm-up, then one over the square root.

    With n the number of the update, ``peak * min(n / warmup, sqrt(warmup / n))``.

    Args:
        warmup: Updates of warm-up.
        peak: The highest value. Give this or ``model_size``.
        model_size: The width of the model; the peak is then ``1 / sqrt(model_size * warmup)``.
        first: Value of the first update: "step" (n counts from 1, as in the paper) or "start"
            (n counts from 0).
        steps: The run, or its updates; needed only to read a length such as "2 epochs" or "5%".

    Source: Vaswani et al., "Attention Is All You Need", 2017 (arXiv:1706.03762). SpeechBrain's
    ``NoamScheduler`` is called after the update, so the very first one runs at the optimizer's
    own rate there.

    >>> schedule = noam(warmup=100, peak=1.0)
    >>> [schedule(k) for k in (0, 49, 99, 399)]
    [0.01, 0.5, 1.0, 0.5]
    """
    return _noam("noam", warmup, peak, model_size, first, steps)


def _noam(
    where: str,
    warmup: int | str,
    peak: float | None,
    model_size: int | None,
    first: First,
    steps: Run | int | None,
) -> Schedule:
    if (peak is None) == (model_size is None):
        raise GradatimError(f"{where}: give either peak or model_size, one of them and not both.")
    rise = warm_up_steps(where, warmup, steps, least=1)
    if peak is None:
        peak = float((model_size or 1) * rise) ** -0.5
    return join(*warm_up(0.0, peak, rise, first), InverseSqrtDecay(peak, rise))


@recipe
def noam_interval(
    warmup: Length,
    *,
    boundaries: Sequence[Length],
    factors: Sequence[NonNegative],
    peak: Number | None = None,
    model_size: PositiveInt | None = None,
    steps: Total | None = None,
) -> Schedule:
    """The Noam schedule, multiplied by one more factor after each boundary.

    Args:
        warmup: Updates of warm-up.
        boundaries: The updates at which the factors begin to apply, rising.
        factors: One factor for each boundary; they multiply.
        peak: The highest value of the Noam part. Give this or ``model_size``.
        model_size: The width of the model; the peak is then ``1 / sqrt(model_size * warmup)``.
        steps: The run, or its updates; needed only to read a length such as "2 epochs" or "5%".

    SpeechBrain's ``NoamIntervalScheduler``.

    >>> schedule = noam_interval(warmup=100, boundaries=[400], factors=[0.1], peak=1.0)
    >>> [round(schedule(k), 4) for k in (99, 399, 400)]
    [1.0, 0.5, 0.0499]
    """
    if not boundaries:
        raise invalid_value(
            "noam_interval", "boundaries", boundaries, "one or more", "Or write noam."
        )
    values = values_after_factors("noam_interval", 1.0, boundaries, factors)
    curve = _noam("noam_interval", warmup, peak, model_size, "step", steps)
    at = boundaries_in("noam_interval", boundaries, steps)
    return curve * Table(tuple(zip((0, *at), values, strict=True)), "hold")


@recipe
def linear_noam(
    peak: Number,
    *,
    warmup: Length,
    hold: Length = 0,
    first: First = "step",
    steps: Total | None = None,
) -> Schedule:
    """Linear warm-up, the peak for a while, then one over the step.

    With n the number of the update, ``peak * warmup / (n - hold)`` after the hold.

    Args:
        peak: The highest value.
        warmup: Updates of warm-up.
        hold: Updates at the peak.
        first: Value of the first update: "step" (n counts from 1) or "start" (from 0).
        steps: The run, or its updates; needed only to read a length such as "2 epochs" or "5%".

    SpeechBrain's ``LinearNoamScheduler``.

    >>> schedule = linear_noam(peak=1.0, warmup=100, hold=50)
    >>> [schedule(k) for k in (49, 99, 149, 249)]
    [0.5, 1.0, 1.0, 0.5]
    """
    rise = warm_up_steps("linear_noam", warmup, steps, least=1)
    kept = hold_at(peak, in_ticks("linear_noam", "hold", hold, steps))
    return join(*warm_up(0.0, peak, rise, first), *kept, InverseTimeDecay(peak, 1.0, rise))
