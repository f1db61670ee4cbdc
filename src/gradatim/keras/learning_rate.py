"""A core schedule in the place where Keras takes one of its own."""

from __future__ import annotations

import json
from typing import Any

import keras
from keras import ops

from gradatim.core.build import build
from gradatim.core.errors import GradatimError, refuse
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import PositiveInt, check_argument
from gradatim.keras.memory import Memory

# Keras counts batches in 64 bits on TensorFlow, in 32 elsewhere.
LAST_BATCH = 2**63 - 1 if keras.backend.backend() == "tensorflow" else 2**31 - 1


def check_reached(where: str, schedule: Schedule, accumulate: int) -> None:
    """Refuse a schedule that goes on past what Keras can count: it would stop there unseen."""
    batches = schedule.last_boundary * accumulate
    if batches > LAST_BATCH:
        raise GradatimError(
            f"{where}: this schedule goes on for {batches} batches, and Keras on "
            f"{keras.backend.backend()} counts to {LAST_BATCH}. Count in a coarser unit: "
            "Scheduler(plan=Plan(..., run=Run(clock='tokens', ...)))."
        )


def _as_it_stands(call: Any) -> Any:
    """Formulas need no AutoGraph, which would rewrite each of them from its source file."""
    if keras.backend.backend() != "tensorflow":
        return call
    import tensorflow

    return tensorflow.autograph.experimental.do_not_convert(call)


@keras.saving.register_keras_serializable(package="gradatim")
class LearningRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A learning rate that follows a schedule, computed inside the compiled training step.

    It costs no more than a constant rate, holds no state (the position is the optimizer's own
    count), and goes into model files and comes out of them by itself.

    Args:
        schedule: The schedule, in optimizer updates.
        accumulate: The optimizer's ``gradient_accumulation_steps``. Keras shows a schedule the
            number of batches, so only with this it knows the number of updates.
        memory: Left out. A ``Scheduler`` puts there what it needs to go on after a load.

    Raises:
        GradatimError: If it is not a schedule, cannot be computed, goes on for longer than Keras
            can count, or cannot be written to a file. Keras empties the old file before it asks,
            so that is settled here.

    >>> from gradatim import warmup_cosine
    >>> rate = LearningRate(warmup_cosine(peak=0.5, steps=1000, warmup=100))
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile(optimizer=keras.optimizers.Adam(learning_rate=rate))
    >>> float(rate(50)), float(rate(100)), float(rate(1000))
    (0.25, 0.5, 0.0)
    """

    def __init__(
        self, schedule: Schedule, accumulate: int = 1, memory: Memory | None = None
    ) -> None:
        if not isinstance(schedule, Schedule):
            raise refuse(
                "LearningRate", "schedule", schedule, "a schedule",
                "For one value, write Constant(value); for a schedule of Keras, "
                "from_keras(schedule).",
            )  # fmt: skip
        self.schedule = schedule
        self.accumulate: int = check_argument("LearningRate", "accumulate", PositiveInt, accumulate)
        self.memory = memory
        check_reached("LearningRate", schedule, self.accumulate)
        self._config = _proven(schedule)

    @_as_it_stands
    def __call__(self, step: Any) -> Any:
        """The rate for the next update, as a float32 tensor of the backend.

        Args:
            step: The batches so far: what Keras' optimizers count, or whole numbers.
        """
        if isinstance(step, int):  # however large: no integer of the backend need hold it
            return ops.convert_to_tensor(self.schedule(step // self.accumulate), dtype="float32")
        step = ops.convert_to_tensor(step)
        return self.schedule(step if self.accumulate == 1 else step // self.accumulate)

    def get_config(self) -> dict[str, Any]:
        """The schedule as plain data, and what a ``Scheduler`` remembers, if one drives."""
        memory = None if self.memory is None else self.memory.text()
        return {"schedule": self._config, "accumulate": self.accumulate, "memory": memory}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRate:
        """The same learning rate again.

        Raises:
            GradatimError: If the config is not that of a schedule, or names code of its own
                (``Function``): load with ``compile=False`` and compile with the schedule.
        """
        memory = config.get("memory")
        return cls(
            build(config["schedule"]),
            config.get("accumulate", 1),
            None if memory is None else Memory(memory),
        )

    def __repr__(self) -> str:
        accumulate = "" if self.accumulate == 1 else f", accumulate={self.accumulate}"
        return f"LearningRate({self.schedule!r}{accumulate})"


def _proven(schedule: Schedule) -> dict[str, Any]:
    """The schedule's config, once it is known to be read back from text as the same schedule."""
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
        raise refuse(
            "LearningRate", "schedule", schedule, "one that its own config builds again and that "
            "begins with a finite number",
        )  # fmt: skip
    return config
