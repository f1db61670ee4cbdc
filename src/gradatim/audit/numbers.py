"""Numbers as people choose them: round steps, and rates as text."""

from __future__ import annotations

import math


def written(value: float) -> str:
    """A rate as text that reads back as the same number.

    >>> written(0.0003), written(1.0)
    ('0.0003', '1.0')
    """
    return repr(float(value))


def roundest(low: float, high: float, most: int) -> list[int]:
    """The whole numbers from ``low`` to ``high`` that end in the most zeros, at most so many.

    >>> roundest(951, 1049, 3)
    [1000, 960, 980]
    """
    first, last = math.ceil(low), max(math.floor(high), math.ceil(low))
    found: dict[int, None] = {}
    unit = 10 ** max(len(str(last)) - 1, 0)
    while unit >= 1 and len(found) < most:
        for part in (unit, unit // 2, unit // 5):
            if part and len(found) < most:
                begin = -(-first // part) * part
                for number in range(begin, last + 1, part)[:most]:
                    found[number] = None
        unit //= 10
    return list(found)[:most] or [first]
