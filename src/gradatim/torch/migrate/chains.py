"""Schedulers made of schedulers: one after another, or all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradatim.convert.nested import product, sequence
from gradatim.core.decays import Constant
from gradatim.core.errors import GradatimError
from gradatim.core.schedule import Schedule
from gradatim.torch.migrate.reading import Carried, Rates, Values, carry, number, reads


@reads("torch", "SequentialLR")
def sequential(scheduler: Any, rates: Rates | None) -> Carried:
    """Each from its own first step, from its milestone on."""
    children = [carry(child, rates).values for child in scheduler._schedulers]
    starts = list(scheduler._milestones)
    return Carried(one_after_another("SequentialLR", "milestones", children, starts))


@reads("torch", "ChainedScheduler")
def chained(scheduler: Any, rates: Rates | None) -> Carried:
    """The product of all."""
    first, *others = scheduler._schedulers
    if not others:
        return carry(first, rates)
    bases = _bases(first) if rates is None else rates
    ones = [1.0] * len(bases)
    factors = [carry(first, bases), *(carry(child, ones) for child in others)]
    return Carried(
        {key: product([factor.values[key] for factor in factors]) for key in factors[0].values}
    )


@reads("accelerate", "AcceleratedScheduler")
def accelerated(scheduler: Any, rates: Rates | None) -> Carried:
    """What is inside: how often it is stepped is no business of a curve."""
    return carry(scheduler.scheduler, rates)


def one_after_another(
    where: str, name: str, children: Sequence[Values], starts: list[int]
) -> Values:
    """The values of several schedulers, each in force from its start on.

    What one of them does not drive stays as the one before it left it, or as the first one that
    does will find it.

    Raises:
        GradatimError: If the starts do not rise.
    """
    keys = dict.fromkeys(key for child in children for key in child)
    return {
        key: sequence(where, name, _filled([child.get(key) for child in children], starts), starts)
        for key in keys
    }


def _filled(parts: list[Schedule | None], starts: list[int]) -> list[Schedule]:
    there = next(part for part in parts if part is not None)
    filled: list[Schedule] = []
    value = float(there(0))
    for part, begin, end in zip(parts, [0, *starts], [*starts, None], strict=True):
        filled.append(Constant(value) if part is None else part)
        if part is not None and end is not None:
            value = float(part(max(end - begin - 1, 0)))
    return filled


def _bases(scheduler: Any) -> list[float]:
    """The rates that the first scheduler of a chain was built with."""
    if hasattr(scheduler, "base_lrs"):
        return [number(rate) for rate in scheduler.base_lrs]
    if hasattr(scheduler, "_schedulers"):
        return _bases(scheduler._schedulers[0])
    raise GradatimError(f"{type(scheduler).__name__} does not say from which rates it starts.")
