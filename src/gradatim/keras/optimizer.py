"""The numbers of a Keras optimizer that a schedule can set: its learning rate and others.

Keras accepts a schedule as the learning rate only. Other numbers are plain attributes, which a
compiled step reads once, while it is traced. So ``apply`` is wrapped: for the time of the call each
attribute is replaced by a formula of the update count, which becomes part of the trace. On torch,
which does not trace, this happens at every update.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
from keras import ops

from gradatim.core.decays import Constant
from gradatim.core.run.by_updates import by_updates
from gradatim.core.schedule import Schedule
from gradatim.drive import Driver
from gradatim.errors import GradatimError, invalid_value, unknown_name
from gradatim.keras.translation import read_keras

Tensor = Any
"""A tensor of the backend, of which Keras has no common type."""

ValueFunction = Callable[[Tensor], Tensor]
"""Computes a value from the update count: a schedule, or another function."""

# Not numbers of the update rule, or fixed when the optimizer is built.
_FIXED = {
    "name",
    "learning_rate",
    "gradient_accumulation_steps",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "inner_optimizer",
    "clipvalue",  # passed straight to JAX's clip, which does not convert a TracedNumber
}


def inner_optimizer(model: keras.Model) -> keras.optimizers.Optimizer | None:
    """The optimizer that makes the updates, inside a loss scale's; None before ``compile``."""
    optimizer = getattr(model, "optimizer", None)
    return getattr(optimizer, "inner_optimizer", optimizer)


def _read(variable: keras.Variable) -> float:
    # Converting a Keras Variable to NumPy 2 warns; converting a tensor does not.
    value: float = ops.convert_to_numpy(ops.convert_to_tensor(variable)).item()
    return value


def batch_count(optimizer: keras.optimizers.Optimizer) -> int:
    """The batches so far, without those that a loss scale skipped."""
    return int(_read(optimizer._iterations))


def accumulation_steps(optimizer: keras.optimizers.Optimizer) -> int:
    """The number of batches per update: ``gradient_accumulation_steps``, or 1."""
    return optimizer.gradient_accumulation_steps or 1


def rate_schedule(
    optimizer: keras.optimizers.Optimizer, lr: Schedule | None, driver: Driver
) -> Schedule:
    """The schedule of the learning rate: the one given as ``lr``, or else the optimizer's own.

    The optimizer's own counts updates, whatever the clock of the run.

    Raises:
        GradatimError: If the two contradict each other, or the optimizer's cannot be understood.
    """
    found, accumulate = optimizer._learning_rate, accumulation_steps(optimizer)
    if isinstance(found, keras.Variable):  # what Keras makes of a float
        return Constant(_read(found)) if lr is None else lr
    counted = getattr(found, "accumulate", 1)
    if isinstance(found, Schedule):  # Adam(schedule), which works with a Scheduler only
        own, counted = found, accumulate
    elif isinstance(getattr(found, "schedule", None), Schedule):
        own = found.schedule
    else:
        own = read_keras(found).schedule
    if lr is not None and lr != own:
        raise GradatimError(
            f"Scheduler: the optimizer has a schedule of its own, {own!r}. Leave lr out to use it, "
            "or build the optimizer without a schedule."
        )
    if counted != accumulate:
        raise invalid_value(
            "Scheduler",
            "the accumulate of the optimizer's schedule",
            counted,
            f"{accumulate}, as its gradient_accumulation_steps",
            f"Write LearningRate(schedule, accumulate={accumulate}).",
        )
    return own if driver.clock.unit == "updates" else by_updates(own)


def set_rate(
    optimizer: keras.optimizers.Optimizer,
    rate: keras.optimizers.schedules.LearningRateSchedule,
) -> None:
    """Replace the learning rate of an optimizer, whatever it was before."""
    if isinstance(optimizer._learning_rate, keras.Variable):
        optimizer.learning_rate = rate  # the setter also stops tracking the variable
    else:  # on TensorFlow the setter calls the old schedule, which may raise
        optimizer._learning_rate = rate


def check_value(optimizer: keras.optimizers.Optimizer, name: str, schedule: Schedule) -> None:
    """Refuse a name that is no number of this optimizer, or one that it was built without.

    Raises:
        GradatimError: With the names that there are, or how to build the optimizer.
    """
    config = optimizer.get_config()
    numbers = {
        key: value
        for key, value in config.items()
        if key not in _FIXED and (value is None or type(value) in (int, float))
    }
    if name not in numbers:
        raise unknown_name("Scheduler", "value", name, ["lr", *numbers])
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


def drive_values(
    optimizer: keras.optimizers.Optimizer, functions: Mapping[str, ValueFunction]
) -> None:
    """Make each update of an optimizer use these values, in place of those of an earlier call."""
    apply = type(optimizer).apply

    def apply_with_values(
        grads: Sequence[Tensor], trainable_variables: Sequence[keras.Variable] | None = None
    ) -> None:
        constants = {name: getattr(optimizer, name) for name in functions}
        update = ops.convert_to_tensor(optimizer.iterations)
        try:
            for name, function in functions.items():
                setattr(optimizer, name, _as_attribute(function(update)))
            apply(optimizer, grads, trainable_variables)
        finally:
            # A tensor must not be used outside of its trace, and get_config needs a plain number.
            for name, value in constants.items():
                setattr(optimizer, name, value)

    if functions or "apply" in vars(optimizer):
        optimizer.apply = apply_with_values


def _as_attribute(value: Tensor) -> Tensor:
    return value if keras.backend.backend() == "torch" else TracedNumber(value)


class TracedNumber:
    """A traced tensor that optimizers can use in Python conditions.

    ``if self.momentum != 0`` fails for a traced tensor. Here it is true. The operations of Keras
    get the tensor, by the conversion protocols of JAX and TensorFlow.
    """

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    def __jax_array__(self) -> Tensor:
        return self.tensor

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Tensor:
        return self.tensor if dtype is None else ops.cast(self.tensor, dtype)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return id(self)

    def __gt__(self, other: object) -> bool:
        return True

    def __mul__(self, other: Tensor) -> Tensor:
        return self.tensor * other

    def __rsub__(self, other: Tensor) -> Tensor:
        return other - self.tensor

    def __rtruediv__(self, other: Tensor) -> Tensor:
        return other / self.tensor

    def __neg__(self) -> Tensor:
        return -self.tensor

    __rmul__ = __mul__
