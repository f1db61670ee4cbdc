"""The schedule of a search as text: one without its peak and its length."""

from __future__ import annotations

import re

from gradatim.core.schedule import Schedule
from gradatim.core.text import parse
from gradatim.errors import GradatimError, shown
from gradatim.peak.find import ScheduleOf

_CALL = re.compile(r"\s*(\w+)\s*\(")


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
