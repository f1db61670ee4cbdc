"""SpeechBrain's own schedulers, read as ours: names and arguments are the same."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

from gradatim.core.errors import GradatimError
from gradatim.speechbrain import cycles, epochs, metrics, noam, stages, switches, warmups

_FOLDERS = (cycles, epochs, metrics, noam, stages, switches, warmups)

# Counters and what a metric was, which an original has under the same names.
_STATE = ("n_steps", "current_step", "clr_iterations", "metric_values", "losses")


def as_ours(scheduler: Any) -> Any:
    """Our scheduler of the same curve and at the same place as an original; others as they are.

    Raises:
        GradatimError: If the original is of a kind that is not known here.
    """
    kind = type(scheduler)
    if not kind.__module__.startswith("speechbrain."):
        return scheduler
    make = next((vars(f)[kind.__name__] for f in _FOLDERS if kind.__name__ in vars(f)), None)
    if make is None:
        raise GradatimError(
            f"explain: {kind.__name__} of SpeechBrain is not one of the schedulers that "
            "gradatim.speechbrain has."
        )
    held = _ELSEWHERE.get(kind.__name__, {})
    names = set(inspect.signature(make).parameters) - {"compat", "half_life"}
    given = {name: held[name](scheduler) for name in names if name in held}
    given |= {name: getattr(scheduler, name) for name in names - held.keys()}
    made = make(**given)
    for name in _STATE:
        if hasattr(made, name) and hasattr(scheduler, name):
            setattr(made, name, getattr(scheduler, name))
    return made


def _attribute(name: str) -> Callable[[Any], Any]:
    return lambda scheduler: getattr(scheduler, name)


def _model_size(scheduler: Any) -> float | None:
    """The width of the model, of which the original keeps one over the root only."""
    by_warmup = scheduler.normalize == scheduler.n_warmup_steps**0.5
    return None if by_warmup else float(scheduler.normalize**-2)


def _scale_fn(scheduler: Any) -> Any:
    """The user's function; None for that of the mode."""
    of_mode = scheduler.scale_fn.__module__.startswith("speechbrain.")
    return None if of_mode else scheduler.scale_fn


# Arguments that an original holds under another name, or in another form.
_NOAM = {"model_size": _model_size}
_ELSEWHERE: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
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
