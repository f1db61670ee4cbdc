"""``Rounded``: values in whole multiples, for window sizes, batch sizes and other counts."""

from __future__ import annotations

from typing import Literal

from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import PositiveInt
from gradatim.xp.numeric import Numeric
from gradatim.xp.operations import Operations


class Rounded(Schedule):
    """A schedule rounded to multiples of a number. Write ``schedule.rounded(to)``.

    The value is a float like any other; drivers and setters pass it on as an int.

    Args:
        schedule: The schedule.
        to: The values are multiples of it.
        way: "nearest" (a value half-way between two multiples is rounded up), "up" or "down".

    >>> from gradatim import Linear
    >>> window = Linear(start=128.0, end=1792.0, steps=100).rounded(to=128)
    >>> [window(k) for k in (0, 3, 4, 50, 100)], window.is_whole
    ([128.0, 128.0, 256.0, 1024.0, 1792.0], True)
    """

    schedule: Schedule
    to: PositiveInt = 1
    way: Literal["nearest", "up", "down"] = "nearest"

    @property
    def length(self) -> int | None:
        return self.schedule.length

    @property
    def is_whole(self) -> bool:
        return True

    def at(self, t: Numeric, xp: Operations) -> Numeric:
        multiple = self.schedule.held(t, xp) / self.to
        if self.way == "up":
            return -float(self.to) * xp.floor(-multiple)
        return float(self.to) * xp.floor(multiple + 0.5 if self.way == "nearest" else multiple)

    held = at
