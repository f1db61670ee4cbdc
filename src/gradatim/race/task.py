"""A task: a training run that can be repeated with any schedule and seed."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value

CONTRACT = (
    "A task is a function run(schedule, seed), or run(schedule, seed, updates=300), that returns "
    "metrics or yields (step, loss)."
)

Function = TypeVar("Function", bound=Callable[..., Any])
Contestants = Callable[[int], Mapping[str, Schedule]]


@dataclass(frozen=True)
class Task:
    """What a race trains, and when a run has failed.

    Args:
        name: The name in folders and reports.
        run: ``run(schedule, seed)`` trains once. If it has an argument ``updates``, the race sets
            it. It may

            - return its metrics, a mapping from names to numbers, or one number, the loss;
            - or be a generator that yields ``(step, loss)`` or ``(step, loss, rate)`` after update
              ``step + 1`` and may return metrics at its end; without any, the last loss counts.

            The same seed must give the same initial weights and the same order of data with every
            schedule, because a race compares schedules seed by seed.
        metric: The metric that the race compares.
        better: Whether a ``"higher"`` or a ``"lower"`` metric is better.
        failed_below: A run that ends with a metric below this has failed.
        failed_above: A run that ends with a metric above this has failed.
        version: Change it when new runs are not comparable with old ones.
        needs: Packages that must be installed, by the name of their import.
        contestants: The schedules to race when none are given, for a number of updates.
        about: One sentence on data, model and optimizer.
        weight_decay: The decoupled weight decay of the optimizer, 0 for none. A race without it
            has no forecasts.

    Raises:
        GradatimError: If ``run`` does not take these arguments, or ``better`` is another word.
    """

    name: str
    run: Callable[..., Any]
    metric: str = "loss"
    better: Literal["higher", "lower"] = "lower"
    failed_below: float | None = None
    failed_above: float | None = None
    version: str = "1"
    needs: tuple[str, ...] = ()
    contestants: Contestants | None = None
    about: str = ""
    weight_decay: float | None = None

    def __post_init__(self) -> None:
        """Refuse a task that a race cannot run."""
        if self.better not in ("higher", "lower"):
            raise invalid_value(f"task {self.name}", "better", self.better, "'higher' or 'lower'")
        keywords = {"updates": 1} if self.takes_updates else {}
        try:
            inspect.signature(self.run).bind(None, 0, **keywords)
        except TypeError as error:
            raise GradatimError(f"task {self.name}: {error}. {CONTRACT}") from None

    @property
    def takes_updates(self) -> bool:
        """Whether the race sets the number of updates of a run."""
        return "updates" in inspect.signature(self.run).parameters

    @property
    def updates(self) -> int | None:
        """The default number of updates of a run; None if the function has no default."""
        parameter = inspect.signature(self.run).parameters.get("updates")
        return parameter.default if parameter and isinstance(parameter.default, int) else None

    def failure(self, value: float) -> str | None:
        """Why a run that ends with this metric has failed, or None if it has not.

        >>> task = Task("mine", lambda schedule, seed: 0.0, failed_above=3.0)
        >>> task.failure(2.5), task.failure(3.5)
        (None, 'loss 3.5 is above 3')
        """
        if not math.isfinite(value):
            return f"{self.metric} is {value}"
        if self.failed_below is not None and value < self.failed_below:
            return f"{self.metric} {value:.3g} is below {self.failed_below:g}"
        if self.failed_above is not None and value > self.failed_above:
            return f"{self.metric} {value:.3g} is above {self.failed_above:g}"
        return None

    @property
    def rule(self) -> str:
        """The conditions under which a run counts as failed, as text."""
        limits = (("below", self.failed_below), ("above", self.failed_above))
        words = [f"{self.metric} {side} {limit:g}" for side, limit in limits if limit is not None]
        return " or ".join([*words, "a loss or metric that is not finite", "an error"])


def task(
    *,
    metric: str = "loss",
    better: Literal["higher", "lower"] = "lower",
    failed_below: float | None = None,
    failed_above: float | None = None,
    version: str = "1",
    needs: tuple[str, ...] = (),
    contestants: Contestants | None = None,
    about: str = "",
    weight_decay: float | None = None,
) -> Callable[[Function], Function]:
    """Declare a function as a task, with the arguments of ``Task``.

    The function is returned unchanged. One that returns a loss, lower being better, needs no
    declaration.

    >>> @task(metric="accuracy", better="higher", failed_below=0.5)
    ... def run(schedule, seed):
    ...     return {"accuracy": 0.25}
    >>> task_of(run).failure(0.25)
    'accuracy 0.25 is below 0.5'
    """

    def declare(function: Function) -> Function:
        declared = Task(
            name=_name(function),
            run=function,
            metric=metric,
            better=better,
            failed_below=failed_below,
            failed_above=failed_above,
            version=version,
            needs=needs,
            contestants=contestants,
            about=about,
            weight_decay=weight_decay,
        )
        function.race_task = declared  # type: ignore[attr-defined]
        return function

    return declare


def task_of(function: Callable[..., Any], name: str | None = None) -> Task:
    """The task of a function: as declared with ``task``, or else with the defaults."""
    declared = getattr(function, "race_task", None)
    name = name or _name(function)
    return replace(declared, name=name) if declared else Task(name, function)


def _name(function: Callable[..., Any]) -> str:
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}:{named.__qualname__}"
