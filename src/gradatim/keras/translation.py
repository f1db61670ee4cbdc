"""Keras' own schedules as core schedules, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras.callbacks import ReduceLROnPlateau
from keras.optimizers import schedules as keras_schedules
from keras.optimizers.schedules import LearningRateSchedule

from gradatim.core.rules import Rule
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.peers import Read, call_of
from gradatim.peers.keras import arguments_of, read_config


def from_keras(schedule: Any) -> Schedule | Rule:
    """The core schedule with the same values as one of Keras' own, or the rule of a callback.

    Args:
        schedule: A ``CosineDecay``, ``CosineDecayRestarts``, ``ExponentialDecay``,
            ``InverseTimeDecay``, ``PiecewiseConstantDecay`` or ``PolynomialDecay``, or what
            ``keras.optimizers.schedules.serialize`` makes of it. Lengths are in updates. Or a
            ``ReduceLROnPlateau``.

    Returns:
        A schedule; for a ``ReduceLROnPlateau`` the rule that lowers at the same epochs.

    Raises:
        GradatimError: If it is none of these, or asks for what no core schedule does:
            ``PolynomialDecay(cycle=True)``, or restarts that stretch by a fraction.

    An integer rate, which Keras computes with as an integer, is the number that was meant; the
    restarts come where they should, however late; steps past 2**24 are counted one by one.

    >>> from keras.optimizers.schedules import CosineDecay
    >>> from_keras(CosineDecay(0.0, 90, warmup_target=0.5, warmup_steps=10))
    Linear(start=0.0, end=0.5, steps=10) >> Cosine(start=0.5, end=0.0, steps=90)
    >>> from keras.callbacks import ReduceLROnPlateau
    >>> from_keras(ReduceLROnPlateau(factor=0.5, patience=3, min_delta=0.01)).patience
    2
    """
    read = read_keras(schedule)
    return read.schedule if read.rule is None else read.rule


def read_keras(schedule: Any) -> Read:
    """What a schedule or a callback of Keras means."""
    if not isinstance(schedule, Mapping | LearningRateSchedule | ReduceLROnPlateau):
        raise invalid_value("from_keras", "schedule", schedule, "a schedule of Keras or its config")
    try:
        return read_config(schedule) if isinstance(schedule, Mapping) else call_of(schedule).means()
    except GradatimError as error:
        raise GradatimError(f"from_keras: {error}") from None


def to_keras(schedule: Schedule) -> Any:
    """The schedule of Keras with the same values, for code that knows only those.

    Args:
        schedule: A core schedule that Keras has too.

    Raises:
        GradatimError: If none of Keras' schedules can express it. ``LearningRate`` takes all.

    >>> from gradatim import Linear
    >>> to_keras(Linear(start=0.5, end=0.0, steps=10)).get_config()["decay_steps"]
    10
    """
    found = arguments_of(schedule)
    if found is None:
        raise GradatimError(
            f"to_keras: none of Keras' own schedules can express {schedule!r}. "
            "Write LearningRate(schedule), which can."
        )
    name, arguments = found
    return getattr(keras_schedules, name)(**arguments)
