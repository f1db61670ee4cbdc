"""The three pieces of a widely read tutorial on warm-up, under the tutorial's own names.

The tutorial is "Learning Rate Warmup with Cosine Decay in Keras/TensorFlow" (StackAbuse). Its
readers change one import. The curve is the core's ``warmup_cosine``.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from gradatim.core.errors import GradatimError
from gradatim.core.recipes import warmup_cosine
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import NonNegative, PositiveSteps, Steps, check_argument
from gradatim.keras.learning_rate import LearningRate
from gradatim.keras.scheduler import Scheduler

_WANTED = {
    "start_lr": NonNegative,
    "target_lr": NonNegative,
    "warmup_steps": Steps,
    "total_steps": PositiveSteps,
    "hold": Steps,
}


def _checked(where: str, **given: Any) -> dict[str, Any]:
    """The tutorial's arguments, or the error in the tutorial's words."""
    checked = {
        name: check_argument(where, name, _WANTED[name], value) for name, value in given.items()
    }
    warmup, hold, total = checked["warmup_steps"], checked["hold"], checked["total_steps"]
    if warmup + hold >= total:
        raise GradatimError(
            f"{where}: warmup_steps ({warmup}) + hold ({hold}) must be less than total_steps, "
            f"{total}, so that something is left to decay. total_steps is the whole run, both "
            "included."
        )
    return checked


def _schedule(where: str, **given: Any) -> Schedule:
    said = _checked(where, **given)
    return warmup_cosine(
        peak=said["target_lr"], steps=said["total_steps"], warmup=said["warmup_steps"],
        start=said["start_lr"], hold=said["hold"],
    )  # fmt: skip


def lr_warmup_cosine_decay(
    global_step: Any,
    warmup_steps: int,
    hold: int = 0,
    total_steps: int = 0,
    start_lr: float = 0.0,
    target_lr: float = 1e-3,
) -> Any:
    """Straight up to a target, level for a while, then half a cosine down to 0, and 0 after.

    Args:
        global_step: Completed updates: a number, a NumPy array or a tensor of the backend.
        warmup_steps: Updates of warm-up; 0 for none.
        hold: Updates at the target before the decay.
        total_steps: The length of the whole run in updates, warm-up and hold included.
        start_lr: The rate the warm-up comes from.
        target_lr: The rate after the warm-up.

    Returns:
        A float for a number, otherwise an array of the kind that was given.

    Raises:
        GradatimError: For a negative step, a length or a rate that cannot be, or a warm-up and
            hold that do not leave an update of the run.

    >>> [lr_warmup_cosine_decay(k, 10, 5, 100, target_lr=0.5) for k in (0, 5, 15, 100, 150)]
    [0.0, 0.25, 0.5, 0.0, 0.0]
    """
    schedule = _schedule(
        "lr_warmup_cosine_decay", start_lr=start_lr, target_lr=target_lr,
        warmup_steps=warmup_steps, total_steps=total_steps, hold=hold,
    )  # fmt: skip
    if isinstance(global_step, keras.Variable):
        global_step = ops.convert_to_tensor(global_step)
    return schedule(global_step)


class WarmupCosineDecay(Scheduler):
    """The tutorial's callback: drives the rate and keeps what was used in ``lrs``.

    Args:
        total_steps: The length of the whole run in updates, warm-up and hold included.
        warmup_steps: Updates of warm-up; 0 for none.
        start_lr: The rate the warm-up comes from.
        target_lr: The rate after the warm-up.
        hold: Updates at the target before the decay.
        options: What ``Scheduler`` takes beside ``lr``: ``rule``, ``monitor``, ``on_mismatch``.

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
                "WarmupCosineDecay", start_lr=start_lr, target_lr=target_lr,
                warmup_steps=warmup_steps, total_steps=total_steps, hold=hold,
            ),
            **options,
        )  # fmt: skip


@keras.saving.register_keras_serializable(package="gradatim")
class WarmUpCosineDecay(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The tutorial's schedule, for ``Adam(learning_rate=...)``; saved and loaded by itself.

    Args:
        start_lr: The rate the warm-up comes from.
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
            "WarmUpCosineDecay", start_lr=start_lr, target_lr=target_lr,
            warmup_steps=warmup_steps, total_steps=total_steps, hold=hold,
        )  # fmt: skip
        self.schedule = _schedule("WarmUpCosineDecay", **self._config)
        self._rate = LearningRate(self.schedule)

    def __call__(self, step: Any) -> Any:
        """The rate for the next update, as a float32 tensor of the backend."""
        return self._rate(step)

    def get_config(self) -> dict[str, Any]:
        """The five arguments."""
        return dict(self._config)
