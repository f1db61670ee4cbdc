"""Up to the peak and down again once: the schedules of most runs."""

from __future__ import annotations

from gradatim.core._config import recipe
from gradatim.core._fields import Number, Positive, Steps
from gradatim.core.combine import join
from gradatim.core.decays import Constant
from gradatim.core.durations import Length
from gradatim.core.ramps import Cosine, Linear
from gradatim.core.recipes._phases import (
    First,
    Last,
    decay_steps,
    hold_at,
    phases,
    warm_up,
)
from gradatim.core.schedule import Schedule


@recipe
def warmup_constant(
    peak: Number, warmup: Length, start: Number = 0.0, steps: Steps | None = None,
    first: First = "start",
) -> Schedule:  # fmt: skip
    """Linear warm-up, then the peak for the rest.

    Args:
        peak: The value after the warm-up.
        warmup: Updates of warm-up; with ``steps`` also "5%".
        start: The value the warm-up comes from.
        steps: The length of the run in updates; None for no end.
        first: Value of the first update: "start", or "step", one step above it.

    >>> [warmup_constant(peak=1.0, warmup=4)(k) for k in (0, 1, 4, 100)]
    [0.0, 0.25, 1.0, 1.0]
    """
    phase = phases("warmup_constant", steps, warmup=warmup)
    up = warm_up(start, peak, phase["warmup"], first)
    rest = None if steps is None else steps - sum(piece.length or 0 for piece in up)
    return join(*up, Constant(peak, rest))


@recipe
def warmup_linear(
    peak: Number, steps: Steps, warmup: Length = 0, start: Number = 0.0, hold: Length = 0,
    floor: Number = 0.0, first: First = "start", last: Last = "step",
) -> Schedule:  # fmt: skip
    """Linear warm-up to the peak, an optional hold, then a straight line down to the floor.

    Args:
        peak: The highest value.
        steps: The length of the whole run in updates.
        warmup: Updates of warm-up, or a share such as "5%".
        start: The value the warm-up comes from.
        hold: Updates at the peak before the decay, or a share.
        floor: The value the decay goes to.
        first: Value of the first update: "start", or "step", one step above it.
        last: Value of the last update: "step", one step above the floor, or "floor".

    ``get_linear_schedule_with_warmup`` of transformers has the same values.

    >>> schedule = warmup_linear(peak=1.0, steps=12, warmup=4)
    >>> [schedule(k) for k in (0, 2, 4, 8, 11, 12)]
    [0.0, 0.5, 1.0, 0.5, 0.125, 0.0]
    """
    phase = phases("warmup_linear", steps, warmup=warmup, hold=hold)
    up = (*warm_up(start, peak, phase["warmup"], first), *hold_at(peak, phase["hold"]))
    return join(*up, Linear(peak, floor, decay_steps(steps, up, last)))


@recipe
def warmup_cosine(
    peak: Number, steps: Steps, warmup: Length = 0, start: Number = 0.0, hold: Length = 0,
    floor: Number = 0.0, first: First = "start", last: Last = "step",
) -> Schedule:  # fmt: skip
    """Linear warm-up to the peak, an optional hold, then half a cosine down to the floor.

    Args:
        peak: The highest value.
        steps: The length of the whole run in updates.
        warmup: Updates of warm-up, or a share such as "5%".
        start: The value the warm-up comes from.
        hold: Updates at the peak before the decay, or a share.
        floor: The value the decay goes to, and keeps.
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
    phase = phases("warmup_cosine", steps, warmup=warmup, hold=hold)
    up = (*warm_up(start, peak, phase["warmup"], first), *hold_at(peak, phase["hold"]))
    return join(*up, Cosine(peak, floor, decay_steps(steps, up, last)))


@recipe
def slanted_triangular(
    peak: Number, steps: Steps, warmup: Length = "10%", ratio: Positive = 32.0
) -> Schedule:
    """A short way straight up, a long way straight down, from and to a small share of the peak.

    Args:
        peak: The highest value.
        steps: The length of the whole run in updates.
        warmup: Updates of the way up, or a share such as "10%".
        ratio: How many times the peak is higher than the first and the last value.

    Source: Howard and Ruder, "Universal Language Model Fine-tuning for Text Classification", 2018
    (arXiv:1801.06146).

    >>> schedule = slanted_triangular(peak=1.0, steps=20, warmup=4, ratio=2.0)
    >>> [schedule(k) for k in (0, 2, 4, 12, 20)]
    [0.5, 0.75, 1.0, 0.75, 0.5]
    """
    edge = peak / ratio
    return warmup_linear(peak, steps, warmup, start=edge, floor=edge)
