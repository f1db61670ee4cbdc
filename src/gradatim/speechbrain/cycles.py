"""Cyclic schedules: called after each update, or each batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

from torch.optim import Optimizer

from gradatim.core.closed_forms import CosineWave, GeometricDecay, Triangle
from gradatim.core.decays import Constant
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import (
    DecayFactor,
    NonNegative,
    NonNegativeInt,
    Number,
    Positive,
    check_argument,
)
from gradatim.errors import GradatimError
from gradatim.speechbrain.arguments import (
    Compat,
    as_python_number,
    cached_curve,
    checked_compat,
    number,
    step_count,
)
from gradatim.speechbrain.checkpoints import Recoverable, SavedEntry
from gradatim.speechbrain.optimizer import set_rate, start_unknown


class CyclicCosineScheduler(Recoverable):
    """A cosine wave between a peak rate and 0; the peak is after ``n_warmup_steps``.

    The warm-up only shifts the wave: the first rate is near the peak.

    Args:
        n_warmup_steps: The update after which the rate is highest.
        lr_initial: The highest rate; None for the rate that the optimizer has at the first call.
        total_steps: Updates from the peak down to 0, and as many up again.
        compat: "1.1" for SpeechBrain's ``lr_initial=None``, which multiplies the optimizer's
            current rate at each call, so that the factors compound down to 0.

    Source: Loshchilov and Hutter, "SGDR", 2017 (openreview.net/pdf?id=BJYwwY9ll).

    >>> import torch
    >>> optim = torch.optim.Adam(torch.nn.Linear(3, 4).parameters(), lr=1)
    >>> scheduler = CyclicCosineScheduler(3, optim.param_groups[0]["lr"])
    >>> for _ in range(3):
    ...     curr_lr, next_lr = scheduler(optim)
    ...     print(optim.param_groups[0]["lr"])
    0.9999999990130395
    0.9999999997532598
    1.0
    """

    saved: ClassVar[tuple[SavedEntry, ...]] = (
        SavedEntry("losses", list),
        SavedEntry("n_steps", NonNegativeInt),
        # Only without lr_initial. SpeechBrain does not save it, and ignores it.
        SavedEntry("peak_lr", Number, "_peak", optional=True),
    )

    def __init__(
        self,
        n_warmup_steps: int,
        lr_initial: float | None = None,
        total_steps: int = 100000,
        *,
        compat: Compat = None,
    ) -> None:
        self.n_warmup_steps = n_warmup_steps
        self.losses: list[Any] = []
        self.initial_lr = lr_initial
        self.current_lr: Any = lr_initial
        self.total = total_steps
        self.n_steps = 0
        self.compat = checked_compat(type(self).__name__, compat)
        self._peak: Any = None
        self._validate()

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(n)`` is what call n writes, the rate after n updates."""
        peak = self._peak if self.initial_lr is None else self.initial_lr
        if peak is None:
            raise start_unknown(type(self).__name__)
        return self._from(peak)

    def _from(self, peak: Any) -> Schedule:
        return _wave(peak, self.n_warmup_steps, self.total)

    def __call__(self, opt: Optimizer) -> tuple[Any, float]:
        """Write the next rate into the optimizer, and return the highest rate and the new one.

        SpeechBrain returns the same: ``lr_initial``, not the rate before.
        """
        peak = self._peak if self.initial_lr is None else self.initial_lr
        if peak is None:
            peak = as_python_number(opt.param_groups[0]["lr"])
            self._peak = None if self.compat else peak
        new = self._from(peak)(self.n_steps + 1)
        set_rate(opt, new)
        self.current_lr = peak
        self.n_steps += 1
        return peak, new

    def _validate(self) -> None:
        self._from(1.0 if self.initial_lr is None else self.initial_lr)


class CyclicLRScheduler(Recoverable):
    """A triangle wave between two rates.

    Args:
        base_lr: The lowest rate.
        max_lr: The highest rate.
        step_size: Updates of the way up, and of the way down.
        mode: "triangular": all cycles equal; "triangular2": each half as high as the one before;
            "exp_range": the height is multiplied by ``gamma`` at each update.
        gamma: The factor of "exp_range".
        scale_fn: A function in place of ``mode`` that returns a factor for the height.
        scale_mode: What ``scale_fn`` is called with: the "cycle", from 1, or the "iterations".

    Call ``on_batch_end(optimizer)`` after each batch. Calling the scheduler itself changes nothing
    and returns the rate before the last batch and that of the next one.

    Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017
    (arXiv:1506.01186).

    >>> import torch
    >>> optim = torch.optim.Adam(torch.nn.Linear(3, 4).parameters(), lr=1)
    >>> scheduler = CyclicLRScheduler(base_lr=0.1, max_lr=0.3, step_size=2)
    >>> for _ in range(3):
    ...     scheduler.on_batch_end(optim)
    ...     print(optim.param_groups[0]["lr"])
    0.2
    0.3
    0.2
    """

    saved: ClassVar[tuple[SavedEntry, ...]] = (
        SavedEntry("losses", list),
        SavedEntry("clr_iterations", NonNegative),
    )

    def __init__(
        self,
        base_lr: float = 0.001,
        max_lr: float = 0.006,
        step_size: float = 2000.0,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[Any], float] | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
    ) -> None:
        self.losses: list[Any] = []
        self.base_lr = base_lr
        self.max_lr = max_lr
        self.step_size = step_size
        self.mode = mode
        self.gamma = gamma
        self.scale_fn = scale_fn
        self.scale_mode = scale_mode
        self.clr_iterations = 0.0
        self.current_lr: Any = None
        self._after_load()

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(n)`` is the rate after n batches."""
        if self.scale_fn is not None:
            raise GradatimError(
                "CyclicLRScheduler: a scale_fn is code, not part of a schedule. Write it as a "
                "schedule: Triangle(low=base_lr, high=max_lr, half_period=step_size, factor=...)."
            )
        return _cyclic(self.base_lr, self.max_lr, self.step_size, self.mode, self.gamma)

    def clr(self, clr_iterations: float) -> float:
        """The rate after so many batches; nothing changes."""
        if self.scale_fn is None:
            value: float = self.schedule(clr_iterations)
            return value
        curve = _cyclic(self.base_lr, self.max_lr, self.step_size, "triangular", 1.0)
        at = curve.cycle(clr_iterations) if self.scale_mode == "cycle" else clr_iterations
        value = curve.replace(factor=Constant(self.scale_fn(at)))(clr_iterations)
        return value

    def __call__(self, epoch: int) -> tuple[Any, float]:
        """The rate before the last batch and that of the next one. The epoch is not used."""
        return self.current_lr, self.clr(self.clr_iterations + 1)

    def on_batch_end(self, opt: Optimizer) -> None:
        """Write the next rate into the optimizer."""
        new = self.clr(self.clr_iterations + 1)
        self.current_lr = set_rate(opt, new)
        self.clr_iterations += 1

    def _after_load(self) -> None:
        # Not in the file; SpeechBrain has no such attribute before the next batch.
        self._validate()
        self.current_lr = self.clr(max(self.clr_iterations - 1, 0))

    def _validate(self) -> None:
        if self.scale_fn is None:
            _cyclic(self.base_lr, self.max_lr, self.step_size, self.mode, self.gamma)
            return
        check_argument(
            "CyclicLRScheduler", "scale_mode", Literal["cycle", "iterations"], self.scale_mode
        )
        if not callable(self.scale_fn):
            raise GradatimError("CyclicLRScheduler: scale_fn must be a function, or left out.")


@cached_curve
def _wave(peak: float, warmup: int, half: float) -> Schedule:
    where = "CyclicCosineScheduler"
    top = step_count(where, "n_warmup_steps", warmup)
    wave = CosineWave(number(where, "total_steps", half, Positive), top)
    return number(where, "lr_initial", peak) * wave


@cached_curve
def _cyclic(low: float, high: float, half: float, mode: str, gamma: float) -> Triangle:
    where = "CyclicLRScheduler"
    mode = check_argument(where, "mode", Literal["triangular", "triangular2", "exp_range"], mode)
    curve = Triangle(
        number(where, "base_lr", low),
        number(where, "max_lr", high),
        number(where, "step_size", half, Positive),
    )
    if mode == "triangular2":
        return curve.replace(factor=GeometricDecay(1.0, 0.5, curve.period, stairs=True))
    if mode == "exp_range":
        gamma = number(where, "gamma", gamma, DecayFactor)
        return curve.replace(factor=GeometricDecay(1.0, gamma, 1.0))
    return curve
