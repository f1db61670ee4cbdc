"""Converts SpeechBrain's own schedulers to those of this package, by class name."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

from gradatim.errors import GradatimError
from gradatim.speechbrain import cycles, epochs, metrics, noam, stages, switches, warmups

_MODULES = (cycles, epochs, metrics, noam, stages, switches, warmups)

# Counters and past metrics, under the same names in both libraries.
_STATE = ("n_steps", "current_step", "clr_iterations", "metric_values", "losses")


def from_original(scheduler: Any) -> Any:
    """The scheduler of this package with the same curve and state; others unchanged.

    Raises:
        GradatimError: If this package has no scheduler of that name.
    """
    cls = type(scheduler)
    if not cls.__module__.startswith("speechbrain."):
        return scheduler
    make = next((vars(f)[cls.__name__] for f in _MODULES if cls.__name__ in vars(f)), None)
    if make is None:
        raise GradatimError(
            f"explain: {cls.__name__} of SpeechBrain is not one of the schedulers that "
            "gradatim.speechbrain has."
        )
    getters = _OTHER_NAMES.get(cls.__name__, {})
    names = set(inspect.signature(make).parameters) - {"compat", "half_life"}
    given = {name: getters[name](scheduler) for name in names if name in getters}
    given |= {name: getattr(scheduler, name) for name in names - getters.keys()}
    converted = make(**given)
    for name in _STATE:
        if hasattr(converted, name) and hasattr(scheduler, name):
            setattr(converted, name, getattr(scheduler, name))
    return converted


def _attribute(name: str) -> Callable[[Any], Any]:
    return lambda scheduler: getattr(scheduler, name)


def _model_size(scheduler: Any) -> float | None:
    """The width of the model; the original keeps only one over its square root."""
    is_default = scheduler.normalize == scheduler.n_warmup_steps**0.5
    return None if is_default else float(scheduler.normalize**-2)


def _scale_fn(scheduler: Any) -> Any:
    """The user's function; None if SpeechBrain set its own, for ``mode``."""
    is_builtin = scheduler.scale_fn.__module__.startswith("speechbrain.")
    return None if is_builtin else scheduler.scale_fn


# Arguments that an original stores under another name, or in another form.
_NOAM = {"model_size": _model_size}
_OTHER_NAMES: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
    "NewBobScheduler": {
        "initial_value": _attribute("hyperparam_value"),
        "mode": lambda scheduler: "min",
    },
    "LinearScheduler": {
        "initial_value": lambda scheduler: scheduler.value_at_epoch[0],
        "final_value": lambda scheduler: scheduler.value_at_epoch[-1],
        "epoch_count": lambda scheduler: len(scheduler.value_at_epoch),
    },
    "LinearWarmupScheduler": {"initial_value": _attribute("lr0")},
    "NoamScheduler": _NOAM,
    "NoamIntervalScheduler": _NOAM,
    "CyclicCosineScheduler": {
        "lr_initial": _attribute("initial_lr"),
        "total_steps": _attribute("total"),
    },
    "CyclicLRScheduler": {"scale_fn": _scale_fn},
    "WarmAndExpDecayLRSchedule": {
        "lr": _attribute("base_lr"),
        "total_steps": lambda scheduler: scheduler.decay_steps + scheduler.n_warmup_steps,
    },
    "WarmCoolDecayLRSchedule": {
        "lr": _attribute("base_lr"),
        "decay_factor": lambda scheduler: math.exp(scheduler.power),
        "decay_every": lambda scheduler: 1,
    },
    "TriStageLRSchedule": {"lr": _attribute("peak_lr")},
}
