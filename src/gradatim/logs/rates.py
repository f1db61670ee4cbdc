"""The rates of a whole run, one for each update, from a schedule or from a list of rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
    Rates: TypeAlias = "Schedule | Sequence[float] | NDArray[np.float64]"


MOST_UPDATES = 20_000_000
"""A rate is computed for each update of a run; more updates would need too much memory."""


def as_rates(where: str, schedule: Rates, steps: int | None = None) -> Array:
    """The rates of the first ``steps`` updates, as an array.

    Args:
        where: The name of the calling function, for errors.
        schedule: A schedule, or one rate per update.
        steps: The updates of the run; by default the length of the schedule, or all rates given.

    Raises:
        GradatimError: If there is no length, too few rates, or a rate negative or not finite.

    >>> from gradatim import Linear
    >>> as_rates("doc", Linear(start=1.0, end=0.0, steps=4)), as_rates("doc", [1.0, 0.5, 0.0], 2)
    (array([1.  , 0.75, 0.5 , 0.25]), array([1. , 0.5]))
    """
    if isinstance(schedule, Schedule):
        rates = _from_schedule(where, schedule, steps)
    else:
        rates = _from_list(where, schedule, steps)
    # Fast path: the sum is finite and the minimum 0 or more only if every rate is.
    if not (np.isfinite(rates.sum()) and rates.min() >= 0):
        first = int(np.argmin(np.isfinite(rates) & (rates >= 0)))
        raise invalid_value(
            where, f"the rate at step {first}", float(rates[first]), "finite, 0 or more"
        )
    if not rates.any():
        raise GradatimError(f"{where}: every rate is 0, so the run would train nothing.")
    return rates


def as_rest(where: str, schedule: Rates, rates: Array) -> Array:
    """The rates of the groups that follow another schedule, scaled to the same highest rate.

    Only the shape of that schedule counts, because rates of different optimizers do not compare.

    >>> from gradatim import Linear
    >>> as_rest("doc", Linear(start=8.0, end=0.0, steps=4), np.array([0.5, 0.5, 0.5, 0.5]))
    array([0.5  , 0.375, 0.25 , 0.125])
    """
    rest = as_rates(where, schedule, len(rates))
    scaled: Array = rest * (rates.max() / rest.max())
    return scaled


def _from_schedule(where: str, schedule: Schedule, steps: int | None) -> Array:
    steps = schedule.length if steps is None else steps
    if steps is None:
        raise GradatimError(
            f"{where}: {schedule!r} has no end, so the length of the run is not known. "
            "Give steps=..., the updates of the run."
        )
    check_steps(where, steps)
    return np.asarray(schedule(np.arange(steps)), dtype=np.float64)


def _from_list(where: str, given: object, steps: int | None) -> Array:
    try:
        rates = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise invalid_value(where, "schedule", given, "a schedule or one rate per update") from None
    if rates.ndim != 1 or not rates.size:
        raise invalid_value(where, "schedule", given, "a schedule or one rate per update")
    if steps is None:
        return rates
    check_steps(where, steps)
    if steps > len(rates):
        raise GradatimError(
            f"{where}: {len(rates)} rates are given for {steps} updates. "
            "Give one for each update, or a schedule."
        )
    return rates[:steps]


def check_steps(where: str, steps: object) -> None:
    """Refuse a number of updates that is none, or more than fit into memory."""
    if not isinstance(steps, int | np.integer) or isinstance(steps, bool) or steps < 1:
        raise invalid_value(where, "steps", steps, "a whole number of updates, 1 or more")
    if steps > MOST_UPDATES:
        raise GradatimError(
            f"{where}: a run of {steps:,} updates is longer than {MOST_UPDATES:,}, the most that "
            "are computed. If its steps count tokens or samples, divide them by those of an update."
        )
