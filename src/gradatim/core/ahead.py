"""The values of the steps to come, ready made, a block at a time: for loops that ask in order."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from gradatim.core._config import Value
from gradatim.core.combine import Join, Scale
from gradatim.core.schedule import Schedule

if TYPE_CHECKING:
    from gradatim.core._record import Loop

# Recording costs as much as some hundreds of steps, so a piece must be longer than that.
_WORTH_IT = 1000
# Where nothing is recorded a block saves no time, and should not delay a step by much.
_SHORT = 16


class Ahead:
    """The values of a schedule in order, several at once; each is that of ``schedule(step)``.

    Args:
        schedule: The schedule.

    >>> from gradatim import Linear
    >>> Ahead(Linear(start=0.0, end=1.0, steps=4)).values(2, 3)
    [0.5, 0.75, 1.0]
    >>> Ahead(Linear(start=0.0, end=1.0, steps=4)).values(4, 3)
    [1.0, 1.0, 1.0]
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._starts: tuple[int, ...] = (0,)
        self._pieces: tuple[Schedule, ...] = (schedule,)
        if isinstance(schedule, Join):
            self._starts, self._pieces = schedule.starts, schedule.pieces
        self._recorded: tuple[int, Loop | None] = (-1, None)
        self._last: tuple[tuple[int, int], list[float]] = ((-1, 0), [])
        self._scaled: tuple[float, Ahead] | None = None

    @classmethod
    def of(cls, schedule: Schedule, known: dict[Schedule, Ahead]) -> Ahead:
        """One for each schedule; those that are multiples of another ask the same one."""
        if schedule not in known:
            known[schedule] = cls(schedule)
            if type(schedule) is Scale:
                known[schedule]._scaled = schedule.factor, cls.of(schedule.schedule, known)
        return known[schedule]

    def __reduce__(self) -> tuple[Any, ...]:
        return Ahead, (self.schedule,)

    def values(self, begin: int, most: int) -> list[float]:
        """The values of the steps from ``begin`` on: at least one, and at most so many."""
        if self._last[0] != (begin, most):
            self._last = (begin, most), self._values(begin, most)
        return self._last[1]

    def _values(self, begin: int, most: int) -> list[float]:
        if self._scaled is not None:
            factor, other = self._scaled
            return [factor * value for value in other.values(begin, most)]
        i = bisect_right(self._starts, begin) - 1
        piece, first = self._pieces[i], begin - self._starts[i]
        if piece.length is not None and first >= piece.length:
            return [self.schedule(begin)] * most
        left = most if piece.length is None else piece.length - first
        loop = self._loop(i, piece, first)
        if loop is not None:
            return loop(first, first + min(most, left))
        return [self.schedule(step) for step in range(begin, begin + min(most, _SHORT))]

    def _loop(self, i: int, piece: Schedule, first: int) -> Loop | None:
        if self._recorded[0] != i:
            self._recorded = (i, _recorded(piece, first))
        return self._recorded[1]


def _recorded(piece: Schedule, first: int) -> Loop | None:
    from gradatim.core._record import record  # for driving only: to import gradatim costs little
    from gradatim.core._standin import NotStraight

    last = None if piece.length is None else piece.length - 1
    if (last is not None and last - first < _WORTH_IT) or _calls_code(piece):
        return None
    try:
        loop = record(piece.at, first, float("inf") if last is None else last)
    except NotStraight:
        return None
    # A formula of one's own may do what no one thought of. It is asked again at some steps.
    middle = first + _WORTH_IT if last is None else (first + last) // 2
    looked = (first, first + 1, middle, middle + 1, middle if last is None else last)
    same = all(_bits(loop(step, step + 1)[0]) == _bits(piece(step)) for step in looked)
    return loop if same else None


def _bits(value: Any) -> Any:
    return value.hex() if isinstance(value, float) else value


def _calls_code(value: Any) -> bool:
    """Whether a function of one's own is in it: that may look at more than its step."""
    if isinstance(value, tuple):
        return any(_calls_code(entry) for entry in value)
    if not isinstance(value, Value):
        return False
    return getattr(value, "imports_code", False) or any(_calls_code(v) for _, v in value.items())
