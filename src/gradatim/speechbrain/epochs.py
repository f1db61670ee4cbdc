"""Schedulers called once an epoch with its number; the recipe sets the rate they return."""

from __future__ import annotations

import torch

from gradatim.core.closed_forms import GeometricDecay, NaturalDecay
from gradatim.core.decays import Constant, Table
from gradatim.core.ramps import Linear
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import Positive, PositiveInt
from gradatim.errors import GradatimError
from gradatim.speechbrain.arguments import Compat, cached_curve, checked_compat, number, step_count
from gradatim.speechbrain.checkpoints import Checkpointable


class LinearScheduler(Checkpointable):
    """A straight line from one value to another over the epochs, then the last value.

    Args:
        initial_value: The value of the first epoch.
        final_value: The value of epoch ``epoch_count``.
        epoch_count: The number of epochs.
        compat: "1.1" for SpeechBrain's values: rounded to float32 by torch, so that the last digit
            depends on the processor.

    >>> scheduler = LinearScheduler(1.0, 0.0, 4)
    >>> scheduler(current_epoch=1)
    (1.0, 0.666...)
    >>> scheduler(current_epoch=2)
    (0.666..., 0.333...)
    >>> scheduler(current_epoch=3)
    (0.333..., 0.0)
    >>> scheduler(current_epoch=4)
    (0.0, 0.0)
    """

    def __init__(
        self,
        initial_value: float,
        final_value: float,
        epoch_count: int,
        *,
        compat: Compat = None,
    ) -> None:
        where = type(self).__name__
        start = number(where, "initial_value", initial_value)
        end = number(where, "final_value", final_value)
        count = step_count(where, "epoch_count", epoch_count, PositiveInt)
        self._curve: Schedule
        if checked_compat(where, compat):
            values = torch.linspace(initial_value, final_value, steps=count).tolist()
            self._curve = Table(tuple(enumerate(values)), "hold")
        else:
            self._curve = Linear(start, end, count - 1) if count > 1 else Constant(start)
        self.value_at_epoch: list[float] = [self._curve(epoch) for epoch in range(count)]

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(n)`` is the value after n epochs."""
        return self._curve

    def __call__(self, current_epoch: int) -> tuple[float, float]:
        """The value of an epoch, counted from 1, and that of the next one."""
        return self._curve(max(current_epoch - 1, 0)), self._curve(max(current_epoch, 0))


class StepScheduler(Checkpointable):
    """A value that is multiplied by a factor every few epochs.

    ``initial_value * decay_factor ** floor((1 + epoch) / decay_drop)``.

    Args:
        initial_value: The value that is multiplied.
        decay_factor: The factor of each drop; 0.5 if left out.
        decay_drop: Epochs between drops; 2 if left out. The first comes one epoch earlier.
        half_life: In place of the two: the epochs after which half is left, with a drop each epoch.

    >>> scheduler = StepScheduler(initial_value=1.0)
    >>> scheduler(current_epoch=1)
    (1.0, 0.5)
    >>> scheduler(current_epoch=2)
    (0.5, 0.5)
    >>> scheduler(current_epoch=3)
    (0.5, 0.25)
    """

    DEFAULT_DECAY_FACTOR = 0.5
    DEFAULT_DECAY_DROP = 2

    def __init__(
        self,
        initial_value: float,
        decay_factor: float | None = None,
        decay_drop: float | None = None,
        half_life: float | None = None,
    ) -> None:
        where = type(self).__name__
        self.initial_value = initial_value
        if half_life is not None:
            if decay_factor is not None or decay_drop is not None:
                raise GradatimError(
                    "half_life cannot be used together with decay_factor and decay_drop"
                )
            half_life = number(where, "half_life", half_life, Positive)
            decay_factor, decay_drop = NaturalDecay.by(1.0, 0.5, half_life)(1), 1.0
        self.decay_factor = self.DEFAULT_DECAY_FACTOR if decay_factor is None else decay_factor
        self.decay_drop = self.DEFAULT_DECAY_DROP if decay_drop is None else decay_drop
        self._drops  # noqa: B018  raises if the arguments are invalid

    @property
    def _drops(self) -> Schedule:
        return _drops(self.initial_value, self.decay_factor, self.decay_drop)

    @property
    def schedule(self) -> Schedule:
        """The curve as a value: ``schedule(n)`` is the value after n epochs."""
        return self._drops.shift(-1)

    def __call__(self, current_epoch: int) -> tuple[float, float]:
        """The value of an epoch, counted from 1, and that of the next one."""
        drops = self._drops
        return drops(max(current_epoch, 0)), drops(max(current_epoch + 1, 0))


@cached_curve
def _drops(value: float, factor: float, drop: float) -> Schedule:
    where = "StepScheduler"
    return GeometricDecay(
        number(where, "initial_value", value),
        number(where, "decay_factor", factor, Positive),
        number(where, "decay_drop", drop, Positive),
        stairs=True,
    )
