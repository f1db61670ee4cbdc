"""Schedules of three stages, called with the optimizer and the number of updates."""

from __future__ import annotations

from typing import ClassVar

from torch.optim import Optimizer

from gradatim.core.closed_forms import Line, NaturalDecay
from gradatim.core.combine import join
from gradatim.core.decays import Constant
from gradatim.core.ramps import Linear
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import Positive
from gradatim.errors import invalid_value
from gradatim.speechbrain.arguments import (
    Compat,
    cached_curve,
    checked_compat,
    first_steps,
    number,
    step_count,
)
from gradatim.speechbrain.checkpoints import Recoverable, SavedEntry
from gradatim.speechbrain.optimizer import set_rate


class WarmCoolDecayLRSchedule(Recoverable):
    """Linear warm-up from 0, a slow exponential decay, then a linear cooldown to 0.

    Args:
        lr: The highest rate.
        warmup: Updates of warm-up.
        cooldown: Updates of cooldown, at the end; with 0 the decay continues.
        total_steps: Updates of the whole run; the rate is 0 from then on.
        decay_factor: The factor of ``decay_every`` updates of decay.
        decay_every: The number of updates in which the factor applies once.
        compat: "1.1" for SpeechBrain's cooldown, which begins lower than the decay ends, by the
            decay of another warm-up, and goes on below 0.

    Source: Zhai et al., "Scaling Vision Transformers", 2021 (arXiv:2106.04560).

    >>> import torch
    >>> optim = torch.optim.Adam(torch.nn.Linear(3, 4).parameters(), lr=1)
    >>> scheduler = WarmCoolDecayLRSchedule(
    ...     lr=1, warmup=2, total_steps=6, decay_factor=0.5, decay_every=1, cooldown=1
    ... )
    >>> for num_updates in range(1, 7):
    ...     scheduler(optim, num_updates)
    ...     print(optim.param_groups[0]["lr"])
    0.5
    1.0
    0.5
    0.25
    0.12500000000000003
    0.0
    """

    saved: ClassVar[tuple[SavedEntry, ...]] = tuple(
        SavedEntry(key, object) for key in ("base_lr", "warmup", "power", "cooldown", "total_steps")
    )

    def __init__(
        self,
        lr: float,
        warmup: int,
        cooldown: int,
        total_steps: int,
        decay_factor: float = 0.75,
        decay_every: float = 100000,
        *,
        compat: Compat = None,
    ) -> None:
        where = type(self).__name__
        self.base_lr = lr
        self.warmup = warmup
        self.cooldown = cooldown
        self.total_steps = total_steps
        factor = number(where, "decay_factor", decay_factor, Positive)
        every = number(where, "decay_every", decay_every, Positive)
        self.power = -NaturalDecay.by(1.0, factor, every).rate
        self.compat = checked_compat(where, compat)
        self._validate()

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(num_updates)`` is what a call with it writes."""
        return _warm_cool(
            self.base_lr, self.warmup, self.power, self.cooldown, self.total_steps, self.compat
        )

    def __call__(self, opt: Optimizer, num_updates: int) -> None:
        """Write the rate after so many updates into the optimizer."""
        set_rate(opt, self.schedule(num_updates))


class TriStageLRSchedule(Recoverable):
    """Linear warm-up from a fraction of the rate, hold, then exponential decay.

    Args:
        lr: The highest rate.
        warmup_steps: Updates of warm-up.
        hold_steps: Updates at ``lr``.
        decay_steps: Updates down to ``final_lr_scale * lr``; the decay continues after them.
        total_steps: Not used, as in SpeechBrain.
        init_lr_scale: The fraction of ``lr`` at which the warm-up starts.
        final_lr_scale: The fraction of ``lr`` that the decay reaches in ``decay_steps``.

    Source: Park et al., "SpecAugment", 2019 (arXiv:1904.08779).

    >>> import torch
    >>> optim = torch.optim.Adam(torch.nn.Linear(3, 4).parameters(), lr=1)
    >>> scheduler = TriStageLRSchedule(
    ...     lr=1,
    ...     warmup_steps=2,
    ...     hold_steps=2,
    ...     decay_steps=2,
    ...     total_steps=6,
    ...     init_lr_scale=0.01,
    ...     final_lr_scale=0.05,
    ... )
    >>> for num_updates in range(1, 7):
    ...     scheduler(optim, num_updates)
    ...     print(optim.param_groups[0]["lr"])
    0.505
    1.0
    1.0
    1.0
    0.223606797749979
    0.05000000000000001
    """

    saved: ClassVar[tuple[SavedEntry, ...]] = tuple(
        SavedEntry(key, object)
        for key in (
            "peak_lr",
            "warmup_steps",
            "hold_steps",
            "decay_steps",
            "total_steps",
            "init_lr_scale",
            "final_lr_scale",
            "init_lr",
            "warmup_rate",
            "decay_factor",
        )
    )

    def __init__(
        self,
        lr: float,
        warmup_steps: int,
        hold_steps: int,
        decay_steps: int,
        total_steps: int,
        init_lr_scale: float = 0.01,
        final_lr_scale: float = 0.05,
    ) -> None:
        where = type(self).__name__
        self.peak_lr = lr
        self.warmup_steps = warmup_steps
        self.hold_steps = hold_steps
        self.decay_steps = decay_steps
        self.total_steps = total_steps
        self.init_lr_scale = init_lr_scale
        self.final_lr_scale = final_lr_scale
        peak = number(where, "lr", lr)
        last = number(where, "final_lr_scale", final_lr_scale, Positive)
        up = step_count(where, "warmup_steps", warmup_steps)
        down = step_count(where, "decay_steps", decay_steps)
        self.init_lr = number(where, "init_lr_scale", init_lr_scale) * peak
        # Unused for a stage of length 0, but the file has these keys.
        self.warmup_rate = Line.between(self.init_lr, peak, up).rise if up else 0.0
        self.decay_factor = NaturalDecay.by(1.0, last, down).rate if down else 0.0
        self._validate()

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(num_updates)`` is what a call with it writes."""
        return _tri_stage(
            self.peak_lr,
            self.warmup_steps,
            self.hold_steps,
            self.decay_steps,
            self.final_lr_scale,
            self.init_lr,
            self.warmup_rate,
            self.decay_factor,
        )

    def __call__(self, opt: Optimizer, num_updates: int) -> None:
        """Write the rate after so many updates into the optimizer."""
        set_rate(opt, self.schedule(num_updates))


@cached_curve
def _warm_cool(
    lr: float, warmup: int, power: float, cooldown: int, total: int, compat: Compat
) -> Schedule:
    where = "WarmCoolDecayLRSchedule"
    peak, rise = number(where, "lr", lr), step_count(where, "warmup", warmup)
    fall, end = step_count(where, "cooldown", cooldown), step_count(where, "total_steps", total)
    if fall > end:
        raise invalid_value(where, "cooldown", cooldown, f"at most total_steps, {end}")
    up = (Line(0.0, peak, every=rise).cut(rise),) if rise else ()
    decay = NaturalDecay(peak, -number(where, "power", power))
    if not fall:
        return join(*up, decay)
    begin = end - fall  # the last update of the decay
    if compat == "1.1":
        down = Line.between(decay(begin), 0.0, fall)
        # As in SpeechBrain: the line is used only from one update after its start, later after a
        # warm-up that overlaps it.
        late = max(rise - begin, 1)
        return join(*up, *first_steps(decay, max(begin + 1 - rise, 0)), down.shift(-late))
    between = max(begin - rise, 0)
    left = end - rise - between
    cool = Linear(decay(between), 0.0, left) if left > 0 else Constant(0.0)
    return join(*up, *first_steps(decay, between), cool)


@cached_curve
def _tri_stage(
    lr: float,
    warmup: int,
    hold: int,
    decay: int,
    last: float,
    first: float,
    slope: float,
    rate: float,
) -> Schedule:
    where = "TriStageLRSchedule"
    peak = number(where, "lr", lr)
    rising = Line(number(where, "init_lr", first), number(where, "warmup_rate", slope))
    falling = NaturalDecay(peak, number(where, "decay_factor", rate))
    return join(
        *first_steps(rising, step_count(where, "warmup_steps", warmup)),
        *first_steps(Constant(peak), step_count(where, "hold_steps", hold)),
        falling if step_count(where, "decay_steps", decay) else last * Constant(peak),
    )
