"""The structure of a schedule: the boundaries between its pieces, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator

from gradatim.core.combine import Join
from gradatim.core.decays import Table
from gradatim.core.reshape import Cut, Repeat, Shift
from gradatim.core.schedule import Schedule, parts_of


def boundaries(schedule: Schedule, until: int = 10**18) -> list[int]:
    """The steps, up to ``until``, at which one piece of a schedule follows another.

    >>> from gradatim import wsd
    >>> boundaries(wsd(peak=1.0, steps=100, warmup=10, cooldown=20))
    [10, 80]
    """
    return sorted({step for step in _boundaries(schedule) if 0 < step <= until})


def _boundaries(schedule: Schedule) -> Iterator[int]:
    if isinstance(schedule, Join):
        yield from schedule.starts[1:]
        for start, piece in zip(schedule.starts, schedule.pieces, strict=True):
            inner = boundaries(piece)
            # Boundaries after the end of a piece are not reached: the next piece has begun.
            yield from (start + s for s in inner if piece.length is None or s < piece.length)
        return
    offset = schedule.by if isinstance(schedule, Shift) else 0
    for part in parts_of(schedule):
        yield from (offset + step for step in _boundaries(part))
    if isinstance(schedule, Cut):
        yield schedule.steps


def cycles_of(schedule: Repeat) -> Schedule | None:
    """The cycles of a repeated schedule as one ``Join``; None where all are equally long.

    >>> from gradatim import Linear
    >>> boundaries(cycles_of(Linear(start=1.0, end=0.0, steps=4).repeat(3, stretch=2)))
    [4, 12]
    """
    return schedule._cycles if schedule.stretch > 1 else None


def last_boundary(schedule: Schedule) -> int:
    """The last step at which a piece of a schedule begins or ends; 0 if it is all one curve.

    >>> from gradatim import Constant, Linear
    >>> line = Linear(start=0.0, end=1.0, steps=10)
    >>> [last_boundary(one) for one in (line >> Constant(1.0), line.shift(5), line.cut(4))]
    [10, 15, 4]
    """
    if isinstance(schedule, Join):
        return schedule.starts[-1] + last_boundary(schedule.pieces[-1])
    if isinstance(schedule, Cut):
        return schedule.steps
    ends = [last_boundary(part) for part in parts_of(schedule)]
    if isinstance(schedule, Shift):
        ends = [end + schedule.by for end in ends]
    # Not ``length``, which may need values that are JAX tracers.
    return max(schedule._end or 0, *ends, 0)


def ends_level(schedule: Schedule) -> bool:
    """Whether it ends with the last level of a table of stages, at which a run may go on."""
    if isinstance(schedule, Table):
        return schedule.between == "hold"
    if isinstance(schedule, Join):
        return ends_level(schedule.pieces[-1])
    if isinstance(schedule, Cut | Repeat):
        return False
    parts = list(parts_of(schedule))
    longest = max((part.length or 0 for part in parts), default=0)
    return bool(parts) and all(ends_level(part) for part in parts if part.length == longest)
