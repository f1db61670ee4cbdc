"""Schedules that count samples, over updates whose batch grows."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, NamedTuple

from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.peers.arguments import rounded
from gradatim.peers.nested import sequence
from gradatim.peers.phases import Phase, phases

_MOST_SIZES = 1000


class Part(NamedTuple):
    """Updates of one batch size."""

    update: int
    """The first of them."""
    samples: int
    """The samples before it."""
    size: int


class Batches(tuple[Part, ...]):
    """The parts of a run, each with a larger batch than the one before; one part if it is fixed."""

    @property
    def said(self) -> tuple[str, ...]:
        """That the schedule counts samples."""
        if len(self) < 2:
            return ()
        last = self[-1]
        return (
            f"Its schedule counts samples, and the batch grows until update {last.update}: here is "
            "one piece for each size of the batch.",
        )

    def play(self, *given: Phase) -> Schedule:
        """The phases, which end after so many samples, or updates if the batch is fixed."""
        if len(self) < 2:
            return phases(*given)
        parts = []
        for part in self:
            moved = [one._replace(until=(one.until - part.samples) / part.size) for one in given]
            parts.append(phases(*moved, begin=-part.samples / part.size))
        return sequence("batches", parts, [part.update for part in self[1:]])


def grows_to(size: float | None, ramp: Any) -> Batches:
    """The batches of Megatron's ``--rampup-batch-size START INCREMENT SAMPLES``.

    Args:
        size: The batch at last.
        ramp: The three numbers, or None.

    Raises:
        GradatimError: If they do not fit.

    >>> grows_to(32, [16, 8, 100])
    (Part(update=0, samples=0, size=16), Part(update=4, samples=64, size=24), \
Part(update=6, samples=112, size=32))
    """
    if ramp is None:
        return Batches()
    if size is None:
        raise GradatimError("with --rampup-batch-size, write --global-batch-size too.")
    start, increment, over = _numbers(ramp)
    whole = rounded(size)
    if not isinstance(whole, int) or whole < start or (whole - start) % increment:
        allowed = f"{start} plus a multiple of {increment}, as --rampup-batch-size needs"
        raise invalid_value("Megatron", "--global-batch-size", size, allowed)
    count = (whole - start) // increment
    if count > _MOST_SIZES:
        raise GradatimError(f"--rampup-batch-size has more than {_MOST_SIZES} steps.")
    found: list[Part] = []
    update = samples = 0
    for step in range(count):
        each, batch = over / count, start + step * increment
        updates = max(ceil(((step + 1) * each - samples) / batch), 0)
        # Megatron's batch is START + step * INCREMENT while int(samples / each) is step.
        while updates and int((samples + (updates - 1) * batch) / each) > step:
            updates -= 1
        if updates:
            found.append(Part(update, samples, batch))
        update, samples = update + updates, samples + updates * batch
    return Batches((*found, Part(update, samples, whole)))


def _numbers(ramp: Any) -> tuple[int, int, int]:
    try:
        start, increment, over = (rounded(float(one)) for one in _three(ramp))
        if not all(isinstance(one, int) for one in (start, increment, over)):
            raise ValueError
        if start < 1 or increment < 1 or over < 0:
            raise ValueError
    except (TypeError, ValueError):
        allowed = "three whole numbers: the first batch, the increment, the samples of the ramp"
        raise invalid_value("Megatron", "--rampup-batch-size", ramp, allowed) from None
    return start, increment, over


def _three(ramp: Any) -> Sequence[Any]:
    return ramp.split() if isinstance(ramp, str) else ramp
