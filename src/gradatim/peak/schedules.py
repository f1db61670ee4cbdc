"""The schedules of a search: from a text without peak and length, and those of its short runs."""

from __future__ import annotations

import re
from functools import partial
from typing import Protocol

import numpy as np

from gradatim.core.recipes import warmup_cosine
from gradatim.core.schedule import Schedule
from gradatim.core.text import parse
from gradatim.errors import GradatimError, shown

_CALL = re.compile(r"\s*(\w+)\s*\(")
_LONGEST_WARMUP = 0.25
"""The share of a short run up to which its warm-up is made as long as that of the full run."""
_LOOKED_AT = 10_000
_AS_HIGH = 1 - 1e-9


class ScheduleOf(Protocol):
    """Makes the schedule of a run from its peak and its updates, such as ``warmup_cosine``."""

    def __call__(self, *, peak: float, steps: int) -> Schedule:
        """The schedule with this highest value, over so many updates."""


DEFAULT: ScheduleOf = partial(warmup_cosine, warmup="5%")


def schedule_of(text: str) -> ScheduleOf:
    """What makes the schedule of a run from its peak and its updates.

    Args:
        text: A recipe without ``peak`` and ``steps``.

    Raises:
        GradatimError: If it is none, or has a peak, steps or a wrong argument.

    >>> schedule_of("warmup_linear(warmup='25%')")(peak=0.5, steps=8)
    Linear(start=0.0, end=0.5, steps=2) >> Linear(start=0.5, end=0.0, steps=6)
    """
    call = _CALL.match(text)
    if call is None:
        raise GradatimError(
            f"find_peak: schedule must be a recipe without its peak and steps, got {shown(text)}. "
            "Write \"warmup_cosine(warmup='5%')\"."
        )
    begin, rest = text[: call.end()], text[call.end() :]

    def make(*, peak: float, steps: int) -> Schedule:
        return parse(f"{begin}peak={peak!r}, steps={steps}, {rest}")

    try:
        made = make(peak=1.0, steps=1_000_000)
    except GradatimError as error:
        raise GradatimError(f"find_peak: schedule {shown(text)}, with peak=1.0: {error}") from None
    if not isinstance(made, Schedule):
        raise GradatimError(f"find_peak: {shown(text)} is no schedule.")
    return make


def shortened(schedule: ScheduleOf, peak: float, steps: int, updates: int) -> Schedule:
    """The schedule of a short run: the warm-up of the full one, then what follows, faster.

    How high a rate a model bears depends on the length of the warm-up in updates. One that shrank
    with the run would make high peaks look worse than they are. It is at most a quarter of the
    short run, unless the schedule itself has a longer one.

    Args:
        schedule: Makes the schedule of a run.
        peak: Its highest value.
        steps: The updates of a full run.
        updates: Those of the short one.

    >>> from gradatim import warmup_linear
    >>> shape = partial(warmup_linear, warmup="10%")
    >>> short = shortened(shape, 1.0, 100, 50)
    >>> short(5), short(10), short(30), short(50)
    (0.5, 1.0, 0.5, 0.0)
    """

    def made(steps: int) -> Schedule:
        return schedule(peak=peak, steps=steps)

    full, own = warmup_of(made(steps), steps), warmup_of(made(updates), updates)
    wanted = min(full, int(_LONGEST_WARMUP * updates))
    if wanted <= own:
        return made(updates)
    rising = round(steps * wanted / full)
    warmup = warmup_of(made(rising), rising)
    falling = updates - warmup
    length = falling + own
    for _ in range(3):  # a share of the length, rounded: settles at once
        length = falling + warmup_of(made(length), length)
    rest = made(length).shift(-warmup_of(made(length), length))
    return made(rising).cut(warmup) >> rest.cut(falling)


def warmup_of(schedule: Schedule, steps: int) -> int:
    """The first of the steps at which a schedule is as high as it gets, to a ten-thousandth."""
    some = np.unique(np.linspace(0, steps - 1, min(steps, _LOOKED_AT)).round().astype(np.int64))
    values = np.asarray(schedule(some))
    return int(some[np.argmax(values >= _AS_HIGH * values.max())])
