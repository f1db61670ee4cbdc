"""Clocks that all ranks of a run read alike, without waiting for each other at every update.

About once a second the ranks begin to exchange their numbers, and all take up the result a few
updates later, at the same one. Between two such points the time follows the last measured pace.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from zlib import crc32

from gradatim.core.run.run import Run
from gradatim.drive.clocks import Clock, Computed, Counter, Measured, Stopwatch, tick_after
from gradatim.errors import GradatimError, invalid_value

# Smaller than any number that a rank gives: the largest of all ranks is that of the first rank.
_NONE = -(2**62)
# Seconds between two points.
_EVERY = 1.0


class Exchange(Protocol):
    """Finds the largest of some numbers over all ranks, in the background."""

    @property
    def is_first(self) -> bool:
        """Whether this is rank 0, whose clock counts."""

    def start(self, numbers: Sequence[int]) -> Callable[[], list[int]]:
        """Begin an exchange. What is returned waits for it and gives the largest of each number."""


MakeExchange = Callable[[], Exchange | None]
"""Makes the exchange when it is first needed; None if there is only one process."""


class Points:
    """The updates at which the ranks exchange numbers, and those at which they use the result.

    Args:
        make: Makes the exchange.
        now: A clock in seconds; that of rank 0 says how many updates make a second.
        run: The run, which must be the same on all ranks.
    """

    exchange: Exchange | None

    def __init__(self, make: MakeExchange, now: Callable[[], float], run: Run) -> None:
        self._make, self._now = make, now
        self._run = crc32(repr(run).encode())
        self.exchange, self._is_made = None, False
        self.begin(0)

    def begin(self, position: int) -> None:
        """Exchange for the first time after the update that makes them ``position``."""
        self._next, self._interval = position, 1
        self._pending: tuple[int, int, Callable[[], list[int]]] | None = None
        self._measured: tuple[int, float] | None = None

    @property
    def is_alone(self) -> bool:
        """Whether there is only one process."""
        if not self._is_made:
            self.exchange, self._is_made = self._make(), True
        return self.exchange is None

    @property
    def is_known_alone(self) -> bool:
        """Whether an update has shown that there is only one process."""
        return self._is_made and self.exchange is None

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {
            "exchange": None,
            "_is_made": False,
            "_pending": None,
            "_measured": None,
        }

    def after(self, position: int, numbers: Sequence[int]) -> tuple[int, list[int]] | None:
        """Take up that an update is complete.

        Args:
            position: The completed updates.
            numbers: What this rank gives, if an exchange begins here.

        Returns:
            Where a result is due here, the position at which its exchange began, and the largest
            of each number over all ranks.

        Raises:
            GradatimError: If the ranks have different runs; on all ranks.
        """
        result = None
        if self._pending is not None and position >= self._pending[1]:
            result = self._result(*self._pending)
        if self._pending is None and position >= self._next:
            self._begin_exchange(position, numbers)
        return result

    def _begin_exchange(self, position: int, numbers: Sequence[int]) -> None:
        assert self.exchange is not None
        interval = self._updates_per_point(position) if self.exchange.is_first else _NONE
        wait = self.exchange.start([interval, self._run, -self._run, *numbers])
        self._pending = position, position + max(1, self._interval // 4), wait

    def _result(self, began: int, _: int, wait: Callable[[], list[int]]) -> tuple[int, list[int]]:
        interval, run, other_run, *numbers = wait()
        self._pending, self._interval, self._next = None, interval, began + interval
        if run != -other_run:
            raise GradatimError(
                "Scheduler: the ranks have different runs, so they would not end together. Give "
                "each the same run=Run(...)."
            )
        return began, numbers

    def _updates_per_point(self, position: int) -> int:
        """How many updates make a second, at most twice as many as before."""
        time_now, before = self._now(), self._measured
        self._measured = position, time_now
        if before is None:
            return 1
        updates, seconds = position - before[0], time_now - before[1]
        most = 2 * self._interval
        return most if seconds <= 0.0 else max(1, min(most, int(_EVERY * updates / seconds)))


class AgreedTime(Measured):
    """The training time of rank 0, known to all ranks; between two points, at the last pace.

    Args:
        run: The run.
        now: A clock in seconds.
        make: Makes the exchange.
    """

    unit = "time"

    def __init__(self, run: Run, now: Callable[[], float], make: MakeExchange) -> None:
        self._own, self._points = Stopwatch(run.start_after, now), Points(make, now, run)
        self.begin(0, 0)

    def begin(self, position: int, tick: int) -> None:
        """Go on at a tick; the time stands still for the first updates."""
        super().begin(position, tick)
        self._own.begin(position, tick)
        self._points.begin(position + self._own.start_after)
        # The last agreed point, and the pace there in microseconds an update.
        self._at, self._tick_there, self._pace = position + self._own.start_after, tick, 0

    def measured(self, position: int) -> int:
        """The milliseconds of training, the same on all ranks."""
        points = self._points
        if points.is_alone:
            return self._own.measured(position)
        assert points.exchange is not None
        own = self._own.measured(position) if points.exchange.is_first else _NONE
        result = points.after(position, [own])
        if result is not None:
            began, (tick,) = result
            if began > self._at:
                self._pace = 1000 * (tick - self._tick_there) // (began - self._at)
            self._at, self._tick_there = began, tick
        estimated = self._tick_there + (position - self._at) * self._pace // 1000
        return max(self.tick, estimated)

    @property
    def current(self) -> int:
        """The milliseconds of training; alone, also between two updates."""
        # Not `is_alone`: to make the exchange is a collective, and one rank may ask for this.
        if self._points.is_known_alone:
            return max(self.tick, self._own.current)
        return self.tick

    def paused(self) -> Any:
        """Leave out the time of a ``with`` block."""
        return self._own.paused()


class AgreedCount(Counter):
    """What the user counts, with an error if the ranks count differently.

    Args:
        run: The run.
        make: Makes the exchange.
    """

    def __init__(self, run: Run, make: MakeExchange) -> None:
        self._points = Points(make, time.monotonic, run)
        super().__init__(run.clock)

    def begin(self, position: int, tick: int) -> None:
        """Go on at a tick; nothing is counted yet for the next update."""
        super().begin(position, tick)
        self._points.begin(position + 1)

    def measured(self, position: int) -> int:
        """What has been counted so far.

        Raises:
            GradatimError: If the ranks have counted different numbers; on all ranks.
        """
        tick = super().measured(position)
        if self._points.is_alone:
            return tick
        result = self._points.after(position, [tick, -tick])
        if result is not None:
            began, (most, minus_fewest) = result
            if most != -minus_fewest:
                raise GradatimError(
                    f"Scheduler: after {began} updates one rank has counted {-minus_fewest} "
                    f"{self.unit} and another one {most}. count({self.unit}=...) takes the number "
                    "over all ranks, the same on each."
                )
        return tick


def clock_of(
    run: Run | None,
    now: Callable[[], float] | None = None,
    exchange: MakeExchange | None = None,
) -> Clock:
    """The clock that a run is measured by: updates where there is no run.

    Args:
        run: The run of the plan.
        now: Replaces ``time.monotonic`` for a clock in time.
        exchange: Makes the exchange between ranks, where there may be several.
    """
    if now is not None and not callable(now):
        raise invalid_value(
            "Scheduler", "now", now, "a function without arguments that gives seconds"
        )
    if tick_after(run, 0) is not None or run is None:
        return Computed(run)
    if run.clock == "time":
        now = now or time.monotonic
        if exchange is None:
            return Stopwatch(run.start_after, now)
        return AgreedTime(run, now, exchange)
    return Counter(run.clock) if exchange is None else AgreedCount(run, exchange)
