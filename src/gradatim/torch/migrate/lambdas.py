"""Functions of the step: those of transformers are known, those of one's own are no values."""

from __future__ import annotations

from functools import partial
from typing import Any

from gradatim.convert.meaning import transformers as meaning
from gradatim.core.errors import GradatimError
from gradatim.core.schedule import Schedule
from gradatim.torch.migrate.classes import of_rates
from gradatim.torch.migrate.reading import Carried, Rates, number, reads

_NAMES = {"_get_wsd_scheduler_lambda": "get_wsd_schedule",
          "_get_constant_lambda": "get_constant_schedule"}  # fmt: skip


@reads("torch", "LambdaLR")
def function(scheduler: Any, rates: Rates | None) -> Carried:
    """A factor for each group, if it is one that transformers made."""
    bases = scheduler.base_lrs if rates is None else rates
    pairs = zip(scheduler.lr_lambdas, bases, strict=False)
    return of_rates([_schedule(factor, number(lr)) for factor, lr in pairs])


@reads("transformers", "AdafactorSchedule", "LayerWiseDummyScheduler")
def stand_in(scheduler: Any, rates: Rates | None) -> Carried:
    """Refused: it drives nothing."""
    raise GradatimError(
        f"{type(scheduler).__name__} drives no rates: it shows those that the optimizer finds for "
        "itself. There is nothing to carry; leave the scheduler out."
    )


@reads("torch", "MultiplicativeLR")
def factors(scheduler: Any, rates: Rates | None) -> Carried:
    """Refused: each rate is a factor times the one before it."""
    raise GradatimError(
        f"MultiplicativeLR: {_shown(scheduler.lr_lambdas[0])} is code of your own, which is no "
        "value, and it gives factors from one rate to the next. Where they are all the same, "
        "write ExponentialDecay(start=..., factor=...). Otherwise put a function of the step that "
        "returns the rate at the top of a module and write lr=Function('package.module:name')."
    )


def _schedule(factor: Any, lr: float) -> Schedule:
    inner = factor.func if isinstance(factor, partial) else factor
    name = getattr(inner, "__name__", "")
    if getattr(inner, "__module__", "") == "transformers.optimization":
        name = _NAMES.get(name, name.removeprefix("_").removesuffix("_lambda").removesuffix("_lr"))
        arguments = factor.keywords if isinstance(factor, partial) else {}
        return meaning.schedule(name, arguments, lr)
    shown = _shown(inner)
    there = shown if ":" in shown else "package.module:name"
    raise GradatimError(
        f"LambdaLR: {shown} is code of your own, which is no value. Write the schedule it means, "
        f"or put it at the top of a module and write lr={lr!r} * Function({there!r})."
    )


def _shown(function: Any) -> str:
    """Where a function can be imported from, or what it is if it cannot."""
    name = getattr(function, "__qualname__", "")
    if not name:
        return f"an object of {type(function).__name__}"
    return name if "<" in name else f"{function.__module__}:{name}"
