"""The other callbacks of a fit: those that write the learning rate cannot stand beside ours."""

from __future__ import annotations

import sys
from typing import Any

import keras

from gradatim.core.errors import GradatimError
from gradatim.keras.translation import read_keras


def callbacks_beside(callback: Any) -> list[Any] | None:
    """The callbacks of the fit that is about to begin; None if ``set_model`` was not called by it.

    Keras tells a callback nothing of the others, but its list calls them one after the other.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_locals.get("self") is callback:
        frame = frame.f_back
    caller = frame.f_locals.get("self")
    return list(caller.callbacks) if isinstance(caller, keras.callbacks.CallbackList) else None


def check_beside(callback: Any, others: list[Any], kind: type) -> None:
    """Refuse other callbacks that write the rate, before they stop the run in its middle.

    Args:
        callback: Ours.
        others: All callbacks of the fit.
        kind: Its class, of which there can be one.

    Raises:
        GradatimError: With what to write in place of the other callback.
    """
    for other in others:
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
        if isinstance(other, kind) and other is not callback:
            raise GradatimError(
                "Scheduler: two of them would drive one optimizer. Give all values to one: "
                "Scheduler(lr=..., weight_decay=...)."
            )


def _as_rule(plateau: Any) -> str:
    try:
        return f"rule={read_keras(plateau).rule!r}, monitor={plateau.monitor!r}"
    except GradatimError:
        return "rule=Plateau(mode=..., patience=...); its patience is one less than Keras'"
