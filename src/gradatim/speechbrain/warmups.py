"""Linear warm-up from 0, then a linear or an exponential decay."""

from __future__ import annotations

from typing import Any, ClassVar

from torch.optim import Optimizer

from gradatim.core.closed_forms import GeometricDecay, Line
from gradatim.core.combine import join
from gradatim.core.decays import Constant
from gradatim.core.ramps import Linear
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import NonNegativeInt, Positive
from gradatim.speechbrain.arguments import cached_curve, number, step_count
from gradatim.speechbrain.checkpoints import Recoverable, SavedEntry
from gradatim.speechbrain.optimizer import set_rate


class LinearWarmupScheduler(Recoverable):
    """Linear warm-up from 0, then linear decay to 0.

    Args:
        initial_value: The highest rate, reached after the warm-up.
        num_warmup_steps: Updates of warm-up.
        num_training_steps: Updates of the whole run.

    Recipes for SpeechBrain up to 1.0.3 call ``get_next_value()``, from step 0 on, and set the rate
    themselves; for later releases they call it with the optimizer, from step 1 on. Both work.

    >>> scheduler = LinearWarmupScheduler(1.0, 2, 10)
    >>> [scheduler.calculate_lr(n) for n in (0, 1, 2, 3, 4)]
    [0.0, 0.5, 1.0, 0.875, 0.75]
    >>> scheduler = LinearWarmupScheduler(1.0, 2, 4)
    >>> [scheduler.get_next_value() for _ in range(5)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    saved: ClassVar[tuple[SavedEntry, ...]] = (
        SavedEntry("initial_value", object, "lr0"),
        SavedEntry("num_warmup_steps", object),
        SavedEntry("num_training_steps", object),
        SavedEntry("current_step", NonNegativeInt),
    )

    def __init__(
        self, initial_value: float, num_warmup_steps: int, num_training_steps: int
    ) -> None:
        self.lr0 = initial_value
        self.num_warmup_steps = num_warmup_steps
        self.num_training_steps = num_training_steps
        self.current_step = 0
        self.current_lr: Any = initial_value
        self._validate()

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(n)`` is what call n writes, the rate after n updates."""
        return _up_and_down(self.lr0, self.num_warmup_steps, self.num_training_steps)

    def calculate_lr(self, current_step: int) -> float:
        """The rate after so many updates; nothing changes."""
        value: float = self.schedule(current_step)
        return value

    def get_next_value(self) -> float:
        """The rate for the next update, for recipes that set it themselves."""
        value = self.calculate_lr(self.current_step)
        self.current_step += 1
        return value

    def __call__(self, opt: Optimizer) -> tuple[Any, float]:
        """Write the next rate into the optimizer, and return the old rate and the new one."""
        new = self.calculate_lr(self.current_step + 1)
        self.current_lr = set_rate(opt, new)
        self.current_step += 1
        return self.current_lr, new


class WarmAndExpDecayLRSchedule(Recoverable):
    """Linear warm-up from 0, then an exponential decay, which continues after ``total_steps``.

    Args:
        lr: The highest rate.
        n_warmup_steps: Calls of warm-up. The first call writes 0.
        total_steps: The call that writes ``lr * decay_factor``, counted from 0.
        decay_factor: The fraction of ``lr`` at ``total_steps``; above 1 the rate stays at ``lr``.

    >>> import torch
    >>> optim = torch.optim.Adam(torch.nn.Linear(3, 4).parameters(), lr=1)
    >>> scheduler = WarmAndExpDecayLRSchedule(
    ...     lr=1, n_warmup_steps=2, decay_factor=0.01, total_steps=6
    ... )
    >>> for _ in range(4):
    ...     scheduler(optim)
    ...     print(optim.param_groups[0]["lr"])
    0.0
    0.5
    1.0
    0.31622776601683794
    """

    saved: ClassVar[tuple[SavedEntry, ...]] = (
        *(
            SavedEntry(k, object)
            for k in ("base_lr", "n_warmup_steps", "decay_factor", "decay_steps")
        ),
        SavedEntry("current_step", NonNegativeInt),
    )

    def __init__(
        self, lr: float, n_warmup_steps: int, total_steps: int, decay_factor: float = 0.1
    ) -> None:
        where = type(self).__name__
        self.base_lr = lr
        self.current_lr: float = 0
        self.n_warmup_steps = n_warmup_steps
        self.decay_factor = decay_factor
        whole = step_count(where, "total_steps", total_steps)
        self.decay_steps = whole - step_count(where, "n_warmup_steps", n_warmup_steps)
        self.current_step = 0
        self._validate()

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(n)`` is what call n writes, the rate after n updates."""
        return _warm_and_exp(self.base_lr, self.n_warmup_steps, self.decay_factor, self.decay_steps)

    def __call__(self, opt: Optimizer) -> None:
        """Write the next rate into the optimizer."""
        self.current_lr = self.schedule(self.current_step + 1)
        set_rate(opt, self.current_lr)
        self.current_step += 1


@cached_curve
def _up_and_down(lr: float, warmup: int, total: int) -> Schedule:
    where = "LinearWarmupScheduler"
    peak, rise = number(where, "initial_value", lr), step_count(where, "num_warmup_steps", warmup)
    fall = step_count(where, "num_training_steps", total) - rise
    up = (Linear(0.0, peak, rise),) if rise else ()
    return join(*up, Linear(peak, 0.0, fall) if fall > 0 else Constant(0.0))


@cached_curve
def _warm_and_exp(lr: float, warmup: int, factor: float, steps: int) -> Schedule:
    where = "WarmAndExpDecayLRSchedule"
    peak, rise = number(where, "lr", lr), step_count(where, "n_warmup_steps", warmup)
    factor = number(where, "decay_factor", factor, Positive)
    up = (Line(0.0, peak, every=rise).cut(rise),) if rise else ()
    # No decay for a length of 0 or a factor above 1, as in SpeechBrain.
    decays = factor < 1.0 and number(where, "decay_steps", steps) > 0
    decay = GeometricDecay(peak, factor, steps) if decays else Constant(peak)
    # The first call, after the first update, writes the value of step 0.
    return join(*up, decay).shift(1)
