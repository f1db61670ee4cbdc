"""What there is in an optimizer of Keras to drive: its rate, and the other numbers it holds.

The rate has a place for schedules. Other numbers are plain attributes, which a compiled step reads
once, while it is traced. So each is replaced, for the time of the trace, by a formula of the update
count, which the compiled step computes ever after. On torch, which does not trace, the same
happens at every update.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.run.by_updates import by_updates
from gradatim.core.schedule import Schedule
from gradatim.drive import Driver
from gradatim.keras.translation import read_keras

Source = Callable[[Any], Any]
"""What a compiled step asks for a number: a schedule, or another function of the update count."""

# Not numbers of the update rule, or settled once and for all when the optimizer is built.
_FIXED = {
    "name",
    "learning_rate",
    "gradient_accumulation_steps",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "inner_optimizer",
    "clipvalue",  # JAX clips between it and its negative without asking what it is
}


def innermost(model: Any) -> Any:
    """The optimizer that makes the updates, inside a loss scale's; None before ``compile``."""
    optimizer = getattr(model, "optimizer", None)
    return getattr(optimizer, "inner_optimizer", optimizer)


def _read(variable: Any) -> Any:
    # Keras' own reading of a Variable warns with NumPy 2; of a tensor it does not.
    return ops.convert_to_numpy(ops.convert_to_tensor(variable))


def batches(optimizer: Any) -> int:
    """The batches so far that made, or will make, an update."""
    return int(_read(optimizer._iterations))


def accumulation(optimizer: Any) -> int:
    """How many batches make one update."""
    return optimizer.gradient_accumulation_steps or 1


def rate(optimizer: Any, wanted: Schedule | None, driver: Driver) -> Schedule:
    """The schedule of the rate: the one wanted, or else the one that the optimizer has.

    The optimizer's own is one of updates, whatever the clock of the run.

    Raises:
        GradatimError: If the two contradict each other, or the optimizer's cannot be understood.
    """
    found, accumulate = optimizer._learning_rate, accumulation(optimizer)
    if isinstance(found, keras.Variable):  # a float, which Keras puts there if nobody else does
        return Constant(float(_read(found))) if wanted is None else wanted
    counted = getattr(found, "accumulate", 1)
    if isinstance(found, Schedule):  # Adam(schedule): without a Scheduler it cannot be used
        own, counted = found, accumulate
    elif isinstance(getattr(found, "schedule", None), Schedule):
        own = found.schedule
    else:
        own = read_keras(found).schedule
    if wanted is not None and wanted != own:
        raise GradatimError(
            f"Scheduler: the optimizer has a schedule of its own, {own!r}. Leave lr out to use it, "
            "or build the optimizer without."
        )
    if counted != accumulate:
        raise refuse(
            "Scheduler", "the accumulate of the optimizer's schedule", counted,
            f"{accumulate}, as its gradient_accumulation_steps",
            f"Write LearningRate(schedule, accumulate={accumulate}).",
        )  # fmt: skip
    return own if driver.clock.unit == "updates" else by_updates(own)


def set_rate(optimizer: Any, rate: Any) -> None:
    """Let the optimizer follow a rate of ours."""
    if isinstance(optimizer._learning_rate, keras.Variable):
        optimizer.learning_rate = rate  # and the variable is no longer one of the optimizer's
    else:  # TensorFlow would ask the old one for its present value, which it may not have
        optimizer._learning_rate = rate


def check(optimizer: Any, name: str, schedule: Schedule) -> None:
    """Refuse a name that is no number of this optimizer, or one that it has switched off."""
    config = optimizer.get_config()
    numbers = {
        key: value
        for key, value in config.items()
        if key not in _FIXED and (value is None or type(value) in (int, float))
    }
    if name not in numbers:
        raise unknown("Scheduler", "value", name, ["lr", *numbers])
    if numbers[name] == 0:
        raise GradatimError(
            f"Scheduler: {type(optimizer).__name__} was built with {name}=0, and leaves out what "
            f"{name} needs. Build it with a value of the schedule, such as {name}="
            f"{_one_value(schedule)!r}."
        )


def _one_value(schedule: Schedule) -> float:
    """A value of the schedule that is not 0, or any number if there is none."""
    end = schedule.length or 1
    return next((v for v in map(schedule, (0, end, end // 2, 1)) if v), 0.1)


def drive(optimizer: Any, sources: Mapping[str, Source]) -> None:
    """Let each update of this optimizer use these numbers; an earlier call is forgotten."""
    apply = type(optimizer).apply

    def driven(grads: Any, trainable_variables: Any = None) -> Any:
        held = {name: getattr(optimizer, name) for name in sources}
        update = ops.convert_to_tensor(optimizer.iterations)
        try:
            for name, source in sources.items():
                setattr(optimizer, name, _number(source(update)))
            return apply(optimizer, grads, trainable_variables)
        finally:
            # A tensor of a trace must not outlive it, and a config holds a plain number.
            for name, value in held.items():
                setattr(optimizer, name, value)

    if sources or "apply" in vars(optimizer):
        optimizer.apply = driven


def _number(value: Any) -> Any:
    return value if keras.backend.backend() == "torch" else Traced(value)


class Traced:
    """A number that is not known yet, for code that asks Python whether it is switched on.

    ``if self.momentum != 0`` cannot be answered by a formula; the answer is yes. To the
    operations of Keras it is the tensor, by the protocols of the two frameworks that trace.
    """

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    def __jax_array__(self) -> Any:
        return self.tensor

    def __tf_tensor__(self, dtype: Any = None, name: Any = None) -> Any:
        return self.tensor if dtype is None else ops.cast(self.tensor, dtype)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return id(self)

    def __gt__(self, other: object) -> bool:
        return True

    def __mul__(self, other: Any) -> Any:
        return self.tensor * other

    def __rsub__(self, other: Any) -> Any:
        return other - self.tensor

    def __rtruediv__(self, other: Any) -> Any:
        return other / self.tensor

    def __neg__(self) -> Any:
        return -self.tensor

    __rmul__ = __mul__
