"""A schedule as Keras' ``LearningRateSchedule``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import keras
from keras import ops

from gradatim.core.build import build
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import PositiveInt, check_argument
from gradatim.errors import GradatimError, invalid_value
from gradatim.keras.checkpoint_note import CheckpointNote

P = ParamSpec("P")
R = TypeVar("R")

# Keras counts batches in 64 bits on TensorFlow, in 32 elsewhere.
LAST_BATCH = 2**63 - 1 if keras.backend.backend() == "tensorflow" else 2**31 - 1


def check_countable(where: str, schedule: Schedule, accumulate: int) -> None:
    """Refuse a schedule that is longer than Keras' counter: it would stop there unnoticed."""
    batches = schedule.last_boundary * accumulate
    if batches > LAST_BATCH:
        raise GradatimError(
            f"{where}: this schedule lasts {batches} batches, and Keras on "
            f"{keras.backend.backend()} counts to {LAST_BATCH}. Count in a coarser unit: "
            "Scheduler(plan=Plan(..., run=Run(clock='tokens', ...)))."
        )


def _without_autograph(call: Callable[P, R]) -> Callable[P, R]:
    """Exclude a method from AutoGraph, which would rewrite every formula from its source code."""
    if keras.backend.backend() != "tensorflow":
        return call
    import tensorflow

    unconverted: Callable[P, R] = tensorflow.autograph.experimental.do_not_convert(call)
    return unconverted


@keras.saving.register_keras_serializable(package="gradatim")
class LearningRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A learning rate that follows a schedule, computed inside the compiled training step.

    It costs no more than a constant rate, holds no state (the position is the optimizer's own
    count), and goes into model files and comes out of them by itself.

    Args:
        schedule: The schedule, in optimizer updates.
        accumulate: The optimizer's ``gradient_accumulation_steps``. Keras shows a schedule the
            number of batches, so only with this it knows the number of updates.
        note: Not for users. A ``Scheduler`` saves its state in it.

    Raises:
        GradatimError: If it is not a schedule, cannot be computed, goes on for longer than Keras
            can count, or cannot be saved. (Keras empties the old file before it calls
            ``get_config``, so this is checked here.)

    >>> from gradatim import warmup_cosine
    >>> rate = LearningRate(warmup_cosine(peak=0.5, steps=1000, warmup=100))
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile(optimizer=keras.optimizers.Adam(learning_rate=rate))
    >>> float(rate(50)), float(rate(100)), float(rate(1000))
    (0.25, 0.5, 0.0)
    """

    def __init__(
        self, schedule: Schedule, accumulate: int = 1, note: CheckpointNote | None = None
    ) -> None:
        if not isinstance(schedule, Schedule):
            raise invalid_value(
                "LearningRate",
                "schedule",
                schedule,
                "a schedule",
                "For one value, write Constant(value); for a schedule of Keras, "
                "from_keras(schedule).",
            )
        self.schedule = schedule
        self.accumulate: int = check_argument("LearningRate", "accumulate", PositiveInt, accumulate)
        self.note = note
        check_countable("LearningRate", schedule, self.accumulate)
        self._config = _checked_config(schedule)

    @_without_autograph
    def __call__(self, step: int | keras.KerasTensor) -> keras.KerasTensor:
        """The learning rate of the next update, as a float32 tensor of the backend.

        Args:
            step: The batches so far, as Keras' optimizers count them; a number or a tensor.
        """
        if isinstance(step, int):  # may be larger than an integer of the backend
            return ops.convert_to_tensor(self.schedule(step // self.accumulate), dtype="float32")
        step = ops.convert_to_tensor(step)
        return self.schedule(step if self.accumulate == 1 else step // self.accumulate)

    def get_config(self) -> dict[str, Any]:
        """The schedule as plain data, and the state of the ``Scheduler``, if there is one."""
        state = None if self.note is None else self.note.json()
        return {"schedule": self._config, "accumulate": self.accumulate, "memory": state}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRate:
        """Build the learning rate from its config.

        Raises:
            GradatimError: If the config is not that of a schedule, or names code to import
                (``Function``): load with ``compile=False`` and compile with the schedule.
        """
        state = config.get("memory")
        return cls(
            build(config["schedule"]),
            config.get("accumulate", 1),
            None if state is None else CheckpointNote(state),
        )

    def __repr__(self) -> str:
        accumulate = "" if self.accumulate == 1 else f", accumulate={self.accumulate}"
        return f"LearningRate({self.schedule!r}{accumulate})"


def _checked_config(schedule: Schedule) -> dict[str, Any]:
    """The config of a schedule, checked to give the same schedule after a round trip as JSON."""
    try:
        config: dict[str, Any] = schedule.config()
        same = build(json.loads(json.dumps(config)), imports=True) == schedule
        first = schedule(0)
    except Exception as error:
        raise GradatimError(
            f"LearningRate: this schedule would fail when it is used or saved: {schedule!r}. "
            f"{type(error).__name__}: {error}"
        ) from error
    if not same or first - first != 0:
        raise invalid_value(
            "LearningRate",
            "schedule",
            schedule,
            "one that its own config builds again and that begins with a finite number",
        )
    return config
