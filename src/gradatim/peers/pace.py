"""A schedule of epochs as one of updates."""

from __future__ import annotations

from dataclasses import replace

from gradatim.core.decays import Constant
from gradatim.core.schedule import Schedule
from gradatim.peers.found import Read


def paced(schedule: Schedule, every: int) -> Schedule:
    """A schedule that counts one step in ``every`` updates.

    >>> from gradatim import Linear
    >>> paced(Linear(1.0, 0.0, 2), 10)(19)
    0.5
    """
    if every == 1 or isinstance(schedule, Constant):
        return schedule
    return schedule.stretched(every).staircase(every)


def in_updates(read: Read, every: int | None) -> Read:
    """What a scheduler means that counts epochs, in updates if those of an epoch are known."""
    if not read.epochs or all(isinstance(s, Constant) for s in read.values.values()):
        return read
    if every is None:
        said = (
            f"{read.epochs} Its lengths are epochs. Write --every, the updates of an epoch, such "
            "as --every 391."
        )
        return read.saying(said)
    values = {name: paced(schedule, every) for name, schedule in read.values.items()}
    return replace(read, values=values, epochs="")
