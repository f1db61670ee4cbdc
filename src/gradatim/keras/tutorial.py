"""The function, callback and schedule of a widely read tutorial on warm-up, under its names.

The tutorial is "Learning Rate Warmup with Cosine Decay in Keras/TensorFlow" (StackAbuse). Code
written after it needs only another import. The curve is that of ``warmup_cosine``.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from gradatim.core.recipes import warmup_cosine
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import NonNegative, PositiveSteps, Steps, check_argument
from gradatim.errors import GradatimError
from gradatim.keras.learning_rate import LearningRate
from gradatim.keras.scheduler import Scheduler

_FIELD_TYPES = {
    "start_lr": NonNegative,
    "target_lr": NonNegative,
    "warmup_steps": Steps,
    "total_steps": PositiveSteps,
    "hold": Steps,
}


def _checked(where: str, **given: float) -> dict[str, Any]:
    """The arguments, checked under the tutorial's names."""
    checked = {
        name: check_argument(where, name, _FIELD_TYPES[name], value)
        for name, value in given.items()
    }
    warmup, hold, total = checked["warmup_steps"], checked["hold"], checked["total_steps"]
    if warmup + hold >= total:
        raise GradatimError(
            f"{where}: warmup_steps ({warmup}) + hold ({hold}) must be less than total_steps, "
            f"{total}, so that something is left to decay. total_steps is the whole run, both "
            "included."
        )
    return checked


def _schedule(where: str, **given: float) -> Schedule:
    args = _checked(where, **given)
    return warmup_cosine(
        peak=args["target_lr"],
        steps=args["total_steps"],
        warmup=args["warmup_steps"],
        start=args["start_lr"],
        hold=args["hold"],
    )


def lr_warmup_cosine_decay(
    global_step: Any,
    warmup_steps: int,
    hold: int = 0,
    total_steps: int = 0,
    start_lr: float = 0.0,
    target_lr: float = 1e-3,
) -> Any:
    """Linear warm-up to a target, hold, then cosine decay to 0, and 0 from then on.

    Args:
        global_step: Completed updates: a number, a NumPy array or a tensor of the backend.
        warmup_steps: Updates of warm-up; 0 for none.
        hold: Updates at the target before the decay.
        total_steps: The length of the whole run in updates, warm-up and hold included.
        start_lr: The rate at which the warm-up starts.
        target_lr: The rate after the warm-up.

    Returns:
        A float for a number, otherwise an array of the same kind as ``global_step``.

    Raises:
        GradatimError: For a negative step, an invalid length or rate, or if warm-up and hold leave
            no update for the decay.

    >>> [lr_warmup_cosine_decay(k, 10, 5, 100, target_lr=0.5) for k in (0, 5, 15, 100, 150)]
    [0.0, 0.25, 0.5, 0.0, 0.0]
    """
    schedule = _schedule(
        "lr_warmup_cosine_decay",
        start_lr=start_lr,
        target_lr=target_lr,
        warmup_steps=warmup_steps,
        total_steps=total_steps,
        hold=hold,
    )
    if isinstance(global_step, keras.Variable):
        global_step = ops.convert_to_tensor(global_step)
    return schedule(global_step)


class WarmupCosineDecay(Scheduler):
    """The tutorial's callback: sets the learning rate and records it in ``lrs``.

    Args:
        total_steps: The length of the whole run in updates, warm-up and hold included.
        warmup_steps: Updates of warm-up; 0 for none.
        start_lr: The rate at which the warm-up starts.
        target_lr: The rate after the warm-up.
        hold: Updates at the target before the decay.
        options: Other arguments of ``Scheduler``: ``rule``, ``monitor``, ``on_mismatch``.

    Raises:
        GradatimError: As ``lr_warmup_cosine_decay``.

    >>> callback = WarmupCosineDecay(total_steps=1000, warmup_steps=50, hold=25)
    >>> callback.lrs
    []
    """

    def __init__(
        self,
        total_steps: int = 0,
        warmup_steps: int = 0,
        start_lr: float = 0.0,
        target_lr: float = 1e-3,
        hold: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(
            _schedule(
                "WarmupCosineDecay",
                start_lr=start_lr,
                target_lr=target_lr,
                warmup_steps=warmup_steps,
                total_steps=total_steps,
                hold=hold,
            ),
            **options,
        )


@keras.saving.register_keras_serializable(package="gradatim")
class WarmUpCosineDecay(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The tutorial's schedule, for ``Adam(learning_rate=...)``; saved and loaded with the model.

    Args:
        start_lr: The rate at which the warm-up starts.
        target_lr: The rate after the warm-up.
        warmup_steps: Updates of warm-up; 0 for none.
        total_steps: The length of the whole run in updates, warm-up and hold included.
        hold: Updates at the target before the decay.

    Raises:
        GradatimError: As ``lr_warmup_cosine_decay``.

    With gradient accumulation, write ``LearningRate(schedule.schedule, accumulate=n)``.

    >>> float(WarmUpCosineDecay(0.0, 0.5, warmup_steps=10, total_steps=100, hold=5)(5))
    0.25
    """

    def __init__(
        self, start_lr: float, target_lr: float, warmup_steps: int, total_steps: int, hold: int
    ) -> None:
        self._config = _checked(
            "WarmUpCosineDecay",
            start_lr=start_lr,
            target_lr=target_lr,
            warmup_steps=warmup_steps,
            total_steps=total_steps,
            hold=hold,
        )
        self.schedule = _schedule("WarmUpCosineDecay", **self._config)
        self._rate = LearningRate(self.schedule)

    def __call__(self, step: int | keras.KerasTensor) -> keras.KerasTensor:
        """The learning rate of the next update, as a float32 tensor of the backend."""
        return self._rate(step)

    def get_config(self) -> dict[str, Any]:
        """The five arguments."""
        return dict(self._config)
