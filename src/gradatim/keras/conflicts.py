"""Other callbacks of the same fit that write the learning rate: refused before training starts."""

from __future__ import annotations

import sys

import keras

from gradatim.errors import GradatimError
from gradatim.keras.translation import read_keras


def callbacks_of_fit(
    callback: keras.callbacks.Callback,
) -> list[keras.callbacks.Callback] | None:
    """All callbacks of the fit that calls ``callback.set_model``; None if the user called it.

    Keras gives a callback no access to the others, neither by an argument nor by the model. But
    ``fit`` calls ``set_model`` from a method of the ``CallbackList`` that holds all of them.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_locals.get("self") is callback:
        frame = frame.f_back
    caller = frame.f_locals.get("self")
    return list(caller.callbacks) if isinstance(caller, keras.callbacks.CallbackList) else None


def check_conflicts(
    callback: keras.callbacks.Callback,
    callbacks: list[keras.callbacks.Callback],
    scheduler_class: type,
) -> None:
    """Refuse other callbacks that write the learning rate, before training starts.

    Args:
        callback: The ``Scheduler``.
        callbacks: All callbacks of the fit.
        scheduler_class: The class of which a fit may have one instance only.

    Raises:
        GradatimError: With what to write in place of the other callback.
    """
    for other in callbacks:
        if isinstance(other, keras.callbacks.ReduceLROnPlateau):
            raise GradatimError(
                "Scheduler: ReduceLROnPlateau writes the learning rate, which follows a schedule "
                f"here. Leave it out and write {_as_rule(other)}."
            )
        if isinstance(other, keras.callbacks.LearningRateScheduler):
            raise GradatimError(
                "Scheduler: LearningRateScheduler writes the learning rate too. Leave one of the "
                "two out; a schedule by epochs is piecewise_constant(...) in updates."
            )
        if isinstance(other, scheduler_class) and other is not callback:
            raise GradatimError(
                "Scheduler: two of them would drive one optimizer. Give all values to one: "
                "Scheduler(lr=..., weight_decay=...)."
            )


def _as_rule(plateau: keras.callbacks.ReduceLROnPlateau) -> str:
    try:
        return f"rule={read_keras(plateau).rule!r}, monitor={plateau.monitor!r}"
    except GradatimError:
        return "rule=Plateau(mode=..., patience=...); its patience is one less than Keras'"
